//! File descriptors: how many can be opened, and how to get more.

use std::os::fd::OwnedFd;

use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::io::fcntl_dupfd_cloexec;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The descriptors that are available for a purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// How many more can be opened, counted up to the number that was wanted.
    pub free: usize,
    /// The `RLIMIT_NOFILE` that all wanted descriptors need, together with those that
    /// are open already.
    pub needed: u64,
}

/// Makes room for `wanted` more descriptors.
///
/// Where the soft limit is too low it is raised to [`Room::needed`], at most to the
/// hard limit. Every process may do so; it concerns this process and its children.
pub fn make_room(wanted: usize) -> Room {
    let free = free(wanted);
    let limits = getrlimit(Resource::Nofile);
    let soft = limits.current.unwrap_or(u64::MAX);
    // Every number below the limit is either free or open.
    let needed = soft.saturating_add((wanted - free) as u64);
    if free == wanted {
        return Room { free, needed };
    }
    let current = Some(limits.maximum.map_or(needed, |hard| hard.min(needed)));
    match setrlimit(Resource::Nofile, Rlimit { current, ..limits }) {
        Ok(()) => Room { free: self::free(wanted), needed },
        Err(_) => Room { free, needed },
    }
}

/// How many descriptors can be opened, counted up to `most`: they are opened, which
/// needs no `/proc` and is exact whatever numbers are in use.
fn free(most: usize) -> usize {
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    let Ok(first) = openat(CWD, "/", flags, Mode::empty()) else {
        return 0;
    };
    let mut copies: Vec<OwnedFd> = Vec::new();
    while copies.len() + 1 < most {
        match fcntl_dupfd_cloexec(&first, 0) {
            Ok(copy) => copies.push(copy),
            Err(_) => break,
        }
    }
    (copies.len() + 1).min(most)
}

/// The limit, as a clause.
pub fn limit() -> String {
    let text = |limit: Option<u64>| limit.map_or("unlimited".to_owned(), |most| most.to_string());
    let limits = getrlimit(Resource::Nofile);
    format!("RLIMIT_NOFILE is {} (hard limit {})", text(limits.current), text(limits.maximum))
}
