//! Finds explanations, driven by cases.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use mptcp_emulator::{Behaviors, Revision, RuleSet};

use super::contents::ContentsCause;
use super::hypothesis::Predictor;
use super::search::{Change, Search, with};
use crate::cases::boundary_values::BoundaryValues;
use crate::cases::{Case, generate};
use crate::model::{Handler, KernelBehavior, Model};
use crate::oracle::{BATCH, Oracle, Record};
use crate::run::runner::Scope;

/// The largest number of records of a handler.
const MOST_RECORDS: usize = 160;

/// How long all searches for one handler may take: each may take half of what is left, as one that
/// finds nothing uses all that it has.
const SEARCH_TIME: Duration = Duration::from_secs(4);

/// How many cases are tried to distinguish explanations, and how many of them are executed.
pub(super) const TRIED: u32 = 12_000;
pub(super) const EXECUTED: u32 = 48;

/// What is known of one handler.
pub(super) struct Knowledge {
    pub(super) records: Vec<Record>,
    /// Explanations of all records; one that explains most if none explains all.
    pub(super) explanations: Vec<Vec<Change>>,
    /// What is left of the time for searches.
    time_left: Duration,
    /// How many records there have to be for the next search.
    next: usize,
    pub(super) is_complete: bool,
}

impl Default for Knowledge {
    fn default() -> Knowledge {
        Knowledge {
            records: Vec::new(),
            explanations: Vec::new(),
            time_left: SEARCH_TIME,
            next: 0,
            is_complete: false,
        }
    }
}

/// An inference on its way.
pub(super) struct Inferring<'a> {
    pub(super) oracle: &'a mut Oracle,
    pub(super) predictor: Predictor,
    pub(super) revision: Revision,
    pub(super) values: BoundaryValues,
    pub(super) expected: Behaviors,
    pub(super) behavior: KernelBehavior,
    pub(super) model: Model,
    pub(super) known: BTreeMap<Handler, Knowledge>,
    pub(super) rules: RuleSet,
    pub(super) contents: Vec<ContentsCause>,
}

impl Inferring<'_> {
    pub(super) fn handler(&self, case: &Case) -> Option<Handler> {
        let state = self.oracle.scene_state(case.scene)?;
        let handler = Handler::of(case.option, &state.socket());
        // An option that this revision does not have is unknown to it.
        let missing = handler == Handler::InfoOpt && !self.revision.info_opt;
        Some(if missing { Handler::UnknownOption } else { handler })
    }

    /// Runs cases in batches, and reports whether the model agrees on each; `None` if it was not run.
    pub(super) fn batches(
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
    pub(super) fn learn(&mut self, cases: impl Iterator<Item = Case>) -> Vec<bool> {
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
        if known.records.len() >= MOST_RECORDS || known.time_left.is_zero() {
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

    pub(super) fn fits(&mut self, record: &Record, behaviors: &Behaviors) -> bool {
        let state = self.oracle.scene_state(record.case.scene);
        state.is_some_and(|state| self.predictor.fits(record, &state.socket(), behaviors))
    }

    /// Searches for explanations of a handler's records, and takes the first.
    pub(super) fn search(&mut self, handler: Handler) {
        let Some(mut known) = self.known.remove(&handler) else { return };
        let start = Instant::now();
        let states = self.oracle.scene_states();
        let complete = self.known.values().filter(|known| known.is_complete);
        let mut others: Vec<Change> =
            complete.flat_map(|known| known.explanations.iter().flatten()).copied().collect();
        others.sort_unstable();
        others.dedup();
        others.retain(|(behavior, _)| handler.concerns(*behavior));
        let limit = known.time_left / 2;
        let explanation =
            Search::new(&mut self.predictor, states, &known.records, self.expected, handler, limit)
                .run(&others);
        known.time_left = known.time_left.saturating_sub(start.elapsed());
        known.is_complete = explanation.is_complete;
        // Without a complete one, more records are needed first.
        let records = known.records.len();
        known.next = if explanation.is_complete { records + 1 } else { records * 3 / 2 + 1 };
        known.explanations = explanation.changes;
        let first = known.explanations.first().cloned().unwrap_or_default();
        self.known.insert(handler, known);
        self.adopt(handler, &first);
    }

    pub(super) fn adopt(&mut self, handler: Handler, changes: &[Change]) {
        self.behavior.set(handler, with(&self.expected, changes));
        self.model = Model::behaving(self.behavior);
    }

    /// Cases of a handler, from random numbers.
    pub(super) fn cases_of(
        &self,
        handler: Handler,
        seed: u64,
    ) -> impl Iterator<Item = Case> + use<> {
        let values = self.values.clone();
        let options: Vec<i32> = handler.option().into_iter().collect();
        let mut random = fastrand::Rng::with_seed(seed);
        let one = move |_| generate::any_of(&mut random, &values, &options, 0);
        (0..TRIED).map(one).filter(Case::is_safe)
    }
}
