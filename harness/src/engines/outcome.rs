//! The outcome of a run: counts, reasons and findings.

use std::collections::BTreeMap;
use std::time::Duration;

use mptcp_emulator::{RuleSet, abi};

use crate::judge::finding::Finding;
use crate::oracle::Reason;
use crate::run::compat::NoCompat;
use crate::scenes::Group;

/// Counts of verdicts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Model and kernel agree.
    pub agree: u64,
    /// Model and kernel disagree.
    pub disagree: u64,
    /// They disagree, but no promise is broken; only if promises alone are judged.
    pub unspecified: u64,
    /// No verdict.
    pub inconclusive: u64,
}

impl Counts {
    /// All cases counted.
    pub fn cases(&self) -> u64 {
        self.agree + self.disagree + self.unspecified + self.inconclusive
    }

    fn add(&mut self, other: Counts) {
        self.agree += other.agree;
        self.disagree += other.disagree;
        self.unspecified += other.unspecified;
        self.inconclusive += other.inconclusive;
    }
}

/// The scenes on which each option was compared. A case without a verdict does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// By scene number, a bit for each option.
    scenes: Box<[u8; 256]>,
}

impl Default for Compared {
    fn default() -> Compared {
        Compared { scenes: Box::new([0; 256]) }
    }
}

impl Compared {
    /// The bit of an option; all numbers that the kernel does not know share one.
    const fn bit(option: i32) -> u8 {
        match option {
            abi::MPTCP_INFO => 1 << 1,
            abi::MPTCP_TCPINFO => 1 << 2,
            abi::MPTCP_SUBFLOW_ADDRS => 1 << 3,
            abi::MPTCP_FULL_INFO => 1 << 4,
            abi::MPTCP_INFO_OPT => 1 << 5,
            _ => 1,
        }
    }

    /// Adds a case with a verdict; `option` is 0 if the kernel does not know it.
    #[inline]
    pub fn add(&mut self, option: i32, scene: u8) {
        self.scenes[usize::from(scene)] |= Compared::bit(option);
    }

    /// Whether a case of an option was compared on a scene. Option 0 is any option that the kernel
    /// does not know.
    pub fn has(&self, option: i32, scene: u8) -> bool {
        self.scenes[usize::from(scene)] & Compared::bit(option) != 0
    }

    /// Whether a case of any option was compared on a scene.
    pub fn has_any(&self, scene: u8) -> bool {
        self.scenes[usize::from(scene)] != 0
    }

    fn merge(&mut self, other: &Compared) {
        self.scenes.iter_mut().zip(other.scenes.iter()).for_each(|(one, other)| *one |= other);
    }
}

/// The whole outcome of a run.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// By option, unknown ones as 0, and by scene group.
    pub table: BTreeMap<(i32, Group), Counts>,
    /// The options compared on each scene.
    pub compared: Compared,
    /// The reasons for missing verdicts, with their counts.
    pub reasons: BTreeMap<Reason, u64>,
    /// Rules that fired.
    pub rules: RuleSet,
    /// Verdicts on calls of 32-bit programs.
    pub compat: u64,
    /// Why such calls are not possible, if they are not.
    pub no_compat: Option<NoCompat>,
    /// By signature.
    pub findings: BTreeMap<String, Finding>,
    /// The duration of the run.
    pub elapsed: Duration,
    /// The time until the lattice was finished, if it was.
    pub lattice: Option<Duration>,
}

impl Outcome {
    /// The number of cases with an unexplained difference. A run with any is not green.
    pub fn unreproduced(&self) -> u64 {
        self.reasons.iter().filter(|(why, _)| why.is_unreproduced()).map(|(_, count)| count).sum()
    }

    /// All verdicts together.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        self.table.values().for_each(|part| counts.add(*part));
        counts
    }

    pub(super) fn merged(mut self, other: Outcome) -> Outcome {
        for (key, counts) in other.table {
            self.table.entry(key).or_default().add(counts);
        }
        self.compared.merge(&other.compared);
        for (reason, count) in other.reasons {
            *self.reasons.entry(reason).or_default() += count;
        }
        self.rules.extend(other.rules);
        self.compat += other.compat;
        self.no_compat = self.no_compat.or(other.no_compat);
        for (signature, finding) in other.findings {
            let all = self.findings.entry(signature);
            all.and_modify(|known| known.add(&finding)).or_insert(finding);
        }
        self.lattice = match (self.lattice, other.lattice) {
            (Some(one), Some(other)) => Some(one.max(other)),
            _ => None,
        };
        self
    }
}
