//! The search, driven by cases.

use std::collections::BTreeMap;

use mptcp_emulator::{Behavior, Behaviors, Revision, RuleSet};

use super::cause::{Cause, Noticed};
use super::hypothesis::Predictor;
use super::search::{Change, Search, with};
use crate::cases::boundary_values::BoundaryValues;
use crate::cases::shrink::shrink;
use crate::cases::{Case, generate};
use crate::model::{Handler, KernelBehavior, Model};
use crate::oracle::{BATCH, Oracle, Record};
use crate::run::runner::Scope;

/// The largest number of records of a handler.
const MOST_RECORDS: usize = 160;

/// The largest number of searches for one handler.
const MOST_SEARCHES: u32 = 40;

/// How many cases are tried to distinguish explanations, and how many of them are executed.
const TRIED: u32 = 12_000;
const EXECUTED: u32 = 48;

/// The largest number of causes: each is a bit of [`Effect::Explained`].
const MOST_CAUSES: usize = 64;

/// What a case shows of a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The kernel does as expected.
    Expected,
    /// It does not, and these causes, a bit for each, explain it.
    Explained(u64),
    /// It does not, and no cause explains it.
    Unexplained,
    /// The case could not be run.
    NotRun,
}

/// How a kernel behaves.
#[derive(Clone, Debug)]
pub struct Inference {
    /// The expected behaviors.
    pub expected: Behaviors,
    /// The behavior of each handler, as inferred.
    pub behavior: KernelBehavior,
    /// The causes of differences. Their indices are the bits of [`Effect::Explained`].
    pub causes: Vec<Cause>,
    /// Explanations that no case distinguishes from the stated one, as changes by handler.
    pub alternatives: Vec<(Handler, Vec<Change>)>,
    /// Cases that were run.
    pub cases: u64,
    /// Those in which the kernel does not do as expected.
    pub differing: u64,
    /// Those of them that the causes explain.
    pub explained: u64,
    /// The rules that decided the cases.
    pub rules: RuleSet,
}

impl Inference {
    /// The number of cases that differ and that no cause explains.
    pub fn unexplained(&self) -> u64 {
        self.differing - self.explained
    }
}

/// What is known of one handler.
#[derive(Default)]
struct Knowledge {
    records: Vec<Record>,
    /// Explanations of all records; one that explains most if none explains all.
    explanations: Vec<Vec<Change>>,
    searches: u32,
    /// How many records there have to be for the next search.
    next: usize,
    is_complete: bool,
}

/// Infers how the kernel behind an oracle behaves. `cases` makes the cases; they are run a second time
/// if the kernel differs on any. `each` gets what each of them shows, in order. The oracle's own model
/// is not used.
pub fn infer<I: Iterator<Item = Case>>(
    oracle: &mut Oracle,
    cases: impl Fn() -> I,
    each: &mut dyn FnMut(&Case, Effect),
) -> Inference {
    let revision = *oracle.revision();
    let values = oracle.boundary_values().clone();
    let predictor = Predictor::new(oracle.runner().base(), revision);
    let expected = revision.behaviors;
    let behavior = KernelBehavior::uniform(expected);
    let model = Model::behaving(behavior);
    let known = BTreeMap::new();
    let rules = RuleSet::EMPTY;
    let mut inferring =
        Inferring { oracle, predictor, revision, values, expected, behavior, model, known, rules };
    let ran = inferring.learn(cases());
    if inferring.known.is_empty() {
        let mut run = 0;
        for (case, ran) in cases().zip(&ran) {
            run += u64::from(*ran);
            each(&case, if *ran { Effect::Expected } else { Effect::NotRun });
        }
        let tally = Tally { cases: run, ..Tally::new(expected, &behavior) };
        return inferring.inference(tally);
    }
    inferring.complete();
    inferring.unify();
    inferring.distinguish();
    inferring.choose();
    inferring.audit();
    inferring.verify(cases(), each)
}

struct Inferring<'a> {
    oracle: &'a mut Oracle,
    predictor: Predictor,
    revision: Revision,
    values: BoundaryValues,
    expected: Behaviors,
    behavior: KernelBehavior,
    model: Model,
    known: BTreeMap<Handler, Knowledge>,
    rules: RuleSet,
}

impl Inferring<'_> {
    fn handler(&self, case: &Case) -> Option<Handler> {
        let state = self.oracle.scene_state(case.scene)?;
        let handler = Handler::of(case.option, &state.socket());
        // An option that this revision does not have is unknown to it.
        let missing = handler == Handler::InfoOpt && !self.revision.info_opt;
        Some(if missing { Handler::UnknownOption } else { handler })
    }

    /// Runs cases in batches, and reports whether the model agrees on each; `None` if it was not run.
    fn batches(
        &mut self,
        mut cases: impl Iterator<Item = Case>,
        mut each: impl FnMut(&mut Self, &Case, Option<bool>),
    ) {
        let mut batch: Vec<(Case, Option<bool>)> = Vec::with_capacity(BATCH);
        loop {
            batch.clear();
            self.oracle.freshen();
            for case in cases.by_ref().take(BATCH) {
                let (model, rules) = (self.model, &mut self.rules);
                let agrees = self.oracle.agrees(&case, model, Scope::Around, rules);
                batch.push((case, agrees));
            }
            if batch.is_empty() {
                return;
            }
            let is_clean = self.oracle.sweep();
            for (case, agrees) in &mut batch {
                if !is_clean && *agrees == Some(true) {
                    let (model, rules) = (self.model, &mut self.rules);
                    *agrees = self.oracle.agrees(case, model, Scope::Whole, rules);
                }
                each(self, case, *agrees);
            }
        }
    }

    /// Finds explanations for what the cases show. Returns which of them were run.
    fn learn(&mut self, cases: impl Iterator<Item = Case>) -> Vec<bool> {
        let mut ran = Vec::new();
        self.batches(cases, |this, case, agrees| {
            ran.push(agrees.is_some());
            if agrees == Some(false) {
                this.study(case);
            }
        });
        ran
    }

    /// Makes a record of a case that the model does not predict, and searches for an explanation.
    fn study(&mut self, case: &Case) {
        let Some(handler) = self.handler(case) else { return };
        let known = self.known.entry(handler).or_default();
        if known.records.len() >= MOST_RECORDS || known.searches >= MOST_SEARCHES {
            return;
        }
        let Some(record) = self.oracle.record(case) else { return };
        let own = *self.behavior.of(handler);
        if self.fits(&record, &own) {
            return;
        }
        let known = self.known.entry(handler).or_default();
        known.records.push(record);
        if known.records.len() >= known.next {
            self.search(handler);
        }
    }

    fn fits(&mut self, record: &Record, behaviors: &Behaviors) -> bool {
        let state = self.oracle.scene_state(record.case.scene);
        state.is_some_and(|state| self.predictor.fits(record, &state.socket(), behaviors))
    }

    /// Searches for explanations of a handler's records, and takes the first.
    fn search(&mut self, handler: Handler) {
        let Some(mut known) = self.known.remove(&handler) else { return };
        known.searches += 1;
        let states = self.oracle.scene_states();
        let complete = self.known.values().filter(|known| known.is_complete);
        let mut others: Vec<Change> =
            complete.flat_map(|known| known.explanations.iter().flatten()).copied().collect();
        others.sort_unstable();
        others.dedup();
        others.retain(|(behavior, _)| handler.concerns(*behavior));
        let explanation =
            Search::new(&mut self.predictor, states, &known.records, self.expected, handler)
                .run(&others);
        known.is_complete = explanation.is_complete;
        // Without a complete one, more records are needed first.
        let records = known.records.len();
        known.next = if explanation.is_complete { records + 1 } else { records * 3 / 2 + 1 };
        known.explanations = explanation.changes;
        let first = known.explanations.first().cloned().unwrap_or_default();
        self.known.insert(handler, known);
        self.adopt(handler, &first);
    }

    fn adopt(&mut self, handler: Handler, changes: &[Change]) {
        self.behavior.set(handler, with(&self.expected, changes));
        self.model = Model::behaving(self.behavior);
    }

    /// Cases of a handler, from random numbers.
    fn cases_of(&self, handler: Handler, seed: u64) -> impl Iterator<Item = Case> + use<> {
        let values = self.values.clone();
        let options: Vec<i32> = handler.option().into_iter().collect();
        let mut random = fastrand::Rng::with_seed(seed);
        let one = move |_| generate::any_of(&mut random, &values, &options, 0);
        (0..TRIED).map(one).filter(Case::is_safe)
    }

    /// Searches again where records are not explained, with what other handlers have.
    fn complete(&mut self) {
        let incomplete = self.known.iter().filter(|(_, known)| !known.is_complete);
        let handlers: Vec<Handler> = incomplete.map(|(handler, _)| *handler).collect();
        handlers.into_iter().for_each(|handler| self.search(handler));
    }

    /// Adds explanations in which a behavior has the value that it has in another handler.
    fn unify(&mut self) {
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

    /// Withdraws changes of an incomplete explanation that are not right wherever they make a
    /// difference.
    fn audit(&mut self) {
        let incomplete = self.known.iter().filter(|(_, known)| !known.is_complete);
        let handlers: Vec<Handler> = incomplete.map(|(handler, _)| *handler).collect();
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
                let counts = match self.oracle.agrees(&case, model, Scope::Around, rules) {
                    Some(true) => &mut right,
                    Some(false) => &mut wrong,
                    None => continue,
                };
                affects.into_iter().for_each(|at| counts[at] += 1);
            }
            let sound =
                (0..changes.len()).filter(|at| right[*at] >= 8 && wrong[*at] * 100 < right[*at]);
            let sound: Vec<Change> = sound.map(|at| changes[at]).collect();
            self.adopt(handler, &sound);
            if let Some(known) = self.known.get_mut(&handler) {
                known.explanations = vec![sound];
            }
        }
    }

    /// Executes cases on which explanations differ, until no further one is found.
    fn distinguish(&mut self) {
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

    fn is_distinguishing(&mut self, handler: Handler, case: &Case) -> bool {
        let Some(state) = self.oracle.scene_state(case.scene) else { return false };
        let explanations = &self.known[&handler].explanations;
        let mut all = explanations.iter().map(|changes| with(&self.expected, changes));
        let Some(first) = all.next() else { return false };
        all.any(|other| self.predictor.differ(case, &state.socket(), [&first, &other]))
    }

    /// Of explanations that no case distinguishes, chooses the one whose changes other handlers have
    /// as well, then the one whose values are known best.
    fn choose(&mut self) {
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
                let evidence = |(behavior, value): &Change| {
                    behavior.values()[usize::from(*value)].evidence as u32
                };
                (std::cmp::Reverse(shared), changes.iter().map(evidence).sum::<u32>())
            });
            if let Some(first) = known.explanations.first().cloned() {
                self.adopt(handler, &first);
            }
        }
    }

    /// Runs all cases again, and states what each shows.
    fn verify(
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
        self.inference(Tally { causes, ..tally })
    }

    fn inference(self, tally: Tally) -> Inference {
        let Tally { causes, cases, differing, explained } = tally;
        let alternatives = self.known.iter().flat_map(|(handler, known)| {
            known.explanations.iter().skip(1).map(|changes| (*handler, changes.clone()))
        });
        Inference {
            expected: self.expected,
            behavior: self.behavior,
            causes,
            alternatives: alternatives.collect(),
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
            // The scene may have changed, so this is confirmed.
            let Some(record) = self.oracle.record(case) else { return Effect::NotRun };
            let [is_expected, is_own] = [self.expected, own].map(|it| self.fits(&record, &it));
            if is_expected {
                return Effect::Expected;
            }
            if !is_own {
                tally.differing += 1;
                return Effect::Unexplained;
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
struct Tally {
    causes: Vec<Cause>,
    cases: u64,
    differing: u64,
    explained: u64,
}

impl Tally {
    fn new(expected: Behaviors, behavior: &KernelBehavior) -> Tally {
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
        Tally { causes, cases: 0, differing: 0, explained: 0 }
    }
}
