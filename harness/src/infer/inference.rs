//! What an inference came to.

use mptcp_emulator::{Behaviors, RuleSet};

use super::cause::Cause;
use super::contents::ContentsCause;
use super::search::Change;
use crate::model::{Handler, KernelBehavior};

/// The largest number of causes: each is a bit of [`Effect::Explained`].
pub(super) const MOST_CAUSES: usize = 64;

/// What a case shows of a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The kernel does as expected.
    Expected,
    /// It does not, and these causes, a bit for each, explain it.
    Explained(u64),
    /// It does not, and no cause explains it.
    Unexplained,
    /// The case could not be run.
    NotRun,
}

/// How a kernel behaves.
#[derive(Clone, Debug)]
pub struct Inference {
    /// The expected behaviors.
    pub expected: Behaviors,
    /// The behavior of each handler, as inferred.
    pub behavior: KernelBehavior,
    /// The causes of differences. Their indices are the bits of [`Effect::Explained`].
    pub causes: Vec<Cause>,
    /// Fields that hold something else. Their bits of [`Effect::Explained`] are behind those of
    /// `causes`.
    pub contents: Vec<ContentsCause>,
    /// Explanations that no case distinguishes from the stated one, as changes by handler.
    pub alternatives: Vec<(Handler, Vec<Change>)>,
    /// Cases that were run.
    pub cases: u64,
    /// Those in which the kernel does not do as expected.
    pub differing: u64,
    /// Those of them that the causes explain.
    pub explained: u64,
    /// The rules that decided the cases.
    pub rules: RuleSet,
}

impl Inference {
    /// The number of cases that differ and that no cause explains.
    pub fn unexplained(&self) -> u64 {
        self.differing - self.explained
    }
}
