//! What host and guest exchange in a review: the cases to run, and what a kernel did with
//! them, as data that another process compares.

use std::collections::BTreeMap;

use mptcp_emulator::{Revision, Verification};
use mptcp_harness::cases::{Case, codec};
use mptcp_harness::engines::case_list::{CaseList, scene_facts};
use mptcp_harness::judge::finding::{Finding, hex};
use mptcp_harness::scenes::{self, Fixtures, Kind, Scene};
use serde::{Deserialize, Serialize};

use super::remote_examination::RemoteExamination;
use crate::report::causes::{CauseData, Who};
use crate::report::coverage::SkippedScene;
use crate::session::stored_cases;

/// Subflows of a scene whose contents are reported.
const MOST_SUBFLOWS: usize = 3;
/// The hidden subcommand that runs in a machine.
pub(crate) const COMMAND: &str = "guest-run";
/// What a line on standard error begins with that reports the progress.
pub(crate) const FAR: &str = "surveyed ";

/// What to do.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Request {
    /// What the kernels of the review are like; where that is not known yet, cases
    /// are made for the one that they are made on.
    pub(crate) kernels: Vec<RevisionFacts>,
    /// Options by number; all where this is empty.
    pub(crate) options: Vec<i32>,
    /// Scenes by number.
    pub(crate) scenes: Vec<u8>,
    /// How many cases are made.
    pub(crate) cases: u64,
    pub(crate) seed: u64,
    /// Stored cases, as hexadecimal digits.
    pub(crate) stored: Vec<String>,
    /// Cases to be reported with everything.
    pub(crate) exhibits: Vec<String>,
}

impl Request {
    /// The cases that are meant.
    pub(crate) fn case_list(&self) -> Result<CaseList, String> {
        let scene_facts = scene_facts(|scene| self.scenes.contains(&scene.id));
        let revisions: Vec<Revision> =
            self.kernels.iter().map(RevisionFacts::revision).collect::<Result<_, _>>()?;
        let mut boundary_values = CaseList::boundary_values(&scene_facts, &revisions);
        let compat = self.kernels.iter().all(|kernel| kernel.compat);
        boundary_values.iter_mut().for_each(|palette| palette.compat = compat);
        Ok(CaseList {
            boundary_values,
            options: self.options.clone(),
            cases: self.cases,
            seed: self.seed,
            stored: cases(&self.stored)?,
        })
    }
}

/// Cases of hexadecimal digits.
pub(super) fn cases(stored: &[String]) -> Result<Vec<Case>, String> {
    stored.iter().map(|digits| stored_cases::from_hex(digits).case).collect()
}

/// A revision as far as it is not known by its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RevisionFacts {
    name: String,
    tcp_info: u32,
    mptcp_info: u32,
    info_opt: bool,
    /// Whether a kernel of this very release was compared before.
    #[serde(default)]
    ran: bool,
    /// Whether the kernel takes the calls of 32-bit programs.
    #[serde(default)]
    compat: bool,
}

impl RevisionFacts {
    /// Of a revision, without the calls of 32-bit programs.
    pub(crate) fn of(revision: &Revision) -> RevisionFacts {
        RevisionFacts {
            name: revision.name.to_owned(),
            tcp_info: revision.tcp_info,
            mptcp_info: revision.mptcp_info,
            info_opt: revision.info_opt,
            ran: matches!(revision.verification, Verification::Compared(_)),
            compat: false,
        }
    }

    /// The same, with or without the calls of 32-bit programs.
    pub(super) fn with_compat(self, compat: bool) -> RevisionFacts {
        RevisionFacts { compat, ..self }
    }

    /// Whether the same cases are of interest to both.
    pub(crate) fn alike(&self, other: &RevisionFacts) -> bool {
        let sizes = |one: &RevisionFacts| (one.tcp_info, one.mptcp_info, one.info_opt);
        sizes(self) == sizes(other) && self.compat == other.compat
    }

    /// The revision.
    pub(crate) fn revision(&self) -> Result<Revision, String> {
        let known = Revision::named(&self.name);
        let known = known.map(|known| if self.ran { known } else { known.unverified() });
        let known = known.ok_or_else(|| format!("no revision is called {:?}", self.name))?;
        let revision = known.with_sizes(self.tcp_info, self.mptcp_info);
        Ok(if self.info_opt { revision.with_info_opt() } else { revision })
    }
}

/// What a kernel did.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct GuestRun {
    /// As `uname -r` has it.
    pub(crate) release: String,
    pub(crate) revision: RevisionFacts,
    pub(crate) notes: Vec<String>,
    pub(crate) scenes: Vec<SceneFacts>,
    pub(crate) skipped: Vec<SkippedScene>,
    /// Scenes that the kernel's release cannot have.
    #[serde(default)]
    pub(crate) impossible: Vec<SkippedScene>,
    /// A verdict for each case of the agenda, in runs: what, and how many in a row.
    pub(crate) verdicts: Vec<(u32, u64)>,
    /// What model and kernel disagreed on; [`DISAGREE`] and more in `verdicts`.
    pub(crate) disagreements: Vec<Disagreement>,
    /// Why cases have no verdict, and how many.
    pub(crate) reasons: BTreeMap<String, u64>,
    /// Those of them in which something was seen that did not show again.
    pub(crate) unreproduced: u64,
    /// The rules that fired, by name.
    pub(crate) rules: Vec<String>,
    pub(crate) exhibits: Vec<RemoteExamination>,
    /// What this kernel does differently than its revision.
    #[serde(default)]
    pub(crate) causes: Vec<GuestCause>,
    /// Fields that hold something else than the scenes say.
    #[serde(default)]
    pub(crate) contents: Vec<CauseData>,
    /// Explanations that no case distinguishes from the stated ones.
    #[serde(default)]
    pub(crate) alternatives: Vec<String>,
}

/// A behavior of a kernel that its revision does not have.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct GuestCause {
    /// The behavior and its value, by name.
    pub(crate) behavior: String,
    pub(crate) value: String,
    pub(crate) noticed: Who,
    /// The simplest case.
    pub(crate) simplest: Option<String>,
}

impl GuestRun {
    /// Of a kernel of which only this is known.
    #[cfg(test)]
    pub(crate) fn empty(revision: Revision) -> GuestRun {
        GuestRun {
            release: String::new(),
            revision: RevisionFacts::of(&revision),
            notes: Vec::new(),
            scenes: Vec::new(),
            skipped: Vec::new(),
            impossible: Vec::new(),
            verdicts: Vec::new(),
            disagreements: Vec::new(),
            reasons: BTreeMap::new(),
            unreproduced: 0,
            rules: Vec::new(),
            exhibits: Vec::new(),
            causes: Vec::new(),
            contents: Vec::new(),
            alternatives: Vec::new(),
        }
    }

    /// Whether a scene came up there.
    pub(crate) fn stands(&self, scene: u8) -> bool {
        self.scenes.iter().any(|facts| facts.id == scene)
    }

    /// One of a kernel like it of which nothing more is known.
    pub(crate) fn without_verdicts(&self) -> GuestRun {
        GuestRun {
            verdicts: Vec::new(),
            disagreements: Vec::new(),
            reasons: BTreeMap::new(),
            unreproduced: 0,
            rules: Vec::new(),
            exhibits: Vec::new(),
            causes: Vec::new(),
            contents: Vec::new(),
            alternatives: Vec::new(),
            ..self.clone()
        }
    }
}

/// The verdicts; from [`DISAGREE`] on, the number of a disagreement.
pub(crate) const AGREE: u32 = 0;
pub(crate) const NONE: u32 = 1;
/// Something that the case needs is not available, such as its scene.
pub(crate) const ABSENT: u32 = 2;
pub(crate) const DISAGREE: u32 = 3;

/// One kind of disagreement.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Disagreement {
    pub(crate) signature: String,
    pub(crate) summary: String,
    pub(crate) rule: Option<String>,
    /// What the kernel complained of, as on its console.
    pub(crate) console: Option<String>,
    /// The known contradiction that it has no part in: it does as is promised.
    #[serde(default)]
    pub(crate) kept: Option<String>,
    /// The simplest case.
    pub(crate) case: String,
    pub(crate) cases: u64,
    /// What explains it, as indices of [`GuestRun::causes`]; empty if nothing does.
    #[serde(default)]
    pub(crate) causes: Vec<usize>,
    /// Fields that explain it, as indices of [`GuestRun::contents`].
    #[serde(default)]
    pub(crate) contents: Vec<usize>,
}

impl Disagreement {
    pub(super) fn of(finding: &Finding) -> Disagreement {
        let diagnosis = &finding.diagnosis;
        Disagreement {
            signature: diagnosis.signature.clone(),
            summary: diagnosis.summary.clone(),
            rule: diagnosis.rule.map(|rule| rule.name().to_owned()),
            console: diagnosis.complaint.as_ref().map(|said| said.excerpt.clone()),
            kept: diagnosis.contradiction.map(|known| known.name.to_owned()),
            case: hex(&codec::encode(&finding.case)),
            cases: finding.cases,
            causes: Vec::new(),
            contents: Vec::new(),
        }
    }

    /// Whether causes explain it.
    pub(super) fn is_explained(&self) -> bool {
        !self.causes.is_empty() || !self.contents.is_empty()
    }
}

/// A scene that came up: what it holds, by sock_diag and by how it was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SceneFacts {
    pub(crate) id: u8,
    /// Subflows that are listed; `None` where the options are refused.
    #[serde(default)]
    pub(crate) subflows: Option<u32>,
    /// `struct mptcp_info`, in hexadecimal digits with `..` for what is open; empty
    /// where the options are refused.
    pub(crate) info: String,
    /// `struct tcp_info` of the first subflows, likewise.
    pub(crate) tcp_info: Vec<String>,
    /// `struct mptcp_subflow_info` of the same.
    pub(crate) subflow_info: Vec<String>,
}

impl SceneFacts {
    pub(super) fn of(scene: &Scene, fixtures: &Fixtures) -> SceneFacts {
        let mut facts = SceneFacts {
            id: scene.id,
            subflows: None,
            info: String::new(),
            tcp_info: Vec::new(),
            subflow_info: Vec::new(),
        };
        if let Some(Kind::Mptcp { info, subflows }) =
            fixtures.expected(scene.id).map(|expected| &expected.kind)
        {
            facts.subflows = u32::try_from(subflows.len()).ok();
            facts.info = digits(info);
            let some = || subflows.iter().take(MOST_SUBFLOWS);
            facts.tcp_info = some().map(|subflow| digits(&subflow.tcp_info)).collect();
            facts.subflow_info = some().map(|subflow| digits(&subflow.subflow_info)).collect();
        }
        facts
    }
}

fn digits(contents: &scenes::Contents) -> String {
    mptcp_harness::contents::digits(contents.bytes(), contents.mask())
}
