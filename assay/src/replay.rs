//! `assay replay`: stored cases, judged once more.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use mptcp_emulator::RuleSet;
use mptcp_harness::case::option_name;
use mptcp_harness::finding::Finding;
use mptcp_harness::kernel::Kernel;
use mptcp_harness::rig::Model;
use mptcp_harness::scene::{self, Stage, by_id};
use mptcp_harness::trial::{Reason, Trial, Verdict};
use serde::Serialize;

use crate::args::{Format, ReplayArgs};
use crate::check::{json, picture};
use crate::input::{self, Stored};
use crate::ktap::{self, Ending, Point};
use crate::report::FindingData;
use crate::style::{bad, counted, good, grouped, odd};
use crate::watch::watching;
use crate::{Status, human, out};

/// Everything that a replay tells.
#[derive(Serialize)]
struct Replay {
    kernel: String,
    revision: &'static str,
    cases: u64,
    agree: u64,
    disagree: u64,
    inconclusive: u64,
    /// Files that are no cases.
    errors: u64,
    results: Vec<Line>,
    findings: Vec<FindingData>,
}

/// One stored case.
#[derive(Serialize)]
struct Line {
    name: String,
    /// `agree`, `disagree`, `inconclusive` or `error`.
    verdict: &'static str,
    summary: String,
    /// Of what disagrees.
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<String>,
}

/// Runs the command.
pub(crate) fn run(args: &ReplayArgs) -> Result<Status, String> {
    let stored = input::read(&args.paths, &args.hex);
    if stored.is_empty() {
        return Err("no case in these folders".into());
    }
    let enclosure = scene::enter();
    let wanted = |number: u8| {
        let mut cases = stored.iter().filter_map(|stored| stored.case.as_ref().ok());
        cases.any(|case| case.scene == number)
    };
    let stage = Stage::build(&enclosure, |scene| wanted(scene.id), &mut |_| ());
    stage.usable()?;
    let kernel = Kernel::running(stage.sizes());
    let skipped: BTreeMap<u8, String> =
        stage.skipped().iter().map(|(scene, why)| (scene.id, why.clone())).collect();
    let model = if args.contract { Model::promised() } else { Model::documented() };
    let trial = Trial::new(&Arc::new(Mutex::new(stage)), kernel.revision, model);
    let mut trial = trial.map_err(|error| error.to_string())?;
    if let Some(watch) = watching() {
        trial.watch(watch);
    }

    let mut findings: BTreeMap<String, (Finding, String)> = BTreeMap::new();
    let mut results = Vec::new();
    for one in &stored {
        let line = judge(one, &mut trial, &skipped, &mut findings);
        if args.format == Format::Human {
            show(&line)?;
        }
        results.push(line);
    }
    let replay = Replay {
        kernel: kernel.release,
        revision: kernel.revision.name,
        cases: count(&results, "agree")
            + count(&results, "disagree")
            + count(&results, "inconclusive"),
        agree: count(&results, "agree"),
        disagree: count(&results, "disagree"),
        inconclusive: count(&results, "inconclusive"),
        errors: count(&results, "error"),
        results,
        findings: draw(findings, &mut trial, args.format == Format::Human),
    };
    match args.format {
        Format::Human => out::put(text(&replay))?,
        Format::Json => out::line(json(&replay)?)?,
        Format::Ktap => out::put(points(&replay))?,
    }
    Ok(match &replay {
        Replay { disagree: 1.., .. } => Status::Divergence,
        Replay { errors: 1.., .. } => Status::Trouble,
        // A case that was not judged is no case that agrees.
        Replay { inconclusive: 1.., .. } | Replay { agree: 0, .. } => Status::Skipped,
        _ => Status::Agree,
    })
}

fn judge(
    stored: &Stored,
    trial: &mut Trial,
    skipped: &BTreeMap<u8, String>,
    findings: &mut BTreeMap<String, (Finding, String)>,
) -> Line {
    let line =
        |verdict, summary| Line { name: stored.name.clone(), verdict, summary, signature: None };
    let case = match &stored.case {
        Ok(case) => case,
        Err(why) => return line("error", why.clone()),
    };
    trial.freshen();
    let scene = by_id(case.scene).map_or("an unknown scene", |scene| scene.name);
    match trial.whole(case, &mut RuleSet::default()) {
        Verdict::Agree => line("agree", format!("{} on {scene}", option_name(case.option))),
        Verdict::Unspecified => {
            line("agree", format!("{} on {scene}: no promise is broken", option_name(case.option)))
        }
        Verdict::Disagree(finding) => {
            let summary = finding.diagnosis.summary.clone();
            let signature = finding.diagnosis.signature.clone();
            findings
                .entry(signature.clone())
                .and_modify(|(known, _)| known.cases += 1)
                .or_insert((*finding, stored.name.clone()));
            Line { signature: Some(signature), ..line("disagree", summary) }
        }
        Verdict::Inconclusive(Reason::NoScene) => {
            let why = skipped.get(&case.scene).map_or("", String::as_str);
            line("inconclusive", format!("{scene} does not stand here: {why}"))
        }
        Verdict::Inconclusive(reason) => {
            line("inconclusive", format!("{scene}: {}", reason.text()))
        }
    }
}

fn draw(
    findings: BTreeMap<String, (Finding, String)>,
    trial: &mut Trial,
    colour: bool,
) -> Vec<FindingData> {
    let one = |(finding, name): (Finding, String)| {
        let mut data = FindingData::new(&finding, picture(trial, &finding, colour).1);
        if !name.starts_with("--hex") {
            data.replay = format!("assay replay {name}");
            data.file = Some(name);
        }
        data
    };
    findings.into_values().map(one).collect()
}

fn count(results: &[Line], verdict: &str) -> u64 {
    results.iter().filter(|line| line.verdict == verdict).count() as u64
}

fn show(line: &Line) -> Result<(), String> {
    let paint = match line.verdict {
        "agree" => good,
        "inconclusive" => odd,
        _ => bad,
    };
    let verdict = paint(&format!("{:<12}", line.verdict));
    out::line(format_args!("{verdict} {}: {}", line.name, line.summary))
}

/// A test point for each stored case.
fn points(replay: &Replay) -> String {
    let point = |line: &Line| {
        let summary = line.summary.clone();
        match line.verdict {
            "agree" => Point::new(&line.name, Ending::Ok),
            "inconclusive" => Point::new(&line.name, Ending::Skip(summary)),
            "error" => Point::new(&line.name, Ending::Error(summary)),
            _ => {
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
    let mut text = human::findings(&replay.findings);
    text.push_str(&format!(
        "\n{} on Linux {} as {}: {} agree, {} disagree, {} inconclusive",
        counted(replay.cases, "case"),
        replay.kernel,
        replay.revision,
        grouped(replay.agree),
        grouped(replay.disagree),
        grouped(replay.inconclusive),
    ));
    if replay.errors > 0 {
        let what = counted(replay.errors, "file");
        text.push_str(&format!("; {}", bad(&format!("{what} without a case"))));
    }
    text.push('\n');
    text
}
