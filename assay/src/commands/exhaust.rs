//! `assay exhaust`: every combination over a small domain, and a sentence that says
//! which.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use clap::{Args, ValueEnum};
use mptcp_harness::cases::boundary_values::BoundaryValues;
use mptcp_harness::cases::is_known;
use mptcp_harness::engines::check::Setting;
use mptcp_harness::engines::exhaust::{Domain, Exhaustion, Extent, domain};
use mptcp_harness::kernel::Kernel;
use mptcp_harness::model::Model;
use mptcp_harness::scenes;
use mptcp_harness::verdict::Status;
use mptcp_limits::files;

use crate::arguments::selection::Selection;
use crate::arguments::{Format, OptionName};
use crate::report::coverage::{Choice, Request};
use crate::report::exhaustion;
use crate::report::exhaustion::named;
use crate::report::exhaustion::{Circumstances, ExhaustReport};
use crate::session::findings::{ELSEWHERE, note_unsaved, save};
use crate::session::{Control, Session, canary, scenes_wanted};
use crate::terminal::out;
use crate::terminal::progress::{Goal, ProgressLine};

#[derive(Args, Debug)]
pub(crate) struct ExhaustArgs {
    /// Restrict to these options; repeatable, or with commas [default: all that the kernel
    /// has, and numbers that it does not know]
    #[arg(long, value_name = "NAME", value_enum, value_delimiter = ',')]
    pub(crate) option: Vec<OptionName>,

    /// How much of what is possible
    #[arg(long, value_enum, default_value_t = DomainName::Boundary)]
    pub(crate) domain: DomainName,

    /// These scenes: a name, a group or a pattern; repeatable, or with commas
    /// [default: one for each number of subflows and kind of address]
    #[arg(long, value_name = "PATTERN", value_delimiter = ',')]
    pub(crate) scene: Vec<Selection>,

    /// Continue with this combination, which an interrupted run reported; all other
    /// arguments have to be the same
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub(crate) from: u64,

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

    /// Judge by a model with a planted mistake instead: this has to end with status 1
    #[arg(long)]
    pub(crate) canary: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DomainName {
    /// The values at which something changes, in many respects: half a minute for all
    Boundary,
    /// Every byte of the sizes: some minutes for each option
    Full,
}

/// Runs the command.
pub(crate) fn run(args: &ExhaustArgs) -> Result<Status, String> {
    if let Some(folder) = &args.save {
        files::folder(folder, ELSEWHERE)?;
    }
    let model = if args.canary { canary::model() } else { Model::documented() };
    let control = Arc::new(Control::default());
    let line = ProgressLine::beside(args.format);
    let mut session = Session::open(model, Some(&control), &line, scenes_wanted(&args.scene))?;
    let chosen: Vec<u8> = session.scenes.iter().map(|scene| scene.id).collect();
    let mut notes: Vec<String> = Vec::new();
    if args.canary {
        notes.push(canary::NOTE.to_owned());
    }
    if let Err(none) = scenes::mptcp_available() {
        notes.push(format!("no MPTCP here: {}. {}", none.what, none.advice));
    }
    let values = session.oracle()?.boundary_values().clone();
    let scenes = (!args.scene.is_empty()).then_some(&chosen[..]);
    let domains = domains(args, &session.kernel, &values, scenes, &mut notes);
    let walk = Exhaustion::new(domains, args.from);
    if args.from >= walk.all() && walk.all() > 0 {
        return Err(format!("--from {}: there are {} combinations", args.from, walk.all()));
    }
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let setting = Setting {
        time: None,
        cases: None,
        options: Vec::new(),
        seed: 0,
        jobs: args.jobs.map_or(processors, usize::from),
        first: args.first,
    };
    let goal = Goal { time: None, cases: Some(walk.all() - args.from) };
    let outcome = session.judge(&setting, &walk, goal, &control, &line)?;
    let asked = Choice { options: &args.option, scenes: &args.scene };
    session.coverage.compare(asked, &session.kernel.revision, &outcome.compared);
    // What an earlier run judged, this one was not asked for.
    let earlier = judged_before(walk.domains(), args.from);
    session.coverage.not_compared.retain(|entry| match &entry.request {
        Request::Option(option) => !earlier.contains(&option.row()),
        Request::AllOptions => earlier.is_empty(),
        Request::Scenes(_) | Request::Case(_) => true,
    });
    session.coverage.leave();
    let mut findings = session.findings(&outcome, args.format == Format::Human);
    // What cannot be saved is reported all the same.
    let unsaved = args.save.as_ref().and_then(|to| save(to, &outcome, &mut findings).err());
    let Session { kernel, coverage, .. } = session;
    let how = Circumstances { notes, jobs: setting.jobs, coverage };
    let report = ExhaustReport::new(&kernel, &walk, args.from, &outcome, findings, how);
    match args.format {
        Format::Human => out::put(exhaustion::text(&report, args.from))?,
        Format::Json => out::line(out::json(&report)?)?,
        Format::Ktap => out::put(exhaustion::ktap(&report))?,
    }
    note_unsaved(unsaved);
    Ok(report.verdict.status())
}

/// The options, by row, of whose domains all combinations come before `from`.
fn judged_before(domains: &[Domain], from: u64) -> Vec<i32> {
    let mut end = 0;
    let before = domains.iter().filter(|domain| {
        end += domain.combinations();
        end <= from
    });
    before.map(|domain| if is_known(domain.option) { domain.option } else { 0 }).collect()
}

/// The domains of the options that were chosen; what has none is noted.
fn domains(
    args: &ExhaustArgs,
    kernel: &Kernel,
    values: &BoundaryValues,
    scenes: Option<&[u8]>,
    notes: &mut Vec<String>,
) -> Vec<Domain> {
    let extent = match args.domain {
        DomainName::Boundary => Extent::Boundary,
        DomainName::Full => Extent::Full,
    };
    let all = OptionName::value_variants();
    let options = if args.option.is_empty() { all } else { &args.option };
    let numbers = options.iter().filter_map(|option| option.numbers().first().copied());
    let mut domains: Vec<Domain> = Vec::new();
    for number in numbers {
        if domains.iter().any(|domain| domain.option == number) {
            continue;
        }
        match domain(number, extent, values, &kernel.revision, scenes) {
            Some(domain) => domains.push(domain),
            None => {
                notes.push(format!("{}: not on this kernel, or no scene for it", named(number)))
            }
        }
    }
    domains
}
