//! The part of a review inside a machine: judges all cases on the running kernel.
//!
//! `assay guest-run` reads a [`Request`] and writes a [`GuestRun`] to standard output.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use clap::Args;
use mptcp_emulator::RuleSet;
use mptcp_harness::cases::{Case, codec};
use mptcp_harness::judge::finding::{Finding, diagnose, hex};
use mptcp_harness::kernel::Kernel;
use mptcp_harness::model::Model;
use mptcp_harness::oracle::{BATCH, CaseVerdict, Oracle};
use mptcp_harness::scenes::{self, Fixtures, Scene};
use mptcp_harness::verdict::Status;

use super::guest_run::{
    ABSENT, AGREE, DISAGREE, Disagreement, FAR, GuestRun, NONE, Request, RevisionFacts, SceneFacts,
    cases,
};
use super::remote_examination::RemoteExamination;
use crate::report::coverage::Coverage;
use crate::session::kernel_log::watching;
use crate::terminal::out;

/// A disagreement that was confirmed this often is accepted without confirmation.
const SURE: u64 = 4;
/// How many kinds of disagreement are shrunk, and for how long each.
const MOST_SHRUNK: usize = 16;
const SHRINKING: Duration = Duration::from_millis(1500);
/// How often the progress is reported.
const REPORT_EVERY: Duration = Duration::from_millis(400);

/// The command line of `assay guest-run`.
#[derive(Args, Debug)]
pub(crate) struct GuestArgs {
    /// A file with the request, in JSON
    #[arg(value_name = "FILE")]
    request: PathBuf,
}

/// Runs the command.
pub(crate) fn run(args: &GuestArgs) -> Result<Status, String> {
    let text = std::fs::read_to_string(&args.request)
        .map_err(|error| format!("{}: {error}", args.request.display()))?;
    let mut request: Request = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let enclosure = scenes::enter();
    let wanted = |scene: &Scene| request.scenes.contains(&scene.id);
    let fixtures = Fixtures::build(&enclosure, wanted, &mut |_| ());
    let kernel = Kernel::running(fixtures.sizes());
    let scenes = fixtures.scenes().map(|scene| SceneFacts::of(scene, &fixtures)).collect();
    let coverage = Coverage::of(&fixtures);
    let oracle = Oracle::new(&Arc::new(Mutex::new(fixtures)), kernel.revision, Model::documented());
    let mut oracle = oracle.map_err(|error| error.to_string())?;
    if let Some(watch) = watching() {
        oracle.watch(watch);
    }
    let compat = oracle.compat().is_ok();
    let revision = RevisionFacts::of(&kernel.revision).with_compat(compat);
    if request.kernels.is_empty() {
        request.kernels.push(revision.clone());
    }
    let mut examiner = Examiner::new(oracle);
    examiner.walk(&request)?;
    let exhibits = cases(&request.exhibits)?
        .iter()
        .map(|case| examiner.exhibit(case))
        .collect::<Result<_, String>>()?;
    let run = GuestRun {
        release: kernel.release,
        revision,
        notes: kernel.notes,
        scenes,
        skipped: coverage.skipped_scenes,
        impossible: coverage.impossible_scenes,
        verdicts: examiner.verdicts,
        disagreements: examiner.disagreements,
        reasons: examiner.reasons,
        unreproduced: examiner.unreproduced,
        rules: examiner.rules.iter().map(|rule| rule.name().to_owned()).collect(),
        exhibits,
    };
    out::line(out::json(&run)?)?;
    Ok(Status::Agree)
}

struct Examiner {
    oracle: Oracle,
    rules: RuleSet,
    verdicts: Vec<(u32, u64)>,
    disagreements: Vec<Disagreement>,
    /// Where in `disagreements` a signature is.
    known: BTreeMap<String, u32>,
    reasons: BTreeMap<String, u64>,
    unreproduced: u64,
}

impl Examiner {
    fn new(oracle: Oracle) -> Examiner {
        Examiner {
            oracle,
            rules: RuleSet::EMPTY,
            verdicts: Vec::new(),
            disagreements: Vec::new(),
            known: BTreeMap::new(),
            reasons: BTreeMap::new(),
            unreproduced: 0,
        }
    }

    /// Judges all cases of the case_list.
    fn walk(&mut self, request: &Request) -> Result<(), String> {
        let case_list = request.case_list()?;
        let mut cases = case_list.cases();
        let mut batch: Vec<Case> = Vec::with_capacity(BATCH);
        let mut verdicts = Vec::with_capacity(BATCH);
        let (mut done, mut reported) = (0, Instant::now());
        loop {
            batch.clear();
            batch.extend(cases.by_ref().take(BATCH));
            if batch.is_empty() {
                return Ok(());
            }
            let (known, seen) = (&self.known, &self.disagreements);
            let sure = |signature: &str| {
                let at = known.get(signature).and_then(|at| seen.get(*at as usize));
                at.is_some_and(|known| known.cases >= SURE)
            };
            self.oracle.batch(&batch, &mut self.rules, Some(&sure), &mut verdicts);
            for verdict in verdicts.drain(..) {
                let code = self.code(verdict);
                match self.verdicts.last_mut() {
                    Some((last, run)) if *last == code => *run += 1,
                    _ => self.verdicts.push((code, 1)),
                }
            }
            done += batch.len();
            if reported.elapsed() > REPORT_EVERY {
                reported = Instant::now();
                out::note(format_args!("{FAR}{done}"));
            }
        }
    }

    fn code(&mut self, verdict: CaseVerdict) -> u32 {
        match verdict {
            CaseVerdict::Agree | CaseVerdict::Unspecified => AGREE,
            CaseVerdict::Inconclusive(reason) => {
                *self.reasons.entry(reason.text().to_owned()).or_default() += 1;
                self.unreproduced += u64::from(reason.is_unreproduced());
                if reason.is_absent() { ABSENT } else { NONE }
            }
            CaseVerdict::Disagree(finding) => DISAGREE + self.keep(*finding),
        }
    }

    /// Counts a finding: its number.
    fn keep(&mut self, finding: Finding) -> u32 {
        if let Some(at) = self.known.get(&finding.diagnosis.signature) {
            if let Some(known) = self.disagreements.get_mut(*at as usize) {
                known.cases += 1;
            }
            return *at;
        }
        let simplest = if self.disagreements.len() < MOST_SHRUNK {
            self.oracle.simplest(finding.clone(), Instant::now() + SHRINKING)
        } else {
            finding
        };
        let number = self.enter(&simplest);
        // What was met on the way belongs to no case of the case_list.
        for met in self.oracle.take_met() {
            if !self.known.contains_key(&met.diagnosis.signature) {
                self.enter(&met);
            }
        }
        number
    }

    fn enter(&mut self, finding: &Finding) -> u32 {
        let number = u32::try_from(self.disagreements.len()).unwrap_or(u32::MAX - DISAGREE);
        self.known.insert(finding.diagnosis.signature.clone(), number);
        self.disagreements.push(Disagreement::of(finding));
        number
    }

    /// One case with everything.
    fn exhibit(&mut self, case: &Case) -> Result<RemoteExamination, String> {
        let digits = hex(&codec::encode(case));
        self.oracle.freshen();
        let subflows = self.oracle.scene_state(case.scene).map_or(0, |actor| actor.subflows());
        let Some(examination) = self.oracle.examine(case, true) else {
            return Ok(RemoteExamination::absent(digits));
        };
        let complaint = self.oracle.runner().complaint();
        let diagnosis = diagnose(case, self.oracle.revision(), subflows, &examination);
        Ok(RemoteExamination::of(digits, subflows, &examination, diagnosis, complaint))
    }
}
