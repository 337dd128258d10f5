//! `assay scenes`: the catalogue, and which scenes come up here.

use crate::report::text::socket_kind;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;
use mptcp_harness::model::Model;
use mptcp_harness::scenes::Scene;
use mptcp_harness::scenes::{ExpectedState, Fixtures, Kind, catalogue};
use mptcp_harness::verdict::Status;
use serde::Serialize;

use crate::arguments::selection::Selection;
use crate::arguments::{Format, listing};
use crate::report::text;
use crate::session::{Session, scenes_wanted};
use crate::terminal::out;
use crate::terminal::progress::ProgressLine;
use crate::terminal::style::{dim, head};

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

    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "human", value_parser = listing())]
    pub(crate) format: Format,
}

/// One scene of the catalogue.
#[derive(Serialize)]
struct SceneData {
    number: u8,
    name: &'static str,
    group: &'static str,
    #[serde(rename = "stands")]
    is_available: bool,
    kind: Option<&'static str>,
    subflows: Option<usize>,
    reason: Option<String>,
}

/// Runs the command.
pub(crate) fn run(args: &ScenesArgs) -> Result<Status, String> {
    let wanted = scenes_wanted(&args.scene);
    let session = Session::open(Model::documented(), None, &ProgressLine::new(), &wanted)?;
    let coverage = &session.coverage;
    coverage.leave();
    let fixtures = session.fixtures();
    if let Some(program) = &args.exec {
        return exec(program, &fixtures);
    }
    let chosen = |scene: &&Scene| wanted(scene);
    let scenes = data(&fixtures, catalogue().iter().filter(chosen));
    match args.format {
        Format::Json => out::line(out::json(&scenes)?)?,
        Format::Human | Format::Ktap => {
            out::put(format_args!("{}{}", table(&scenes), text::scenes(coverage)))?
        }
    }
    // Each pattern has to have a scene that came up; and one that answers the options has
    // to be among them, if any was chosen.
    let up = |scene: &Scene| coverage.scenes_up.iter().any(|name| name == scene.name);
    let answers = |scene: &&Scene| chosen(scene) && scene.subflows().is_some();
    let is_up =
        |choice: &Selection| catalogue().iter().any(|scene| choice.takes(scene) && up(scene));
    let mut answering = catalogue().iter().filter(answers).peekable();
    let is_whole = args.scene.iter().all(is_up)
        && (answering.peek().is_none() || answering.any(up))
        && coverage.scenes > 0;
    Ok(if is_whole { Status::Agree } else { Status::Skipped })
}

/// Runs a program on each scene that came up.
fn exec(program: &Path, fixtures: &Fixtures) -> Result<Status, String> {
    let mut statuses = Vec::new();
    for scene in fixtures.scenes() {
        out::line(head(scene.name))?;
        let socket = match fixtures.descriptor(scene.id) {
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
    for (scene, why) in fixtures.skipped() {
        out::line(format_args!("{}: skipped: {why}", scene.name))?;
    }
    let failed = statuses.iter().filter(|status| !matches!(status, Some(0 | 4))).count();
    let skipped = statuses.iter().filter(|status| **status == Some(4)).count();
    out::line(format_args!("{} scenes: {failed} failed, {skipped} skipped", statuses.len()))?;
    let all = statuses.len() - skipped;
    Ok(match (failed, all, fixtures.skipped()) {
        (0, 1.., []) => Status::Agree,
        // What was asked for and did not come up was not run.
        (0, ..) => Status::Skipped,
        _ => Status::Divergence,
    })
}

fn data(fixtures: &Fixtures, chosen: impl Iterator<Item = &'static Scene>) -> Vec<SceneData> {
    let reason = |id: u8| {
        let impossible =
            fixtures.impossible().iter().map(|(scene, why)| (scene.id, (*why).to_owned()));
        let skipped = fixtures.skipped().iter().map(|(scene, why)| (scene.id, why.clone()));
        skipped.chain(impossible).find(|(scene, _)| *scene == id).map(|(_, why)| why)
    };
    let one = |scene: &Scene| {
        let expected = fixtures.expected(scene.id);
        SceneData {
            number: scene.id,
            name: scene.name,
            group: scene.group.name(),
            is_available: expected.is_some(),
            kind: expected.map(socket_kind),
            subflows: expected.and_then(subflows),
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
        let _ = writeln!(text, "{}", if scene.is_available { line } else { dim(&line) });
    }
    text
}

/// How many subflows there are, where that means anything.
fn subflows(expected: &ExpectedState) -> Option<usize> {
    match &expected.kind {
        Kind::Mptcp { subflows, .. } => Some(subflows.len()),
        _ => None,
    }
}
