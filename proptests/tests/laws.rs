//! The laws that `assay check` counts, and wrong models that break each of them.

use mptcp_emulator::abi::SubflowData;
use mptcp_emulator::decisions::{KernelSize, OptLen, Stride};
use mptcp_emulator::{Errno, Revision};
use mptcp_harness::cases::Case;
use mptcp_harness::laws::Law;
use mptcp_proptests::{
    Answer, Decisions, KernelDecisions, OwnedSocket, any_case, ask, halfway, holds, is_broken,
    without_trace,
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
    keep(&Law::ALL, &ask::<KernelDecisions>(&revision, &socket.as_socket(), &case))
}

#[test]
fn the_model_keeps_the_laws() {
    holds(any_case(), all_are_kept);
    holds(halfway(), all_are_kept);
}

/// Demands that the model `D` breaks a law.
#[track_caller]
fn breaks<D: Decisions>(law: Law, values: impl Strategy<Value = Values>) {
    is_broken(values, |(revision, socket, case)| {
        keep(&[law], &ask::<D>(&revision, &socket.as_socket(), &case))
    });
}

/// Copies all of mptcp_info and returns its size, whatever the length.
struct InfoNeverCut;
impl Decisions for InfoNeverCut {
    fn info_length(_: OptLen, kernel: KernelSize) -> u32 {
        kernel.0
    }
}

#[test]
fn a_wrong_model_breaks_the_declared_buffers() {
    /// Forgets to compare an element with the room that is left.
    struct NoRoomChecked;
    impl Decisions for NoRoomChecked {
        fn element(_: u32, stride: Stride) -> Option<u32> {
            Some(stride.0)
        }
    }
    breaks::<NoRoomChecked>(Law::DeclaredBuffers, any_case());

    /// Counts slots from one.
    struct OneSlotTooMany;
    impl Decisions for OneSlotTooMany {
        fn full_slot(index: u32, size_arrays_user: u32) -> bool {
            index <= size_arrays_user
        }
    }
    breaks::<OneSlotTooMany>(Law::DeclaredBuffers, any_case());
    breaks::<InfoNeverCut>(Law::DeclaredBuffers, any_case());
}

#[test]
fn a_wrong_model_breaks_the_returned_length() {
    breaks::<InfoNeverCut>(Law::ReturnedLength, any_case());

    /// Counts from the asked size.
    struct OneElementTooMany;
    impl Decisions for OneElementTooMany {
        fn data_returned(header: &SubflowData, copied: u32) -> u32 {
            header.size_subflow_data.wrapping_add(copied).wrapping_add(header.size_user)
        }
    }
    breaks::<OneElementTooMany>(Law::ReturnedLength, any_case());

    /// Returns the size of mptcp_full_info, whatever fits.
    struct FullNeverCut;
    impl Decisions for FullNeverCut {
        fn full_returned(_: u32) -> u32 {
            136
        }
    }
    breaks::<FullNeverCut>(Law::ReturnedLength, any_case());
}

#[test]
fn a_wrong_model_breaks_the_untouched_memory() {
    /// Gives the wrong error for an element that faults half-way.
    struct FaultsAreInvalid;
    impl Decisions for FaultsAreInvalid {
        const ELEMENT_FAULT: Result<(), Errno> = Err(Errno::EINVAL);
    }
    breaks::<FaultsAreInvalid>(Law::UntouchedMemory, halfway());
}

#[test]
fn a_wrong_model_breaks_the_named_error() {
    /// Returns a number that is internal to the kernel.
    struct Internal;
    impl Decisions for Internal {
        const UNKNOWN_OPTION: Errno = Errno(515);
    }
    breaks::<Internal>(Law::NamedError, any_case());
}

/// No model of decisions can break this one, but a call without a trace does.
#[test]
fn a_call_without_a_trace_breaks_the_named_rule() {
    is_broken(any_case(), |(revision, socket, case)| {
        let answer = without_trace::<KernelDecisions>(&revision, &socket.as_socket(), &case);
        keep(&[Law::NamedRule], &answer)
    });
}
