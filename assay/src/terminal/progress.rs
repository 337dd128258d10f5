//! What a person sees while a command runs, on standard error.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use mptcp_harness::engines::check::Progress;

use crate::arguments::Format;
use crate::terminal::out;
use crate::terminal::style::{counted, grouped};

/// How often a line on a terminal changes.
const TICK: Duration = Duration::from_millis(100);

/// How often a line is written to a log.
const LINE: Duration = Duration::from_secs(5);

/// A line on a terminal that changes, or now and then a line in a log.
pub(crate) struct ProgressLine {
    bar: Option<ProgressBar>,
    quiet: bool,
}

/// What ends a run.
#[derive(Clone, Copy)]
pub(crate) struct Goal {
    pub(crate) time: Option<Duration>,
    pub(crate) cases: Option<u64>,
}

impl ProgressLine {
    /// A meter for standard error, whatever that is.
    pub(crate) fn new() -> ProgressLine {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(1000);
            let style = ProgressStyle::with_template("{bar:24} {msg}");
            style.map_or(bar.clone(), |style| bar.with_style(style))
        });
        ProgressLine { bar, quiet: false }
    }

    /// No line at all.
    pub(crate) fn quiet() -> ProgressLine {
        ProgressLine { bar: None, quiet: true }
    }

    /// A line for a command whose result has a format. On the console of a
    /// machine both go to one place, and a bar in front of KTAP makes none of it.
    pub(crate) fn beside(format: Format) -> ProgressLine {
        match format {
            Format::Ktap => ProgressLine::quiet(),
            _ => ProgressLine::new(),
        }
    }

    /// A step of the preparations.
    pub(crate) fn step(&self, what: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(format!("scenes: {what}"));
            bar.tick();
        }
    }

    /// Watches a run from a thread of its own, until `done`.
    pub(crate) fn watch(&self, progress: &Progress, goal: Goal, done: &AtomicBool) {
        let start = Instant::now();
        let mut last = start;
        while !done.load(Ordering::Acquire) {
            thread::sleep(TICK.min(Duration::from_millis(50)));
            let cases = progress.cases.load(Ordering::Relaxed);
            let elapsed = start.elapsed();
            let text = || line(progress, cases, elapsed);
            if let Some(bar) = &self.bar {
                bar.set_message(text());
                bar.set_position(permille(goal, cases, elapsed));
            } else if !self.quiet && last.elapsed() >= LINE {
                last = Instant::now();
                out::note(format_args!("assay: {}", text()));
            }
        }
    }

    /// Takes the line away.
    pub(crate) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn line(progress: &Progress, cases: u64, elapsed: Duration) -> String {
    let rate = cases as f64 / elapsed.as_secs_f64().max(0.001);
    let mut text = format!("{}, {}/s", counted(cases, "case"), grouped(rate as u64));
    for (count, what) in
        [(&progress.disagree, "disagree"), (&progress.inconclusive, "inconclusive")]
    {
        let count = count.load(Ordering::Relaxed);
        if count > 0 {
            text.push_str(&format!(", {} {what}", grouped(count)));
        }
    }
    text
}

/// How much of the nearest goal is reached, in thousandths.
fn permille(goal: Goal, cases: u64, elapsed: Duration) -> u64 {
    let time = goal.time.map(|time| elapsed.as_secs_f64() / time.as_secs_f64());
    let count = goal.cases.map(|all| cases as f64 / all as f64);
    let part = time.into_iter().chain(count).fold(0.0, f64::max);
    (part.clamp(0.0, 1.0) * 1000.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearer_goal_counts() {
        let goal = Goal { time: Some(Duration::from_secs(10)), cases: Some(100) };
        assert_eq!(permille(goal, 80, Duration::from_secs(2)), 800);
        assert_eq!(permille(goal, 0, Duration::from_secs(30)), 1000);
    }
}
