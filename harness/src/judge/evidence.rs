//! What one run of a case leaves for a diagnosis.

use mptcp_emulator::{Errno, Rule};

use crate::judge::Mismatch;

/// Everything about one run of a case.
#[derive(Clone, Debug)]
pub struct Examination {
    /// The predicted result.
    pub predicted: Result<(), Errno>,
    /// The observed result; `None` where the call was not made.
    pub observed: Option<Result<(), Errno>>,
    /// How they differ, if they do.
    pub verdict: Result<(), Mismatch>,
    /// The rules in the order in which they fired.
    pub rules: Vec<Rule>,
    /// The street before the call.
    pub before: Vec<u8>,
    /// The street after it, as the model says.
    pub prediction: Vec<u8>,
    /// Beside each byte of the prediction 0, or why it is open.
    pub mask: Vec<u8>,
    /// The street after the call; `None` where it was not made.
    pub observation: Option<Vec<u8>>,
}

/// What a diagnosis is made of: two ways for a call to go, and how they differ.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// How they differ.
    pub mismatch: &'a Mismatch,
    /// The predicted result.
    pub predicted: Result<(), Errno>,
    /// The rules behind the prediction, in the order in which they fired.
    pub rules: &'a [Rule],
    /// The street before the call.
    pub before: &'a [u8],
    /// The street as predicted.
    pub prediction: &'a [u8],
    /// Beside each byte of it 0, or why it is open.
    pub mask: &'a [u8],
    /// The street as observed.
    pub observation: &'a [u8],
}

impl Evidence<'_> {
    /// The evidence of an examination; `None` where it agreed.
    pub fn of(examination: &Examination) -> Option<Evidence<'_>> {
        Some(Evidence {
            mismatch: examination.verdict.as_ref().err()?,
            predicted: examination.predicted,
            rules: &examination.rules,
            before: &examination.before,
            prediction: &examination.prediction,
            mask: &examination.mask,
            observation: examination.observation.as_deref().unwrap_or_default(),
        })
    }
}
