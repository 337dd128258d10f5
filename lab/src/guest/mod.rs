//! The guest: what the program does as the first process of a machine.
//!
//! The machine has four serial ports. The kernel's console is the first. The program's
//! standard output and standard error go to the second and the third, so that neither is
//! mixed with the kernel's messages. The last carries the report: how the program ended, and
//! the files that the host wants.

mod mounts;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::system::{RebootCommand, finit_module, reboot};
use rustix::termios::{OptionalActions, tcdrain, tcgetattr, tcsetattr};

use crate::console::{self, Complaint, Interval, Splat};
use crate::error::context;
use crate::files::walk;
use crate::log::{self, Log, Record, VARIABLE};
pub use crate::protocol::Errand;
use crate::protocol::{ERRAND, End, MODULES, Message, PORTS, SHARED, WANTED_MODULES, WORK};

/// The interval at which the first process checks the program.
const TICK: Duration = Duration::from_millis(20);
/// The time after an oops within which its messages end.
const OOPS_DURATION: Duration = Duration::from_millis(500);

/// Code of the program that runs in the first process, which survives an oops in the program.
pub trait Survivor {
    /// Called every 20 ms while the program runs. `shared` is the folder that the program finds by
    /// [`log::shared_folder`].
    fn look(&mut self, shared: &Path);

    /// The report on standard output after an oops, which replaces the program's. `None` if the
    /// task of the oops did not work for the program. `work` is the program's working folder.
    fn account(
        &mut self,
        errand: &Errand,
        splat: &Splat,
        shared: &Path,
        work: &Path,
    ) -> Option<String>;
}

/// Whether this process is the first of a machine that this crate started.
pub fn inside() -> bool {
    std::process::id() == 1 && root(ERRAND).is_file()
}

/// The absolute path.
fn root(path: &str) -> PathBuf {
    Path::new("/").join(path)
}

/// Executes the errand, reports, and powers off. Does not return.
pub fn run(survivor: &mut dyn Survivor) -> ! {
    match port(PORTS[3]) {
        Ok(mut report) => {
            let _ = Message::Ready.send(&mut report);
            let end = do_errand(&mut report, survivor).unwrap_or_else(End::Trouble);
            let _ = Message::End(end).send(&mut report);
            let _ = Message::Done.send(&mut report);
            let _ = tcdrain(&report);
        }
        // Without a report only the console remains, which the host prints.
        Err(error) => {
            let _ = writeln!(
                io::stderr(),
                "assay: /{}: {error}; this kernel needs {} serial ports (see \
                 lab/config/mptcp.config)",
                PORTS[3],
                PORTS.len()
            );
        }
    }
    loop {
        let _ = reboot(RebootCommand::PowerOff);
        thread::sleep(Duration::from_secs(1));
    }
}

/// Mounts file systems, loads modules, and runs the program once more.
fn do_errand(report: &mut File, survivor: &mut dyn Survivor) -> Result<End, String> {
    let notes = mounts::mount_all(mounts::mount, Path::new("/proc/sys/kernel"))?;
    let bytes = fs::read(root(ERRAND)).map_err(context("reading the errand"))?;
    let errand: Errand = serde_json::from_slice(&bytes).map_err(context("reading the errand"))?;
    let limit = Duration::from_secs(errand.seconds);
    thread::spawn(move || {
        thread::sleep(limit);
        let _ = reboot(RebootCommand::PowerOff);
    });
    let modules = WANTED_MODULES.map(|name| {
        // Without a file the module is built in, or the host found none.
        unless_missing(File::open(root(MODULES).join(format!("{name}.ko"))))
            .and_then(|module| module.map_or(Ok(()), |module| Ok(finit_module(module, c"", 0)?)))
            .map_err(context(format!("loading the module {name}")))
    });
    // An oops ends the task and not the machine, so that this process can report it. Unprivileged
    // programs may read the kernel's messages.
    let switches = ["panic_on_oops", "panic_on_warn", "dmesg_restrict"].map(|switch| {
        let path = format!("/proc/sys/kernel/{switch}");
        let written = unless_missing(fs::write(&path, "0"));
        written.map(drop).map_err(context(format!("writing 0 to {path}")))
    });
    let failed = modules.into_iter().chain(switches).filter_map(Result::err);
    for note in notes.into_iter().chain(failed) {
        let _ = Message::Note(note).send(report);
    }
    let outcome = run_program(&errand, survivor);
    for interval in log::known(&root(SHARED)) {
        let _ = Message::Known(interval).send(report);
    }
    let end = match outcome? {
        Outcome::End(status) => match status.code() {
            Some(code) => End::Exit(code),
            None => End::Signal(status.signal().unwrap_or(0)),
        },
        Outcome::Oops { from, account } => {
            // Its consequences are part of it.
            let _ = Message::Known(Interval { from, to: u64::MAX }).send(report);
            let write = || {
                let mut port = port(PORTS[1])?;
                port.write_all(account.as_bytes())?;
                Ok::<_, io::Error>(tcdrain(&port)?)
            };
            write().map_err(context(PORTS[1]))?;
            End::Exit(1)
        }
    };
    for folder in &errand.wanted {
        send_files(report, &root(WORK), Path::new(folder))?;
    }
    Ok(end)
}

/// `None` instead of an error if a file does not exist.
fn unless_missing<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        result => result.map(Some),
    }
}

/// How the program ended.
enum Outcome {
    /// By itself, or by a signal.
    End(ExitStatus),
    /// By an oops in one of its tasks, at a time in microseconds since power on.
    Oops { from: u64, account: String },
}

/// Runs the program as a child, its output copied to the ports.
fn run_program(errand: &Errand, survivor: &mut dyn Survivor) -> Result<Outcome, String> {
    let (shared, work) = (root(SHARED), root(WORK));
    // Without a log only the console shows an oops.
    let mut log = Log::open().ok();
    // Before the program runs, because output that is not copied is lost without a message.
    let open = |path: &'static str| port(path).map_err(context(format!("/{path}")));
    let (out, err) = (open(PORTS[1])?, open(PORTS[2])?);
    let mut child = Command::new("/proc/self/exe")
        .args(&errand.arguments)
        .env_clear()
        .env(VARIABLE, &shared)
        .envs(errand.environment.iter().map(|(name, value)| (name, value)))
        .current_dir(&work)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(context("starting the program"))?;
    let out = child.stdout.take().map(|from| copy_to_port(from, out));
    let err = child.stderr.take().map(|from| copy_to_port(from, err));
    let mut oops = Oops::default();
    let status = loop {
        let status = child.try_wait().map_err(context("waiting for the program"))?;
        oops.add(log.as_mut().map(Log::read).unwrap_or_default());
        survivor.look(&shared);
        match (oops.start, status) {
            (Some(start), _) if start.elapsed() > OOPS_DURATION => {
                let splat = console::complaint(&log::text(&oops.records));
                let account =
                    splat.and_then(|splat| survivor.account(errand, &splat, &shared, &work));
                if let (Some(account), Some(first)) = (account, oops.records.first()) {
                    end(&mut child);
                    return Ok(Outcome::Oops { from: first.time, account });
                }
                // The oops was not in a task of the program; the host reads the console.
                (oops, log) = (Oops::default(), None);
            }
            (None, Some(status)) => break status,
            _ => {}
        }
        thread::sleep(TICK);
    };
    for copier in [out, err].into_iter().flatten() {
        let _ = copier.join();
    }
    Ok(Outcome::End(status))
}

/// The kernel's messages, starting at an oops.
#[derive(Default)]
struct Oops {
    start: Option<Instant>,
    records: Vec<Record>,
}

impl Oops {
    fn add(&mut self, records: Vec<Record>) {
        let is_oops = |record: &Record| console::mark(&record.text) == Some(Complaint::Oops);
        let from = match self.start {
            Some(_) => Some(0),
            None => records.iter().position(is_oops),
        };
        if let Some(from) = from {
            self.start.get_or_insert_with(Instant::now);
            self.records.extend(records.into_iter().skip(from));
        }
    }
}

/// Kills a program without waiting for its end: a thread that died in an oops may hold locks
/// that others wait for.
fn end(child: &mut Child) {
    let _ = child.kill();
    thread::sleep(5 * TICK);
    let _ = child.try_wait();
}

/// Copies a stream to a port until its end.
fn copy_to_port(mut from: impl Read + Send + 'static, mut to: File) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        let _ = io::copy(&mut from, &mut to);
        let _ = tcdrain(&to);
    })
}

/// A serial port that passes on all bytes unchanged.
fn port(path: &str) -> io::Result<File> {
    let port = OpenOptions::new().read(true).write(true).open(root(path))?;
    let mut settings = tcgetattr(&port)?;
    settings.make_raw();
    tcsetattr(&port, OptionalActions::Now, &settings)?;
    Ok(port)
}

/// Sends the files of a folder, if it exists.
fn send_files(report: &mut File, work: &Path, folder: &Path) -> Result<(), String> {
    if !work.join(folder).is_dir() {
        return Ok(());
    }
    for file in walk(&work.join(folder))? {
        let path = folder.join(file);
        let bytes = fs::read(work.join(&path)).map_err(context(path.display()))?;
        let file = Message::File { path: path.to_string_lossy().into_owned(), length: bytes.len() };
        file.send(report).and_then(|()| report.write_all(&bytes)).map_err(context("the report"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_not_in_a_machine() {
        assert!(!inside());
    }
}
