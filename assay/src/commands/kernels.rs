//! `assay kernels`: where kernels for machines come from.

use crate::session::kernel_build::build_kernel;
use std::fmt::Write;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use mptcp_harness::verdict::Status;
use mptcp_lab::build::Order;
use mptcp_lab::kernels::{available, fetch};

use crate::terminal::out;
use crate::terminal::style::head;

const BUILD_HELP: &str = "\
Examples:
  assay kernels build --source debian:6.12 -o good
  assay kernels build --source ~/linux --patch mistake.patch --kasan -o bad
  assay vm --kernel good --kernel bad -- check --cases 200000

Debian's packages for it:
  apt-get install make gcc libc6-dev flex bison bc libelf-dev git xz-utils

Exit status:
  0  the image exists; warnings are on standard error
  2  it does not: standard error has the patch that does not apply, the required
     options that the source lacks, or the first error of the build and where the
     whole log is";

#[derive(Args, Debug)]
pub(crate) struct KernelsArgs {
    #[command(subcommand)]
    pub(crate) command: KernelsCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KernelsCommand {
    /// List the newest cloud kernel of each series that apt offers
    List,
    /// Fetch the newest cloud kernel of a series, and print its path
    Fetch {
        /// Such as 6.12
        series: String,
    },
    /// Build a small kernel from source, with patches, and print its path
    ///
    /// The configuration has what `assay vm` and the scenes need, and no more: the
    /// first build takes minutes, one after a change of a patch or of the tree
    /// seconds. If the source lacks a required option, or drops it because of a
    /// dependency, the error names the option and what it is needed for. The source is only read: the work is done on a copy of it in the
    /// cache, below $XDG_CACHE_HOME/mptcp-assay/sources. Standard output has the
    /// image's path and nothing else.
    #[command(after_help = BUILD_HELP)]
    Build(BuildArgs),
}

#[derive(Args, Debug)]
pub(crate) struct BuildArgs {
    /// The path of a kernel tree (of a git repository: with what is not committed),
    /// or a series of Debian's, such as 6.12 or debian:6.12: the package
    /// linux-source-6.12 is taken if it is installed, and fetched with apt if not;
    /// debian:newest is the newest series that apt offers
    #[arg(long, value_name = "TREE|SERIES")]
    pub(crate) source: String,

    /// A patch to apply to the copy, as `git apply -p1` does; repeatable, applied
    /// in this order. Patches of earlier builds are taken back
    #[arg(long, value_name = "FILE")]
    pub(crate) patch: Vec<PathBuf>,

    /// Options of configuration, as lines such as CONFIG_VETH=y or
    /// # CONFIG_MPTCP is not set; repeatable, later fragments override earlier ones.
    /// A setting without effect is a warning; so is a required option that a fragment
    /// takes away, with what is missing without it
    #[arg(long, value_name = "FRAGMENT")]
    pub(crate) config: Vec<PathBuf>,

    /// Let the kernel watch itself: KASAN, UBSAN's array bounds, lockdep, checks of
    /// SLUB. What it reports during a case is a finding of `assay vm`
    #[arg(long)]
    pub(crate) kasan: bool,

    /// Enable KCOV and debugfs: the kernel reports which of its code a program reaches
    #[arg(long)]
    pub(crate) kcov: bool,

    /// Copy the image there [default: it stays in the cache until the next build of
    /// this source with the same options]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// Runs the command.
pub(crate) fn run(args: &KernelsArgs) -> Result<Status, String> {
    match &args.command {
        KernelsCommand::List => list(),
        KernelsCommand::Fetch { series } => {
            let kernel = fetch(series)?;
            out::line(kernel.image.display())?;
            Ok(Status::Agree)
        }
        KernelsCommand::Build(args) => build(args),
    }
}

fn build(args: &BuildArgs) -> Result<Status, String> {
    let image = build_kernel(&Order {
        source: args.source.clone(),
        patches: args.patch.clone(),
        fragments: args.config.clone(),
        kasan: args.kasan,
        kcov: args.kcov,
        output: args.output.clone(),
    })?;
    out::line(image.display())?;
    Ok(Status::Agree)
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
        let series = package.series().map(|series| series.to_string()).unwrap_or_default();
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
