//! The command as a script meets it: exit statuses, messages, JSON.
//!
//! What takes a kernel with MPTCP is reported as ignored where there is none,
//! with the reason: never green by absence.

mod common;

use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

use common::{Done, Named, Run, assay, folder, good_case, run, text};
use libtest_mimic::Failed;
use mptcp_harness::cases::codec;
use mptcp_harness::scenes;
use serde_json::Value;

fn main() -> ExitCode {
    let anywhere: [Named; 19] = [
        ("help_names_the_exit_statuses", help_names_the_exit_statuses),
        ("a_wrong_option_is_wrong_usage", a_wrong_option_is_wrong_usage),
        ("an_unknown_scene_is_wrong_usage", an_unknown_scene_is_wrong_usage),
        ("a_corrupt_file_is_named_with_the_reason", a_corrupt_file_is_named_with_the_reason),
        ("a_folder_without_cases_is_no_success", a_folder_without_cases_is_no_success),
        ("a_case_off_the_street_is_refused", a_case_off_the_street_is_refused),
        ("rules_are_listed_with_their_sources", rules_are_listed_with_their_sources),
        ("another_revision_is_explained_by_the_model", another_revision_is_explained),
        ("an_explanation_is_a_picture_too", explain_draws),
        ("an_explanation_is_data_too", explain_gives_data),
        ("a_picture_in_a_machine_goes_to_standard_output", no_picture_in_a_machine),
        ("a_text_is_no_kernel", a_text_is_no_kernel),
        ("a_machine_takes_qemu", a_machine_takes_qemu),
        ("a_full_device_is_told", a_full_device_is_told),
        ("a_reader_that_went_away_is_no_error", a_closed_pipe_is_quiet),
        ("wrong_usage_is_told_before_a_machine_is_made", wrong_usage_outside),
        ("a_kernel_is_built_from_a_kernels_source", a_kernel_takes_a_source),
        ("a_build_is_refused_before_it_begins", a_build_is_refused),
        ("a_build_takes_tools", a_build_takes_tools),
    ];
    let with_mptcp: [Named; 12] = [
        ("a_good_case_is_replayed", a_good_case_is_replayed),
        ("a_corrupt_file_does_not_stop_the_others", a_corrupt_file_does_not_stop_the_others),
        ("a_folder_is_searched", a_folder_is_searched),
        ("a_check_of_one_scene_agrees", a_check_of_one_scene_agrees),
        ("json_has_what_it_promises", json_has_what_it_promises),
        ("a_number_of_cases_is_kept_to", a_number_of_cases_is_kept_to),
        ("the_canary_dies_and_leaves_cases", the_canary_dies_and_leaves_cases),
        ("findings_come_as_they_were_seen", findings_come_as_they_were_seen),
        ("an_option_that_was_not_chosen_is_the_reason", option_is_the_reason),
        ("explain_tells_call_rules_memory_and_kernel", explain_tells_all),
        ("the_picture_in_the_documentation_is_fresh", documented_picture_is_fresh),
        ("scenes_are_listed", scenes_are_listed),
    ];
    run(&anywhere, &with_mptcp)
}

fn good_hex() -> String {
    codec::encode(&good_case()).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn help_names_the_exit_statuses() -> Done {
    let words = ["Exit status:", "a divergence", "skipped", "subflow", "size_user"];
    assay(&["--help"])?.ends_with(0)?.says(&words)?;
    assay(&["check", "--help"])?.ends_with(0)?.says(&["Exit status:", "lattice"])?;
    Ok(())
}

fn a_wrong_option_is_wrong_usage() -> Done {
    assay(&["check", "--option", "everything"])?.ends_with(2)?.says(&["subflow_addrs"])?;
    assay(&["--seconds", "0"])?.ends_with(2)?;
    assay(&["explain", "--hex", &good_hex(), "--revision", "2.4"])?
        .ends_with(2)?
        .says(&["6.12"])?;
    Ok(())
}

fn a_text_is_no_kernel() -> Done {
    let path = folder("text")?.join("kernel");
    fs::write(&path, "A text of more than nothing.\n".repeat(100))?;
    assay(&["vm", "--kernel", text(&path)?, "--", "check"])?
        .ends_with(2)?
        .says(&["text/kernel", "no kernel for x86"])?;
    Ok(())
}

fn a_machine_takes_qemu() -> Done {
    let folder = folder("no-qemu")?;
    let path = folder.join("bzImage");
    let mut image = vec![0; 4096];
    image[0x202..0x206].copy_from_slice(b"HdrS");
    fs::write(&path, image)?;
    let output = Command::new(env!("CARGO_BIN_EXE_assay"))
        .args(["vm", "--kernel", text(&path)?, "--", "rules"])
        .env("PATH", &folder)
        .output()?;
    let err = String::from_utf8(output.stderr)?;
    Run { status: output.status.code(), out: String::new(), err }
        .ends_with(2)?
        .says(&["qemu-system-x86_64 is not installed", "apt-get install"])?;
    Ok(())
}

fn writing_to(out: impl Into<Stdio>) -> Result<Run, Failed> {
    let output = Command::new(env!("CARGO_BIN_EXE_assay"))
        .arg("rules")
        .stdout(out)
        .stderr(Stdio::piped())
        .spawn()?
        .wait_with_output()?;
    let err = String::from_utf8(output.stderr)?;
    Ok(Run { status: output.status.code(), out: String::new(), err })
}

fn a_full_device_is_told() -> Done {
    let full = fs::OpenOptions::new().write(true).open("/dev/full")?;
    writing_to(full)?.ends_with(2)?.says(&["standard output", "No space left"])?;
    Ok(())
}

fn a_closed_pipe_is_quiet() -> Done {
    let (reader, writer) = io::pipe()?;
    drop(reader);
    let run = writing_to(writer)?.ends_with(0)?;
    if run.err.is_empty() { Ok(()) } else { Err(run.err.into()) }
}

fn wrong_usage_outside() -> Done {
    assay(&["vm", "--kernel", "/", "--", "check", "--option", "none"])?
        .ends_with(2)?
        .says(&["subflow_addrs"])?;
    assay(&["vm", "--kernel", "/", "--", "kernels", "list"])?
        .ends_with(2)?
        .says(&["a machine runs"])?;
    Ok(())
}

fn build(args: &[&str]) -> Result<Run, Failed> {
    assay(&[&["kernels", "build", "--source"], args].concat())
}

fn a_kernel_takes_a_source() -> Done {
    build(&["no/such/tree"])?.ends_with(2)?.says(&["no/such/tree: no such folder", "6.12"])?;
    let empty = folder("no-tree")?;
    build(&[text(&empty)?])?.ends_with(2)?.says(&["no kernel tree", "Kconfig"])?;
    build(&["debian:six"])?.ends_with(2)?.says(&["no series"])?;
    Ok(())
}

/// What passes for a kernel tree until something is built from it.
fn tree(name: &str) -> Result<PathBuf, Failed> {
    let tree = folder(name)?;
    fs::create_dir_all(tree.join("arch/x86"))?;
    fs::write(tree.join("Makefile"), "VERSION = 6\nPATCHLEVEL = 12\n")?;
    fs::write(tree.join("Kconfig"), "")?;
    Ok(tree)
}

fn a_build_is_refused() -> Done {
    let tree = tree("refused-tree")?;
    let at = text(&tree)?;
    build(&[at, "--patch", "no.patch"])?.ends_with(2)?.says(&["no.patch: No such file"])?;
    build(&[at, "-o", "no/such/folder/image"])?.ends_with(2)?.says(&["no file can be written"])?;
    let fragment = tree.join("fragment");
    fs::write(&fragment, "CONFIG_VETH=y\nMPTCP=n\n")?;
    build(&[at, "--config", text(&fragment)?])?
        .ends_with(2)?
        .says(&["fragment: line 2", "CONFIG_NAME=y"])?;
    Ok(())
}

fn a_build_takes_tools() -> Done {
    let tree = tree("tools-tree")?;
    let output = Command::new(env!("CARGO_BIN_EXE_assay"))
        .args(["kernels", "build", "--source", text(&tree)?])
        .env("PATH", &tree)
        .output()?;
    let err = String::from_utf8(output.stderr)?;
    Run { status: output.status.code(), out: String::new(), err }
        .ends_with(2)?
        .says(&["make, gcc", "apt-get install make gcc"])?;
    Ok(())
}

fn an_unknown_scene_is_wrong_usage() -> Done {
    let run = assay(&["check", "--scene", "fresh"])?;
    run.ends_with(2)?.says(&["no scene", "fresh-v4"])?;
    Ok(())
}

fn a_corrupt_file_is_named_with_the_reason() -> Done {
    let path = folder("corrupt")?.join("short.case");
    fs::write(&path, b"abc")?;
    assay(&["replay", text(&path)?])?.ends_with(2)?.says(&["short.case", "this has 3"])?;
    assay(&["explain", text(&path)?])?.ends_with(2)?.says(&["short.case", "this has 3"])?;
    assay(&["replay", "/nonexistent.case"])?.ends_with(2)?.says(&["/nonexistent.case"])?;
    Ok(())
}

fn a_folder_without_cases_is_no_success() -> Done {
    let path = folder("no-cases")?;
    fs::write(path.join("README.md"), "nothing here")?;
    assay(&["replay", text(&path)?])?.ends_with(2)?.says(&["no case"])?;
    Ok(())
}

fn a_case_off_the_street_is_refused() -> Done {
    // Byte 41 makes of optval an address at which a program may have memory.
    let mut hex = good_hex();
    hex.replace_range(82..84, "10");
    assay(&["replay", "--hex", &hex])?.ends_with(2)?.says(&["neither on the street"])?;
    Ok(())
}

fn rules_are_listed_with_their_sources() -> Done {
    let run = assay(&["rules"])?.ends_with(0)?;
    let rules = mptcp_emulator::Rule::ALL.len();
    if run.out.matches("Source: ").count() != rules {
        return Err(format!("not {rules} sources:\n{}", run.out).into());
    }
    run.says(&["InfoNegativeLengthIsHuge", "accidental"])?;
    Ok(())
}

fn another_revision_is_explained() -> Done {
    let run = assay(&["explain", "--hex", &good_hex(), "--revision", "5.16"])?;
    run.ends_with(0)?.says(&["Model of 5.16", "StrideClamped", "*optlen becomes 248, was 400"])?;
    let run = assay(&["explain", "--hex", &good_hex(), "--revision", "all", "--no-call"])?;
    let words = ["5.16-", "7.3\n", "≠ size_kernel", "  num_subflows", "rule StrideClamped"];
    run.ends_with(0)?.says(&words)?;
    Ok(())
}

/// The texts of a picture, which has to be well-formed.
fn texts(picture: &str) -> Result<String, Failed> {
    let document = roxmltree::Document::parse(picture)?;
    let texts = document.descendants().filter(roxmltree::Node::is_text);
    Ok(texts.filter_map(|node| node.text()).collect::<Vec<_>>().join("\n"))
}

fn explain_draws() -> Done {
    let args = ["explain", "--hex", &good_hex(), "--revision", "6.12", "--svg"];
    let to_standard_output = assay(&[&args[..], &["-"]].concat())?.ends_with(0)?;
    let words = [
        "getsockopt(fd, SOL_MPTCP, MPTCP_TCPINFO, optval, optlen);",
        "+16 element 0, 248 bytes",
        "2. ElementCopied (promised)",
        "*optlen becomes 264, was 400",
        "prefers-color-scheme: dark",
    ];
    let texts = texts(&to_standard_output.out)?;
    if let Some(word) = words.iter().find(|word| !texts.contains(**word)) {
        return Err(format!("{word:?} is not in:\n{texts}").into());
    }
    // What was in the file before, and was longer, is gone.
    let path = folder("picture")?.join("case.svg");
    fs::write(&path, "x".repeat(100_000))?;
    let run = assay(&[&args[..], &[text(&path)?]].concat())?.ends_with(0)?;
    if !run.out.is_empty() || fs::read_to_string(&path)? != to_standard_output.out {
        return Err("the file is not what standard output was".into());
    }
    assay(&[&args[..], &["/no/such/folder/case.svg"]].concat())?
        .ends_with(2)?
        .says(&["--svg /no/such/folder/case.svg: No such file"])?;
    Ok(())
}

fn explain_gives_data() -> Done {
    let args = ["explain", "--hex", &good_hex(), "--revision", "6.12", "--format", "json"];
    let data = assay(&args)?.ends_with(0)?.json()?;
    let model = &data["models"][0];
    let element = model["regions"]
        .as_array()
        .and_then(|regions| regions.iter().find(|region| region["kind"] == "element"));
    let told = [
        data["case"]["hex"] == good_hex().as_str(),
        data["case"]["optval"]["street"] == 0x1000,
        data["kernel"].is_null(),
        model["result"] == "success",
        model["length"] == 264,
        model["rules"][0]["name"] == "StrideClamped",
        model["rules"][0]["standing"] == "implied",
        element.is_some_and(|element| element["offset"] == 0x1010 && element["length"] == 248),
    ];
    if told != [true; 8] {
        return Err(format!("{told:?}: {data}").into());
    }
    let all = ["explain", "--hex", &good_hex(), "--revision", "all", "--no-call"];
    let data = assay(&[&all[..], &["--format", "json"]].concat())?.ends_with(0)?.json()?;
    match data["models"].as_array().map(Vec::len) {
        Some(models) if models == mptcp_emulator::Revision::ALL.len() => Ok(()),
        other => Err(format!("{other:?} models").into()),
    }
}

fn no_picture_in_a_machine() -> Done {
    let args = ["vm", "--kernel", "/", "--", "explain", "--hex", "00", "--svg", "case.svg"];
    assay(&args)?.ends_with(2)?.says(&["--svg -", "gone with it"])?;
    Ok(())
}

fn documented_picture_is_fresh() -> Done {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let case = root.join("corpus/negotiate/tcpinfo-at-byte-into-no-access.case");
    let run = assay(&["explain", "--svg", "-", "--revision", "6.18", text(&case)?])?;
    let fresh = run.ends_with(0)?.out;
    if fs::read_to_string(root.join("docs/explain.svg"))? == fresh {
        return Ok(());
    }
    Err("docs/explain.svg is stale: docs/explain.md has the command that makes it".into())
}

fn a_good_case_is_replayed() -> Done {
    let path = folder("good")?.join("good.case");
    fs::write(&path, codec::encode(&good_case()))?;
    assay(&["replay", text(&path)?])?.ends_with(0)?.says(&["good.case", "1 agree"])?;
    let run = assay(&["replay", "--hex", &good_hex(), "--format", "json"])?.ends_with(0)?;
    match run.json()?["results"][0]["verdict"].as_str() {
        Some("agree") => Ok(()),
        other => Err(format!("{other:?}").into()),
    }
}

fn a_corrupt_file_does_not_stop_the_others() -> Done {
    let folder = folder("one-corrupt")?;
    fs::write(folder.join("a.case"), [7; 68])?;
    fs::write(folder.join("b.case"), codec::encode(&good_case()))?;
    let run = assay(&["replay", text(&folder)?])?.ends_with(2)?;
    run.says(&["a.case: version 7", "b.case: MPTCP_TCPINFO", "1 agree", "1 file"])?;
    Ok(())
}

fn a_folder_is_searched() -> Done {
    let folder = folder("searched")?;
    fs::create_dir(folder.join("inner"))?;
    fs::write(folder.join("inner").join("x.case"), codec::encode(&good_case()))?;
    fs::write(folder.join("a.case"), codec::encode(&good_case()))?;
    fs::write(folder.join("cause.md"), "why a.case is here")?;
    assay(&["replay", text(&folder)?])?.ends_with(0)?.says(&["2 agree", "x.case"])?;
    Ok(())
}

fn a_check_of_one_scene_agrees() -> Done {
    let run = assay(&["check", "--seconds", "1", "--scene", "fresh-v4"])?;
    let run = run.ends_with(0)?.says(&["AGREE", "unconnected", "none of its scenes was chosen"])?;
    if run.out.contains('\u{1b}') {
        return Err("colours where there is no terminal".into());
    }
    Ok(())
}

fn json_has_what_it_promises() -> Done {
    let run = assay(&[
        "--seconds",
        "1",
        "--scene",
        "unconnected",
        "--jobs",
        "1",
        "--seed",
        "7",
        "--format",
        "json",
    ])?;
    let report = run.ends_with(0)?.json()?;
    let keys = [
        "kernel",
        "revision",
        "notes",
        "cases",
        "agree",
        "disagree",
        "inconclusive",
        "inconclusive_reasons",
        "skipped_scenes",
        "rules",
        "table",
        "findings",
        "contradictions",
        "cases_per_second",
        "seconds",
        "seed",
        "jobs",
        "lattice_complete",
        "verdict",
    ];
    let missing: Vec<&str> = keys.into_iter().filter(|key| report.get(key).is_none()).collect();
    if !missing.is_empty() {
        return Err(format!("without {missing:?}:\n{report}").into());
    }
    let rules = &report["rules"];
    let count = |key: &str| rules[key].as_array().map_or(0, Vec::len) as u64;
    if Some(count("exercised") + count("missing")) != rules["total"].as_u64() {
        return Err(format!("rules do not add up: {rules}").into());
    }
    if report["seed"] != 7 || report["jobs"] != 1 || report["cases"] == 0 {
        return Err(format!("{report}").into());
    }
    Ok(())
}

fn a_number_of_cases_is_kept_to() -> Done {
    let run = assay(&["--cases", "5000", "--scene", "bound-v6", "--format", "json"])?;
    let report = run.ends_with(0)?.json()?;
    match (report["cases"].as_u64(), report["ended_by"].as_str()) {
        (Some(5000), Some("cases")) => Ok(()),
        other => Err(format!("{other:?}").into()),
    }
}

fn the_canary_dies_and_leaves_cases() -> Done {
    let folder = folder("canary")?;
    let args = [
        "--canary",
        "--seconds",
        "20",
        "--cases",
        "40000",
        "--scene",
        "established-v4-client-2-after",
        "--save",
    ];
    let run = assay(&[&args[..], &[text(&folder)?]].concat())?.ends_with(1)?;
    run.says(&[
        "DIVERGENCE",
        "MPTCP_TCPINFO/optlen/LengthWithoutElements",
        "predicted",
        "^^",
        "replay: assay replay",
    ])?;
    // The mistake was in the model: the true one agrees on every case.
    assay(&["replay", text(&folder)?])?.ends_with(0)?;
    Ok(())
}

fn findings_come_as_they_were_seen() -> Done {
    let scene = "established-v4-client-2-after";
    let args = ["--canary", "--cases", "40000", "--scene", scene, "--format", "json"];
    let report = assay(&args)?.ends_with(1)?.json()?;
    let findings = report["findings"].as_array().ok_or("no findings")?;
    let after: Vec<f64> =
        findings.iter().filter_map(|finding| finding["after_seconds"].as_f64()).collect();
    let seconds = report["seconds"].as_f64().unwrap_or(0.0);
    if after.len() < 2 || !after.is_sorted() || after[0] <= 0.0 || after[0] > seconds {
        return Err(format!("{after:?} of {seconds}").into());
    }
    let told = |finding: &Value| {
        let summary = finding["summary"].as_str().unwrap_or_default().to_owned();
        let decided = finding["rule"]["name"].as_str().unwrap_or("predicted");
        ["MPTCP_", " with optlen ", "predicted", decided].iter().all(|word| summary.contains(word))
    };
    match findings.iter().find(|finding| !told(finding)) {
        Some(finding) => Err(format!("{finding}").into()),
        None => Ok(()),
    }
}

fn option_is_the_reason() -> Done {
    let run = assay(&["--cases", "2000", "--option", "info", "--scene", "bound-v4"])?;
    run.ends_with(0)?.says(&["its option was not chosen (--option)"])?;
    Ok(())
}

fn explain_tells_all() -> Done {
    let words = [
        "established-v4-client-1-after",
        "getsockopt(fd, SOL_MPTCP, MPTCP_TCPINFO, optval, optlen);",
        "LengthWithElements",
        "Source: ",
        "header.num_subflows",
        "= 1, was 0",
        "open: a clock",
        "agrees",
    ];
    assay(&["explain", "--hex", &good_hex()])?.ends_with(0)?.says(&words)?;
    let run = assay(&["explain", "--hex", &good_hex(), "--no-call"])?;
    run.ends_with(0)?.says(&["was not called"])?;
    Ok(())
}

fn scenes_are_listed() -> Done {
    assay(&["scenes"])?.ends_with(0)?.says(&[
        "fresh-v4",
        "many-v6-server-41-after",
        "unix-stream",
    ])?;
    let run = assay(&["scenes", "--format", "json"])?.ends_with(0)?;
    match run.json()?.as_array().map(Vec::len) {
        Some(count) if count == scenes::catalogue().len() => Ok(()),
        other => Err(format!("{other:?} scenes").into()),
    }
}
