//! `assay check`: cases made, compared and reported.

use std::cmp::Reverse;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use mptcp_harness::cases::codec;
use mptcp_harness::engines::check::{Outcome, Progress, Setting, check};
use mptcp_harness::judge::finding::Finding;
use mptcp_harness::judge::hexdump::Hexdump;
use mptcp_harness::kernel::Kernel;
use mptcp_harness::model::Model;
use mptcp_harness::oracle::{Oracle, SharedFixtures};
use mptcp_harness::scenes::{self, Enclosure, Fixtures, NoMptcp, Scene};
use mptcp_harness::verdict::Verdict;
use mptcp_limits::{Need, Resource, files};

use crate::args::{CheckArgs, Format};
use crate::canary;
use crate::contract;
use crate::coverage::{Asked, Coverage};
use crate::meter::{Goal, Meter};
use crate::reach::Reach;
use crate::report::{Circumstances, FindingData, Report};
use crate::watch::watching;
use crate::{Status, human, out};
use crate::{ktap, laws};

/// How long a check takes where nothing else is said.
const USUAL: Duration = Duration::from_secs(10);

/// How long the few scenes are checked that stand without MPTCP.
const WITHOUT_MPTCP: Duration = Duration::from_secs(2);

/// What to do where findings cannot be saved.
pub(crate) const ELSEWHERE: &str = "name another folder with --save";

/// What is compared with what.
pub(crate) type Subjects<'a> = (&'a Kernel, &'a SharedFixtures, Model);

/// Runs the command.
pub(crate) fn run(args: &CheckArgs) -> Result<Status, String> {
    if let Some(folder) = &args.save {
        files::folder(folder, ELSEWHERE)?;
    }
    // Before any thread is started.
    let enclosure = scenes::enter();
    let control = Arc::new(Control::default());
    control.listen()?;
    let meter = Meter::beside(args.format);
    let stage = build(&enclosure, &args.scene, &meter);
    stage.usable()?;
    let kernel = Kernel::running(stage.sizes());
    let none = scenes::mptcp_available().err();

    let mut coverage = Coverage::of(&stage);
    let standing: Vec<&'static Scene> = stage.scenes().collect();
    let skipped = stage.skipped().to_vec();
    let stage: SharedFixtures = Arc::new(Mutex::new(stage));
    let setting = setting(args, none.is_some());
    let model = match args {
        CheckArgs { canary: true, .. } => canary::model(),
        CheckArgs { contract: true, .. } => Model::promised(),
        _ => Model::documented(),
    };
    let subjects = (&kernel, &stage, model);
    let outcome = watched(&setting, subjects, &control.progress, &meter)?;
    let asked = Asked { options: &args.option, scenes: &args.scene };
    coverage.compare(asked, &kernel.revision, &outcome.compared);
    coverage.leave();

    let colour = args.format == Format::Human;
    let mut findings = draw(&outcome, subjects, colour)?;
    // What cannot be saved is told all the same.
    let unsaved = args.save.as_ref().and_then(|to| save(to, &outcome, &mut findings).err());
    let reach = Reach {
        revision: kernel.revision,
        options: &setting.options,
        standing: &standing,
        skipped: &skipped,
        lattice: outcome.lattice.is_some(),
    };
    let how = Circumstances {
        seed: setting.seed,
        jobs: setting.jobs,
        ended_by: ended_by(&setting, &outcome, &control),
        notes: notes(&enclosure, none.as_ref(), args),
        contract: args.contract,
        is_incomplete: args.cases.is_some() && control.interrupted.load(Ordering::Relaxed),
        coverage,
    };
    let mut report = Report::new(&kernel, &outcome, &reach, findings, how);
    if none.is_some() {
        let laws = laws::hold(&kernel.revision, setting.seed);
        if laws.broken() {
            report.verdict = Verdict::Divergence;
        }
        report.laws = Some(laws);
    }
    tell(&report, &reach, args.format)?;
    if let Some(error) = unsaved {
        out::note(format_args!("assay: the findings could not be saved: {error}"));
    }
    Ok(report.verdict.status())
}

/// A stage with the scenes that were chosen; all where none was.
pub(crate) fn build(
    enclosure: &Enclosure,
    chosen: &[crate::select::Selection],
    meter: &Meter,
) -> Fixtures {
    let wanted =
        |scene: &Scene| chosen.is_empty() || chosen.iter().any(|choice| choice.takes(scene));
    let stage = Fixtures::build(enclosure, wanted, &mut |what| meter.step(what));
    meter.end();
    stage
}

/// What a report says about the place that it was made in.
fn notes(enclosure: &Enclosure, none: Option<&NoMptcp>, args: &CheckArgs) -> Vec<String> {
    let mut notes = Vec::new();
    if args.canary {
        notes.push(canary::NOTE.to_owned());
    }
    if args.contract {
        notes.push(contract::NOTE.to_owned());
    }
    if let Enclosure::Host { why } = enclosure {
        notes.push(why.clone());
    }
    if let Some(none) = none {
        notes.push(format!(
            "no MPTCP here: {}. {}. What follows is what can be said without it",
            none.what, none.advice
        ));
    }
    notes
}

fn setting(args: &CheckArgs, without_mptcp: bool) -> Setting {
    let time = match (args.seconds, args.cases) {
        (Some(seconds), _) => Some(Duration::from_secs_f64(seconds)),
        (None, None) => Some(USUAL),
        (None, Some(_)) => None,
    };
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let mut options: Vec<i32> =
        args.option.iter().flat_map(|option| option.numbers()).copied().collect();
    options.dedup();
    Setting {
        time: if without_mptcp { Some(WITHOUT_MPTCP) } else { time },
        cases: args.cases,
        options,
        seed: args.seed.unwrap_or_else(|| u64::from(fastrand::u32(..))),
        jobs: args.jobs.map_or(processors, usize::from),
        first: args.first,
    }
}

/// Runs the check with somebody watching.
fn watched(
    setting: &Setting,
    (kernel, stage, model): Subjects<'_>,
    progress: &Progress,
    meter: &Meter,
) -> Result<Outcome, String> {
    let goal = Goal { time: setting.time, cases: setting.cases };
    let done = AtomicBool::new(false);
    let outcome = thread::scope(|scope| {
        // Without a thread for it nobody watches, and nothing else is lost.
        let _ = thread::Builder::new().spawn_scoped(scope, || meter.watch(progress, goal, &done));
        let outcome = check(setting, kernel.revision, stage, model, &watching, progress);
        done.store(true, Ordering::Release);
        outcome
    });
    meter.end();
    outcome.map_err(|error| error.to_string())
}

/// Runs each finding once more, for the picture.
pub(crate) fn draw(
    outcome: &Outcome,
    (kernel, stage, model): Subjects<'_>,
    colour: bool,
) -> Result<Vec<FindingData>, String> {
    if outcome.findings.is_empty() {
        return Ok(Vec::new());
    }
    let trial = Oracle::new(stage, kernel.revision, model);
    let mut trial = trial.map_err(|error| error.to_string())?;
    if let Some(watch) = watching() {
        trial.watch(watch);
    }
    let mut found: Vec<(Duration, usize, FindingData)> = Vec::new();
    for finding in outcome.findings.values() {
        let (bytes, picture) = picture(&mut trial, finding, colour);
        found.push((finding.after, bytes, FindingData::new(finding, picture)));
    }
    // In the order in which they were seen; of those of one batch the plainest
    // first: a wrong length explains what a thousand wrong bytes after it do not.
    // What is known comes last.
    let known = |data: &FindingData| data.contradiction.is_some();
    found.sort_by_key(|(after, bytes, data)| (known(data), *after, *bytes, Reverse(data.cases)));
    Ok(found.into_iter().map(|(_, _, data)| data).collect())
}

/// How many bytes differ, and the memory around them.
pub(crate) fn picture(trial: &mut Oracle, finding: &Finding, colour: bool) -> (usize, String) {
    // What the kernel said needs no picture, and would be said again.
    if finding.diagnosis.complaint.is_some() {
        return (0, String::new());
    }
    trial.freshen();
    let again = trial.examine(&finding.case, true);
    let Some((examination, mismatch)) = again
        .as_ref()
        .and_then(|examination| Some((examination, examination.verdict.as_ref().err()?)))
    else {
        return (usize::MAX, "(run once more for this picture, the case agreed)".into());
    };
    let subflows = trial.actor(finding.case.scene).map_or(0, |actor| actor.subflows());
    let picture =
        Hexdump::new(&finding.case, trial.revision(), subflows, examination, colour).differences();
    (mismatch.bytes.len(), picture)
}

/// Writes the simplest case of each finding into a file of its own.
pub(crate) fn save(
    folder: &Path,
    outcome: &Outcome,
    findings: &mut [FindingData],
) -> Result<(), String> {
    for data in findings {
        let Some(finding) = outcome.findings.get(&data.signature) else {
            continue;
        };
        store(Path::new(""), folder, finding, data)?;
    }
    Ok(())
}

/// Writes a finding's case into a file of its own; a relative folder is one in
/// `root`.
pub(crate) fn store(
    root: &Path,
    folder: &Path,
    finding: &Finding,
    data: &mut FindingData,
) -> Result<(), String> {
    let path: PathBuf = folder.join(format!("{}.case", slug(&data.signature)));
    let (above, file) = (root.join(folder), root.join(&path));
    fs::create_dir_all(&above).map_err(|error| files::refused(&above, 0, &error, ELSEWHERE))?;
    files::write(&file, &codec::encode(&finding.case), ELSEWHERE)?;
    data.replay = format!("assay replay {}", path.display());
    data.file = Some(path.display().to_string());
    Ok(())
}

/// A signature as a file's name.
fn slug(signature: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' };
    let mut slug: String = signature.chars().map(plain).collect();
    while slug.contains("--") {
        slug = slug.replace("--", "-");
    }
    slug
}

fn tell(report: &Report, reach: &Reach<'_>, format: Format) -> Result<(), String> {
    match format {
        Format::Human => out::put(human::report(report)),
        Format::Json => out::line(json(report)?),
        Format::Ktap => {
            let points = ktap::check::points(report, reach);
            out::put(ktap::document(&ktap::check::comments(report), &points))
        }
    }
}

/// One object, without colours in its texts.
pub(crate) fn json(value: &impl serde::Serialize) -> Result<String, String> {
    serde_json::to_string_pretty(value).map_err(|error| error.to_string())
}

fn ended_by(setting: &Setting, outcome: &Outcome, control: &Control) -> &'static str {
    if control.interrupted.load(Ordering::Relaxed) {
        "interrupted"
    } else if setting.first && !outcome.findings.is_empty() {
        "first"
    } else if setting.cases.is_some_and(|cases| outcome.counts().cases() >= cases) {
        "cases"
    } else {
        "time"
    }
}

/// What a signal has to reach.
#[derive(Default)]
pub(crate) struct Control {
    pub(crate) progress: Progress,
    pub(crate) interrupted: AtomicBool,
}

impl Control {
    /// The first interrupt ends the run with its report, the second at once.
    pub(crate) fn listen(self: &Arc<Control>) -> Result<(), String> {
        let control = Arc::clone(self);
        ctrlc::set_handler(move || {
            if control.interrupted.swap(true, Ordering::Relaxed) {
                std::process::exit(130);
            }
            control.progress.stop.store(true, Ordering::Relaxed);
        })
        .map_err(|error| no_handler(&error))
    }
}

/// Why interrupts cannot be handled, which takes a thread.
pub(crate) fn no_handler(error: &ctrlc::Error) -> String {
    let need = Need {
        operation: "starting the thread that handles interrupts",
        resource: Resource::Tasks,
        amount: 1,
        without: "Nothing can be run without it",
        instead: "",
    };
    match error {
        ctrlc::Error::System(error) => need.refused(error),
        other => format!("no handler for interrupts: {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_a_file_name() {
        assert_eq!(
            slug("MPTCP_TCPINFO/success->EFAULT/no rule"),
            "MPTCP_TCPINFO-success-EFAULT-no-rule"
        );
    }
}
