//! In a machine: the kernel's complaints, each with the case that it was busy
//! with.
//!
//! Where the call comes back, the thread that made it reads the kernel's log
//! ([`watching`]). Where the kernel falls over, thread or program are gone;
//! the first process finds the case in the black box and tells ([`Aftermath`]).

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anstream::adapter::strip_str;
use clap::Parser;
use mptcp_harness::cases::Case;
use mptcp_harness::judge::finding::{Diagnosis, Finding};
use mptcp_harness::kernel::Kernel;
use mptcp_harness::watch::{BlackBox, Complaint, Recorded, Watch};
use mptcp_lab::console::Splat;
use mptcp_lab::guest::{Errand, Survivor};
use mptcp_lab::log::{Listener, shared_folder};
use serde::Serialize;

use crate::arguments::{Arguments, Command, Format};
use crate::commands::check::{json, store};
use crate::report::ktap::{self, Ending, Point};
use crate::report::data::FindingData;
use crate::{human, out};

/// What the files of black boxes are called, before their numbers.
const BOX: &str = "box.";

/// Numbers of black boxes.
static NEXT: AtomicU32 = AtomicU32::new(0);

/// A watch for the calling thread's trial; `None` outside of a machine, where
/// the log is not this program's alone.
pub(crate) fn watching() -> Option<Box<dyn Watch>> {
    let folder = shared_folder()?;
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let open = || {
        let black_box = BlackBox::new(&folder.join(format!("{BOX}{number}")))?;
        Ok(Guard { black_box, listener: Listener::open(&folder)? })
    };
    match open() {
        Ok(guard) => Some(Box::new(guard)),
        Err::<_, std::io::Error>(error) => {
            out::note(format_args!(
                "assay: the kernel's log is not watched, what it complains of has no case: {error}"
            ));
            None
        }
    }
}

#[derive(Debug)]
struct Guard {
    black_box: BlackBox,
    listener: Listener,
}

impl Watch for Guard {
    #[inline]
    fn before(&mut self, case: &Case) {
        self.black_box.before(case);
    }

    #[inline]
    fn after(&mut self) -> Option<Complaint> {
        self.black_box.after();
        self.listener.complaint(self.black_box.thread()).map(|splat| complaint(&splat))
    }

    fn forget(&mut self) {
        self.listener.forget();
    }
}

fn complaint(splat: &Splat) -> Complaint {
    Complaint {
        kind: splat.complaint.text().to_owned(),
        place: splat.place().unwrap_or("the kernel").to_owned(),
        title: splat.title().to_owned(),
        excerpt: splat.short(),
    }
}

/// Tells of the case under which the kernel fell over.
#[derive(Default)]
pub(crate) struct Aftermath {
    /// When the first case was seen, and when another one was last.
    seen: Option<(Instant, Instant)>,
    /// How many there were by then.
    cases: u64,
}

/// What is told in the place of the report that died with the program: of its
/// fields those that are known.
#[derive(Serialize)]
struct Remains {
    verdict: &'static str,
    kernel: String,
    notes: Vec<String>,
    /// As far as is known.
    cases: u64,
    disagree: u64,
    findings: Vec<FindingData>,
    ended_by: &'static str,
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
        let line = std::iter::once("assay").chain(errand.arguments.iter().map(String::as_str));
        let parsed = Arguments::try_parse_from(line).ok()?;
        let (format, save) = match parsed.command.unwrap_or(Command::Check(parsed.check)) {
            Command::Check(args) => (args.format, args.save),
            Command::Replay(args) => (args.format, None),
            Command::GuestRun(_) => (Format::Json, None),
            Command::Exhaust(args) => (args.format, args.save),
            Command::Triage(args) => (args.format, args.save),
            _ => return None,
        };
        let boxes = boxes(shared);
        let own = boxes.iter().find(|recorded| Some(recorded.thread) == splat.task())?;
        let case = own.case?;
        let finding = Finding {
            after: self.seen.map_or(Duration::ZERO, |(first, last)| last - first),
            ..Finding::new(&case, Diagnosis::complained(&case, complaint(splat)))
        };
        let mut data = FindingData::new(&finding, String::new());
        if let Some(folder) = save {
            // What cannot be saved is told all the same.
            let _ = store(work, &folder, &finding, &mut data);
        }
        let remains = Remains {
            verdict: "divergence",
            kernel: Kernel::running(None).release,
            notes: vec![
                "the kernel fell over: what else was found before is lost, and the case is as it \
                 was met, not the simplest"
                    .into(),
            ],
            cases: self.cases,
            disagree: 1,
            findings: vec![data],
            ended_by: "kernel",
        };
        match format {
            Format::Json => json(&remains).ok().map(|text| text + "\n"),
            Format::Ktap => {
                let point = Point::new("the-kernel-stands", Ending::NotOk);
                let points = remains.findings.iter().map(ktap::check::told);
                Some(ktap::document(&remains.notes, &[points.fold(point, Point::saying)]))
            }
            Format::Human => {
                let Remains { kernel, notes, cases, findings, .. } = &remains;
                let text = human::remains(kernel, notes, findings, *cases);
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
