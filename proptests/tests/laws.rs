//! The laws that `assay check` counts, and wrong models that break each of them.

use mptcp_emulator::behaviors::{
    DataReturned, ElementFault, ElementFits, FullReturned, FullSlots, InfoCopied,
};
use mptcp_emulator::{Behaviors, Errno, Revision};
use mptcp_harness::cases::Case;
use mptcp_harness::laws::Law;
use mptcp_proptests::{
    Answer, OwnedSocket, any_case, ask, halfway, holds, is_broken, is_broken_by, without_trace,
};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

type Values = (Revision, OwnedSocket, Case);

fn keep(laws: &[Law], answer: &Answer) -> TestCaseResult {
    for law in laws {
        prop_assert!(law.is_kept(answer), "broken: {}", law.sentence());
    }
    Ok(())
}

fn all_are_kept((revision, socket, case): Values) -> TestCaseResult {
    keep(&Law::ALL, &ask(&revision, &socket.as_socket(), &case))
}

#[test]
fn the_model_keeps_the_laws() {
    holds(any_case(), all_are_kept);
    holds(halfway(), all_are_kept);
}

/// Demands that kernels that behave in another way break a law.
#[track_caller]
fn breaks(wrong: impl Fn(&mut Behaviors), law: Law, values: impl Strategy<Value = Values>) {
    is_broken_by(wrong, values, |(revision, socket, case)| {
        keep(&[law], &ask(&revision, &socket.as_socket(), &case))
    });
}

#[test]
fn a_wrong_model_breaks_the_declared_buffers() {
    let law = Law::DeclaredBuffers;
    breaks(|it| it.element_fits = ElementFits::AnyRoom, law, any_case());
    breaks(|it| it.full_slots = FullSlots::AtMost, law, any_case());
    breaks(|it| it.info_copied = InfoCopied::Whole, law, any_case());
}

#[test]
fn a_wrong_model_breaks_the_returned_length() {
    let law = Law::ReturnedLength;
    breaks(|it| it.info_copied = InfoCopied::Whole, law, any_case());
    breaks(|it| it.data_returned = DataReturned::Needed, law, any_case());
    breaks(|it| it.full_returned = FullReturned::Structure, law, any_case());
}

#[test]
fn a_wrong_model_breaks_the_untouched_memory() {
    // The wrong error for an element that faults half-way.
    breaks(|it| it.element_fault = ElementFault::Einval, Law::UntouchedMemory, halfway());
}

/// No behavior has such an error, but a record with it breaks the law.
#[test]
fn an_error_without_a_name_breaks_the_named_error() {
    is_broken(any_case(), |(revision, socket, case)| {
        let mut answer = ask(&revision, &socket.as_socket(), &case);
        // A number that is internal to the kernel.
        answer.record.result = Err(Errno(515));
        keep(&[Law::NamedError], &answer)
    });
}

/// No behavior can break this one, but a call without a trace does.
#[test]
fn a_call_without_a_trace_breaks_the_named_rule() {
    is_broken(any_case(), |(revision, socket, case)| {
        let answer = without_trace(&revision, &socket.as_socket(), &case);
        keep(&[Law::NamedRule], &answer)
    });
}
