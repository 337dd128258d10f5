//! The command `assay`: a model of `getsockopt(SOL_MPTCP, …)`, compared with the running
//! kernel.
//!
//! Each subcommand is a module of [`commands`] with its arguments and a function `run`. What a
//! run found is data in [`report`], which also writes it as text, KTAP and JSON.

#![deny(clippy::print_stdout, clippy::print_stderr)]

mod arguments;
mod cli;
mod commands;
mod diagram;
mod explain;
mod model_socket;
mod report;
mod repro;
mod review;
mod session;
mod spec;
mod terminal;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use mptcp_harness::verdict::Status;

use cli::{Arguments, Command};
use terminal::{out, style};

// Each command enters the namespace itself, after it has read its files and
// before it starts a thread: in a namespace even the superuser cannot read
// what belongs to somebody else.
fn main() -> ExitCode {
    if mptcp_lab::guest::inside() {
        mptcp_lab::guest::run(&mut session::aftermath::Aftermath::new(cli::guest_output));
    }
    let arguments = Arguments::parse();
    let command = arguments.command.unwrap_or(Command::Check(arguments.check));
    let done = match &command {
        Command::Check(args) => commands::check::run(args),
        Command::Replay(args) => commands::replay::run(args),
        Command::Exhaust(args) => commands::exhaust::run(args),
        Command::Triage(args) => commands::triage::run(args),
        Command::Explain(args) => commands::explain::run(args),
        Command::Repro(args) => commands::repro::run(args),
        Command::Scenes(args) => commands::scenes::run(args),
        Command::Rules(args) => commands::rules::run(args),
        Command::Profile(args) => commands::profile::run(args),
        Command::Vm(args) => commands::vm::run(args, cli::guest_command),
        Command::Kernels(args) => commands::kernels::run(args),
        Command::Review(args) => commands::review::run(args),
        Command::Generate(args) => commands::generate::run(args, Arguments::command()),
        Command::GuestRun(args) => review::guest::run(args),
    };
    match done {
        Ok(status) => ExitCode::from(status.code()),
        Err(trouble) => {
            out::note(format_args!("{}: {trouble}", style::bad("assay")));
            ExitCode::from(Status::Trouble.code())
        }
    }
}
