//! The inside: what the program does as the first process of a machine.
//!
//! Four serial ports lead out. The kernel's console is the first. What the
//! program writes to standard output and standard error goes to the second
//! and the third, so that neither is mixed with the kernel's messages. The last
//! carries [`crate::machine::Told`]: how it went, and files that are wanted.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::kmod::{ModuleInitFlags, finit_module};
use nix::sys::reboot::{RebootMode, reboot};
use rustix::termios::{OptionalActions, tcdrain, tcgetattr, tcsetattr};

use crate::console::{self, Complaint, Splat};
use crate::during;
use crate::log::{self, Log, Record, TOLD, VARIABLE};
use crate::mounts::{self, Mount};

/// The file that says what to do.
pub(crate) const ARGUMENTS: &str = "lab/errand";
/// Where modules are.
pub(crate) const MODULES: &str = "lab/modules";
/// The working folder.
pub(crate) const FOLDER: &str = "work";
/// The folder that the program shares with the first process.
pub(crate) const SHARED: &str = "lab/shared";
/// The ports: console, output, errors, report.
pub(crate) const PORTS: [&str; 4] = ["dev/ttyS0", "dev/ttyS1", "dev/ttyS2", "dev/ttyS3"];
/// Modules in an order in which each finds what it needs.
pub(crate) const WANTED_MODULES: [&str; 3] = ["inet_diag", "tcp_diag", "mptcp_diag"];
/// What comes first in a report, and last.
pub(crate) const READY: &str = "lab ready\n";
pub(crate) const END: &str = "lab end\n";

/// How often the first process looks after the program.
const TICK: Duration = Duration::from_millis(20);
/// How long a kernel that fell over may go on talking of it.
const TALK: Duration = Duration::from_millis(500);

/// What survives a program under which the kernel falls over.
pub trait Survivor {
    /// The program runs; `shared` is the folder that it finds by
    /// [`log::shared_folder`]. Called every 20 ms.
    fn look(&mut self, shared: &Path);

    /// The kernel fell over in a task. If that task was doing what the program
    /// is there for, what is to be told of it on standard output in the place
    /// of what the program would have told; `work` is its working folder.
    fn account(
        &mut self,
        errand: &Errand,
        splat: &Splat,
        shared: &Path,
        work: &Path,
    ) -> Option<String>;
}

/// What to do in the machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Errand {
    /// The arguments behind the program's name.
    pub arguments: Vec<String>,
    /// Variables of the environment.
    pub environment: Vec<(String, String)>,
    /// Folders whose files are brought back.
    pub wanted: Vec<String>,
    /// After so many seconds the machine is switched off from within, should
    /// nobody outside be left to do so.
    pub seconds: u64,
}

impl Errand {
    /// As the file has it: a line with counts, then texts that end in NUL.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let counts = [self.arguments.len(), 2 * self.environment.len(), self.wanted.len()];
        let mut text = format!("{} {} {} {}\n", self.seconds, counts[0], counts[1], counts[2]);
        let environment = self.environment.iter().flat_map(|(name, value)| [name, value]);
        for item in self.arguments.iter().chain(environment).chain(&self.wanted) {
            text.push_str(item);
            text.push('\0');
        }
        text.into_bytes()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Errand> {
        let (head, body) = std::str::from_utf8(bytes).ok()?.split_once('\n')?;
        let mut numbers = head.split(' ').map(|number| number.parse::<u64>().ok());
        let mut number = || numbers.next().flatten();
        let seconds = number()?;
        let mut items = body.split_terminator('\0').map(str::to_owned);
        let mut some =
            |count: u64| -> Vec<String> { items.by_ref().take(count as usize).collect() };
        let (arguments, pairs, wanted) = (some(number()?), some(number()?), some(number()?));
        let pair = |pair: &[String]| Some((pair.first()?.clone(), pair.get(1)?.clone()));
        let environment = pairs.chunks(2).filter_map(pair).collect();
        Some(Errand { arguments, environment, wanted, seconds })
    }
}

/// Whether this process is the first of a machine of this crate's making.
pub fn inside() -> bool {
    std::process::id() == 1 && Path::new("/").join(ARGUMENTS).is_file()
}

/// Does the errand, reports, and powers off; it does not return.
pub fn run(survivor: &mut dyn Survivor) -> ! {
    match port(PORTS[3]) {
        Ok(mut report) => {
            let _ = report.write_all(READY.as_bytes());
            let line = match errand(&mut report, survivor) {
                Ok(line) => line,
                Err(trouble) => format!("trouble {}\n", trouble.replace('\n', " ")),
            };
            let _ = report.write_all(line.as_bytes());
            let _ = report.write_all(END.as_bytes());
            let _ = tcdrain(&report);
        }
        // Without a report only the console is left, which the host shows.
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
        let _ = reboot(RebootMode::RB_POWER_OFF);
        thread::sleep(Duration::from_secs(1));
    }
}

/// Mounts what is needed, loads modules, and runs the program once more.
fn errand(report: &mut File, survivor: &mut dyn Survivor) -> Result<String, String> {
    mounts::mount_all(report, Mount::system, Path::new("/proc/sys/kernel"))?;
    let bytes = fs::read(Path::new("/").join(ARGUMENTS)).map_err(during("the errand"))?;
    let errand = Errand::decode(&bytes).ok_or("the errand cannot be read")?;
    let limit = Duration::from_secs(errand.seconds);
    thread::spawn(move || {
        thread::sleep(limit);
        let _ = reboot(RebootMode::RB_POWER_OFF);
    });
    for name in WANTED_MODULES {
        let path = Path::new("/").join(MODULES).join(format!("{name}.ko"));
        let loaded = match File::open(path) {
            Ok(module) => finit_module(module, c"", ModuleInitFlags::empty()).map_err(Into::into),
            // It is built in, or the host found none.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        };
        if let Err(error) = loaded {
            let _ = writeln!(report, "module {name}: {error}");
        }
    }
    // An oops ends the task and not the machine, so that this process can report it.
    // Unprivileged programs may read the kernel's messages. A switch that does not
    // exist need not be switched off.
    for switch in ["panic_on_oops", "panic_on_warn", "dmesg_restrict"] {
        let path = Path::new("/proc/sys/kernel").join(switch);
        match fs::write(&path, "0") {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                let _ = writeln!(report, "writing 0 to {}: {error}", path.display());
            }
            _ => {}
        }
    }
    let done = act(&errand, survivor);
    let told = fs::read_to_string(Path::new("/").join(SHARED).join(TOLD)).unwrap_or_default();
    for times in told.lines() {
        let _ = writeln!(report, "told {times}");
    }
    let status = match done? {
        Done::Ended(status) => status,
        Done::Fell { since, account } => {
            // What came of it later belongs to it as well.
            let _ = writeln!(report, "told {since} {}", u64::MAX);
            say(&account).map_err(during(PORTS[1]))?;
            ExitStatus::from_raw(1 << 8)
        }
    };
    for folder in &errand.wanted {
        bring(report, &Path::new("/").join(FOLDER), Path::new(folder))?;
    }
    Ok(match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit {code}\n"),
        (None, signal) => format!("signal {}\n", signal.unwrap_or(0)),
    })
}

/// How the program came to its end.
enum Done {
    /// By itself, or by a signal.
    Ended(ExitStatus),
    /// The kernel fell over under it, at a time in microseconds.
    Fell { since: u64, account: String },
}

/// Runs the program as a child, its output copied to the ports.
fn act(errand: &Errand, survivor: &mut dyn Survivor) -> Result<Done, String> {
    let (shared, work) = (Path::new("/").join(SHARED), Path::new("/").join(FOLDER));
    // Without a log no fall is noticed but by the console.
    let mut log = Log::open().ok();
    // Before the program runs: output that nobody copies would be lost without a word.
    let open = |path: &'static str| port(path).map_err(during(format!("/{path}")));
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
        .map_err(during("starting the program"))?;
    let out = child.stdout.take().map(|from| copier(from, out));
    let err = child.stderr.take().map(|from| copier(from, err));
    let mut fall = Fall::default();
    let status = loop {
        let status = child.try_wait().map_err(during("waiting for the program"))?;
        fall.hear(log.as_mut().map(Log::read).unwrap_or_default());
        survivor.look(&shared);
        match (fall.since, status) {
            (Some(since), _) if since.elapsed() > TALK => {
                let splat = console::complaint(&log::text(&fall.records));
                let account =
                    splat.and_then(|splat| survivor.account(errand, &splat, &shared, &work));
                if let (Some(account), Some(first)) = (account, fall.records.first()) {
                    end(&mut child);
                    return Ok(Done::Fell { since: first.time, account });
                }
                // It was no task of the program's; the host sees the console.
                (fall, log) = (Fall::default(), None);
            }
            (None, Some(status)) => break status,
            _ => {}
        }
        thread::sleep(TICK);
    };
    for copier in [out, err].into_iter().flatten() {
        let _ = copier.join();
    }
    Ok(Done::Ended(status))
}

/// What the kernel says from where it fell over.
#[derive(Default)]
struct Fall {
    since: Option<Instant>,
    records: Vec<Record>,
}

impl Fall {
    fn hear(&mut self, records: Vec<Record>) {
        let fell = |record: &Record| console::mark(&record.text) == Some(Complaint::Oops);
        let from = match self.since {
            Some(_) => Some(0),
            None => records.iter().position(fell),
        };
        if let Some(from) = from {
            self.since.get_or_insert_with(Instant::now);
            self.records.extend(records.into_iter().skip(from));
        }
    }
}

/// Ends a program, some thread of which may be dead and hold what the others
/// wait for: it may never be gone.
fn end(child: &mut Child) {
    let _ = child.kill();
    thread::sleep(5 * TICK);
    let _ = child.try_wait();
}

/// Writes to the port of standard output.
fn say(text: &str) -> io::Result<()> {
    let mut port = port(PORTS[1])?;
    port.write_all(text.as_bytes())?;
    Ok(tcdrain(&port)?)
}

/// Copies what comes to a port, until the end.
fn copier(mut from: impl Read + Send + 'static, mut to: File) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        let _ = io::copy(&mut from, &mut to);
        let _ = tcdrain(&to);
    })
}

/// A serial port that changes nothing on the way.
fn port(path: &str) -> io::Result<File> {
    let port = OpenOptions::new().read(true).write(true).open(Path::new("/").join(path))?;
    let mut settings = tcgetattr(&port)?;
    settings.make_raw();
    tcsetattr(&port, OptionalActions::Now, &settings)?;
    Ok(port)
}

/// Sends the files of a folder, which need not be there.
fn bring(report: &mut File, root: &Path, folder: &Path) -> Result<(), String> {
    let Ok(entries) = fs::read_dir(root.join(folder)) else {
        return Ok(());
    };
    let mut entries: Vec<PathBuf> =
        entries.filter_map(|entry| Some(entry.ok()?.file_name().into())).collect();
    entries.sort();
    for name in entries {
        let path = folder.join(name);
        if root.join(&path).is_dir() {
            bring(report, root, &path)?;
            continue;
        }
        let bytes = fs::read(root.join(&path)).map_err(during(path.display()))?;
        let name: &OsStr = path.as_os_str();
        let mut message = format!("file {} {}\n", name.len(), bytes.len()).into_bytes();
        message.extend(name.as_bytes());
        message.extend(bytes);
        report.write_all(&message).map_err(during("the report"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_errand_survives_its_file() {
        let errand = Errand {
            arguments: vec!["check".into(), "--scene".into(), "a b\n*".into(), String::new()],
            environment: vec![("A".into(), "1=2".into())],
            wanted: vec!["found".into()],
            seconds: 600,
        };
        assert_eq!(Errand::decode(&errand.encode()), Some(errand));
        assert_eq!(Errand::decode(&Errand::default().encode()), Some(Errand::default()));
        assert_eq!(Errand::decode(b"no errand"), None);
    }

    #[test]
    fn this_is_not_the_inside() {
        assert!(!inside());
    }
}
