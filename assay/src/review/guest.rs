//! The part of a review inside a machine: judges all cases on the running kernel.
//!
//! `assay guest-run` reads a [`Request`] and writes a [`GuestRun`] to standard output.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use clap::Args;
use mptcp_emulator::RuleSet;
use mptcp_harness::cases::{Case, codec};
use mptcp_harness::engines::check::SURE;
use mptcp_harness::infer::{Cause, Effect, infer};
use mptcp_harness::judge::finding::{Finding, diagnose, hex};
use mptcp_harness::kernel::Kernel;
use mptcp_harness::model::Model;
use mptcp_harness::oracle::{BATCH, CaseVerdict, Oracle};
use mptcp_harness::scenes::{self, Fixtures, Scene};
use mptcp_harness::verdict::Status;

use super::guest_run::{
    ABSENT, AGREE, DISAGREE, Disagreement, FAR, GuestCause, GuestRun, NONE, Request, RevisionFacts,
    SceneFacts, cases,
};
use super::remote_examination::RemoteExamination;
use crate::report::causes::{CauseData, alternatives};
use crate::report::coverage::Coverage;
use crate::session::kernel_log::watching;
use crate::terminal::out;

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
        causes: examiner.causes,
        contents: examiner.contents,
        alternatives: examiner.alternatives,
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
    causes: Vec<GuestCause>,
    contents: Vec<CauseData>,
    alternatives: Vec<String>,
}

impl GuestCause {
    fn of(cause: &Cause) -> GuestCause {
        GuestCause {
            behavior: cause.behavior.name().to_owned(),
            value: cause.behavior.values()[usize::from(cause.value)].name.to_owned(),
            noticed: cause.noticed.into(),
            simplest: cause.simplest.map(|case| hex(&codec::encode(&case))),
        }
    }
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
            causes: Vec::new(),
            contents: Vec::new(),
            alternatives: Vec::new(),
        }
    }

    /// Judges all cases of the list: infers how the kernel behaves, and diagnoses what that does not
    /// explain.
    fn walk(&mut self, request: &Request) -> Result<(), String> {
        let case_list = request.case_list()?;
        let all = case_list.parts().all();
        let progress = Cell::new((0, Instant::now()));
        let step = |_: &Case| {
            let (done, reported) = progress.get();
            let is_due = reported.elapsed() > REPORT_EVERY && done < all;
            if is_due {
                out::note(format_args!("{FAR}{done}"));
            }
            progress.set((done + 1, if is_due { Instant::now() } else { reported }));
        };
        let mut effects = Vec::new();
        let cases = || case_list.cases().inspect(step);
        let inference =
            infer(&mut self.oracle, cases, &mut |_, effect: Effect| effects.push(effect));
        self.rules.extend(inference.rules);
        self.alternatives = alternatives(&inference);
        self.causes = inference.causes.iter().map(GuestCause::of).collect();
        self.contents = inference.contents.iter().map(CauseData::of_contents).collect();
        let complaints = self.oracle.take_met();
        let complaints: BTreeMap<Vec<u8>, u32> =
            complaints.iter().map(|met| (codec::encode(&met.case), self.enter(met))).collect();
        let (mut agree, mut at) = (RuleSet::EMPTY, 0);
        for (case, effect) in case_list.cases().zip(effects) {
            at += 1;
            let complaint = match complaints.is_empty() {
                true => None,
                false => complaints.get(&codec::encode(&case)),
            };
            let code = match (complaint, effect) {
                (Some(number), _) => DISAGREE + number,
                (None, Effect::Expected) => AGREE,
                (None, Effect::Explained(bits)) => DISAGREE + self.explain(&case, bits),
                (None, Effect::Unexplained | Effect::NotRun) => {
                    if at % BATCH == 0 {
                        self.oracle.freshen();
                    }
                    let (known, seen) = (&self.known, &self.disagreements);
                    let sure = |signature: &str| {
                        let at = known.get(signature).and_then(|at| seen.get(*at as usize));
                        at.is_some_and(|known| known.cases >= SURE)
                    };
                    let verdict = self.oracle.quick(&case, &mut agree, Some(&sure));
                    self.code(verdict)
                }
            };
            match self.verdicts.last_mut() {
                Some((last, run)) if *last == code => *run += 1,
                _ => self.verdicts.push((code, 1)),
            }
        }
        Ok(())
    }

    /// Counts a case that causes explain, a bit for each: the number of the disagreement.
    fn explain(&mut self, case: &Case, bits: u64) -> u32 {
        let has = |bit: &usize| bits.checked_shr(*bit as u32).is_some_and(|bits| bits & 1 != 0);
        let first = self.causes.len();
        let causes: Vec<usize> = (0..first).filter(has).collect();
        let contents: Vec<usize> =
            (0..self.contents.len()).filter(|at| has(&(first + at))).collect();
        let signature = format!("causes {causes:?} {contents:?}");
        if let Some(at) = self.known.get(&signature) {
            if let Some(known) = self.disagreements.get_mut(*at as usize) {
                known.cases += 1;
            }
            return *at;
        }
        let number = u32::try_from(self.disagreements.len()).unwrap_or(u32::MAX - DISAGREE);
        self.known.insert(signature.clone(), number);
        self.disagreements.push(Disagreement {
            signature,
            summary: String::new(),
            rule: None,
            console: None,
            kept: None,
            case: hex(&codec::encode(case)),
            cases: 1,
            causes,
            contents,
        });
        number
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
