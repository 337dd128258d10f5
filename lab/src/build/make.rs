//! `make` in one build folder.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write, pipe};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;

use super::kconfig::{self, Setting};
use super::order::News;
use crate::error::context;

/// Variables that make builds of the same source reproducible.
const REPRODUCIBLE: [&str; 4] = [
    "KBUILD_BUILD_TIMESTAMP=Thu Jan  1 00:00:00 UTC 1970",
    "KBUILD_BUILD_USER=assay",
    "KBUILD_BUILD_HOST=lab",
    "KBUILD_BUILD_VERSION=1",
];
/// Variables of the environment that would change a build.
const REMOVED: &str = "MAKEFLAGS MAKELEVEL KCONFIG_CONFIG LOCALVERSION CROSS_COMPILE KCFLAGS LLVM";
/// The path of the image in a build folder.
const IMAGE: &str = "arch/x86/boot/bzImage";
/// The maximum number of lines that show a first error.
const LINES: usize = 6;

/// `make` in one build folder.
pub(super) struct Make {
    tree: PathBuf,
    folder: PathBuf,
    log: PathBuf,
}

impl Make {
    /// Creates the build folder and starts a new log.
    pub(super) fn new(tree: PathBuf, folder: PathBuf) -> Result<Make, String> {
        fs::create_dir_all(&folder).map_err(context(folder.display()))?;
        let log = folder.join("assay.log");
        let _ = fs::remove_file(&log);
        Ok(Make { tree, folder, log })
    }

    /// Makes a `.config` from a fragment and its dependencies. Returns its settings.
    pub(super) fn configure(
        &self,
        fragment: &[Setting],
        news: &mut dyn FnMut(News<'_>),
    ) -> Result<Vec<Setting>, String> {
        let (input, config) = (self.folder.join("assay.config"), self.folder.join(".config"));
        fs::write(&input, kconfig::text(fragment)).map_err(context(input.display()))?;
        let all = format!("KCONFIG_ALLCONFIG={}", input.display());
        self.run(&[&all, "allnoconfig"], news)?;
        let text = fs::read_to_string(&config).map_err(context(config.display()))?;
        kconfig::settings(&text).map_err(context(config.display()))
    }

    /// Builds the image. Returns its path.
    pub(super) fn image(&self, news: &mut dyn FnMut(News<'_>)) -> Result<PathBuf, String> {
        self.run(&["bzImage"], news)?;
        Ok(self.folder.join(IMAGE))
    }

    /// Makes targets; the output goes to the log, and line by line to `news`.
    fn run(&self, words: &[&str], news: &mut dyn FnMut(News<'_>)) -> Result<(), String> {
        let jobs = thread::available_parallelism().map_or(1, usize::from);
        let (reader, writer) = pipe().map_err(context("pipe"))?;
        let mut command = Command::new("make");
        command
            .arg("-C")
            .arg(&self.tree)
            .arg(format!("O={}", self.folder.display()))
            .args([&format!("-j{jobs}"), "--output-sync=target", "ARCH=x86_64"])
            .args(REPRODUCIBLE)
            .args(words)
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .stdout(writer.try_clone().map_err(context("pipe"))?)
            .stderr(writer);
        for name in REMOVED.split(' ') {
            command.env_remove(name);
        }
        let mut child = command.spawn().map_err(context("starting make"))?;
        // It holds the write ends of the pipe.
        drop(command);
        let log = File::options().create(true).append(true).open(&self.log);
        let mut log = log.map_err(context(self.log.display()))?;
        let mut output = String::new();
        for line in BufReader::new(reader).split(b'\n') {
            let line = line.map_err(context("reading the output of make"))?;
            let line = String::from_utf8_lossy(&line);
            let _ = writeln!(log, "{line}");
            news(News::Line(&line));
            output.push_str(&line);
            output.push('\n');
        }
        if child.wait().map_err(context("waiting for make"))?.success() {
            return Ok(());
        }
        let tree = format!("{}/", self.tree.display());
        let error = first_error(&output).replace(&tree, "");
        Err(format!("the build failed:\n{error}\nThe whole log: {}", self.log.display()))
    }
}

/// The first error in the output of `make` and of the programs that it ran, with the
/// lines that explain it.
fn first_error(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    // "  CC      net/mptcp/sockopt.o", and lines of make itself.
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
        let end = at + 1 + more.take(LINES - 1).count();
        return lines[at..end].join("\n");
    }
    let has_words = |line: &str| line.bytes().any(|byte| byte.is_ascii_alphabetic());
    match lines.iter().position(|line| line.contains("***") && has_words(line)) {
        Some(at) => {
            // The output of the failing program comes before; make's own comes after.
            let before = lines[..at].iter().rev().take_while(|line| !is_progress(line));
            let before = before.take(LINES - 1).count();
            let after = lines[at + 1..].iter().take_while(|line| line.starts_with("***")).count();
            let part = lines[at - before..=at + after].iter().filter(|line| has_words(line));
            part.copied().collect::<Vec<_>>().join("\n")
        }
        None => lines.last().copied().unwrap_or("make printed nothing").to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_error_comes_with_the_lines_that_explain_it() {
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
    fn an_error_of_make_comes_with_the_lines_before() {
        let log = "  SYNC    x\n***\n*** Not clean\n*** in x\n***\nmake: *** [x] Error 2\n";
        assert_eq!(first_error(log), "*** Not clean\n*** in x");
        let log =
            "  CC      a.o\nsh: 1: awk: not found\nmake[1]: *** [Makefile:1: a.o] Error 127\n";
        assert_eq!(
            first_error(log),
            "sh: 1: awk: not found\nmake[1]: *** [Makefile:1: a.o] Error 127"
        );
        assert_eq!(first_error(""), "make printed nothing");
    }
}
