//! What commands share that judge cases on the running kernel, or on one in a machine.

pub(crate) mod aftermath;
pub(crate) mod canary;
pub(crate) mod causes;
pub(crate) mod findings;
pub(crate) mod kernel_build;
pub(crate) mod kernel_log;
pub(crate) mod machine;
pub(crate) mod runs;
#[expect(clippy::module_inception, reason = "the folder is named for what it exports")]
mod session;
pub(crate) mod stored_cases;

pub(crate) use session::{Control, Session, no_handler, scenes_wanted};
