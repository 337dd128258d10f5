//! Infers how a kernel behaves: from the cases on which it differs from its revision to the causes.
//!
//! A *cause* is a behavior with another value than the revision has. [`infer`] runs cases, keeps a
//! *record* of what the kernel did with those that the model does not predict, and searches the
//! smallest set of changed values that predicts all records. The remaining cases are the test of
//! that set: each one that it does not predict becomes a record, and the search starts again. If
//! several sets predict all records, a case is made on which they differ, and executed.
//!
//! What no set of values predicts remains unexplained. A cause is only stated if the kernel does as
//! the cause says wherever that makes a difference.

mod cause;
mod contents;
mod hypothesis;
#[expect(clippy::module_inception, reason = "the folder is named for what it exports")]
mod infer;
mod inference;
mod learn;
mod search;
mod settle;
mod verify;

pub use cause::{Cause, Noticed, clause};
pub use contents::ContentsCause;
pub use infer::infer;
pub use inference::{Effect, Inference};
pub use search::Change;
