//! The inside of a review: what one kernel does with an agenda of cases, as data
//! that another process compares.
//!
//! `assay guest-run` runs in the machine, reads a [`Request`] and writes a [`GuestRun`]
//! to standard output.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use clap::Args;
use mptcp_emulator::{Revision, RuleSet, Verification};
use mptcp_harness::cases::Case;
use mptcp_harness::cases::codec;
use mptcp_harness::engines::case_list::{CaseList, scene_facts};
use mptcp_harness::judge::finding::{Finding, diagnose, hex};
use mptcp_harness::kernel::Kernel;
use mptcp_harness::model::Model;
use mptcp_harness::oracle::BATCH;
use mptcp_harness::oracle::{CaseVerdict, Oracle};
use mptcp_harness::scenes::{self, Fixtures, Kind, Scene};
use serde::{Deserialize, Serialize};

use super::remote_examination::RemoteExamination;
use crate::report::coverage::{Coverage, SkippedScene};
use crate::session::kernel_log::watching;
use crate::session::stored_cases;
use crate::terminal::out;
use mptcp_harness::verdict::Status;

/// A disagreement that was made sure of so often is believed from then on.
const SURE: u64 = 4;
/// How many kinds of disagreement are shrunk, and for how long each.
const MOST_SHRUNK: usize = 16;
const SHRINKING: Duration = Duration::from_millis(1500);
/// Subflows of a scene whose contents are told.
const MOST_SUBFLOWS: usize = 3;
/// How often it is told how far the survey is.
const TELL: Duration = Duration::from_millis(400);
/// What a line on standard error begins with that tells it.
pub(crate) const FAR: &str = "surveyed ";

/// The hidden subcommand that runs in a machine.
pub(crate) const COMMAND: &str = "guest-run";

/// The command line of `assay guest-run`.
#[derive(Args, Debug)]
pub(crate) struct SurveyArgs {
    /// A file with the request, in JSON
    #[arg(value_name = "FILE")]
    request: PathBuf,
}

/// What to do.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Request {
    /// What the kernels of the review are like; where that is not known yet, cases
    /// are made for the one that they are made on.
    pub(crate) kernels: Vec<RevisionFacts>,
    /// Options by number; all where this is empty.
    pub(crate) options: Vec<i32>,
    /// Scenes by number.
    pub(crate) scenes: Vec<u8>,
    /// How many cases are made.
    pub(crate) cases: u64,
    pub(crate) seed: u64,
    /// Stored cases, as hexadecimal digits.
    pub(crate) stored: Vec<String>,
    /// Cases to be told with everything.
    pub(crate) exhibits: Vec<String>,
}

impl Request {
    /// The cases that are meant.
    pub(crate) fn agenda(&self) -> Result<CaseList, String> {
        let scene_facts = scene_facts(|scene| self.scenes.contains(&scene.id));
        let revisions: Vec<Revision> =
            self.kernels.iter().map(RevisionFacts::revision).collect::<Result<_, _>>()?;
        let mut boundary_values = CaseList::boundary_values(&scene_facts, &revisions);
        let compat = self.kernels.iter().all(|kernel| kernel.compat);
        boundary_values.iter_mut().for_each(|palette| palette.compat = compat);
        Ok(CaseList {
            boundary_values,
            options: self.options.clone(),
            cases: self.cases,
            seed: self.seed,
            stored: cases(&self.stored)?,
        })
    }
}

/// Cases of hexadecimal digits.
fn cases(stored: &[String]) -> Result<Vec<Case>, String> {
    stored.iter().map(|digits| stored_cases::from_hex(digits).case).collect()
}

/// A revision as far as it is not known by its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RevisionFacts {
    name: String,
    tcp_info: u32,
    mptcp_info: u32,
    info_opt: bool,
    /// Whether a kernel of this very release was compared before.
    #[serde(default)]
    ran: bool,
    /// Whether the kernel takes the calls of 32-bit programs.
    #[serde(default)]
    compat: bool,
}

impl RevisionFacts {
    /// Of a revision, without the calls of 32-bit programs.
    pub(crate) fn of(revision: &Revision) -> RevisionFacts {
        RevisionFacts {
            name: revision.name.to_owned(),
            tcp_info: revision.tcp_info,
            mptcp_info: revision.mptcp_info,
            info_opt: revision.info_opt,
            ran: matches!(revision.verification, Verification::Compared(_)),
            compat: false,
        }
    }

    /// Whether the same cases are of interest to both.
    pub(crate) fn alike(&self, other: &RevisionFacts) -> bool {
        let sizes = |one: &RevisionFacts| (one.tcp_info, one.mptcp_info, one.info_opt);
        sizes(self) == sizes(other) && self.compat == other.compat
    }

    /// The revision.
    pub(crate) fn revision(&self) -> Result<Revision, String> {
        let known = Revision::named(&self.name);
        let known = known.map(|known| if self.ran { known } else { known.unverified() });
        let known = known.ok_or_else(|| format!("no revision is called {:?}", self.name))?;
        let revision = known.with_sizes(self.tcp_info, self.mptcp_info);
        Ok(if self.info_opt { revision.with_info_opt() } else { revision })
    }
}

/// What a kernel did.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct GuestRun {
    /// As `uname -r` has it.
    pub(crate) release: String,
    pub(crate) revision: RevisionFacts,
    pub(crate) notes: Vec<String>,
    pub(crate) scenes: Vec<SceneFacts>,
    pub(crate) skipped: Vec<SkippedScene>,
    /// Scenes that the kernel's release cannot have.
    #[serde(default)]
    pub(crate) impossible: Vec<SkippedScene>,
    /// A verdict for each case of the agenda, in runs: what, and how many in a row.
    pub(crate) verdicts: Vec<(u32, u64)>,
    /// What model and kernel disagreed on; [`DISAGREE`] and more in `verdicts`.
    pub(crate) disagreements: Vec<Disagreement>,
    /// Why cases have no verdict, and how many.
    pub(crate) reasons: BTreeMap<String, u64>,
    /// Those of them in which something was seen that did not show again.
    pub(crate) unreproduced: u64,
    /// The rules that fired, by name.
    pub(crate) rules: Vec<String>,
    pub(crate) exhibits: Vec<RemoteExamination>,
}

impl GuestRun {
    /// Of a kernel of which only this is known.
    #[cfg(test)]
    pub(crate) fn empty(revision: Revision) -> GuestRun {
        GuestRun {
            release: String::new(),
            revision: RevisionFacts::of(&revision),
            notes: Vec::new(),
            scenes: Vec::new(),
            skipped: Vec::new(),
            impossible: Vec::new(),
            verdicts: Vec::new(),
            disagreements: Vec::new(),
            reasons: BTreeMap::new(),
            unreproduced: 0,
            rules: Vec::new(),
            exhibits: Vec::new(),
        }
    }

    /// Whether a scene stands there.
    pub(crate) fn stands(&self, scene: u8) -> bool {
        self.scenes.iter().any(|facts| facts.id == scene)
    }

    /// One of a kernel like it of which nothing more is known.
    pub(crate) fn without_verdicts(&self) -> GuestRun {
        GuestRun {
            verdicts: Vec::new(),
            disagreements: Vec::new(),
            reasons: BTreeMap::new(),
            unreproduced: 0,
            rules: Vec::new(),
            exhibits: Vec::new(),
            ..self.clone()
        }
    }
}

/// The verdicts; from [`DISAGREE`] on, the number of a disagreement.
pub(crate) const AGREE: u32 = 0;
pub(crate) const NONE: u32 = 1;
/// Something that the case needs is not available, such as its scene.
pub(crate) const ABSENT: u32 = 2;
pub(crate) const DISAGREE: u32 = 3;

/// One kind of disagreement.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Disagreement {
    pub(crate) signature: String,
    pub(crate) summary: String,
    pub(crate) rule: Option<String>,
    /// What the kernel complained of, as on its console.
    pub(crate) console: Option<String>,
    /// The known contradiction that it has no part in: it does as is promised.
    #[serde(default)]
    pub(crate) kept: Option<String>,
    /// The simplest case.
    pub(crate) case: String,
    pub(crate) cases: u64,
}

impl Disagreement {
    fn of(finding: &Finding) -> Disagreement {
        let diagnosis = &finding.diagnosis;
        Disagreement {
            signature: diagnosis.signature.clone(),
            summary: diagnosis.summary.clone(),
            rule: diagnosis.rule.map(|rule| rule.name().to_owned()),
            console: diagnosis.complaint.as_ref().map(|said| said.excerpt.clone()),
            kept: diagnosis.contradiction.map(|known| known.name.to_owned()),
            case: hex(&codec::encode(&finding.case)),
            cases: finding.cases,
        }
    }
}

/// A scene that stands: what it holds, as sock_diag and its maker tell it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SceneFacts {
    pub(crate) id: u8,
    /// Subflows that are listed; `None` where the options are refused.
    #[serde(default)]
    pub(crate) subflows: Option<u32>,
    /// `struct mptcp_info`, in hexadecimal digits with `..` for what is open; empty
    /// where the options are refused.
    pub(crate) info: String,
    /// `struct tcp_info` of the first subflows, likewise.
    pub(crate) tcp_info: Vec<String>,
    /// `struct mptcp_subflow_info` of the same.
    pub(crate) subflow_info: Vec<String>,
}

impl SceneFacts {
    fn of(scene: &Scene, stage: &Fixtures) -> SceneFacts {
        let mut facts = SceneFacts {
            id: scene.id,
            subflows: None,
            info: String::new(),
            tcp_info: Vec::new(),
            subflow_info: Vec::new(),
        };
        if let Some(Kind::Mptcp { info, subflows }) =
            stage.expected(scene.id).map(|portrait| &portrait.kind)
        {
            facts.subflows = u32::try_from(subflows.len()).ok();
            facts.info = digits(info);
            let some = || subflows.iter().take(MOST_SUBFLOWS);
            facts.tcp_info = some().map(|subflow| digits(&subflow.tcp_info)).collect();
            facts.subflow_info = some().map(|subflow| digits(&subflow.subflow_info)).collect();
        }
        facts
    }
}

fn digits(masked: &scenes::Contents) -> String {
    let byte = |(byte, mask): (&u8, &u8)| match mask {
        0 => format!("{byte:02x}"),
        _ => "..".to_owned(),
    };
    masked.bytes().iter().zip(masked.mask()).map(byte).collect()
}

/// Runs the command.
pub(crate) fn run(args: &SurveyArgs) -> Result<Status, String> {
    let text = std::fs::read_to_string(&args.request)
        .map_err(|error| format!("{}: {error}", args.request.display()))?;
    let mut request: Request = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let enclosure = scenes::enter();
    let wanted = |scene: &Scene| request.scenes.contains(&scene.id);
    let stage = Fixtures::build(&enclosure, wanted, &mut |_| ());
    let kernel = Kernel::running(stage.sizes());
    let scenes = stage.scenes().map(|scene| SceneFacts::of(scene, &stage)).collect();
    let coverage = Coverage::of(&stage);
    let trial = Oracle::new(&Arc::new(Mutex::new(stage)), kernel.revision, Model::documented());
    let mut trial = trial.map_err(|error| error.to_string())?;
    if let Some(watch) = watching() {
        trial.watch(watch);
    }
    let compat = trial.compat().is_ok();
    let revision = RevisionFacts { compat, ..RevisionFacts::of(&kernel.revision) };
    if request.kernels.is_empty() {
        request.kernels.push(revision.clone());
    }
    let mut surveyor = Surveyor::new(trial);
    surveyor.walk(&request)?;
    let exhibits = cases(&request.exhibits)?
        .iter()
        .map(|case| surveyor.exhibit(case))
        .collect::<Result<_, String>>()?;
    let survey = GuestRun {
        release: kernel.release,
        revision,
        notes: kernel.notes,
        scenes,
        skipped: coverage.skipped_scenes,
        impossible: coverage.impossible_scenes,
        verdicts: surveyor.verdicts,
        disagreements: surveyor.disagreements,
        reasons: surveyor.reasons,
        unreproduced: surveyor.unreproduced,
        rules: surveyor.rules.iter().map(|rule| rule.name().to_owned()).collect(),
        exhibits,
    };
    out::line(out::json(&survey)?)?;
    Ok(Status::Agree)
}

struct Surveyor {
    trial: Oracle,
    rules: RuleSet,
    verdicts: Vec<(u32, u64)>,
    disagreements: Vec<Disagreement>,
    /// Where in `disagreements` a signature is.
    known: BTreeMap<String, u32>,
    reasons: BTreeMap<String, u64>,
    unreproduced: u64,
}

impl Surveyor {
    fn new(trial: Oracle) -> Surveyor {
        Surveyor {
            trial,
            rules: RuleSet::EMPTY,
            verdicts: Vec::new(),
            disagreements: Vec::new(),
            known: BTreeMap::new(),
            reasons: BTreeMap::new(),
            unreproduced: 0,
        }
    }

    /// Judges all cases of the agenda.
    fn walk(&mut self, request: &Request) -> Result<(), String> {
        let agenda = request.agenda()?;
        let mut cases = agenda.cases();
        let mut batch: Vec<Case> = Vec::with_capacity(BATCH);
        let mut verdicts = Vec::with_capacity(BATCH);
        let (mut done, mut told) = (0, Instant::now());
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
            self.trial.batch(&batch, &mut self.rules, Some(&sure), &mut verdicts);
            for verdict in verdicts.drain(..) {
                let code = self.code(verdict);
                match self.verdicts.last_mut() {
                    Some((last, run)) if *last == code => *run += 1,
                    _ => self.verdicts.push((code, 1)),
                }
            }
            done += batch.len();
            if told.elapsed() > TELL {
                told = Instant::now();
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
            self.trial.simplest(finding.clone(), Instant::now() + SHRINKING)
        } else {
            finding
        };
        let number = self.enter(&simplest);
        // What was met on the way belongs to no case of the agenda.
        for met in self.trial.take_met() {
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
        self.trial.freshen();
        let subflows = self.trial.scene_state(case.scene).map_or(0, |actor| actor.subflows());
        let Some(examination) = self.trial.examine(case, true) else {
            return Ok(RemoteExamination::absent(digits));
        };
        let complaint = self.trial.runner().complaint();
        let diagnosis = diagnose(case, self.trial.revision(), subflows, &examination);
        Ok(RemoteExamination::of(digits, subflows, &examination, diagnosis, complaint))
    }
}
