//! `assay generate`: completions for a shell, and manual pages, made of the arguments.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use clap_complete::Shell;
use mptcp_harness::verdict::Status;
use mptcp_limits::files;

use crate::terminal::out;

pub(crate) const HELP: &str = "\
Examples:
  assay generate bash > ~/.local/share/bash-completion/completions/assay
  assay generate man -o ~/.local/share/man/man1
  assay generate man | man -l -";

#[derive(Args, Debug)]
pub(crate) struct GenerateArgs {
    /// What to write
    #[arg(value_enum)]
    what: Artifact,

    /// With man: write a page for the command and one for each subcommand to DIR
    /// [default: the page of the command, to standard output]
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Artifact {
    /// Manual pages of section 1
    Man,
    /// Completions for bash
    Bash,
    /// Completions for fish
    Fish,
    /// Completions for zsh
    Zsh,
}

/// Runs the command for the arguments that `command` describes.
pub(crate) fn run(args: &GenerateArgs, mut command: clap::Command) -> Result<Status, String> {
    let shell = match args.what {
        Artifact::Man => None,
        Artifact::Bash => Some(Shell::Bash),
        Artifact::Fish => Some(Shell::Fish),
        Artifact::Zsh => Some(Shell::Zsh),
    };
    let mut text = Vec::new();
    match (shell, &args.output) {
        (Some(_), Some(_)) => return Err("--output is for man: completions are one file".into()),
        (Some(shell), None) => clap_complete::generate(shell, &mut command, "assay", &mut text),
        (None, Some(folder)) => {
            files::folder(folder, "name another folder with --output")?;
            clap_mangen::generate_to(command, folder)
                .map_err(|error| format!("{}: {error}", folder.display()))?;
        }
        (None, None) => clap_mangen::Man::new(command)
            .render(&mut text)
            .map_err(|error| format!("the manual page: {error}"))?,
    }
    out::put(String::from_utf8_lossy(&text))?;
    Ok(Status::Agree)
}
