//! `assay kernels`: where kernels for machines come from.

use std::fmt::Write;

use mptcp_lab::kernels::{available, fetch};

use crate::args::{KernelsArgs, KernelsCommand};
use crate::style::head;
use crate::{Status, out};

/// Runs the command.
pub(crate) fn run(args: &KernelsArgs) -> Result<Status, String> {
    match &args.command {
        KernelsCommand::List => list(),
        KernelsCommand::Fetch { series } => {
            let kernel = fetch(series)?;
            out::line(kernel.image.display())?;
            Ok(Status::Agree)
        }
    }
}

fn list() -> Result<Status, String> {
    let packages = available()?;
    if packages.is_empty() {
        return Err(
            "apt offers no cloud kernels; `apt-get update` brings its lists up to date".into()
        );
    }
    let mut text = format!("{}\n", head(&format!("{:<14} {:<22} {}", "kernel", "version", "")));
    for package in packages {
        let series = package.series().unwrap_or_default();
        let here = match (package.is_here(), package.elsewhere) {
            (true, _) => "fetched",
            (false, true) => "of a suite that this machine is not configured for",
            (false, false) => "",
        };
        let _ = writeln!(
            text,
            "{}",
            format!("{:<14} {:<22} {here}", format!("debian:{series}"), package.version).trim_end()
        );
    }
    out::put(text)?;
    Ok(Status::Agree)
}
