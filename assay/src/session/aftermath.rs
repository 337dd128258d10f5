//! In a machine whose kernel fell over: the report of the case under which it did.

use crate::report::text;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anstream::adapter::strip_str;
use mptcp_harness::judge::finding::{Diagnosis, Finding};
use mptcp_harness::kernel::Kernel;
use mptcp_harness::verdict::Verdict;
use mptcp_harness::watch::Recorded;
use mptcp_lab::console::Splat;
use mptcp_lab::guest::{Errand, Survivor};

use super::kernel_log::{BOX, complaint};
use crate::arguments::Format;
use crate::report::data::{EndedBy, FindingData, OopsReport};
use crate::report::ktap::{Ending, Point};
use crate::report::{ktap, ktap_check};
use crate::session::findings::store;
use crate::terminal::out;

/// Reads the words of a command line: the format of its report, and where it saves findings.
/// `None` where the command judges no cases.
type Output = fn(&[String]) -> Option<(Format, Option<PathBuf>)>;

/// The report of the case under which the kernel fell over.
pub(crate) struct Aftermath {
    output: Output,
    /// When the first case was seen, and when another one was last.
    seen: Option<(Instant, Instant)>,
    /// How many there were by then.
    cases: u64,
}

impl Aftermath {
    /// For commands that `output` reads.
    pub(crate) fn new(output: Output) -> Aftermath {
        Aftermath { output, seen: None, cases: 0 }
    }
}

impl Survivor for Aftermath {
    fn look(&mut self, shared: &Path) {
        let cases = boxes(shared).iter().map(|recorded| recorded.cases).sum();
        if cases > self.cases {
            let now = Instant::now();
            self.seen = Some((self.seen.map_or(now, |(first, _)| first), now));
            self.cases = cases;
        }
    }

    fn account(
        &mut self,
        errand: &Errand,
        splat: &Splat,
        shared: &Path,
        work: &Path,
    ) -> Option<String> {
        let (format, save) = (self.output)(&errand.arguments)?;
        let boxes = boxes(shared);
        let own = boxes.iter().find(|recorded| Some(recorded.thread) == splat.task())?;
        let case = own.case?;
        let finding = Finding {
            after: self.seen.map_or(Duration::ZERO, |(first, last)| last - first),
            ..Finding::new(&case, Diagnosis::complained(&case, complaint(splat)))
        };
        let mut data = FindingData::new(&finding, String::new());
        if let Some(folder) = save {
            // What cannot be saved is reported all the same.
            let _ = store(work, &folder, &finding, &mut data);
        }
        let report = OopsReport {
            verdict: Verdict::Divergence,
            kernel: Kernel::running(None).release,
            notes: vec![
                "the kernel fell over: what else was found before is lost, and the case is as it \
                 was met, not the simplest"
                    .into(),
            ],
            cases: self.cases,
            disagree: 1,
            findings: vec![data],
            ended_by: EndedBy::Kernel,
        };
        match format {
            Format::Json => out::json(&report).ok().map(|text| text + "\n"),
            Format::Ktap => {
                let point = Point::new("the-kernel-stands", Ending::NotOk);
                let findings = report.findings.iter().map(ktap_check::finding_text);
                Some(ktap::document(&report.notes, &[findings.fold(point, Point::saying)]))
            }
            Format::Human => {
                let text = text::oops(&report);
                let coloured = errand.environment.iter().any(|(name, _)| name == "CLICOLOR_FORCE");
                Some(if coloured { text } else { strip_str(&text).to_string() })
            }
        }
    }
}

/// What the black boxes say.
fn boxes(shared: &Path) -> Vec<Recorded> {
    let Ok(entries) = fs::read_dir(shared) else {
        return Vec::new();
    };
    let is_box = |path: &PathBuf| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(BOX))
    };
    let paths = entries.flatten().map(|entry| entry.path()).filter(is_box);
    paths.filter_map(|path| Recorded::read(&path)).collect()
}
