use super::*;
use crate::coverage::SkippedScene;
use mptcp_lab::machine::Report;

#[test]
fn a_check_beside_others_keeps_its_own_words() {
    let line = "assay vm --kernel a --kernel b -- check --format human --save x --jobs 1";
    let Some(Command::Vm(args)) = Arguments::parse_from(line.split(' ')).command else {
        panic!("{line}");
    };
    let task = Task::new(&args).unwrap();
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
fn kernels_of_one_release_are_told_apart() {
    let kernel = |name: &str| Kernel { name: name.into(), image: "a".into(), modules: vec![] };
    let mut kernels = ["6.1", "6.2", "6.1", "6.1"].map(kernel);
    tell_apart(&mut kernels);
    assert_eq!(kernels.map(|kernel| kernel.name), ["6.1", "6.2", "6.1-2", "6.1-3"]);
}

fn coverage(up: &[&str], missing: &[&str], impossible: &[&str]) -> Coverage {
    let list = |names: &[&str]| {
        let one = |name: &&str| SkippedScene { name: (*name).into(), reason: "no sysctl".into() };
        names.iter().map(one).collect()
    };
    Coverage {
        scenes: up.len(),
        scenes_compared: up.len(),
        scenes_up: up.iter().map(|name| (*name).to_owned()).collect(),
        skipped_scenes: list(missing),
        impossible_scenes: list(impossible),
        not_compared: Vec::new(),
    }
}

fn status(kernels: Vec<(Status, Option<Coverage>)>) -> (Status, Option<String>) {
    let named = (1..).zip(kernels);
    let kernels = named.map(|(at, (status, coverage))| (format!("k{at}"), status, coverage));
    let runs = Runs { kernels: kernels.collect() };
    (runs.status(), runs.uneven())
}

/// Each kernel agrees on what it has, and the two were compared on different sockets.
#[test]
fn kernels_that_differ_in_their_scenes_are_not_comparable() {
    use Status::{Agree, Divergence, Trouble};
    let all = || Some(coverage(&["a", "b"], &[], &[]));
    let some = || Some(coverage(&["a"], &["b"], &[]));
    assert_eq!(status(vec![(Agree, all()), (Agree, all())]), (Agree, None));
    let (worst, why) = status(vec![(Agree, all()), (Agree, some())]);
    assert_eq!(worst, Trouble);
    let why = why.unwrap_or_default();
    assert!(why.contains("1 scene, such as b, which did not come up on k2: no sysctl"), "{why}");
    // A divergence is worse.
    assert_eq!(status(vec![(Divergence, all()), (Agree, some())]).0, Divergence);
    // What is missing on both is no difference; nor is what a release cannot have.
    assert_eq!(status(vec![(Agree, some()), (Agree, some())]), (Agree, None));
    let older = Some(coverage(&["a"], &[], &["b"]));
    assert_eq!(status(vec![(Agree, all()), (Agree, older)]), (Agree, None));
}

/// The verdict of a run with this report and this console.
fn of(report: Report, console: &str, timed_out: bool) -> Result<Status, String> {
    let run = Run {
        report,
        console: console.to_owned(),
        splat: mptcp_lab::console::complaint(console),
        qemu_errors: String::new(),
        lost: None,
        timed_out,
        booted: None,
        elapsed: Duration::ZERO,
    };
    let args = MachineArgs { accel: Accelerator::Tcg, memory: 64, timeout: 1 };
    verdict(&run, &args)
}

fn ended(end: End) -> Report {
    Report { started: true, end: Some(end), ..Report::default() }
}

#[test]
fn exit_statuses_come_through() {
    for (code, status) in [
        (0, Status::Agree),
        (1, Status::Divergence),
        (2, Status::Trouble),
        // As on a kernel without MPTCP.
        (4, Status::Skipped),
    ] {
        assert_eq!(of(ended(End::Exit(code)), "Run /init", false), Ok(status));
    }
    assert!(of(ended(End::Exit(101)), "", false).is_err());
    assert!(of(ended(End::Signal(9)), "", false).is_err());
}

#[test]
fn what_is_no_verdict_says_what_it_is() {
    let says = |done: Result<Status, String>, words: &str| {
        let text = done.err().unwrap_or_default();
        assert!(text.contains(words), "{words:?} is not in {text:?}");
    };
    says(of(Report::default(), "", true), "not started this program after 1 s");
    says(of(Report::default(), "", false), "more memory");
    says(of(Report { started: true, ..Report::default() }, "", true), "not done after 1 s");
    says(of(Report::default(), "Kernel panic - not syncing: x", false), "kernel panic");
    // A complaint takes the word of a verdict away.
    says(of(ended(End::Exit(0)), "BUG: KASAN: x in y", false), "KASAN report");
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
