//! What a check found, as data: JSON is made of it by serde, text by
//! [`crate::report::text`].

use std::collections::BTreeMap;

use mptcp_emulator::{Revision, Rule, Verification};
use mptcp_harness::cases::codec;
use mptcp_harness::cases::option_name;
use mptcp_harness::engines::check::{Counts, Outcome};
use mptcp_harness::judge::finding::{Finding, hex};
use mptcp_harness::kernel::Kernel;
use mptcp_harness::run::compat::NoCompat;
use mptcp_harness::scenes::Group;
use mptcp_harness::verdict::{Tally, Verdict};
use serde::{Deserialize, Serialize};

use crate::arguments::OptionName;
use crate::report::causes::Causes;
use crate::report::contradictions::{self, ContradictionData};
use crate::report::coverage::Coverage;
use crate::report::laws::Laws;
use crate::report::rule_coverage::RuleCoverage;
use crate::report::serial::{Text, group_name, option_title, verdict_name};

/// Everything that a check reports.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CheckReport {
    #[serde(with = "verdict_name")]
    pub(crate) verdict: Verdict,
    /// The release, as `uname -r` has it.
    pub(crate) kernel: String,
    pub(crate) revision: RevisionData,
    /// What is out of the ordinary about the kernel or the place.
    pub(crate) notes: Vec<String>,
    pub(crate) cases: u64,
    pub(crate) agree: u64,
    pub(crate) disagree: u64,
    /// Not as the model says, and no promise broken: with --contract only.
    pub(crate) unspecified: u64,
    pub(crate) inconclusive: u64,
    /// Cases with a verdict that were made as 32-bit programs call.
    pub(crate) compat: u64,
    pub(crate) inconclusive_reasons: BTreeMap<Text, u64>,
    /// Those of them on which a difference was seen that could not be reproduced: whatever
    /// else the verdict is, no run with any is green.
    pub(crate) unreproduced: u64,
    #[serde(flatten)]
    pub(crate) coverage: Coverage,
    pub(crate) rules: Rules,
    pub(crate) table: Vec<TableRow>,
    pub(crate) findings: Vec<FindingData>,
    /// What the kernel does differently, and what no cause explains.
    #[serde(flatten)]
    pub(crate) causes: Causes,
    /// Known contradictions that the model goes along with, seen again. With --contract
    /// they are findings.
    pub(crate) contradictions: Vec<ContradictionData>,
    pub(crate) cases_per_second: f64,
    pub(crate) seconds: f64,
    pub(crate) seed: u64,
    pub(crate) jobs: usize,
    pub(crate) lattice_complete: bool,
    /// When the lattice was complete.
    pub(crate) lattice_seconds: Option<f64>,
    pub(crate) ended_by: EndedBy,
    /// The model held against its own laws, where there is no kernel for it.
    pub(crate) laws: Option<Laws>,
}

/// The report of a command under which the kernel oopsed: the members of a [`CheckReport`]
/// that are known then.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OopsReport {
    #[serde(with = "verdict_name")]
    pub(crate) verdict: Verdict,
    pub(crate) kernel: String,
    pub(crate) notes: Vec<String>,
    /// As far as is known.
    pub(crate) cases: u64,
    pub(crate) disagree: u64,
    pub(crate) findings: Vec<FindingData>,
    pub(crate) ended_by: EndedBy,
}

/// What ended a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum EndedBy {
    Time,
    Cases,
    /// The first finding, with `--first`.
    First,
    Interrupted,
    /// The kernel fell over.
    Kernel,
}

/// The revision as far as a reader needs it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RevisionData {
    pub(crate) name: Text,
    pub(crate) tcp_info: u32,
    pub(crate) mptcp_info: u32,
    pub(crate) full_info: bool,
    /// Whether the kernel has the design of July 2021 added.
    pub(crate) info_opt: bool,
    /// The kernel that the model of this revision was compared with, if any.
    pub(crate) compared_with: Option<Text>,
}

impl From<&Revision> for RevisionData {
    fn from(revision: &Revision) -> RevisionData {
        RevisionData {
            name: revision.name.into(),
            tcp_info: revision.tcp_info,
            mptcp_info: revision.mptcp_info,
            full_info: revision.has_full_info(),
            info_opt: revision.info_opt,
            compared_with: match revision.verification {
                Verification::Compared(kernel) => Some(kernel.into()),
                Verification::SourcesOnly => None,
            },
        }
    }
}

/// The rules that fired, and those that did not.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Rules {
    pub(crate) exercised: Vec<Text>,
    pub(crate) total: usize,
    pub(crate) missing: Vec<MissingRule>,
}

/// A rule that did not fire.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct MissingRule {
    pub(crate) rule: Text,
    pub(crate) reason: String,
}

/// The cases of one option in one group of scenes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct TableRow {
    #[serde(with = "option_title")]
    pub(crate) option: OptionName,
    #[serde(with = "group_name")]
    pub(crate) group: Group,
    pub(crate) cases: u64,
    pub(crate) agree: u64,
    pub(crate) disagree: u64,
    pub(crate) unspecified: u64,
    pub(crate) inconclusive: u64,
}

/// One kind of divergence.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct FindingData {
    pub(crate) signature: String,
    pub(crate) summary: String,
    /// Of the simplest case.
    pub(crate) option: String,
    #[serde(skip)]
    pub(crate) option_number: i32,
    /// Which known contradiction it is, with --contract.
    pub(crate) contradiction: Option<ContradictionData>,
    /// When it was first seen, from the first case on; 0 in a replay.
    pub(crate) after_seconds: f64,
    pub(crate) rule: Option<RuleData>,
    /// What the kernel complained of during the call, as on its console.
    pub(crate) console: Option<String>,
    /// How many cases showed it.
    pub(crate) cases: u64,
    /// The simplest case, as `--hex` and the codec have it.
    pub(crate) case: String,
    /// The call in C.
    pub(crate) call: String,
    /// Where the case was saved.
    pub(crate) file: Option<String>,
    /// The command that replays it.
    pub(crate) replay: String,
    /// The memory around what differs; empty where only the result does.
    pub(crate) picture: String,
}

/// A rule as a reader needs it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RuleData {
    pub(crate) name: Text,
    pub(crate) sentence: Text,
    pub(crate) source: Text,
}

impl From<Rule> for RuleData {
    fn from(rule: Rule) -> RuleData {
        RuleData {
            name: rule.name().into(),
            sentence: rule.sentence().into(),
            source: rule.source().into(),
        }
    }
}

impl FindingData {
    /// A finding; `picture` is the memory around what differs.
    pub(crate) fn new(finding: &Finding, picture: String) -> FindingData {
        let case = hex(&codec::encode(&finding.case));
        FindingData {
            signature: finding.diagnosis.signature.clone(),
            summary: finding.diagnosis.summary.clone(),
            option: option_name(finding.case.option),
            option_number: finding.case.option,
            contradiction: finding.diagnosis.contradiction.map(ContradictionData::from),
            after_seconds: finding.after.as_secs_f64(),
            rule: finding.diagnosis.rule.map(RuleData::from),
            console: finding.diagnosis.complaint.as_ref().map(|said| said.excerpt.clone()),
            cases: finding.cases,
            call: finding.case.to_string(),
            file: None,
            replay: format!("assay replay --hex {case}"),
            case,
            picture,
        }
    }
}

/// How a check was run.
pub(crate) struct Circumstances {
    pub(crate) seed: u64,
    pub(crate) jobs: usize,
    pub(crate) ended_by: EndedBy,
    /// Whether promises alone are judged.
    pub(crate) contract: bool,
    /// Notes besides those of the kernel.
    pub(crate) notes: Vec<String>,
    /// Whether it was interrupted before as many cases were made as were asked for.
    pub(crate) is_incomplete: bool,
    /// The scenes, and what was not compared.
    pub(crate) coverage: Coverage,
}

impl CheckReport {
    /// The report of an outcome.
    pub(crate) fn new(
        kernel: &Kernel,
        outcome: &Outcome,
        rules: &RuleCoverage<'_>,
        findings: Vec<FindingData>,
        how: Circumstances,
    ) -> CheckReport {
        let counts = outcome.counts();
        let seconds = outcome.elapsed.as_secs_f64();
        let missing = |rule: &&Rule| !outcome.rules.contains(**rule);
        let contradictions =
            if how.contract { Vec::new() } else { contradictions::seen_again(outcome, rules) };
        CheckReport {
            verdict: Tally { is_incomplete: how.is_incomplete, ..tally(outcome, &how.coverage) }
                .verdict(),
            kernel: kernel.release.clone(),
            revision: RevisionData::from(&kernel.revision),
            notes: [kernel.notes.clone(), how.notes, compat_note(outcome)].concat(),
            cases: counts.cases(),
            agree: counts.agree,
            disagree: counts.disagree,
            unspecified: counts.unspecified,
            inconclusive: counts.inconclusive,
            compat: outcome.compat,
            unreproduced: outcome.unreproduced(),
            inconclusive_reasons: outcome
                .reasons
                .iter()
                .map(|(why, n)| (why.text().into(), *n))
                .collect(),
            coverage: how.coverage,
            rules: Rules {
                exercised: outcome.rules.iter().map(|rule| rule.name().into()).collect(),
                total: Rule::ALL.len(),
                missing: Rule::ALL
                    .iter()
                    .filter(missing)
                    .map(|rule| MissingRule {
                        rule: rule.name().into(),
                        reason: rules.reason(*rule),
                    })
                    .collect(),
            },
            table: rows(outcome),
            findings,
            causes: Causes::default(),
            contradictions,
            cases_per_second: if seconds > 0.0 {
                (counts.cases() as f64 / seconds).round()
            } else {
                0.0
            },
            seconds,
            seed: how.seed,
            jobs: how.jobs,
            lattice_complete: outcome.lattice.is_some(),
            lattice_seconds: outcome.lattice.map(|time| time.as_secs_f64()),
            ended_by: how.ended_by,
            laws: None,
        }
    }
}

/// Without the calls of 32-bit programs a part of the contract was not looked at.
fn compat_note(outcome: &Outcome) -> Vec<String> {
    let note =
        |why: NoCompat| format!("no case was made as a 32-bit program calls: {}", why.text());
    outcome.no_compat.map(note).into_iter().collect()
}

/// What the verdict of a run depends on.
pub(crate) fn tally(outcome: &Outcome, coverage: &Coverage) -> Tally {
    let counts = outcome.counts();
    Tally {
        agree: counts.agree + counts.unspecified,
        disagree: counts.disagree,
        without: counts.inconclusive,
        unreproduced: outcome.unreproduced(),
        not_compared: coverage.not_compared.len() as u64,
        ..Tally::default()
    }
}

fn rows(outcome: &Outcome) -> Vec<TableRow> {
    let row = |((option, group), counts): (&(i32, Group), &Counts)| TableRow {
        option: OptionName::of(*option),
        group: *group,
        cases: counts.cases(),
        agree: counts.agree,
        disagree: counts.disagree,
        unspecified: counts.unspecified,
        inconclusive: counts.inconclusive,
    };
    outcome.table.iter().map(row).collect()
}
