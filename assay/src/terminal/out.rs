//! Standard output and standard error, either of which may be closed or full.

use std::fmt::Display;
use std::io::{self, Write};

/// Writes to standard output. A reader that went away, as `head` does, has what
/// it wanted: that is no error.
///
/// # Errors
/// What was in the way, such as a full device.
pub(crate) fn put(text: impl Display) -> Result<(), String> {
    match write(anstream::stdout(), text) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(lost(&error)),
        _ => Ok(()),
    }
}

/// As [`put`], with the end of a line.
pub(crate) fn line(text: impl Display) -> Result<(), String> {
    put(format_args!("{text}\n"))
}

/// Writes a line to standard error. If that fails there is no other place to report it.
pub(crate) fn note(text: impl Display) {
    let _ = write(anstream::stderr(), format_args!("{text}\n"));
}

/// That standard output could not be written.
pub(crate) fn lost(error: &impl Display) -> String {
    format!("standard output: {error}; the output is lost or incomplete")
}

/// A value as JSON text, without colours in it.
///
/// # Errors
/// What cannot be written as JSON.
pub(crate) fn json(value: &impl serde::Serialize) -> Result<String, String> {
    serde_json::to_string_pretty(value).map_err(|error| error.to_string())
}

fn write(mut to: impl Write, text: impl Display) -> io::Result<()> {
    write!(to, "{text}")?;
    to.flush()
}
