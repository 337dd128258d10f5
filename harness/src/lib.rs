//! Compares the model of `getsockopt(fd, SOL_MPTCP, …)` with the running
//! kernel, byte for byte.
//!
//! A [`case::Case`] is laid out on the [`street`], predicted by
//! `mptcp-emulator`, made for real, and [`judge`]d; a [`trial::Trial`] does all
//! of that for a socket of a [`scene`]. What comes out is a verdict with three
//! sides: they agree, they do not, or there is no verdict and a reason why.
//!
//! ```no_run
//! use std::sync::{Arc, Mutex};
//! use mptcp_emulator::RuleSet;
//! use mptcp_harness::{generate, kernel::Kernel, rig::Model, scene, trial};
//!
//! // First of all, while the process has one thread.
//! let enclosure = scene::enter();
//! let stage = scene::Stage::build(&enclosure, |_| true, &mut |_| {});
//! let kernel = Kernel::running(stage.sizes());
//! let stage = Arc::new(Mutex::new(stage));
//! let mut trial = trial::Trial::new(&stage, kernel.revision, Model::documented())?;
//!
//! let mut random = fastrand::Rng::new();
//! let case = generate::case(&mut random, trial.palette(), 0);
//! let mut rules = RuleSet::EMPTY;
//! trial.freshen();
//! println!("{case}\n{:?}", trial.whole(&case, &mut rules));
//! # Ok::<(), std::io::Error>(())
//! ```

pub mod agenda;
pub mod batch;
pub mod case;
pub mod cast;
pub mod check;
pub mod codec;
pub mod compat;
pub mod contract;
pub mod contrast;
pub mod exhaust;
mod extents;
pub mod finding;
pub mod fuzzing;
pub mod generate;
pub mod judge;
pub mod kernel;
pub mod lattice;
pub mod palette;
pub mod picture;
mod raw;
pub mod region;
pub mod rig;
pub mod scene;
pub mod shrink;
pub mod snapshot;
pub mod street;
pub mod trial;
pub mod verdict;
pub mod watch;
