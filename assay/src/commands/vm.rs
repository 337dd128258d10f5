//! `assay vm`: a subcommand on other kernels.

use crate::session::machine::Heard;
use crate::session::runs::ask_for_coverage;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::io::IsTerminal;
use std::path::PathBuf;

use clap::Args;
use mptcp_harness::verdict::{Status, Verdict};
use mptcp_lab::guest::Errand;
use mptcp_lab::kernels::Kernel;
use serde_json::{Value, json};

use crate::arguments::{Format, MachineArgs};
use crate::report::coverage::Coverage;
use crate::report::ktap::Ending;
use crate::report::{ktap, text};
use crate::session::machine::{boot, end_machines_with_us, tell_apart, verdict};
use crate::session::runs::Runs;
use crate::terminal::out;
use crate::terminal::style::{bad, counted, dim, grouped, head, wrapped};

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
                let what = wrapped(&what, "", text::WIDTH);
                out::put(format_args!("\n{}  {what}", text::word(Verdict::Uneven)))?;
            }
        }
        Format::Json => {
            let uneven = runs.uneven();
            let data = |column: &Column| column.data(uneven.as_deref());
            let objects: Vec<Value> = columns.iter().map(data).collect();
            out::line(out::json(&objects)?)?;
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
                let _ = writeln!(text, "{name}: {}  {what}", text::word(verdict));
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
            text.push_str(text::scenes(&coverage).trim_start_matches('\n'));
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

#[cfg(test)]
mod tests;
