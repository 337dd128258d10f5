//! The command line, in the terms of the interface that it is about.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use mptcp_emulator::{Revision, abi};
use serde::{Deserialize, Serialize};

use crate::exhaust::ExhaustArgs;
use crate::repro;
use crate::rules::RulesArgs;
use crate::select::Selection;
use crate::triage::TriageArgs;

const EXIT_STATUS: &str = "\
Exit status:
  0  model and kernel agree on everything that was compared
  1  a divergence: at least one case on which they do not, or a difference that
     could not be reproduced; with --contract, a promise that is broken
  2  wrong usage, a file that holds no case, a walk over a domain or a number of
     cases (--cases) that was interrupted, more than one case in a thousand without
     a verdict, or something in the way (no memory for the street, no such file)
  4  skipped: nothing was compared of the options, of one that --option names, or
     of scenes that --scene names, as on a kernel without MPTCP; or something that
     a stored case needs is not available here
  1 takes precedence over 2, 2 over 4, and 4 over 0";

const VM_STATUS: &str = "\
Exit status:
  that of the subcommand; 1 also where the kernel complained while it answered a
  case; 2 where it complained otherwise, did not boot, panicked or took too long,
  and where several kernels differ in which scenes came up. Of several kernels, 1
  takes precedence over 2, 2 over 4, and 4 over 0";

const EXEC_STATUS: &str = "\
Exit status:
  0  scenes came up for everything that was asked for
  4  none came up of those that a pattern of --scene names, or none in which a
     kernel answers the options
Exit status with --exec:
  1 if the program failed on a scene; 4 if it skipped (4) each of them, or one of
  the scenes did not come up; else 0";

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

/// Hold a model of getsockopt(SOL_MPTCP, …) against the running kernel.
///
/// MPTCP_INFO, MPTCP_TCPINFO, MPTCP_SUBFLOW_ADDRS and MPTCP_FULL_INFO negotiate
/// sizes with the kernel: what a program declares in optlen, size_user and
/// size_arrays_user against what the kernel knows. Every case is predicted by
/// the model, made for real on the same memory, and compared: the error, the
/// length that comes back, and each byte written or left alone.
///
/// Sockets stand in a private network namespace: root is not needed, and the
/// host's own connections are not touched. Without a subcommand: check.
#[derive(Debug, Parser)]
#[command(name = "assay", version, after_help = EXIT_STATUS)]
#[command(args_conflicts_with_subcommands = true, max_term_width = 90)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) check: CheckArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make cases and compare model and kernel on them
    ///
    /// First comes the lattice: all interesting numbers and all edges of memory,
    /// crossed, for each scene and option. Random cases near a boundary follow.
    /// Ctrl-C ends the check early, with its report.
    #[command(after_help = EXIT_STATUS)]
    Check(CheckArgs),
    /// Judge stored cases once more, such as a corpus of regressions
    #[command(after_help = EXIT_STATUS)]
    Replay(ReplayArgs),
    /// Judge every combination over a small domain, and say what was covered
    ///
    /// The sizes and counts of each option, its buffers' places relative to the end of
    /// their pages: all combinations, each once. Ctrl-C ends the run early; it tells
    /// how far it came.
    #[command(after_help = EXIT_STATUS)]
    Exhaust(ExhaustArgs),
    /// Turn a folder of a fuzzer's crash files into a list of distinct findings
    ///
    /// Each file is judged; what is alike is one finding, of which one simplest case
    /// is told. The most frequent comes first.
    #[command(after_help = EXIT_STATUS)]
    Triage(TriageArgs),
    /// Tell one case as a person reads it: the call, the rules, the memory
    ///
    /// Memory is drawn to scale: what the program declares, what stands where, what
    /// the call changes, the pages below it. --svg makes a picture of all that,
    /// --format json has it for programs.
    #[command(after_help = EXIT_STATUS)]
    Explain(ExplainArgs),
    /// Write a C program that makes one case by itself, to be sent to somebody
    ///
    /// It needs neither this program nor headers that know MPTCP: it makes its own
    /// socket in a network of its own, its own memory with the same edges, makes the
    /// call, and tells what is not as the model of a kernel revision predicts, with
    /// the rule and its source beside each expectation.
    #[command(after_help = repro::HELP)]
    Repro(repro::ReproArgs),
    /// List the scenes: sockets in known states that cases are run on
    ///
    /// With --exec a program of one's own finds itself on them: an MPTCP
    /// connection with 17 subflows, one that fell back, one that is closing.
    #[command(after_help = EXEC_STATUS)]
    Scenes(ScenesArgs),
    /// List the rules of the contract, each with its sentence and its source
    ///
    /// --format md is the specification, SPEC.md; --format man the same as a manual
    /// page: assay rules --format man | man -l -
    Rules(RulesArgs),
    /// Run a subcommand on another kernel, in a virtual machine
    ///
    /// The kernel is booted under qemu with this very program as its first
    /// process. What the subcommand writes comes out here as it is written, its
    /// exit status is this one's, and files that it saves are brought back. Files
    /// that it names are taken along. Neither root nor a network is needed.
    ///
    /// With several kernels a check ends in one table of them all.
    #[command(after_help = VM_STATUS)]
    Vm(VmArgs),
    /// Find, fetch and build kernels for `assay vm`
    Kernels(KernelsArgs),
    /// Tell what a kernel patch changes: the same cases on two kernels
    ///
    /// Boots the kernel without the patch and the one with it, runs the same cases on
    /// both in every scene, and tells what differs, in groups: a regression breaks the
    /// contract, an explained difference follows from what is known of the two (a
    /// structure that grew, an option that one has). Each group comes with its simplest
    /// case, the memory before and after, and the rule.
    #[command(after_help = crate::review::HELP)]
    Review(crate::review::ReviewArgs),
    /// The inside of a review, in a machine
    #[command(hide = true)]
    Survey(crate::review::SurveyArgs),
}

#[derive(Args, Debug)]
pub(crate) struct VmArgs {
    /// A kernel: the path of a bzImage (modules are found beside it), or
    /// debian:SERIES, such as debian:6.12, which is fetched if need be; repeatable
    #[arg(long, value_name = "PATH|debian:SERIES", required = true)]
    pub(crate) kernel: Vec<String>,

    #[command(flatten)]
    pub(crate) machine: MachineArgs,

    /// The subcommand with its arguments, as it would be run here
    #[arg(last = true, value_name = "SUBCOMMAND", required = true)]
    pub(crate) command: Vec<String>,
}

// How machines are made. No documentation comment: clap would put it in the place
// of the command's.
#[derive(Args, Clone, Debug)]
pub(crate) struct MachineArgs {
    /// How the machine is made: in software, or by this machine's own processor
    #[arg(long, value_enum, default_value_t = Accelerator::Tcg)]
    pub(crate) accel: Accelerator,

    /// Memory of the machine, in MiB
    #[arg(long, value_name = "M", default_value_t = 1024, value_parser = clap::value_parser!(u32).range(64..))]
    pub(crate) memory: u32,

    /// The most that each kernel may take, in seconds
    #[arg(long, value_name = "S", default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..1_000_000))]
    pub(crate) timeout: u64,
}

/// What qemu calls `-accel`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Accelerator {
    /// In software: slow, and works everywhere
    Tcg,
    /// By the processor itself: takes a /dev/kvm that works
    Kvm,
}

#[derive(Args, Debug)]
pub(crate) struct KernelsArgs {
    #[command(subcommand)]
    pub(crate) command: KernelsCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KernelsCommand {
    /// List the newest cloud kernel of each series that apt offers
    List,
    /// Fetch the newest cloud kernel of a series, and tell where it is
    Fetch {
        /// Such as 6.12
        series: String,
    },
    /// Build a small kernel from source, with patches, and tell where it is
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

    /// Let the kernel tell which of its code a program reaches: KCOV and debugfs
    #[arg(long)]
    pub(crate) kcov: bool,

    /// Copy the image there [default: it stays in the cache until the next build of
    /// this source with the same options]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

// No documentation comment here: clap would put it in the place of the command's.
#[derive(Args, Clone, Debug)]
pub(crate) struct CheckArgs {
    /// Check for this long, in seconds [default: 10, or no limit with --cases]
    #[arg(long, value_name = "S", value_parser = seconds)]
    pub(crate) seconds: Option<f64>,

    /// Check this many cases
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) cases: Option<u64>,

    /// Only these options; repeatable, or with commas
    #[arg(long, value_name = "NAME", value_enum, value_delimiter = ',')]
    pub(crate) option: Vec<OptionName>,

    /// Only these scenes: a name, a group or a pattern such as 'many-*-17-*';
    /// repeatable, or with commas (see `assay scenes`)
    #[arg(long, value_name = "PATTERN", value_delimiter = ',')]
    pub(crate) scene: Vec<Selection>,

    /// Start of the random numbers [default: another one each time]
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,

    /// Threads, each with memory of its own [default: one for each processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) jobs: Option<u16>,

    /// How to tell the result
    #[arg(long, value_enum, default_value_t = Format::Human, overrides_with = "format")]
    pub(crate) format: Format,

    /// Write the simplest case of each finding to DIR, one file each
    #[arg(long, value_name = "DIR", overrides_with = "save")]
    pub(crate) save: Option<PathBuf>,

    /// Stop at the first finding
    #[arg(long)]
    pub(crate) first: bool,

    /// Check a model with a planted mistake instead: this has to end with
    /// status 1, which shows that a divergence would be noticed
    #[arg(long, conflicts_with = "contract")]
    pub(crate) canary: bool,

    /// Judge by what documents promise alone: a broken promise is a finding even where
    /// all kernels break it, and what no document speaks of is free. What is known of
    /// that has a page in findings/ of the repository
    #[arg(long)]
    pub(crate) contract: bool,
}

#[derive(Args, Debug)]
pub(crate) struct ReplayArgs {
    /// Files of one case each; folders with such files, which are searched
    /// recursively and in order (*.md and *.txt in them are left alone)
    #[arg(value_name = "FILE|DIR", required_unless_present = "hex")]
    pub(crate) paths: Vec<PathBuf>,

    /// A case as hexadecimal digits, as a report has it; repeatable
    #[arg(long, value_name = "HEX")]
    pub(crate) hex: Vec<String>,

    /// Judge by what documents promise alone, as `assay check --contract` does
    #[arg(long)]
    pub(crate) contract: bool,

    /// How to tell the result
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,
}

#[derive(Args, Debug)]
pub(crate) struct ExplainArgs {
    /// A file of one case
    #[arg(value_name = "FILE", required_unless_present = "hex", conflicts_with = "hex")]
    pub(crate) file: Option<PathBuf>,

    /// The case as hexadecimal digits, as a report has it
    #[arg(long, value_name = "HEX")]
    pub(crate) hex: Option<String>,

    /// What would happen on this kernel revision: a name such as 6.1, with
    /// `+info_opt` behind it for one with mptcp_info_opt. Any other than `running`
    /// is the model's word alone, on the contents of this kernel's scene, cut or
    /// lengthened with zeros to the revision's sizes. `all` is `running` with all
    /// revisions side by side
    #[arg(long, value_name = "NAME|running|all", default_value = "running", value_parser = revisions)]
    pub(crate) revision: Revisions,

    /// Only predict; do not call the kernel
    #[arg(long)]
    pub(crate) no_call: bool,

    /// Write the explanation as a picture to FILE instead, `-` for standard output.
    /// It is self-contained, and dark where its reader's screen is
    #[arg(long, value_name = "FILE", conflicts_with = "format")]
    pub(crate) svg: Option<PathBuf>,

    /// How to tell it
    #[arg(long, value_name = "FORMAT", default_value = "human", value_parser = listing())]
    pub(crate) format: Format,
}

impl ExplainArgs {
    /// Whether the picture goes elsewhere than to standard output.
    pub(crate) fn writes_a_file(&self) -> bool {
        self.svg.as_ref().is_some_and(|to| to.as_os_str() != "-")
    }
}

#[derive(Args, Debug)]
pub(crate) struct ScenesArgs {
    /// Scenes, or groups of scenes, by name; `*` and `?` stand for any; all by default
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) scene: Vec<Selection>,

    /// Run a program on each scene that came up, with the scene's socket as its
    /// standard input; its exit status counts as that of a kselftest. A path: a bare
    /// name is a file of this folder
    #[arg(long, value_name = "PROGRAM", conflicts_with = "format")]
    pub(crate) exec: Option<PathBuf>,

    /// How to tell the result
    #[arg(long, value_name = "FORMAT", default_value = "human", value_parser = listing())]
    pub(crate) format: Format,
}

/// Who reads the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Text
    Human,
    /// One JSON object on standard output, and nothing else there
    Json,
    /// KTAP, as the kernel's own tests tell their results: see docs/kselftest.md
    Ktap,
}

/// The formats of what is a list and no test.
pub(crate) fn listing() -> impl TypedValueParser<Value = Format> {
    let name = |name: String| if name == "json" { Format::Json } else { Format::Human };
    PossibleValuesParser::new(["human", "json"]).map(name)
}

/// The options, as the command line names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[value(rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub(crate) enum OptionName {
    /// MPTCP_INFO: one structure of the connection
    Info,
    /// MPTCP_TCPINFO: a header, and a tcp_info for each subflow
    #[value(name = "tcpinfo")]
    #[serde(rename = "tcpinfo")]
    TcpInfo,
    /// MPTCP_SUBFLOW_ADDRS: a header, and the addresses of each subflow
    SubflowAddrs,
    /// MPTCP_FULL_INFO: all of that at once, in arrays of the program's own
    FullInfo,
    /// mptcp_info_opt: the design of July 2021, under the number that the kernel
    /// patch in lab/patches gives it; without the patch, an unknown number
    InfoOpt,
    /// Numbers that no kernel knows
    Unknown,
}

impl OptionName {
    /// The numbers to try for this name.
    pub(crate) fn numbers(self) -> &'static [i32] {
        match self {
            OptionName::Info => &[abi::MPTCP_INFO],
            OptionName::TcpInfo => &[abi::MPTCP_TCPINFO],
            OptionName::SubflowAddrs => &[abi::MPTCP_SUBFLOW_ADDRS],
            OptionName::FullInfo => &[abi::MPTCP_FULL_INFO],
            OptionName::InfoOpt => &[abi::MPTCP_INFO_OPT],
            OptionName::Unknown => &[5, 0, -1, 6, 284, i32::MAX, i32::MIN],
        }
    }
}

/// The revisions that `explain` speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Revisions {
    Running,
    Named(Revision),
    All,
}

pub(crate) fn revisions(name: &str) -> Result<Revisions, String> {
    match name {
        "running" => Ok(Revisions::Running),
        "all" => Ok(Revisions::All),
        _ => {
            let plain = name.strip_suffix("+info_opt");
            let wanted = plain.unwrap_or(name);
            let found = Revision::ALL.into_iter().find(|known| known.name == wanted);
            let found = match plain {
                Some(_) => found.map(Revision::with_info_opt),
                None => found,
            };
            let known = || Revision::ALL.map(|known| known.name).join(", ");
            found
                .map(Revisions::Named)
                .ok_or_else(|| format!("no such revision; there are {}, running, all", known()))
        }
    }
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if seconds > 0.0 && seconds < 1e9 => Ok(seconds),
        _ => Err("a number of seconds above 0 is wanted".into()),
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
    fn a_revision_is_named_with_or_without_the_design_of_2021() {
        assert_eq!(revisions("6.12"), Ok(Revisions::Named(Revision::V6_12)));
        let with = Revisions::Named(Revision::V6_12.with_info_opt());
        assert_eq!(revisions("6.12+info_opt"), Ok(with));
        assert!(revisions("6.99+info_opt").is_err());
        assert!(revisions("+info_opt").is_err());
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
