//! Kernels made from source: a work tree with patches, a small configuration
//! that has all that the lab needs, and `make`, out of the tree.
//!
//! In the cache each source has a folder. In it are the work tree, what
//! `source.rs` needs for that, and for each set of options a build folder
//! of its own, so that each is built again by what changed and no more. Only one
//! build of a source runs at a time, because the work tree has one state.

use std::env;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write, pipe};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use crate::configuration::Configuration;
use crate::during;
use crate::kconfig::{self, Kconfig, Setting};
use crate::source::Source;

/// What to build.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Order {
    /// The path of a kernel tree, or a series of Debian's.
    pub source: String,
    /// Patches, in the order in which they apply.
    pub patches: Vec<PathBuf>,
    /// Fragments of configuration, applied after this project's own; later fragments
    /// override earlier ones.
    pub fragments: Vec<PathBuf>,
    /// Whether the kernel shall watch its own memory and locks.
    pub kasan: bool,
    /// Whether it shall tell what of it a program reaches.
    pub kcov: bool,
    /// Where to put the image.
    pub output: Option<PathBuf>,
}

/// What a build tells while it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News<'a> {
    /// The next step begins.
    Step(&'a str),
    /// A line that `make` wrote.
    Line(&'a str),
    /// An option that is not set as asked, with the consequence. The build goes on.
    Warning(&'a str),
}

/// The image within a build folder.
const IMAGE: &str = "arch/x86/boot/bzImage";
/// The log within a build folder.
const LOG: &str = "assay.log";
/// What would make two builds of the same source differ.
const FIXED: [&str; 4] = [
    "KBUILD_BUILD_TIMESTAMP=Thu Jan  1 00:00:00 UTC 1970",
    "KBUILD_BUILD_USER=assay",
    "KBUILD_BUILD_HOST=lab",
    "KBUILD_BUILD_VERSION=1",
];
/// How many lines of a first error are shown.
const LINES: usize = 6;
/// Programs that a build takes, and the packages of Debian's that have them.
const TOOLS: [(&str, &str); 7] = [
    ("make", "make"),
    ("gcc", "gcc"),
    ("ld", "binutils"),
    ("flex", "flex"),
    ("bison", "bison"),
    ("bc", "bc"),
    ("gzip", "gzip"),
];
/// Headers that it takes.
const HEADERS: [(&str, &str); 2] = [("stdlib.h", "libc6-dev"), ("gelf.h", "libelf-dev")];

/// Builds a kernel: where its image is. In the cache it stays until the next
/// build with the same source and options.
///
/// # Errors
/// What is wrong with the order, what is missing here, which patch does not apply
/// and where, which required option the source does not have and what it is needed
/// for, or the first error of the build and where its whole log is.
pub fn build(order: &Order, news: &mut dyn FnMut(News<'_>)) -> Result<PathBuf, String> {
    // All that can be wrong at once is said at once, before hours of work.
    let source = Source::named(&order.source)?;
    for patch in &order.patches {
        fs::read(patch).map_err(during(patch.display()))?;
    }
    let configuration = Configuration::of(order)?;
    if let Some(output) = &order.output {
        let folder = output.parent().filter(|path| *path != Path::new(""));
        if output.is_dir() || folder.is_some_and(|folder| !folder.is_dir()) {
            return Err(format!("{}: no file can be written there", output.display()));
        }
    }
    check_tools(order, &source)?;

    let mut step = |what: &str| news(News::Step(what));
    let workshop = source.open(&mut step)?;
    let changed = workshop.arrange(&order.patches, &mut step)?;
    if changed > 0 {
        let files = if changed == 1 { "file" } else { "files" };
        step(&format!("{changed} {files} of the work tree changed"));
    }
    let folder = workshop.folder.join("build").join(&configuration.name);
    fs::create_dir_all(&folder).map_err(during(folder.display()))?;
    let make = Make { tree: workshop.tree(), log: folder.join(LOG), folder };
    let _ = fs::remove_file(&make.log);
    // Not before: what git starts may outlive it, and would keep the lock.
    workshop.share_lock()?;

    news(News::Step("configuring"));
    configure(&configuration, &make, &workshop.tree(), news)?;
    news(News::Step("building"));
    make.run(&["bzImage"], news)?;

    let image = make.folder.join(IMAGE);
    match &order.output {
        None => Ok(image),
        Some(output) => {
            let mut new = output.as_os_str().to_owned();
            new.push(".new");
            fs::copy(&image, &new).map_err(during(output.display()))?;
            fs::rename(&new, output).map_err(during(output.display()))?;
            Ok(output.clone())
        }
    }
}

/// Makes `.config`: what is asked for and what that needs, and nothing else.
fn configure(
    configuration: &Configuration,
    make: &Make,
    tree: &Path,
    news: &mut dyn FnMut(News<'_>),
) -> Result<(), String> {
    let kconfig = Kconfig::read(tree)?;
    let mut warnings = Vec::new();
    let mut run = |wanted: &[Setting]| {
        let (fragment, config) = (make.folder.join("assay.config"), make.folder.join(".config"));
        fs::write(&fragment, kconfig::text(wanted)).map_err(during(fragment.display()))?;
        let all = format!("KCONFIG_ALLCONFIG={}", fragment.display());
        make.run(&[&all, "allnoconfig"], news)?;
        let text = fs::read_to_string(&config).map_err(during(config.display()))?;
        kconfig::settings(&text).map_err(during(config.display()))
    };
    let applied =
        configuration.apply(&kconfig, &mut run, &mut |text| warnings.push(text.to_owned()));
    for warning in &warnings {
        news(News::Warning(warning));
    }
    applied
}

/// `make` in one build folder.
struct Make {
    tree: PathBuf,
    folder: PathBuf,
    log: PathBuf,
}

impl Make {
    /// Makes targets; what it says goes to the log, and line by line to `news`.
    fn run(&self, words: &[&str], news: &mut dyn FnMut(News<'_>)) -> Result<(), String> {
        let jobs = thread::available_parallelism().map_or(1, usize::from);
        let (reader, writer) = pipe().map_err(during("pipe"))?;
        let mut command = Command::new("make");
        command
            .arg("-C")
            .arg(&self.tree)
            .arg(format!("O={}", self.folder.display()))
            .args([&format!("-j{jobs}"), "--output-sync=target", "ARCH=x86_64"])
            .args(FIXED)
            .args(words)
            .env("LC_ALL", "C")
            .env_remove("MAKEFLAGS")
            .env_remove("MAKELEVEL")
            .env_remove("KCONFIG_CONFIG")
            .env_remove("LOCALVERSION")
            .env_remove("CROSS_COMPILE")
            .env_remove("KCFLAGS")
            .env_remove("LLVM")
            .stdin(Stdio::null())
            .stdout(writer.try_clone().map_err(during("pipe"))?)
            .stderr(writer);
        let mut child = command.spawn().map_err(during("make"))?;
        // It holds the other ends of the pipe.
        drop(command);
        let log = File::options().create(true).append(true).open(&self.log);
        let mut log = log.map_err(during(self.log.display()))?;
        let mut said = String::new();
        for line in BufReader::new(reader).split(b'\n') {
            let line = line.map_err(during("make"))?;
            let line = String::from_utf8_lossy(&line);
            let _ = writeln!(log, "{line}");
            news(News::Line(&line));
            said.push_str(&line);
            said.push('\n');
        }
        if child.wait().map_err(during("make"))?.success() {
            return Ok(());
        }
        let tree = format!("{}/", self.tree.display());
        let error = first_error(&said).replace(&tree, "");
        Err(format!("the build failed:\n{error}\nThe whole log: {}", self.log.display()))
    }
}

/// The first error in what `make` and the programs that it ran said, with the
/// lines that explain it.
fn first_error(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    // "  CC      net/mptcp/sockopt.o", and what make says of itself.
    let is_progress = |line: &str| {
        line.starts_with("make")
            || line.strip_prefix("  ").is_some_and(|rest| {
                rest.split(' ').next().is_some_and(|word| {
                    word.len() > 1
                        && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
                })
            })
    };
    let is_error = |line: &&str| {
        let line = line.to_ascii_lowercase();
        ["error: ", "undefined reference to", ": syntax error", "cannot find -l"]
            .iter()
            .any(|sign| line.contains(sign))
    };
    if let Some(at) = lines.iter().position(is_error) {
        let more = lines[at + 1..].iter().take_while(|line| !is_progress(line) && !is_error(line));
        return [&lines[at]]
            .into_iter()
            .chain(more)
            .take(LINES)
            .copied()
            .collect::<Vec<_>>()
            .join("\n");
    }
    let has_words = |line: &str| line.bytes().any(|byte| byte.is_ascii_alphabetic());
    match lines.iter().position(|line| line.contains("***") && has_words(line)) {
        Some(at) => {
            // What the failing program said comes before, what make adds after.
            let before = lines[..at].iter().rev().take_while(|line| !is_progress(line));
            let before = before.take(LINES - 1).count();
            let after = lines[at + 1..].iter().take_while(|line| line.starts_with("***")).count();
            let part = lines[at - before..=at + after].iter().filter(|line| has_words(line));
            part.copied().collect::<Vec<_>>().join("\n")
        }
        None => lines.last().copied().unwrap_or("make said nothing").to_owned(),
    }
}

/// Says what is missing here, all at once.
fn check_tools(order: &Order, source: &Source) -> Result<(), String> {
    let mut tools = TOOLS.to_vec();
    if matches!(source, Source::Debian(_)) {
        tools.extend([("tar", "tar"), ("xz", "xz-utils")]);
    }
    if !order.patches.is_empty() || source.is_repository() {
        tools.push(("git", "git"));
    }
    let paths = env::var_os("PATH").unwrap_or_default();
    let is_here = |tool: &str| env::split_paths(&paths).any(|path| path.join(tool).is_file());
    let mut wanting: Vec<(&str, &str)> =
        tools.into_iter().filter(|(tool, _)| !is_here(tool)).collect();
    if is_here("gcc") {
        wanting.extend(HEADERS.into_iter().filter(|(header, _)| !has_header(header)));
    }
    if wanting.is_empty() {
        return Ok(());
    }
    let (names, packages): (Vec<&str>, Vec<&str>) = wanting.into_iter().unzip();
    Err(format!(
        "building a kernel takes {}, which {} not here (Debian: apt-get install {})",
        names.join(", "),
        if names.len() == 1 { "is" } else { "are" },
        packages.join(" ")
    ))
}

/// Whether the compiler of this machine's own programs finds a header.
fn has_header(name: &str) -> bool {
    let child = Command::new("gcc")
        .args(["-E", "-x", "c", "-o", "/dev/null", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = child else { return false };
    let asked =
        child.stdin.take().is_some_and(|mut stdin| writeln!(stdin, "#include <{name}>").is_ok());
    child.wait().is_ok_and(|status| asked && status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_error_is_found_with_what_explains_it() {
        let log = "\
  CC      net/mptcp/options.o
  CC      net/mptcp/sockopt.o
/w/tree/net/mptcp/sockopt.c: In function 'x':
/w/tree/net/mptcp/sockopt.c:12:3: error: 'y' undeclared (first use in this function)
   12 |   y = 1;
      |   ^
/w/tree/net/mptcp/sockopt.c:13:3: error: another
make[4]: *** [scripts/Makefile.build:229: net/mptcp/sockopt.o] Error 1
";
        assert_eq!(
            first_error(log),
            "/w/tree/net/mptcp/sockopt.c:12:3: error: 'y' undeclared (first use in this \
             function)\n   12 |   y = 1;\n      |   ^"
        );
    }

    #[test]
    fn what_make_gives_up_on_is_told_with_the_lines_before() {
        let log = "  SYNC    x\n***\n*** Not clean\n*** in x\n***\nmake: *** [x] Error 2\n";
        assert_eq!(first_error(log), "*** Not clean\n*** in x");
        let log =
            "  CC      a.o\nsh: 1: awk: not found\nmake[1]: *** [Makefile:1: a.o] Error 127\n";
        assert_eq!(
            first_error(log),
            "sh: 1: awk: not found\nmake[1]: *** [Makefile:1: a.o] Error 127"
        );
        assert_eq!(first_error(""), "make said nothing");
    }

    #[test]
    fn this_machine_has_no_such_header() {
        assert!(!has_header("no/such/header.h"));
    }
}
