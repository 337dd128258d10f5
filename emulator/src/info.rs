//! `MPTCP_INFO`: one structure, or the first bytes of it that fit.

use crate::behaviors::{AnswerUnwritable, InfoCopied, InfoNegative, InfoReturned, ZeroLength};
use crate::call::{Answer, Call, copy_out};
use crate::errno::Errno;
use crate::memory::UserMemory;
use crate::revision::Revision;
use crate::rules::Rule;
use crate::socket::Connection;
use crate::trace::Trace;

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
    let length = answer.load_length(call, memory, Rule::InfoLengthUnreadable, trace)?;
    let kernel = connection.info_size(revision).0;
    let rule = match length.0 {
        0 if behaviors.zero_length == ZeroLength::Untouched => Rule::InfoZeroLengthAsksNothing,
        0 => Rule::InfoZeroLengthStored,
        ..0 => Rule::InfoNegativeLengthIsHuge,
        _ if length.wrapped() < kernel => Rule::InfoCut,
        _ => Rule::InfoWhole,
    };
    trace.fired(rule);
    let mut asked = length.wrapped();
    match (length.0, behaviors.zero_length, behaviors.info_negative) {
        (0, ZeroLength::Untouched, _) | (..0, _, InfoNegative::AsksNothing) => return Ok(()),
        (0, ZeroLength::Refused, _) | (..0, _, InfoNegative::Refused) => return Err(Errno::EINVAL),
        (..0, _, InfoNegative::Zero) => asked = 0,
        (..0, _, InfoNegative::Signed) => {
            // The copy of a huge size is refused as a whole.
            answer.write(call, asked, &[], [Rule::InfoLengthUnwritable; 2], memory, trace)?;
            return Err(Errno::EFAULT);
        }
        _ => {}
    }

    let lesser = asked.min(kernel);
    let copied = match behaviors.info_copied {
        InfoCopied::Lesser => lesser,
        InfoCopied::Whole => kernel,
        InfoCopied::Passed => asked,
        InfoCopied::Words => lesser & !3,
        InfoCopied::DoubleWords => lesser & !7,
        InfoCopied::AllOrNothing if lesser < kernel => 0,
        InfoCopied::AllOrNothing => kernel,
        InfoCopied::OneLess => lesser.saturating_sub(1),
    };
    let returned = match behaviors.info_returned {
        InfoReturned::Copied => copied,
        InfoReturned::Passed => asked,
        InfoReturned::Structure => kernel,
    };
    let rules = [Rule::InfoLengthUnwritable, Rule::InfoDataUnwritable];
    if copied as usize <= connection.info.len() {
        let part = connection.info.first(copied as usize);
        return answer.write(call, returned, &[(0, part)], rules, memory, trace);
    }
    // Also bytes behind the structure.
    answer.write(call, returned, &[], rules, memory, trace)?;
    match copy_out(behaviors, call.optval, connection.info.first(kernel as usize), copied, memory) {
        Err(_) if behaviors.answer_unwritable != AnswerUnwritable::Ignored => Err(Errno::EFAULT),
        _ => Ok(()),
    }
}
