//! Both kernels in machines, side by side.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, Scope, ScopedJoinHandle};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use mptcp_lab::guest::Errand;
use mptcp_lab::kernels::Kernel;
use mptcp_limits::{Need, Resource, files};
use serde_json::Value;

use super::guest_run::{FAR, GuestRun, Request};
use crate::arguments::MachineArgs;
use crate::session::machine::{Heard, boot, verdict};
use crate::terminal::out;

/// Both kernels, booted side by side.
pub(crate) struct Machines<'a> {
    pub(crate) args: &'a MachineArgs,
    pub(crate) kernels: &'a [Kernel; 2],
}

impl Machines<'_> {
    /// A survey of each.
    pub(crate) fn survey(&self, request: &Request, what: &str) -> Result<[GuestRun; 2], Ended> {
        let request_json = serde_json::to_vec(request).map_err(|error| error.to_string())?;
        let file = Temporary::new(&request_json)?;
        let far = Far::new(what, 2 * (request.cases + request.stored.len() as u64));
        let one = |kernel: &Kernel| self.one(kernel, &file.0, &far);
        let results = thread::scope(|scope| {
            let running: Vec<_> =
                self.kernels.iter().map(|kernel| started(scope, || one(kernel))).collect();
            let joined = running.into_iter().map(|thread| match thread?.join() {
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

    fn one(&self, kernel: &Kernel, request: &Path, far: &Arc<Far>) -> Result<GuestRun, Ended> {
        let errand = Errand {
            arguments: vec!["guest-run".into(), request.display().to_string()],
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
pub(crate) enum Ended {
    /// The kernel fell over in a case.
    Fell(Box<Fallen>),
    Trouble(String),
}

/// A kernel that fell over, and the case in which it did.
pub(crate) struct Fallen {
    /// What the base kernel did meanwhile.
    pub(crate) base: Option<GuestRun>,
    pub(crate) kernel: Kernel,
    pub(crate) signature: String,
    pub(crate) summary: String,
    pub(crate) console: Option<String>,
    pub(crate) case: String,
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
struct Temporary(PathBuf);

impl Temporary {
    fn new(bytes: &[u8]) -> Result<Temporary, String> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("mptcp-assay-{}-{number}.json", std::process::id());
        let path = std::env::temp_dir().join(name);
        files::write(&path, bytes, "set TMPDIR to a folder with more space")?;
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
