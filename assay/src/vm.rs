//! `assay vm`: a subcommand on other kernels.

mod runs;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Component, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clap::Parser;
use mptcp_harness::verdict::Verdict;
use mptcp_lab::console::tail;
use mptcp_lab::guest::Errand;
use mptcp_lab::kernels::Kernel;
use mptcp_lab::machine::{self, End, Run, Setup};
use mptcp_lab::package::pack;
use mptcp_limits::files;
use serde_json::{Value, json};

use self::runs::Runs;
use crate::args::{Accelerator, Arguments, Command, Format, MachineArgs, VmArgs};
use crate::coverage::Coverage;
use crate::ktap::{self, Ending};
use crate::style::{bad, counted, dim, grouped, head, wrapped};
use crate::{Status, check, human, out};

/// How many lines of a console are shown where the kernel did not complain.
const LINES: usize = 15;

/// Runs the command.
pub(crate) fn run(args: &VmArgs) -> Result<Status, String> {
    let errand = Task::new(args)?;
    end_machines_with_us()?;
    // All of them before the first is run: a mistake is told at once.
    let kernels = args.kernel.iter().map(|name| Kernel::named(name));
    let mut kernels = kernels.collect::<Result<Vec<_>, _>>()?;
    tell_apart(&mut kernels);
    match (&errand.format, &kernels[..]) {
        (Some(Format::Ktap), [_, _, ..]) => nested(args, &errand, &kernels),
        (Some(format), [_, _, ..]) if errand.is_check => compare(args, &errand, &kernels, *format),
        _ => one_by_one(args, &errand, &kernels),
    }
}

/// Gives numbers to kernels of the same release, as a tree with patches has them:
/// tables and folders go by their names.
pub(crate) fn tell_apart(kernels: &mut [Kernel]) {
    let names: Vec<String> = kernels.iter().map(|kernel| kernel.name.clone()).collect();
    for (at, kernel) in kernels.iter_mut().enumerate() {
        let before = names[..at].iter().filter(|name| **name == kernel.name).count();
        if before > 0 {
            kernel.name = format!("{}-{}", kernel.name, before + 1);
        }
    }
}

/// What is to be run, as far as this side has to know it.
struct Task {
    errand: Errand,
    baggage: Vec<PathBuf>,
    is_check: bool,
    /// Whether it compares something on scenes.
    has_coverage: bool,
    /// How it tells its result, where that can be chosen.
    format: Option<Format>,
    /// Where it saves its findings.
    save: Option<PathBuf>,
}

impl Task {
    fn new(args: &VmArgs) -> Result<Task, String> {
        let line = std::iter::once("assay").chain(args.command.iter().map(String::as_str));
        // Wrong usage is told here, and not from within.
        let parsed = Arguments::try_parse_from(line).unwrap_or_else(|error| error.exit());
        let command = parsed.command.unwrap_or(Command::Check(parsed.check));
        let (format, wanted) = match &command {
            Command::Vm(_) | Command::Kernels(_) | Command::Review(_) => {
                let what = "check, exhaust, replay, triage, explain, repro, scenes or rules";
                return Err(format!("a machine runs {what}"));
            }
            Command::Explain(explain) if explain.writes_a_file() => {
                let why = "a file that explain writes in a machine is gone with it";
                return Err(format!("{why}: send standard output to one, with --svg -"));
            }
            Command::Repro(repro) if repro.output.is_some() => {
                return Err(
                    "in a machine repro writes to standard output: leave out --output, and \
                     redirect what comes out here"
                        .into(),
                );
            }
            Command::Check(check) => (Some(check.format), check.save.clone()),
            Command::Replay(replay) => (Some(replay.format), None),
            Command::Exhaust(exhaust) => (Some(exhaust.format), exhaust.save.clone()),
            Command::Triage(triage) => (Some(triage.format), triage.save.clone()),
            _ => (None, None),
        };
        let save = wanted.clone();
        // Also behind the sign of `--flag=path`.
        let words = args.command.iter().skip(1);
        let named = words.map(|word| {
            let value = word.starts_with("--").then(|| word.split_once('=')).flatten();
            PathBuf::from(value.map_or(word.as_str(), |(_, value)| value))
        });
        let baggage = named.filter(|path| path.exists() && Some(path) != wanted.as_ref()).collect();
        let mut environment = Vec::new();
        if io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none() {
            environment.push(("CLICOLOR_FORCE".to_owned(), "1".to_owned()));
        }
        Ok(Task {
            errand: Errand {
                arguments: args.command.clone(),
                environment,
                wanted: wanted.iter().map(|path| path.display().to_string()).collect(),
                seconds: args.machine.timeout.saturating_add(30),
            },
            baggage,
            is_check: matches!(command, Command::Check(_)),
            has_coverage: matches!(
                command,
                Command::Check(_)
                    | Command::Replay(_)
                    | Command::Exhaust(_)
                    | Command::Triage(_)
                    | Command::Scenes(_)
            ),
            format,
            save,
        })
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
            runs::ask_for_coverage(&mut errand);
        }
        errand
    }
}

/// Has an interrupt end the machines, and then this program; a second one at once.
pub(crate) fn end_machines_with_us() -> Result<(), String> {
    let interrupted = || {
        if machine::stop() {
            std::process::exit(130);
        }
    };
    ctrlc::set_handler(interrupted).map_err(|error| check::no_handler(&error))
}

/// Runs a task on one kernel; `out` and `err` get what it writes.
pub(crate) fn boot(
    args: &MachineArgs,
    errand: &Errand,
    baggage: &[PathBuf],
    kernel: &Kernel,
    (out, err): (impl Write + Send + 'static, impl Write + Send + 'static),
) -> Result<Run, String> {
    let setup = Setup {
        accelerator: match args.accel {
            Accelerator::Tcg => "tcg",
            Accelerator::Kvm => "kvm",
        },
        memory: args.memory,
        timeout: Duration::from_secs(args.timeout),
    };
    let initramfs = pack(kernel, errand, baggage)?;
    let run = machine::run(kernel, &initramfs, &setup, out, err)?;
    for (path, bytes) in &run.report.files {
        // The kernel that brings them is one that may be wrong.
        if runs::is_coverage(path) {
            continue;
        }
        let ours = errand.wanted.iter().any(|folder| path.starts_with(folder));
        if !ours || path.components().any(|part| part == Component::ParentDir) {
            out::note(format_args!("assay: {}: not saved: {}", kernel.name, path.display()));
            continue;
        }
        if let Some(folder) = path.parent() {
            let refused = |error| files::refused(folder, 0, &error, check::ELSEWHERE);
            fs::create_dir_all(folder).map_err(refused)?;
        }
        files::write(path, bytes, check::ELSEWHERE)?;
    }
    for note in &run.report.notes {
        out::note(format_args!("assay: {}: {note}", kernel.name));
    }
    if let Some(error) = &run.lost {
        return Err(out::lost(error));
    }
    Ok(run)
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
        out::note(format_args!("assay: {}  {what}", human::word(Verdict::Uneven)));
    }
    Ok(runs.status())
}

/// One kernel after another, each a point of one KTAP document.
fn nested(args: &VmArgs, task: &Task, kernels: &[Kernel]) -> Result<Status, String> {
    let mut runs = Runs::default();
    let mut points = Vec::new();
    for kernel in kernels {
        out::note(format_args!("assay: {}", kernel.name));
        let heard = Heard::default();
        let errand = task.beside_others(kernel);
        let ports = (heard.clone(), io::stderr());
        let run = boot(&args.machine, &errand, &task.baggage, kernel, ports)?;
        let status = verdict(&run, &args.machine);
        let text = String::from_utf8_lossy(&heard.bytes()).into_owned();
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

/// How a run ended, or why it did not end with a verdict.
pub(crate) fn verdict(run: &Run, args: &MachineArgs) -> Result<Status, String> {
    if let Some(splat) = &run.splat {
        return Err(format!(
            "{}. The kernel's console:\n{}",
            splat.complaint.text(),
            dim(&splat.excerpt)
        ));
    }
    let last = || match tail(&run.console, LINES) {
        lines if lines.is_empty() => "The console is empty".to_owned(),
        lines => format!("The end of the console:\n{}", dim(&lines)),
    };
    match &run.report.end {
        Some(End::Exit(0)) => Ok(Status::Agree),
        Some(End::Exit(1)) => Ok(Status::Divergence),
        // It said itself what the trouble was.
        Some(End::Exit(2)) => Ok(Status::Trouble),
        Some(End::Exit(4)) => Ok(Status::Skipped),
        Some(End::Exit(other)) => Err(format!("the subcommand ended with status {other}")),
        Some(End::Signal(signal)) => {
            Err(format!("the subcommand was ended by signal {signal}. {}", last()))
        }
        Some(End::Trouble(trouble)) => Err(format!("{trouble}. {}", last())),
        None if run.timed_out && run.report.started => Err(format!(
            "not done after {} s (--timeout), {} of which it took to boot. {}",
            args.timeout,
            run.booted.map_or("?".into(), |booted| format!("{:.1} s", booted.as_secs_f64())),
            last()
        )),
        None if run.timed_out => Err(format!(
            "it has not started this program after {} s (--timeout). {}",
            args.timeout,
            last()
        )),
        None if !run.qemu_errors.trim().is_empty() => {
            Err(format!("no machine: {}", run.qemu_errors.trim()))
        }
        None if run.report.started => {
            Err(format!("the machine went off before the subcommand was done. {}", last()))
        }
        None => Err(format!(
            "the kernel did not start this program; it may need more memory than {} MiB \
             (--memory). {}",
            args.memory,
            last()
        )),
    }
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
        let heard = Heard::default();
        let mut errand = task.beside_others(kernel);
        errand.arguments.push("--format=json".to_owned());
        let ports = (heard.clone(), io::stderr());
        let run = boot(&args.machine, &errand, &task.baggage, kernel, ports)?;
        let status = verdict(&run, &args.machine);
        let (report, status) = match serde_json::from_slice(&heard.bytes()) {
            Ok(report) => (report, status),
            // A verdict without its report is none.
            Err(_) => (Value::Null, status.and(Err("its report did not arrive".into()))),
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
            out::put(told(&columns))?;
            if let Some(what) = runs.uneven() {
                let what = wrapped(&what, "", human::WIDTH);
                out::put(format_args!("\n{}  {what}", human::word(Verdict::Uneven)))?;
            }
        }
        Format::Json => {
            let uneven = runs.uneven();
            let data = |column: &Column| column.data(uneven.as_deref());
            let objects: Vec<Value> = columns.iter().map(data).collect();
            out::line(check::json(&objects)?)?;
        }
    }
    Ok(runs.status())
}

/// One kernel's check.
struct Column {
    /// As the command line has it.
    asked: String,
    name: String,
    report: Value,
    status: Result<Status, String>,
}

impl Column {
    /// `uneven` is what makes it not comparable with the others, if anything.
    fn data(&self, uneven: Option<&str>) -> Value {
        json!({
            "name": self.name,
            "uneven": uneven,
            "trouble": self.status.as_ref().err().map(|text| anstream::adapter::strip_str(text).to_string()),
            "report": self.report,
        })
    }

    fn number(&self, name: &str) -> u64 {
        self.report[name].as_u64().unwrap_or(0)
    }

    fn release(&self) -> &str {
        self.report["kernel"].as_str().unwrap_or("")
    }

    /// Which scenes came up, and what was not compared; nothing where no report arrived.
    fn coverage(&self) -> Coverage {
        serde_json::from_value(self.report.clone()).unwrap_or_default()
    }

    /// The verdict of its report.
    fn verdict(&self) -> Option<Verdict> {
        let name = self.report["verdict"].as_str()?;
        Verdict::ALL.into_iter().find(|verdict| verdict.name() == name)
    }

    /// What its verdict is about.
    fn headline(&self, verdict: Verdict) -> String {
        let coverage = self.coverage();
        let cases = counted(self.number("cases"), "case");
        let agree = || {
            let agree = grouped(self.number("agree"));
            format!("{agree} of {cases} agree, in {}", coverage.scenes_text())
        };
        match verdict {
            Verdict::Agree | Verdict::Incomplete | Verdict::Uneven => agree(),
            Verdict::Divergence => {
                format!("{} of {cases} disagree", grouped(self.number("disagree")))
            }
            Verdict::Unreproduced => counted(self.number("unreproduced"), "difference seen once"),
            Verdict::Inconclusive => {
                format!("{} of {cases} have no verdict", grouped(self.number("inconclusive")))
            }
            Verdict::Skipped => {
                coverage.not_compared_text().unwrap_or_else(|| "no case was made".into())
            }
        }
    }

    fn row(&self, option: &str, group: &str) -> Option<&Value> {
        let mut rows = self.report["table"].as_array()?.iter();
        rows.find(|row| row["option"] == option && row["group"] == group)
    }

    /// A count of the cases of an option in a group of scenes.
    fn count(&self, option: &str, group: &str, name: &str) -> u64 {
        self.row(option, group).and_then(|row| row[name].as_u64()).unwrap_or(0)
    }

    /// What the cases of an option in a group of scenes came to.
    fn cell(&self, option: &str, group: &str) -> String {
        let row = self.row(option, group);
        let count = |name: &str| self.count(option, group, name);
        match (row, count("disagree"), count("inconclusive")) {
            (None, ..) => "-".into(),
            (_, 0, 0) => grouped(count("agree")),
            (_, 0, open) => format!("{} ?{}", grouped(count("agree")), grouped(open)),
            (_, wrong, _) => format!("{} WRONG", grouped(wrong)),
        }
    }
}

/// What several kernels' checks came to, as text.
fn told(columns: &[Column]) -> String {
    let mut rows: BTreeMap<(String, String), usize> = BTreeMap::new();
    for row in columns.iter().filter_map(|column| column.report["table"].as_array()).flatten() {
        if let (Some(option), Some(group)) = (row["option"].as_str(), row["group"].as_str()) {
            rows.insert((option.to_owned(), group.to_owned()), 0);
        }
    }
    let width = columns
        .iter()
        .flat_map(|column| [column.name.len(), column.release().len(), 14])
        .max()
        .unwrap_or(14);
    let line = |what: &str, cell: &dyn Fn(&Column) -> String| {
        let cells: Vec<String> =
            columns.iter().map(|column| format!("{:>width$}", cell(column))).collect();
        format!("{what:<42} {}", cells.join("  "))
    };
    let mut text = format!("{}\n", head(&line("cases that agree", &|column| column.name.clone())));
    let _ = writeln!(text, "{}", dim(&line("", &|column| column.release().to_owned())));
    for (option, group) in rows.keys() {
        let cells = line(&format!("{option:<22} {group}"), &|column| column.cell(option, group));
        let is_wrong = columns.iter().any(|column| column.count(option, group, "disagree") > 0);
        let _ = writeln!(text, "{}", if is_wrong { bad(&cells) } else { cells });
    }
    for (what, name) in
        [("agree", "agree"), ("disagree", "disagree"), ("inconclusive", "inconclusive")]
    {
        let cells = line(what, &|column| grouped(column.number(name)));
        let _ = writeln!(text, "{}", head(&cells));
    }
    let scenes = |column: &Column| {
        let coverage = column.coverage();
        format!("{} of {}", coverage.scenes, coverage.chosen())
    };
    let _ = writeln!(text, "{}", dim(&line("scenes that came up", &scenes)));
    for column in columns {
        let _ = writeln!(text);
        let mut name = head(&column.name);
        if column.asked != column.name {
            name.push_str(&format!(" ({})", column.asked));
        }
        match (&column.status, column.verdict()) {
            (Err(trouble), _) => {
                let _ = writeln!(text, "{name}: {} {trouble}", bad("NO VERDICT"));
            }
            (Ok(_), Some(verdict)) => {
                let what = column.headline(verdict);
                let _ = writeln!(text, "{name}: {}  {what}", human::word(verdict));
            }
            (Ok(_), None) => {
                let _ = writeln!(text, "{name}: {}", bad("NO VERDICT"));
            }
        }
        let list = |name: &str| column.report[name].as_array().cloned().unwrap_or_default();
        for note in list("notes") {
            let _ = writeln!(text, "  {}", note.as_str().unwrap_or_default());
        }
        let coverage = column.coverage();
        if !coverage.skipped_scenes.is_empty() || !coverage.impossible_scenes.is_empty() {
            text.push_str(human::scenes(&coverage).trim_start_matches('\n'));
        }
        for finding in list("findings") {
            let word = |name: &str| finding[name].as_str().unwrap_or_default().to_owned();
            let console: String =
                word("console").lines().map(|line| format!("\n      {}", dim(line))).collect();
            let _ = writeln!(
                text,
                "  {} ({}){}\n    {}\n    {}",
                word("summary"),
                counted(finding["cases"].as_u64().unwrap_or(0), "case"),
                console,
                word("signature"),
                dim(&format!(
                    "assay vm --kernel {} -- {}",
                    column.asked,
                    word("replay").trim_start_matches("assay ")
                ))
            );
        }
    }
    text
}

/// Output that is kept.
#[derive(Clone, Default)]
pub(crate) struct Heard(Arc<Mutex<Vec<u8>>>);

impl Heard {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Write for Heard {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
