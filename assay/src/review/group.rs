//! Cases that differ in one way, and how that is to be taken.

use std::collections::BTreeSet;

use mptcp_emulator::Rule;
use mptcp_harness::cases::Case;
use serde::Serialize;

use super::remote_examination::rule;
use crate::report::datum::Datum;

/// How a difference is to be taken, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Class {
    /// The base kernel keeps the contract, the patched one does not.
    Regression,
    /// Neither keeps it, each in its own way.
    BothWrong,
    /// Both keep it and differ, and what is known of their revisions does not account for
    /// every byte that does.
    Unexplained,
    /// Both keep it; it says something else for each of them, by what is known of
    /// their revisions.
    Explained,
    /// The patched kernel does as documents promise where the base kernel does as kernels
    /// have done: a known contradiction is gone.
    Promise,
    /// The patched kernel keeps it, the base kernel does not.
    Fixed,
}

impl Class {
    /// All of them, in the order of a report.
    pub(crate) const ALL: [Class; 6] = [
        Class::Regression,
        Class::BothWrong,
        Class::Unexplained,
        Class::Explained,
        Class::Promise,
        Class::Fixed,
    ];

    /// Whether the patched kernel departs from the contract, or does something else than the
    /// base kernel for no known reason.
    pub(crate) fn is_bad(self) -> bool {
        matches!(self, Class::Regression | Class::BothWrong | Class::Unexplained)
    }

    /// The word for a heading.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Class::Regression => "REGRESSION",
            Class::BothWrong => "WRONG IN BOTH",
            Class::Unexplained => "UNEXPLAINED",
            Class::Explained => "EXPLAINED",
            Class::Promise => "PROMISE KEPT",
            Class::Fixed => "FIXED",
        }
    }

    /// Its name in the page's style sheet.
    pub(crate) fn style(self) -> &'static str {
        match self {
            Class::Regression => "regression",
            Class::BothWrong => "both-wrong",
            Class::Unexplained => "unexplained",
            Class::Explained => "explained",
            Class::Promise => "kept",
            Class::Fixed => "fixed",
        }
    }

    /// A number of its kinds, in words.
    pub(crate) fn counted(self, count: usize) -> String {
        let (one, more) = match self {
            Class::Regression => ("regression", "regressions"),
            Class::BothWrong => {
                ("difference in what both do wrong", "differences in what both do wrong")
            }
            Class::Unexplained => ("unexplained difference", "unexplained differences"),
            Class::Explained => ("explained difference", "explained differences"),
            Class::Promise => ("promise kept", "promises kept"),
            Class::Fixed => ("fix", "fixes"),
        };
        format!("{count} {}", if count == 1 { one } else { more })
    }

    /// What it means, in a sentence.
    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Class::Regression => "the base kernel keeps the contract, the patched one does not",
            Class::BothWrong => "neither kernel keeps the contract, each in its own way",
            Class::Unexplained => {
                "each kernel does what the model predicts for it, and what is known of the two \
                 revisions does not account for every byte that differs"
            }
            Class::Explained => {
                "both keep the contract, which says something else for each: intended, if the \
                 change of the structure or the option is"
            }
            Class::Promise => {
                "the patched kernel does as documents promise, the base kernel as kernels have \
                 done so far"
            }
            Class::Fixed => "the patched kernel keeps the contract, the base one does not",
        }
    }
}

/// Cases that differ in one way.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) class: Class,
    /// What distinguishes it from others.
    pub(crate) signature: String,
    pub(crate) summary: String,
    /// The rule that decided what differs, by name.
    pub(crate) rule: Option<String>,
    /// What the patched kernel complained of, or the base kernel where it is fixed.
    pub(crate) console: Option<String>,
    /// The known contradiction of which one of the two kernels has no part.
    pub(crate) kept: Option<String>,
    /// What of the revisions explains it: with this of the patched revision the base revision
    /// predicts what the patched one does, and without any part of this it does not.
    pub(crate) because: Vec<String>,
    /// The same as data.
    pub(crate) causes: Vec<Datum>,
    pub(crate) cases: u64,
    pub(crate) scenes: BTreeSet<u8>,
    /// The first case of the agenda that shows it.
    pub(crate) first: Case,
    /// The simplest.
    pub(crate) simplest: Case,
}

impl Group {
    /// The rule that decided what differs.
    pub(crate) fn rule(&self) -> Option<Rule> {
        self.rule.as_deref().and_then(rule)
    }
}
