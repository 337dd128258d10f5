//! Runs all cases against what was inferred.

use std::collections::BTreeMap;

use mptcp_emulator::{Behavior, Behaviors};

use super::cause::{Cause, Noticed};
use super::contents::{ContentsCause, fields};
use super::inference::{Effect, Inference, MOST_CAUSES};
use super::learn::Inferring;
use super::search::Change;
use crate::cases::Case;
use crate::cases::lattice;
use crate::cases::shrink::shrink;
use crate::contents::FieldId;
use crate::judge::region::Map;
use crate::model::{Handler, KernelBehavior};
use crate::oracle::Record;

/// As many unexplained cases of a handler are confirmed: a scene may have changed.
const SURE: u64 = 64;

impl Inferring<'_> {
    /// Runs all cases again, and states what each shows.
    pub(super) fn verify(
        mut self,
        cases: impl Iterator<Item = Case>,
        each: &mut dyn FnMut(&Case, Effect),
    ) -> Inference {
        let mut tally = Tally::new(self.expected, &self.behavior);
        self.batches(cases, |this, case, agrees| {
            let effect = this.effect(case, agrees, &mut tally);
            each(case, effect);
        });
        let mut causes = std::mem::take(&mut tally.causes);
        for cause in &mut causes {
            self.illustrate(cause);
        }
        for at in 0..self.contents.len() {
            self.illustrate_contents(at);
        }
        self.inference(Tally { causes, ..tally })
    }

    pub(super) fn inference(self, tally: Tally) -> Inference {
        let Tally { causes, cases, differing, explained, .. } = tally;
        let alternatives = self.known.iter().flat_map(|(handler, known)| {
            known.explanations.iter().skip(1).map(|changes| (*handler, changes.clone()))
        });
        Inference {
            expected: self.expected,
            behavior: self.behavior,
            causes,
            alternatives: alternatives.collect(),
            contents: self.contents,
            cases,
            differing,
            explained,
            rules: self.rules,
        }
    }

    fn effect(&mut self, case: &Case, agrees: Option<bool>, tally: &mut Tally) -> Effect {
        let (Some(agrees), Some(handler)) = (agrees, self.handler(case)) else {
            return Effect::NotRun;
        };
        tally.cases += 1;
        let own = *self.behavior.of(handler);
        let Some(state) = self.oracle.scene_state(case.scene) else { return Effect::NotRun };
        let socket = state.socket();
        if agrees && !self.predictor.differ(case, &socket, [&self.expected, &own]) {
            return Effect::Expected;
        }
        if !agrees {
            let Some(record) = self.oracle.glance(case) else { return Effect::NotRun };
            let mut shows = self.shows(&record, handler, tally.causes.len());
            let unexplained = tally.unexplained.entry(handler).or_default();
            if shows == Shows::Nothing && *unexplained < SURE {
                // The scene may have changed, so this is confirmed.
                let Some(record) = self.oracle.record(case) else { return Effect::NotRun };
                shows = self.shows(&record, handler, tally.causes.len());
            }
            match shows {
                Shows::Expected => return Effect::Expected,
                Shows::Own => {}
                Shows::Contents(bits) => {
                    tally.differing += 1;
                    tally.explained += 1;
                    self.count_contents(bits, tally.causes.len());
                    return Effect::Explained(bits);
                }
                Shows::Nothing => {
                    tally.differing += 1;
                    *unexplained += 1;
                    return Effect::Unexplained;
                }
            }
        }
        tally.differing += 1;
        tally.explained += 1;
        let Some(state) = self.oracle.scene_state(case.scene) else { return Effect::NotRun };
        let (subflows, socket) = (state.subflows(), state.socket());
        let noticed = Noticed::by(case, handler, &self.revision, subflows);
        let mut bits = 0;
        let mut all = 0;
        for (bit, cause) in tally.causes.iter().enumerate() {
            if !cause.handlers.contains(&handler) {
                continue;
            }
            all |= 1 << bit;
            let without = own.with(cause.behavior, cause.expected);
            if self.predictor.differ(case, &socket, [&own, &without]) {
                bits |= 1 << bit;
            }
        }
        // Two causes may hide each other.
        let bits = if bits == 0 { all } else { bits };
        for (bit, cause) in tally.causes.iter_mut().enumerate() {
            if bits & (1 << bit) != 0 {
                cause.cases += 1;
                if cause.simplest.is_none() || noticed < cause.noticed {
                    (cause.simplest, cause.noticed) = (Some(*case), noticed);
                }
            }
        }
        Effect::Explained(bits)
    }

    /// What explains a record.
    fn shows(&mut self, record: &Record, handler: Handler, first: usize) -> Shows {
        let own = *self.behavior.of(handler);
        let expected = self.expected;
        if self.fits(record, &expected) {
            Shows::Expected
        } else if self.fits(record, &own) {
            Shows::Own
        } else {
            match self.contents_bits(record, handler, first) {
                0 => Shows::Nothing,
                bits => Shows::Contents(bits),
            }
        }
    }

    /// The fields that explain a record, a bit for each; 0 if they do not.
    fn contents_bits(&mut self, record: &Record, handler: Handler, first: usize) -> u64 {
        let mut bits = 0;
        for field in self.differing_fields(record, handler).unwrap_or_default() {
            let is_it = |cause: &ContentsCause| cause.covers(handler, field);
            match self.contents.iter().position(is_it).filter(|at| first + at < MOST_CAUSES) {
                Some(at) => bits |= 1 << (first + at),
                None => return 0,
            }
        }
        bits
    }

    fn count_contents(&mut self, bits: u64, first: usize) {
        for (at, cause) in self.contents.iter_mut().enumerate() {
            cause.cases += u64::from(first + at < MOST_CAUSES && bits & (1 << (first + at)) != 0);
        }
    }

    /// Replaces the case of fields that hold something else by the usual call, if that shows it.
    fn illustrate_contents(&mut self, at: usize) {
        let ContentsCause { handlers, fields, simplest, .. } = self.contents[at].clone();
        let Some(facts) = self.values.scene(simplest.scene) else { return };
        for handler in handlers {
            let Some(option) = handler.option() else { continue };
            let usual = lattice::usual(&self.values, facts, option);
            let Some(record) = self.oracle.record(&usual) else { continue };
            let shown = self.differing_fields(&record, handler).unwrap_or_default();
            if shown.iter().any(|field| fields.contains(field)) {
                self.contents[at].simplest = usual;
                return;
            }
        }
    }

    /// The fields that differ in a record; `None` if anything else does.
    fn differing_fields(&mut self, record: &Record, handler: Handler) -> Option<Vec<FieldId>> {
        let own = *self.behavior.of(handler);
        let state = self.oracle.scene_state(record.case.scene)?;
        let (socket, subflows) = (state.socket(), state.subflows());
        let mismatch = self.predictor.mismatch(record, &socket, &own)?;
        let map = Map::new(&record.case, &self.revision, subflows);
        fields(&record.case, &map, &mismatch, &socket, &self.predictor)
    }

    /// Replaces the case of a cause by the simplest one that the same callers could make.
    fn illustrate(&mut self, cause: &mut Cause) {
        let Some(first) = cause.simplest else { return };
        let (values, noticed) = (self.values.clone(), cause.noticed);
        let shows = |this: &mut Self, case: &Case, noticed: Noticed| {
            let Some(handler) = this.handler(case).filter(|it| cause.handlers.contains(it)) else {
                return false;
            };
            let own = *this.behavior.of(handler);
            let without = own.with(cause.behavior, cause.expected);
            let Some(state) = this.oracle.scene_state(case.scene) else { return false };
            Noticed::by(case, handler, &this.revision, state.subflows()) <= noticed
                && this.predictor.differ(case, &state.socket(), [&own, &without])
        };
        // A more ordinary caller than those of the cases so far may notice it, too.
        let mut start = (first, noticed);
        if noticed == Noticed::UnusualMemory {
            let handlers = cause.handlers.iter();
            let more: Vec<Case> = handlers.flat_map(|handler| self.cases_of(*handler, 2)).collect();
            let ordinary = more.into_iter().find(|case| shows(self, case, Noticed::Ordinary));
            start = ordinary.map_or(start, |case| (case, Noticed::Ordinary));
        }
        let simplest = shrink(start.0, &values, |case| shows(self, case, start.1));
        // It counts only if the kernel does as the cause says.
        let is_right = self.oracle.record(&simplest).is_some_and(|record| {
            self.handler(&simplest).is_some_and(|handler| {
                let own = *self.behavior.of(handler);
                self.fits(&record, &own)
            })
        });
        if is_right {
            (cause.simplest, cause.noticed) = (Some(simplest), start.1);
        }
    }
}

/// Counts of the cases.
pub(super) struct Tally {
    pub(super) causes: Vec<Cause>,
    pub(super) cases: u64,
    pub(super) differing: u64,
    pub(super) explained: u64,
    /// Those that nothing explains, by handler.
    pub(super) unexplained: BTreeMap<Handler, u64>,
}

/// What explains a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shows {
    /// The kernel does as expected.
    Expected,
    /// It does as inferred.
    Own,
    /// It returns fields that hold something else, a bit for each.
    Contents(u64),
    /// None of these.
    Nothing,
}

impl Tally {
    pub(super) fn new(expected: Behaviors, behavior: &KernelBehavior) -> Tally {
        let mut causes: BTreeMap<Change, Cause> = BTreeMap::new();
        for handler in Handler::ALL {
            let own = behavior.of(handler);
            for behavior in expected.differences(own) {
                // It only says how another change shows.
                if behavior == Behavior::OverRead && expected.differences(own).count() > 1 {
                    continue;
                }
                let value = own.get(behavior);
                let cause = causes.entry((behavior, value)).or_insert_with(|| Cause {
                    behavior,
                    expected: expected.get(behavior),
                    value,
                    handlers: Vec::new(),
                    cases: 0,
                    noticed: Noticed::OtherOption,
                    simplest: None,
                });
                cause.handlers.push(handler);
            }
        }
        let causes = causes.into_values().take(MOST_CAUSES).collect();
        Tally { causes, cases: 0, differing: 0, explained: 0, unexplained: BTreeMap::new() }
    }
}
