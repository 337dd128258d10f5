//! What tests of the command have in common: running it, and telling what it takes a
//! kernel with MPTCP for.

// Each test has a copy of its own and uses some of it.
#![allow(dead_code, reason = "shared by several test crates")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use mptcp_harness::cases::{Case, Data, Entry, Input, Place};
use mptcp_harness::scenes;
use serde_json::Value;

pub type Done = Result<(), Failed>;

/// A test and its name.
pub type Named = (&'static str, fn() -> Done);

/// Runs tests; those that take MPTCP are ignored with the reason where there is none.
pub fn run(anywhere: &[Named], with_mptcp: &[Named]) -> ExitCode {
    let hindrance = hindrance();
    let mut trials: Vec<Trial> = Vec::new();
    trials.extend(anywhere.iter().map(|(name, test)| Trial::test(*name, *test)));
    trials.extend(with_mptcp.iter().map(|(name, test)| {
        let (hindrance, test) = (hindrance.clone(), *test);
        Trial::ignorable_test(*name, move || match hindrance {
            Some(why) => Ok(Completion::ignored_with(why)),
            None => test().map(|()| Completion::Completed),
        })
    }));
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// Why nothing can be compared here, if so.
pub fn hindrance() -> Option<String> {
    let none = scenes::mptcp_available().err()?;
    Some(format!("needs MPTCP: {}: {}", none.what, none.advice))
}

/// What a run of the command gave.
pub struct Run {
    pub status: Option<i32>,
    pub out: String,
    pub err: String,
}

pub fn assay(args: &[&str]) -> Result<Run, Failed> {
    let output = Command::new(env!("CARGO_BIN_EXE_assay")).args(args).output()?;
    Ok(Run {
        status: output.status.code(),
        out: String::from_utf8(output.stdout)?,
        err: String::from_utf8(output.stderr)?,
    })
}

impl Run {
    pub fn ends_with(self, status: i32) -> Result<Run, Failed> {
        if self.status == Some(status) {
            return Ok(self);
        }
        let Run { status: got, out, err } = self;
        Err(format!("status {got:?}, and not {status}\n--- stdout\n{out}\n--- stderr\n{err}")
            .into())
    }

    pub fn says(self, words: &[&str]) -> Result<Run, Failed> {
        let text = format!("{}{}", self.out, self.err);
        match words.iter().find(|word| !text.contains(**word)) {
            Some(word) => Err(format!("{word:?} is not in:\n{text}").into()),
            None => Ok(self),
        }
    }

    pub fn json(&self) -> Result<Value, Failed> {
        Ok(serde_json::from_str(&self.out)?)
    }
}

/// A folder of a test's own, empty.
pub fn folder(name: &str) -> Result<PathBuf, Failed> {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    if path.exists() {
        fs::remove_dir_all(&path)?;
    }
    fs::create_dir_all(&path)?;
    Ok(path)
}

pub fn text(path: &Path) -> Result<&str, Failed> {
    path.to_str().ok_or_else(|| "a path that is no text".into())
}

/// A case on which model and kernel agree, everywhere.
pub fn good_case() -> Case {
    Case {
        scene: 22,
        poison: 0,
        option: 2,
        length: 400,
        optval: Place::Street(0x1000),
        optlen: Place::Street(0x14000),
        input: Input::Data(Data::asking(280)),
        entry: Entry::Native,
    }
}
