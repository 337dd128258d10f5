//! `assay exhaust`: every combination over a small domain, and a sentence that says
//! which.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use clap::{Args, ValueEnum};
use mptcp_emulator::abi;
use mptcp_harness::cases::boundary_values::BoundaryValues;
use mptcp_harness::cases::{is_known, option_name};
use mptcp_harness::engines::check::{Counts, Outcome, Setting};
use mptcp_harness::engines::exhaust::{Domain, Exhaustion, Extent, domain};
use mptcp_harness::kernel::Kernel;
use mptcp_harness::model::Model;
use mptcp_harness::scenes;
use mptcp_harness::verdict::{Status, Tally, Verdict};
use mptcp_limits::files;
use serde::Serialize;

use crate::arguments::selection::Selection;
use crate::arguments::{Format, OptionName};
use crate::report::coverage::{Asked, Coverage, Request};
use crate::report::data::FindingData;
use crate::report::data::{by_name, tally};
use crate::report::ktap::{Ending, Point};
use crate::report::{ktap, ktap_check, text};
use crate::session::findings::{ELSEWHERE, save};
use crate::session::{Control, Session, canary, scenes_wanted};
use crate::terminal::out;
use crate::terminal::progress::{Goal, ProgressLine};
use crate::terminal::style::{counted, grouped, head, odd, wrapped};

/// Columns of running text.
const WIDTH: usize = 96;

#[derive(Args, Debug)]
pub(crate) struct ExhaustArgs {
    /// Only these options; repeatable, or with commas [default: all that the kernel
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

    /// Go on with this combination, as a run that was interrupted told it; everything
    /// else has to be as it was
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub(crate) from: u64,

    /// Threads, each with memory of its own [default: one for each processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) jobs: Option<u16>,

    /// How to tell the result
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

/// Everything that a run tells.
#[derive(Serialize)]
struct Report {
    #[serde(serialize_with = "by_name")]
    verdict: Verdict,
    kernel: String,
    revision: &'static str,
    notes: Vec<String>,
    domains: Vec<Part>,
    combinations: u64,
    /// The first combination that was not judged.
    next: u64,
    judged: u64,
    agree: u64,
    disagree: u64,
    inconclusive: u64,
    /// Cases on which a difference was seen that could not be reproduced.
    unreproduced: u64,
    #[serde(flatten)]
    coverage: Coverage,
    findings: Vec<FindingData>,
    seconds: f64,
    cases_per_second: u64,
    jobs: usize,
}

/// The domain of one option, and what came of it.
#[derive(Serialize)]
struct Part {
    option: String,
    dimensions: Vec<String>,
    combinations: u64,
    /// Those of this run: all but the ones before `--from`.
    wanted: u64,
    judged: u64,
    agree: u64,
    disagree: u64,
    inconclusive: u64,
    /// What can be said.
    sentence: String,
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
    let exhaustion = Exhaustion::new(domains, args.from);
    if args.from >= exhaustion.all() && exhaustion.all() > 0 {
        return Err(format!("--from {}: there are {} combinations", args.from, exhaustion.all()));
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
    let goal = Goal { time: None, cases: Some(exhaustion.all() - args.from) };
    let outcome = session.judge(&setting, &exhaustion, goal, &control, &line)?;
    let asked = Asked { options: &args.option, scenes: &args.scene };
    session.coverage.compare(asked, &session.kernel.revision, &outcome.compared);
    // What an earlier run judged, this one was not asked for.
    let earlier = judged_before(exhaustion.domains(), args.from);
    session.coverage.not_compared.retain(|entry| match &entry.request {
        Request::Option(option) => !earlier.contains(&option.row()),
        Request::AllOptions => earlier.is_empty(),
        Request::Scenes(_) | Request::Case(_) => true,
    });
    session.coverage.leave();
    let mut findings = session.findings(&outcome, args.format == Format::Human)?;
    let unsaved = args.save.as_ref().and_then(|to| save(to, &outcome, &mut findings).err());
    let Session { kernel, coverage, .. } = session;
    let how = Circumstances { notes, jobs: setting.jobs, coverage };
    let report = report(&kernel, &exhaustion, args.from, &outcome, findings, how);
    match args.format {
        Format::Human => out::put(text(&report, args.from))?,
        Format::Json => out::line(out::json(&report)?)?,
        Format::Ktap => out::put(points(&report))?,
    }
    if let Some(error) = unsaved {
        out::note(format_args!("assay: the findings could not be saved: {error}"));
    }
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

/// How a run was made.
struct Circumstances {
    notes: Vec<String>,
    jobs: usize,
    coverage: Coverage,
}

/// The domains of the options that were chosen; what has none is noted.
fn domains(
    args: &ExhaustArgs,
    kernel: &Kernel,
    palette: &BoundaryValues,
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
        match domain(number, extent, palette, &kernel.revision, scenes) {
            Some(domain) => domains.push(domain),
            None => {
                notes.push(format!("{}: not on this kernel, or no scene for it", named(number)))
            }
        }
    }
    domains
}

/// The option as a sentence has it.
fn named(option: i32) -> String {
    match option {
        abi::MPTCP_INFO..=abi::MPTCP_FULL_INFO | abi::MPTCP_INFO_OPT => option_name(option),
        _ => "options that nobody knows".into(),
    }
}

fn report(
    kernel: &Kernel,
    exhaustion: &Exhaustion,
    from: u64,
    outcome: &Outcome,
    findings: Vec<FindingData>,
    how: Circumstances,
) -> Report {
    let mut start = 0;
    let part = |domain: &Domain| {
        let end = start + domain.combinations();
        // Of this domain; the ones before `from` were another run's.
        let wanted = end - from.clamp(start, end);
        start = end;
        part(domain, wanted, outcome)
    };
    let domains: Vec<Part> = exhaustion.domains().iter().map(part).collect();
    let counts = outcome.counts();
    let seconds = outcome.elapsed.as_secs_f64();
    let wanted = exhaustion.all() - from;
    Report {
        verdict: Tally {
            is_incomplete: counts.agree + counts.disagree != wanted,
            ..tally(outcome, &how.coverage)
        }
        .verdict(),
        kernel: kernel.release.clone(),
        revision: kernel.revision.name,
        notes: how.notes,
        domains,
        combinations: exhaustion.all(),
        next: exhaustion.next(),
        judged: counts.cases(),
        agree: counts.agree,
        disagree: counts.disagree,
        inconclusive: counts.inconclusive,
        unreproduced: outcome.unreproduced(),
        coverage: how.coverage,
        findings,
        seconds,
        cases_per_second: (counts.cases() as f64 / seconds.max(0.001)) as u64,
        jobs: how.jobs,
    }
}

fn part(domain: &Domain, wanted: u64, outcome: &Outcome) -> Part {
    let option = domain.option;
    let own = |number: i32| match number {
        0 => !matches!(option, abi::MPTCP_INFO..=abi::MPTCP_FULL_INFO | abi::MPTCP_INFO_OPT),
        number => number == option,
    };
    let mut counts = Counts::default();
    for (_, rows) in outcome.table.iter().filter(|((number, _), _)| own(*number)) {
        counts.agree += rows.agree;
        counts.disagree += rows.disagree;
        counts.inconclusive += rows.inconclusive;
    }
    let Counts { agree, disagree, inconclusive, .. } = counts;
    let (judged, all) = (counts.cases(), domain.combinations());
    let dimensions: Vec<String> = domain.dimensions.iter().map(|one| one.text()).collect();
    let what = format!("combinations of {}", dimensions.join("; "));
    // The claim is made only of what was counted.
    let sentence = match () {
        () if agree == all => format!("all {} {what} agree", grouped(all)),
        () if agree == wanted && wanted > 0 => {
            format!("the last {} of {} {what} agree", grouped(wanted), grouped(all))
        }
        () if wanted == 0 => format!("none of {} {what} was wanted (--from)", grouped(all)),
        () => format!(
            "of {} {what}, {} were judged: {} agree, {} disagree, {} have no verdict",
            grouped(wanted),
            grouped(judged),
            grouped(agree),
            grouped(disagree),
            grouped(inconclusive)
        ),
    };
    let option = named(option);
    let combinations = all;
    Part {
        option,
        dimensions,
        combinations,
        wanted,
        judged,
        agree,
        disagree,
        inconclusive,
        sentence,
    }
}

fn text(report: &Report, from: u64) -> String {
    let mut text =
        format!("{} {}, modelled as {}\n", head("Linux"), report.kernel, report.revision);
    for note in &report.notes {
        text.push_str(&odd(&wrapped(&format!("note: {note}"), "  ", WIDTH)));
    }
    text.push_str(&text::findings(&report.findings));
    for part in &report.domains {
        text.push_str(&format!("\n{}\n", head(&part.option)));
        text.push_str(&wrapped(&part.sentence, "  ", WIDTH));
    }
    let (all, judged) = (grouped(report.combinations), grouped(report.judged));
    let wanted = report.combinations - from;
    let what = match report.verdict {
        Verdict::Agree if from == 0 => format!("all {all} combinations agree"),
        Verdict::Agree => format!("{judged} of {all} combinations agree, those from {from} on"),
        Verdict::Divergence => format!(
            "{} of {} disagree, in {}",
            grouped(report.disagree),
            counted(report.judged, "case"),
            counted(report.findings.len() as u64, "finding")
        ),
        Verdict::Unreproduced => {
            format!("{} could not be reproduced", counted(report.unreproduced, "difference"))
        }
        Verdict::Inconclusive => {
            format!("{} have no verdict", counted(report.inconclusive, "case"))
        }
        Verdict::Incomplete | Verdict::Uneven => format!(
            "{judged} of {} judged, {} without a verdict",
            grouped(wanted),
            grouped(report.inconclusive)
        ),
        Verdict::Skipped => {
            report.coverage.not_compared_text().unwrap_or("there was no combination".into())
        }
    };
    let is_whole = report.coverage.skipped_scenes.is_empty();
    if !is_whole {
        text.push_str(&text::scenes(&report.coverage));
    }
    let word = text::word(report.verdict);
    // The sentences above have the scenes of each domain.
    let scenes = match is_whole {
        true => String::new(),
        false => format!("; {} came up", report.coverage.up_text()),
    };
    let what = wrapped(&format!("{what}{scenes}"), "", WIDTH);
    text.push_str(&format!(
        "\n{word}  {what}  {:.1} s, {} cases/s, {}\n",
        report.seconds,
        grouped(report.cases_per_second),
        counted(report.jobs as u64, "job")
    ));
    if report.next < report.combinations {
        text.push_str(&format!("  --from {} goes on\n", report.next));
    }
    text
}

/// A test point for each option.
fn points(report: &Report) -> String {
    let point = |part: &Part| {
        let ending = if part.disagree > 0 {
            Ending::NotOk
        } else if part.agree == part.wanted && part.wanted > 0 {
            Ending::Ok
        } else {
            Ending::Error("not all combinations have a verdict".into())
        };
        Point::new(&part.option, ending).saying(part.sentence.clone())
    };
    let mut points: Vec<Point> = report.domains.iter().map(point).collect();
    for entry in &report.coverage.not_compared {
        points.push(Point::new(&entry.request.to_string(), Ending::Skip(entry.reason.clone())));
    }
    if !report.findings.is_empty() {
        let findings = report.findings.iter().map(ktap_check::told);
        points.push(findings.fold(Point::new("no-findings", Ending::NotOk), Point::saying));
    }
    let comments = [
        format!("Linux {} modelled as {}", report.kernel, report.revision),
        format!("{} came up", report.coverage.up_text()),
    ];
    ktap::document(&[comments.to_vec(), report.notes.clone()].concat(), &points)
}
