//! The kernel's messages, read in the guest from `/dev/kmsg`, in the format of
//! Documentation/ABI/testing/dev-kmsg.

use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use rustix::io::Errno;

use crate::console::{self, Interval, Splat};

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its time, in microseconds since power on.
    pub time: u64,
    /// Its text.
    pub text: String,
}

impl Record {
    fn read(line: &[u8]) -> Option<Record> {
        let line = String::from_utf8_lossy(line);
        let (head, text) = line.split_once(';')?;
        let time = head.split(',').nth(2)?.parse().ok()?;
        // Lines after the first are properties of a device.
        Some(Record { time, text: text.lines().next().unwrap_or_default().to_owned() })
    }
}

/// The messages in the format of the console.
pub(crate) fn text(records: &[Record]) -> String {
    let mut all = String::new();
    for Record { time, text } in records {
        let _ = writeln!(all, "[{:5}.{:06}] {text}", time / 1_000_000, time % 1_000_000);
    }
    all
}

/// A reader of the kernel's messages that never waits.
#[derive(Debug)]
pub struct Log {
    file: File,
    buffer: Box<[u8]>,
}

/// The maximum size of a message in bytes; one call reads one message.
const LARGEST: usize = 8192;

impl Log {
    /// Opens the log after its last message.
    ///
    /// # Errors
    /// If the device cannot be opened.
    pub fn open() -> io::Result<Log> {
        let flags = OFlags::NONBLOCK.bits().cast_signed();
        let mut file = OpenOptions::new().read(true).custom_flags(flags).open("/dev/kmsg")?;
        file.seek(SeekFrom::End(0))?;
        Ok(Log { file, buffer: vec![0; LARGEST].into() })
    }

    /// The messages since the last call.
    #[inline]
    pub fn read(&mut self) -> Vec<Record> {
        let mut records = Vec::new();
        loop {
            match self.file.read(&mut self.buffer) {
                Ok(len @ 1..) => records.extend(Record::read(&self.buffer[..len])),
                // Messages were overwritten before they were read.
                Err(error) if error.raw_os_error() == Some(Errno::PIPE.raw_os_error()) => {}
                _ => return records,
            }
        }
    }
}

/// The environment variable with the folder that a program shares with the first process of its
/// machine.
pub(crate) const VARIABLE: &str = "MPTCP_LAB";
/// The file in that folder with the intervals of complaints that the program itself reports:
/// a line of JSON for each.
const KNOWN: &str = "known";

/// The folder that a program in a machine and the machine's first process
/// share; `None` elsewhere.
pub fn shared_folder() -> Option<PathBuf> {
    std::env::var_os(VARIABLE).map(PathBuf::from)
}

/// The intervals of complaints that the program itself reports.
pub(crate) fn known(folder: &Path) -> Vec<Interval> {
    let text = std::fs::read_to_string(folder.join(KNOWN)).unwrap_or_default();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// Reads the kernel's complaints for one thread of a program in a machine.
#[derive(Debug)]
pub struct Listener {
    log: Log,
    known: File,
}

impl Listener {
    /// A listener that records in the shared folder which complaints the program reports.
    ///
    /// # Errors
    /// If the log or a file in that folder cannot be opened.
    pub fn open(folder: &Path) -> io::Result<Listener> {
        let known = OpenOptions::new().append(true).create(true).open(folder.join(KNOWN))?;
        Ok(Listener { log: Log::open()?, known })
    }

    /// Discards all messages up to now.
    pub fn forget(&mut self) {
        self.log.read();
    }

    /// The complaint since the last call, if it names this thread or none. The caller has to report
    /// it.
    #[inline]
    pub fn complaint(&mut self, thread: u32) -> Option<Splat> {
        let records = self.log.read();
        if records.is_empty() { None } else { self.own(&records, thread) }
    }

    #[cold]
    fn own(&mut self, records: &[Record], thread: u32) -> Option<Splat> {
        let splat = own(records, thread)?;
        let interval = Interval { from: records.first()?.time, to: records.last()?.time };
        if let Ok(line) = serde_json::to_string(&interval) {
            // If this fails, the host reports the complaint as well.
            let _ = self.known.write_all(format!("{line}\n").as_bytes());
        }
        Some(splat)
    }
}

/// A complaint in some messages that names a thread, or no thread at all.
fn own(records: &[Record], thread: u32) -> Option<Splat> {
    let splat = console::complaint(&text(records))?;
    splat.task().is_none_or(|task| task == thread).then_some(splat)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(lines: &[&str]) -> Vec<Record> {
        lines.iter().filter_map(|line| Record::read(line.as_bytes())).collect()
    }

    #[test]
    fn messages_are_read_as_the_console_has_them() {
        let all = records(&[
            "4,1234,7001002,-;WARNING: CPU: 0 PID: 57 at net/mptcp/sockopt.c:1 x+0x1/0x2\n",
            "6,1235,7001003,-;usb 1-1: new device\n SUBSYSTEM=usb\n DEVICE=c189:1\n",
            "no message",
        ]);
        let console = "[    7.001002] WARNING: CPU: 0 PID: 57 at net/mptcp/sockopt.c:1 x+0x1/0x2\n\
                       [    7.001003] usb 1-1: new device\n";
        assert_eq!(text(&all), console);
    }

    #[test]
    fn a_complaint_is_that_of_the_thread_that_it_names() {
        let warning = records(&[
            "4,1,9,-;WARNING: CPU: 0 PID: 57 at net/mptcp/sockopt.c:1 x+0x1/0x2\n",
            "4,2,9,-;Modules linked in:\n",
        ]);
        assert!(own(&warning, 57).is_some());
        assert!(own(&warning, 58).is_none());
        assert!(own(&records(&["6,1,9,-;random: crng init done\n"]), 57).is_none());
        // Some sanitizer reports name no task.
        assert!(own(&records(&["3,1,9,-;UBSAN: shift-out-of-bounds in a.c:1\n"]), 57).is_some());
    }
}
