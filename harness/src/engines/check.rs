//! The engine of `assay check`: the lattice and random cases, alternating, with a street for each
//! job. [`run`] takes cases from another source.

use std::io;
use std::iter::Peekable;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use mptcp_emulator::Revision;
use mptcp_limits::{Need, Resource};

use crate::cases::boundary_values::BoundaryValues;
use crate::cases::generate;
use crate::cases::lattice;
use crate::cases::{Case, Entry, POISONS};
pub use crate::engines::outcome::{Compared, Counts, Outcome};
use crate::judge::finding::Finding;
use crate::model::Model;
use crate::oracle::BATCH;
use crate::oracle::{CaseVerdict, Oracle, SharedFixtures};
use crate::run::scene_states::SceneState;
use crate::watch::Watch;

/// Batches with one poison.
const BATCHES_A_POISON: u64 = 256;

/// The maximum number of findings that one job shrinks. More do not help to understand a kernel or
/// a model.
const MOST_SHRUNK: usize = 16;

/// The interval at which the main thread polls the jobs.
const LOOK: Duration = Duration::from_millis(10);

/// A disagreement that was confirmed this often is accepted without confirmation.
pub const SURE: u64 = 4;

/// The time limit for one shrinking, and the limit after the run's time is up.
const SHRINKING: Duration = Duration::from_millis(700);
const LAST_SHRINKING: Duration = Duration::from_millis(150);

/// What to check.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Time limit.
    pub time: Option<Duration>,
    /// Maximum number of cases.
    pub cases: Option<u64>,
    /// Options by number; empty means all.
    pub options: Vec<i32>,
    /// Random seed.
    pub seed: u64,
    /// Threads, each with a street of its own.
    pub jobs: usize,
    /// Whether to stop at the first finding.
    pub first: bool,
}

/// The progress of a running check.
#[derive(Debug, Default)]
pub struct Progress {
    /// Cases so far.
    pub cases: AtomicU64,
    /// Disagreements so far.
    pub disagree: AtomicU64,
    /// Cases without a verdict so far.
    pub inconclusive: AtomicU64,
    /// Set by another thread to end the check early.
    pub stop: AtomicBool,
}

/// Makes a watch for one oracle, if the kernel can be watched.
pub type Watching<'a> = &'a dyn Fn() -> Option<Box<dyn Watch>>;

/// The source of one job's cases.
pub trait Source {
    /// Puts the next cases into an empty batch, at most `size`; none at the end.
    fn fill(&mut self, size: usize, batch: &mut Vec<Case>);

    /// Whether the whole lattice was taken; `false` without a lattice.
    fn lattice_given(&mut self) -> bool {
        false
    }
}

/// The source of all cases.
pub trait Sources: Sync {
    /// The part of one job, given the number of jobs.
    fn source<'a>(
        &'a self,
        values: &'a BoundaryValues,
        job: u64,
        jobs: u64,
    ) -> Box<dyn Source + 'a>;
}

/// Runs a check: the lattice and random cases, alternating.
///
/// # Errors
/// If a street could not be mapped.
pub fn check(
    setting: &Setting,
    revision: Revision,
    fixtures: &SharedFixtures,
    model: Model,
    watching: Watching<'_>,
    progress: &Progress,
) -> io::Result<Outcome> {
    run(setting, &Alternating { setting }, (revision, fixtures, model), watching, progress)
}

/// Runs cases from any source. The settings that select cases are ignored.
///
/// # Errors
/// If a street could not be mapped, or a job could not be started. The other jobs are then stopped,
/// because the cases depend on the number of jobs.
pub fn run(
    setting: &Setting,
    sources: &dyn Sources,
    (revision, fixtures, model): (Revision, &SharedFixtures, Model),
    watching: Watching<'_>,
    progress: &Progress,
) -> io::Result<Outcome> {
    let start = Instant::now();
    let jobs = setting.jobs.max(1);
    let worker = |_| {
        let mut oracle = Oracle::new(fixtures, revision, model)?;
        if let Some(watch) = watching() {
            oracle.watch(watch);
        }
        let no_compat = oracle.compat().err();
        Ok(Worker {
            oracle,
            setting,
            progress,
            start,
            outcome: Outcome { no_compat, ..Outcome::default() },
            verdicts: Vec::with_capacity(BATCH),
        })
    };
    let workers = (0..jobs).map(worker).collect::<io::Result<Vec<_>>>()?;
    let mut outcome = thread::scope(|scope| {
        let mut running = Vec::with_capacity(jobs);
        for (job, worker) in (0..).zip(workers) {
            let work = move || worker.work(sources, job, jobs as u64);
            match thread::Builder::new().spawn_scoped(scope, work) {
                Ok(thread) => running.push(thread),
                Err(error) => {
                    progress.stop.store(true, Ordering::Relaxed);
                    return Err(not_started(job, jobs, &error));
                }
            }
        }
        // A thread that a faulty kernel killed never finishes, and joining it panics. The caller
        // has to end the process then.
        while !running.iter().all(|worker| worker.is_finished()) {
            thread::sleep(LOOK);
        }
        // A panic in a worker is a bug of this program, and must not look like fewer cases.
        let parts = running.into_iter().map(|worker| match worker.join() {
            Ok(part) => part,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        io::Result::Ok(parts.reduce(Outcome::merged).unwrap_or_default())
    })?;
    outcome.elapsed = start.elapsed();
    Ok(outcome)
}

/// Why the thread of a job could not be started.
fn not_started(job: u64, jobs: usize, error: &io::Error) -> io::Error {
    let need = Need {
        operation: &format!("starting the thread of job {} of {jobs}", job + 1),
        resource: Resource::Tasks,
        amount: jobs as u64,
        without: "Without all of them no case is compared",
        instead: "run with fewer jobs (--jobs)",
    };
    need.error(error)
}

struct Worker<'a> {
    oracle: Oracle,
    setting: &'a Setting,
    progress: &'a Progress,
    start: Instant,
    outcome: Outcome,
    /// Of the current batch.
    verdicts: Vec<CaseVerdict>,
}

impl Worker<'_> {
    fn work(mut self, sources: &dyn Sources, job: u64, jobs: u64) -> Outcome {
        let values = self.oracle.boundary_values().clone();
        let share = |all: u64| all / jobs + u64::from(job < all % jobs);
        let mut left = self.setting.cases.map_or(u64::MAX, share);
        let mut source = sources.source(&values, job, jobs);
        let mut batch = Vec::with_capacity(BATCH);
        while left > 0 && !self.over() && !values.scene_facts.is_empty() {
            batch.clear();
            source.fill(BATCH.min(usize::try_from(left).unwrap_or(BATCH)), &mut batch);
            if batch.is_empty() {
                break;
            }
            if self.outcome.lattice.is_none() && source.lattice_given() {
                self.outcome.lattice = Some(self.start.elapsed());
            }
            self.run(&batch);
            left -= batch.len() as u64;
        }
        self.outcome
    }

    fn over(&self) -> bool {
        self.progress.stop.load(Ordering::Relaxed)
            || self.setting.time.is_some_and(|time| self.start.elapsed() >= time)
    }

    fn run(&mut self, batch: &[Case]) {
        let mut verdicts = std::mem::take(&mut self.verdicts);
        let Outcome { findings, rules, .. } = &mut self.outcome;
        let sure = |signature: &str| findings.get(signature).is_some_and(|it| it.cases >= SURE);
        self.oracle.batch(batch, rules, Some(&sure), &mut verdicts);
        // Before shrinking, which takes time.
        let now = self.start.elapsed();
        for (case, verdict) in batch.iter().zip(verdicts.drain(..)) {
            self.count(case, verdict, now);
        }
        self.verdicts = verdicts;
        self.progress.cases.fetch_add(batch.len() as u64, Ordering::Relaxed);
    }

    #[inline]
    fn count(&mut self, case: &Case, verdict: CaseVerdict, now: Duration) {
        let option = if self.oracle.boundary_values().knows(case.option) { case.option } else { 0 };
        let group = self.oracle.scene_state(case.scene).map(SceneState::group);
        let Some(group) = group else {
            return;
        };
        let counts = self.outcome.table.entry((option, group)).or_default();
        let judged = !matches!(verdict, CaseVerdict::Inconclusive(_));
        if judged {
            self.outcome.compared.add(option, case.scene);
        }
        self.outcome.compat += u64::from(case.entry == Entry::Compat && judged);
        match verdict {
            CaseVerdict::Agree => counts.agree += 1,
            CaseVerdict::Unspecified => counts.unspecified += 1,
            CaseVerdict::Disagree(finding) => {
                counts.disagree += 1;
                self.keep(Finding { after: now, ..*finding });
            }
            CaseVerdict::Inconclusive(reason) => {
                counts.inconclusive += 1;
                self.progress.inconclusive.fetch_add(1, Ordering::Relaxed);
                *self.outcome.reasons.entry(reason).or_default() += 1;
            }
        }
    }

    fn keep(&mut self, finding: Finding) {
        self.progress.disagree.fetch_add(1, Ordering::Relaxed);
        if self.setting.first {
            self.progress.stop.store(true, Ordering::Relaxed);
        }
        let findings = &mut self.outcome.findings;
        if let Some(known) = findings.get_mut(&finding.diagnosis.signature) {
            known.cases += 1;
            return;
        }
        let finding = if findings.len() < MOST_SHRUNK {
            let now = Instant::now();
            let over = self.setting.time.map_or(now + SHRINKING, |time| self.start + time);
            let until = over.clamp(now + LAST_SHRINKING, now + SHRINKING);
            self.oracle.simplest(finding, until)
        } else {
            finding
        };
        let after = finding.after;
        for met in std::iter::once(finding).chain(self.oracle.take_met()) {
            let signature = met.diagnosis.signature.clone();
            self.outcome.findings.entry(signature).or_insert(Finding { after, ..met });
        }
    }
}

/// The lattice and random cases, alternating: each finds some things earlier than the other.
pub struct Alternating<'a> {
    /// Options and seed of the cases.
    pub setting: &'a Setting,
}

impl Sources for Alternating<'_> {
    fn source<'a>(
        &'a self,
        values: &'a BoundaryValues,
        job: u64,
        jobs: u64,
    ) -> Box<dyn Source + 'a> {
        let wanted = &self.setting.options;
        let lattice = (0..)
            .zip(lattice::order(values))
            .filter(move |(at, _)| at % jobs == job)
            .flat_map(|(_, facts)| lattice::of_all(values, facts))
            .filter(|case| wanted.is_empty() || wanted.contains(&case.option))
            .peekable();
        let random = fastrand::Rng::with_seed(self.setting.seed.wrapping_add(job));
        Box::new(Turn { lattice, random, values, wanted, batches: 0 })
    }
}

/// One job's part of [`Alternating`].
struct Turn<'a, I: Iterator<Item = Case>> {
    lattice: Peekable<I>,
    random: fastrand::Rng,
    values: &'a BoundaryValues,
    wanted: &'a [i32],
    batches: u64,
}

impl<I: Iterator<Item = Case>> Source for Turn<'_, I> {
    fn fill(&mut self, size: usize, batch: &mut Vec<Case>) {
        let poison =
            u8::try_from(self.batches / BATCHES_A_POISON % u64::from(POISONS)).unwrap_or(0);
        if self.batches.is_multiple_of(2) {
            let cases = self.lattice.by_ref().take(size);
            batch.extend(cases.map(|case| Case { poison, ..case }));
        }
        while batch.len() < size {
            batch.push(generate::any_of(&mut self.random, self.values, self.wanted, poison));
        }
        self.batches += 1;
    }

    fn lattice_given(&mut self) -> bool {
        self.lattice.peek().is_none()
    }
}
