//! Changes of behavior between two kernels, and of the contents that contradict what is known of a
//! scene: the causes of what differs.

use std::collections::BTreeMap;

use mptcp_emulator::{Behavior, Revision};
use mptcp_harness::cases::Case;
use mptcp_harness::infer::{Cause, Noticed, clause};
use mptcp_harness::model::Handler;
use mptcp_harness::scenes::by_id;

use super::guest_run::{Disagreement, GuestCause, GuestRun};
use crate::report::causes::{CauseData, Standing, Who};
use crate::session::stored_cases;

/// The changes that explain cases.
#[derive(Clone, Debug, Default)]
pub(crate) struct Changes {
    pub(super) causes: BTreeMap<(Behavior, u8, u8), Cause>,
    /// Fields that hold something else on one kernel only, by their names.
    pub(super) contents: BTreeMap<Vec<String>, CauseData>,
    /// Cases that differ because of them.
    pub(crate) cases: u64,
}

/// The changes of a kernel that explain a disagreement, each with what is known of it.
fn changes<'a>(
    run: &'a GuestRun,
    disagreement: Option<&'a Disagreement>,
) -> BTreeMap<Behavior, (u8, &'a GuestCause)> {
    let causes = disagreement.map_or(&[][..], |disagreement| &disagreement.causes);
    let named = |at: &usize| {
        let cause = run.causes.get(*at)?;
        let behavior = Behavior::named(&cause.behavior)?;
        let value = behavior.values().iter().position(|value| value.name == cause.value)?;
        Some((behavior, (u8::try_from(value).ok()?, cause)))
    };
    causes.iter().filter_map(named).collect()
}

/// The fields that explain a disagreement, by their names.
fn contents<'a>(
    run: &'a GuestRun,
    disagreement: Option<&'a Disagreement>,
) -> BTreeMap<Vec<String>, &'a CauseData> {
    let all = disagreement.map_or(&[][..], |disagreement| &disagreement.contents);
    let named = |at: &usize| {
        let cause = run.contents.get(*at)?;
        Some((cause.behaviours.iter().map(|field| field.value.clone()).collect(), cause))
    };
    all.iter().filter_map(named).collect()
}

/// What a kernel does otherwise than its revision in a case, a clause for each cause.
pub(super) fn clauses(run: &GuestRun, disagreement: Option<&Disagreement>) -> Vec<String> {
    let changes = changes(run, disagreement).into_iter();
    let contents = contents(run, disagreement).into_values();
    changes
        .map(|(behavior, (value, _))| clause(behavior, value))
        .chain(contents.map(|cause| cause.summary.clone()))
        .collect()
}

impl Changes {
    /// Adds a case that both kernels explain, with what they disagree on with the model. Returns
    /// whether the kernels differ on it.
    pub(super) fn add(
        &mut self,
        case: &Case,
        runs: [&GuestRun; 2],
        disagreements: [Option<&Disagreement>; 2],
        revisions: &[Revision; 2],
    ) -> bool {
        let expected = revisions.each_ref().map(|revision| &revision.behaviors);
        let has_info_opt = revisions.iter().any(|revision| revision.info_opt);
        let [base, patched] = [0, 1].map(|at| changes(runs[at], disagreements[at]));
        let mut differs = false;
        for behavior in Behavior::ALL.iter().copied() {
            let known = [base.get(&behavior), patched.get(&behavior)];
            let Some(cause) = known[1].or(known[0]).map(|(_, cause)| *cause) else { continue };
            let [from, to] = [0, 1].map(|at| {
                known[at].map_or_else(|| expected[at].get(behavior), |(value, _)| *value)
            });
            if from == to {
                continue;
            }
            differs = true;
            let entry = self.causes.entry((behavior, from, to)).or_insert_with(|| Cause {
                behavior,
                expected: from,
                value: to,
                handlers: Vec::new(),
                cases: 0,
                noticed: Noticed::OtherOption,
                simplest: None,
            });
            entry.cases += 1;
            let handler = handler(case, has_info_opt);
            if !entry.handlers.contains(&handler) {
                entry.handlers.push(handler);
                entry.handlers.sort_unstable();
            }
            let noticed = match cause.noticed {
                Who::Ordinary => Noticed::Ordinary,
                Who::UnusualMemory => Noticed::UnusualMemory,
                Who::OtherOption => Noticed::OtherOption,
            };
            if entry.simplest.is_none() || noticed < entry.noticed {
                entry.noticed = noticed;
                let simplest = cause.simplest.as_ref();
                entry.simplest =
                    simplest.and_then(|digits| stored_cases::from_hex(digits).case.ok());
            }
        }
        let [base, patched] = [0, 1].map(|at| contents(runs[at], disagreements[at]));
        let only = |one: &BTreeMap<Vec<String>, &CauseData>, fields: &Vec<String>| {
            !one.contains_key(fields)
        };
        let of_base = base.iter().filter(|(fields, _)| only(&patched, fields));
        let of_patched = patched.iter().filter(|(fields, _)| only(&base, fields));
        for (standing, (fields, cause)) in of_base
            .map(|it| (Standing::Restores, it))
            .chain(of_patched.map(|it| (Standing::BreaksPromise, it)))
        {
            differs = true;
            let entry = self.contents.entry(fields.clone());
            let new = || CauseData { standing, cases: 0, ..CauseData::clone(cause) };
            entry.or_insert_with(new).cases += 1;
        }
        self.cases += u64::from(differs);
        differs
    }

    /// The simplest case of each.
    pub(crate) fn simplest(&self) -> impl Iterator<Item = Case> {
        let contents = self.contents.values().filter_map(simplest);
        self.causes.values().filter_map(|cause| cause.simplest).chain(contents)
    }
}

/// The simplest case of a cause.
pub(crate) fn simplest(cause: &CauseData) -> Option<Case> {
    stored_cases::from_hex(cause.simplest.as_ref()?).case.ok()
}

/// The handler of a case, by its scene.
pub(super) fn handler(case: &Case, has_info_opt: bool) -> Handler {
    let answers = by_id(case.scene).is_some_and(|scene| scene.subflows().is_some());
    let of = |handler: &Handler| {
        handler.option() == Some(case.option) && (has_info_opt || *handler != Handler::InfoOpt)
    };
    match answers {
        true => Handler::ALL.into_iter().find(of).unwrap_or(Handler::UnknownOption),
        false => Handler::OtherSocket,
    }
}
