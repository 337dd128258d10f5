//! `assay scenes`: the catalogue, and what of it stands here.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use mptcp_emulator::Family;
use mptcp_harness::scenes::{self, ExpectedState, Fixtures, Kind, catalogue};
use serde::Serialize;

use crate::arguments::{Format, ScenesArgs};
use crate::commands::check::{build, json};
use crate::report::coverage::Coverage;
use crate::terminal::progress::ProgressLine;
use crate::arguments::selection::Selection;
use crate::terminal::style::{dim, head};
use crate::{Status, human, out};
use clap::Args;

pub(crate) const HELP: &str = "\
Exit status:
  0  scenes came up for everything that was asked for
  4  none came up of those that a pattern of --scene names, or none in which a
     kernel answers the options
Exit status with --exec:
  1 if the program failed on a scene; 4 if it skipped (4) each of them, or one of
  the scenes did not come up; else 0";

#[derive(Args, Debug)]
pub(crate) struct ScenesArgs {
    /// Scenes, or groups of scenes, by name; `*` and `?` stand for any; all by default
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) scene: Vec<Selection>,

    /// Run a program on each scene that came up, with the scene's socket as its
    /// standard input; its exit status counts as that of a kselftest. A path: a bare
    /// name is a file of this folder
    #[arg(long, value_name = "PROGRAM", conflicts_with = "format")]
    pub(crate) exec: Option<PathBuf>,

    /// How to tell the result
    #[arg(long, value_name = "FORMAT", default_value = "human", value_parser = listing())]
    pub(crate) format: Format,
}

/// One scene of the catalogue.
#[derive(Serialize)]
struct SceneData {
    number: u8,
    name: &'static str,
    group: &'static str,
    stands: bool,
    kind: Option<&'static str>,
    subflows: Option<usize>,
    reason: Option<String>,
}

/// Runs the command.
pub(crate) fn run(args: &ScenesArgs) -> Result<Status, String> {
    let enclosure = scenes::enter();
    let stage = build(&enclosure, &args.scene, &ProgressLine::new());
    stage.usable()?;
    let coverage = Coverage::of(&stage);
    coverage.leave();
    if let Some(program) = &args.exec {
        return exec(program, &stage);
    }
    let chosen = |scene: &&scenes::Scene| {
        args.scene.is_empty() || args.scene.iter().any(|choice| choice.takes(scene))
    };
    let scenes = data(&stage, catalogue().iter().filter(chosen));
    match args.format {
        Format::Json => out::line(json(&scenes)?)?,
        Format::Human | Format::Ktap => {
            out::put(format_args!("{}{}", table(&scenes), human::scenes(&coverage)))?
        }
    }
    // Each pattern has to have a scene that came up; and one that answers the options has
    // to be among them, if any was chosen.
    let up = |scene: &scenes::Scene| coverage.scenes_up.iter().any(|name| name == scene.name);
    let answers = |scene: &&scenes::Scene| chosen(scene) && scene.subflows().is_some();
    let is_up =
        |choice: &Selection| catalogue().iter().any(|scene| choice.takes(scene) && up(scene));
    let mut answering = catalogue().iter().filter(answers).peekable();
    let is_whole = args.scene.iter().all(is_up)
        && (answering.peek().is_none() || answering.any(up))
        && coverage.scenes > 0;
    Ok(if is_whole { Status::Agree } else { Status::Skipped })
}

/// Runs a program on each scene that stands.
fn exec(program: &Path, stage: &Fixtures) -> Result<Status, String> {
    let mut statuses = Vec::new();
    for scene in stage.scenes() {
        out::line(head(scene.name))?;
        let socket = match stage.descriptor(scene.id) {
            Ok(socket) => socket,
            Err(why) => {
                out::line(format_args!("  left out: {why}"))?;
                continue;
            }
        };
        // A bare name is a file here, and not a program of the search path.
        let path = Path::new(".").join(program);
        let status = Command::new(path).stdin(socket).status();
        let status = status.map_err(|error| format!("{}: {error}", program.display()))?;
        out::line(format_args!("  {status}\n"))?;
        statuses.push(status.code());
    }
    for (scene, why) in stage.skipped() {
        out::line(format_args!("{}: skipped: {why}", scene.name))?;
    }
    let failed = statuses.iter().filter(|status| !matches!(status, Some(0 | 4))).count();
    let skipped = statuses.iter().filter(|status| **status == Some(4)).count();
    out::line(format_args!("{} scenes: {failed} failed, {skipped} skipped", statuses.len()))?;
    let all = statuses.len() - skipped;
    Ok(match (failed, all, stage.skipped()) {
        (0, 1.., []) => Status::Agree,
        // What was asked for and does not stand was not run.
        (0, ..) => Status::Skipped,
        _ => Status::Divergence,
    })
}

fn data(stage: &Fixtures, chosen: impl Iterator<Item = &'static scenes::Scene>) -> Vec<SceneData> {
    let reason = |id: u8| {
        let impossible =
            stage.impossible().iter().map(|(scene, why)| (scene.id, (*why).to_owned()));
        let skipped = stage.skipped().iter().map(|(scene, why)| (scene.id, why.clone()));
        skipped.chain(impossible).find(|(scene, _)| *scene == id).map(|(_, why)| why)
    };
    let one = |scene: &scenes::Scene| {
        let portrait = stage.portrait(scene.id);
        SceneData {
            number: scene.id,
            name: scene.name,
            group: scene.group.name(),
            stands: portrait.is_some(),
            kind: portrait.map(kind),
            subflows: portrait.and_then(subflows),
            reason: reason(scene.id),
        }
    };
    chosen.map(one).collect()
}

fn table(scenes: &[SceneData]) -> String {
    let title =
        format!("{:>6}  {:<36} {:<19} {:<17} {:>8}", "number", "name", "group", "kind", "subflows");
    let mut text = format!("{}\n", head(&title));
    for scene in scenes {
        let kind = scene.kind.unwrap_or("skipped");
        let subflows = scene.subflows.map_or("-".into(), |count| count.to_string());
        let line = format!(
            "{:>6}  {:<36} {:<19} {kind:<17} {subflows:>8}",
            scene.number, scene.name, scene.group
        );
        let _ = writeln!(text, "{}", if scene.stands { line } else { dim(&line) });
    }
    text
}

/// What a descriptor is, in a few words.
pub(crate) fn kind(portrait: &ExpectedState) -> &'static str {
    let by_family = |family: &Family, v4, v6| match family {
        Family::V4 => v4,
        Family::V6 => v6,
    };
    match &portrait.kind {
        Kind::Mptcp { .. } => "MPTCP",
        Kind::FallenBack(family) => by_family(family, "fallen back, IPv4", "fallen back, IPv6"),
        Kind::Tcp(family) => by_family(family, "TCP, IPv4", "TCP, IPv6"),
        Kind::Udp(family) => by_family(family, "UDP, IPv4", "UDP, IPv6"),
        Kind::Unix => "unix",
        Kind::NotASocket => "not a socket",
        Kind::Closed => "not open",
    }
}

/// How many subflows there are, where that means anything.
fn subflows(portrait: &ExpectedState) -> Option<usize> {
    match &portrait.kind {
        Kind::Mptcp { subflows, .. } => Some(subflows.len()),
        _ => None,
    }
}
