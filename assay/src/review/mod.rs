//! `assay review`: what a kernel patch changes.
//!
//! Each kernel is booted up to three times. First it tells what it is like, so that
//! cases are made with both in mind; then it is surveyed ([`survey`]); then the
//! simplest case of each difference ([`difference`]) is run with everything kept
//! ([`exhibit`]). What differs between boots alone is no difference: [`contents`].

mod contents;
mod difference;
mod exhibit;
mod html;
mod ktap;
mod markdown;
mod report;
mod survey;

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use mptcp_harness::case::Case;
use mptcp_harness::codec;
use mptcp_harness::finding::hex;
use mptcp_harness::scene::{Scene, catalogue};
use mptcp_lab::build::Order;
use mptcp_lab::guest::Errand;
use mptcp_lab::kernels::Kernel;
use serde_json::Value;

use self::difference::Comparison;
use self::report::Review;
use self::survey::{FAR, Request, Survey};
pub(crate) use self::survey::{SurveyArgs, run as survey};
use crate::args::{Format, MachineArgs, OptionName};
use crate::select::Selection;
use crate::vm::{Heard, boot, tell_apart, verdict};
use crate::{Status, check, input, kernels, out};

/// What `--help` ends with.
pub(crate) const HELP: &str = "\
Examples:
  assay review --base good --patched bad
  assay review --base debian:6.1 --patched debian:6.12 -o review
  assay review --source ~/linux --patch 0001-mptcp-….patch -o review
  assay review --source debian:6.12 --patch mistake.patch --option tcpinfo

Exit status:
  0  no difference, or only such as are explained, or mend what was wrong
  1  a regression, a difference between two kernels that are both wrong, or a
     structure or an option that the patched kernel has less of
  2  wrong usage, a kernel that does not build or boot, a scene that stands on one
     kernel alone, cases without a verdict (more than one in a thousand, or any in
     which something was seen that did not show again); 1 goes before 2";

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
    #[arg(long, value_name = "FILE|DIR")]
    corpus: Vec<PathBuf>,

    /// Only these options; repeatable, or with commas
    #[arg(long, value_name = "NAME", value_enum, value_delimiter = ',')]
    option: Vec<OptionName>,

    /// Only these scenes; repeatable, or with commas (see `assay scenes`)
    #[arg(long, value_name = "PATTERN", value_delimiter = ',')]
    scene: Vec<Selection>,

    /// Start of the random numbers
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,

    /// How to tell the result on standard output; as text, it is Markdown for a mail
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,

    #[command(flatten)]
    machine: MachineArgs,
}

/// Runs the command.
pub(crate) fn run(args: &ReviewArgs) -> Result<Status, String> {
    let start = Instant::now();
    if let Some(folder) = &args.output {
        fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    let stored = stored(&args.corpus)?;
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
        Err(Ended::Fell(fallen)) if fallen.base.is_some() => {
            let Fallen { base, signature, summary, console, case, .. } = *fallen;
            let base = base.ok_or("the base kernel was not surveyed")?;
            let revision = base.revision.revision()?;
            let patched = base.without_verdicts();
            let case = input::from_hex(&case).case?;
            let review = Review::new(report::Material {
                asked,
                surveys: &[base, patched],
                revisions: [revision; 2],
                comparison: &Comparison::fallen(signature, &summary, console, case),
                exhibits: None,
                contents: Vec::new(),
                facts: facts(args),
                seed: args.seed,
                times: [built, start.elapsed()],
            });
            tell(&review, args)?;
            return Ok(review.status());
        }
        surveys => surveys?,
    };
    let revisions = [surveys[0].revision.revision()?, surveys[1].revision.revision()?];
    let agenda = request.agenda()?;
    let compared = difference::compare(&agenda, [&surveys[0], &surveys[1]], revisions)?;

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
    let contents = exhibits.as_ref().map_or_else(Vec::new, |exhibits| {
        let of = |at: usize| [&surveys[at], &exhibits[at]];
        contents::compare(&of(0), &of(1))
    });
    let review = Review::new(report::Material {
        asked,
        surveys: &surveys,
        revisions,
        comparison: &compared,
        exhibits: exhibits.as_ref(),
        contents,
        facts: facts(args),
        seed: args.seed,
        times: [built, start.elapsed()],
    });
    tell(&review, args)?;
    Ok(review.status())
}

/// The cases on both kernels. They are made for what a kernel is like, so that two
/// that are not alike are surveyed again with cases for both.
fn walk(machines: &Machines<'_>, request: &mut Request) -> Result<[Survey; 2], Ended> {
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
    tell_apart(&mut kernels);
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
            let folder = mptcp_lab::kernels::cache()?.with_file_name("review").join(own);
            fs::create_dir_all(&folder)
                .map_err(|error| format!("{}: {error}", folder.display()))?;
            folder
        }
    };
    let order = |name: &str, patches: Vec<PathBuf>| {
        let output = folder.join(format!("{name}.bzImage"));
        let order =
            Order { source: source.to_owned(), patches, output: Some(output), ..Order::default() };
        out::note(format_args!("assay: building {name}"));
        kernels::made(&order)
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
/// tell of it.
fn stored(paths: &[PathBuf]) -> Result<Vec<String>, String> {
    let digits = |stored: input::Stored| match stored.case {
        Ok(case) => Ok(digits(&case)),
        Err(why) => Err(format!("{}: {why}", stored.name)),
    };
    input::read(paths, &[]).into_iter().map(digits).collect()
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
    all.sort();
    all.dedup();
    all
}

fn tell(review: &Review, args: &ReviewArgs) -> Result<(), String> {
    if let Some(folder) = &args.output {
        let write = |name: &str, text: &[u8]| {
            let path = folder.join(name);
            fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))
        };
        write("report.md", markdown::page(review).as_bytes())?;
        write("report.html", html::page(review).as_bytes())?;
        write("report.json", (check::json(review)? + "\n").as_bytes())?;
        for (number, group) in (1..).zip(review.groups()) {
            write(&format!("{number}.case"), &codec::encode(&group.case))?;
        }
        // Those of a review before this one are not this report's.
        let further = (review.groups.len() + 1..).map(|at| folder.join(format!("{at}.case")));
        for stale in further.take_while(|path| path.is_file()) {
            fs::remove_file(&stale).map_err(|error| format!("{}: {error}", stale.display()))?;
        }
    }
    match (args.format, &args.output) {
        (Format::Json, _) => out::line(check::json(review)?),
        (Format::Ktap, _) => out::put(ktap::page(review)),
        (Format::Human, None) => out::put(markdown::page(review)),
        (Format::Human, Some(folder)) => {
            out::put(markdown::summary(review))?;
            out::line(format_args!(
                "\n{}, report.html, report.json",
                folder.join("report.md").display()
            ))
        }
    }
}

/// Both kernels, booted side by side.
struct Machines<'a> {
    args: &'a MachineArgs,
    kernels: &'a [Kernel; 2],
}

impl Machines<'_> {
    /// A survey of each.
    fn survey(&self, request: &Request, what: &str) -> Result<[Survey; 2], Ended> {
        let request_json = serde_json::to_vec(request).map_err(|error| error.to_string())?;
        let file = Temporary::new(&request_json)?;
        let far = Far::new(what, 2 * (request.cases + request.stored.len() as u64));
        let one = |kernel: &Kernel| self.one(kernel, &file.0, &far);
        let results = thread::scope(|scope| {
            let running: Vec<_> =
                self.kernels.iter().map(|kernel| scope.spawn(|| one(kernel))).collect();
            let joined = running.into_iter().map(|thread| match thread.join() {
                Ok(result) => result,
                Err(panic) => std::panic::resume_unwind(panic),
            });
            joined.collect::<Vec<_>>()
        });
        far.end();
        let mut results = results.into_iter();
        match (results.next(), results.next()) {
            (Some(Ok(base)), Some(Err(Ended::Fell(fallen)))) => {
                Err(Ended::Fell(Box::new(Fallen { base: Some(base), ..*fallen })))
            }
            (Some(base), Some(patched)) => Ok([base?, patched?]),
            _ => Err("a machine was not run".to_owned().into()),
        }
    }

    fn one(&self, kernel: &Kernel, request: &Path, far: &Arc<Far>) -> Result<Survey, Ended> {
        let errand = Errand {
            arguments: vec!["survey".into(), request.display().to_string()],
            environment: Vec::new(),
            wanted: Vec::new(),
            seconds: self.args.timeout.saturating_add(30),
        };
        let heard = Heard::default();
        let ports = (heard.clone(), Notes { far: far.clone(), told: 0, line: Vec::new() });
        let run = boot(self.args, &errand, &[request.to_owned()], kernel, ports)?;
        let told = serde_json::from_slice(&heard.bytes());
        if let Ok(survey) = told {
            // What it complained of and belongs to no case takes the word away.
            return match verdict(&run, self.args) {
                Ok(_) => Ok(survey),
                Err(trouble) => Err(format!("{}: {trouble}", kernel.name).into()),
            };
        }
        // A kernel that falls over leaves the case under which it did.
        let remains: Option<Value> = serde_json::from_slice(&heard.bytes()).ok();
        let told = remains.as_ref().map_or(&Value::Null, |told| &told["findings"][0]);
        let word = |name: &str| told[name].as_str().map(str::to_owned);
        if let (Some(signature), Some(summary), Some(case)) =
            (word("signature"), word("summary"), word("case"))
        {
            return Err(Ended::Fell(Box::new(Fallen {
                base: None,
                kernel: kernel.clone(),
                signature,
                summary,
                console: word("console"),
                case,
            })));
        }
        let trouble = verdict(&run, self.args).err();
        let trouble = trouble.unwrap_or_else(|| "its survey did not arrive".into());
        Err(format!("{}: {trouble}", kernel.name).into())
    }
}

/// Why there is no survey.
enum Ended {
    /// The kernel fell over in a case.
    Fell(Box<Fallen>),
    Trouble(String),
}

/// A kernel that fell over, and the case in which it did.
struct Fallen {
    /// What the base kernel did meanwhile.
    base: Option<Survey>,
    kernel: Kernel,
    signature: String,
    summary: String,
    console: Option<String>,
    case: String,
}

impl From<String> for Ended {
    fn from(trouble: String) -> Ended {
        Ended::Trouble(trouble)
    }
}

impl From<Ended> for String {
    fn from(ended: Ended) -> String {
        match ended {
            Ended::Trouble(trouble) => trouble,
            Ended::Fell(fallen) => format!(
                "{} fell over, so that there is no comparison: {}\nassay vm --kernel {} -- explain \
                 --hex {}",
                fallen.kernel.name,
                fallen.summary,
                fallen.kernel.image.display(),
                fallen.case
            ),
        }
    }
}

/// A file that is gone when it is no longer needed.
struct Temporary(PathBuf);

impl Temporary {
    fn new(bytes: &[u8]) -> Result<Temporary, String> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("mptcp-assay-{}-{number}.json", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::write(&path, bytes).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Temporary(path))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // Nothing is to be done about one that stays.
        let _ = fs::remove_file(&self.0);
    }
}

/// How far two surveys are, for somebody who watches.
struct Far {
    bar: Option<ProgressBar>,
    sides: AtomicU64,
}

impl Far {
    fn new(what: &str, all: u64) -> Arc<Far> {
        let bar = io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(all);
            let style = if all > 0 {
                ProgressStyle::with_template("{elapsed} {msg} {bar:24} {human_pos} of {human_len}")
            } else {
                ProgressStyle::with_template("{elapsed} {msg} {spinner}")
            };
            let bar = style.map_or(bar.clone(), |style| bar.with_style(style));
            bar.set_message(what.to_owned());
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        if bar.is_none() {
            out::note(format_args!("assay: {what}"));
        }
        Arc::new(Far { bar, sides: AtomicU64::new(0) })
    }

    fn add(&self, cases: u64) {
        let all = self.sides.fetch_add(cases, Ordering::Relaxed) + cases;
        if let Some(bar) = &self.bar {
            bar.set_position(all);
        }
    }

    fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// A machine's standard error: how far it is goes to the bar, the rest to ours.
struct Notes {
    far: Arc<Far>,
    told: u64,
    line: Vec<u8>,
}

impl Write for Notes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for byte in bytes {
            if *byte != b'\n' {
                self.line.push(*byte);
                continue;
            }
            let line = String::from_utf8_lossy(&self.line).trim_end().to_owned();
            self.line.clear();
            match line.strip_prefix(FAR).and_then(|far| far.parse::<u64>().ok()) {
                Some(far) => {
                    self.far.add(far.saturating_sub(self.told));
                    self.told = far;
                }
                None => out::note(line),
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
