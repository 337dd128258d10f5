//! `assay check`: cases made, compared and reported.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use clap::Args;
use mptcp_harness::engines::check::{Alternating, Outcome, Setting};
use mptcp_harness::model::Model;
use mptcp_harness::scenes::{self, Enclosure, NoMptcp};
use mptcp_harness::verdict::{Status, Verdict};
use mptcp_limits::files;

use crate::arguments::selection::Selection;
use crate::arguments::{Format, OptionName};
use crate::report::causes::Causes;
use crate::report::coverage::Choice;
use crate::report::data::{CheckReport, Circumstances, EndedBy};
use crate::report::rule_coverage::RuleCoverage;
use crate::report::{contradictions, ktap, ktap_check, laws, text};
use crate::session::findings::{ELSEWHERE, note_unsaved, save};
use crate::session::{Control, Session, canary, causes, scenes_wanted};
use crate::terminal::out;
use crate::terminal::progress::{Goal, ProgressLine};

#[derive(Args, Clone, Debug)]
pub(crate) struct CheckArgs {
    /// Check for this long, in seconds [default: 10, or no limit with --cases]
    #[arg(long, value_name = "S", value_parser = seconds)]
    pub(crate) seconds: Option<f64>,

    /// Check this many cases
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) cases: Option<u64>,

    /// Restrict to these options; repeatable, or with commas
    #[arg(long, value_name = "NAME", value_enum, value_delimiter = ',')]
    pub(crate) option: Vec<OptionName>,

    /// Restrict to these scenes: a name, a group or a pattern such as 'many-*-17-*';
    /// repeatable, or with commas (see `assay scenes`)
    #[arg(long, value_name = "PATTERN", value_delimiter = ',')]
    pub(crate) scene: Vec<Selection>,

    /// Random seed [default: a new one each time]
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,

    /// Threads, each with its own memory [default: one for each processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) jobs: Option<u16>,

    /// Output format
    #[arg(long, value_enum, default_value_t = Format::Human, overrides_with = "format")]
    pub(crate) format: Format,

    /// Write the simplest case of each finding to DIR, one file each
    #[arg(long, value_name = "DIR", overrides_with = "save")]
    pub(crate) save: Option<PathBuf>,

    /// Stop at the first finding
    #[arg(long)]
    pub(crate) first: bool,

    /// Check a model with a planted mistake instead: this has to end with status 1,
    /// which shows that a divergence is noticed
    #[arg(long, conflicts_with = "contract")]
    pub(crate) canary: bool,

    /// Judge only by what documents promise: a broken promise is a finding even where
    /// all kernels break it, and undocumented behaviour is not checked. Known
    /// contradictions have a page in findings/ of the repository
    #[arg(long)]
    pub(crate) contract: bool,
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if seconds > 0.0 && seconds < 1e9 => Ok(seconds),
        _ => Err("a number of seconds above 0 is wanted".into()),
    }
}

/// How long a check takes where nothing else is said.
const USUAL: Duration = Duration::from_secs(10);

/// How long the few scenes are checked that come up without MPTCP.
const WITHOUT_MPTCP: Duration = Duration::from_secs(2);

/// Runs the command.
pub(crate) fn run(args: &CheckArgs) -> Result<Status, String> {
    if let Some(folder) = &args.save {
        files::folder(folder, ELSEWHERE)?;
    }
    let model = match args {
        CheckArgs { canary: true, .. } => canary::model(),
        CheckArgs { contract: true, .. } => Model::promised(),
        _ => Model::documented(),
    };
    let control = Arc::new(Control::default());
    let line = ProgressLine::beside(args.format);
    let wanted = scenes_wanted(&args.scene);
    let mut session = Session::open(model, Some(&control), &line, wanted)?;
    let none = scenes::mptcp_available().err();
    let setting = setting(args, none.is_some());
    let goal = Goal { time: setting.time, cases: setting.cases };
    let sources = Alternating { setting: &setting };
    let outcome = session.judge(&setting, &sources, goal, &control, &line)?;
    let asked = Choice { options: &args.option, scenes: &args.scene };
    session.coverage.compare(asked, &session.kernel.revision, &outcome.compared);
    session.coverage.leave();

    let mut findings = session.findings(&outcome, args.format == Format::Human);
    // What cannot be saved is reported all the same.
    let unsaved = args.save.as_ref().and_then(|to| save(to, &outcome, &mut findings).err());
    let found = match outcome.counts().disagree {
        // Promises alone say nothing of the rest of a kernel's behavior.
        0 => None,
        _ if args.contract => None,
        _ => Some(inferred(&session, &setting, &outcome, args)?),
    };
    let Session { kernel, enclosure, scenes, skipped, coverage, .. } = session;
    let rules = RuleCoverage {
        revision: kernel.revision,
        options: &setting.options,
        available: &scenes,
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
    let mut report = CheckReport::new(&kernel, &outcome, &rules, findings, how);
    if none.is_some() {
        let laws = laws::hold(&kernel.revision, setting.seed);
        if laws.broken() {
            report.verdict = Verdict::Divergence;
        }
        report.laws = Some(laws);
    }
    report.causes = found.unwrap_or_default();
    print(&report, &rules, args.format)?;
    note_unsaved(unsaved);
    Ok(report.verdict.status())
}

/// The causes of the disagreements.
fn inferred(
    session: &Session,
    setting: &Setting,
    outcome: &Outcome,
    args: &CheckArgs,
) -> Result<Causes, String> {
    let mut oracle = session.oracle()?;
    if args.canary {
        // The kernel is right, and the model is what is wrong.
        oracle.expect(canary::behaviors());
    }
    let cases = outcome.counts().cases();
    Ok(causes::causes(&mut oracle, &setting.options, cases, setting.seed).0)
}

/// What a report says about the place that it was made in.
fn notes(enclosure: &Enclosure, none: Option<&NoMptcp>, args: &CheckArgs) -> Vec<String> {
    let mut notes = Vec::new();
    if args.canary {
        notes.push(canary::NOTE.to_owned());
    }
    if args.contract {
        notes.push(contradictions::NOTE.to_owned());
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

fn print(report: &CheckReport, rules: &RuleCoverage<'_>, format: Format) -> Result<(), String> {
    match format {
        Format::Human => out::put(text::report(report)),
        Format::Json => out::line(out::json(report)?),
        Format::Ktap => {
            let points = ktap_check::points(report, rules);
            out::put(ktap::document(&ktap_check::comments(report), &points))
        }
    }
}

fn ended_by(setting: &Setting, outcome: &Outcome, control: &Control) -> EndedBy {
    if control.interrupted.load(Ordering::Relaxed) {
        EndedBy::Interrupted
    } else if setting.first && !outcome.findings.is_empty() {
        EndedBy::First
    } else if setting.cases.is_some_and(|cases| outcome.counts().cases() >= cases) {
        EndedBy::Cases
    } else {
        EndedBy::Time
    }
}
