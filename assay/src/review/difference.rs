//! Two surveys held against each other, case by case, and what differs put into
//! groups.
//!
//! A kernel that agrees with the model did what the model predicts for its revision.
//! So two kernels did the same in a case where both agree and the predictions do;
//! where the revisions' data differ, the predictions are compared as well.

use std::collections::{BTreeMap, BTreeSet};

use mptcp_emulator::{Holding, Revision, ZeroLength, abi};
use mptcp_harness::agenda::{Agenda, Parts};
use mptcp_harness::case::{Case, is_known};
use mptcp_harness::check::Compared;
use mptcp_harness::contrast::{Contrast, Foreseen, Side};
use mptcp_harness::finding::Diagnosis;
use mptcp_harness::judge::Mismatch;
use mptcp_harness::scene::{self, by_id};
use mptcp_harness::shrink::shrink;
use serde::Serialize;

use super::memory::contrasted;
use super::report::Answer;
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
    pub(super) const ALL: [Class; 6] = [
        Class::Regression,
        Class::BothWrong,
        Class::Unexplained,
        Class::Explained,
        Class::Promise,
        Class::Fixed,
    ];

    /// Whether the patched kernel departs from the contract, or does something else than the
    /// base kernel for no known reason.
    pub(super) fn is_bad(self) -> bool {
        matches!(self, Class::Regression | Class::BothWrong | Class::Unexplained)
    }

    /// The word for a heading.
    pub(super) fn name(self) -> &'static str {
        match self {
            Class::Regression => "REGRESSION",
            Class::BothWrong => "WRONG IN BOTH",
            Class::Unexplained => "UNEXPLAINED",
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
            Class::Unexplained => ("unexplained difference", "unexplained differences"),
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
    /// What of the revisions explains it: with this of the patched revision the base revision
    /// predicts what the patched one does, and without any part of this it does not.
    pub(super) because: Vec<String>,
    /// The same as data.
    pub(super) causes: Vec<Datum>,
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
        let mut because = Some(Vec::new());
        let (class, of) = match (base, patched) {
            (AGREE, AGREE) => match data.as_mut().and_then(|data| data.diagnose(&case)) {
                None => continue,
                Some((diagnosis, causes)) => {
                    because = causes;
                    let explained = because.is_some();
                    let class = if explained { Class::Explained } else { Class::Unexplained };
                    (class, Said::of(diagnosis))
                }
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
    pub(super) fn is_bad(&self) -> bool {
        self.groups.iter().any(|group| group.class.is_bad())
    }

    /// Takes from "explained" what the kernels' own answers contradict: `answers` has those to
    /// a case.
    pub(super) fn confirm(
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
    /// What they differ in.
    data: Vec<Datum>,
    contrast: Contrast,
    /// Sockets by scene, for the base revision with some of `data` of the patched one, each
    /// datum a bit.
    sockets: BTreeMap<(u8, u32), StandIn>,
}

impl DataDifference {
    /// `None` where the revisions do not differ.
    fn between(revisions: [Revision; 2]) -> Option<DataDifference> {
        let data = Datum::between(&revisions);
        (!data.is_empty()).then(|| DataDifference {
            revisions,
            data,
            contrast: Contrast::default(),
            sockets: BTreeMap::new(),
        })
    }

    /// How the two revisions differ in a case, and because of which data; `None` for these
    /// where all of them together do not account for it.
    fn diagnose(&mut self, case: &Case) -> Option<(Diagnosis, Option<Vec<Datum>>)> {
        let diagnosis =
            self.on(case, 0, PATCHED, |contrast, sides| contrast.compare(case, sides))??;
        Some((diagnosis, self.causes(case)))
    }

    /// The least of the data with which the base revision does what the patched one does: one
    /// alone where that is enough, and otherwise what is left when all is taken away that can
    /// be.
    fn causes(&mut self, case: &Case) -> Option<Vec<Datum>> {
        let all = (1 << self.data.len()) - 1;
        let mut enough = all;
        if !self.is_enough(case, enough)? {
            return None;
        }
        let bits = (0..self.data.len()).map(|bit| 1 << bit);
        let mut alone = bits.clone();
        match alone.find(|bit| self.is_enough(case, *bit) == Some(true)) {
            Some(bit) => enough = bit,
            None => {
                for bit in bits {
                    if self.is_enough(case, enough & !bit) == Some(true) {
                        enough &= !bit;
                    }
                }
            }
        }
        let taken = self.data.iter().enumerate().filter(|(bit, _)| enough & (1 << bit) != 0);
        Some(taken.map(|(_, datum)| *datum).collect())
    }

    /// Whether the base revision with these data does what the patched one does.
    fn is_enough(&mut self, case: &Case, data: u32) -> Option<bool> {
        self.on(case, data, PATCHED, |contrast, sides| !contrast.differ(case, sides))
    }

    /// Does something with the sides of two sets of data; `None` for an unknown scene.
    fn on<R>(
        &mut self,
        case: &Case,
        one: u32,
        other: u32,
        act: impl FnOnce(&mut Contrast, [Side<'_>; 2]) -> R,
    ) -> Option<R> {
        let scene = by_id(case.scene)?;
        let revisions = [one, other].map(|data| self.mixed(data));
        for (data, revision) in [one, other].into_iter().zip(&revisions) {
            let socket = self.sockets.entry((case.scene, data));
            socket.or_insert_with(|| StandIn::marked(scene, revision));
        }
        let socket = |data| self.sockets.get(&(case.scene, data));
        let (first, second) = (socket(one)?, socket(other)?);
        let contrast = &mut self.contrast;
        Some(first.with(|one, subflows| {
            second.with(|other, others| {
                let side = |revision, socket, subflows| Side { revision, socket, subflows };
                let [first, second] = &revisions;
                act(contrast, [side(first, one, subflows), side(second, other, others)])
            })
        }))
    }

    /// The base revision with some of the data, or the patched one.
    fn mixed(&self, data: u32) -> Revision {
        if data == PATCHED {
            return self.revisions[1];
        }
        let taken = self.data.iter().enumerate().filter(|(bit, _)| data & (1 << bit) != 0);
        Datum::mixed(&self.revisions, taken.map(|(_, datum)| *datum))
    }

    /// Finds the simplest case of a group.
    fn simplify(&mut self, group: &mut Group, agenda: &Agenda) {
        let Some(palette) = agenda.palettes.first() else {
            return;
        };
        let (signature, causes) = (group.signature.clone(), group.causes.clone());
        let simplest = shrink(group.first, palette, |candidate| {
            let found = self.diagnose(candidate);
            found.is_some_and(|(found, because)| {
                found.signature == signature && because.unwrap_or_default() == causes
            })
        });
        if let Some((diagnosis, _)) = self.diagnose(&simplest) {
            group.summary = diagnosis.summary;
        }
        group.simplest = simplest;
    }
}

/// The patched revision, in the place of a set of data.
const PATCHED: u32 = u32::MAX;

/// What explains a group, held against what two kernels did.
struct Account<'a> {
    revisions: [Revision; 2],
    causes: &'a [Datum],
}

impl Account<'_> {
    /// Whether the kernels' answers to a case differ in anything that the causes do not
    /// account for: a result or a byte of which the base revision predicts something else
    /// than the base kernel did, or with the causes something else than the patched kernel.
    /// What a socket holds is another boot's, and not compared.
    fn is_contradicted_by(&self, case: &Case, answers: &[Answer; 2]) -> bool {
        let [base, patched] = answers;
        let explained = Datum::mixed(&self.revisions, self.causes.iter().copied());
        let Some(foreseen) = foreseen(case, [&self.revisions[0], &explained]) else {
            return true;
        };
        let Some(Mismatch { result, bytes }) = contrasted(case, base, patched).verdict.err() else {
            return false;
        };
        let fits = |foreseen: &Foreseen, answer: &Answer, at: usize| {
            let seen = answer.examination.observation.as_deref().unwrap_or_default();
            foreseen.mask[at] != 0 || seen.get(at) == Some(&foreseen.bytes[at])
        };
        let [first, second] = &foreseen;
        result.is_some_and(|results| results != (first.result, second.result))
            || !bytes.iter().all(|at| fits(first, base, *at) && fits(second, patched, *at))
    }
}

/// What two revisions predict for a case, with all that the socket holds left open.
pub(super) fn foreseen(case: &Case, revisions: [&Revision; 2]) -> Option<[Foreseen; 2]> {
    let scene = by_id(case.scene)?;
    let [one, other] = revisions.map(|revision| StandIn::named(scene, revision));
    Some(one.with(|one, subflows| {
        other.with(|other, others| {
            let side = |revision, socket, subflows| Side { revision, socket, subflows };
            let [first, second] = revisions;
            let sides = [side(first, one, subflows), side(second, other, others)];
            Contrast::default().foresee(case, sides)
        })
    }))
}

/// What two revisions may differ in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Datum {
    TcpInfo,
    MptcpInfo,
    FullInfo,
    InfoOpt,
    ZeroLength,
    SubflowWhenNew,
    AcceptedKeepsInitial,
    UserspaceCounts,
    UserspaceLimits,
    ListenerLimits,
    DisconnectClears,
}

impl Datum {
    pub(super) const ALL: [Datum; 11] = [
        Datum::TcpInfo,
        Datum::MptcpInfo,
        Datum::FullInfo,
        Datum::InfoOpt,
        Datum::ZeroLength,
        Datum::SubflowWhenNew,
        Datum::AcceptedKeepsInitial,
        Datum::UserspaceCounts,
        Datum::UserspaceLimits,
        Datum::ListenerLimits,
        Datum::DisconnectClears,
    ];

    /// Those in which two revisions differ.
    pub(super) fn between(revisions: &[Revision; 2]) -> Vec<Datum> {
        Datum::ALL.into_iter().filter(|datum| datum.differs(revisions)).collect()
    }

    pub(super) fn differs(self, [base, patched]: &[Revision; 2]) -> bool {
        let mut mixed = *base;
        self.take(&mut mixed, patched);
        mixed != *base
    }

    /// Whether the patched revision has less than the base: structures only ever grow,
    /// and options stay, for the sake of programs that are there.
    pub(super) fn takes_away(self, [base, patched]: &[Revision; 2]) -> bool {
        match self {
            Datum::TcpInfo => patched.tcp_info < base.tcp_info,
            Datum::MptcpInfo => patched.mptcp_info < base.mptcp_info,
            Datum::FullInfo => base.full_info && !patched.full_info,
            Datum::InfoOpt => base.info_opt && !patched.info_opt,
            _ => false,
        }
    }

    /// The base revision with some of the patched one.
    fn mixed([base, patched]: &[Revision; 2], data: impl Iterator<Item = Datum>) -> Revision {
        let mut mixed = *base;
        data.for_each(|datum| datum.take(&mut mixed, patched));
        mixed
    }

    /// Takes this from another revision.
    fn take(self, mixed: &mut Revision, from: &Revision) {
        let (to, other) = (&mut mixed.holding, &from.holding);
        match self {
            Datum::TcpInfo => mixed.tcp_info = from.tcp_info,
            Datum::MptcpInfo => mixed.mptcp_info = from.mptcp_info,
            Datum::FullInfo => mixed.full_info = from.full_info,
            Datum::InfoOpt => mixed.info_opt = from.info_opt,
            Datum::ZeroLength => mixed.zero_length = from.zero_length,
            Datum::SubflowWhenNew => to.subflow_when_new = other.subflow_when_new,
            Datum::AcceptedKeepsInitial => {
                to.accepted_keeps_initial = other.accepted_keeps_initial;
            }
            Datum::UserspaceCounts => to.userspace_counts = other.userspace_counts,
            Datum::UserspaceLimits => to.userspace_limits = other.userspace_limits,
            Datum::ListenerLimits => to.listener_limits = other.listener_limits,
            Datum::DisconnectClears => {
                to.disconnect_clears_rcv_nxt = other.disconnect_clears_rcv_nxt;
            }
        }
    }

    /// What differs, in a clause.
    pub(super) fn text(self, [base, patched]: &[Revision; 2]) -> String {
        let has = |which: bool| if which { "has" } else { "does not have" };
        let zero = |revision: &Revision| match revision.zero_length {
            ZeroLength::Stored => "stores the length",
            ZeroLength::Untouched => "touches nothing",
        };
        // Of the patched revision, then of the base.
        let holding = |what: fn(&Holding) -> bool, subject: &str, yes: &str, no: &str| {
            let word = |revision: &Revision| if what(&revision.holding) { yes } else { no };
            format!("{subject}: patched {}, base {}", word(patched), word(base))
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
            Datum::SubflowWhenNew => {
                holding(|holding| holding.subflow_when_new, "subflows of a new socket", "1", "none")
            }
            Datum::AcceptedKeepsInitial => holding(
                |holding| holding.accepted_keeps_initial,
                "an accepted socket whose initial subflow is closed",
                "keeps it",
                "drops it",
            ),
            Datum::UserspaceCounts => holding(
                |holding| holding.userspace_counts,
                "subflows with the userspace path manager",
                "counts them",
                "does not count them",
            ),
            Datum::UserspaceLimits => holding(
                |holding| holding.userspace_limits,
                "limits with the userspace path manager",
                "fills them in",
                "leaves them 0",
            ),
            Datum::ListenerLimits => holding(
                |holding| holding.listener_limits,
                "limits of a listener",
                "fills them in",
                "leaves them 0",
            ),
            Datum::DisconnectClears => holding(
                |holding| holding.disconnect_clears_rcv_nxt,
                "mptcpi_rcv_nxt of a disconnected socket",
                "has 0",
                "keeps it",
            ),
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
