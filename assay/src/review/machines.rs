//! Both kernels in machines, side by side.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, Scope, ScopedJoinHandle};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use mptcp_emulator::Revision;
use mptcp_lab::guest::Errand;
use mptcp_lab::kernels::Kernel;
use mptcp_limits::{Need, Resource, files};

use super::contents::{self, Content};
use super::guest_run::{COMMAND, FAR, GuestRun, Request};
use crate::arguments::MachineArgs;
use crate::report::data::{FindingData, OopsReport};
use crate::session::machine::{Capture, boot, verdict};
use crate::terminal::out;

/// Boots of each kernel that confirm what its structures hold.
const FURTHER_BOOTS: usize = 2;

/// Both kernels, booted side by side.
pub(crate) struct Machines<'a> {
    pub(crate) args: &'a MachineArgs,
    pub(crate) kernels: &'a [Kernel; 2],
}

impl Machines<'_> {
    /// A survey of each.
    pub(crate) fn survey(
        &self,
        request: &Request,
        what: &str,
    ) -> Result<[GuestRun; 2], GuestError> {
        let request_json = serde_json::to_vec(request).map_err(|error| error.to_string())?;
        let file = TemporaryFile::new(&request_json)?;
        let progress = RunProgress::new(what, 2 * (request.cases + request.stored.len() as u64));
        let one = |kernel: &Kernel| self.one(kernel, &file.0, &progress);
        let results = thread::scope(|scope| {
            let running: Vec<_> =
                self.kernels.iter().map(|kernel| started(scope, || one(kernel))).collect();
            let joined = running.into_iter().map(|thread| match thread?.join() {
                Ok(result) => result,
                Err(panic) => std::panic::resume_unwind(panic),
            });
            joined.collect::<Vec<_>>()
        });
        progress.end();
        let mut results = results.into_iter();
        match (results.next(), results.next()) {
            (Some(Ok(base)), Some(Err(GuestError::Oops(oops)))) => {
                Err(GuestError::Oops(Box::new(KernelOops { base: Some(base), ..*oops })))
            }
            (Some(base), Some(patched)) => Ok([base?, patched?]),
            _ => Err("a machine was not run".to_owned().into()),
        }
    }

    /// What structures hold otherwise in two boots of each kernel and, if anything, in
    /// [`FURTHER_BOOTS`] more: a value that depends on how fast a machine is may be steady in two
    /// boots.
    pub(crate) fn contents(
        &self,
        request: &Request,
        two: [&[GuestRun; 2]; 2],
        revisions: [Revision; 2],
    ) -> Vec<Content> {
        let mut further: Vec<[GuestRun; 2]> = Vec::new();
        loop {
            let of = |at: usize| two.into_iter().chain(&further).map(|boot| &boot[at]).collect();
            let [base, patched]: [Vec<&GuestRun>; 2] = [of(0), of(1)];
            let found = contents::compare(&base, &patched, revisions);
            if found.is_empty() || further.len() == FURTHER_BOOTS {
                return found;
            }
            match self.survey(request, "what structures hold, once more") {
                Ok(boot) => further.push(boot),
                Err(ended) => {
                    out::note(format_args!("assay: {}", String::from(ended)));
                    return found;
                }
            }
        }
    }

    fn one(
        &self,
        kernel: &Kernel,
        request: &Path,
        progress: &Arc<RunProgress>,
    ) -> Result<GuestRun, GuestError> {
        let errand = Errand {
            arguments: vec![COMMAND.into(), request.display().to_string()],
            environment: Vec::new(),
            wanted: Vec::new(),
            seconds: self.args.timeout.saturating_add(30),
        };
        let heard = Capture::default();
        let ports =
            (heard.clone(), Notes { progress: progress.clone(), told: 0, line: Vec::new() });
        let run = boot(self.args, &errand, &[request.to_owned()], kernel, ports)?;
        if let Ok(survey) = serde_json::from_slice(&heard.bytes()) {
            // After a complaint that belongs to no case the verdict is discarded.
            return match verdict(&run, self.args) {
                Ok(_) => Ok(survey),
                Err(trouble) => Err(format!("{}: {trouble}", kernel.name).into()),
            };
        }
        // After an oops the first process reports the case that was running.
        let report = serde_json::from_slice::<OopsReport>(&heard.bytes()).ok();
        if let Some(finding) = report.and_then(|report| report.findings.into_iter().next()) {
            let FindingData { signature, summary, console, case, .. } = finding;
            let kernel = kernel.clone();
            let oops = KernelOops { base: None, kernel, signature, summary, console, case };
            return Err(GuestError::Oops(Box::new(oops)));
        }
        let trouble = verdict(&run, self.args).err();
        let trouble = trouble.unwrap_or_else(|| "its survey did not arrive".into());
        Err(format!("{}: {trouble}", kernel.name).into())
    }
}

/// Why there is no guest run.
pub(crate) enum GuestError {
    /// The kernel oopsed in a case.
    Oops(Box<KernelOops>),
    Trouble(String),
}

/// A kernel that oopsed, and the case in which it did.
pub(crate) struct KernelOops {
    /// What the base kernel did meanwhile.
    pub(crate) base: Option<GuestRun>,
    pub(crate) kernel: Kernel,
    pub(crate) signature: String,
    pub(crate) summary: String,
    pub(crate) console: Option<String>,
    pub(crate) case: String,
}

impl From<String> for GuestError {
    fn from(trouble: String) -> GuestError {
        GuestError::Trouble(trouble)
    }
}

impl From<GuestError> for String {
    fn from(ended: GuestError) -> String {
        match ended {
            GuestError::Trouble(trouble) => trouble,
            GuestError::Oops(oops) => format!(
                "{} fell over, so that there is no comparison: {}\nassay vm --kernel {} -- explain \
                 --hex {}",
                oops.kernel.name,
                oops.summary,
                oops.kernel.image.display(),
                oops.case
            ),
        }
    }
}

/// A thread for a machine.
fn started<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    work: impl FnOnce() -> T + Send + 'scope,
) -> Result<ScopedJoinHandle<'scope, T>, String> {
    let need = Need {
        operation: "starting the thread of a machine",
        resource: Resource::Tasks,
        amount: 2,
        without: "Both kernels are needed for a comparison",
        instead: "",
    };
    thread::Builder::new().spawn_scoped(scope, work).map_err(|error| need.refused(&error))
}

/// A file that is gone when it is no longer needed.
struct TemporaryFile(PathBuf);

impl TemporaryFile {
    fn new(bytes: &[u8]) -> Result<TemporaryFile, String> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("mptcp-assay-{}-{number}.json", std::process::id());
        let path = std::env::temp_dir().join(name);
        files::write(&path, bytes, "set TMPDIR to a folder with more space")?;
        Ok(TemporaryFile(path))
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        // Nothing is to be done about one that stays.
        let _ = fs::remove_file(&self.0);
    }
}

/// The cases that both guests have run, for somebody who watches.
struct RunProgress {
    bar: Option<ProgressBar>,
    sides: AtomicU64,
}

impl RunProgress {
    fn new(what: &str, all: u64) -> Arc<RunProgress> {
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
        Arc::new(RunProgress { bar, sides: AtomicU64::new(0) })
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

/// A machine's standard error: its progress goes to the bar, all other lines to ours.
struct Notes {
    progress: Arc<RunProgress>,
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
            match line.strip_prefix(FAR).and_then(|cases| cases.parse::<u64>().ok()) {
                Some(cases) => {
                    self.progress.add(cases.saturating_sub(self.told));
                    self.told = cases;
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
