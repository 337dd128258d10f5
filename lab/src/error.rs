//! The text of errors.

use std::fmt::Display;
use std::io;
use std::path::Path;

/// The text of an error, after the name of what failed: a file, a program or an operation.
pub(crate) fn context<E: Display>(what: impl Display) -> impl FnOnce(E) -> String {
    move |error| format!("{what}: {error}")
}

/// Why a file or a folder of the cache could not be written, and what to do.
pub(crate) fn not_written(path: &Path) -> impl FnOnce(io::Error) -> String {
    let instead = "set XDG_CACHE_HOME to a folder with more space";
    move |error| mptcp_limits::files::refused(path, 0, &error, instead)
}
