//! Compares the model of `getsockopt(fd, SOL_MPTCP, …)` with the running
//! kernel, byte for byte.
//!
//! An engine of [`engines`] produces [`cases::Case`]s. [`run::runner`] places each on the street of
//! [`memory`]. The [`model`] predicts it, and the kernel answers it on a socket of [`scenes`].
//! [`judge`] compares the two. [`oracle`] confirms differences: each case agrees, disagrees, or has
//! no verdict and a reason.
//!
//! ```no_run
//! use std::sync::{Arc, Mutex};
//! use mptcp_emulator::RuleSet;
//! use mptcp_harness::{cases::generate, kernel::Kernel, model::Model, oracle, scenes};
//!
//! // First of all, while the process has one thread.
//! let enclosure = scenes::enter();
//! let fixtures = scenes::Fixtures::build(&enclosure, |_| true, &mut |_| {});
//! let kernel = Kernel::running(fixtures.sizes());
//! let fixtures = Arc::new(Mutex::new(fixtures));
//! let mut oracle = oracle::Oracle::new(&fixtures, kernel.revision, Model::documented())?;
//!
//! let mut random = fastrand::Rng::new();
//! let case = generate::case(&mut random, oracle.boundary_values(), 0);
//! let mut rules = RuleSet::EMPTY;
//! oracle.freshen();
//! println!("{case}\n{:?}", oracle.whole(&case, &mut rules));
//! # Ok::<(), std::io::Error>(())
//! ```

pub mod cases;
pub mod contents;
pub mod engines;
pub mod infer;
pub mod judge;
pub mod kernel;
pub mod laws;
pub mod memory;
pub mod model;
pub mod oracle;
pub mod run;
pub mod scenes;
pub mod verdict;
pub mod watch;
