//! One run of a kernel under qemu.
//!
//! The initramfs is in a memfd, the serial ports are pipes. qemu opens each as `/dev/fd/N`,
//! so that no file is made: neither `$TMPDIR` nor `/dev/shm` is used.

mod initramfs;
pub mod package;
mod report;

use std::fs::File;
use std::io::{self, Read, Write, pipe};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use mptcp_limits::{Need, Resource, available_memory, bytes};
use rustix::fs::{MemfdFlags, memfd_create};
use rustix::io::{FdFlags, fcntl_setfd};

pub use self::report::Report;
use crate::console::{self, Splat};
use crate::error::context;
use crate::kernels::Kernel;
pub use crate::protocol::End;
use crate::protocol::{Message, PORTS};

/// The name of the qemu program.
const QEMU: &str = "qemu-system-x86_64";
/// The kernel's command line. The first port is the console. An oops before the program runs ends
/// the machine ([`crate::guest`] reverts that). Messages have times. KASAN reports more than its
/// first finding. The timer test is off, because a busy host delivers the timer late, and the
/// kernel would consider the machine broken.
const COMMAND_LINE: &str =
    "console=ttyS0 panic=-1 oops=panic printk.time=1 kasan_multi_shot no_timer_check";
/// The time limit for a machine to power off after its report is complete.
const POWER_OFF: Duration = Duration::from_secs(5);
/// The signal by which the kernel ends a program if memory is short.
const SIGKILL: i32 = 9;
/// The interval at which the machine is checked.
const TICK: Duration = Duration::from_millis(20);

/// The threads that read a machine's output: one for each port, and one for qemu's own errors.
const THREADS: Need<'static> = Need {
    operation: "starting the threads that read what the machine writes",
    resource: Resource::Tasks,
    amount: PORTS.len() as u64 + 1,
    without: "Without them the machine is switched off",
    instead: "",
};

/// The configuration of a machine.
#[derive(Clone, Debug)]
pub struct Setup {
    /// qemu's `-accel`: `tcg` or `kvm`.
    pub accelerator: &'static str,
    /// Memory, in MiB.
    pub memory: u32,
    /// Time limit of a run.
    pub timeout: Duration,
}

/// A run from power on to power off.
#[derive(Clone, Debug)]
pub struct Run {
    /// The guest's report.
    pub report: Report,
    /// All messages of the kernel.
    pub console: String,
    /// The kernel's first complaint that the program did not report.
    pub splat: Option<Splat>,
    /// The errors of qemu itself, with likely reasons.
    pub qemu_errors: String,
    /// Why some of the program's standard output was lost. A reader that closed the pipe does not
    /// count.
    pub lost: Option<String>,
    /// Whether the time limit was exceeded.
    pub timed_out: bool,
    /// The time from power on until the program ran.
    pub booted: Option<Duration>,
    /// The time from power on to power off.
    pub elapsed: Duration,
}

/// Set by [`stop`].
static STOPPED: AtomicBool = AtomicBool::new(false);
/// Held while descriptors are open that a machine is to inherit. Another machine that starts
/// meanwhile would inherit them as well, and keep them open after this one has ended.
static STARTING: Mutex<()> = Mutex::new(());

/// Ends all machines of this process, now and in future, so that [`run`] fails with "interrupted".
/// Returns whether this was called before.
pub fn stop() -> bool {
    STOPPED.swap(true, Ordering::Relaxed)
}

/// Boots a kernel with an initramfs, copies the program's output to `out` and `err` as it arrives,
/// and waits for the end.
///
/// # Errors
/// If no machine could be started, or it was stopped.
pub fn run(
    kernel: &Kernel,
    initramfs: &[u8],
    setup: &Setup,
    out: impl Write + Send + 'static,
    err: impl Write + Send + 'static,
) -> Result<Run, String> {
    let starting = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
    let memory = in_memory(initramfs)?;

    let mut command = Command::new(QEMU);
    command
        .args(["-accel", setup.accelerator, "-cpu", "max", "-m", &setup.memory.to_string()])
        .args(["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"])
        .arg("-kernel")
        .arg(&kernel.image)
        .args(["-initrd", &format!("/dev/fd/{}", memory.as_raw_fd())])
        .args(["-append", COMMAND_LINE])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let (mut readers, mut writers) = (Vec::new(), Vec::new());
    for port in 0..PORTS.len() {
        let (reader, writer) = pipe().map_err(context("pipe"))?;
        fcntl_setfd(writer.as_fd(), FdFlags::empty()).map_err(context("fcntl"))?;
        let path = format!("file,id=port{port},path=/dev/fd/{}", writer.as_raw_fd());
        command.args(["-chardev", &path, "-serial", &format!("chardev:port{port}")]);
        readers.push(reader);
        writers.push(writer);
    }
    let start = Instant::now();
    let mut child = command.spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            format!("{QEMU} is not installed (Debian: apt-get install qemu-system-x86)")
        }
        _ => {
            Need { operation: "starting qemu-system-x86_64", amount: 1, ..THREADS }.refused(&error)
        }
    })?;
    drop((writers, memory));
    drop(starting);

    let is_done = Arc::new(AtomicBool::new(false));
    let mut readers = readers.into_iter();
    let mut port = || readers.next().ok_or(io::ErrorKind::NotFound);
    let stderr = child.stderr.take();
    let begin = || -> io::Result<_> {
        let console = collect(port()?)?;
        let output = pass_on(port()?, out)?;
        let errors = pass_on(port()?, err)?;
        let report = collect_report(port()?, start, is_done.clone())?;
        Ok((console, output, errors, report, stderr.map(collect).transpose()?))
    };
    let (console, output, errors, report, stderr) = begin().map_err(|error| {
        // Without all its threads the output would not be read.
        let _ = child.kill();
        let _ = child.wait();
        THREADS.refused(&error)
    })?;
    let status = await_end(&mut child, &is_done, start + setup.timeout)?;
    let elapsed = start.elapsed();
    let text = |thread: JoinHandle<Vec<u8>>| {
        String::from_utf8_lossy(&thread.join().unwrap_or_default()).into_owned()
    };
    let console = text(console);
    let (report, booted) = report.join().unwrap_or_default();
    let report = Report::read(&report);
    let _ = errors.join();
    let lost = output.join().ok().flatten();
    let lost = lost.filter(|error| error.kind() != io::ErrorKind::BrokenPipe);
    // A machine that did not finish did not report everything.
    let known = if report.end.is_some() { &report.known[..] } else { &[] };
    let splat = console::complaint(&console::without(&console, known));
    let mut qemu_errors = stderr.map(text).unwrap_or_default();
    if let Some(status) = status.filter(|status| !status.success() && !report.started) {
        qemu_errors.push_str(&qemu_failure(status, setup.memory));
    }
    Ok(Run {
        report,
        console,
        splat,
        qemu_errors,
        lost: lost.map(|error| error.to_string()),
        timed_out: status.is_none(),
        booted,
        elapsed,
    })
}

/// The initramfs as a file in memory, which qemu opens by its descriptor.
fn in_memory(initramfs: &[u8]) -> Result<File, String> {
    let operation = format!("the initramfs, {} in a memfd", bytes(initramfs.len() as u64));
    let need = Need {
        operation: &operation,
        resource: Resource::Call,
        amount: 1,
        without: "Without it no machine can be started",
        instead: "",
    };
    let refused = |error: io::Error| need.refused(&error);
    mptcp_limits::file_of(initramfs.len() as u64).map_err(refused)?;
    let memory = memfd_create("initramfs", MemfdFlags::empty()).map_err(io::Error::from);
    let mut memory = File::from(memory.map_err(refused)?);
    memory.write_all(initramfs).map_err(refused)?;
    Ok(memory)
}

/// The likely reasons why qemu failed before it started the program. `memory` is the machine's, in
/// MiB.
fn qemu_failure(status: ExitStatus, memory: u32) -> String {
    let needed = bytes(u64::from(memory) << 20);
    let mut text = String::new();
    if let Some(signal) = status.signal() {
        text = format!("{QEMU} was killed by signal {signal}. ");
        if signal == SIGKILL {
            text.push_str("The kernel does so if memory is short. ");
        }
    }
    let mut here = mptcp_limits::memory_limits();
    here.splice(..0, available_memory().map(|free| format!("{} is available", bytes(free))));
    text.push_str(&format!(
        "\nThe machine takes {needed} of memory (--memory) besides what qemu itself takes. Here: \
         {}. If that is too little: give it less with --memory, free memory, or raise the limit \
         (`ulimit -v unlimited`)",
        here.join(", ")
    ));
    text
}

/// Waits until qemu ends, and kills it if it does not. `None` if time ran out before the program
/// ended.
fn await_end(
    child: &mut Child,
    is_done: &AtomicBool,
    deadline: Instant,
) -> Result<Option<ExitStatus>, String> {
    let mut power_off: Option<Instant> = None;
    loop {
        if let Some(status) = child.try_wait().map_err(context(QEMU))? {
            return Ok(Some(status));
        }
        if is_done.load(Ordering::Relaxed) {
            power_off.get_or_insert_with(|| Instant::now() + POWER_OFF);
        }
        let is_stopped = STOPPED.load(Ordering::Relaxed);
        if is_stopped || Instant::now() > power_off.unwrap_or(deadline) {
            let _ = child.kill();
            let status = child.wait().map_err(context(QEMU))?;
            if is_stopped {
                return Err("interrupted".into());
            }
            return Ok(power_off.map(|_| status));
        }
        thread::sleep(TICK);
    }
}

/// Reads a stream in a thread, which returns the result of `take` on the pieces.
fn read<T: Send + 'static>(
    mut from: impl Read + Send + 'static,
    mut result: T,
    mut take: impl FnMut(&mut T, &[u8]) + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    thread::Builder::new().spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(len @ 1..) = from.read(&mut buffer) {
            take(&mut result, &buffer[..len]);
        }
        result
    })
}

/// Reads all bytes.
fn collect(from: impl Read + Send + 'static) -> io::Result<JoinHandle<Vec<u8>>> {
    read(from, Vec::new(), |all, piece| all.extend_from_slice(piece))
}

/// Reads the report, with the time of its first byte; `is_done` is set after its last one.
fn collect_report(
    from: impl Read + Send + 'static,
    start: Instant,
    is_done: Arc<AtomicBool>,
) -> io::Result<JoinHandle<(Vec<u8>, Option<Duration>)>> {
    let last = Message::Done.line()?;
    read(from, (Vec::new(), None), move |(all, first), piece| {
        first.get_or_insert(start.elapsed());
        all.extend_from_slice(piece);
        is_done.store(all.ends_with(&last), Ordering::Relaxed);
    })
}

/// Writes data as it arrives, until writing fails. Returns the error.
fn pass_on(
    from: impl Read + Send + 'static,
    mut to: impl Write + Send + 'static,
) -> io::Result<JoinHandle<Option<io::Error>>> {
    read(from, None, move |error, piece| {
        // The stream is read even after an error, so that the machine does not wait.
        if error.is_none() {
            *error = to.write_all(piece).and_then(|()| to.flush()).err();
        }
    })
}
