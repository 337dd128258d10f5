//! The command line, in the terms of the interface that it is about.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::arguments::Format;
use crate::commands::{
    check, exhaust, explain, generate, kernels, profile, replay, repro, review, rules, scenes,
    triage, vm,
};
use crate::review::{guest, guest_run};

const EXIT_STATUS: &str = "\
Exit status:
  0  model and kernel agree on everything that was compared
  1  a divergence: at least one case on which they do not, or a difference that
     could not be reproduced; with --contract, a promise that is broken
  2  wrong usage, a file that holds no case, an interrupted walk over a domain or
     over --cases, more than one case in a thousand without a verdict, or trouble
     with the environment (no memory for the street, no such file)
  4  skipped: nothing was compared of the options, of one that --option names, or
     of scenes that --scene names, as on a kernel without MPTCP; or something that
     a stored case needs is not available here
  1 takes precedence over 2, 2 over 4, and 4 over 0";

/// Compare a model of getsockopt(SOL_MPTCP, …) with the running kernel
///
/// MPTCP_INFO, MPTCP_TCPINFO, MPTCP_SUBFLOW_ADDRS and MPTCP_FULL_INFO negotiate
/// sizes: what a program declares in optlen, size_user and size_arrays_user, and
/// what the kernel knows. The model predicts every case, the kernel executes it
/// on the same memory, and both are compared: the error, the length that is
/// returned, and each byte that is written or not.
///
/// Sockets are in a private network namespace. Root is not needed, and the host's
/// own connections are not affected. Without a subcommand: check.
#[derive(Debug, Parser)]
#[command(name = "assay", version, after_help = EXIT_STATUS)]
#[command(args_conflicts_with_subcommands = true, max_term_width = 90)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) check: check::CheckArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Generate cases and compare model and kernel on them
    ///
    /// The lattice has all boundary values and all edges of memory, combined, for
    /// each scene and option. Random cases near a boundary alternate with it.
    /// Ctrl-C ends the check early, with its report.
    #[command(after_help = EXIT_STATUS)]
    Check(check::CheckArgs),
    /// Compare stored cases again, such as a corpus of regressions
    #[command(after_help = EXIT_STATUS)]
    Replay(replay::ReplayArgs),
    /// Compare every combination of a small domain, and state what was covered
    ///
    /// The sizes and counts of each option, and where its buffers are relative to the
    /// end of their pages: all combinations, each once. Ctrl-C ends the run early, with
    /// the number of the next combination.
    #[command(after_help = EXIT_STATUS)]
    Exhaust(exhaust::ExhaustArgs),
    /// Turn a folder of a fuzzer's crash files into a list of distinct findings
    ///
    /// Each file is judged. Files that show the same difference are one finding, which
    /// is reported with its simplest case. The most frequent finding comes first.
    #[command(after_help = EXIT_STATUS)]
    Triage(triage::TriageArgs),
    /// Explain one case: the call, the rules, the memory
    ///
    /// Memory is drawn to scale: what the program declares, what is where, what the
    /// call changes, and the pages. --svg writes a picture, --format json the same
    /// for programs.
    #[command(after_help = EXIT_STATUS)]
    Explain(explain::ExplainArgs),
    /// Write one case as a C program that needs nothing else, for a mail
    ///
    /// The program needs neither assay nor headers that know MPTCP. It creates its own
    /// socket in a network namespace and its own memory with the same edges, makes the
    /// call, and reports what differs from the model of a kernel revision, with the
    /// rule and its source beside each expectation.
    #[command(after_help = repro::HELP)]
    Repro(repro::ReproArgs),
    /// List the scenes: sockets in known states that cases are run on
    ///
    /// --exec runs your own program on each of them: a connection with 17 subflows, one
    /// that fell back, one that is closing.
    #[command(after_help = scenes::HELP)]
    Scenes(scenes::ScenesArgs),
    /// Print the rules of the contract, each with its sentence and its source
    ///
    /// --format md is the specification, SPEC.md, and --format man the same as a manual
    /// page: assay rules --format man | man -l -
    Rules(rules::RulesArgs),
    /// Run a subcommand on another kernel, in a virtual machine
    ///
    /// The kernel is booted under qemu with this program as its first process. The
    /// subcommand's output appears as it is written, its exit status is passed on,
    /// files that it names are copied in, and files that it saves are copied out.
    /// Neither root nor a network is needed.
    ///
    /// A check on several kernels ends with one table of them all.
    #[command(after_help = vm::HELP)]
    Vm(vm::VmArgs),
    /// Probe how a kernel behaves, and which revision it is most like
    ///
    /// A release number is only the first guess: distribution kernels have backports.
    /// The profile has the value of each behaviour, what no behaviour explains, and
    /// the known contradictions that the kernel has.
    #[command(after_help = profile::HELP)]
    Profile(profile::ProfileArgs),
    /// Find, fetch and build kernels for `assay vm`
    Kernels(kernels::KernelsArgs),
    /// Report what a kernel patch changes: the same cases on two kernels
    ///
    /// Boots the kernel without the patch and the one with it, runs the same cases on
    /// both in every scene, and reports what differs, in groups: a regression breaks the
    /// contract, an explained difference follows from what is known of the two (a
    /// structure that grew, an option that only one has). Each group has its simplest
    /// case, the memory before and after, and the rule.
    #[command(after_help = review::HELP)]
    Review(review::ReviewArgs),
    /// Write completions for a shell, or manual pages
    #[command(after_help = generate::HELP)]
    Generate(generate::GenerateArgs),
    /// Run the part of a review that is in a machine
    #[command(hide = true, name = guest_run::COMMAND)]
    GuestRun(guest::GuestArgs),
}

/// What a machine's subcommand is; wrong usage ends this program, before a machine is made.
///
/// # Errors
/// It is not for a machine.
pub(crate) fn guest_command(words: &[String]) -> Result<vm::GuestCommand, String> {
    let line = std::iter::once("assay").chain(words.iter().map(String::as_str));
    let parsed = Arguments::try_parse_from(line).unwrap_or_else(|error| error.exit());
    let command = parsed.command.unwrap_or(Command::Check(parsed.check));
    match &command {
        Command::Vm(_) | Command::Kernels(_) | Command::Review(_) | Command::Generate(_) => {
            return Err("a machine runs check, exhaust, replay, triage, explain, repro, scenes \
                        or rules"
                .into());
        }
        Command::Explain(explain) if explain.writes_a_file() => {
            return Err("a file that explain writes in a machine is gone with it: send standard \
                        output to one, with --svg -"
                .into());
        }
        Command::Repro(repro) if repro.output.is_some() => {
            return Err("in a machine repro writes to standard output: leave out --output, and \
                        redirect what comes out here"
                .into());
        }
        _ => {}
    }
    let is_check = matches!(command, Command::Check(_));
    let lists_scenes = matches!(command, Command::Scenes(_));
    let output = command.output();
    Ok(vm::GuestCommand {
        is_check,
        has_coverage: lists_scenes || output.is_some(),
        format: output.as_ref().map(|(format, _)| *format),
        save: output.and_then(|(_, save)| save),
    })
}

/// The format of a guest's report, and where it saves findings; `None` where the subcommand
/// judges no cases.
pub(crate) fn guest_output(words: &[String]) -> Option<(Format, Option<PathBuf>)> {
    let line = std::iter::once("assay").chain(words.iter().map(String::as_str));
    let parsed = Arguments::try_parse_from(line).ok()?;
    parsed.command.unwrap_or(Command::Check(parsed.check)).output()
}

impl Command {
    fn output(self) -> Option<(Format, Option<PathBuf>)> {
        match self {
            Command::Check(args) => Some((args.format, args.save)),
            Command::Replay(args) => Some((args.format, None)),
            Command::GuestRun(_) => Some((Format::Json, None)),
            Command::Exhaust(args) => Some((args.format, args.save)),
            Command::Triage(args) => Some((args.format, args.save)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_in_order() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_machine_takes_a_kernel_and_a_subcommand() {
        let parse = |line: &str| Arguments::try_parse_from(line.split(' ')).is_ok();
        assert!(parse("assay vm --kernel a --kernel debian:6.1 -- check --cases 3"));
        assert!(!parse("assay vm -- check"));
        assert!(!parse("assay vm --kernel a"));
        assert!(!parse("assay vm --kernel a check"));
        assert!(!parse("assay vm --kernel a --accel hvf -- check"));
    }

    #[test]
    fn without_a_subcommand_the_flags_are_those_of_check() {
        let parsed =
            Arguments::try_parse_from(["assay", "--seconds", "2", "--option", "info,unknown"]);
        let parsed = parsed.map(|arguments| (arguments.command.is_none(), arguments.check));
        assert!(matches!(parsed, Ok((true, check)) if check.option.len() == 2
            && check.seconds == Some(2.0)));
    }
}
