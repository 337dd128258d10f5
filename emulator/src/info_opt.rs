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
use crate::behaviors::{
    Behaviors, Check, ElementFault, OptCount, OptKernelMembers, OptLengthBound, OptMembers,
    OptNull, OptOrder, OptReturned, OptScalar, OptSlots,
};
use crate::call::{Answer, Call, Refusal};
use crate::content::Content;
use crate::elements::{is_listed, size_kernel, size_user, walk_goes_on};
use crate::errno::Errno;
use crate::length::OptLen;
use crate::memory::UserMemory;
use crate::revision::Revision;
use crate::rules::Rule;
use crate::socket::{Connection, Subflow};
use crate::subflow_data::count;
use crate::trace::Trace;

/// Offset of the local address in a `struct mptcp_subflow_info`, in bytes.
const LOCAL: usize = SUBFLOW_INFO_ADDRS + offset_of!(SubflowAddrs, local);

/// Offset of the peer's address, likewise.
const REMOTE: usize = SUBFLOW_INFO_ADDRS + offset_of!(SubflowAddrs, remote);

/// One block, as it is being filled.
struct Block {
    asked: InfoOptPtr,
    wanted: bool,
    array: Array,
}

impl Block {
    fn new<T: Trace>(
        behaviors: &Behaviors,
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
        let wanted = asked.address != 0 || behaviors.opt_null == OptNull::Faults;
        if !wanted {
            trace.fired(Rule::OptBlockNull);
        }
        let rules = [Rule::OptElementEmpty, unwritable];
        let is_tcp_info = unwritable == Rule::OptTcpInfoUnwritable;
        let (at, size) = (asked.address, asked.size_user);
        let array = Array::new(behaviors, at, size, [kernel, SOCKADDR], is_tcp_info, rules);
        Block { asked, wanted, array }
    }

    /// The answer of a block that has `all` elements.
    fn answer(&self, behaviors: &Behaviors, all: u32) -> InfoOptPtr {
        let filled = match behaviors.opt_count {
            OptCount::Lesser => self.asked.nmemb_user.min(all),
            OptCount::Passed => self.asked.nmemb_user,
            OptCount::All => all,
        };
        let nmemb_user = if self.wanted { filled } else { 0 };
        let Array { asked, size, kernel, .. } = self.array;
        let counted = count(behaviors, all, nmemb_user, nmemb_user);
        let sized = size_kernel(behaviors, asked, size, kernel);
        let (nmemb_kernel, size_kernel) = match behaviors.opt_members {
            OptMembers::AsExample => (counted, sized),
            OptMembers::AsPoints => (sized, counted),
        };
        InfoOptPtr {
            address: self.asked.address,
            nmemb_user,
            size_user: size_user(behaviors, asked, size, kernel),
            nmemb_kernel,
            size_kernel,
        }
    }
}

/// The blocks of a call: the scalar one and the three arrays.
struct Blocks {
    info: Block,
    arrays: [Block; 3],
}

/// Checks the length.
fn check_length(behaviors: &Behaviors, length: OptLen) -> Result<u32, Refusal> {
    let least = match behaviors.opt_length_bound {
        OptLengthBound::Below97 => INFO_OPT + 1,
        OptLengthBound::Below95 => INFO_OPT - 1,
        OptLengthBound::Unsigned if length.0 < 0 => return Ok(length.wrapped()),
        OptLengthBound::Below96 | OptLengthBound::Unsigned => INFO_OPT,
    };
    match length.bytes() {
        Some(bytes) if bytes >= least => Ok(bytes),
        bytes => {
            let rule = bytes.map_or(Rule::OptLengthNegative, |_| Rule::OptLengthTooShort);
            let refused = Refusal::by(behaviors.opt_length_check, rule);
            let least = Some(INFO_OPT);
            refused.map_err(|refusal| Refusal { least, ..refusal }).map(|()| length.wrapped())
        }
    }
}

/// Checks the structure.
fn check_structure(behaviors: &Behaviors, opt: &InfoOpt) -> Result<(), Refusal> {
    let is_set = |block: &InfoOptPtr| block.nmemb_kernel != 0 || block.size_kernel != 0;
    let refused = match behaviors.opt_kernel_members {
        OptKernelMembers::Ignored => false,
        OptKernelMembers::Refused => is_set(&opt.tcp_info),
        OptKernelMembers::AllRefused => {
            [opt.mptcp_info, opt.tcp_info, opt.socknames, opt.peernames].iter().any(is_set)
        }
    };
    if refused { Refusal::by(Check::Einval, Rule::OptKernelMembersIgnored) } else { Ok(()) }
}

#[inline(always)]
pub(crate) fn fill<M: UserMemory, T: Trace>(
    revision: &Revision,
    answer: &mut Answer<'_>,
    connection: &Connection<'_>,
    call: &Call,
    memory: &mut M,
    trace: &mut T,
) -> Result<(), Errno> {
    let behaviors = answer.behaviors;
    let mut asked = InfoOpt::new_zeroed();
    let read = answer.read(
        call,
        asked.as_mut_bytes(),
        false,
        |length| check_length(behaviors, length),
        [Rule::OptLengthUnreadable, Rule::OptStructureUnreadable],
        memory,
        trace,
    );
    let length = match read {
        Ok(length) => length,
        Err(result) => return result,
    };
    if let Err(refusal) = check_structure(behaviors, &asked) {
        trace.fired(refusal.rule);
        return refusal.result;
    }
    let info = connection.info_size(revision).0;
    let tcp_info = connection.tcp_info_size(revision).0;
    let mut blocks = Blocks {
        info: Block::new(behaviors, asked.mptcp_info, info, Rule::OptInfoUnwritable, trace),
        arrays: [
            (asked.tcp_info, tcp_info, Rule::OptTcpInfoUnwritable),
            (asked.socknames, SOCKADDR, Rule::OptSocknameUnwritable),
            (asked.peernames, SOCKADDR, Rule::OptPeernameUnwritable),
        ]
        .map(|(asked, kernel, unwritable)| Block::new(behaviors, asked, kernel, unwritable, trace)),
    };

    let (listed, fault) = copy(behaviors, &mut blocks, connection, memory, trace)?;

    if blocks.info.wanted {
        trace.fired(Rule::OptScalarCount);
    }
    for array in blocks.arrays.iter().filter(|array| array.wanted) {
        let shrinks = array.asked.nmemb_user > listed;
        trace.fired(if shrinks { Rule::OptCountShrunk } else { Rule::OptCountKept });
    }
    let [tcp_info, socknames, peernames] =
        blocks.arrays.map(|array| array.answer(behaviors, listed));
    let mptcp_info = blocks.info.answer(behaviors, 1);
    let reported = InfoOpt { mptcp_info, tcp_info, socknames, peernames };
    let returned = match behaviors.opt_returned {
        OptReturned::Structure => INFO_OPT,
        OptReturned::Passed => length,
        OptReturned::Block => size_of::<InfoOptPtr>() as u32,
    };
    answer.write(
        call,
        returned,
        &[(0, Content::exact(reported.as_bytes()))],
        [Rule::OptLengthUnwritable, Rule::OptStructureUnwritable],
        memory,
        trace,
    )?;
    trace.fired(Rule::OptKernelReported);
    trace.fired(Rule::OptLengthReturned);
    if length > INFO_OPT {
        trace.fired(Rule::OptTailLeftAlone);
    }
    fault
}

/// Copies `mptcp_info`, and the elements of each subflow for which there is room. Returns the
/// number of subflows, and the error with which the call ends after its answer.
fn copy<M: UserMemory, T: Trace>(
    behaviors: &Behaviors,
    blocks: &mut Blocks,
    connection: &Connection<'_>,
    memory: &mut M,
    trace: &mut T,
) -> Result<(u32, Result<(), Errno>), Errno> {
    let (mut listed, mut fault, mut is_over) = (0, Ok(()), false);
    if behaviors.opt_scalar != OptScalar::Last {
        is_over = !copy_info(behaviors, &mut blocks.info, connection, &mut fault, memory, trace)?;
    }
    let order = match behaviors.opt_order {
        OptOrder::TcpInfoLocalPeer => [0, 1, 2],
        OptOrder::TcpInfoPeerLocal => [0, 2, 1],
        OptOrder::LocalPeerTcpInfo => [1, 2, 0],
    };
    let [tcp_info, ..] = &blocks.arrays;
    let tcp_infos = if tcp_info.wanted { tcp_info.asked.nmemb_user } else { 0 };
    for index in 0..connection.subflow_count() {
        if !is_listed(behaviors, connection, index) {
            continue;
        }
        let slot = listed;
        listed += 1;
        let subflow = connection.subflow(index);
        for array in order {
            let Some(block) = blocks.arrays.get_mut(array).filter(|block| block.wanted) else {
                continue;
            };
            let slots = block.asked.nmemb_user;
            let has_slot = match behaviors.opt_slots {
                OptSlots::Below => slot < slots,
                OptSlots::AtMost => slot <= slots,
                OptSlots::Fewer => slot + 1 < slots,
                OptSlots::Signed => slot.cast_signed() < slots.cast_signed(),
                OptSlots::TcpInfos => slot < tcp_infos,
            };
            if is_over {
                continue;
            }
            if !has_slot {
                trace.fired(Rule::OptElementLeftOut);
                continue;
            }
            trace.fired(Rule::OptElementCopied);
            if slot > 0 && block.asked.size_user > block.array.kernel {
                trace.fired(Rule::OptStrideShrunk);
            }
            let pushed = block.array.push(behaviors, element(&subflow, array), 0, memory, trace);
            if pushed.is_err() && !walk_goes_on(behaviors, &mut fault)? {
                if behaviors.element_fault == ElementFault::EndsWalk {
                    // Those before this subflow are counted.
                    return Ok((slot, fault));
                }
                is_over = true;
            }
        }
    }
    if behaviors.opt_scalar == OptScalar::Last && !is_over {
        copy_info(behaviors, &mut blocks.info, connection, &mut fault, memory, trace)?;
    }
    Ok((listed, fault))
}

/// Copies `mptcp_info`. Returns whether the elements follow.
fn copy_info<M: UserMemory, T: Trace>(
    behaviors: &Behaviors,
    block: &mut Block,
    connection: &Connection<'_>,
    fault: &mut Result<(), Errno>,
    memory: &mut M,
    trace: &mut T,
) -> Result<bool, Errno> {
    let counts = behaviors.opt_scalar != OptScalar::ByCount || block.asked.nmemb_user > 0;
    if block.wanted && counts {
        trace.fired(Rule::OptScalarFilled);
        if block.array.push(behaviors, connection.info, 0, memory, trace).is_err() {
            return match behaviors.element_fault {
                // It is no part of the walk.
                ElementFault::EndsWalk => Err(Errno::EFAULT),
                _ => walk_goes_on(behaviors, fault),
            };
        }
    }
    Ok(true)
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
