//! Which bytes of the program's memory a call may touch.

use mptcp_emulator::behaviors::{ElementFault, LengthAfterError, LengthRead, Step};
use mptcp_emulator::{Errno, Revision};
use mptcp_harness::cases::{Case, Input};
use mptcp_harness::laws::Buffer;
use mptcp_proptests::{BASE, OwnedSocket, any_case, ask, halfway, holds, is_broken_by};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

type Values = (Revision, OwnedSocket, Case);

/// What is no MPTCP connection refuses and touches nothing, not even where
/// the addresses are bad.
///
/// mptcp.dev: on a socket that is none, or fell back, the options "will
/// always fail, EOPNOTSUPP (v4) or ENOPROTOOPT (v6)".
fn a_refusal_touches_nothing((revision, socket, case): Values) -> TestCaseResult {
    let refusals = [Errno::EBADF, Errno::ENOTSOCK, Errno::EOPNOTSUPP, Errno::ENOPROTOOPT];
    let answer = ask(&revision, &socket.as_socket(), &case);
    let refused = answer.result.is_err_and(|errno| refusals.contains(&errno));
    if matches!(socket, OwnedSocket::Other(_)) {
        prop_assert!(refused);
    }
    if refused {
        prop_assert!(answer.writes.is_empty());
        prop_assert_eq!(answer.rules.len(), 1);
    }
    Ok(())
}

#[test]
fn refusals_touch_nothing() {
    holds(any_case(), a_refusal_touches_nothing);
}

#[test]
fn a_wrong_model_breaks_the_refusals() {
    // Reads the length before it looks at the socket: EFAULT or EINVAL for some.
    is_broken_by(
        |it| it.length_read = LengthRead::BeforeSocket,
        any_case(),
        a_refusal_touches_nothing,
    );

    // Stores the length after every call.
    is_broken_by(
        |it| it.length_after_error = LengthAfterError::Passed,
        any_case(),
        a_refusal_touches_nothing,
    );
}

/// A copy that faults leaves what stands before the byte that faulted, and
/// nothing of what stands behind it, be that writable or not.
///
/// The kernel's documentation of copy_to_user: it returns the "number of bytes
/// that could not be copied", so the first ones were; getsockopt(2): EFAULT.
fn nothing_behind_a_fault((revision, socket, case): Values) -> TestCaseResult {
    let answer = ask(&revision, &socket.as_socket(), &case);
    // Regions that are filled upwards: each array, and the elements.
    let (others, arrays) = answer.declared.split_at(2);
    let mut regions = arrays.to_vec();
    if let Input::Data(data) = &case.input {
        let header = u64::from(data.size_subflow_data);
        let length = u64::from(case.length.max(0).cast_unsigned());
        let start = answer.optval().wrapping_add(header);
        regions.push(Buffer { start, len: length.saturating_sub(header) });
    }
    // Where buffers overlap, one may fill what another left. The elements are
    // a part of the buffer; arrays are not.
    let others = match &case.input {
        Input::Full(_) | Input::Opt(_) => others,
        _ => &others[..1],
    };
    for (number, region) in regions.iter().enumerate() {
        let mut apart = others.iter().chain(&regions[..number]).chain(&regions[number + 1..]);
        if apart.any(|other| other.overlaps(*region)) {
            continue;
        }
        let Buffer { start, len } = *region;
        let end = start.saturating_add(len).min(BASE + mptcp_harness::memory::layout::LEN as u64);
        let (run, in_all) = answer.written_in(start..end);
        prop_assert_eq!(run, in_all, "a gap in what was written from {:#x} on", start);
    }
    Ok(())
}

#[test]
fn a_fault_leaves_nothing_behind_it() {
    holds(any_case(), nothing_behind_a_fault);
    holds(halfway(), nothing_behind_a_fault);
}

#[test]
fn a_wrong_model_breaks_the_end_at_a_fault() {
    // Ignores what a copy returns, and goes on with the next element.
    is_broken_by(|it| it.element_fault = ElementFault::Ignored, halfway(), nothing_behind_a_fault);

    // Elements at the size that the program asked for.
    is_broken_by(|it| it.step = Step::Passed, halfway(), nothing_behind_a_fault);
}

/// Where an element faults, neither header nor length say that anything
/// happened.
///
/// Seed, commit 06f15cee3695: num_subflows and size_kernel are updated "If
/// the getsockopt request succeeds (return value is 0)".
fn a_failed_element_reports_nothing((revision, socket, case): Values) -> TestCaseResult {
    let answer = ask(&revision, &socket.as_socket(), &case);
    let failed = answer.rules.iter().any(|rule| {
        use mptcp_emulator::Rule::{
            ElementUnwritable, FullSubflowInfoUnwritable, FullTcpInfoUnwritable,
        };
        [ElementUnwritable, FullSubflowInfoUnwritable, FullTcpInfoUnwritable].contains(rule)
    });
    if failed {
        prop_assert_eq!(answer.result, Err(Errno::EFAULT));
        prop_assert_eq!(answer.stored(), None);
    }
    Ok(())
}

#[test]
fn an_element_that_faults_is_not_reported() {
    holds(any_case(), a_failed_element_reports_nothing);
    holds(halfway(), a_failed_element_reports_nothing);
}

#[test]
fn a_wrong_model_breaks_the_silence_after_a_fault() {
    // Jumps to where the header is written, on errors too.
    is_broken_by(
        |it| it.element_fault = ElementFault::AnsweredFirst,
        halfway(),
        a_failed_element_reports_nothing,
    );
}
