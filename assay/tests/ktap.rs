//! KTAP as the command writes it, held against its grammar.

mod common;
#[path = "../src/report/ktap/grammar.rs"]
mod grammar;

use std::fs;
use std::process::ExitCode;

use common::{Done, Run, assay, folder, good_case, text};
use grammar::{Result as PointResult, TestPoint};
use libtest_mimic::Failed;
use mptcp_harness::cases::codec;

fn main() -> ExitCode {
    common::run(
        &[("a_list_is_no_test", a_list_is_no_test)],
        &[
            ("a_check_has_a_point_for_each_option_and_group", a_check_that_agrees),
            ("a_wrong_option_is_not_ok_with_its_findings", a_check_that_does_not),
            ("a_replay_has_a_point_for_each_file", a_replay),
        ],
    )
}

const OPTIONS: [&str; 6] = [
    "MPTCP_INFO",
    "MPTCP_TCPINFO",
    "MPTCP_SUBFLOW_ADDRS",
    "MPTCP_FULL_INFO",
    "MPTCP_INFO_OPT",
    "unknown",
];

fn read(run: &Run) -> Result<Vec<TestPoint>, Failed> {
    grammar::read(&run.out).map_err(|error| format!("{error}\n{}", run.out).into())
}

fn a_list_is_no_test() -> Done {
    assay(&["scenes", "--format", "ktap"])?.ends_with(2)?.says(&["human, json"])?;
    Ok(())
}

fn a_check_that_agrees() -> Done {
    let args = ["--cases", "20000", "--scene", "unconnected,not-mptcp", "--format", "ktap"];
    let points = read(&assay(&args)?.ends_with(0)?)?;
    let names: Vec<&str> = points.iter().map(|point| point.name.as_str()).collect();
    assert_eq!(names, [&OPTIONS[..], &["every-case-has-a-verdict"]].concat());
    for point in &points[..6] {
        let ended = |name: &str| {
            let group = point.points.iter().find(|group| group.name == name);
            group.map(|group| (group.result, group.reason.as_str()))
        };
        assert_eq!(point.points.len(), 9);
        if point.name == "MPTCP_INFO_OPT" && point.result == PointResult::Skip {
            assert_eq!(point.reason, "this kernel has no MPTCP_INFO_OPT");
            continue;
        }
        assert_eq!(ended("unconnected"), Some((PointResult::Ok, "")), "{point:?}");
        let why = "none of these scenes was chosen (--scene)";
        assert_eq!(ended("many"), Some((PointResult::Skip, why)), "{point:?}");
    }
    Ok(())
}

fn a_check_that_does_not() -> Done {
    let scene = "established-v4-client-2-after";
    let args = ["--canary", "--cases", "20000", "--scene", scene, "--format", "ktap"];
    let points = read(&assay(&args)?.ends_with(1)?)?;
    let results: Vec<PointResult> = points[..6].iter().map(|point| point.result).collect();
    assert_eq!(
        results[..4],
        [PointResult::Ok, PointResult::NotOk, PointResult::NotOk, PointResult::NotOk]
    );
    let said = points[1].comments.join("\n");
    for word in ["finding: MPTCP_TCPINFO/", "predicted", "assay replay --hex 01"] {
        assert!(said.contains(word), "{word}: {said}");
    }
    assert!(!said.contains("MPTCP_SUBFLOW_ADDRS"), "{said}");
    let group = points[1].points.iter().find(|group| group.result == PointResult::NotOk);
    assert_eq!(group.map(|group| group.name.as_str()), Some("established-v4"));
    Ok(())
}

fn a_replay() -> Done {
    let folder = folder("ktap-replay")?;
    fs::write(folder.join("a b#1.case"), codec::encode(&good_case()))?;
    fs::write(folder.join("b.case"), "abc")?;
    let run = assay(&["replay", text(&folder)?, "--format", "ktap"])?.ends_with(2)?;
    let points = read(&run)?;
    let ended: Vec<(&str, PointResult)> = points
        .iter()
        .map(|point| (point.name.rsplit('/').next().unwrap_or_default(), point.result))
        .collect();
    assert_eq!(ended, [("a_b_1.case", PointResult::Ok), ("b.case", PointResult::NotOk)]);
    assert!(points[1].reason.contains("this has 3"), "{points:?}");
    Ok(())
}
