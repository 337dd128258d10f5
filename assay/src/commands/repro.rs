//! `assay repro`: a C program that makes one case by itself.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use mptcp_harness::judge::promises::amended;
use mptcp_harness::kernel::Kernel;
use mptcp_harness::model::Model;
use mptcp_harness::scenes;
use mptcp_harness::scenes::{Fixtures, by_id};
use mptcp_harness::verdict::Status;

use crate::arguments::{Revisions, revisions};
use crate::model_socket::ModelSocket;
use crate::repro::{self, ProgramInput};
use crate::terminal::out;

/// What `--help` ends with.
pub(crate) const HELP: &str = "\
Examples:
  assay repro corpus/negotiate/tcpinfo-header-24.case -o repro.c
  assay check --format json > report.json; assay repro report.json --finding 1
  assay vm --kernel debian:6.12 -- repro found/first.case > repro.c
  gcc -Wall -Wextra -Werror -o repro repro.c && ./repro

The program's own exit status is a kselftest's: 0 the kernel does as predicted,
1 it does not, 4 skipped (no MPTCP, no namespace, structures of other sizes, no
calls of 32-bit programs).
Elsewhere it runs statically linked, without files:
  gcc -static -o repro repro.c
  assay vm --kernel path/to/bzImage -- scenes --scene fresh-v4 --exec ./repro

Exit status:
  0  the program is written
  2  it is not: no case, no such finding, a file that cannot be written
  4  the scene did not come up here, so that nothing is known of it; with
     --revision the program is written all the same, with its contents left open";

#[derive(Args, Debug)]
pub(crate) struct ReproArgs {
    /// A file of one case, as `assay check --save` and cargo-fuzz leave them; or a
    /// report of `assay check --format json` or `assay replay --format json`
    #[arg(value_name = "FILE", required_unless_present = "hex", conflicts_with = "hex")]
    file: Option<PathBuf>,

    /// The case as hexadecimal digits, as a report has it
    #[arg(long, value_name = "HEX")]
    hex: Option<String>,

    /// Which finding of a report: its number, from 1, or its signature
    /// [default: the first]
    #[arg(long, value_name = "N|SIGNATURE", requires = "file")]
    finding: Option<String>,

    /// The kernel revision whose behaviour is expected: a name such as 6.12, with
    /// `+info_opt` behind it for one with mptcp_info_opt. Contents are those of this
    /// kernel's scene, as far as the revision has them
    #[arg(long, value_name = "NAME|running", default_value = "running", value_parser = one_revision)]
    revision: Revisions,

    /// Expect what documents promise, where kernels do otherwise: see `assay check
    /// --contract`
    #[arg(long)]
    contract: bool,

    /// The language of the program
    #[arg(long, value_enum, default_value_t = Language::C)]
    lang: Language,

    /// Write the program there [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// Languages of programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Language {
    /// C, as gcc and clang compile it
    C,
}

fn one_revision(name: &str) -> Result<Revisions, String> {
    match revisions(name)? {
        Revisions::All => Err("one revision is wanted: a program expects one behaviour".into()),
        one => Ok(one),
    }
}

/// Runs the command.
pub(crate) fn run(args: &ReproArgs) -> Result<Status, String> {
    let Language::C = args.lang;
    let found = repro::read(args.file.as_deref(), args.hex.as_deref(), args.finding.as_deref())?;
    let scene = by_id(found.case.scene).ok_or("no such scene")?;
    let enclosure = scenes::enter();
    // Twice the same scene: what differs is of the moment.
    let build = || Fixtures::build(&enclosure, |other| other.id == scene.id, &mut |_| ());
    let stages = [build(), build()];
    let kernel = Kernel::running(stages[0].sizes());
    let revision = match args.revision {
        Revisions::Named(revision) => revision,
        _ => kernel.revision,
    };
    let portraits = stages.each_ref().map(|stage| {
        let portrait = stage.expected(scene.id)?;
        Some(if args.contract { amended(portrait) } else { portrait.clone() })
    });
    let socket = match (&portraits, args.revision) {
        ([Some(one), Some(other)], _) => repro::common(scene, one, other, &revision)?,
        (_, Revisions::Named(_)) => ModelSocket::named(scene, &revision),
        _ => {
            let why = stages.iter().find_map(|stage| stage.skipped().first());
            let why = why.map_or("", |(_, why)| why.as_str());
            out::note(format_args!("{} did not come up here: {why}", scene.name));
            return Ok(Status::Skipped);
        }
    };
    let contract = args.contract;
    let model = if contract { Model::promised() } else { Model::documented() };
    let (over, subflows) = repro::predict(&found.case, &socket, &revision, model)?;
    let input = ProgramInput { found, scene, kernel, revision, subflows, over, contract };
    let text = repro::text(&input)?;
    match &args.output {
        Some(path) => {
            let instead = "name another file with --output";
            mptcp_limits::files::write(path, text.as_bytes(), instead)?;
        }
        None => out::put(text)?,
    }
    Ok(Status::Agree)
}
