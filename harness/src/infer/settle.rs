//! Chooses one of several explanations, and drops what is not right.

use std::collections::BTreeMap;

use mptcp_emulator::behaviors::Evidence;

use super::cause::Noticed;
use super::contents::{Samples, fields};
use super::learn::{EXECUTED, Inferring, Knowledge};
use super::search::{Change, with};
use crate::cases::{Case, lattice};
use crate::judge::region::Map;
use crate::model::Handler;
use crate::oracle::Record;
use crate::run::runner::Scope;
use crate::scenes::{Scene, catalogue};

/// How many cases are executed to refute what fields seem to hold.
const REFUTATIONS: usize = 400;

impl Inferring<'_> {
    /// Searches again where records are not explained, with what other handlers have.
    pub(super) fn complete(&mut self) {
        let incomplete = self.known.iter().filter(|(_, known)| !known.is_complete);
        let handlers: Vec<Handler> = incomplete.map(|(handler, _)| *handler).collect();
        handlers.into_iter().for_each(|handler| self.search(handler));
    }

    /// Adds explanations in which a behavior has the value that it has in another handler.
    pub(super) fn unify(&mut self) {
        let all = self.known.values().flat_map(|known| known.explanations.iter().flatten());
        let mut all: Vec<Change> = all.copied().collect();
        all.sort_unstable();
        all.dedup();
        let handlers: Vec<Handler> = self.known.keys().copied().collect();
        for handler in handlers {
            let known = &self.known[&handler];
            let Some(first) = known.explanations.first().filter(|_| known.is_complete).cloned()
            else {
                continue;
            };
            for (at, (behavior, value)) in first.iter().enumerate() {
                for other in all.iter().filter(|(it, other)| it == behavior && other != value) {
                    let mut changes = first.clone();
                    changes[at] = *other;
                    let behaviors = with(&self.expected, &changes);
                    let records = self.known[&handler].records.clone();
                    let is_right = records.iter().all(|record| self.fits(record, &behaviors));
                    if let Some(known) = self.known.get_mut(&handler).filter(|_| is_right)
                        && !known.explanations.contains(&changes)
                    {
                        known.explanations.push(changes);
                    }
                }
            }
        }
    }

    /// Withdraws changes that are not right wherever they make a difference. Those of an incomplete
    /// explanation have to be right often; a complete one predicts all records.
    pub(super) fn audit(&mut self) {
        let handlers: Vec<Handler> = self.known.keys().copied().collect();
        for handler in handlers {
            let changes = self.known[&handler].explanations.first().cloned().unwrap_or_default();
            let mut right = vec![0_u32; changes.len()];
            let mut wrong = vec![0_u32; changes.len()];
            let cases: Vec<Case> = self.cases_of(handler, 3).collect();
            for case in cases.into_iter().filter(|_| !changes.is_empty()) {
                if self.handler(&case) != Some(handler) {
                    continue;
                }
                let own = *self.behavior.of(handler);
                let Some(state) = self.oracle.scene_state(case.scene) else { continue };
                let socket = state.socket();
                let affects: Vec<usize> = (0..changes.len())
                    .filter(|at| {
                        let (behavior, _) = changes[*at];
                        let without = own.with(behavior, self.expected.get(behavior));
                        self.predictor.differ(&case, &socket, [&own, &without])
                    })
                    .collect();
                if affects.is_empty() {
                    continue;
                }
                let (model, rules) = (self.model, &mut self.rules);
                let is_right = match self.oracle.agrees(&case, model, Scope::Around, rules) {
                    // The scene may have changed, so this is confirmed.
                    Some(false) => {
                        let Some(record) = self.oracle.record(&case) else { continue };
                        self.fits(&record, &own)
                    }
                    Some(true) => true,
                    None => continue,
                };
                let counts = if is_right { &mut right } else { &mut wrong };
                affects.into_iter().for_each(|at| counts[at] += 1);
            }
            let Some(known) = self.known.get_mut(&handler) else { continue };
            let least = if known.is_complete { 0 } else { 8 };
            let is_sound = |at: &usize| right[*at] >= least && wrong[*at] * 100 < right[*at].max(1);
            let sound: Vec<Change> =
                (0..changes.len()).filter(is_sound).map(|at| changes[at]).collect();
            if sound.len() < changes.len() || !known.is_complete {
                known.is_complete = false;
                known.explanations = vec![sound.clone()];
                self.adopt(handler, &sound);
            }
        }
    }

    /// Finds the fields that explain what no behavior does: those that hold something else.
    pub(super) fn learn_contents(&mut self) {
        let incomplete = self.known.iter().filter(|(_, known)| !known.is_complete);
        let handlers: Vec<Handler> = incomplete.map(|(handler, _)| *handler).collect();
        let mut all = Vec::new();
        for handler in handlers {
            let mut samples = Samples::default();
            for record in self.known[&handler].records.clone() {
                self.sample(&mut samples, &record, handler);
            }
            // A statement has to be true on all scenes, also where nothing differs.
            let broadest = samples.broadest.map(|(case, _)| case);
            let on = |scene: &Scene| Some(Case { scene: scene.id, ..broadest? });
            for case in catalogue().iter().filter_map(on) {
                if self.handler(&case) == Some(handler)
                    && let Some(record) = self.oracle.record(&case)
                {
                    self.sample(&mut samples, &record, handler);
                }
            }
            self.refute(&mut samples, handler);
            all.push((handler, samples));
        }
        let not_set = all.iter().flat_map(|(_, samples)| samples.not_set()).collect();
        for (handler, samples) in all {
            for cause in samples.causes(handler, &not_set) {
                cause.join(&mut self.contents);
            }
        }
    }

    /// Adds what further calls show. A field that is wrong in one call and right in another one on the
    /// same socket does not hold something else: what differs then depends on the call.
    fn refute(&mut self, samples: &mut Samples, handler: Handler) {
        for case in self.cases_of(handler, 4).take(REFUTATIONS) {
            let Some(state) = self.oracle.scene_state(case.scene) else { continue };
            let noticed = Noticed::by(&case, handler, &self.revision, state.subflows());
            if noticed != Noticed::Ordinary {
                continue;
            }
            let Some(record) = self.oracle.record(&case) else { continue };
            self.sample(samples, &record, handler);
            self.sample_usual(samples, case.scene, handler);
        }
    }

    /// Adds what the usual call returns now. After another call, memory of the kernel that nobody
    /// cleared has something else.
    fn sample_usual(&mut self, samples: &mut Samples, scene: u8, handler: Handler) {
        let (Some(option), Some(facts)) = (handler.option(), self.values.scene(scene)) else {
            return;
        };
        let usual = lattice::usual(&self.values, facts, option);
        let Some(record) = self.oracle.record(&usual) else { return };
        let own = *self.behavior.of(handler);
        let Some(state) = self.oracle.scene_state(scene) else { return };
        let (socket, subflows) = (state.socket(), state.subflows());
        let map = Map::new(&usual, &self.revision, subflows);
        if self.predictor.mismatch(&record, &socket, &own).is_some() {
            samples.add_usual(&usual, &map, &socket, &self.predictor);
        }
    }

    /// Adds what a record shows of fields, if it differs in fields only.
    fn sample(&mut self, samples: &mut Samples, record: &Record, handler: Handler) {
        let own = *self.behavior.of(handler);
        let Some(state) = self.oracle.scene_state(record.case.scene) else { return };
        let (socket, subflows) = (state.socket(), state.subflows());
        let map = Map::new(&record.case, &self.revision, subflows);
        let mismatch = self.predictor.mismatch(record, &socket, &own);
        if let Some(fields) = mismatch
            .and_then(|mismatch| fields(&record.case, &map, &mismatch, &socket, &self.predictor))
        {
            samples.add(&record.case, &fields, &map, &socket, &self.predictor);
        }
    }

    /// Executes cases on which explanations differ, until no further one is found.
    pub(super) fn distinguish(&mut self) {
        let handlers: Vec<Handler> = self.known.keys().copied().collect();
        for handler in handlers {
            let mut executed = 0;
            for case in self.cases_of(handler, 1) {
                if self.known[&handler].explanations.len() < 2 || executed >= EXECUTED {
                    break;
                }
                if self.handler(&case) != Some(handler) || !self.is_distinguishing(handler, &case) {
                    continue;
                }
                executed += 1;
                let Some(record) = self.oracle.record(&case) else { continue };
                let explanations = self.known[&handler].explanations.clone();
                let fitting: Vec<Vec<Change>> = explanations
                    .into_iter()
                    .filter(|changes| self.fits(&record, &with(&self.expected, changes)))
                    .collect();
                let Some(known) = self.known.get_mut(&handler) else { break };
                known.records.push(record);
                match fitting.first() {
                    Some(first) => {
                        let first = first.clone();
                        known.explanations = fitting;
                        self.adopt(handler, &first);
                    }
                    None => self.search(handler),
                }
            }
        }
    }

    /// Drops explanations that are not stated if another handler shows that they are wrong: a kernel
    /// that read optlen before it looked at the socket would do so on every socket.
    pub(super) fn compare_handlers(&mut self) {
        let others = |known: &Knowledge| -> Vec<Change> {
            let [stated, others @ ..] = &*known.explanations else { return Vec::new() };
            others.iter().flatten().filter(|change| !stated.contains(change)).copied().collect()
        };
        let mut changes: Vec<Change> = self.known.values().flat_map(others).collect();
        changes.sort_unstable();
        changes.dedup();
        changes.retain(|change| self.is_contradicted(*change));
        for known in self.known.values_mut() {
            let mut at = 0;
            known.explanations.retain(|explanation| {
                at += 1;
                at == 1 || !explanation.iter().any(|change| changes.contains(change))
            });
        }
    }

    /// Whether a handler in which a change would make a difference does without it.
    fn is_contradicted(&mut self, (behavior, value): Change) -> bool {
        for handler in Handler::ALL.into_iter().filter(|handler| handler.concerns(behavior)) {
            let is_possible = |known: &Knowledge| {
                known.explanations.iter().flatten().any(|change| *change == (behavior, value))
            };
            if self.known.get(&handler).is_some_and(is_possible) {
                continue;
            }
            let own = *self.behavior.of(handler);
            let changed = own.with(behavior, value);
            // Cases that were met before come first: some differences are rare.
            let known = self.known.get(&handler).map(|known| &known.records);
            let met: Vec<Case> = known.into_iter().flatten().map(|record| record.case).collect();
            for case in met.into_iter().chain(self.cases_of(handler, 5)) {
                if self.handler(&case) != Some(handler) {
                    continue;
                }
                let Some(state) = self.oracle.scene_state(case.scene) else { continue };
                if self.predictor.differ(&case, &state.socket(), [&own, &changed])
                    && let Some(record) = self.oracle.record(&case)
                {
                    if self.fits(&record, &own) {
                        return true;
                    }
                    break;
                }
            }
        }
        false
    }

    fn is_distinguishing(&mut self, handler: Handler, case: &Case) -> bool {
        let Some(state) = self.oracle.scene_state(case.scene) else { return false };
        let explanations = &self.known[&handler].explanations;
        let mut all = explanations.iter().map(|changes| with(&self.expected, changes));
        let Some(first) = all.next() else { return false };
        all.any(|other| self.predictor.differ(case, &state.socket(), [&first, &other]))
    }

    /// Of explanations that no case distinguishes, chooses the one whose changes other handlers have
    /// as well, then the one whose values are known best.
    pub(super) fn choose(&mut self) {
        let mut votes: BTreeMap<Change, u32> = BTreeMap::new();
        for known in self.known.values() {
            let mut changes: Vec<Change> = known.explanations.iter().flatten().copied().collect();
            changes.sort_unstable();
            changes.dedup();
            changes.into_iter().for_each(|change| *votes.entry(change).or_default() += 1);
        }
        let handlers: Vec<Handler> = self.known.keys().copied().collect();
        for handler in handlers {
            let Some(known) = self.known.get_mut(&handler) else { continue };
            known.explanations.sort_by_key(|changes| {
                let shared: u32 = changes.iter().map(|change| votes[change]).sum();
                let rank = |(behavior, value): &Change| {
                    let evidence = behavior.values()[usize::from(*value)].evidence;
                    let is_known = matches!(evidence, Evidence::Kernels | Evidence::Documents);
                    u32::from(!is_known) * 100 + u32::from(*value)
                };
                (std::cmp::Reverse(shared), changes.iter().map(rank).sum::<u32>())
            });
            if let Some(first) = known.explanations.first().cloned() {
                self.adopt(handler, &first);
            }
        }
    }
}
