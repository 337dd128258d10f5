//! `MPTCP_INFO`: one structure, or the first bytes of it that fit.

use crate::call::Call;
use crate::decisions::Decisions;
use crate::errno::Errno;
use crate::memory::UserMemory;
use crate::revision::Revision;
use crate::rules::Rule;
use crate::socket::Connection;
use crate::trace::Trace;

pub(crate) fn fill<D: Decisions, M: UserMemory, T: Trace>(
    revision: &Revision,
    connection: &Connection<'_>,
    call: &Call,
    memory: &mut M,
    trace: &mut T,
) -> Result<(), Errno> {
    let length = call.load_length(memory, Rule::InfoLengthUnreadable, trace)?;
    if D::info_asks_nothing(revision, length) {
        trace.fired(Rule::InfoZeroLengthAsksNothing);
        return Ok(());
    }

    let kernel = connection.info_size(revision);
    trace.fired(match length.0 {
        0 => Rule::InfoZeroLengthStored,
        ..0 => Rule::InfoNegativeLengthIsHuge,
        _ if length.wrapped() < kernel.0 => Rule::InfoCut,
        _ => Rule::InfoWhole,
    });
    if D::info_refuses(length) {
        return Err(Errno::EINVAL);
    }

    let copied = D::info_length(length, kernel);
    call.write(
        copied,
        &[connection.info.first(copied as usize)],
        D::INFO_LENGTH_FIRST,
        [Rule::InfoLengthUnwritable, Rule::InfoDataUnwritable],
        memory,
        trace,
    )
}
