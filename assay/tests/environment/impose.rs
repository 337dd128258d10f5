//! Runs the command under a limit.

// Each test crate has a copy of its own and uses some of it.
#![allow(dead_code, reason = "shared by several test crates")]

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use libtest_mimic::Failed;

use crate::common::{Run, folder};

/// Runs a program; `package` is named where it is missing.
pub fn command(program: impl AsRef<OsStr>, package: &str, args: &[&str]) -> Result<Run, Failed> {
    // A command that hangs instead of reporting a limit is a failure.
    let mut limited = Command::new("timeout");
    limited.args(["--signal=KILL", "60"]).arg(program).args(args);
    let output =
        limited.output().map_err(|error| format!("timeout: {error}; install coreutils"))?;
    // As a shell does, for a program that is not there.
    if output.status.code() == Some(127) {
        let why = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{why}\nthis test needs the package {package}").into());
    }
    Ok(Run {
        status: output.status.code(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// Runs a line of a shell, in which `"$@"` are the words.
pub fn shell(line: &str, words: &[&str]) -> Result<Run, Failed> {
    command("sh", "dash", &[&["-c", line, "sh"], words].concat())
}

/// As [`shell`], as root of a user namespace with mounts and a network of its own.
pub fn inside(line: &str, words: &[&str]) -> Result<Run, Failed> {
    let args = ["--user", "--map-root-user", "--mount", "--net", "sh", "-c", line, "sh"];
    command("unshare", "util-linux", &[&args[..], words].concat())
}

/// The program that refuses system calls, compiled once.
pub fn refuse() -> Result<&'static str, Failed> {
    static MADE: OnceLock<Result<String, String>> = OnceLock::new();
    let make = || {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/environment/refuse.c");
        let program = folder("refuse").map_err(|error| format!("{error:?}"))?.join("refuse");
        let (source, program) = (source.display().to_string(), program.display().to_string());
        let args = ["-Wall", "-Wextra", "-Werror", "-o", &program, &source];
        let made = command("gcc", "gcc libc6-dev", &args).map_err(|error| format!("{error:?}"))?;
        if made.status == Some(0) { Ok(program) } else { Err(made.err) }
    };
    MADE.get_or_init(make).as_deref().map_err(|why| why.clone().into())
}

/// Runs a program with some system calls refused, each as `name=errno`.
pub fn refusing(calls: &[&str], words: &[&str]) -> Result<Run, Failed> {
    command(refuse()?, "gcc", &[calls, &["--"], words].concat())
}

/// The report with its line breaks and indents as single spaces.
pub fn flat(run: Run) -> Run {
    let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    Run { status: run.status, out: flat(&run.out), err: flat(&run.err) }
}
