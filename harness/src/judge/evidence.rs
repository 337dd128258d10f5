//! The evidence that one run of a case leaves for a diagnosis.

use mptcp_emulator::{Errno, Rule};

use crate::judge::Mismatch;

/// Everything known about one run of a case.
#[derive(Clone, Debug)]
pub struct Examination {
    /// The predicted result.
    pub predicted: Result<(), Errno>,
    /// The observation; `None` if the call was not made.
    pub observed: Option<Observed>,
    /// The rules in the order in which they decided.
    pub rules: Vec<Rule>,
    /// The street before the call.
    pub before: Vec<u8>,
    /// The predicted street after the call.
    pub prediction: Vec<u8>,
    /// For each byte of the prediction 0, or why it is open.
    pub mask: Vec<u8>,
}

/// What the kernel did.
#[derive(Clone, Debug)]
pub struct Observed {
    /// The result.
    pub result: Result<(), Errno>,
    /// The street after the call.
    pub bytes: Vec<u8>,
    /// How the observation differs from the prediction, if it does.
    pub mismatch: Option<Mismatch>,
}

impl Examination {
    /// The observed result; `None` if the call was not made.
    pub fn result(&self) -> Option<Result<(), Errno>> {
        Some(self.observed.as_ref()?.result)
    }

    /// The street after the call; `None` if it was not made.
    pub fn observation(&self) -> Option<&[u8]> {
        Some(&self.observed.as_ref()?.bytes)
    }

    /// How the observation differs from the prediction; `None` if it does not, or if the call was
    /// not made.
    pub fn mismatch(&self) -> Option<&Mismatch> {
        self.observed.as_ref()?.mismatch.as_ref()
    }
}

/// The input of a diagnosis: two outcomes of a call, and how they differ.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// How they differ.
    pub mismatch: &'a Mismatch,
    /// The predicted result.
    pub predicted: Result<(), Errno>,
    /// The rules behind the prediction, in the order in which they decided.
    pub rules: &'a [Rule],
    /// The street before the call.
    pub before: &'a [u8],
    /// The predicted street.
    pub prediction: &'a [u8],
    /// For each byte of it 0, or why it is open.
    pub mask: &'a [u8],
    /// The observed street.
    pub observation: &'a [u8],
}

impl Evidence<'_> {
    /// The evidence of an examination; `None` if model and kernel agreed.
    pub fn of(examination: &Examination) -> Option<Evidence<'_>> {
        let Observed { bytes, mismatch, .. } = examination.observed.as_ref()?;
        Some(Evidence {
            mismatch: mismatch.as_ref()?,
            predicted: examination.predicted,
            rules: &examination.rules,
            before: &examination.before,
            prediction: &examination.prediction,
            mask: &examination.mask,
            observation: bytes,
        })
    }
}
