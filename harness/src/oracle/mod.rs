//! From a case to a confirmed verdict.

mod batch;
#[expect(clippy::module_inception, reason = "the folder is named for what it exports")]
mod oracle;

pub use batch::BATCH;
pub use oracle::{CaseVerdict, Oracle, Reason, SharedFixtures, Trusted};
