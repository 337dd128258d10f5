//! `MPTCP_FULL_INFO`: a structure with the addresses of two arrays, each of which gets
//! one element for each subflow; `mptcp_info` is the end of the structure.

use core::mem::offset_of;

use zerocopy::{FromZeros, IntoBytes};

use crate::abi::{FULL_INFO_HEADER, FullInfo, MptcpInfo, SUBFLOW_ADDRS, SUBFLOW_ID};
use crate::abi::{SUBFLOW_INFO, SUBFLOW_INFO_ADDRS, SUBFLOW_INFO_HOLE};
use crate::array::Array;
use crate::behaviors::{
    Behaviors, Check, CompatSubflowInfo, ElementFault, ElementSize, FullAddresses, FullArrays,
    FullInfoCopied, FullInfoPlace, FullLengthBound, FullNull, FullOrder, FullReturned, FullSlots,
};
use crate::call::{Answer, Call, Refusal};
use crate::content::Content;
use crate::elements::{is_listed, of, size_kernel, size_user, walk_goes_on};
use crate::errno::Errno;
use crate::length::OptLen;
use crate::memory::UserMemory;
use crate::revision::Revision;
use crate::rules::Rule;
use crate::socket::Connection;
use crate::subflow_data::{count, is_size_user_refused};
use crate::trace::Trace;

/// Checks the length.
#[inline(always)]
fn check_length(behaviors: &Behaviors, length: OptLen) -> Result<u32, Refusal> {
    let (least, length) = match behaviors.full_length_bound {
        FullLengthBound::Below40 => (FULL_INFO_HEADER, length),
        FullLengthBound::Below41 => (FULL_INFO_HEADER + 1, length),
        FullLengthBound::Below39 => (FULL_INFO_HEADER - 1, length),
        FullLengthBound::Structure => (size_of::<FullInfo>() as u32, length),
        FullLengthBound::Unsigned if length.0 < 0 => return Ok(length.wrapped()),
        FullLengthBound::Unsigned => (FULL_INFO_HEADER, length),
    };
    match length.bytes() {
        Some(bytes) if bytes >= least => Ok(bytes),
        bytes => {
            let rule = bytes.map_or(Rule::FullLengthNegative, |_| Rule::FullLengthTooShort);
            let refused = Refusal::by(behaviors.full_length_check, rule);
            let least = Some(FULL_INFO_HEADER);
            refused.map_err(|refusal| Refusal { least, ..refusal }).map(|()| length.wrapped())
        }
    }
}

/// Checks the structure.
#[inline(always)]
fn check_structure(behaviors: &Behaviors, full: &FullInfo, sizes: [u32; 2]) -> Result<(), Refusal> {
    const SIZE_MAX: u32 = i32::MAX.cast_unsigned();
    if full.num_subflows != 0 {
        Refusal::by(behaviors.full_num_subflows_check, Rule::FullNumSubflowsNotZero)?;
    }
    if full.size_tcpinfo_kernel != 0 {
        Refusal::by(behaviors.full_tcp_info_kernel_check, Rule::FullSizeKernelNotZero)?;
    }
    if full.size_sfinfo_kernel != 0 {
        Refusal::by(behaviors.full_subflow_info_kernel_check, Rule::FullSizeKernelNotZero)?;
    }
    if full.size_tcpinfo_user > SIZE_MAX || full.size_sfinfo_user > SIZE_MAX {
        Refusal::by(behaviors.full_size_max_check, Rule::FullElementSizeAboveMax)?;
    }
    let asked = [full.size_sfinfo_user, full.size_tcpinfo_user];
    let mut pairs = asked.into_iter().zip(sizes);
    let is_null = full.tcp_info == 0 || full.subflow_info == 0;
    if pairs.any(|(asked, kernel)| is_size_user_refused(behaviors, asked, kernel))
        || is_null && behaviors.full_null == FullNull::Refused
    {
        Refusal::by(Check::Einval, Rule::FullStrideAsAsked)?;
    }
    Ok(())
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
    let hole = match behaviors.compat_subflow_info {
        CompatSubflowInfo::Declared if call.is_compat => 0,
        _ => SUBFLOW_INFO_HOLE,
    };
    let sizes = [SUBFLOW_ID + hole + SUBFLOW_ADDRS, connection.tcp_info_size(revision).0];
    let mut full = FullInfo::new_zeroed();
    let read = answer.read(
        call,
        &mut full.as_mut_bytes()[..FullInfo::HEADER],
        false,
        |length| check_length(behaviors, length),
        [Rule::FullLengthUnreadable, Rule::FullHeaderUnreadable],
        memory,
        trace,
    );
    let length = match read {
        Ok(length) => length,
        Err(result) => return result,
    };
    if let Err(refusal) = check_structure(behaviors, &full, sizes) {
        trace.fired(refusal.rule);
        return refusal.result;
    }

    let places = match behaviors.full_arrays {
        FullArrays::Own => [full.subflow_info, full.tcp_info],
        FullArrays::Exchanged => [full.tcp_info, full.subflow_info],
    };
    let other_array = behaviors.element_size == ElementSize::OtherArray;
    let tcp_info_asked = if other_array { full.size_sfinfo_user } else { full.size_tcpinfo_user };
    let mut addresses = array(behaviors, 0, places, full.size_sfinfo_user, sizes, trace);
    let mut tcp_infos = array(behaviors, 1, places, tcp_info_asked, sizes, trace);
    // The contents have the padding of 64 bits. Omit what this caller does not have.
    addresses.left_out = (SUBFLOW_ID, SUBFLOW_INFO_HOLE - hole);

    let arrays = [&mut addresses, &mut tcp_infos];
    let walk =
        fill_arrays(behaviors, arrays, full.size_arrays_user, connection, call, memory, trace);
    let Walk { copied, seen, listed, fault } = walk?;

    let size_only = behaviors.compat_subflow_info == CompatSubflowInfo::SizeOnly && call.is_compat;
    let reported = if size_only { sizes[0] - SUBFLOW_INFO_HOLE } else { sizes[0] };
    let [one, other] = [&addresses, &tcp_infos];
    full.size_tcpinfo_kernel = size_kernel(behaviors, other.asked, other.size, sizes[1]);
    full.size_tcpinfo_user = size_user(behaviors, other.asked, other.size, sizes[1]);
    full.size_sfinfo_kernel = size_kernel(behaviors, one.asked, one.size, reported);
    full.size_sfinfo_user = size_user(behaviors, one.asked, one.size, sizes[0]);
    full.num_subflows = count(behaviors, listed, copied, seen);

    let kernel = connection.info_size(revision).0;
    let lesser = length.saturating_sub(FULL_INFO_HEADER).min(kernel);
    let info = match behaviors.full_info_copied {
        FullInfoCopied::Lesser => lesser,
        FullInfoCopied::Whole => kernel,
        FullInfoCopied::DoubleWords => lesser & !7,
        FullInfoCopied::AllOrNothing if lesser == kernel => kernel,
        FullInfoCopied::AllOrNothing | FullInfoCopied::Nothing => 0,
    };
    trace.fired(match info {
        0 => Rule::FullInfoLeftOut,
        _ if info < kernel => Rule::FullInfoCut,
        _ => Rule::FullInfoWhole,
    });
    let returned = match behaviors.full_returned {
        FullReturned::HeaderAndInfo => FULL_INFO_HEADER.wrapping_add(info),
        FullReturned::Info => info,
        FullReturned::Structure => FULL_INFO_HEADER + kernel,
        FullReturned::Header => FULL_INFO_HEADER,
        FullReturned::Passed => length,
    };
    let place = match behaviors.full_info_place {
        FullInfoPlace::BehindHeader => FULL_INFO_HEADER,
        FullInfoPlace::Behind16 => 16,
    };
    let head = Content::exact(full.as_bytes()).first(FullInfo::HEADER);
    answer.write(
        call,
        returned,
        &[(0, head), (place, connection.info.first(info as usize))],
        [Rule::FullLengthUnwritable, Rule::FullStructureUnwritable],
        memory,
        trace,
    )?;
    trace.fired(Rule::FullCountsReported);
    fault
}

/// The array of addresses, which is number 0, or that of `tcp_info`, which is number 1.
#[inline(always)]
fn array<T: Trace>(
    behaviors: &Behaviors,
    index: usize,
    places: [u64; 2],
    asked: u32,
    sizes: [u32; 2],
    trace: &mut T,
) -> Array {
    let kernel = sizes[index];
    trace.fired(if asked > kernel { Rule::FullStrideClamped } else { Rule::FullStrideAsAsked });
    let unwritable = [Rule::FullSubflowInfoUnwritable, Rule::FullTcpInfoUnwritable][index];
    let rules = [Rule::FullArrayEmpty, unwritable];
    Array::new(behaviors, places[index], asked, [kernel, sizes[1 - index]], index == 1, rules)
}

/// What a walk over the subflows did.
struct Walk {
    /// Subflows with an element, those that were looked at, and all that are listed.
    copied: u32,
    seen: u32,
    listed: u32,
    /// `EFAULT` if the call fails after its answer.
    fault: Result<(), Errno>,
}

/// Copies the elements for which there is room.
#[inline(always)]
fn fill_arrays<M: UserMemory, T: Trace>(
    behaviors: &Behaviors,
    [addresses, tcp_infos]: [&mut Array; 2],
    mut slots: u32,
    connection: &Connection<'_>,
    call: &Call,
    memory: &mut M,
    trace: &mut T,
) -> Result<Walk, Errno> {
    let subflows = connection.subflow_count();
    let mut walk = Walk { copied: 0, seen: 0, listed: 0, fault: Ok(()) };
    let mut is_over = false;
    for index in 0..subflows {
        if !is_listed(behaviors, connection, index) {
            continue;
        }
        let slot = walk.listed;
        walk.listed += 1;
        if is_over {
            continue;
        }
        walk.seen += 1;
        let has_slot = match behaviors.full_slots {
            FullSlots::Below | FullSlots::NotForTcpInfo => slot < slots,
            FullSlots::AtMost => slot <= slots,
            FullSlots::Fewer => slot + 1 < slots,
            FullSlots::Signed => slot.cast_signed() < slots.cast_signed(),
            FullSlots::ReadAgain => {
                let at = call.optval.wrapping_add(offset_of!(FullInfo, size_arrays_user) as u64);
                slots = memory.load(at).map_err(|_| Errno::EFAULT)?.cast_unsigned();
                slot < slots
            }
        };
        if !has_slot && behaviors.full_slots != FullSlots::NotForTcpInfo {
            trace.fired(Rule::FullElementLeftOut);
            is_over = behaviors.count == crate::behaviors::Count::UntilFull;
            continue;
        }
        trace.fired(Rule::FullElementCopied);
        let subflow = connection.subflow(of(behaviors, index, subflows));
        let order = match behaviors.full_order {
            FullOrder::AddressesFirst => [0, 1],
            FullOrder::TcpInfoFirst => [1, 0],
        };
        for array in order {
            let copied = if array == 1 {
                tcp_infos.push(behaviors, subflow.tcp_info, 0, memory, trace)
            } else if !has_slot {
                Ok(())
            } else {
                push_addresses(behaviors, addresses, subflow.subflow_info, memory, trace)
            };
            if copied.is_err() && !walk_goes_on(behaviors, &mut walk.fault)? {
                is_over = true;
                break;
            }
        }
        if is_over {
            if behaviors.element_fault == ElementFault::EndsWalk {
                break;
            }
            walk.copied = 0;
        } else {
            walk.copied += 1;
        }
    }
    Ok(walk)
}

/// Copies a `struct mptcp_subflow_info`.
#[inline(always)]
fn push_addresses<M: UserMemory, T: Trace>(
    behaviors: &Behaviors,
    addresses: &mut Array,
    content: Content<'_>,
    memory: &mut M,
    trace: &mut T,
) -> Result<(), crate::memory::Fault> {
    match behaviors.full_addresses {
        FullAddresses::Size => addresses.push(behaviors, content, 0, memory, trace),
        FullAddresses::IdAlways => {
            addresses.put_first(content, memory)?;
            addresses.push(behaviors, content, 0, memory, trace)
        }
        FullAddresses::IdAdded => push_id_added(behaviors, addresses, content, memory, trace),
    }
}

/// Copies a `struct mptcp_subflow_info` with 8 bytes more, see [`FullAddresses::IdAdded`]. A size
/// that ends before the addresses leaves them 0.
#[cold]
fn push_id_added<M: UserMemory, T: Trace>(
    behaviors: &Behaviors,
    addresses: &mut Array,
    content: Content<'_>,
    memory: &mut M,
    trace: &mut T,
) -> Result<(), crate::memory::Fault> {
    let (mut bytes, mut mask) = ([0; SUBFLOW_INFO as usize], [0; SUBFLOW_INFO as usize]);
    let known = match addresses.size as usize {
        ..=SUBFLOW_INFO_ADDRS => content.first(SUBFLOW_INFO_ADDRS),
        _ => content,
    };
    bytes.iter_mut().zip(known.bytes()).for_each(|(slot, byte)| *slot = *byte);
    mask.iter_mut().zip(known.mask()).for_each(|(slot, byte)| *slot = *byte);
    let content = Content::masked(&bytes, &mask).unwrap_or(content);
    addresses.push(behaviors, content, 8, memory, trace)
}

const _: () = assert!(size_of::<FullInfo>() == FullInfo::HEADER + size_of::<MptcpInfo>());
const _: () = assert!(SUBFLOW_INFO == SUBFLOW_ID + SUBFLOW_INFO_HOLE + SUBFLOW_ADDRS);
