//! `assay review`: what a kernel patch changes. [`crate::review`] describes how.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::time::Instant;

use clap::{Args, ValueEnum};
use mptcp_harness::cases::{Case, codec};
use mptcp_harness::judge::finding::hex;
use mptcp_harness::scenes::{Scene, catalogue};
use mptcp_harness::verdict::Status;
use mptcp_lab::build::Order;
use mptcp_lab::kernels::Kernel;
use mptcp_limits::files;

use crate::arguments::selection::Selection;
use crate::arguments::{Format, MachineArgs, OptionName};
use crate::report::coverage::Choice;
use crate::review::allowed::Allowed;
use crate::review::difference::Comparison;
use crate::review::guest_run::{GuestRun, Request};
use crate::review::machines::{GuestError, KernelOops, Machines};
use crate::review::markdown::Extent;
use crate::review::material::Material;
use crate::review::report::Review;
use crate::review::{answer, changes, difference, html, markdown};
use crate::session::kernel_build::build_kernel;
use crate::session::machine::{end_machines_with_us, number_duplicates};
use crate::session::stored_cases;
use crate::terminal::out;

/// What `--help` ends with.
pub(crate) const HELP: &str = "\
Examples:
  assay review --base good --patched bad
  assay review --base debian:6.1 --patched debian:6.12 -o review
  assay review --source ~/linux --patch 0001-mptcp-….patch -o review
  assay review --source debian:6.12 --patch mistake.patch --option tcpinfo

Exit status:
  0  no difference, or only differences that are explained, that correct an error or
     that --allow names
  1  a regression, a difference between two kernels that are both wrong, one that
     nothing known of them accounts for, fields that hold something else, a structure
     or an option that the patched kernel has less of, or a difference that could not
     be reproduced
  2  wrong usage, a kernel that does not build or boot, kernels that differ in which
     scenes came up, or more than one case in a thousand without a verdict
  4  skipped: nothing was compared of an option, or of a scene that --scene names, as
     on two kernels without MPTCP
  1 takes precedence over 2, 2 over 4, and 4 over 0";

/// Where this project keeps its cases.
const CORPUS: &str = "corpus/negotiate";

/// The command line of `assay review`.
#[derive(Args, Debug)]
#[command(override_usage = "assay review [OPTIONS] --source <TREE|SERIES> --patch <FILE>\n       \
                            assay review [OPTIONS] --base <KERNEL> --patched <KERNEL>")]
pub(crate) struct ReviewArgs {
    /// The kernel without the patch: the path of a bzImage, or debian:SERIES
    #[arg(long, value_name = "KERNEL", requires = "patched", conflicts_with_all = ["source", "patch", "with"])]
    base: Option<String>,

    /// The kernel with it
    #[arg(long, value_name = "KERNEL", requires = "base")]
    patched: Option<String>,

    /// Build both from this source: the path of a kernel tree, or a series of
    /// Debian's, as `assay kernels build` takes it
    #[arg(long, value_name = "TREE|SERIES", required_unless_present = "base", requires = "patch")]
    source: Option<String>,

    /// The patch under review, as `git apply -p1` takes it; repeatable, applied in
    /// this order to the patched kernel alone
    #[arg(long, value_name = "FILE")]
    patch: Vec<PathBuf>,

    /// A patch that both kernels get, before those under review; repeatable
    #[arg(long, value_name = "FILE", requires = "source")]
    with: Vec<PathBuf>,

    /// Write report.md, report.html and report.json to DIR, the cases beside them
    /// [default: report.md to standard output]
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,

    /// Cases to make: two thirds of them from the lattice of boundary values, which
    /// has some 3 million, and the rest random
    #[arg(long, value_name = "N", default_value_t = 600_000)]
    cases: u64,

    /// Stored cases to run as well: files, or folders of them; repeatable
    /// [default: the folder `corpus` of this project, where it is run there]
    #[arg(long, value_name = "FILE|DIR")]
    corpus: Vec<PathBuf>,

    /// Restrict to these options; repeatable, or with commas
    #[arg(long, value_name = "NAME", value_enum, value_delimiter = ',')]
    option: Vec<OptionName>,

    /// Restrict to these scenes; repeatable, or with commas (see `assay scenes`)
    #[arg(long, value_name = "PATTERN", value_delimiter = ',')]
    scene: Vec<Selection>,

    /// Accept this change of behaviour, or of the contents of a field as
    /// contents=STRUCTURE.FIELD, by the names in the report; repeatable
    #[arg(long, value_name = "BEHAVIOUR=VALUE")]
    allow: Vec<String>,

    /// Random seed
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,

    /// Print at most ten lines, for a CI log or a patch tracker
    #[arg(long, conflicts_with = "full")]
    summary: bool,

    /// Write everything as text: all groups, also those that causes explain
    #[arg(long)]
    full: bool,

    /// Output format on standard output; as text, it is Markdown for a mail
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,

    #[command(flatten)]
    machine: MachineArgs,
}

/// What to do where the report cannot be written.
const ELSEWHERE: &str = "name another folder with --output";

/// Runs the command.
pub(crate) fn run(args: &ReviewArgs) -> Result<Status, String> {
    let start = Instant::now();
    end_machines_with_us()?;
    if let Some(folder) = &args.output {
        files::folder(folder, ELSEWHERE)?;
    }
    let stored = stored(&args.corpus)?;
    let allowed = Allowed::of(&args.allow)?;
    let (kernels, asked) = both(args)?;
    let built = start.elapsed();

    let wanted = |scene: &&Scene| {
        args.scene.is_empty() || args.scene.iter().any(|choice| choice.takes(scene))
    };
    let mut options: Vec<i32> =
        args.option.iter().flat_map(|option| option.numbers()).copied().collect();
    options.dedup();
    let mut request = Request {
        scenes: catalogue().iter().filter(wanted).map(|scene| scene.id).collect(),
        options,
        seed: args.seed,
        ..Request::default()
    };
    let machines = Machines { args: &args.machine, kernels: &kernels };
    request.cases = args.cases;
    request.stored = stored;
    let surveys = match walk(&machines, &mut request) {
        Err(GuestError::Oops(oops)) if oops.base.is_some() => {
            let KernelOops { base, signature, summary, console, case, .. } = *oops;
            let base = base.ok_or("the base kernel was not surveyed")?;
            let revision = base.revision.revision()?;
            let patched = base.without_verdicts();
            let case = stored_cases::from_hex(&case).case?;
            let review = Review::new(Material {
                asked,
                surveys: &[base, patched],
                revisions: [revision; 2],
                comparison: &Comparison::oops(signature, &summary, console, case),
                exhibits: None,
                contents: Vec::new(),
                allowed: allowed.clone(),
                facts: facts(args),
                seed: args.seed,
                asked_for: Choice { options: &args.option, scenes: &args.scene },
                times: [built, start.elapsed()],
            });
            print(&review, args)?;
            return Ok(review.status());
        }
        surveys => surveys?,
    };
    let revisions = [surveys[0].revision.revision()?, surveys[1].revision.revision()?];
    let agenda = request.case_list()?;
    let mut compared = difference::compare(&agenda, [&surveys[0], &surveys[1]], revisions)?;

    // Once more, also where nothing differs: what the structures hold is only steady
    // if another boot shows the same.
    let again = Request { cases: 0, stored: vec![], exhibits: shown(&compared), ..request };
    let exhibits = match machines.survey(&again, "each difference once more") {
        Ok(exhibits) => Some(exhibits),
        // What was found stays found; a green word there is none without it.
        Err(ended) if compared.is_bad() => {
            let trouble = String::from(ended);
            out::note(format_args!("assay: no difference could be shown once more: {trouble}"));
            None
        }
        Err(ended) => return Err(ended.into()),
    };
    if let Some(exhibits) = &exhibits {
        compared.confirm(revisions, |case| answer::answers(case, exhibits, revisions));
    }
    let contents = match &exhibits {
        Some(exhibits) => {
            let again = Request { exhibits: vec![], ..again };
            machines.contents(&again, [&surveys, exhibits], revisions)
        }
        None => Vec::new(),
    };
    let review = Review::new(Material {
        asked,
        surveys: &surveys,
        revisions,
        comparison: &compared,
        exhibits: exhibits.as_ref(),
        contents,
        allowed,
        facts: facts(args),
        seed: args.seed,
        asked_for: Choice { options: &args.option, scenes: &args.scene },
        times: [built, start.elapsed()],
    });
    print(&review, args)?;
    Ok(review.status())
}

/// The cases on both kernels. They are made for what a kernel is like, so that two
/// that are not alike are surveyed again with cases for both.
fn walk(machines: &Machines<'_>, request: &mut Request) -> Result<[GuestRun; 2], GuestError> {
    let surveys = machines.survey(request, "cases on both kernels")?;
    request.kernels = surveys.iter().map(|survey| survey.revision.clone()).collect();
    if surveys[0].revision.alike(&surveys[1].revision) {
        return Ok(surveys);
    }
    machines.survey(request, "cases for either kernel, on both")
}

/// The kernels, and what the command line calls them.
fn both(args: &ReviewArgs) -> Result<([Kernel; 2], [String; 2]), String> {
    let (paths, asked) = match (&args.base, &args.patched, &args.source) {
        (Some(base), Some(patched), _) => ([base.clone(), patched.clone()], None),
        (_, _, Some(source)) => {
            let images = build(args, source)?;
            let named = images.clone().map(|image| image.display().to_string());
            (named, Some(["base".to_owned(), "patched".to_owned()]))
        }
        _ => return Err("--base and --patched, or --source and --patch".into()),
    };
    let mut kernels = [Kernel::named(&paths[0])?, Kernel::named(&paths[1])?];
    if let Some(names) = &asked {
        for (kernel, name) in kernels.iter_mut().zip(names) {
            kernel.name.clone_from(name);
        }
    }
    number_duplicates(&mut kernels);
    Ok((kernels, paths))
}

/// What a reader has to know of the command line: what was built, and what was left out.
fn facts(args: &ReviewArgs) -> Vec<String> {
    let name = |path: &PathBuf| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let source = args.source.iter().map(|source| format!("source: {source}"));
    let with = args.with.iter().map(|path| format!("patch of both kernels: {}", name(path)));
    let patches = args.patch.iter().map(|path| format!("patch: {}", name(path)));
    let mut facts: Vec<String> = source.chain(with).chain(patches).collect();
    let options = args.option.iter().filter_map(|option| option.to_possible_value());
    let options: Vec<String> = options.map(|value| value.get_name().to_owned()).collect();
    let scenes: Vec<String> = args.scene.iter().map(Selection::to_string).collect();
    for (what, chosen) in [("options", options), ("scenes", scenes)] {
        if !chosen.is_empty() {
            facts.push(format!("nothing was tried but the {what} {}", chosen.join(", ")));
        }
    }
    facts
}

/// Builds both kernels, the base first: what changes after that is the patch alone.
fn build(args: &ReviewArgs, source: &str) -> Result<[PathBuf; 2], String> {
    // Before the base is built, as it reads all patches.
    let own = own_name(args, source)?;
    let folder = match &args.output {
        Some(folder) => folder.clone(),
        None => {
            let folder = mptcp_lab::cache("review")?.join(own);
            files::folder(&folder, "name a folder with --output")?;
            folder
        }
    };
    let order = |name: &str, patches: Vec<PathBuf>| {
        let output = folder.join(format!("{name}.bzImage"));
        let order =
            Order { source: source.to_owned(), patches, output: Some(output), ..Order::default() };
        out::note(format_args!("assay: building {name}"));
        build_kernel(&order)
    };
    let base = order("base", args.with.clone())?;
    let patched = order("patched", [&args.with[..], &args.patch[..]].concat())?;
    Ok([base, patched])
}

/// A name for the images of these patches on this source: the report's commands speak
/// of them, and another review at the same time must not put its own in their place.
fn own_name(args: &ReviewArgs, source: &str) -> Result<String, String> {
    let mut hasher = DefaultHasher::new();
    source.hash(&mut hasher);
    for path in args.with.iter().chain(&args.patch) {
        let patch = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        patch.hash(&mut hasher);
    }
    (args.with.len(), &args.patch).hash(&mut hasher);
    Ok(format!("{:016x}", hasher.finish()))
}

/// Stored cases, as digits; a file that is none is an error, as nothing else would
/// report it.
fn stored(paths: &[PathBuf]) -> Result<Vec<String>, String> {
    let own = [PathBuf::from(CORPUS)];
    let paths = match paths {
        [] if own[0].is_dir() => &own,
        paths => paths,
    };
    let digits = |stored: stored_cases::StoredCase| match stored.case {
        Ok(case) => Ok(digits(&case)),
        Err(why) => Err(format!("{}: {why}", stored.name)),
    };
    stored_cases::read(paths, &[]).into_iter().map(digits).collect()
}

fn digits(case: &Case) -> String {
    hex(&codec::encode(case))
}

/// The cases to be shown: of each group the simplest, and the first, should that one
/// not show it.
fn shown(compared: &Comparison) -> Vec<String> {
    let groups = compared.groups.iter();
    let mut all: Vec<String> =
        groups.flat_map(|group| [digits(&group.simplest), digits(&group.first)]).collect();
    all.extend(compared.changes.simplest().map(|case| digits(&case)));
    all.sort();
    all.dedup();
    all
}

fn print(review: &Review, args: &ReviewArgs) -> Result<(), String> {
    let extent = if args.full { Extent::Full } else { Extent::Usual };
    let page = || markdown::page(review, extent);
    if let Some(folder) = &args.output {
        let write = |name: &str, text: &[u8]| files::write(&folder.join(name), text, ELSEWHERE);
        write("report.md", page().as_bytes())?;
        write("report.html", html::page(review).as_bytes())?;
        write("report.json", (out::json(review)? + "\n").as_bytes())?;
        let groups = review.groups.iter().map(|group| Some(group.case));
        stored_cases::write(folder, "", groups, ELSEWHERE)?;
        let causes = review.causes.iter().map(|cause| changes::simplest(&cause.data));
        stored_cases::write(folder, "cause-", causes, ELSEWHERE)?;
    }
    match (args.format, &args.output) {
        (Format::Json, _) => out::line(out::json(review)?),
        (Format::Ktap, _) => out::put(crate::review::ktap::page(review)),
        (Format::Human, _) if args.summary => out::put(markdown::ten_lines(review)),
        (Format::Human, None) => out::put(page()),
        (Format::Human, Some(folder)) => {
            out::put(markdown::summary(review))?;
            out::line(format_args!(
                "\n{}, report.html, report.json",
                folder.join("report.md").display()
            ))
        }
    }
}
