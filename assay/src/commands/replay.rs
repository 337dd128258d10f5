//! `assay replay`: stored cases, judged once more.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use mptcp_emulator::Revision;
use mptcp_harness::cases::option_name;
use mptcp_harness::judge::finding::{Diagnosis, Finding};
use mptcp_harness::model::Model;
use mptcp_harness::oracle::{Oracle, Reason};
use mptcp_harness::scenes::{Scene, by_id};
use mptcp_harness::verdict::{Status, Tally, Verdict};
use serde::Serialize;

use crate::arguments::Format;
use crate::report::coverage::{Coverage, MissingComparison, Request};
use crate::report::data::FindingData;
use crate::report::ktap::{Ending, Point};
use crate::report::serial::verdict_name;
use crate::report::{ktap, text};
use crate::session::findings::finding_data;
use crate::session::stored_cases::{StoredCase, StoredVerdict};
use crate::session::{Session, stored_cases};
use crate::terminal::out;
use crate::terminal::progress::ProgressLine;
use crate::terminal::style::{bad, counted, good, grouped, odd, wrapped};

#[derive(Args, Debug)]
pub(crate) struct ReplayArgs {
    /// Files of one case each; folders with such files, which are searched
    /// recursively and in order (*.md and *.txt are ignored)
    #[arg(value_name = "FILE|DIR", required_unless_present = "hex")]
    pub(crate) paths: Vec<PathBuf>,

    /// A case as hexadecimal digits, as a report has it; repeatable
    #[arg(long, value_name = "HEX")]
    pub(crate) hex: Vec<String>,

    /// Judge only by what documents promise, as `assay check --contract` does
    #[arg(long)]
    pub(crate) contract: bool,

    /// Output format
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,
}

/// Everything that a replay reports.
#[derive(Serialize)]
struct Replay {
    #[serde(with = "verdict_name")]
    verdict: Verdict,
    kernel: String,
    revision: &'static str,
    cases: u64,
    agree: u64,
    disagree: u64,
    /// Cases without a verdict.
    inconclusive: u64,
    /// Those of them on which a difference was seen that could not be reproduced.
    unreproduced: u64,
    /// Files that are no cases.
    errors: u64,
    /// The scenes of the cases, and the cases that were not compared.
    #[serde(flatten)]
    coverage: Coverage,
    results: Vec<Line>,
    findings: Vec<FindingData>,
}

/// One stored case.
#[derive(Serialize)]
struct Line {
    name: String,
    verdict: LineVerdict,
    summary: String,
    /// Of what disagrees.
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<String>,
}

/// What a stored case came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum LineVerdict {
    Agree,
    Disagree,
    /// A difference was seen that could not be reproduced.
    Unreproduced,
    /// There is no verdict.
    Inconclusive,
    /// Something that the case needs is not available here.
    #[serde(rename = "not_compared")]
    Absent,
    /// The file holds no case.
    Error,
}

impl LineVerdict {
    /// The word at the head of a line.
    fn word(self) -> &'static str {
        match self {
            LineVerdict::Agree => "agree",
            LineVerdict::Disagree => "disagree",
            LineVerdict::Unreproduced => "unreproduced",
            LineVerdict::Inconclusive => "inconclusive",
            LineVerdict::Absent => "not compared",
            LineVerdict::Error => "error",
        }
    }
}

/// Runs the command.
pub(crate) fn run(args: &ReplayArgs) -> Result<Status, String> {
    let stored = stored_cases::read(&args.paths, &args.hex);
    let wanted = |scene: &Scene| {
        let mut cases = stored.iter().filter_map(|stored| stored.case.as_ref().ok());
        cases.any(|case| case.scene == scene.id)
    };
    let model = if args.contract { Model::promised() } else { Model::documented() };
    let session = Session::open(model, None, &ProgressLine::quiet(), wanted)?;
    let mut oracle = session.oracle()?;
    let Session { kernel, mut coverage, .. } = session;

    let mut findings: BTreeMap<String, (Finding, Option<String>)> = BTreeMap::new();
    let mut results = Vec::new();
    for one in &stored {
        let line = judge(one, &mut oracle, &coverage, &mut findings);
        if args.format == Format::Human {
            show(&line)?;
        }
        results.push(line);
    }
    let absent = results.iter().filter(|line| line.verdict == LineVerdict::Absent);
    coverage.not_compared = absent
        .map(|line| MissingComparison {
            request: Request::Case(line.name.clone()),
            reason: line.summary.clone(),
        })
        .collect();
    coverage.leave();
    let count =
        |judged: LineVerdict| results.iter().filter(|line| line.verdict == judged).count() as u64;
    let [agree, disagree] = [LineVerdict::Agree, LineVerdict::Disagree].map(count);
    let [unreproduced, errors] = [LineVerdict::Unreproduced, LineVerdict::Error].map(count);
    let without = unreproduced + count(LineVerdict::Inconclusive);
    let tally = Tally {
        agree,
        disagree,
        without,
        unreproduced,
        not_compared: count(LineVerdict::Absent),
        is_incomplete: errors > 0,
        ..Tally::default()
    };
    let replay = Replay {
        verdict: tally.verdict(),
        kernel: kernel.release.clone(),
        revision: kernel.revision.name,
        cases: results.len() as u64 - errors,
        agree,
        disagree,
        inconclusive: without,
        unreproduced,
        errors,
        coverage,
        results,
        findings: data(findings, &kernel.revision, args.format == Format::Human),
    };
    match args.format {
        Format::Human => out::put(text(&replay))?,
        Format::Json => out::line(out::json(&replay)?)?,
        Format::Ktap => out::put(points(&replay))?,
    }
    Ok(replay.verdict.status())
}

fn judge(
    stored: &StoredCase,
    oracle: &mut Oracle,
    coverage: &Coverage,
    findings: &mut BTreeMap<String, (Finding, Option<String>)>,
) -> Line {
    let (mut name, mut option) = ("an unknown scene", String::new());
    if let Ok(case) = &stored.case {
        name = by_id(case.scene).map_or(name, |scene| scene.name);
        option = option_name(case.option);
    }
    let mut signature = None;
    let (verdict, summary) = match stored.judge(oracle, coverage) {
        StoredVerdict::Agree { unspecified: false } => {
            (LineVerdict::Agree, format!("{option} on {name}"))
        }
        StoredVerdict::Agree { unspecified: true } => {
            (LineVerdict::Agree, format!("{option} on {name}: no promise is broken"))
        }
        StoredVerdict::Disagree(finding) => {
            let Diagnosis { summary, signature: of, .. } = finding.diagnosis.clone();
            let file = stored.is_file.then(|| stored.name.clone());
            findings
                .entry(of.clone())
                .and_modify(|(known, _)| known.cases += 1)
                .or_insert((*finding, file));
            signature = Some(of);
            (LineVerdict::Disagree, summary)
        }
        StoredVerdict::Inconclusive(reason, why) if reason.is_unreproduced() => {
            (LineVerdict::Unreproduced, format!("{name}: {why}"))
        }
        StoredVerdict::Inconclusive(_, why) => {
            (LineVerdict::Inconclusive, format!("{name}: {why}"))
        }
        StoredVerdict::Absent(Reason::NoScene, why) => (LineVerdict::Absent, why),
        StoredVerdict::Absent(_, why) => (LineVerdict::Absent, format!("{name}: {why}")),
        StoredVerdict::NoCase(why) => (LineVerdict::Error, why),
    };
    Line { name: stored.name.clone(), verdict, summary, signature }
}

fn data(
    findings: BTreeMap<String, (Finding, Option<String>)>,
    revision: &Revision,
    colour: bool,
) -> Vec<FindingData> {
    let one = |(finding, file): (Finding, Option<String>)| {
        let mut data = finding_data(&finding, revision, colour);
        if let Some(name) = &file {
            data.replay = format!("assay replay {name}");
        }
        data.file = file;
        data
    };
    findings.into_values().map(one).collect()
}

fn show(line: &Line) -> Result<(), String> {
    let paint = match line.verdict {
        LineVerdict::Agree => good,
        LineVerdict::Inconclusive | LineVerdict::Absent => odd,
        LineVerdict::Disagree | LineVerdict::Unreproduced | LineVerdict::Error => bad,
    };
    let verdict = paint(&format!("{:<12}", line.verdict.word()));
    out::line(format_args!("{verdict} {}: {}", line.name, line.summary))
}

/// A test point for each stored case.
fn points(replay: &Replay) -> String {
    let point = |line: &Line| {
        let summary = line.summary.clone();
        match line.verdict {
            LineVerdict::Agree => Point::new(&line.name, Ending::Ok),
            LineVerdict::Inconclusive | LineVerdict::Absent => {
                Point::new(&line.name, Ending::Skip(summary))
            }
            LineVerdict::Error => Point::new(&line.name, Ending::Error(summary)),
            LineVerdict::Disagree | LineVerdict::Unreproduced => {
                let signature = line.signature.clone().unwrap_or_default();
                Point::new(&line.name, Ending::NotOk).saying(signature).saying(summary)
            }
        }
    };
    let Replay { kernel, revision, .. } = replay;
    let comment = format!("Linux {kernel} modelled as {revision}");
    ktap::document(&[comment], &replay.results.iter().map(point).collect::<Vec<_>>())
}

fn text(replay: &Replay) -> String {
    let mut text = text::findings(&replay.findings);
    text.push_str(&format!(
        "\n{}  {} on Linux {} as {}: {} agree, {} disagree, {} without a verdict, {} not compared",
        text::word(replay.verdict),
        counted(replay.cases, "case"),
        replay.kernel,
        replay.revision,
        grouped(replay.agree),
        grouped(replay.disagree),
        grouped(replay.inconclusive),
        grouped(replay.coverage.not_compared.len() as u64),
    ));
    if replay.errors > 0 {
        let what = counted(replay.errors, "file");
        text.push_str(&format!("; {}", bad(&format!("{what} without a case"))));
    }
    text.push('\n');
    if let Some(what) = replay.coverage.not_compared_text() {
        text.push_str(&odd(&wrapped(&what, "  ", text::WIDTH)));
    }
    text
}
