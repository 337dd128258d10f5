//! Programs of `assay repro`: they compile without a warning, agree with this
//! kernel, and fail where what they expect is made wrong.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use mptcp_harness::run::compat;
use mptcp_harness::scenes;

type Done = Result<(), Failed>;

/// A test and its name.
type Named = (&'static str, fn() -> Done);

/// Every kind of scene, every option, every kind of place.
const SAMPLES: [&str; 48] = [
    "full_info-addresses-kernel-half",
    "full_info-arrays-over-the-structure",
    "full_info-arrays-overlap",
    "full_info-scene-address-removed-v4-client-2",
    "full_info-scene-backup-subflow-v4-client-2",
    "full_info-scene-bound-v6",
    "full_info-scene-checksums-v4-server-2",
    "full_info-scene-closed-descriptor",
    "full_info-scene-connecting-v6",
    "full_info-scene-disconnected-v4-client-1",
    "full_info-scene-established-mapped-client-1-before",
    "full_info-scene-fallen-back-mapped-client",
    "full_info-scene-fallen-back-v4-server",
    "full_info-scene-fully-closed-v6-server-1",
    "full_info-scene-half-closed-v4-client-3",
    "full_info-scene-initial-removed-v4-server-2",
    "full_info-scene-kernel-managed-v6-client-3",
    "full_info-scene-listening-v4",
    "full_info-scene-many-mapped-client-9-before",
    "full_info-scene-pipe",
    "full_info-scene-reconnected-v4-client-1",
    "full_info-scene-subflow-removed-v6-server-3",
    "full_info-scene-tcp-v4-connected",
    "full_info-scene-tcp-v6-fresh",
    "full_info-scene-udp-v6",
    "full_info-scene-unix-stream",
    "info-int-min",
    "info-ten-bytes-before-no-access",
    "info-zero",
    "info_opt-sample-1-subflow-v4",
    "info_opt-wild",
    "subflow_addrs-example-16-slots-17-subflows-v6",
    "subflow_addrs-header-24",
    "tcpinfo-at-byte-into-no-access",
    "tcpinfo-at-into-read-only",
    "tcpinfo-at-not-mapped",
    "tcpinfo-at-null",
    "tcpinfo-at-optlen-in-first-element",
    "tcpinfo-at-optlen-wraps-around",
    "tcpinfo-at-wraps-around",
    "tcpinfo-length-int-max-header-int-max",
    "unknown-5-nothing-readable",
    "x86-32-full_info-addresses-kernel-half",
    "x86-32-info-null-in-the-lower-half",
    "x86-32-info-ten-bytes-before-no-access",
    "x86-32-info_opt-sample",
    "x86-32-tcpinfo-header-24",
    "x86-32-tcpinfo-optlen-kernel-half",
];

fn main() -> ExitCode {
    let mptcp = scenes::mptcp_available()
        .err()
        .map(|none| format!("needs MPTCP: {}: {}", none.what, none.advice));
    let compiler = (!there("cc")).then(|| "needs a C compiler: cc".to_owned());
    let hindrance = mptcp.or(compiler);
    let no_compat = compat::available().err().map(|why| why.text().to_owned());
    let trial = |name: String, test: Box<dyn FnOnce() -> Done + Send>| {
        let no_compat = no_compat.clone().filter(|_| name.contains("x86-32"));
        let hindrance = hindrance.clone().or(no_compat);
        Trial::ignorable_test(name, move || match hindrance {
            Some(why) => Ok(Completion::ignored_with(why)),
            None => test().map(|()| Completion::Completed),
        })
    };
    let mut trials: Vec<Trial> = SAMPLES
        .iter()
        .map(|name| trial(format!("agrees::{name}"), Box::new(|| agrees(name))))
        .collect();
    let others: [Named; 7] = [
        ("a_wrong_result_is_told", a_wrong_result_is_told),
        ("a_wrong_field_is_told_by_name", a_wrong_field_is_told),
        ("a_byte_that_is_written_elsewhere_is_told", a_stray_byte_is_told),
        ("headers_need_not_know_mptcp", headers_need_not_know_mptcp),
        ("a_kernel_of_another_size_is_skipped", another_size_is_skipped),
        ("x86-32::a_register_that_is_not_cut_is_told", whole_registers_are_told),
        ("x86-32::a_kernel_without_the_entry_is_skipped", another_entry_is_skipped),
    ];
    trials.extend(others.map(|(name, test)| trial(name.to_owned(), Box::new(test))));
    trials.push(trial("a_finding_of_a_report_is_chosen".to_owned(), Box::new(a_finding_is_chosen)));
    trials.push(Trial::test("what_is_no_finding_is_wrong_usage", wrong_usage));
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn there(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|done| done.status.success())
}

/// Where a test has its files.
fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("repro-{name}"))
}

fn case(name: &str) -> PathBuf {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus/negotiate");
    corpus.join(format!("{name}.case"))
}

/// Runs a command, which has to end so; what it wrote.
fn run(command: &mut Command, status: i32) -> Result<String, Failed> {
    let done = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    let text = [done.stdout, done.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    if done.status.code() != Some(status) {
        let got = done.status;
        return Err(format!("{command:?}: {got}, and not status {status}:\n{text}").into());
    }
    Ok(text)
}

fn assay(arguments: &[&str], status: i32) -> Result<String, Failed> {
    run(Command::new(env!("CARGO_BIN_EXE_assay")).args(arguments), status)
}

/// The program of a case of the corpus.
fn program(name: &str) -> Result<String, Failed> {
    let path = case(name);
    assay(&["repro", path.to_str().ok_or("a path that is no text")?], 0)
}

fn compile(compiler: &str, source: &Path, more: &[&str]) -> Result<PathBuf, Failed> {
    let program = source.with_extension(compiler);
    let mut command = Command::new(compiler);
    command.args(["-std=gnu11", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]).args(more);
    run(command.arg("-o").arg(&program).arg(source), 0)?;
    Ok(program)
}

/// Compiles and runs a text, which has to end so; what it wrote.
fn end(name: &str, text: &str, status: i32) -> Result<String, Failed> {
    let source = file(&format!("{name}.c"));
    fs::write(&source, text)?;
    run(&mut Command::new(compile("cc", &source, &[])?), status)
}

fn agrees(name: &str) -> Done {
    let text = program(name)?;
    let columns =
        |line: &str| line.chars().fold(0, |at, c| if c == '\t' { at / 8 * 8 + 8 } else { at + 1 });
    if let Some(line) = text.lines().find(|line| columns(line) > 80) {
        return Err(format!("more than 80 columns: {line}").into());
    }
    let said = end(name, &text, 0)?;
    if !said.contains("# as predicted: ") {
        return Err(format!("it does not say so: {said}").into());
    }
    if there("clang") {
        compile("clang", &file(&format!("{name}.c")), &["-static"])?;
    }
    Ok(())
}

/// With something in the program replaced, it has to fail and to say so.
fn fails(name: &str, case: &str, what: (&str, &str), told: &[&str]) -> Done {
    let text = program(case)?;
    if text.matches(what.0).count() != 1 {
        return Err(format!("{:?} is not there once:\n{text}", what.0).into());
    }
    let said = end(name, &text.replace(what.0, what.1), 1)?;
    match told.iter().find(|words| !said.contains(**words)) {
        Some(words) => Err(format!("{words:?} is not in:\n{said}").into()),
        None => Ok(()),
    }
}

fn a_wrong_result_is_told() -> Done {
    let what = ("expect_result(EINVAL, ret)", "expect_result(0, ret)");
    let told = ["not ok: result: expected Success, got Invalid argument", "# reproduced: 1 of 2 "];
    fails("result", "tcpinfo-length-15", what, &told)
}

fn a_wrong_field_is_told() -> Done {
    let what = (", 4, 3, \"header.num_subflows\"", ", 4, 4, \"header.num_subflows\"");
    let told =
        ["not ok: header.num_subflows (optval+4): expected 4, got 3\n", "# reproduced: 1 of "];
    fails("field", "tcpinfo-header-24", what, &told)
}

fn a_stray_byte_is_told() -> Done {
    let what = ("\n\texpect_result(", "\n\toptval[5000] ^= 1;\n\texpect_result(");
    let told = ["not ok: 1 untouched bytes (optval+5000): ", "# reproduced: 1 of "];
    fails("stray", "info-whole", what, &told)
}

/// What the registers hold is no address that there is: a native call fails with it.
fn whole_registers_are_told() -> Done {
    let what = ("ret = call_compat(fd, ", "ret = syscall(55, fd, ");
    let told = ["not ok: result: expected Success, got Bad address"];
    fails("registers", "x86-32-tcpinfo-header-24", what, &told)
}

/// As without calls of 32-bit programs: an interrupt that nobody answers.
fn another_entry_is_skipped() -> Done {
    let text = program("x86-32-tcpinfo-header-24")?;
    let text = text.replace("volatile(\"int $0x80\"", "volatile(\"int $0x81\"");
    let said = end("entry", &text, 4)?;
    match said.starts_with("1..0 # SKIP the kernel takes no calls of 32-bit programs") {
        true => Ok(()),
        false => Err(said.into()),
    }
}

/// Headers from before MPTCP, made of those that are here.
fn headers_need_not_know_mptcp() -> Done {
    let old = file("headers");
    fs::create_dir_all(old.join("netinet"))?;
    fs::create_dir_all(old.join("linux"))?;
    fs::write(old.join("linux/mptcp.h"), "#error \"there is no such header\"\n")?;
    let header = fs::read_to_string("/usr/include/netinet/in.h")?;
    let lines: Vec<&str> = header.lines().filter(|line| !line.contains("MPTCP")).collect();
    fs::write(old.join("netinet/in.h"), lines.join("\n") + "\n")?;
    let source = file("old.c");
    fs::write(&source, program("full_info-whole")?)?;
    let folder = old.to_str().ok_or("a path that is no text")?;
    run(&mut Command::new(compile("cc", &source, &["-I", folder])?), 0)?;
    Ok(())
}

fn another_size_is_skipped() -> Done {
    let text = program("tcpinfo-header-24")?;
    let text = text.replace("\tneed_tcp_info(", "\tneed_tcp_info(8 + ");
    let said = end("size", &text, 4)?;
    match said.starts_with("1..0 # SKIP tcp_info") {
        true => Ok(()),
        false => Err(said.into()),
    }
}

/// A wrong model's findings are right of this kernel.
fn a_finding_is_chosen() -> Done {
    let check = ["check", "--canary", "--first", "--scene", "established-v4-client-1-*"];
    let report = assay(&[&check[..], &["--format", "json"]].concat(), 1)?;
    let path = file("report.json");
    let json = report.find('{').and_then(|start| report.get(start..=report.rfind('}')?));
    fs::write(&path, json.ok_or("no report")?)?;
    let path = path.to_str().ok_or("a path that is no text")?;
    let text = assay(&["repro", path, "--finding", "1"], 0)?;
    if !text.contains(" * Found on Linux ") {
        return Err(format!("it does not tell what was found:\n{text}").into());
    }
    end("finding", &text, 0)?;
    let told = assay(&["repro", path, "--finding", "nothing/of/that"], 2)?;
    if !told.contains("no such finding; there are\n  1  ") {
        return Err(told.into());
    }
    Ok(())
}

fn wrong_usage() -> Done {
    let path = case("info-whole");
    let path = path.to_str().ok_or("a path that is no text")?;
    for (arguments, words) in [
        (vec!["repro", path, "--finding", "1"], "--finding takes a report"),
        (vec!["repro", "--hex", "00"], "a stored case has"),
        (vec!["repro", path, "--revision", "all"], "one revision is wanted"),
        (vec!["repro", path, "--lang", "rust"], "possible values: c"),
        (vec!["repro", "src/main.rs"], "a stored case has"),
        (vec!["repro", "Cargo.toml"], "it begins as a report in JSON does"),
    ] {
        let told = assay(&arguments, 2)?;
        if !told.contains(words) {
            return Err(format!("{arguments:?}: {words:?} is not in:\n{told}").into());
        }
    }
    Ok(())
}
