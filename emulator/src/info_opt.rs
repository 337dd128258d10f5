//! `mptcp_info_opt`: four blocks, each an address, sizes and counts.
//!
//! This is the design that Florian Westphal mailed on 29 July 2021, two months
//! before `MPTCP_INFO` and `MPTCP_TCPINFO` were merged in another form. No kernel
//! ever had it. It is modelled here as it reads, and a kernel patch of this
//! project's own adds it to a real kernel, under the number
//! [`MPTCP_INFO_OPT`], so that both can be compared.
//!
//! [`MPTCP_INFO_OPT`]: crate::abi::MPTCP_INFO_OPT
//!
//! # The call
//!
//! 1. The length is read: 96 or more. The structure is read, once; from here on
//!    only that copy counts, wherever the blocks lie.
//! 2. `mptcp_info` is copied, `size_user` bytes of it or all that the kernel
//!    knows.
//! 3. Subflow by subflow, in the kernel's order, its `tcp_info`, its local
//!    address and its peer's address go into their blocks, each as long as its
//!    block's `nmemb_user` has room, at the agreed size, which is the lesser of
//!    `size_user` and the kernel's.
//! 4. The length is stored, 96; then the structure, with `nmemb_user` and
//!    `size_user` as they were used, `nmemb_kernel` and `size_kernel` as they
//!    would have been.
//!
//! Each step is a rule whose name begins with `Opt`; those that stand as
//! [`Chosen`](crate::rules::Basis::Chosen) are decisions of this project, each with
//! the sentence that it rests on.
//!
//! # A review of the design, made by building it
//!
//! **Points 3 and 4 have their names exchanged.** "update nmemb_kernel to
//! reflect the structure size" and "update size_kernel with the number of
//! elements" contradict the example that follows, in which 17 subflows make
//! `nmemb_kernel` 17. Two pairs of members with parallel names invite this:
//! the text itself fell for it.
//!
//! **The scalar block cannot say whether it was filled.** The sample clears the
//! structure, leaves `mptcp_info.nmemb_user` 0, and prints `mptcp_info`
//! afterwards. So the member does not matter as input; but as output it may
//! only be kept or shrink, and 0 cannot become 1. A program that sets it to 1
//! sees 1, or 0 where the address was null; one that follows the sample learns
//! nothing. A rule "must be 1" would have been better, or no count at all.
//!
//! **Shrinking `size_user` moves the array under the program's feet.** "the
//! real element size" and "ptr += size_user" say that on a kernel that knows
//! less than the program, elements stand closer together than the program's
//! own array type has them, and `tcpinfo[i]`, which is how the sample reads
//! them, is wrong from its second element on. Copying at a stride of what was
//! asked, and clearing the rest of each element or leaving it, would keep C
//! arrays valid; the size that was filled could be reported all the same. The
//! options that shipped have inherited this, and with it the advice to step by
//! what comes back.
//!
//! **"Not asked for" has no spelling of its own.** "only ask for tcp_info" is
//! to be possible. A count of 0 does it for an array; for `mptcp_info` only a
//! size of 0 or a null address can. Null with a count that is not 0 could be an
//! `EFAULT`, as in every other system call; here it is "not wanted", which
//! is what a structure says that was cleared with `memset`, as the sample's is, and
//! filled in for one block. The price: a program that forgot to
//! set an address is not told so, except by `nmemb_user` 0.
//!
//! **An error half-way tells nothing.** `EFAULT` in the third block comes after
//! two blocks were filled for some subflows, and the structure still holds the
//! program's own numbers. Which block it was, and how far it got, is not
//! known; the pages must be assumed to hold anything. Four buffers in one call
//! make this four times as likely as with one, and nothing in the design is
//! there for it. Checking all addresses first would not help: pages can go away
//! between the check and the copy.
//!
//! **Blocks may overlap, and nothing forbids it.** One array over another, over
//! the structure, over the length. With one read at the beginning and one
//! write at the end this is harmless for the kernel, and the numbers are right
//! in the end: later copies win, the structure is the last. That the structure
//! is read only once is essential and not said: with "remaining--" and
//! "ptr += size_user" done in user memory, an array over the structure
//! would choose its own addresses.
//!
//! **Pairs need one walk.** `locals[i]` and `remotes[i]` are printed as one
//! line. Filling block by block, as the structure suggests, is right only
//! while no subflow comes or goes between the blocks, that is under one lock
//! for all of them, user memory being touched with the lock held. One walk
//! says it in the order of the loops.
//!
//! **It is not one snapshot all the same.** On the kernel that it was built on,
//! what fills `mptcp_info` takes the socket's lock itself, so it cannot be done
//! inside the walk: a subflow may come between the two, and
//! `mptcpi_subflows_total` then differs from `nmemb_kernel`. And each copy to
//! user memory may wait for a page, for as long as the program likes, with the
//! socket locked: three addresses of the program's choice for each subflow.
//! What shipped has both traits too, with fewer addresses.
//!
//! **Pairs are pairs by index only.** There is no id of a subflow in it, so two
//! calls cannot be matched after one went away. `MPTCP_FULL_INFO` has the id.
//!
//! **Addresses inside the buffer go past those who watch system calls.** A
//! cgroup's BPF program at `getsockopt`, a sanitizer, strace: they know of the
//! 96 bytes, and of nothing behind the four addresses.
//!
//! **Each block has a count, and they may differ.** Three different
//! `nmemb_user` make three different prefixes of the same list, which no
//! program wants; `nmemb_kernel` is told three times, always the same. What
//! shipped as `MPTCP_FULL_INFO` has one `size_arrays_user` and one
//! `num_subflows`.
//!
//! **Nothing in it can grow but the elements.** A fifth block needs a longer
//! structure. The length could tell, but no sentence gives it that meaning; a
//! kernel that answers 96 to a program that has 120 leaves the last 24 bytes
//! as they were, so that program has to clear them first and to look at the
//! length.
//!
//! **There is no value to refuse.** The `_kernel` members are ignored, where the
//! options that shipped insist on 0, so that these members can never be given a
//! meaning as input later. Reserved space that is not checked is lost.

use zerocopy::{FromZeros, IntoBytes};

use crate::abi::{
    INFO_OPT, InfoOpt, InfoOptPtr, SOCKADDR, SUBFLOW_INFO_LOCAL, SUBFLOW_INFO_REMOTE,
};
use crate::array::Array;
use crate::call::{Call, refuse};
use crate::content::Content;
use crate::decisions::Decisions;
use crate::errno::Errno;
use crate::length::KernelSize;
use crate::memory::UserMemory;
use crate::revision::Revision;
use crate::rules::Rule;
use crate::socket::{Connection, Subflow};
use crate::trace::Trace;

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

    /// What is reported of a block of which there are so many elements.
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

/// The blocks of a call: the scalar one, and the three arrays.
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
    let (asked, length) = read::<D, M, T>(call, memory, trace)?;
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
    write::<D, M, T>(&answer, length, call, memory, trace)?;
    copied
}

fn read<D: Decisions, M: UserMemory, T: Trace>(
    call: &Call,
    memory: &M,
    trace: &mut T,
) -> Result<(InfoOpt, u32), Errno> {
    let length = call.load_length(memory, Rule::OptLengthUnreadable, trace)?;
    let length = D::opt_length(length).map_err(|rule| refuse(trace, rule, Errno::EINVAL))?;
    let mut asked = InfoOpt::new_zeroed();
    memory
        .copy_in(call.optval, asked.as_mut_bytes())
        .map_err(|_| refuse(trace, Rule::OptStructureUnreadable, Errno::EFAULT))?;
    Ok((asked, length))
}

/// Copies `mptcp_info`, and of each subflow what there is room for.
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

/// What an array, by its place among the three, has of a subflow.
#[inline]
fn element<'a>(subflow: &Subflow<'a>, array: usize) -> Content<'a> {
    match array {
        0 => subflow.tcp_info,
        1 => subflow.subflow_info.skip(SUBFLOW_INFO_LOCAL),
        _ => subflow.subflow_info.skip(SUBFLOW_INFO_REMOTE),
    }
}

/// Stores the length, then the structure.
fn write<D: Decisions, M: UserMemory, T: Trace>(
    answer: &InfoOpt,
    length: u32,
    call: &Call,
    memory: &mut M,
    trace: &mut T,
) -> Result<(), Errno> {
    let structure = |memory: &mut M, trace: &mut T| {
        memory
            .copy_out(call.optval, Content::exact(answer.as_bytes()))
            .map_err(|_| refuse(trace, Rule::OptStructureUnwritable, Errno::EFAULT))
    };
    let returned = D::opt_returned(length);
    call.store_both::<D, M, T>(returned, Rule::OptLengthUnwritable, memory, trace, structure)?;
    trace.fired(Rule::OptKernelReported);
    trace.fired(Rule::OptLengthReturned);
    if length > INFO_OPT {
        trace.fired(Rule::OptTailLeftAlone);
    }
    Ok(())
}
