//! Every combination of a small domain, as a script meets it.

mod common;
#[path = "../src/report/ktap/grammar.rs"]
mod grammar;

use std::process::ExitCode;

use common::{Done, assay};

/// A domain of some thousands of combinations.
const SMALL: [&str; 5] = ["exhaust", "--option", "info", "--scene", "established-v4-client-*"];

fn main() -> ExitCode {
    common::run(
        &[("a_machine_and_its_scenes_are_named", wrong_usage)],
        &[
            ("what_was_covered_is_said_and_counted", what_was_covered),
            ("a_run_goes_on_where_another_ended", a_run_goes_on),
            ("the_canary_is_found", the_canary_is_found),
            ("ktap_has_a_point_for_each_option", ktap),
        ],
    )
}

fn wrong_usage() -> Done {
    assay(&["exhaust", "--domain", "all"])?.ends_with(2)?.says(&["boundary", "full"])?;
    assay(&["exhaust", "--scene", "nowhere"])?.ends_with(2)?.says(&["no scene"])?;
    Ok(())
}

fn what_was_covered() -> Done {
    // 6 scenes, 10 lengths, 4 places of the length, 5 margins, 2 neighbours.
    let run = assay(&SMALL)?.ends_with(0)?;
    run.says(&["all 2,400 combinations of scene (", "optlen (-2147483648, -1 to 1,"])?
        .says(&["AGREE  all 2,400 combinations agree"])?;
    let run = assay(&[&SMALL[..], &["--format", "json", "--jobs", "2"]].concat())?.ends_with(0)?;
    let report = run.json()?;
    for key in ["combinations", "judged", "agree", "next"] {
        assert_eq!(report[key], 2400, "{key}");
        assert!(key == "next" || report["domains"][0][key] == 2400, "{key}");
    }
    Ok(())
}

fn a_run_goes_on() -> Done {
    let run = assay(&[&SMALL[..], &["--from", "2000"]].concat())?.ends_with(0)?;
    run.says(&["the last 400 of 2,400 combinations", "400 of 2,400 combinations agree"])?;
    let run = assay(&[&SMALL[..], &["--from", "2400"]].concat())?.ends_with(2)?;
    run.says(&["there are 2400 combinations"])?;
    Ok(())
}

fn the_canary_is_found() -> Done {
    let scene = "established-v4-client-2-after";
    let args = ["exhaust", "--option", "tcpinfo", "--scene", scene, "--canary", "--first"];
    let run = assay(&args)?.ends_with(1)?;
    let run = run.says(&["DIVERGENCE", "Finding 1 of", "were judged", "goes on"])?;
    assert!(!run.out.contains("combinations agree"), "{}", run.out);
    Ok(())
}

fn ktap() -> Done {
    let run = assay(&[&SMALL[..], &["--format", "ktap"]].concat())?.ends_with(0)?;
    let points = grammar::read(&run.out)?;
    assert_eq!(points.len(), 1);
    assert_eq!((points[0].name.as_str(), points[0].result), ("MPTCP_INFO", grammar::Result::Ok));
    assert!(points[0].comments[0].starts_with("all 2,400 combinations of"), "{points:?}");
    Ok(())
}
