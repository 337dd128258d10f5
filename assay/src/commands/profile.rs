//! `assay profile`: how a kernel behaves.

use clap::Args;
use mptcp_harness::model::Model;
use mptcp_harness::verdict::Status;
use mptcp_lab::guest::Errand;
use mptcp_lab::kernels::Kernel;

use crate::arguments::{Format, MachineArgs};
use crate::report::profile::{Profile, comparison, text};
use crate::session::causes::causes;
use crate::session::machine::{Capture, boot, end_machines_with_us, verdict};
use crate::session::{Control, Session};
use crate::terminal::out;
use crate::terminal::progress::ProgressLine;

pub(crate) const HELP: &str = "\
Examples:
  assay profile
  assay profile --kernel debian:6.1
  assay profile --compare debian:6.1 debian:6.12

Exit status:
  0  every case is explained by named behaviours; with --compare, if both kernels
     were profiled
  1  cases remain that no behaviour explains
  2  wrong usage, or a kernel that does not boot
  4  skipped: no case could be run, as on a kernel without MPTCP";

/// The command line of `assay profile`.
#[derive(Args, Debug)]
pub(crate) struct ProfileArgs {
    /// Profile this kernel, and not the running one: the path of a bzImage, or
    /// debian:SERIES
    #[arg(long, value_name = "KERNEL", conflicts_with = "compare")]
    kernel: Option<String>,

    /// Profile two kernels, and print how they differ
    #[arg(long, value_name = "KERNEL", num_args = 2)]
    compare: Vec<String>,

    /// Cases to run
    #[arg(long, value_name = "N", default_value_t = 60_000)]
    cases: u64,

    /// Random seed
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,

    /// Output format
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,

    #[command(flatten)]
    machine: MachineArgs,
}

/// Runs the command.
pub(crate) fn run(args: &ProfileArgs) -> Result<Status, String> {
    if args.format == Format::Ktap {
        return Err("a profile is no test, and has no KTAP: --format human or json".to_owned());
    }
    if let [one, other] = &args.compare[..] {
        end_machines_with_us()?;
        let profiles = [remote(args, one)?, remote(args, other)?];
        match args.format {
            Format::Json => out::line(out::json(&profiles)?)?,
            Format::Human | Format::Ktap => out::put(comparison(&profiles))?,
        }
        let is_skipped = profiles.iter().any(|profile| profile.cases == 0);
        return Ok(if is_skipped { Status::Skipped } else { Status::Agree });
    }
    let profile = match &args.kernel {
        Some(kernel) => {
            end_machines_with_us()?;
            remote(args, kernel)?
        }
        None => local(args)?,
    };
    match args.format {
        Format::Json => out::line(out::json(&profile)?)?,
        Format::Human | Format::Ktap => out::put(text(&profile))?,
    }
    Ok(status(&profile))
}

fn status(profile: &Profile) -> Status {
    match profile.causes.differing - profile.causes.explained {
        _ if profile.cases == 0 => Status::Skipped,
        0 => Status::Agree,
        _ => Status::Divergence,
    }
}

/// The profile of the running kernel.
fn local(args: &ProfileArgs) -> Result<Profile, String> {
    let line = ProgressLine::beside(args.format);
    let session =
        Session::open(Model::documented(), None::<&std::sync::Arc<Control>>, &line, |_| true)?;
    let mut oracle = session.oracle()?;
    let (found, inference) = causes(&mut oracle, &[], args.cases, args.seed);
    let fixtures = session.fixtures();
    Ok(Profile::new(&session.kernel, &inference, found, &fixtures))
}

/// The profile of another kernel, in a machine.
fn remote(args: &ProfileArgs, name: &str) -> Result<Profile, String> {
    let kernel = Kernel::named(name)?;
    let words = ["profile", "--format=json"].map(str::to_owned);
    let numbers = [format!("--cases={}", args.cases), format!("--seed={}", args.seed)];
    let errand = Errand {
        arguments: words.into_iter().chain(numbers).collect(),
        environment: Vec::new(),
        wanted: Vec::new(),
        seconds: args.machine.timeout.saturating_add(30),
    };
    let capture = Capture::default();
    let run = boot(&args.machine, &errand, &[], &kernel, (capture.clone(), std::io::stderr()))?;
    match serde_json::from_slice(&capture.bytes()) {
        Ok(profile) => verdict(&run, &args.machine).map(|_| profile),
        Err(_) => {
            let trouble = verdict(&run, &args.machine).err();
            Err(trouble.unwrap_or_else(|| format!("{}: its profile did not arrive", kernel.name)))
        }
    }
}
