//! A model that is wrong on purpose. A check of it that does not end with a
//! divergence is a check that would not notice one.

use mptcp_emulator::abi::SubflowData;
use mptcp_emulator::decisions::{Decisions, Stride, UserSize};
use mptcp_harness::model::Model;

/// The contract, but for two mistakes that are easily made.
enum Canary {}

impl Decisions for Canary {
    /// The size of the header as the program gave it, also without elements.
    fn data_returned(header: &SubflowData, copied: u32) -> u32 {
        header.size_subflow_data.wrapping_add(copied)
    }

    /// Elements at the stride that the program asked for.
    fn step(asked: UserSize, _stride: Stride) -> u32 {
        asked.0
    }
}

/// What to call the wrong model in a report.
pub(crate) const NOTE: &str = "the model has planted mistakes (--canary): divergences are wanted";

/// The wrong model.
pub(crate) fn model() -> Model {
    Model::deciding::<Canary>()
}
