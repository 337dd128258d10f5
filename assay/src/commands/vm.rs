//! `assay vm`: a subcommand on other kernels.

use std::io;
use std::io::IsTerminal;
use std::path::PathBuf;

use clap::Args;
use mptcp_harness::verdict::{Status, Verdict};
use mptcp_lab::guest::Errand;
use mptcp_lab::kernels::Kernel;

use crate::arguments::{Format, MachineArgs};
use crate::report::kernel_table::{Column, ColumnData, GuestReport};
use crate::report::ktap::Ending;
use crate::report::{kernel_table, ktap, text};
use crate::session::machine::Capture;
use crate::session::machine::{boot, end_machines_with_us, number_duplicates, verdict};
use crate::session::runs::Runs;
use crate::session::runs::ask_for_coverage;
use crate::terminal::out;
use crate::terminal::style::{bad, head, wrapped};

pub(crate) const HELP: &str = "\
Exit status:
  that of the subcommand; 1 also where the kernel complained while it answered a
  case; 2 where it complained otherwise, did not boot, panicked or took too long,
  and where several kernels differ in which scenes came up. Of several kernels, 1
  takes precedence over 2, 2 over 4, and 4 over 0";

#[derive(Args, Debug)]
pub(crate) struct VmArgs {
    /// A kernel: the path of a bzImage (modules are found beside it), or
    /// debian:SERIES, such as debian:6.12, which is fetched if need be; repeatable
    #[arg(long, value_name = "PATH|debian:SERIES", required = true)]
    pub(crate) kernel: Vec<String>,

    #[command(flatten)]
    pub(crate) machine: MachineArgs,

    /// The subcommand with its arguments, as it would be run here
    #[arg(last = true, value_name = "SUBCOMMAND", required = true)]
    pub(crate) command: Vec<String>,
}

/// A subcommand for a machine, as far as the host has to know it.
pub(crate) struct GuestCommand {
    /// The format of its result, where that can be chosen.
    pub(crate) format: Option<Format>,
    /// Where it saves its findings.
    pub(crate) save: Option<PathBuf>,
    pub(crate) is_check: bool,
    /// Whether it compares something on scenes.
    pub(crate) has_coverage: bool,
}

/// Runs the command; `parse` reads the subcommand's words.
pub(crate) fn run(
    args: &VmArgs,
    parse: fn(&[String]) -> Result<GuestCommand, String>,
) -> Result<Status, String> {
    let errand = Task::new(args, parse(&args.command)?);
    end_machines_with_us()?;
    // All of them before the first is run: a mistake is reported at once.
    let kernels = args.kernel.iter().map(|name| Kernel::named(name));
    let mut kernels = kernels.collect::<Result<Vec<_>, _>>()?;
    number_duplicates(&mut kernels);
    match (&errand.format, &kernels[..]) {
        (Some(Format::Ktap), [_, _, ..]) => nested(args, &errand, &kernels),
        (Some(format), [_, _, ..]) if errand.is_check => compare(args, &errand, &kernels, *format),
        _ => one_by_one(args, &errand, &kernels),
    }
}

/// What is to be run, as far as this side has to know it.
struct Task {
    errand: Errand,
    baggage: Vec<PathBuf>,
    is_check: bool,
    /// Whether it compares something on scenes.
    has_coverage: bool,
    /// The format of its result, where that can be chosen.
    format: Option<Format>,
    /// Where it saves its findings.
    save: Option<PathBuf>,
}

impl Task {
    fn new(args: &VmArgs, command: GuestCommand) -> Task {
        let GuestCommand { format, save, is_check, has_coverage } = command;
        // Also behind the sign of `--flag=path`.
        let words = args.command.iter().skip(1);
        let named = words.map(|word| {
            let value = word.starts_with("--").then(|| word.split_once('=')).flatten();
            PathBuf::from(value.map_or(word.as_str(), |(_, value)| value))
        });
        let baggage = named.filter(|path| path.exists() && Some(path) != save.as_ref()).collect();
        let mut environment = Vec::new();
        if io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none() {
            environment.push(("CLICOLOR_FORCE".to_owned(), "1".to_owned()));
        }
        Task {
            errand: Errand {
                arguments: args.command.clone(),
                environment,
                wanted: save.iter().map(|path| path.display().to_string()).collect(),
                seconds: args.machine.timeout.saturating_add(30),
            },
            baggage,
            is_check,
            has_coverage,
            format,
            save,
        }
    }

    /// As one of several: it saves what it finds in a folder of its own. The last
    /// word on a command line counts.
    fn beside_others(&self, kernel: &Kernel) -> Errand {
        let mut errand = self.errand.clone();
        if let Some(folder) = &self.save {
            let own = folder.join(&kernel.name).display().to_string();
            errand.arguments.push(format!("--save={own}"));
            errand.wanted = vec![own];
        }
        if self.has_coverage {
            ask_for_coverage(&mut errand);
        }
        errand
    }
}

/// One kernel after another, each telling its own story.
fn one_by_one(args: &VmArgs, task: &Task, kernels: &[Kernel]) -> Result<Status, String> {
    let mut runs = Runs::default();
    for kernel in kernels {
        if kernels.len() > 1 {
            out::line(head(&kernel.name))?;
        }
        let errand =
            if kernels.len() > 1 { task.beside_others(kernel) } else { task.errand.clone() };
        let ports = (io::stdout(), io::stderr());
        let run = boot(&args.machine, &errand, &task.baggage, kernel, ports)?;
        let status = verdict(&run, &args.machine).unwrap_or_else(|trouble| {
            out::note(format_args!("{}: {}: {trouble}", bad("assay"), kernel.name));
            Status::Trouble
        });
        if kernels.len() == 1 {
            return Ok(status);
        }
        runs.add(task.has_coverage, kernel, status, &run);
    }
    if let Some(what) = runs.uneven() {
        out::note(format_args!("assay: {}  {what}", text::word(Verdict::Uneven)));
    }
    Ok(runs.status())
}

/// One kernel after another, each a point of one KTAP document.
fn nested(args: &VmArgs, task: &Task, kernels: &[Kernel]) -> Result<Status, String> {
    let mut runs = Runs::default();
    let mut points = Vec::new();
    for kernel in kernels {
        out::note(format_args!("assay: {}", kernel.name));
        let capture = Capture::default();
        let errand = task.beside_others(kernel);
        let ports = (capture.clone(), io::stderr());
        let run = boot(&args.machine, &errand, &task.baggage, kernel, ports)?;
        let status = verdict(&run, &args.machine);
        let text = String::from_utf8_lossy(&capture.bytes()).into_owned();
        let ending = match &status {
            Ok(Status::Agree) => Ending::Ok,
            Ok(Status::Divergence) => Ending::NotOk,
            Ok(Status::Skipped) => Ending::Skip("see its points".into()),
            Ok(Status::Trouble) => Ending::Error("see its points, and standard error".into()),
            Err(trouble) => {
                out::note(format_args!("{}: {}: {trouble}", bad("assay"), kernel.name));
                let first = trouble.lines().next().unwrap_or_default();
                Ending::Error(anstream::adapter::strip_str(first).to_string())
            }
        };
        runs.add(task.has_coverage, kernel, status.unwrap_or(Status::Trouble), &run);
        points.push((kernel.name.clone(), text, ending));
    }
    let same = runs.uneven().map_or(Ending::Ok, Ending::Error);
    points.push(("the-same-scenes-on-all-kernels".to_owned(), String::new(), same));
    out::put(ktap::nested(&points))?;
    Ok(runs.status())
}

/// A check on several kernels, in one table.
fn compare(
    args: &VmArgs,
    task: &Task,
    kernels: &[Kernel],
    format: Format,
) -> Result<Status, String> {
    let mut runs = Runs::default();
    let mut columns = Vec::new();
    for (asked, kernel) in args.kernel.iter().zip(kernels) {
        out::note(format_args!("assay: {}", kernel.name));
        let capture = Capture::default();
        let mut errand = task.beside_others(kernel);
        errand.arguments.push("--format=json".to_owned());
        let ports = (capture.clone(), io::stderr());
        let run = boot(&args.machine, &errand, &task.baggage, kernel, ports)?;
        let status = verdict(&run, &args.machine);
        let report: Option<GuestReport> = serde_json::from_slice(&capture.bytes()).ok();
        // A verdict without its report is none.
        let status = match report {
            Some(_) => status,
            None => status.and(Err("its report did not arrive".into())),
        };
        runs.add(
            task.has_coverage,
            kernel,
            status.as_ref().copied().unwrap_or(Status::Trouble),
            &run,
        );
        columns.push(Column { asked: asked.clone(), name: kernel.name.clone(), report, status });
    }
    match format {
        Format::Human | Format::Ktap => {
            out::put(kernel_table::text(&columns))?;
            if let Some(what) = runs.uneven() {
                let what = wrapped(&what, "", text::WIDTH);
                out::put(format_args!("\n{}  {what}", text::word(Verdict::Uneven)))?;
            }
        }
        Format::Json => {
            let uneven = runs.uneven();
            let data = |column| ColumnData::new(column, uneven.as_deref());
            let objects: Vec<ColumnData<'_>> = columns.iter().map(data).collect();
            out::line(out::json(&objects)?)?;
        }
    }
    Ok(runs.status())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Arguments, Command, guest_command};

    #[test]
    fn a_check_beside_others_keeps_its_own_words() {
        let line = "assay vm --kernel a --kernel b -- check --format human --save x --jobs 1";
        let Some(Command::Vm(args)) = Arguments::parse_from(line.split(' ')).command else {
            panic!("{line}");
        };
        let task = Task::new(&args, guest_command(&args.command).unwrap());
        assert_eq!((task.is_check, task.format), (true, Some(Format::Human)));
        let kernel = Kernel { name: "6.1".into(), image: "a".into(), modules: vec![] };
        let errand = task.beside_others(&kernel);
        assert_eq!(errand.wanted, ["x/6.1", ".assay"]);
        // As a comparison adds it.
        let arguments = errand.arguments.into_iter().chain(["--format=json".to_owned()]);
        let line = std::iter::once("assay".to_owned()).chain(arguments);
        let Some(Command::Check(check)) = Arguments::parse_from(line).command else {
            panic!("no check");
        };
        assert_eq!((check.format, check.jobs), (Format::Json, Some(1)));
        assert_eq!(check.save, Some("x/6.1".into()));
    }
}
