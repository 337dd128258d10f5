use clap::Parser;

use super::*;
use crate::cli::{Arguments, Command, guest_command};

#[test]
fn a_check_beside_others_keeps_its_own_words() {
    let line = "assay vm --kernel a --kernel b -- check --format human --save x --jobs 1";
    let Some(Command::Vm(args)) = Arguments::parse_from(line.split(' ')).command else {
        panic!("{line}");
    };
    let task = Task::new(&args, guest_command(&args.command).unwrap());
    assert_eq!((task.is_check, task.format), (true, Some(Format::Human)));
    let kernel = Kernel { name: "6.1".into(), image: "a".into(), modules: vec![] };
    let errand = task.beside_others(&kernel);
    assert_eq!(errand.wanted, ["x/6.1", ".assay"]);
    // As a comparison adds it.
    let arguments = errand.arguments.into_iter().chain(["--format=json".to_owned()]);
    let line = std::iter::once("assay".to_owned()).chain(arguments);
    let Some(Command::Check(check)) = Arguments::parse_from(line).command else {
        panic!("no check");
    };
    assert_eq!((check.format, check.jobs), (Format::Json, Some(1)));
    assert_eq!(check.save, Some("x/6.1".into()));
}

#[test]
fn kernels_stand_beside_each_other() {
    let report = |wrong: u64| {
        let verdict = if wrong > 0 { "divergence" } else { "agree" };
        json!({"kernel": "6.1.0", "verdict": verdict, "agree": 7, "cases": 7, "disagree": wrong,
            "scenes": 1, "scenes_compared": 1, "scenes_up": ["fresh-v4"],
            "skipped_scenes": [{"name": "udp-v4", "reason": "no udp"}],
            "impossible_scenes": [], "not_compared": [],
            "table": [{"option": "MPTCP_INFO", "group": "many", "agree": 7,
                       "disagree": wrong, "inconclusive": 0}]})
    };
    let column = |name: &str, wrong, status| Column {
        asked: format!("path/{name}"),
        name: name.into(),
        report: report(wrong),
        status,
    };
    let columns = [
        column("one", 0, Ok(Status::Agree)),
        column("two", 2, Ok(Status::Divergence)),
        Column { report: Value::Null, ..column("three", 0, Err("panic".into())) },
    ];
    let text = anstream::adapter::strip_str(&told(&columns)).to_string();
    let row = text.lines().find(|line| line.starts_with("MPTCP_INFO")).unwrap_or("");
    let cells: Vec<&str> = row.split_whitespace().collect();
    assert_eq!(cells, ["MPTCP_INFO", "many", "7", "2", "WRONG", "-"]);
    assert!(text.contains("three (path/three): NO VERDICT panic"), "{text}");
    let wanted = "one (path/one): AGREE  7 of 7 cases agree, in 1 of 2 scenes";
    assert!(text.contains(wanted), "{text}");
    assert!(text.contains("two (path/two): DIVERGENCE"), "{text}");
    assert!(text.contains("1 did not come up: udp-v4\n"), "{text}");
}
