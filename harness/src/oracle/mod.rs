//! From a case to a confirmed verdict.

mod batch;
mod case_verdict;
#[expect(clippy::module_inception, reason = "the folder is named for what it exports")]
mod oracle;
mod record;

pub use batch::BATCH;
pub use case_verdict::{CaseVerdict, Reason, Trusted};
pub use oracle::{Oracle, SharedFixtures};
pub use record::Record;
