//! `MPTCP_FULL_INFO`: a structure with two pointers to arrays. Each array gets
//! one element for each subflow; `mptcp_info` is the end of the structure.

use zerocopy::{FromZeros, IntoBytes};

use crate::abi::{FullInfo, MptcpInfo, SUBFLOW_ADDRS, SUBFLOW_ID, SUBFLOW_INFO_HOLE};
use crate::array::Array;
use crate::call::{Call, refuse};
use crate::content::Content;
use crate::decisions::Decisions;
use crate::errno::Errno;
use crate::length::KernelSize;
use crate::memory::UserMemory;
use crate::revision::Revision;
use crate::rules::Rule;
use crate::socket::Connection;
use crate::trace::Trace;

/// One of the two arrays.
fn array<D: Decisions, T: Trace>(
    at: u64,
    asked: u32,
    kernel: u32,
    unwritable: Rule,
    trace: &mut T,
) -> Array {
    trace.fired(if asked > kernel { Rule::FullStrideClamped } else { Rule::FullStrideAsAsked });
    Array::new::<D>(at, asked, kernel, Rule::FullArrayEmpty, unwritable)
}

pub(crate) fn fill<D: Decisions, M: UserMemory, T: Trace>(
    revision: &Revision,
    connection: &Connection<'_>,
    call: &Call,
    memory: &mut M,
    trace: &mut T,
) -> Result<(), Errno> {
    let mut full = FullInfo::new_zeroed();
    let input = &mut full.as_mut_bytes()[..FullInfo::HEADER];
    let unreadable = [Rule::FullLengthUnreadable, Rule::FullHeaderUnreadable];
    let length = call.read(input, D::full_length, unreadable, memory, trace)?;
    D::full_header(&full).map_err(|rule| refuse(trace, rule, Errno::EINVAL))?;

    let tcp_info = connection.tcp_info_size(revision);
    let size = SUBFLOW_ID + revision.subflow_info_hole + SUBFLOW_ADDRS;
    let mut addresses = array::<D, T>(
        full.subflow_info,
        full.size_sfinfo_user,
        size,
        Rule::FullSubflowInfoUnwritable,
        trace,
    );
    // The contents have the padding of 64 bits. Omit what this caller does not have.
    addresses.leave_out(SUBFLOW_ID, SUBFLOW_INFO_HOLE - revision.subflow_info_hole);
    let mut tcp_infos = array::<D, T>(
        full.tcp_info,
        full.size_tcpinfo_user,
        tcp_info.0,
        Rule::FullTcpInfoUnwritable,
        trace,
    );

    let copied = fill_arrays::<D, M, T>(
        &mut addresses,
        &mut tcp_infos,
        full.size_arrays_user,
        connection,
        memory,
        trace,
    );
    let elements = match copied {
        Ok(elements) => elements,
        Err(Errno::EFAULT) if D::REPORT_AFTER_FAULT => 0,
        Err(errno) => return Err(errno),
    };

    full.size_tcpinfo_kernel = D::size_kernel(tcp_info);
    full.size_tcpinfo_user = D::size_user(tcp_infos.asked, tcp_infos.stride);
    full.size_sfinfo_kernel = D::size_kernel(KernelSize(size));
    full.size_sfinfo_user = D::size_user(addresses.asked, addresses.stride);
    full.num_subflows = D::count(connection.subflow_count(), elements);

    let kernel = connection.info_size(revision);
    let info = D::full_info_length(length, kernel);
    trace.fired(match info {
        0 => Rule::FullInfoLeftOut,
        _ if info < kernel.0 => Rule::FullInfoCut,
        _ => Rule::FullInfoWhole,
    });
    let head = Content::exact(full.as_bytes()).first(FullInfo::HEADER);
    call.write(
        D::full_returned(info),
        &[head, connection.info.first(info as usize)],
        D::LENGTH_BEFORE_HEADER,
        [Rule::FullLengthUnwritable, Rule::FullStructureUnwritable],
        memory,
        trace,
    )?;
    trace.fired(Rule::FullCountsReported);
    copied.map(|_| ())
}

/// Copies the elements for which there is room, and returns their number.
fn fill_arrays<D: Decisions, M: UserMemory, T: Trace>(
    addresses: &mut Array,
    tcp_infos: &mut Array,
    slots: u32,
    connection: &Connection<'_>,
    memory: &mut M,
    trace: &mut T,
) -> Result<u32, Errno> {
    let mut elements = 0;
    for (index, subflow) in (0..).zip(connection.subflows()) {
        if !D::full_slot(index, slots) {
            trace.fired(Rule::FullElementLeftOut);
            continue;
        }
        trace.fired(Rule::FullElementCopied);
        if D::FULL_ADDRESSES_FIRST {
            addresses.push::<D, M, T>(subflow.subflow_info, memory, trace)?;
            tcp_infos.push::<D, M, T>(subflow.tcp_info, memory, trace)?;
        } else {
            tcp_infos.push::<D, M, T>(subflow.tcp_info, memory, trace)?;
            addresses.push::<D, M, T>(subflow.subflow_info, memory, trace)?;
        }
        elements += 1;
    }
    Ok(elements)
}

const _: () = assert!(size_of::<FullInfo>() == FullInfo::HEADER + size_of::<MptcpInfo>());
