//! What the kernel says of itself, read from within: `/dev/kmsg`, in the format
//! of Documentation/ABI/testing/dev-kmsg.

use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use rustix::fs::OFlags;
use rustix::io::Errno;

use crate::console::{self, Splat};

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// When, in microseconds since power on.
    pub time: u64,
    /// The message.
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

/// Messages as the console has them.
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

/// The kernel hands out one message at a time, of at most so many bytes.
const LARGEST: usize = 8192;

impl Log {
    /// Opens the log, past all that was said before.
    ///
    /// # Errors
    /// What opening the device answered.
    pub fn open() -> io::Result<Log> {
        let flags = OFlags::NONBLOCK.bits().cast_signed();
        let mut file = OpenOptions::new().read(true).custom_flags(flags).open("/dev/kmsg")?;
        file.seek(SeekFrom::End(0))?;
        Ok(Log { file, buffer: vec![0; LARGEST].into() })
    }

    /// What was said since the last time.
    #[inline]
    pub fn read(&mut self) -> Vec<Record> {
        let mut records = Vec::new();
        loop {
            match self.file.read(&mut self.buffer) {
                Ok(len @ 1..) => records.extend(Record::read(&self.buffer[..len])),
                // Messages that nobody read in time were written over.
                Err(error) if error.raw_os_error() == Some(Errno::PIPE.raw_os_error()) => {}
                _ => return records,
            }
        }
    }
}

/// Where a program finds what the first process of its machine wants of it.
pub(crate) const VARIABLE: &str = "MPTCP_LAB";
/// In there: the times of complaints that the program tells itself.
pub(crate) const TOLD: &str = "told";

/// The folder that a program in a machine and the machine's first process
/// share; `None` elsewhere.
pub fn shared_folder() -> Option<PathBuf> {
    std::env::var_os(VARIABLE).map(PathBuf::from)
}

/// Listens, on behalf of one thread of a program in a machine, to what the
/// kernel complains of.
#[derive(Debug)]
pub struct Listener {
    log: Log,
    told: File,
}

impl Listener {
    /// A listener that tells the machine's first process, by way of the shared
    /// folder, of complaints that are taken care of.
    ///
    /// # Errors
    /// What opening the log or that folder answered.
    pub fn open(folder: &std::path::Path) -> io::Result<Listener> {
        let told = OpenOptions::new().append(true).create(true).open(folder.join(TOLD))?;
        Ok(Listener { log: Log::open()?, told })
    }

    /// What was said until now is nobody's business.
    pub fn forget(&mut self) {
        self.log.read();
    }

    /// What the kernel complained of since the last time, if it was this thread
    /// that it was busy with. Such a complaint has to be told by the caller.
    #[inline]
    pub fn complaint(&mut self, thread: u32) -> Option<Splat> {
        let records = self.log.read();
        if records.is_empty() { None } else { self.own(&records, thread) }
    }

    #[cold]
    fn own(&mut self, records: &[Record], thread: u32) -> Option<Splat> {
        let splat = own(records, thread)?;
        let (first, last) = (records.first()?.time, records.last()?.time);
        // Should that fail, the complaint is told twice.
        let _ = self.told.write_all(format!("{first} {last}\n").as_bytes());
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
        // Of a sanitizer's reports some name nobody.
        assert!(own(&records(&["3,1,9,-;UBSAN: shift-out-of-bounds in a.c:1\n"]), 57).is_some());
    }
}
