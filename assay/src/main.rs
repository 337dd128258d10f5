//! The command `assay`: a model of `getsockopt(SOL_MPTCP, …)` held against the
//! running kernel.
//!
//! Every subcommand is one module with a function `run`. What a check found is
//! a [`report::Report`], which [`human`] turns into text and serde into JSON.

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

use clap::Parser;
use mptcp_harness::verdict::Status;

use args::{Arguments, Command};

// Each command enters the namespace itself, after it has read its files and
// before it starts a thread: in a namespace even the superuser cannot read
// what belongs to somebody else.
fn main() -> ExitCode {
    if mptcp_lab::guest::inside() {
        mptcp_lab::guest::run(&mut watch::Aftermath::default());
    }
    let arguments = Arguments::parse();
    let command = arguments.command.unwrap_or(Command::Check(arguments.check));
    let done = match &command {
        Command::Check(args) => check::run(args),
        Command::Replay(args) => replay::run(args),
        Command::Exhaust(args) => exhaust::run(args),
        Command::Triage(args) => triage::run(args),
        Command::Explain(args) => explain::run(args),
        Command::Repro(args) => repro::run(args),
        Command::Scenes(args) => scenes::run(args),
        Command::Rules(args) => rules::run(args),
        Command::Vm(args) => vm::run(args),
        Command::Kernels(args) => kernels::run(args),
        Command::Review(args) => review::run(args),
        Command::GuestRun(args) => review::survey(args),
    };
    match done {
        Ok(status) => ExitCode::from(status.code()),
        Err(trouble) => {
            out::note(format_args!("{}: {trouble}", style::bad("assay")));
            ExitCode::from(Status::Trouble.code())
        }
    }
}
