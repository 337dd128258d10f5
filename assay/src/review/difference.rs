//! Two surveys held against each other, case by case, and what differs put into
//! groups.
//!
//! A kernel that agrees with the model did what the model predicts for its revision.
//! So two kernels did the same in a case where both agree and the predictions do;
//! where the revisions' data differ, the predictions are compared as well.

use std::collections::{BTreeMap, BTreeSet};

use mptcp_emulator::{Revision, ZeroLength, abi};
use mptcp_harness::agenda::{Agenda, Parts};
use mptcp_harness::case::{Case, is_known};
use mptcp_harness::check::Compared;
use mptcp_harness::contrast::{Contrast, Side};
use mptcp_harness::finding::Diagnosis;
use mptcp_harness::scene::{self, by_id};
use mptcp_harness::shrink::shrink;
use serde::Serialize;

use super::survey::{AGREE, DISAGREE, Disagreement, NONE, Survey, rule};
use crate::input;
use crate::stand_in::StandIn;

/// How a difference is to be taken, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Class {
    /// The base kernel keeps the contract, the patched one does not.
    Regression,
    /// Neither keeps it, each in its own way.
    BothWrong,
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
    pub(super) const ALL: [Class; 5] =
        [Class::Regression, Class::BothWrong, Class::Explained, Class::Promise, Class::Fixed];

    /// Whether the patched kernel departs from the contract.
    pub(super) fn is_bad(self) -> bool {
        matches!(self, Class::Regression | Class::BothWrong)
    }

    /// The word for a heading.
    pub(super) fn name(self) -> &'static str {
        match self {
            Class::Regression => "REGRESSION",
            Class::BothWrong => "WRONG IN BOTH",
            Class::Explained => "EXPLAINED",
            Class::Promise => "PROMISE KEPT",
            Class::Fixed => "FIXED",
        }
    }

    /// So many kinds of it.
    pub(super) fn counted(self, count: usize) -> String {
        let (one, more) = match self {
            Class::Regression => ("regression", "regressions"),
            Class::BothWrong => {
                ("difference in what both do wrong", "differences in what both do wrong")
            }
            Class::Explained => ("explained difference", "explained differences"),
            Class::Promise => ("promise kept", "promises kept"),
            Class::Fixed => ("fix", "fixes"),
        };
        format!("{count} {}", if count == 1 { one } else { more })
    }

    /// What it means, in a sentence.
    pub(super) fn meaning(self) -> &'static str {
        match self {
            Class::Regression => "the base kernel keeps the contract, the patched one does not",
            Class::BothWrong => "neither kernel keeps the contract, each in its own way",
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
pub(super) struct Group {
    pub(super) class: Class,
    /// What tells it from others.
    pub(super) signature: String,
    pub(super) summary: String,
    /// The rule that decided what differs, by name.
    pub(super) rule: Option<String>,
    /// What the patched kernel complained of, or the base kernel where it is fixed.
    pub(super) console: Option<String>,
    /// The known contradiction of which one of the two kernels has no part.
    pub(super) kept: Option<String>,
    /// What of the revisions explains it.
    pub(super) because: Vec<String>,
    pub(super) cases: u64,
    pub(super) scenes: BTreeSet<u8>,
    /// The first case of the agenda that shows it.
    pub(super) first: Case,
    /// The simplest.
    pub(super) simplest: Case,
}

/// All that came out.
#[derive(Clone, Debug)]
pub(super) struct Comparison {
    pub(super) parts: Parts,
    /// Cases on which the two were compared.
    pub(super) compared: u64,
    /// The same by option and group of scenes.
    pub(super) table: BTreeMap<(i32, scene::Group), u64>,
    /// The options that were compared on each scene.
    pub(super) on: Compared,
    /// Cases without a verdict on one of them.
    pub(super) undecided: u64,
    /// Those of them whose scene stands on both.
    pub(super) lost: u64,
    /// The same, wrong on both in the same way; by signature.
    pub(super) alike_wrong: BTreeMap<String, u64>,
    pub(super) groups: Vec<Group>,
}

/// Compares. `surveys` and `revisions` are of the base and the patched kernel.
pub(super) fn compare(
    agenda: &Agenda,
    surveys: [&Survey; 2],
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
        if base == NONE || patched == NONE {
            comparison.undecided += 1;
            comparison.lost += u64::from(surveys.iter().all(|survey| survey.stands(case.scene)));
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
        let said = |survey: &'_ Survey, code: u32| -> Option<Disagreement> {
            let at = code.checked_sub(DISAGREE)?;
            survey.disagreements.get(at as usize).cloned()
        };
        let (class, of) = match (base, patched) {
            (AGREE, AGREE) => match data.as_mut().and_then(|data| data.diagnose(&case)) {
                None => continue,
                Some(diagnosis) => (Class::Explained, Said::of(diagnosis)),
            },
            (AGREE, _) => match Said::one(said(surveys[1], patched)) {
                kept @ Said { kept: Some(_), .. } => (Class::Promise, kept),
                broken => (Class::Regression, broken),
            },
            // What was promised and is no longer kept is no fix.
            (_, AGREE) => match Said::one(said(surveys[0], base)) {
                kept @ Said { kept: Some(_), .. } => (Class::Regression, kept),
                broken => (Class::Fixed, broken),
            },
            _ => {
                let both = [said(surveys[0], base), said(surveys[1], patched)];
                let [Some(first), Some(second)] = &both else { continue };
                if first.signature == second.signature {
                    *comparison.alike_wrong.entry(first.signature.clone()).or_default() += 1;
                    continue;
                }
                (Class::BothWrong, Said::both(first, second))
            }
        };
        let key = format!("{class:?} {}", of.signature);
        let group = groups.entry(key).or_insert_with(|| Group {
            class,
            signature: of.signature,
            summary: of.summary,
            rule: of.rule,
            console: of.console,
            kept: of.kept,
            because: Vec::new(),
            cases: 0,
            scenes: BTreeSet::new(),
            first: case,
            simplest: of.case.unwrap_or(case),
        });
        group.cases += 1;
        group.scenes.insert(case.scene);
    }
    if let Some(data) = &mut data {
        for group in groups.values_mut().filter(|group| group.class == Class::Explained) {
            data.simplify(group, agenda);
        }
    }
    comparison.groups = groups.into_values().collect();
    comparison.groups.sort_by_key(|group| (group.class, std::cmp::Reverse(group.cases)));
    Ok(comparison)
}

impl Comparison {
    /// Whether something differs that should not.
    pub(super) fn is_bad(&self) -> bool {
        self.groups.iter().any(|group| group.class.is_bad())
    }

    /// Of a patched kernel that fell over: there is nothing to compare but that.
    pub(super) fn fallen(
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
            groups: vec![Group {
                class: Class::Regression,
                signature,
                summary,
                rule: None,
                console: Some(console.unwrap_or_default()),
                kept: None,
                because: Vec::new(),
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
struct Said {
    signature: String,
    summary: String,
    rule: Option<String>,
    console: Option<String>,
    kept: Option<String>,
    case: Option<Case>,
}

impl Said {
    fn of(diagnosis: Diagnosis) -> Said {
        Said {
            signature: diagnosis.signature,
            summary: diagnosis.summary,
            rule: diagnosis.rule.map(|rule| rule.name().to_owned()),
            console: None,
            kept: None,
            case: None,
        }
    }

    fn one(disagreement: Option<Disagreement>) -> Said {
        match disagreement {
            Some(said) => Said {
                case: input::from_hex(&said.case).case.ok(),
                signature: said.signature,
                summary: said.summary,
                rule: said.rule,
                console: said.console,
                kept: said.kept,
            },
            None => Said {
                signature: "unknown".into(),
                summary: "a disagreement that was not told".into(),
                rule: None,
                console: None,
                kept: None,
                case: None,
            },
        }
    }

    fn both(base: &Disagreement, patched: &Disagreement) -> Said {
        Said {
            signature: format!("{} | {}", base.signature, patched.signature),
            summary: format!("base: {}. Patched: {}", base.summary, patched.summary),
            rule: patched.rule.clone(),
            console: patched.console.clone(),
            kept: None,
            case: None,
        }
    }
}

/// What two revisions' data make of a case.
struct DataDifference {
    revisions: [Revision; 2],
    contrast: Contrast,
    /// Sockets for both, by scene.
    sockets: BTreeMap<u8, [StandIn; 2]>,
}

impl DataDifference {
    /// `None` where the revisions do not differ.
    fn between(revisions: [Revision; 2]) -> Option<DataDifference> {
        let some = Datum::ALL.iter().any(|datum| datum.differs(&revisions));
        some.then(|| DataDifference {
            revisions,
            contrast: Contrast::default(),
            sockets: BTreeMap::new(),
        })
    }

    fn diagnose(&mut self, case: &Case) -> Option<Diagnosis> {
        self.against(case, self.revisions[1])
    }

    /// How a case differs between the base revision and another.
    fn against(&mut self, case: &Case, other: Revision) -> Option<Diagnosis> {
        let scene = by_id(case.scene)?;
        let base = self.revisions[0];
        let of = |revisions: [&Revision; 2]| revisions.map(|one| StandIn::marked(scene, one));
        let made;
        let [first, second] = if other == self.revisions[1] {
            self.sockets.entry(case.scene).or_insert_with(|| of([&base, &other]))
        } else {
            made = of([&base, &other]);
            &made
        };
        let contrast = &mut self.contrast;
        first.with(|one, subflows| {
            second.with(|another, _| {
                let side = |revision, socket| Side { revision, socket, subflows };
                contrast.compare(case, [side(&base, one), side(&other, another)])
            })
        })
    }

    /// Finds the simplest case of a group, and what explains it.
    fn simplify(&mut self, group: &mut Group, agenda: &Agenda) {
        let Some(palette) = agenda.palettes.first() else {
            return;
        };
        let signature = group.signature.clone();
        let simplest = shrink(group.first, palette, |candidate| {
            let found = self.diagnose(candidate);
            found.is_some_and(|found| found.signature == signature)
        });
        if let Some(diagnosis) = self.diagnose(&simplest) {
            group.summary = diagnosis.summary;
        }
        group.simplest = simplest;
        let revisions = self.revisions;
        for datum in Datum::ALL.iter().filter(|datum| datum.differs(&revisions)) {
            if self.against(&simplest, datum.taken(&revisions)).is_some() {
                group.because.push(datum.text(&revisions));
            }
        }
    }
}

/// What two revisions may differ in.
#[derive(Clone, Copy, Debug)]
pub(super) enum Datum {
    TcpInfo,
    MptcpInfo,
    FullInfo,
    InfoOpt,
    ZeroLength,
}

impl Datum {
    pub(super) const ALL: [Datum; 5] =
        [Datum::TcpInfo, Datum::MptcpInfo, Datum::FullInfo, Datum::InfoOpt, Datum::ZeroLength];

    pub(super) fn differs(self, [base, patched]: &[Revision; 2]) -> bool {
        match self {
            Datum::TcpInfo => base.tcp_info != patched.tcp_info,
            Datum::MptcpInfo => base.mptcp_info != patched.mptcp_info,
            Datum::FullInfo => base.full_info != patched.full_info,
            Datum::InfoOpt => base.info_opt != patched.info_opt,
            Datum::ZeroLength => base.zero_length != patched.zero_length,
        }
    }

    /// Whether the patched revision has less than the base: structures only ever grow,
    /// and options stay, for the sake of programs that are there.
    pub(super) fn takes_away(self, [base, patched]: &[Revision; 2]) -> bool {
        match self {
            Datum::TcpInfo => patched.tcp_info < base.tcp_info,
            Datum::MptcpInfo => patched.mptcp_info < base.mptcp_info,
            Datum::FullInfo => base.full_info && !patched.full_info,
            Datum::InfoOpt => base.info_opt && !patched.info_opt,
            Datum::ZeroLength => false,
        }
    }

    /// The base revision with this of the patched one.
    fn taken(self, [base, patched]: &[Revision; 2]) -> Revision {
        let mut mixed = *base;
        match self {
            Datum::TcpInfo => mixed.tcp_info = patched.tcp_info,
            Datum::MptcpInfo => mixed.mptcp_info = patched.mptcp_info,
            Datum::FullInfo => mixed.full_info = patched.full_info,
            Datum::InfoOpt => mixed.info_opt = patched.info_opt,
            Datum::ZeroLength => mixed.zero_length = patched.zero_length,
        }
        mixed
    }

    /// What differs, in a clause.
    pub(super) fn text(self, [base, patched]: &[Revision; 2]) -> String {
        let has = |which: bool| if which { "has" } else { "does not have" };
        let zero = |revision: &Revision| match revision.zero_length {
            ZeroLength::Stored => "stores the length",
            ZeroLength::Untouched => "touches nothing",
        };
        match self {
            Datum::TcpInfo => {
                format!("struct tcp_info has {} bytes, had {}", patched.tcp_info, base.tcp_info)
            }
            Datum::MptcpInfo => format!(
                "struct mptcp_info has {} bytes, had {}",
                patched.mptcp_info, base.mptcp_info
            ),
            Datum::FullInfo => format!(
                "patched {} MPTCP_FULL_INFO, base {} it",
                has(patched.full_info),
                has(base.full_info)
            ),
            Datum::InfoOpt => format!(
                "patched {} mptcp_info_opt, base {} it",
                has(patched.info_opt),
                has(base.info_opt)
            ),
            Datum::ZeroLength => {
                format!("MPTCP_INFO with optlen 0: patched {}, base {}", zero(patched), zero(base))
            }
        }
    }
}

/// The rule of a group.
impl Group {
    pub(super) fn rule(&self) -> Option<mptcp_emulator::Rule> {
        self.rule.as_deref().and_then(rule)
    }
}

#[cfg(test)]
mod tests;
