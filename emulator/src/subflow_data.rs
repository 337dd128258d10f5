//! `MPTCP_TCPINFO` and `MPTCP_SUBFLOW_ADDRS`: a header, then one element for
//! each subflow, as far as there is room.
//!
//! The options differ in the element alone.

use zerocopy::{FromZeros, IntoBytes};

use crate::abi::{MPTCP_TCPINFO, SUBFLOW_ADDRS, SUBFLOW_DATA, SUBFLOW_INFO};
use crate::abi::{SUBFLOW_INFO_ADDRS, SubflowData};
use crate::behaviors::{
    AfterElements, Behaviors, Check, Count, DataLengthBound, DataReturned, ElementCopied,
    ElementFault, ElementFits, FirstElement, HeaderRead, HeaderSizeBound, HeaderSizeMin,
    HeaderSizeReturned, HeaderTail, HeaderWritten, KernelFields, LengthReadAgain, Room,
    SizeUserAbove, SizeUserZero,
};
use crate::call::{Answer, Call, Refusal, copy_out, refuse};
use crate::content::Content;
use crate::elements::{is_listed, of, size, size_kernel, size_user, step, walk_goes_on};
use crate::errno::Errno;
use crate::length::OptLen;
use crate::memory::UserMemory;
use crate::revision::Revision;
use crate::rules::Rule;
use crate::socket::Connection;
use crate::trace::Trace;

/// A size in a header that is larger than any length can be (2^31 - 1).
const SIZE_MAX: u32 = i32::MAX.cast_unsigned();

/// The structures of all subflows, of which the option copies a part of each.
#[derive(Clone, Copy)]
struct Elements<'a> {
    /// The kernel's size of one, and of the other option's.
    size: u32,
    other: u32,
    all: &'a Content<'a>,
    /// Where the first element begins, and how many bytes each is from the next.
    start: usize,
    each: usize,
}

impl<'a> Elements<'a> {
    #[inline(always)]
    fn of(option: i32, revision: &Revision, connection: &'a Connection<'_>) -> Elements<'a> {
        let tcp_info = connection.tcp_info_size(revision).0;
        if option == MPTCP_TCPINFO {
            Elements {
                size: tcp_info,
                other: SUBFLOW_ADDRS,
                all: &connection.tcp_infos,
                start: 0,
                each: connection.tcp_info,
            }
        } else {
            Elements {
                size: SUBFLOW_ADDRS,
                other: SUBFLOW_INFO,
                all: &connection.subflow_infos,
                start: SUBFLOW_INFO_ADDRS,
                each: SUBFLOW_INFO as usize,
            }
        }
    }
}

/// Checks the length.
#[inline(always)]
fn check_length(behaviors: &Behaviors, length: OptLen) -> Result<u32, Refusal> {
    let least = match behaviors.data_length_bound {
        DataLengthBound::Below16 => SUBFLOW_DATA,
        DataLengthBound::Below17 => SUBFLOW_DATA + 1,
        DataLengthBound::Below15 => SUBFLOW_DATA - 1,
        DataLengthBound::Unsigned => return Ok(length.wrapped()).and_then(at_least_16(behaviors)),
    };
    match length.bytes() {
        Some(bytes) if bytes >= least => Ok(bytes),
        bytes => {
            let rule = bytes.map_or(Rule::DataLengthNegative, |_| Rule::DataLengthTooShort);
            refuse_length(behaviors, rule).map(|()| length.wrapped())
        }
    }
}

#[inline(always)]
fn at_least_16(behaviors: &Behaviors) -> impl FnOnce(u32) -> Result<u32, Refusal> {
    move |bytes| match bytes {
        ..SUBFLOW_DATA => refuse_length(behaviors, Rule::DataLengthTooShort).map(|()| bytes),
        _ => Ok(bytes),
    }
}

#[inline(always)]
fn refuse_length(behaviors: &Behaviors, rule: Rule) -> Result<(), Refusal> {
    Refusal::by(behaviors.data_length_check, rule)
        .map_err(|refusal| Refusal { least: Some(SUBFLOW_DATA), ..refusal })
}

/// Checks the header.
#[inline(always)]
fn check_header(
    behaviors: &Behaviors,
    header: &SubflowData,
    length: u32,
    kernel: u32,
) -> Result<(), Refusal> {
    let size = header.size_subflow_data;
    if size > SIZE_MAX {
        Refusal::by(behaviors.header_size_max_check, Rule::HeaderSizeAboveMax)?;
    }
    if header.size_user > SIZE_MAX {
        Refusal::by(behaviors.size_user_max_check, Rule::ElementSizeAboveMax)?;
    }
    let is_small = match behaviors.header_size_min {
        HeaderSizeMin::Below16 => size < SUBFLOW_DATA,
        HeaderSizeMin::Below17 => size <= SUBFLOW_DATA,
        HeaderSizeMin::Not16 => size != SUBFLOW_DATA,
    };
    if is_small {
        Refusal::by(behaviors.header_size_min_check, Rule::HeaderSizeTooSmall)?;
    }
    let is_large = match behaviors.header_size_bound {
        HeaderSizeBound::AboveLength => size > length,
        HeaderSizeBound::AtLength => size >= length,
    };
    if is_large {
        Refusal::by(behaviors.header_size_check, Rule::HeaderSizeAboveLength)?;
    }
    let (num_subflows, size_kernel) = (header.num_subflows != 0, header.size_kernel != 0);
    let is_set = match behaviors.kernel_fields {
        KernelFields::Each => num_subflows || size_kernel,
        KernelFields::SizeKernelAlone => size_kernel,
        KernelFields::NumSubflowsAlone => num_subflows,
        KernelFields::Both => num_subflows && size_kernel,
    };
    if is_set {
        let first = num_subflows && behaviors.kernel_fields != KernelFields::SizeKernelAlone;
        let rule = if first { Rule::NumSubflowsNotZero } else { Rule::SizeKernelNotZero };
        Refusal::by(behaviors.kernel_fields_check, rule)?;
    }
    if is_size_user_refused(behaviors, header.size_user, kernel) {
        Refusal::by(Check::Einval, Rule::StrideAsAsked)?;
    }
    Ok(())
}

/// Whether a `size_user` is refused though it is a size.
#[inline(always)]
pub(crate) fn is_size_user_refused(behaviors: &Behaviors, size_user: u32, kernel: u32) -> bool {
    let by_kernel = match behaviors.size_user_above {
        SizeUserAbove::Accepted => false,
        SizeUserAbove::Refused => size_user > kernel,
        SizeUserAbove::RefusedBelow => size_user < kernel,
        SizeUserAbove::Other => size_user != kernel,
    };
    by_kernel || size_user == 0 && behaviors.size_user_zero == SizeUserZero::Refused
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
    let element = Elements::of(call.option, revision, connection);
    let mut header = SubflowData::new_zeroed();
    let read = answer.read(
        call,
        header.as_mut_bytes(),
        behaviors.header_read == HeaderRead::BeforeCheck,
        |length| check_length(behaviors, length),
        [Rule::DataLengthUnreadable, Rule::HeaderUnreadable],
        memory,
        trace,
    );
    let length = match read {
        Ok(length) => length,
        Err(result) => return result,
    };
    if let Err(refusal) = check_header(behaviors, &header, length, element.size) {
        trace.fired(refusal.rule);
        return refusal.result;
    }

    // A huge length is negative again once the header is subtracted, and the difference is taken for
    // an error.
    let room = length.wrapping_sub(header.size_subflow_data).cast_signed();
    if length > SIZE_MAX && room < 0 {
        return Err(Errno(room.wrapping_neg()));
    }

    let asked = header.size_user;
    let size = size(behaviors, asked, element.size, element.other);
    trace.fired(if asked > element.size { Rule::StrideClamped } else { Rule::StrideAsAsked });

    let walk =
        copy_elements(behaviors, element, size, &header, length, connection, call, memory, trace);
    let Walk { copied, bytes, seen, listed, fault } = walk?;

    if behaviors.length_read_again == LengthReadAgain::Checked {
        let again = answer.load_length(call, memory, Rule::DataLengthUnreadable, trace)?;
        if again.bytes().is_none_or(|again| bytes > again) {
            return Err(refuse(trace, Rule::DataLengthTooShort, Errno::EINVAL));
        }
    }

    let reported = SubflowData {
        size_subflow_data: match behaviors.header_size_returned {
            HeaderSizeReturned::Passed => header.size_subflow_data,
            HeaderSizeReturned::Sixteen => header.size_subflow_data.min(SUBFLOW_DATA),
        },
        num_subflows: count(behaviors, listed, copied, seen),
        size_kernel: size_kernel(behaviors, asked, size, element.size),
        size_user: size_user(behaviors, asked, size, element.size),
    };
    trace.fired(if bytes > 0 { Rule::LengthWithElements } else { Rule::LengthWithoutElements });
    let known = header.size_subflow_data.min(SUBFLOW_DATA);
    let returned = match behaviors.data_returned {
        DataReturned::Passed => length,
        DataReturned::Needed => header.size_subflow_data.wrapping_add(listed.wrapping_mul(size)),
        DataReturned::Elements if bytes > 0 => bytes,
        DataReturned::SixteenAndElements => known.wrapping_add(bytes),
        _ if bytes > 0 => header.size_subflow_data.wrapping_add(bytes),
        DataReturned::ZeroWithoutElements => 0,
        DataReturned::HeaderWithoutElements => header.size_subflow_data,
        DataReturned::HeaderAndElements | DataReturned::Elements => known,
    };
    let written = match behaviors.header_written {
        HeaderWritten::Sixteen => known,
        HeaderWritten::Twelve => known.min(12),
        HeaderWritten::Passed => header.size_subflow_data,
    };
    let part = Content::exact(reported.as_bytes());
    let rules = [Rule::DataLengthUnwritable, Rule::HeaderUnwritable];
    if written <= SUBFLOW_DATA {
        let part = part.first(written as usize);
        answer.write(call, returned, &[(0, part)], rules, memory, trace)?;
    } else {
        answer.write(call, returned, &[], rules, memory, trace)?;
        copy_out(behaviors, call.optval, part, written, memory).map_err(|_| Errno::EFAULT)?;
    }
    trace.fired(Rule::CountReported);
    trace.fired(Rule::SizesReported);
    if header.size_subflow_data > SUBFLOW_DATA {
        trace.fired(Rule::HeaderTailLeftAlone);
        if behaviors.header_tail == HeaderTail::Cleared {
            let zero = Content::exact(&[0]);
            for at in SUBFLOW_DATA..header.size_subflow_data {
                let at = call.optval.wrapping_add(u64::from(at));
                memory.copy_out(at, zero).map_err(|_| Errno::EFAULT)?;
            }
        }
    }
    fault
}

/// The value of `num_subflows`: of `all` subflows `copied` got an element, and `seen` were looked
/// at when the walk ended.
#[inline(always)]
pub(crate) fn count(behaviors: &Behaviors, all: u32, copied: u32, seen: u32) -> u32 {
    match behaviors.count {
        Count::All => all,
        Count::Copied => copied,
        Count::UntilFull => seen,
        Count::OneLess => all.saturating_sub(1),
        Count::OneMore => all + 1,
        Count::Zero => 0,
    }
}

/// What a walk over the subflows did.
struct Walk {
    /// Elements copied, and their bytes.
    copied: u32,
    bytes: u32,
    /// Subflows that were looked at, and all that are listed.
    seen: u32,
    listed: u32,
    /// `EFAULT` if the call fails after its answer.
    fault: Result<(), Errno>,
}

/// Copies the elements that fit.
#[expect(clippy::too_many_arguments, reason = "a step of `fill`, in a function for readability")]
#[inline(always)]
fn copy_elements<M: UserMemory, T: Trace>(
    behaviors: &Behaviors,
    element: Elements<'_>,
    size: u32,
    header: &SubflowData,
    length: u32,
    connection: &Connection<'_>,
    call: &Call,
    memory: &mut M,
    trace: &mut T,
) -> Result<Walk, Errno> {
    let first = match behaviors.first_element {
        FirstElement::BehindHeader => header.size_subflow_data,
        FirstElement::Behind16 => SUBFLOW_DATA,
        FirstElement::AtStart => 0,
    };
    let step = step(behaviors, header.size_user, size, element.size, call.option == MPTCP_TCPINFO);
    let mut at = call.optval.wrapping_add(u64::from(first));
    let mut room = match behaviors.room {
        Room::WholeLength => length,
        Room::Behind16 => length.saturating_sub(SUBFLOW_DATA),
        Room::BehindHeader | Room::NotUsedUp => length.saturating_sub(header.size_subflow_data),
    };
    let subflows = connection.subflow_count();
    let mut walk = Walk { copied: 0, bytes: 0, seen: 0, listed: 0, fault: Ok(()) };
    let mut is_over = false;
    for index in 0..subflows {
        if !is_listed(behaviors, connection, index) {
            continue;
        }
        walk.listed += 1;
        if is_over {
            continue;
        }
        walk.seen += 1;
        let part = match behaviors.element_fits {
            ElementFits::Whole if room >= size => size,
            ElementFits::WithByteMore if room > size => size,
            ElementFits::AnyRoom if room > 0 => size,
            ElementFits::Cut if room > 0 => room.min(size),
            _ => {
                trace.fired(Rule::ElementLeftOut);
                is_over = behaviors.count == Count::UntilFull;
                continue;
            }
        };
        trace.fired(if part == 0 { Rule::ElementEmpty } else { Rule::ElementCopied });
        let from = of(behaviors, index, subflows) as usize;
        let content = element.all.part(element.start + from * element.each, element.size as usize);
        let len = match behaviors.element_copied {
            ElementCopied::Size => part,
            ElementCopied::RoundedUp => part.next_multiple_of(8),
            ElementCopied::WithId => part + 8,
        };
        if copy_out(behaviors, at, content, len, memory).is_err() {
            trace.fired(Rule::ElementUnwritable);
            if !walk_goes_on(behaviors, &mut walk.fault)? {
                if behaviors.element_fault == ElementFault::EndsWalk {
                    break;
                }
                (walk.copied, walk.bytes) = (0, 0);
                is_over = true;
                continue;
            }
        }
        at = at.wrapping_add(u64::from(step));
        let has_room = room > 0 || part > 0;
        if behaviors.room != Room::NotUsedUp {
            room = room.saturating_sub(size);
        }
        // Without room an element of size 0 is none; only a wrong count shows it.
        walk.copied += u32::from(has_room);
        is_over = !has_room && behaviors.count == Count::UntilFull;
        walk.bytes = walk.bytes.wrapping_add(part);
    }
    if behaviors.after_elements == AfterElements::ZeroByte
        && walk.bytes > 0
        && memory.copy_out(at, Content::exact(&[0])).is_err()
    {
        return Err(refuse(trace, Rule::ElementUnwritable, Errno::EFAULT));
    }
    Ok(walk)
}
