//! What the tests on the running kernel share: a private namespace, and a
//! reason where there is nothing to test.

use std::env;
use std::process::ExitCode;
use std::sync::OnceLock;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use mptcp_harness::scenes::{self, Enclosure};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

static ENCLOSURE: OnceLock<Enclosure> = OnceLock::new();

/// Enters a namespace, which is for a process without other threads, and runs
/// tests there.
pub fn run(tests: impl FnOnce() -> Vec<Trial>) -> ExitCode {
    let arguments = Arguments::from_args();
    if !arguments.list {
        ENCLOSURE.get_or_init(scenes::enter);
    }
    libtest_mimic::run(&arguments, tests()).exit_code()
}

/// Where the tests stand.
#[allow(dead_code, reason = "not every test asks")]
pub fn enclosure() -> &'static Enclosure {
    ENCLOSURE.get_or_init(|| Enclosure::Host { why: "no namespace was entered".into() })
}

/// A test that is ignored, with the reason, where there is no MPTCP or no
/// namespace to have it in.
#[allow(dead_code, reason = "not every test asks")]
pub fn test(name: String, work: impl FnOnce() -> Result<(), Failed> + Send + 'static) -> Trial {
    Trial::ignorable_test(name, || match hindrance() {
        Some(why) => Ok(Completion::ignored_with(why)),
        None => work().map(|()| Completion::Completed),
    })
}

/// Why nothing can be tested here, if nothing can.
pub fn hindrance() -> Option<String> {
    if let Enclosure::Host { why } = enclosure() {
        return Some(why.clone());
    }
    let none = scenes::mptcp_available().err()?;
    Some(format!("{}: {}", none.what, none.advice))
}

/// So many cases, unless `PROPTEST_CASES` says otherwise.
pub fn config(cases: u32) -> Config {
    let chosen = Config::default();
    let cases = match env::var_os("PROPTEST_CASES") {
        Some(_) => chosen.cases,
        None => cases,
    };
    Config { cases, failure_persistence: None, ..chosen }
}

/// A runner that draws the same in every run: for what has to fail.
#[allow(dead_code, reason = "not every test asks")]
pub fn same_every_time(config: Config) -> TestRunner {
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}
