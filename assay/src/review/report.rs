//! What a review found, as data: JSON is made of it by serde, pages by
//! [`super::markdown`] and [`super::html`].

use std::collections::BTreeMap;

use mptcp_emulator::Rule;
use mptcp_emulator::rules::Options;
use mptcp_harness::verdict::{Status, Tally, Verdict};
use serde::Serialize;

use super::change_data::{self, ChangeData};
use super::comparability::{coverage, newest, troubles, uneven};
use super::contents::Content;
use super::group::{Class, Group};
use super::group_data::{GroupData, table_name};
use super::material::Material;
use crate::report::causes::{CONTENTS, Standing, UnexplainedData};
use crate::report::coverage::Coverage;
use crate::report::data::RevisionData;
use crate::report::datum::Datum;
use crate::report::serial::verdict_name;

/// Everything that a review tells.
#[derive(Serialize)]
pub(crate) struct Review {
    #[serde(with = "verdict_name")]
    pub(crate) verdict: Verdict,
    /// The most serious difference between the two kernels.
    difference: Difference,
    /// What prevents a verdict of agreement, each with what that means.
    pub(crate) troubles: Vec<(String, String)>,
    /// The scenes that came up on both kernels, and what was not compared.
    #[serde(flatten)]
    pub(crate) coverage: Coverage,
    pub(crate) base: KernelData,
    pub(crate) patched: KernelData,
    /// What was built, of which patches, and to what the review was confined.
    pub(crate) facts: Vec<String>,
    pub(crate) tried: CaseCounts,
    /// What the patched kernel has less of, which breaks programs however well it is
    /// explained.
    pub(crate) losses: Vec<String>,
    /// What of the two revisions' data differs.
    pub(crate) data: Vec<String>,
    /// Those of them that no cause names.
    #[serde(skip)]
    pub(crate) data_not_shown: Vec<String>,
    /// What the patched kernel does differently, what an ordinary caller can notice first.
    pub(crate) causes: Vec<ChangeData>,
    /// Cases that differ, and those of them that the causes explain.
    pub(crate) differing: u64,
    pub(crate) explained: u64,
    /// What no cause explains.
    pub(crate) unexplained: Vec<UnexplainedData>,
    /// Explanations that no case distinguishes from the stated ones.
    pub(crate) alternatives: Vec<String>,
    pub(crate) groups: Vec<GroupData>,
    /// Fields of the structures that hold something else.
    pub(crate) contents: Vec<Content>,
    /// Where both are wrong in the same way: a cause or a signature, and cases.
    pub(crate) alike_wrong: BTreeMap<String, u64>,
    /// Whether the simplest cases were run once more.
    #[serde(skip)]
    again: bool,
    pub(crate) seconds: f64,
    pub(crate) build_seconds: f64,
}

/// The most serious difference between two kernels, the least serious first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Difference {
    /// None.
    None,
    /// Every difference follows from what is known of the two revisions, keeps a promise,
    /// corrects an error or is accepted.
    Explained,
    /// Structures hold something else, and nothing explains why.
    Contents,
    /// The patched kernel changes behaviour that no document states.
    Undocumented,
    /// Both keep the contract, and nothing known of the two accounts for what differs.
    Unexplained,
    /// The patched kernel departs from the contract, or has less than the base kernel.
    Regression,
}

/// One of the two.
#[derive(Serialize)]
pub(crate) struct KernelData {
    pub(crate) name: String,
    /// As `assay vm --kernel` takes it.
    pub(crate) asked: String,
    pub(crate) release: String,
    pub(crate) revision: RevisionData,
    pub(crate) notes: Vec<String>,
    /// Why scenes do not stand, and which.
    pub(crate) skipped: BTreeMap<String, Vec<String>>,
    /// Why cases have no verdict, and how many.
    pub(crate) reasons: BTreeMap<String, u64>,
    /// Cases on which it disagrees with the model.
    pub(crate) disagree: u64,
}

/// How much was tried.
#[derive(Serialize)]
pub(crate) struct CaseCounts {
    pub(crate) cases: u64,
    pub(crate) compared: u64,
    pub(crate) undecided: u64,
    pub(crate) lattice: u64,
    /// Of so many cases of the lattice one was taken.
    pub(crate) lattice_step: u64,
    pub(crate) random: u64,
    pub(crate) stored: u64,
    pub(crate) seed: u64,
    /// Cases compared, by option and group of scenes.
    #[serde(skip)]
    pub(crate) table: BTreeMap<(String, String), u64>,
    pub(crate) rules: usize,
    pub(crate) rules_exercised: usize,
    pub(crate) rules_missing: Vec<&'static str>,
}

impl Review {
    pub(crate) fn new(material: Material<'_>) -> Review {
        let Material { surveys, revisions, comparison, .. } = &material;
        let names = short(&material.asked);
        let [base, patched] = [0, 1].map(|at| KernelData {
            name: names[at].to_owned(),
            asked: material.asked[at].clone(),
            release: surveys[at].release.clone(),
            revision: RevisionData::from(&revisions[at]),
            notes: surveys[at].notes.clone(),
            skipped: surveys[at].skipped.iter().fold(BTreeMap::new(), |mut skipped, scene| {
                let names: &mut Vec<String> = skipped.entry(scene.reason.clone()).or_default();
                names.push(scene.name.clone());
                skipped
            }),
            reasons: surveys[at].reasons.clone(),
            disagree: surveys[at].disagreements.iter().map(|one| one.cases).sum(),
        });
        let groups: Vec<GroupData> =
            comparison.groups.iter().map(|group| GroupData::new(group, &material)).collect();
        let causes = change_data::all(&material);
        let bad_causes = causes.iter().filter(|cause| cause.is_bad());
        let breaks = bad_causes.clone().any(|it| it.data.standing == Standing::BreaksPromise);
        let bad_causes = bad_causes.count();
        let both = [("base", &surveys[0]), ("patched", &surveys[1])];
        let mut coverage = coverage(&both);
        coverage.compare(material.asked_for, &newest(revisions), &comparison.on);
        let uneven = uneven(&both);
        let lost = Datum::all().filter(|datum| datum.takes_away(revisions));
        let losses: Vec<String> = lost.map(|datum| datum.text(revisions)).collect();
        let bad = comparison.groups.iter().filter(|group| group.class.is_bad()).count();
        // What sockets hold depends on how they were made: on kernels that make different
        // scenes it says nothing of the kernels.
        let contents = contents(&material, &causes);
        let changed = contents.iter().filter(|content| !content.allowed).count();
        let bad_contents = if uneven.is_empty() { changed } else { 0 };
        let tally = Tally {
            agree: comparison.compared,
            disagree: (bad + bad_causes + losses.len() + bad_contents) as u64,
            without: comparison.lost,
            unreproduced: surveys.iter().map(|survey| survey.unreproduced).sum(),
            not_compared: coverage.not_compared.len() as u64,
            uneven: uneven.len() as u64,
            is_incomplete: false,
        };
        let is_unexplained = |group: &&Group| group.class == Class::Unexplained;
        let unexplained = comparison.groups.iter().filter(is_unexplained).count() as u64;
        let difference = if breaks || (bad + losses.len()) as u64 > unexplained {
            Difference::Regression
        } else if unexplained > 0 {
            Difference::Unexplained
        } else if bad_causes > 0 {
            Difference::Undocumented
        } else if changed > 0 {
            Difference::Contents
        } else if !groups.is_empty() || !causes.is_empty() || !contents.is_empty() {
            Difference::Explained
        } else {
            Difference::None
        };
        let data = Datum::between(revisions);
        let texts = |of: &dyn Fn(&Datum) -> bool| {
            data.iter().filter(|datum| of(datum)).map(|datum| datum.text(revisions)).collect()
        };
        let is_cause = |datum: &Datum| {
            let mut named = causes.iter().flat_map(|cause| &cause.data.behaviours);
            named.any(|behavior| behavior.name == datum.name())
        };
        Review {
            verdict: tally.verdict(),
            difference,
            base,
            patched,
            troubles: troubles(&tally, &coverage, &uneven),
            coverage,
            facts: material.facts.clone(),
            tried: CaseCounts::new(&material),
            losses,
            data: texts(&|_| true),
            data_not_shown: texts(&|datum| !is_cause(datum)),
            differing: comparison.changes.cases
                + groups.iter().map(|group| group.cases).sum::<u64>(),
            explained: comparison.changes.cases + explained_groups(&groups),
            unexplained: unexplained_groups(&groups),
            alternatives: surveys.iter().flat_map(|survey| survey.alternatives.clone()).collect(),
            causes,
            groups,
            contents,
            alike_wrong: comparison.alike_wrong.clone(),
            again: material.exhibits.is_some(),
            seconds: material.times[1].as_secs_f64(),
            build_seconds: material.times[0].as_secs_f64(),
        }
    }

    /// Both kernels, with what a reader calls them.
    pub(crate) fn kernels(&self) -> [(&'static str, &KernelData); 2] {
        [("base", &self.base), ("patched", &self.patched)]
    }

    /// The groups of a class by what explains them, each with its number: those with one
    /// cause first, then those with the most cases.
    pub(crate) fn causes(&self, class: Class) -> Vec<(String, Vec<(usize, &GroupData)>)> {
        let mut causes: Vec<(String, Vec<(usize, &GroupData)>)> = Vec::new();
        for (number, group) in (1..).zip(&self.groups).filter(|(_, group)| group.class == class) {
            let cause = group.because.join("; ");
            match causes.iter_mut().find(|(known, _)| *known == cause) {
                Some((_, groups)) => groups.push((number, group)),
                None => causes.push((cause, vec![(number, group)])),
            }
        }
        causes.sort_by_key(|(_, groups)| groups.first().map(|(_, group)| group.because.len()));
        causes
    }

    /// Whether cases were compared and none of them differs.
    pub(crate) fn shows_nothing(&self) -> bool {
        self.tried.compared > 0
            && self.causes.is_empty()
            && self.groups.is_empty()
            && self.contents.is_empty()
    }

    /// What to say of a kernel whose answer is not there.
    pub(crate) fn unanswered(&self) -> &'static str {
        if self.again {
            "run once more, the case did not show it"
        } else {
            "the case was not run once more"
        }
    }

    /// The kernel that shows what a group is about, as `assay vm --kernel` takes it.
    pub(crate) fn shown_on(&self, group: &GroupData) -> &str {
        match group.class {
            Class::Fixed => &self.base.asked,
            _ => &self.patched.asked,
        }
    }

    /// The exit status.
    pub(crate) fn status(&self) -> Status {
        self.verdict.status()
    }
}

/// What the structures hold otherwise and no cause names, with what `--allow` names.
fn contents(material: &Material<'_>, causes: &[ChangeData]) -> Vec<Content> {
    let Material { contents, allowed, .. } = material;
    let is_cause = |content: &&Content| {
        let mut named = causes.iter().flat_map(|cause| &cause.data.behaviours);
        named.any(|it| it.name == CONTENTS && it.value == content.change.field)
    };
    let marked = |content: &Content| Content {
        allowed: allowed.contents.contains(&content.change.field),
        ..content.clone()
    };
    contents.iter().filter(|content| !is_cause(content)).map(marked).collect()
}

fn explained_groups(groups: &[GroupData]) -> u64 {
    groups.iter().filter(|group| !group.class.is_bad()).map(|group| group.cases).sum()
}

fn unexplained_groups(groups: &[GroupData]) -> Vec<UnexplainedData> {
    let bad = groups.iter().filter(|group| group.class.is_bad());
    bad.map(|group| UnexplainedData {
        signature: group.signature.clone(),
        summary: group.summary.clone(),
        cases: group.cases,
        simplest: group.hex.clone(),
    })
    .collect()
}

/// What to call the kernels: the last parts of their paths, unless these are the same.
fn short(asked: &[String; 2]) -> [&str; 2] {
    let [base, patched] = asked.each_ref().map(|path| path.rsplit('/').next().unwrap_or_default());
    if base == patched { asked.each_ref().map(String::as_str) } else { [base, patched] }
}

impl CaseCounts {
    fn new(material: &Material<'_>) -> CaseCounts {
        let Material { surveys, comparison, .. } = material;
        let parts = comparison.parts;
        let fired = |one: &Rule| {
            surveys.iter().any(|survey| survey.rules.iter().any(|name| name == one.name()))
        };
        // What the design of 2021 says applies to a kernel that has it.
        let there = material.revisions.iter().any(|revision| revision.info_opt);
        let applies = |one: &&Rule| there || one.options() != Options::InfoOpt;
        CaseCounts {
            cases: parts.all(),
            compared: comparison.compared,
            undecided: comparison.undecided,
            lattice: parts.lattice,
            lattice_step: parts.step,
            random: parts.random,
            stored: parts.stored,
            seed: material.seed,
            table: comparison
                .table
                .iter()
                .map(|((option, group), count)| {
                    ((table_name(*option), group.name().to_owned()), *count)
                })
                .fold(BTreeMap::new(), |mut table, (key, count)| {
                    *table.entry(key).or_default() += count;
                    table
                }),
            rules: Rule::ALL.iter().filter(applies).count(),
            rules_exercised: Rule::ALL.iter().filter(applies).filter(|one| fired(one)).count(),
            rules_missing: Rule::ALL
                .iter()
                .filter(applies)
                .filter(|one| !fired(one))
                .map(|one| one.name())
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests;
