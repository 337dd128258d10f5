//! A fuzzer's crash files, sorted. Those in `tests/crashes` are real ones.

mod common;

use std::fs;
use std::process::ExitCode;

use common::{Done, assay, folder, text};
use libtest_mimic::Failed;
use mptcp_harness::cases::codec;
use serde_json::Value;

const CRASHES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/crashes");

fn main() -> ExitCode {
    common::run(
        &[("a_folder_of_texts_is_nothing_to_sort", a_folder_of_texts)],
        &[
            ("six_crashes_are_two_findings_of_one_cause", six_crashes),
            ("what_agrees_now_is_no_finding", what_agrees_now),
            ("what_is_no_case_has_its_reason", what_is_no_case),
            ("the_simplest_cases_are_saved", the_simplest_cases_are_saved),
        ],
    )
}

fn a_folder_of_texts() -> Done {
    let folder = folder("triage-texts")?;
    fs::write(folder.join("notes.txt"), "nothing here")?;
    assay(&["triage", text(&folder)?])?.ends_with(2)?.says(&["no case in this folder"])?;
    Ok(())
}

/// The entries of a list, or of what is in each under a name.
fn words<'a>(list: &'a Value, name: &str) -> Vec<&'a str> {
    let entries = list.as_array().map(Vec::as_slice).unwrap_or_default();
    entries.iter().filter_map(|entry| entry[name].as_str()).collect()
}

fn six_crashes() -> Done {
    let run = assay(&["triage", CRASHES, "--canary", "--format", "json"])?.ends_with(1)?;
    let triage = run.json()?;
    let signatures = [
        "MPTCP_TCPINFO/optlen/LengthWithoutElements",
        "MPTCP_SUBFLOW_ADDRS/optlen/LengthWithoutElements",
    ];
    assert_eq!(words(&triage["findings"], "signature"), signatures);
    let files = |at: usize| triage["findings"][at]["files"].as_array().map(Vec::len);
    assert_eq!((files(0), files(1), &triage["files"]), (Some(5), Some(1), &Value::from(6)));
    assert_eq!(words(&triage["causes"], "what"), ["LengthWithoutElements"]);
    let run = assay(&["triage", CRASHES, "--canary"])?.ends_with(1)?;
    run.says(&["Finding 1 of 2, in 5 files", "and 1", "Probably one cause:", "^^"])?;
    Ok(())
}

fn what_agrees_now() -> Done {
    let run = assay(&["triage", CRASHES])?.ends_with(0)?;
    run.says(&["6 files without a finding", "63 inputs later", "AGREE"])?;
    Ok(())
}

fn what_is_no_case() -> Done {
    let folder = folder("triage-junk")?;
    for name in ["crash-1", "crash-2"] {
        fs::write(folder.join(name), "abc")?;
    }
    fs::write(folder.join("timeout-3"), codec::encode(&common::good_case()))?;
    let run = assay(&["triage", text(&folder)?, "--format", "json"])?.ends_with(2)?;
    let triage = run.json()?;
    let reasons = words(&triage["no_case"], "why");
    assert!(reasons.len() == 2 && reasons[0].contains("this has 3"), "{triage}");
    assert_eq!(triage["agree"].as_array().map(Vec::len), Some(1));
    assay(&["triage", text(&folder)?])?.ends_with(2)?.says(&["2 files, no case"])?;
    Ok(())
}

fn the_simplest_cases_are_saved() -> Done {
    let folder = folder("triage-saved")?;
    let to = text(&folder)?;
    let run = assay(&["triage", CRASHES, "--canary", "--save", to])?.ends_with(1)?;
    run.says(&["assay explain"])?;
    let saved = fs::read_dir(&folder)?.collect::<Result<Vec<_>, _>>()?;
    let simple = |bytes: Vec<u8>| codec::decode(&bytes).map(|case| case.length);
    for file in &saved {
        // The shortest buffer whose header is longer than the one that the kernel knows.
        let length = simple(fs::read(file.path())?).map_err(|error| error.to_string());
        assert_eq!(length.map_err(Failed::from)?, 17, "{:?}", file.path());
    }
    assert_eq!(saved.len(), 2);
    Ok(())
}
