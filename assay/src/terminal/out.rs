//! Standard output and standard error, either of which may be closed or full.

use std::fmt::Display;
use std::io::{self, Write};

/// Writes to standard output. A reader that went away, as `head` does, has what
/// it wanted: that is no error.
///
/// # Errors
/// What was in the way, such as a full device.
pub(crate) fn put(text: impl Display) -> Result<(), String> {
    heard(write(anstream::stdout(), text))
}

/// As [`put`], with the end of a line.
pub(crate) fn line(text: impl Display) -> Result<(), String> {
    put(format_args!("{text}\n"))
}

/// Tells somebody who watches, on standard error. Where that fails there is
/// nobody left to tell.
pub(crate) fn note(text: impl Display) {
    let _ = write(anstream::stderr(), format_args!("{text}\n"));
}

/// That standard output could not be written.
pub(crate) fn lost(error: &impl Display) -> String {
    format!("standard output: {error}; what was to be told is lost or cut short")
}

/// A value as JSON text, without colours in it.
///
/// # Errors
/// What cannot be written as JSON.
pub(crate) fn json(value: &impl serde::Serialize) -> Result<String, String> {
    serde_json::to_string_pretty(value).map_err(|error| error.to_string())
}

fn heard(written: io::Result<()>) -> Result<(), String> {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(format!("standard output: {error}; what was to be told is lost or cut short"))
        }
        _ => Ok(()),
    }
}

fn write(mut to: impl Write, text: impl Display) -> io::Result<()> {
    write!(to, "{text}")?;
    to.flush()
}
