//! The commands of README.md and docs/*.md, run: what a page shows is what comes out.
//!
//! A transcript is a fence of ```` ```console ````, as trycmd has them: lines `$ assay …`
//! (`> …` goes on), each followed by what it writes to both outputs. `? 1` in front of
//! that is its exit status, where that is not 0; `[..]` stands for any part of a line, a
//! line `...` for any number of lines. All commands of a fence are run one after another
//! in a folder of its own, in which what the repository has at its root can be read.
//!
//! With `<!-- transcript: kernels -->` in the line before it, a fence is one that takes
//! other kernels, or minutes. It is run where ASSAY_TRANSCRIPTS is `kernels`; the images
//! are then the files of the folder ASSAY_KERNELS, by their names.

mod common;

use std::env;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use common::{Done, folder, hindrance};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use snapbox::{Assert, Data};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

fn main() -> ExitCode {
    let mut trials = vec![
        Trial::test("a_page_is_read_as_it_is_meant", a_page_is_read),
        Trial::test("a_transcript_that_drifted_is_refused", what_drifted_is_refused),
        Trial::test("a_page_that_cannot_be_run_is_refused", wrong_pages_are_refused),
    ];
    let all = match transcripts() {
        Ok(all) => all,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let with_kernels = env::var("ASSAY_TRANSCRIPTS").is_ok_and(|kind| kind == "kernels");
    let hindrance = hindrance();
    for transcript in all {
        if transcript.kernels && !with_kernels {
            eprintln!("left to ASSAY_TRANSCRIPTS=kernels: {}", transcript.name);
            continue;
        }
        let hindrance = hindrance.clone();
        trials.push(Trial::ignorable_test(transcript.name.clone(), move || match hindrance {
            Some(why) => Ok(Completion::ignored_with(why)),
            None => run(&transcript).map(|()| Completion::Completed),
        }));
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// One fence.
#[derive(Debug, PartialEq, Eq)]
struct Transcript {
    /// The page and the line of the fence.
    name: String,
    kernels: bool,
    steps: Vec<Step>,
}

/// One command.
#[derive(Debug, Default, PartialEq, Eq)]
struct Step {
    line: String,
    status: i32,
    output: String,
}

/// All transcripts of all pages.
fn transcripts() -> Result<Vec<Transcript>, String> {
    let root = Path::new(ROOT);
    let pages = fs::read_dir(root.join("docs")).map_err(|error| format!("docs: {error}"))?;
    let mut pages: Vec<PathBuf> = pages.flatten().map(|entry| entry.path()).collect();
    pages.retain(|page| page.extension().is_some_and(|extension| extension == "md"));
    pages.push(root.join("README.md"));
    pages.sort();
    let mut all = Vec::new();
    for page in pages {
        let name = page.strip_prefix(root).unwrap_or(&page).display().to_string();
        let text = fs::read_to_string(&page).map_err(|error| format!("{name}: {error}"))?;
        all.extend(read(&name, &text)?);
    }
    if all.is_empty() { Err("no transcript in any page".into()) } else { Ok(all) }
}

/// The transcripts of one page.
fn read(page: &str, text: &str) -> Result<Vec<Transcript>, String> {
    let mut all = Vec::new();
    let mut lines = (1..).zip(text.lines());
    let mut before = "";
    while let Some((number, line)) = lines.next() {
        // More than three where what is written has fences of its own.
        if let Some(end) = line.trim_end().strip_suffix("console").filter(|end| fences(end)) {
            let name = format!("{page}:{number}");
            let kernels = match before.strip_prefix("<!-- transcript:").map(str::trim) {
                None => false,
                Some("kernels -->") => true,
                Some(other) => return Err(format!("{name}: no such mark: {other}")),
            };
            let fence = lines.by_ref().map(|(_, line)| line).take_while(|line| *line != end);
            let steps =
                steps(&fence.collect::<Vec<_>>()).map_err(|error| format!("{name}: {error}"))?;
            all.push(Transcript { name, kernels, steps });
        }
        before = line;
    }
    Ok(all)
}

fn fences(start: &str) -> bool {
    start.len() >= 3 && start.bytes().all(|byte| byte == b'`')
}

fn steps(lines: &[&str]) -> Result<Vec<Step>, String> {
    let mut steps: Vec<Step> = Vec::new();
    let mut fresh = false;
    for line in lines {
        if let Some(command) = line.strip_prefix("$ ") {
            if !command.starts_with("assay ") {
                return Err(format!("{command}: only assay is run; let it be another fence"));
            }
            steps.push(Step { line: command.to_owned(), ..Step::default() });
            fresh = true;
            continue;
        }
        let step = steps.last_mut().ok_or("output without a command")?;
        match (line.strip_prefix("> "), line.strip_prefix("? ")) {
            (Some(more), _) if fresh => step.line.push_str(&format!("\n{more}")),
            (_, Some(status)) if fresh => {
                step.status = status.parse().map_err(|_| format!("{line}: no status"))?;
                fresh = false;
            }
            _ => {
                step.output.push_str(line);
                step.output.push('\n');
                fresh = false;
            }
        }
    }
    if steps.is_empty() { Err("no command".into()) } else { Ok(steps) }
}

fn run(transcript: &Transcript) -> Done {
    let work = folder(&format!("transcript-{}", transcript.name.replace(['/', ':'], "-")))?;
    for entry in fs::read_dir(ROOT)?.chain(kernels()?).flatten() {
        symlink(entry.path().canonicalize()?, work.join(entry.file_name()))?;
    }
    let binary = Path::new(env!("CARGO_BIN_EXE_assay"));
    let folder = binary.parent().ok_or("a binary without a folder")?.display();
    let path = format!("{folder}:{}", env::var("PATH").unwrap_or_default());
    for step in &transcript.steps {
        let output = Command::new("sh")
            .args(["-c", &format!("exec 2>&1\n{}", step.line)])
            .current_dir(&work)
            .env("PATH", &path)
            .output()?;
        step.compare(output.status.code(), &String::from_utf8(output.stdout)?)?;
    }
    Ok(())
}

/// The images for those transcripts that take some.
fn kernels() -> Result<Vec<std::io::Result<fs::DirEntry>>, Failed> {
    match env::var_os("ASSAY_KERNELS") {
        Some(folder) => Ok(fs::read_dir(folder)?.collect()),
        None => Ok(Vec::new()),
    }
}

impl Step {
    fn compare(&self, status: Option<i32>, output: &str) -> Done {
        // A terminal has a bar in the place of these lines, and it goes away.
        let progress = |line: &&str| {
            let told = line.strip_prefix("assay: ").unwrap_or_default();
            told.starts_with(|c: char| c.is_ascii_digit()) && told.contains("/s")
        };
        let shown: Vec<&str> = output.lines().filter(|line| !progress(line)).collect();
        let text = |text: &str| Data::text(text.trim_end().to_owned());
        let compared =
            Assert::new().try_eq(Some(&self.line), text(&shown.join("\n")), text(&self.output));
        compared.map_err(|error| format!("$ {}\n{error}", self.line))?;
        if status != Some(self.status) {
            return Err(format!("$ {}\nstatus {status:?}, not {}", self.line, self.status).into());
        }
        Ok(())
    }
}

const PAGE: &str = "\
# Page

```
assay check
```

```console
$ assay rules
one

two
$ assay check \\
> --first
? 1
three
```

<!-- transcript: kernels -->
```console
$ assay vm
```
";

fn a_page_is_read() -> Done {
    let step = |line: &str, status, output: &str| Step {
        line: line.into(),
        status,
        output: output.into(),
    };
    let steps =
        vec![step("assay rules", 0, "one\n\ntwo\n"), step("assay check \\\n--first", 1, "three\n")];
    let wanted = [
        Transcript { name: "page.md:7".into(), kernels: false, steps },
        Transcript {
            name: "page.md:19".into(),
            kernels: true,
            steps: vec![step("assay vm", 0, "")],
        },
    ];
    assert_eq!(read("page.md", PAGE)?, wanted);
    Ok(())
}

fn wrong_pages_are_refused() -> Done {
    for (from, to, why) in [
        ("$ assay rules", "$ ls", "only assay"),
        ("$ assay rules\n", "", "output without a command"),
        ("$ assay vm\n", "", "no command"),
        ("? 1", "? one", "no status"),
        ("transcript: kernels", "transcript: colonels", "no such mark"),
    ] {
        let error = read("page.md", &PAGE.replacen(from, to, 1)).err().unwrap_or_default();
        assert!(error.starts_with("page.md:") && error.contains(why), "{from}: {error}");
    }
    Ok(())
}

fn what_drifted_is_refused() -> Done {
    let step = Step {
        line: "assay check".into(),
        status: 1,
        output: "Linux [..], modelled\n...\nfinding\nend\n".into(),
    };
    let good = "Linux 6.18, modelled\na\nb\nfinding\nend\n";
    let with_bar = format!("assay: 2,048 cases, 408/s, 36 disagree\n{good}");
    step.compare(Some(1), good)?;
    step.compare(Some(1), &with_bar)?;
    for (status, output) in [
        (0, good.to_owned()),
        (1, good.replace("modelled", "as")),
        (1, good.replace("finding\n", "")),
        (1, good.replace("end\n", "")),
        (1, format!("{good}more\n")),
        (1, format!("assay: something else\n{good}")),
        (1, String::new()),
    ] {
        assert!(step.compare(Some(status), &output).is_err(), "{status}: {output}");
    }
    Ok(())
}
