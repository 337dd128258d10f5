//! Searches the smallest change of behaviors that predicts all records.

use std::time::{Duration, Instant};

use mptcp_emulator::rules::Options;
use mptcp_emulator::{Behavior, Behaviors};

use super::hypothesis::Predictor;
use crate::model::Handler;
use crate::oracle::Record;
use crate::run::scene_states::SceneStates;

/// A changed value: the behavior, and the number of the value.
pub type Change = (Behavior, u8);

/// The largest number of changes that are tried together.
const MOST_CHANGES: usize = 4;

/// The largest number of explanations of one size that are kept.
const MOST_EXPLANATIONS: usize = 32;

/// The largest number of changes of other handlers whose combinations are tried first.
const MOST_SHARED: usize = 10;

/// What a search came to.
pub(super) struct Explanation {
    /// Sets of changes of one size, each of which predicts the same records.
    pub(super) changes: Vec<Vec<Change>>,
    /// Whether they predict all records.
    pub(super) is_complete: bool,
}

/// The records of a handler, and the hypotheses about it.
pub(super) struct Search<'a> {
    predictor: &'a mut Predictor,
    states: &'a SceneStates,
    records: &'a [Record],
    base: Behaviors,
    /// Changes that alter the prediction of a record, and those that matter only with another one.
    singles: Vec<Change>,
    silent: Vec<Change>,
    /// For each record, the `singles` that alter its prediction.
    alters: Vec<Vec<usize>>,
    /// How long the search may take, and until when.
    limit: Duration,
    until: Instant,
}

/// The options of a handler, as behaviors name them.
pub(super) const fn options(handler: Handler) -> Options {
    match handler {
        Handler::Info => Options::Info,
        Handler::TcpInfo | Handler::SubflowAddrs => Options::Data,
        Handler::FullInfo => Options::FullInfo,
        Handler::InfoOpt => Options::InfoOpt,
        Handler::UnknownOption | Handler::OtherSocket => Options::Any,
    }
}

/// All single changes that concern a handler.
pub(super) fn singles(base: &Behaviors, handler: Handler) -> Vec<Change> {
    let of = |behavior: &Behavior| behavior.options().contains(&options(handler));
    let all = Behavior::ALL.iter().copied().filter(of);
    all.flat_map(|behavior| {
        let values = u8::try_from(behavior.values().len()).unwrap_or(u8::MAX);
        (0..values).filter(move |value| *value != base.get(behavior)).map(move |v| (behavior, v))
    })
    .collect()
}

/// Behaviors with some changes.
pub(super) fn with(base: &Behaviors, changes: &[Change]) -> Behaviors {
    changes.iter().fold(*base, |behaviors, (behavior, value)| behaviors.with(*behavior, *value))
}

impl<'a> Search<'a> {
    /// A search over these records that is given up after `limit`.
    pub(super) fn new(
        predictor: &'a mut Predictor,
        states: &'a SceneStates,
        records: &'a [Record],
        base: Behaviors,
        handler: Handler,
        limit: Duration,
    ) -> Search<'a> {
        let all = singles(&base, handler);
        let mut search = Search {
            predictor,
            states,
            records,
            base,
            singles: Vec::new(),
            silent: Vec::new(),
            alters: vec![Vec::new(); records.len()],
            limit,
            until: Instant::now() + limit,
        };
        let is_base: Vec<bool> = (0..records.len()).map(|at| search.fits(at, &base)).collect();
        let mut scored = Vec::new();
        for change in all {
            let changed = with(&base, &[change]);
            let altered: Vec<usize> = (0..records.len())
                .filter(|at| {
                    let case = &records[*at].case;
                    states.get(case.scene).is_some_and(|state| {
                        search.predictor.differ(case, &state.socket(), [&base, &changed])
                    })
                })
                .collect();
            if altered.is_empty() {
                if change.0 == Behavior::OverRead {
                    search.silent.push(change);
                }
            } else {
                let wrong = altered.iter().filter(|at| !is_base[**at]);
                let gain = wrong.filter(|at| search.fits(**at, &changed)).count();
                scored.push((std::cmp::Reverse(gain), change, altered));
            }
        }
        // Changes that explain many records alone are tried first.
        scored.sort();
        for (_, change, altered) in scored {
            altered.iter().for_each(|at| search.alters[*at].push(search.singles.len()));
            search.singles.push(change);
        }
        search
    }

    fn fits(&mut self, at: usize, behaviors: &Behaviors) -> bool {
        let record = &self.records[at];
        let state = self.states.get(record.case.scene);
        state.is_some_and(|state| self.predictor.fits(record, &state.socket(), behaviors))
    }

    /// The first record that a set of changes does not predict.
    fn first_wrong(&mut self, changes: &[Change]) -> Option<usize> {
        let behaviors = with(&self.base, changes);
        (0..self.records.len()).find(|at| !self.fits(*at, &behaviors))
    }

    /// The smallest subset of some changes, which are sorted, that predicts all records.
    fn subset(&mut self, of: &[Change]) -> Option<Vec<Change>> {
        let is_one_of_each = |changes: &Vec<Change>| {
            changes.windows(2).all(|pair| matches!(pair, [one, other] if one.0 != other.0))
        };
        let mut subsets: Vec<Vec<Change>> = (0..1_u32 << of.len().min(MOST_SHARED))
            .map(|bits| {
                let taken = of.iter().enumerate().filter(|(bit, _)| bits & (1 << bit) != 0);
                taken.map(|(_, change)| *change).collect()
            })
            .filter(is_one_of_each)
            .collect();
        subsets.sort_by_key(Vec::len);
        subsets.into_iter().find(|changes| self.first_wrong(changes).is_none())
    }

    /// The smallest sets of changes that predict all records; else the set that predicts most. A
    /// set of the changes that other handlers have is taken first.
    pub(super) fn run(&mut self, others: &[Change]) -> Explanation {
        if let Some(changes) = self.subset(others) {
            return Explanation { changes: vec![changes], is_complete: true };
        }
        for size in 0..=MOST_CHANGES {
            let mut found = Vec::new();
            self.extend(&mut Vec::new(), size, &mut found);
            if !found.is_empty() {
                return Explanation { changes: found, is_complete: true };
            }
            if Instant::now() > self.until {
                break;
            }
        }
        Explanation { changes: vec![self.partial()], is_complete: false }
    }

    /// Adds to `found` all sets of `left` more changes that predict all records. Each further change
    /// has to alter the first record that is not predicted, or must alter none alone.
    fn extend(&mut self, changes: &mut Vec<Change>, left: usize, found: &mut Vec<Vec<Change>>) {
        let Some(wrong) = self.first_wrong(changes) else {
            if left == 0 {
                let mut sorted = changes.clone();
                sorted.sort_unstable();
                if !found.contains(&sorted) {
                    // Others of this size are only needed if they are found soon.
                    self.until = self.until.min(Instant::now() + self.limit / 4);
                    found.push(sorted);
                }
            }
            return;
        };
        if left == 0 {
            return;
        }
        let mut next: Vec<Change> = self.alters[wrong].iter().map(|at| self.singles[*at]).collect();
        if left > 1 || !changes.is_empty() {
            next.extend_from_slice(&self.silent);
        }
        for change in next {
            if found.len() >= MOST_EXPLANATIONS || Instant::now() > self.until {
                return;
            }
            if changes.iter().any(|(behavior, _)| *behavior == change.0) {
                continue;
            }
            changes.push(change);
            self.extend(changes, left - 1, found);
            changes.pop();
        }
    }

    /// Changes of which each is right wherever it makes a difference, as many as there are.
    fn partial(&mut self) -> Vec<Change> {
        let mut changes: Vec<Change> = Vec::new();
        loop {
            let behaviors = with(&self.base, &changes);
            let now: Vec<bool> =
                (0..self.records.len()).map(|at| self.fits(at, &behaviors)).collect();
            let mut best: Option<(usize, Change)> = None;
            for index in 0..self.singles.len() {
                let change = self.singles[index];
                if changes.iter().any(|(behavior, _)| *behavior == change.0) {
                    continue;
                }
                let changed = with(&behaviors, &[change]);
                let altered: Vec<usize> = (0..self.records.len())
                    .filter(|at| {
                        let case = &self.records[*at].case;
                        self.states.get(case.scene).is_some_and(|state| {
                            let both = [&behaviors, &changed];
                            self.predictor.differ(case, &state.socket(), both)
                        })
                    })
                    .collect();
                let is_right = altered.iter().all(|at| self.fits(*at, &changed));
                let gain = altered.iter().filter(|at| !now[**at]).count();
                if is_right && gain > best.map_or(0, |(most, _)| most) {
                    best = Some((gain, change));
                }
            }
            match best {
                Some((_, change)) => changes.push(change),
                None => return changes,
            }
        }
    }
}
