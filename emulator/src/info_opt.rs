//! `mptcp_info_opt`: four blocks, each an address, sizes and counts.
//!
//! Florian Westphal mailed this design on 29 July 2021, two months before
//! `MPTCP_INFO` and `MPTCP_TCPINFO` were merged in another form. No released kernel
//! has it. The model follows the text of the mail. A kernel patch of this project
//! adds the option to a real kernel under the number [`MPTCP_INFO_OPT`], so that
//! both can be compared.
//!
//! [`MPTCP_INFO_OPT`]: crate::abi::MPTCP_INFO_OPT
//!
//! # The call
//!
//! 1. The length is read: 96 or more. The structure is read, once. From here on
//!    only that copy is used, wherever the blocks are.
//! 2. `mptcp_info` is copied: `size_user` bytes of it, or all that the kernel
//!    knows.
//! 3. For each subflow, in the kernel's order, its `tcp_info`, its local address
//!    and its peer's address are copied into their blocks, as long as `nmemb_user`
//!    of the block has room. The size is the lesser of `size_user` and the
//!    kernel's.
//! 4. The length is stored, 96; then the structure. `nmemb_user` and `size_user`
//!    are the values that were used, `nmemb_kernel` and `size_kernel` those of the
//!    kernel.
//!
//! Each step is a rule whose name begins with `Opt`. Rules with the basis
//! [`Chosen`](crate::rules::Basis::Chosen) are decisions of this project; each names
//! the sentence of the mail that it follows.
//!
//! # A review of the design
//!
//! **Points 3 and 4 exchange two names.** "update nmemb_kernel to reflect the
//! structure size" and "update size_kernel with the number of elements" contradict
//! the example that follows, in which 17 subflows make `nmemb_kernel` 17. Two pairs
//! of members with parallel names are easy to confuse.
//!
//! **The scalar block cannot report whether it was filled.** The sample clears the
//! structure, leaves `mptcp_info.nmemb_user` 0, and prints `mptcp_info` after the
//! call. So the member does not matter as input. As output it may only be kept or
//! shrink, and 0 cannot become 1. A program that sets it to 1 sees 1, or 0 if the
//! address was null; a program that follows the sample learns nothing. A rule "must
//! be 1" would have been better, or no count at all.
//!
//! **Shrinking `size_user` changes the layout of the program's array.** According to
//! "the real element size" and "ptr += size_user", elements are closer together than
//! in the program's array type if the kernel knows less than the program. Then
//! `tcpinfo[i]`, which the sample uses, is wrong from the second element on. With the
//! requested size as the distance, and the rest of each element cleared or not
//! written, C arrays would remain valid; the size that was filled could be reported
//! all the same. The options that shipped have the same property, and programs must
//! use the returned size as the distance.
//!
//! **"Not requested" has no value of its own.** "only ask for tcp_info" is to be
//! possible. A count of 0 does it for an array; for `mptcp_info` only a size of 0 or
//! a null address can. Null with a count that is not 0 could be an `EFAULT`, as in
//! every other system call. Here it means "not requested": the sample clears the
//! structure with `memset` and fills in one block. A program that forgets to set an
//! address learns it only from an `nmemb_user` of 0.
//!
//! **An error half-way has no details.** After an `EFAULT` in the third block, two
//! blocks are filled for some subflows, and the structure still has the program's
//! own numbers. The program cannot learn which block failed, or where; it has to
//! assume that the pages hold anything. Four buffers in one call make this four
//! times as likely as one. Checking all addresses first would not help: pages can
//! be unmapped between the check and the copy.
//!
//! **Blocks may overlap.** One array may lie over another, over the structure or
//! over the length. With one read at the beginning and one write at the end this is
//! harmless for the kernel, and the numbers are right in the end: later copies
//! overwrite earlier ones, and the structure is the last. It is essential, and not
//! stated, that the structure is read only once. If "remaining--" and
//! "ptr += size_user" were done in user memory, an array over the structure would
//! choose its own addresses.
//!
//! **Pairs need one loop.** `locals[i]` and `remotes[i]` are printed as one line.
//! Filling block by block, as the structure suggests, is right only while no subflow
//! comes or goes between the blocks: under one lock for all of them, with accesses
//! to user memory under that lock. One loop over the subflows avoids this.
//!
//! **It is not one snapshot all the same.** In the kernel of that time the function
//! that fills `mptcp_info` takes the socket's lock, so it cannot be called inside the
//! loop. A subflow may come between the two, and `mptcpi_subflows_total` then differs
//! from `nmemb_kernel`. Each copy to user memory may wait for a page, for as long as
//! the program likes, with the socket locked: three addresses of the program's
//! choice for each subflow. The options that shipped have both properties, with
//! fewer addresses.
//!
//! **Pairs are pairs by index only.** The structures have no id of a subflow, so the
//! results of two calls cannot be matched after a subflow was removed.
//! `MPTCP_FULL_INFO` has the id.
//!
//! **Observers of system calls do not see the addresses inside the buffer.** A
//! cgroup's BPF program at `getsockopt`, a sanitizer and strace know of the 96 bytes
//! and of nothing behind the four addresses.
//!
//! **Each block has a count, and they may differ.** Three different `nmemb_user` make
//! three different prefixes of the same list, which no program needs; `nmemb_kernel`
//! is reported three times, always the same. `MPTCP_FULL_INFO`, which shipped, has
//! one `size_arrays_user` and one `num_subflows`.
//!
//! **Only the elements can grow.** A fifth block needs a longer structure. The length
//! could announce it, but no sentence gives it that meaning. A kernel that returns 96
//! to a program that has 120 does not write the last 24 bytes, so that program has to
//! clear them first and to check the length.
//!
//! **No value is refused.** The `_kernel` members are ignored, while the options that
//! shipped require 0. These members can never have a meaning as input later. Reserved
//! space that is not checked cannot be used.

use core::mem::offset_of;

use zerocopy::{FromZeros, IntoBytes};

use crate::abi::{INFO_OPT, InfoOpt, InfoOptPtr, SOCKADDR, SUBFLOW_INFO_ADDRS, SubflowAddrs};
use crate::array::Array;
use crate::call::Call;
use crate::content::Content;
use crate::decisions::Decisions;
use crate::errno::Errno;
use crate::length::KernelSize;
use crate::memory::UserMemory;
use crate::revision::Revision;
use crate::rules::Rule;
use crate::socket::{Connection, Subflow};
use crate::trace::Trace;

/// Offset of the local address in a `struct mptcp_subflow_info`, in bytes.
const LOCAL: usize = SUBFLOW_INFO_ADDRS + offset_of!(SubflowAddrs, local);

/// Offset of the peer's address, likewise.
const REMOTE: usize = SUBFLOW_INFO_ADDRS + offset_of!(SubflowAddrs, remote);

/// One block, as it is being filled.
struct Block {
    asked: InfoOptPtr,
    kernel: KernelSize,
    wanted: bool,
    array: Array,
}

impl Block {
    fn new<D: Decisions, T: Trace>(
        asked: InfoOptPtr,
        kernel: u32,
        unwritable: Rule,
        trace: &mut T,
    ) -> Block {
        if asked.nmemb_kernel != 0 || asked.size_kernel != 0 {
            trace.fired(Rule::OptKernelMembersIgnored);
        }
        let shrinks = asked.size_user > kernel;
        trace.fired(if shrinks { Rule::OptSizeShrunk } else { Rule::OptSizeKept });
        let wanted = D::opt_wanted(asked.address);
        if !wanted {
            trace.fired(Rule::OptBlockNull);
        }
        let (at, size) = (asked.address, asked.size_user);
        let array = Array::new::<D>(at, size, kernel, Rule::OptElementEmpty, unwritable);
        Block { asked, kernel: KernelSize(kernel), wanted, array }
    }

    /// The answer of a block that has `all` elements.
    fn answer<D: Decisions>(&self, all: u32) -> InfoOptPtr {
        let filled = D::opt_filled(self.asked.nmemb_user, all);
        let nmemb_user = if self.wanted { filled } else { 0 };
        InfoOptPtr {
            address: self.asked.address,
            nmemb_user,
            size_user: D::size_user(self.array.asked, self.array.stride),
            nmemb_kernel: D::count(all, nmemb_user),
            size_kernel: D::size_kernel(self.kernel),
        }
    }
}

/// The blocks of a call: the scalar one and the three arrays.
struct Blocks {
    info: Block,
    arrays: [Block; 3],
}

pub(crate) fn fill<D: Decisions, M: UserMemory, T: Trace>(
    revision: &Revision,
    connection: &Connection<'_>,
    call: &Call,
    memory: &mut M,
    trace: &mut T,
) -> Result<(), Errno> {
    let mut asked = InfoOpt::new_zeroed();
    let unreadable = [Rule::OptLengthUnreadable, Rule::OptStructureUnreadable];
    let length = call.read(asked.as_mut_bytes(), D::opt_length, unreadable, memory, trace)?;
    let mut blocks = Blocks {
        info: Block::new::<D, T>(
            asked.mptcp_info,
            connection.info_size(revision).0,
            Rule::OptInfoUnwritable,
            trace,
        ),
        arrays: [
            (asked.tcp_info, connection.tcp_info_size(revision).0, Rule::OptTcpInfoUnwritable),
            (asked.socknames, SOCKADDR, Rule::OptSocknameUnwritable),
            (asked.peernames, SOCKADDR, Rule::OptPeernameUnwritable),
        ]
        .map(|(asked, kernel, unwritable)| Block::new::<D, T>(asked, kernel, unwritable, trace)),
    };

    let copied = copy::<D, M, T>(&mut blocks, connection, memory, trace);
    match copied {
        Err(Errno::EFAULT) if D::REPORT_AFTER_FAULT => {}
        other => other?,
    }

    let all = connection.subflow_count();
    if blocks.info.wanted {
        trace.fired(Rule::OptScalarCount);
    }
    for array in blocks.arrays.iter().filter(|array| array.wanted) {
        let shrinks = array.asked.nmemb_user > all;
        trace.fired(if shrinks { Rule::OptCountShrunk } else { Rule::OptCountKept });
    }
    let [tcp_info, socknames, peernames] = blocks.arrays.map(|array| array.answer::<D>(all));
    let answer = InfoOpt { mptcp_info: blocks.info.answer::<D>(1), tcp_info, socknames, peernames };
    call.write(
        D::opt_returned(length),
        &[Content::exact(answer.as_bytes())],
        D::LENGTH_BEFORE_HEADER,
        [Rule::OptLengthUnwritable, Rule::OptStructureUnwritable],
        memory,
        trace,
    )?;
    trace.fired(Rule::OptKernelReported);
    trace.fired(Rule::OptLengthReturned);
    if length > INFO_OPT {
        trace.fired(Rule::OptTailLeftAlone);
    }
    copied
}

/// Copies `mptcp_info`, and the elements of each subflow for which there is room.
fn copy<D: Decisions, M: UserMemory, T: Trace>(
    blocks: &mut Blocks,
    connection: &Connection<'_>,
    memory: &mut M,
    trace: &mut T,
) -> Result<(), Errno> {
    if D::OPT_INFO_FIRST {
        copy_info::<D, M, T>(&mut blocks.info, connection, memory, trace)?;
    }
    for (index, subflow) in (0..).zip(connection.subflows()) {
        for array in D::OPT_ORDER {
            let Some(block) = blocks.arrays.get_mut(array).filter(|block| block.wanted) else {
                continue;
            };
            if !D::opt_slot(index, block.asked.nmemb_user) {
                trace.fired(Rule::OptElementLeftOut);
                continue;
            }
            trace.fired(Rule::OptElementCopied);
            if index > 0 && block.asked.size_user > block.kernel.0 {
                trace.fired(Rule::OptStrideShrunk);
            }
            block.array.push::<D, M, T>(element(&subflow, array), memory, trace)?;
        }
    }
    if !D::OPT_INFO_FIRST {
        copy_info::<D, M, T>(&mut blocks.info, connection, memory, trace)?;
    }
    Ok(())
}

fn copy_info<D: Decisions, M: UserMemory, T: Trace>(
    block: &mut Block,
    connection: &Connection<'_>,
    memory: &mut M,
    trace: &mut T,
) -> Result<(), Errno> {
    if block.wanted && D::opt_scalar(block.asked.nmemb_user) {
        trace.fired(Rule::OptScalarFilled);
        block.array.push::<D, M, T>(connection.info, memory, trace)?;
    }
    Ok(())
}

/// The element of a subflow in an array, by the index of the array.
#[inline]
fn element<'a>(subflow: &Subflow<'a>, array: usize) -> Content<'a> {
    match array {
        0 => subflow.tcp_info,
        1 => subflow.subflow_info.skip(LOCAL),
        _ => subflow.subflow_info.skip(REMOTE),
    }
}
