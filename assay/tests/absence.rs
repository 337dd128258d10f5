//! No command ends in success where nothing was compared.
//!
//! Each command is run with netlink refused by a filter, so that no path manager can be
//! asked: what comes up are the scenes without MPTCP, and the kernel has MPTCP.

mod common;
#[path = "environment/impose.rs"]
mod impose;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use common::{Done, Run, folder, good_case, run, text};
use impose::refusing;
use libtest_mimic::Failed;
use mptcp_harness::cases::codec;
use mptcp_harness::cases::{Case, Data, Entry, Input, Place};
use mptcp_harness::scenes::by_name;

fn main() -> ExitCode {
    run(
        &[
            ("planted_bugs_take_a_control_that_was_compared", planted_bugs),
            ("findings_take_a_check_that_was_compared", findings),
        ],
        &[
            ("a_check_of_refusals_alone_is_skipped", a_check),
            ("a_check_names_what_was_not_compared", a_check_of_named_parts),
            ("a_check_of_what_came_up_has_the_number_of_scenes", a_check_of_some),
            ("a_check_as_ktap_skips_every_option", a_check_as_ktap),
            ("a_replay_without_its_scenes_is_skipped", a_replay),
            ("a_walk_over_a_domain_without_scenes_is_skipped", exhaust),
            ("a_triage_without_scenes_is_skipped", a_triage),
            ("scenes_that_did_not_come_up_are_no_success", scenes),
        ],
    )
}

/// Runs the command with netlink refused.
fn hidden(args: &[&str]) -> Result<Run, Failed> {
    refusing(&["netlink=1"], &[&[env!("CARGO_BIN_EXE_assay")], args].concat())
}

/// Fails if any of these words was printed.
fn never_says(run: &Run, words: &[&str]) -> Done {
    match words.iter().find(|word| run.out.contains(**word)) {
        Some(word) => Err(format!("{word:?} is in:\n{}", run.out).into()),
        None => Ok(()),
    }
}

const REASON: &str = "NETLINK_ROUTE";

fn a_check() -> Done {
    let run = hidden(&["check", "--cases", "5000"])?.ends_with(4)?;
    never_says(&run, &["AGREE"])?;
    run.says(&["SKIPPED  the options were not compared: none of", REASON])?;
    let run = hidden(&["check", "--cases", "5000", "--format", "json"])?.ends_with(4)?;
    let report = run.json()?;
    match (report["verdict"].as_str(), report["not_compared"].as_array().map(Vec::len)) {
        (Some("skipped"), Some(1)) => Ok(()),
        other => Err(format!("{other:?}: {report}").into()),
    }
}

fn a_check_of_named_parts() -> Done {
    let options = ["check", "--cases", "5000", "--option", "tcpinfo"];
    hidden(&options)?.ends_with(4)?.says(&["SKIPPED  MPTCP_TCPINFO was not compared", REASON])?;
    let scenes = ["check", "--cases", "5000", "--scene", "udp-v4,many-v4-client-17-after"];
    let wanted = "SKIPPED  the options, --scene many-v4-client-17-after were not compared";
    hidden(&scenes)?.ends_with(4)?.says(&[wanted, REASON])?;
    Ok(())
}

fn a_check_of_some() -> Done {
    let run = hidden(&["check", "--cases", "5000", "--scene", "not-mptcp"])?;
    run.ends_with(0)?.says(&["AGREE  5,000 of 5,000 cases agree, in 9 scenes"])?;
    Ok(())
}

fn a_check_as_ktap() -> Done {
    let run = hidden(&["check", "--cases", "5000", "--format", "ktap"])?.ends_with(4)?;
    let points: Vec<&str> = run
        .out
        .lines()
        .filter(|line| line.starts_with("ok ") || line.starts_with("not ok"))
        .collect();
    match points.iter().find(|line| !line.contains("# SKIP")) {
        Some(line) if points.len() == 7 => Err(format!("{line}: {points:?}").into()),
        None if points.len() == 7 => Ok(()),
        _ => Err(format!("{points:?}").into()),
    }
}

/// A case on a scene that has no MPTCP, and so comes up.
fn refused_case() -> Result<Case, Failed> {
    let scene = by_name("udp-v4").ok_or("no such scene")?.id;
    let input = Input::Data(Data::asking(280));
    let (optval, optlen) = (Place::Street(0x1000), Place::Street(0x14000));
    let (poison, option, length, entry) = (0, 2, 400, Entry::Native);
    Ok(Case { scene, poison, option, length, optval, optlen, input, entry })
}

fn a_replay() -> Done {
    let folder = folder("absent-replay")?;
    fs::write(folder.join("refused.case"), codec::encode(&refused_case()?))?;
    hidden(&["replay", text(&folder)?])?.ends_with(0)?.says(&["AGREE  1 case"])?;
    fs::write(folder.join("good.case"), codec::encode(&good_case()))?;
    let run = hidden(&["replay", text(&folder)?])?.ends_with(4)?;
    never_says(&run, &["AGREE"])?;
    run.says(&["SKIPPED  2 cases", "1 agree", "good.case was not compared", REASON])?;
    Ok(())
}

fn exhaust() -> Done {
    let run = hidden(&["exhaust"])?.ends_with(4)?;
    never_says(&run, &["AGREE"])?;
    run.says(&["SKIPPED  the options were not compared", REASON])?;
    let run = hidden(&["exhaust", "--option", "info"])?.ends_with(4)?;
    run.says(&["SKIPPED  MPTCP_INFO was not compared"])?;
    Ok(())
}

fn a_triage() -> Done {
    let folder = folder("absent-triage")?;
    fs::write(folder.join("crash-1"), codec::encode(&good_case()))?;
    let run = hidden(&["triage", text(&folder)?])?.ends_with(4)?;
    never_says(&run, &["AGREE"])?;
    run.says(&["SKIPPED", "not compared", REASON])?;
    Ok(())
}

fn scenes() -> Done {
    hidden(&["scenes"])?.ends_with(4)?.says(&["9 of 132 came up", REASON])?;
    hidden(&["scenes", "--scene", "udp-v4"])?.ends_with(0)?;
    hidden(&["scenes", "--scene", "udp-v4,fresh-v4"])?.ends_with(4)?;
    Ok(())
}

/// A stand-in for the command that builds every kernel and skips every check.
fn skipping(name: &str) -> Result<PathBuf, Failed> {
    let path = folder(name)?.join("assay");
    let script = r#"#!/bin/sh
case "$1 $2" in
  "kernels build")
    while [ $# -gt 1 ]; do [ "$1" = -o ] && : >"$2"; shift; done ;;
  *)
    echo '{"verdict": "skipped", "findings": [], "kernel": "0.0"}'; exit 4 ;;
esac
"#;
    fs::write(&path, script)?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
    Ok(path)
}

/// Runs a script of the repository with the stand-in.
fn script(name: &str, args: &[&str]) -> Result<Run, Failed> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let slug = name.replace('/', "-");
    let output = Command::new(root.join(name))
        .args(args)
        .args(["-o", text(&folder(&format!("absent-{slug}"))?)?])
        .env("ASSAY", skipping(&format!("absent-bin-{slug}"))?)
        .output()?;
    Ok(Run {
        status: output.status.code(),
        out: String::from_utf8(output.stdout)?,
        err: String::from_utf8(output.stderr)?,
    })
}

fn planted_bugs() -> Done {
    script("lab/planted/run", &[])?.ends_with(4)?.says(&["nothing was compared"])?;
    Ok(())
}

fn findings() -> Done {
    script("findings/run", &["-q"])?.ends_with(4)?.says(&["nothing was compared"])?;
    Ok(())
}
