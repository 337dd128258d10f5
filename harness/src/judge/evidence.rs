//! What one run of a case leaves for a diagnosis.

use mptcp_emulator::{Errno, Rule};

use crate::judge::Mismatch;

/// Everything about one run of a case.
#[derive(Clone, Debug)]
pub struct Examination {
    /// The predicted result.
    pub predicted: Result<(), Errno>,
    /// What the kernel did; `None` where the call was not made.
    pub observed: Option<Observed>,
    /// The rules in the order in which they fired.
    pub rules: Vec<Rule>,
    /// The street before the call.
    pub before: Vec<u8>,
    /// The street after it, as the model says.
    pub prediction: Vec<u8>,
    /// Beside each byte of the prediction 0, or why it is open.
    pub mask: Vec<u8>,
}

/// What the kernel did.
#[derive(Clone, Debug)]
pub struct Observed {
    /// The result.
    pub result: Result<(), Errno>,
    /// The street after the call.
    pub bytes: Vec<u8>,
    /// How that differs from the prediction, if it does.
    pub mismatch: Option<Mismatch>,
}

impl Examination {
    /// The observed result; `None` where the call was not made.
    pub fn result(&self) -> Option<Result<(), Errno>> {
        Some(self.observed.as_ref()?.result)
    }

    /// The street after the call; `None` where it was not made.
    pub fn observation(&self) -> Option<&[u8]> {
        Some(&self.observed.as_ref()?.bytes)
    }

    /// How the call differs from the prediction; `None` where it does not or was not made.
    pub fn mismatch(&self) -> Option<&Mismatch> {
        self.observed.as_ref()?.mismatch.as_ref()
    }
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
