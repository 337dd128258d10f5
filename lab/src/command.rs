//! Programs of this machine.

use std::io;
use std::process::{Command, Output};

/// Runs a program.
///
/// # Errors
/// If the program is not installed, or failed, with the first line of its errors.
pub(crate) fn output(command: &mut Command) -> Result<String, String> {
    let run = command.env("LC_ALL", "C").output();
    let program = command.get_program().to_string_lossy();
    let Output { status, stdout, stderr } = run.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => format!(
            "{program} is not installed: Debian's kernels and sources can be fetched only on a \
             machine with apt; elsewhere, pass the path of a kernel or of a kernel tree"
        ),
        _ => format!("starting {program}: {error}"),
    })?;
    if status.success() {
        return Ok(String::from_utf8_lossy(&stdout).into_owned());
    }
    let step = command.get_args().next().unwrap_or_default().to_string_lossy();
    let errors = String::from_utf8_lossy(&stderr);
    // Apt marks its errors with this; warnings surround them.
    let first = errors.lines().find(|line| line.starts_with("E:")).or(errors.lines().next());
    let first =
        first.map_or_else(|| format!("it failed ({status}) without a message"), str::to_owned);
    Err(format!("{program} {step}: {first}"))
}
