//! One run of a kernel under qemu.
//!
//! The initramfs lies in memory, the serial ports are pipes: qemu is told
//! `/dev/fd/N` for each, and no file is made: neither `$TMPDIR` nor `/dev/shm` is used.

use std::fs::File;
use std::io::{self, PipeReader, Read, Write, pipe};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use mptcp_limits::{Need, Resource, available_memory, bytes};
use rustix::fs::{MemfdFlags, memfd_create};
use rustix::io::{FdFlags, fcntl_setfd};

use crate::console::{self, Splat};
use crate::during;
use crate::guest::{END, PORTS, READY};
use crate::kernels::Kernel;

/// The program that is the machine.
const QEMU: &str = "qemu-system-x86_64";
/// What the kernel is told: that the first console is a port; to give up at once
/// where it falls over before the program runs ([`crate::guest`] takes that back);
/// to say when it said what; and to report what the address sanitizer finds
/// each time, and not the first time alone; and not to test the timer, which a busy
/// host delivers late, so that the kernel would take the machine for broken.
const COMMAND_LINE: &str =
    "console=ttyS0 panic=-1 oops=panic printk.time=1 kasan_multi_shot no_timer_check";
/// How long a machine may take to switch itself off once it said that it is done.
const FAREWELL: Duration = Duration::from_secs(5);
/// The signal by which the kernel ends a program where memory is short.
const SIGKILL: i32 = 9;
/// How often it is looked at.
const TICK: Duration = Duration::from_millis(20);

/// The threads that read what a machine writes: one for each port, and one for qemu's
/// own words.
const THREADS: Need<'static> = Need {
    operation: "starting the threads that read what the machine writes",
    resource: Resource::Tasks,
    amount: PORTS.len() as u64 + 1,
    without: "Without them the machine is switched off",
    instead: "",
};

/// How a machine is set up.
#[derive(Clone, Debug)]
pub struct Setup {
    /// qemu's `-accel`: `tcg` or `kvm`.
    pub accelerator: &'static str,
    /// Memory, in MiB.
    pub memory: u32,
    /// The most that a run may take.
    pub timeout: Duration,
}

/// How the program in the machine ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// With an exit status.
    Exit(i32),
    /// By a signal.
    Signal(i32),
    /// It could not be run, and why.
    Trouble(String),
}

/// What the machine told on its last port.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Whether the first process ran at all.
    pub ready: bool,
    /// How it ended, if it got that far.
    pub end: Option<End>,
    /// What went wrong and stopped nothing.
    pub notes: Vec<String>,
    /// When the kernel complained of what the program itself has told of, from
    /// and to, in microseconds.
    pub told: Vec<(u64, u64)>,
    /// Files that were wanted, by their paths.
    pub files: Vec<(PathBuf, Vec<u8>)>,
}

/// A run from power on to power off.
#[derive(Clone, Debug)]
pub struct Run {
    /// What the machine told.
    pub told: Told,
    /// Everything that the kernel said.
    pub console: String,
    /// What the kernel complained of, and the program did not tell.
    pub splat: Option<Splat>,
    /// What qemu complained of.
    pub complaint: String,
    /// Why some of the program's standard output was lost. A reader that went
    /// away had enough, which is no loss.
    pub lost: Option<String>,
    /// Whether time was up.
    pub timed_out: bool,
    /// From power on until the program ran.
    pub booted: Option<Duration>,
    /// From power on to power off.
    pub elapsed: Duration,
}

/// Set by [`stop`].
static STOPPED: AtomicBool = AtomicBool::new(false);
/// Held while descriptors are open that a machine is to inherit: another that is started
/// meanwhile would inherit them as well, and keep them open after this one's end.
static STARTING: Mutex<()> = Mutex::new(());

/// Ends all machines of this process, now and from now on: [`run`] then tells that it was
/// interrupted. Whether that was asked for before.
pub fn stop() -> bool {
    STOPPED.swap(true, Ordering::Relaxed)
}

/// Boots a kernel with an initramfs, hands on what the program writes while it
/// does so, and waits for the end.
///
/// # Errors
/// No machine could be started, or it was stopped.
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
    let mut readers = Vec::new();
    let mut writers = Vec::new();
    for port in 0..PORTS.len() {
        let (reader, writer) = pipe().map_err(during("pipe"))?;
        fcntl_setfd(writer.as_fd(), FdFlags::empty()).map_err(during("fcntl"))?;
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

    let (console, report) = (Collected::default(), Collected::default());
    let said = Collected::default();
    let mut readers = readers.into_iter();
    let mut reader = || readers.next().ok_or(io::ErrorKind::NotFound);
    let stderr = child.stderr.take();
    let begin = || -> io::Result<_> {
        let console_thread = console.fill(reader()?, start)?;
        let output = hand_on(reader()?, out)?;
        let errors = hand_on(reader()?, err)?;
        let report_thread = report.fill(reader()?, start)?;
        let saying = stderr.map(|stderr| said.fill(stderr, start)).transpose()?;
        Ok((console_thread, output, errors, report_thread, saying))
    };
    let begun = begin();
    if begun.is_err() {
        // Nobody would listen to it.
        let _ = child.kill();
        let _ = child.wait();
    }
    let (console_thread, output, errors, report_thread, saying) =
        begun.map_err(|error| THREADS.refused(&error))?;
    let ended = await_end(&mut child, &report, start + setup.timeout)?;
    let elapsed = start.elapsed();
    for thread in [console_thread, report_thread].into_iter().chain(saying) {
        let _ = thread.join();
    }
    let _ = errors.join();
    let lost = output.join().ok().flatten();
    let console = console.text();
    let told = Told::read(&report.bytes());
    // Of a machine that did not come to its end, nothing was told to the end.
    let mut untold = console.clone();
    if told.end.is_some() {
        untold = console::without(&console, &told.told);
    }
    let mut complaint = said.text();
    if let Some(status) = ended.filter(|status| !status.success() && !told.ready) {
        complaint.push_str(&failed(status, setup.memory));
    }
    Ok(Run {
        splat: console::complaint(&untold),
        told,
        console,
        complaint,
        lost: lost
            .filter(|error| error.kind() != io::ErrorKind::BrokenPipe)
            .map(|error| error.to_string()),
        timed_out: ended.is_none(),
        booted: report.first(),
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

/// What the end of a qemu that started no program says, beside its own words: `memory`
/// is the machine's, in MiB.
fn failed(status: ExitStatus, memory: u32) -> String {
    let needed = bytes(u64::from(memory) << 20);
    let mut text = String::new();
    if let Some(signal) = status.signal() {
        text = format!("{QEMU} was ended by signal {signal}. ");
        if signal == SIGKILL {
            text.push_str("Where memory is short the kernel ends programs so. ");
        }
    }
    let here = available_memory().map(|free| format!("{} is available", bytes(free)));
    let limits = mptcp_limits::memory_limits();
    let here: Vec<String> = here.into_iter().chain(limits).collect();
    text.push_str(&format!(
        "\nThe machine takes {needed} of memory (--memory) besides what qemu itself takes. Here: \
         {}. If that is too little: give it less with --memory, free memory, or raise the limit \
         (`ulimit -v unlimited`)",
        here.join(", ")
    ));
    text
}

/// Waits until qemu ends, and ends it where it does not: `None` when time was
/// up before the program was done.
fn await_end(
    child: &mut Child,
    report: &Collected,
    deadline: Instant,
) -> Result<Option<ExitStatus>, String> {
    let mut farewell: Option<Instant> = None;
    loop {
        if let Some(status) = child.try_wait().map_err(during(QEMU))? {
            return Ok(Some(status));
        }
        if farewell.is_none() && report.ends_with(END.as_bytes()) {
            farewell = Some(Instant::now() + FAREWELL);
        }
        if STOPPED.load(Ordering::Relaxed) {
            let _ = child.kill();
            child.wait().map_err(during(QEMU))?;
            return Err("interrupted".into());
        }
        let now = Instant::now();
        let done = farewell.is_some_and(|until| now > until);
        if done || (farewell.is_none() && now > deadline) {
            let _ = child.kill();
            let status = child.wait().map_err(during(QEMU))?;
            return Ok(done.then_some(status));
        }
        thread::sleep(TICK);
    }
}

/// Bytes that a thread collects.
#[derive(Clone, Default)]
struct Collected(Arc<Mutex<(Vec<u8>, Option<Duration>)>>);

impl Collected {
    fn fill(
        &self,
        mut from: impl Read + Send + 'static,
        start: Instant,
    ) -> io::Result<JoinHandle<()>> {
        let to = self.clone();
        thread::Builder::new().spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(len @ 1..) = from.read(&mut buffer) {
                let mut to = to.0.lock().unwrap_or_else(PoisonError::into_inner);
                to.1.get_or_insert(start.elapsed());
                to.0.extend_from_slice(&buffer[..len]);
            }
        })
    }

    fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0.clone()
    }

    /// When the first byte came.
    fn first(&self) -> Option<Duration> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1
    }

    fn ends_with(&self, end: &[u8]) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0.ends_with(end)
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes()).into_owned()
    }
}

/// Hands on what comes as it comes, and returns what was in the way.
fn hand_on(
    mut from: PipeReader,
    mut to: impl Write + Send + 'static,
) -> io::Result<JoinHandle<Option<io::Error>>> {
    thread::Builder::new().spawn(move || {
        let mut buffer = [0; 4096];
        let mut trouble = None;
        while let Ok(len @ 1..) = from.read(&mut buffer) {
            // Whether or not anybody listens, the machine must not be held up.
            if trouble.is_none() {
                trouble = to.write_all(&buffer[..len]).and_then(|()| to.flush()).err();
            }
        }
        trouble
    })
}

impl Told {
    /// What a report says.
    pub(crate) fn read(report: &[u8]) -> Told {
        let mut told = Told::default();
        let mut rest = report;
        while let Some(end) = rest.iter().position(|&byte| byte == b'\n') {
            let line = String::from_utf8_lossy(&rest[..=end]).into_owned();
            rest = &rest[end + 1..];
            let (word, more) = line.trim_end().split_once(' ').unwrap_or((line.trim_end(), ""));
            match word {
                "lab" => told.ready |= line == READY,
                "exit" => told.end = more.parse().ok().map(End::Exit),
                "signal" => told.end = more.parse().ok().map(End::Signal),
                "told" => {
                    let times = more
                        .split_once(' ')
                        .and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)));
                    told.told.extend(times);
                }
                "trouble" => told.end = Some(End::Trouble(more.to_owned())),
                "file" => {
                    let lengths = more.split_once(' ').and_then(|(name, content)| {
                        Some((name.parse::<usize>().ok()?, content.parse::<usize>().ok()?))
                    });
                    let Some((name, after)) = lengths.and_then(|(name, content)| {
                        let (name, after) = rest.split_at_checked(name)?;
                        rest = after.get(content..)?;
                        Some((name, after.get(..content)?))
                    }) else {
                        break;
                    };
                    let path = PathBuf::from(String::from_utf8_lossy(name).into_owned());
                    told.files.push((path, after.to_vec()));
                }
                _ => told.notes.push(line.trim_end().to_owned()),
            }
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_read() {
        let report =
            b"lab ready\nmodule tcp_diag: EINVAL\ntold 5 17\nfile 3 4\na/ba\n\n\0exit 1\nlab end\n";
        let told = Told::read(report);
        assert_eq!(
            told,
            Told {
                ready: true,
                end: Some(End::Exit(1)),
                notes: vec!["module tcp_diag: EINVAL".into()],
                told: vec![(5, 17)],
                files: vec![("a/b".into(), b"a\n\n\0".to_vec())],
            }
        );
    }

    #[test]
    fn a_report_that_breaks_off_has_no_end() {
        assert_eq!(Told::read(b""), Told::default());
        assert_eq!(Told::read(b"lab ready\nfile 3 400\nabc").end, None);
        let told = Told::read(b"lab ready\ntrouble mounting /proc: EPERM\n");
        assert_eq!(told.end, Some(End::Trouble("mounting /proc: EPERM".into())));
    }
}
