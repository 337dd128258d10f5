//! A model that is wrong on purpose. A check of it that does not end with a
//! divergence is a check that would not notice one.

use mptcp_emulator::Behaviors;
use mptcp_emulator::behaviors::{DataReturned, Step};
use mptcp_harness::model::{KernelBehavior, Model};

/// What to call the wrong model in a report.
pub(crate) const NOTE: &str = "the model has planted mistakes (--canary): divergences are wanted";

/// The newest kernels' behaviors, but for two mistakes that are easily made.
pub(crate) fn behaviors() -> Behaviors {
    Behaviors {
        data_returned: DataReturned::HeaderWithoutElements,
        step: Step::Passed,
        ..Behaviors::NEWEST
    }
}

/// The wrong model.
pub(crate) fn model() -> Model {
    Model::behaving(KernelBehavior::uniform(behaviors()))
}
