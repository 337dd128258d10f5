//! What the laws of the model are tested with: calls and sockets made up
//! freely, a modelled street to run them on, and a runner that can be asked
//! to find a law broken as well as to find it holding.
//!
//! No kernel is needed here. A law is a function over a model, an
//! implementation of [`Decisions`]; each is shown to hold of [`KernelDecisions`],
//! and to fail of some model that slips as kernels do.
#![expect(clippy::panic, reason = "a law that does not hold fails its test by a panic")]

mod answer;
mod request;
mod socket;

use std::fmt::Debug;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseResult, TestError, TestRng, TestRunner};

pub use answer::{Answer, BASE, ask, without_trace};
pub use mptcp_emulator::decisions::{Decisions, KernelDecisions};
pub use mptcp_emulator::{OwnedConnection, OwnedSocket};
pub use request::{
    DataAsk, FullAsk, any_case, any_revision, any_sound_case, ask_data, ask_full, ask_opt, halfway,
    info_case, opt_places,
};
pub use socket::{any_connection, any_socket, info, noise, subflow_count, subflow_info, tcp_info};

/// The most subflows of a generated connection.
pub const MOST_SUBFLOWS: usize = 20;

fn config() -> Config {
    Config { failure_persistence: None, ..Config::default() }
}

/// Holds a law against generated values, new ones in every run.
///
/// # Panics
/// If a value breaks the law, with the simplest one that was found.
#[track_caller]
pub fn holds<S: Strategy>(values: S, law: impl Fn(S::Value) -> TestCaseResult)
where
    S::Value: Debug,
{
    if let Err(error) = TestRunner::new(config()).run(&values, law) {
        panic!("{error}");
    }
}

/// Demands that generated values, the same in every run, break a law.
///
/// # Panics
/// If the law holds of all of them: then it does not see what is wrong with
/// the model that it was given.
#[track_caller]
pub fn is_broken<S: Strategy>(values: S, law: impl Fn(S::Value) -> TestCaseResult)
where
    S::Value: Debug,
{
    let config = Config { max_shrink_iters: 0, ..config() };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    match TestRunner::new_with_rng(config, rng).run(&values, law) {
        Err(TestError::Fail(..)) => {}
        other => panic!("a wrong model passes: {other:?}"),
    }
}

/// Does something with so many generated values, the same in every run.
///
/// # Panics
/// If it does.
pub fn each_of<S: Strategy>(cases: u32, values: S, work: impl Fn(S::Value))
where
    S::Value: Debug,
{
    let config = Config { cases, ..config() };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let run = TestRunner::new_with_rng(config, rng).run(&values, |value| {
        work(value);
        Ok(())
    });
    if let Err(error) = run {
        panic!("{error}");
    }
}
