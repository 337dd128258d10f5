//! `MPTCP_TCPINFO` and `MPTCP_SUBFLOW_ADDRS`: a header, then one element for
//! each subflow, as far as there is room.
//!
//! The options differ in the element alone.

use zerocopy::{FromZeros, IntoBytes};

use crate::abi::{MPTCP_TCPINFO, SUBFLOW_ADDRS, SUBFLOW_INFO, SUBFLOW_INFO_ADDRS, SubflowData};
use crate::call::{Call, refuse};
use crate::content::Content;
use crate::decisions::Decisions;
use crate::errno::Errno;
use crate::length::{KernelSize, Stride, UserSize};
use crate::memory::UserMemory;
use crate::revision::Revision;
use crate::rules::Rule;
use crate::socket::Connection;
use crate::trace::Trace;

/// The structures of all subflows, of which the option copies a part of each.
#[derive(Clone, Copy)]
struct Elements<'a> {
    size: KernelSize,
    all: &'a Content<'a>,
    /// Where the first element begins, and how many bytes each is from the next.
    start: usize,
    each: usize,
}

impl<'a> Elements<'a> {
    fn of(option: i32, revision: &Revision, connection: &'a Connection<'_>) -> Elements<'a> {
        if option == MPTCP_TCPINFO {
            Elements {
                size: connection.tcp_info_size(revision),
                all: &connection.tcp_infos,
                start: 0,
                each: connection.tcp_info,
            }
        } else {
            Elements {
                size: KernelSize(SUBFLOW_ADDRS),
                all: &connection.subflow_infos,
                start: SUBFLOW_INFO_ADDRS,
                each: SUBFLOW_INFO as usize,
            }
        }
    }
}

pub(crate) fn fill<D: Decisions, M: UserMemory, T: Trace>(
    revision: &Revision,
    connection: &Connection<'_>,
    call: &Call,
    memory: &mut M,
    trace: &mut T,
) -> Result<(), Errno> {
    let element = Elements::of(call.option, revision, connection);
    let subflows = connection.subflow_count();
    let mut header = SubflowData::new_zeroed();
    let unreadable = [Rule::DataLengthUnreadable, Rule::HeaderUnreadable];
    let length = call.read(header.as_mut_bytes(), D::data_length, unreadable, memory, trace)?;
    D::header(&header, length).map_err(|rule| refuse(trace, rule, Errno::EINVAL))?;

    let asked = UserSize(header.size_user);
    let stride = D::stride(asked, element.size);
    trace.fired(if asked.0 > element.size.0 { Rule::StrideClamped } else { Rule::StrideAsAsked });

    let copied =
        copy_elements::<D, M, T>(element, stride, &header, length, subflows, call, memory, trace);
    let (elements, bytes) = match copied {
        Ok(copied) => copied,
        Err(Errno::EFAULT) if D::REPORT_AFTER_FAULT => (0, 0),
        Err(errno) => return Err(errno),
    };

    let answer = SubflowData {
        size_subflow_data: header.size_subflow_data,
        num_subflows: D::count(subflows, elements),
        size_kernel: D::size_kernel(element.size),
        size_user: D::size_user(asked, stride),
    };
    trace.fired(if bytes > 0 { Rule::LengthWithElements } else { Rule::LengthWithoutElements });
    let written = D::header_written(&answer);
    call.write(
        D::data_returned(&header, bytes),
        &[Content::exact(answer.as_bytes()).first(written as usize)],
        D::LENGTH_BEFORE_HEADER,
        [Rule::DataLengthUnwritable, Rule::HeaderUnwritable],
        memory,
        trace,
    )?;
    trace.fired(Rule::CountReported);
    trace.fired(Rule::SizesReported);
    if answer.size_subflow_data > written {
        trace.fired(Rule::HeaderTailLeftAlone);
    }
    copied.map(|_| ())
}

/// Copies the elements that fit, and returns their number and their bytes.
#[expect(clippy::too_many_arguments, reason = "a step of `fill`, in a function for readability")]
fn copy_elements<D: Decisions, M: UserMemory, T: Trace>(
    element: Elements<'_>,
    stride: Stride,
    header: &SubflowData,
    length: u32,
    subflows: u32,
    call: &Call,
    memory: &mut M,
    trace: &mut T,
) -> Result<(u32, u32), Errno> {
    let first = D::first_element(header);
    let step = D::step(UserSize(header.size_user), stride);
    let mut at = call.optval.wrapping_add(u64::from(first));
    let mut room = length.saturating_sub(first);
    let (mut elements, mut bytes) = (0, 0);
    for index in 0..subflows as usize {
        let Some(part) = D::element(room, stride) else {
            trace.fired(Rule::ElementLeftOut);
            continue;
        };
        trace.fired(if part == 0 { Rule::ElementEmpty } else { Rule::ElementCopied });
        let content = element.all.part(element.start + index * element.each, part as usize);
        if memory.copy_out(at, content).is_err() {
            trace.fired(Rule::ElementUnwritable);
            D::ELEMENT_FAULT?;
        }
        at = at.wrapping_add(u64::from(step));
        room = room.saturating_sub(step);
        elements += 1;
        bytes += part;
    }
    Ok((elements, bytes))
}
