//! Limits of the environment: what an operation needed, what was available, what its
//! failure means, and what to do.
//!
//! An operation that can hit a limit is described by a [`Need`]. When it fails,
//! [`Need::refused`] turns the error into one sentence for each of these four. The
//! amounts come from `getrlimit(2)`, `statvfs(2)`, `/proc` and the control group at
//! the moment of the failure; a source that cannot be read is left out.
//!
//! Two limits are not errors and cannot be explained here. The memory limit of a
//! control group ends the process with `SIGKILL`. `RLIMIT_DATA` makes the heap's
//! allocator fail, which ends a Rust program with `SIGABRT` and the number of bytes.
//! Nothing in this workspace uses `/dev/shm`: the only shared memory is a memfd,
//! which needs no file system.

#![forbid(unsafe_code)]

pub mod descriptors;
pub mod files;
mod system;

use std::fmt::Write as _;
use std::io;

use rustix::io::Errno;
use rustix::process::Resource as Limit;

/// What an operation takes from the environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// File descriptors; limited by `RLIMIT_NOFILE`.
    Descriptors,
    /// Bytes of address space; limited by `RLIMIT_AS`.
    AddressSpace,
    /// Threads or processes; limited by `RLIMIT_NPROC` and the control group.
    Tasks,
    /// A system call alone.
    Call,
}

/// An operation and what it takes.
#[derive(Clone, Copy, Debug)]
pub struct Need<'a> {
    /// The operation, as the start of a sentence: "mapping the street".
    pub operation: &'a str,
    /// The resource that it takes.
    pub resource: Resource,
    /// How much of it: a number, or bytes of address space.
    pub amount: u64,
    /// What is missing without it, as a whole sentence without its full stop.
    pub without: &'a str,
    /// What to do besides raising the limit, as a clause; empty if nothing.
    pub instead: &'a str,
}

impl Need<'_> {
    /// The message for an operation that failed: what was needed, how much, what was
    /// available, what it means and what to do.
    pub fn refused(&self, error: &io::Error) -> String {
        let (here, advice) = self.cause(error);
        let mut text = format!("{}: {error}", self.operation);
        let amount = match self.resource {
            Resource::Descriptors => format!(". This needs {} file descriptors", self.amount),
            Resource::AddressSpace => {
                format!(". This needs {} of address space", bytes(self.amount))
            }
            Resource::Tasks if self.amount == 1 => ". This needs a thread".to_owned(),
            Resource::Tasks => format!(". This needs {} threads", self.amount),
            Resource::Call => String::new(),
        };
        text.push_str(&amount);
        // Writing to a string does not fail.
        if !here.is_empty() {
            let _ = write!(text, ". Here: {here}");
        }
        if !self.without.is_empty() {
            let _ = write!(text, ". {}", self.without);
        }
        if !advice.is_empty() {
            let _ = write!(text, ". To do: {advice}");
            if !self.instead.is_empty() {
                let _ = write!(text, ", or {}", self.instead);
            }
        }
        text
    }

    /// As [`Need::refused`], as an error of the same kind.
    pub fn error(&self, error: &io::Error) -> io::Error {
        io::Error::new(error.kind(), self.refused(error))
    }

    /// The `RLIMIT_NOFILE` to set: the amount, or the default of Linux.
    fn descriptors(&self) -> u64 {
        if self.resource == Resource::Descriptors { self.amount } else { 1024 }
    }

    /// The limit that was reached, and what to do about it.
    fn cause(&self, error: &io::Error) -> (String, String) {
        match Errno::from_io_error(error) {
            Some(Errno::MFILE) => (
                descriptors::limit(),
                format!(
                    "raise the limit, `ulimit -n {}` (beyond the hard limit only root or the \
                     configuration of the container can)",
                    self.descriptors()
                ),
            ),
            Some(Errno::NFILE) => (
                "all processes together have reached the system's limit of open files".to_owned(),
                "raise fs.file-max with sysctl, or end other programs".to_owned(),
            ),
            Some(Errno::PERM | Errno::ACCESS | Errno::NOSYS) => (
                system::filter().to_owned(),
                "run outside of the container, or allow the call in its profile".to_owned(),
            ),
            Some(Errno::AGAIN) if self.resource == Resource::Tasks => (
                [task_limits(), memory_limits()].concat().join(", "),
                "raise the limit that is reached (`ulimit -u`, `ulimit -v` or the control group)"
                    .to_owned(),
            ),
            Some(Errno::NOMEM | Errno::AGAIN) => {
                let limits = memory_limits();
                if limits.is_empty() {
                    let free = system::available_memory().map_or(String::new(), |free| {
                        format!(", and the system has {} of memory available", bytes(free))
                    });
                    (format!("no limit is set for this process{free}"), "free memory".to_owned())
                } else {
                    (limits.join(", "), "raise the limit (`ulimit -v unlimited`)".to_owned())
                }
            }
            _ => (String::new(), String::new()),
        }
    }
}

/// The limits of threads and processes that are set.
fn task_limits() -> Vec<String> {
    let own = value(Limit::Nproc)
        .map(|most| format!("RLIMIT_NPROC is {most}, for all processes and threads of this user"));
    let group = system::control_group("pids.max")
        .map(|most| format!("pids.max of the control group is {most}"));
    own.into_iter().chain(group).collect()
}

/// The limits of memory that are set for this process, as clauses.
pub fn memory_limits() -> Vec<String> {
    let own = [("RLIMIT_AS", Limit::As), ("RLIMIT_DATA", Limit::Data)];
    let own =
        own.iter().filter_map(|(name, limit)| Some(format!("{name} is {}", bytes(value(*limit)?))));
    let group = system::control_group("memory.max")
        .map(|most| format!("memory.max of the control group is {}", bytes(most)));
    own.chain(group).collect()
}

/// A soft limit; `None` if it is unlimited.
fn value(limit: Limit) -> Option<u64> {
    rustix::process::getrlimit(limit).current
}

/// Confirms that a file of this process may have a length in bytes.
///
/// The kernel ends a process that exceeds `RLIMIT_FSIZE` with `SIGXFSZ`, which leaves
/// no message; so the limit is checked before.
///
/// # Errors
/// The limit is lower.
pub fn file_of(length: u64) -> io::Result<()> {
    match value(Limit::Fsize) {
        Some(most) if most < length => Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("RLIMIT_FSIZE is {}; raise it, `ulimit -f unlimited`", bytes(most)),
        )),
        _ => Ok(()),
    }
}

/// A number of bytes, with a larger unit beside it from 1 MiB on.
pub fn bytes(count: u64) -> String {
    const MIB: u64 = 1 << 20;
    match count {
        0..MIB => format!("{count} bytes"),
        _ => format!("{count} bytes ({:.1} MiB)", count as f64 / MIB as f64),
    }
}

pub use system::{available_memory, filter};

#[cfg(test)]
mod tests {
    use super::*;

    fn need(resource: Resource) -> Need<'static> {
        Need {
            operation: "mapping the street",
            resource,
            amount: 2 << 20,
            without: "Nothing can be compared",
            instead: "use fewer jobs (--jobs)",
        }
    }

    #[test]
    fn a_message_has_need_limit_meaning_and_advice() {
        let refused = need(Resource::Descriptors).refused(&Errno::MFILE.into());
        for part in [
            "mapping the street: Too many open files",
            "This needs 2097152 file descriptors",
            "RLIMIT_NOFILE is ",
            "Nothing can be compared",
            "`ulimit -n 2097152`",
            ", or use fewer jobs (--jobs)",
        ] {
            assert!(refused.contains(part), "{part:?} is not in {refused:?}");
        }
    }

    #[test]
    fn a_refused_call_is_not_taken_for_a_shortage() {
        let refused = need(Resource::Call).refused(&Errno::PERM.into());
        assert!(refused.contains("seccomp"), "{refused}");
        assert!(!refused.contains("ulimit"), "{refused}");
    }

    #[test]
    fn an_error_of_no_known_cause_gets_no_advice() {
        let refused = need(Resource::AddressSpace).refused(&Errno::INVAL.into());
        assert!(!refused.contains("To do"), "{refused}");
        assert!(refused.contains("(2.0 MiB) of address space"), "{refused}");
    }
}
