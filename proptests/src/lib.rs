//! What the laws of the model are tested with: calls and sockets made up
//! freely, a modelled street to run them on, and a runner that can be asked
//! to find a law broken as well as to find it holding.
//!
//! No kernel is needed here. A law is a function of generated values, among them
//! the kernel that answers. Each is shown to hold for all kernels, and to fail for
//! a kernel with another value of a [behavior](mptcp_emulator::Behaviors).
#![expect(clippy::panic, reason = "a law that does not hold fails its test by a panic")]

mod answer;
mod request;
mod socket;

use std::fmt::Debug;

use mptcp_emulator::{Behaviors, Revision};
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseResult, TestError, TestRng, TestRunner};

pub use answer::{Answer, BASE, ask, without_trace};
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

/// Generated values, and the kernels that they are for.
pub trait OnKernels {
    /// Changes how each of these kernels behaves.
    fn change(&mut self, wrong: &impl Fn(&mut Behaviors));
}

impl OnKernels for Revision {
    fn change(&mut self, wrong: &impl Fn(&mut Behaviors)) {
        let mut behaviors = self.behaviors;
        wrong(&mut behaviors);
        *self = self.with_behaviors(behaviors);
    }
}

impl OnKernels for [Revision; 2] {
    fn change(&mut self, wrong: &impl Fn(&mut Behaviors)) {
        self.iter_mut().for_each(|revision| revision.change(wrong));
    }
}

impl<K: OnKernels, A> OnKernels for (K, A) {
    fn change(&mut self, wrong: &impl Fn(&mut Behaviors)) {
        self.0.change(wrong);
    }
}

impl<K: OnKernels, A, B> OnKernels for (K, A, B) {
    fn change(&mut self, wrong: &impl Fn(&mut Behaviors)) {
        self.0.change(wrong);
    }
}

/// [`is_broken`] on kernels that behave in another way.
///
/// # Panics
/// If the law holds for them, too.
#[track_caller]
pub fn is_broken_by<S: Strategy>(
    wrong: impl Fn(&mut Behaviors),
    values: S,
    law: impl Fn(S::Value) -> TestCaseResult,
) where
    S::Value: Debug + OnKernels,
{
    let changed = |mut values: S::Value| {
        values.change(&wrong);
        values
    };
    is_broken(values.prop_map(changed), law);
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
