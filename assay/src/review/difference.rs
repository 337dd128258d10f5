//! Two surveys held against each other, case by case, and what differs put into
//! groups.
//!
//! A kernel that agrees with the model did what the model predicts for its revision.
//! So two kernels did the same in a case where both agree and the predictions do;
//! where the revisions' data differ, the predictions are compared as well.

use std::collections::{BTreeMap, BTreeSet};

use mptcp_emulator::{Revision, abi};
use mptcp_harness::cases::{Case, is_known};
use mptcp_harness::engines::case_list::{CaseList, Parts};
use mptcp_harness::engines::check::Compared;
use mptcp_harness::judge::finding::Diagnosis;
use mptcp_harness::scenes::{self, by_id};

use super::account::{Account, DataDifference};
use super::answer::Answer;
use super::changes::{self, Changes};
use super::group::{Class, Group};
use super::guest_run::{ABSENT, AGREE, DISAGREE, Disagreement, GuestRun, NONE};
use crate::session::stored_cases;

/// All that came out.
#[derive(Clone, Debug)]
pub(crate) struct Comparison {
    pub(crate) parts: Parts,
    /// Cases on which the two were compared.
    pub(crate) compared: u64,
    /// The same by option and group of scenes.
    pub(crate) table: BTreeMap<(i32, scenes::Group), u64>,
    /// The options that were compared on each scene.
    pub(crate) on: Compared,
    /// Cases without a verdict on one of them.
    pub(crate) undecided: u64,
    /// Those of them for which everything was available on both.
    pub(crate) lost: u64,
    /// Wrong on both in the same way, by cause or signature.
    pub(crate) alike_wrong: BTreeMap<String, u64>,
    pub(crate) groups: Vec<Group>,
    /// What explains the cases that are in no group.
    pub(crate) changes: Changes,
}

/// Compares. `surveys` and `revisions` are of the base and the patched kernel.
pub(crate) fn compare<'a>(
    agenda: &CaseList,
    surveys: [&'a GuestRun; 2],
    revisions: [Revision; 2],
) -> Result<Comparison, String> {
    let mut data = DataDifference::between(revisions);
    let mut comparison = Comparison {
        parts: agenda.parts(),
        compared: 0,
        table: BTreeMap::new(),
        on: Compared::default(),
        undecided: 0,
        lost: 0,
        alike_wrong: BTreeMap::new(),
        groups: Vec::new(),
        changes: Changes::default(),
    };
    let meant = comparison.parts.all();
    for survey in surveys {
        let told: u64 = survey.verdicts.iter().map(|(_, run)| run).sum();
        if told != meant {
            return Err(format!("{told} verdicts were told on {meant} cases"));
        }
        let last = survey.verdicts.iter().map(|(code, _)| *code).max().unwrap_or(AGREE);
        if last >= DISAGREE + survey.disagreements.len() as u32 {
            return Err("a survey counts disagreements that it does not tell".into());
        }
    }
    let mut groups: BTreeMap<String, Group> = BTreeMap::new();
    let [base, patched] = surveys.map(|survey| expanded(&survey.verdicts));
    for ((case, base), patched) in agenda.cases().zip(base).zip(patched) {
        if [base, patched].iter().any(|code| matches!(*code, NONE | ABSENT)) {
            comparison.undecided += 1;
            // What is not available was not lost: which scenes came up is reported elsewhere.
            let is_lost = base != ABSENT && patched != ABSENT;
            comparison.lost += u64::from(is_lost);
            continue;
        }
        comparison.compared += 1;
        let has_info_opt = revisions.iter().any(|revision| revision.info_opt);
        let is_known = match case.option {
            abi::MPTCP_INFO_OPT => has_info_opt,
            option => is_known(option),
        };
        comparison.on.add(if is_known { case.option } else { 0 }, case.scene);
        if let Some(scene) = by_id(case.scene) {
            *comparison.table.entry((case.option, scene.group)).or_default() += 1;
        }
        let said = |survey: &'_ GuestRun, code: u32| -> Option<Disagreement> {
            let at = code.checked_sub(DISAGREE)?;
            survey.disagreements.get(at as usize).cloned()
        };
        let disagreement = |survey: &'a GuestRun, code: u32| {
            let at = code.checked_sub(DISAGREE)?;
            survey.disagreements.get(at as usize)
        };
        let both = [disagreement(surveys[0], base), disagreement(surveys[1], patched)];
        let is_explained = both.iter().all(|side| side.is_none_or(Disagreement::is_explained));
        let (mut base, mut patched) = (base, patched);
        if is_explained && both.iter().any(Option::is_some) {
            if comparison.changes.add(&case, surveys, both, &revisions) {
                continue;
            }
            for what in changes::clauses(surveys[0], both[0]) {
                *comparison.alike_wrong.entry(what).or_default() += 1;
            }
            (base, patched) = (AGREE, AGREE);
        }
        let mut because = Some(Vec::new());
        let (class, of) = match (base, patched) {
            (AGREE, AGREE) => match data.as_mut().and_then(|data| data.diagnose(&case)) {
                None => continue,
                Some((diagnosis, causes)) => {
                    because = causes;
                    let explained = because.is_some();
                    let class = if explained { Class::Explained } else { Class::Unexplained };
                    (class, GroupFacts::of(diagnosis))
                }
            },
            (AGREE, _) => match GroupFacts::one(said(surveys[1], patched)) {
                kept @ GroupFacts { kept: Some(_), .. } => (Class::Promise, kept),
                broken => (Class::Regression, broken),
            },
            // What was promised and is no longer kept is no fix.
            (_, AGREE) => match GroupFacts::one(said(surveys[0], base)) {
                kept @ GroupFacts { kept: Some(_), .. } => (Class::Regression, kept),
                broken => (Class::Fixed, broken),
            },
            _ => {
                let both = [said(surveys[0], base), said(surveys[1], patched)];
                let [Some(first), Some(second)] = &both else { continue };
                if first.signature == second.signature {
                    *comparison.alike_wrong.entry(first.signature.clone()).or_default() += 1;
                    continue;
                }
                (Class::BothWrong, GroupFacts::both(first, second))
            }
        };
        let causes = because.unwrap_or_default();
        let key = format!("{class:?} {} {causes:?}", of.signature);
        let group = groups.entry(key).or_insert_with(|| Group {
            class,
            signature: of.signature,
            summary: of.summary,
            rule: of.rule,
            console: of.console,
            kept: of.kept,
            because: causes.iter().map(|datum| datum.text(&revisions)).collect(),
            causes,
            cases: 0,
            scenes: BTreeSet::new(),
            first: case,
            simplest: of.case.unwrap_or(case),
        });
        group.cases += 1;
        group.scenes.insert(case.scene);
    }
    if let Some(data) = &mut data {
        let told =
            |group: &&mut Group| matches!(group.class, Class::Explained | Class::Unexplained);
        for group in groups.values_mut().filter(told) {
            data.simplify(group, agenda);
        }
    }
    comparison.groups = groups.into_values().collect();
    comparison.groups.sort_by_key(|group| (group.class, std::cmp::Reverse(group.cases)));
    Ok(comparison)
}

impl Comparison {
    /// Whether something differs that should not.
    pub(crate) fn is_bad(&self) -> bool {
        self.changes.cases > 0 || self.groups.iter().any(|group| group.class.is_bad())
    }

    /// Takes from "explained" what the kernels' own answers contradict: `answers` has those to
    /// a case.
    pub(crate) fn confirm(
        &mut self,
        revisions: [Revision; 2],
        answers: impl Fn(&Case) -> Option<[Answer; 2]>,
    ) {
        let explained = self.groups.iter_mut().filter(|group| group.class == Class::Explained);
        for group in explained {
            let account = Account { revisions, causes: &group.causes };
            let contradicted = [group.simplest, group.first].iter().any(|case| {
                answers(case).is_some_and(|answers| account.is_contradicted_by(case, &answers))
            });
            if contradicted {
                group.class = Class::Unexplained;
                group.because.clear();
            }
        }
        self.groups.sort_by_key(|group| (group.class, std::cmp::Reverse(group.cases)));
    }

    /// Of a patched kernel that fell over: there is nothing to compare but that.
    pub(crate) fn oops(
        signature: String,
        summary: &str,
        console: Option<String>,
        case: Case,
    ) -> Comparison {
        let summary = format!("{summary}; the patched kernel fell over, and no more was compared");
        Comparison {
            parts: Parts { lattice: 0, step: 1, random: 0, stored: 0 },
            compared: 0,
            table: BTreeMap::new(),
            on: Compared::default(),
            undecided: 0,
            lost: 0,
            alike_wrong: BTreeMap::new(),
            changes: Changes::default(),
            groups: vec![Group {
                class: Class::Regression,
                signature,
                summary,
                rule: None,
                console: Some(console.unwrap_or_default()),
                kept: None,
                because: Vec::new(),
                causes: Vec::new(),
                cases: 1,
                scenes: BTreeSet::from([case.scene]),
                first: case,
                simplest: case,
            }],
        }
    }
}

fn expanded(runs: &[(u32, u64)]) -> impl Iterator<Item = u32> + '_ {
    runs.iter().flat_map(|(code, run)| (0..*run).map(|_| *code))
}

/// What a group says of itself.
struct GroupFacts {
    signature: String,
    summary: String,
    rule: Option<String>,
    console: Option<String>,
    kept: Option<String>,
    case: Option<Case>,
}

impl GroupFacts {
    fn of(diagnosis: Diagnosis) -> GroupFacts {
        GroupFacts {
            signature: diagnosis.signature,
            summary: diagnosis.summary,
            rule: diagnosis.rule.map(|rule| rule.name().to_owned()),
            console: None,
            kept: None,
            case: None,
        }
    }

    fn one(disagreement: Option<Disagreement>) -> GroupFacts {
        match disagreement {
            Some(said) => GroupFacts {
                case: stored_cases::from_hex(&said.case).case.ok(),
                signature: said.signature,
                summary: said.summary,
                rule: said.rule,
                console: said.console,
                kept: said.kept,
            },
            None => GroupFacts {
                signature: "unknown".into(),
                summary: "a disagreement that was not told".into(),
                rule: None,
                console: None,
                kept: None,
                case: None,
            },
        }
    }

    fn both(base: &Disagreement, patched: &Disagreement) -> GroupFacts {
        GroupFacts {
            signature: format!("{} | {}", base.signature, patched.signature),
            summary: format!("base: {}. Patched: {}", base.summary, patched.summary),
            rule: patched.rule.clone(),
            console: patched.console.clone(),
            kept: None,
            case: None,
        }
    }
}

#[cfg(test)]
mod tests;
