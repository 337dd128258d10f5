//! The street: real memory with exact edges.
//!
//! One fixed range of pages whose permissions never change. A case chooses
//! only where on the street each buffer stands, so every boundary is within
//! reach and no permission is changed between calls. The pages are one memfd
//! mapped twice: as the calling program sees them, with the permissions, and
//! as the harness does, all readable and writable, so that read-only pages
//! can be prepared and every page can be looked at.
//!
//! A third mapping, with the same permissions, is the street's alias: where a
//! 32-bit program has it, below 4 GiB.
//!
//! This is one of the two files with unsafe code.
#![expect(unsafe_code, reason = "memory with exact edges has to be mapped by hand")]

use std::ffi::c_void;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::memory::layout::{LEN, PATTERN, UNMAPPED, alias};
use mptcp_emulator::{Access, PAGE};
use mptcp_limits::{Need, Resource};

/// Where the first street begins: far from where programs, libraries, stacks
/// and the sanitizers' shadows live.
const FIRST_BASE: usize = 0x2000_0000_0000;

/// Where the first street of a process is, if nothing else is there.
pub(crate) const FIRST: u64 = (FIRST_BASE + BEFORE) as u64;

/// From one street to the next; the lower half is what lies between their aliases.
const STREET_TO_STREET: usize = (4 << 30) + ALIAS_TO_ALIAS;

/// From one alias to the next.
const ALIAS_TO_ALIAS: usize = 4 << 20;

/// Reserved before the street, without access: a wrong kernel's writes to
/// somewhat too low an address fault there.
const BEFORE: usize = 64 << 20;

/// Reserved behind the street, without access: the largest offset that a
/// header can name, and an array of the largest elements on top.
const BEHIND: usize = (2 << 30) + (1 << 20);

/// Reserved before the alias, without access.
const ALIAS_BEFORE: usize = 64 << 10;

/// Reserved behind the alias, without access: the largest header, and all elements.
const ALIAS_BEHIND: usize = 3 << 20;

/// Below this there is nobody but the aliases, and programs that are linked to a
/// fixed address, far below; AddressSanitizer's shadow begins above.
const LOW_END: usize = 0x7fff_0000;

const _: () = assert!(ALIAS_BEFORE + LEN + ALIAS_BEHIND <= ALIAS_TO_ALIAS);
const _: () = assert!(BEFORE + MOST_STREETS * ALIAS_TO_ALIAS <= LOW_END);

/// Where the next street is looked for first.
static NEXT: AtomicUsize = AtomicUsize::new(0);

/// How many streets a process may have.
const MOST_STREETS: usize = 256;

const _: () = assert!(BEFORE + LEN + BEHIND <= STREET_TO_STREET);

/// Address space in bytes that a street takes, with all that is reserved around it.
pub const ADDRESS_SPACE: usize = RESERVED + LEN + ALIAS_RESERVED;

/// Reserved for the street as the program sees it, in bytes.
const RESERVED: usize = BEFORE + LEN + BEHIND;

/// Reserved for the alias, in bytes.
const ALIAS_RESERVED: usize = ALIAS_BEFORE + LEN + ALIAS_BEHIND;

/// The mapped pages.
#[derive(Debug)]
pub struct Street {
    /// INVARIANT: `BEFORE` bytes before and `BEHIND + LEN` bytes from here on
    /// are ours until drop.
    base: usize,
    /// INVARIANT: `LEN` bytes, readable and writable, ours until drop; no
    /// reference to them outlives a borrow of `self`.
    view: NonNull<u8>,
    /// INVARIANT: where this is true, `ALIAS_BEFORE` bytes before the alias and
    /// `LEN + ALIAS_BEHIND` bytes from there on are ours until drop.
    aliased: bool,
}

// SAFETY: the mappings belong to this value alone and to no thread.
unsafe impl Send for Street {}

impl Street {
    /// Maps the first street that this process does not have yet.
    ///
    /// # Errors
    /// What `memfd_create(2)` or `mmap(2)` answered: what was needed and what to do.
    pub fn new() -> io::Result<Street> {
        // Streets that are gone leave their places to the next round.
        let first = NEXT.fetch_add(1, Ordering::Relaxed);
        let mut tries = 0;
        loop {
            let index = (first + tries) % MOST_STREETS;
            match Street::at(FIRST_BASE + index * STREET_TO_STREET + BEFORE) {
                Err(error) if taken(&error) && tries < MOST_STREETS => tries += 1,
                result => return result,
            }
        }
    }

    fn at(base: usize) -> io::Result<Street> {
        let memory = memfd()?;
        let map = |at: usize, len: usize, protection: i32, flags: i32, offset: usize| {
            let fd = if flags & libc::MAP_ANONYMOUS != 0 { -1 } else { memory.as_raw_fd() };
            let offset = libc::off_t::try_from(offset).unwrap_or(0);
            // SAFETY: a fixed mapping replaces only what this function has
            // reserved before; others are at an address of the kernel's
            // choice, or fail where something is mapped already.
            let got = unsafe { libc::mmap(at as *mut c_void, len, protection, flags, fd, offset) };
            if got == libc::MAP_FAILED {
                return Err(mapping(&io::Error::last_os_error()));
            }
            NonNull::new(got.cast::<u8>()).ok_or_else(|| io::Error::other("mapped at null"))
        };

        let reserve = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
        map(base - BEFORE, RESERVED, libc::PROT_NONE, reserve | libc::MAP_FIXED_NOREPLACE, 0)?;
        let pave = |base: usize| -> io::Result<()> {
            for (page, access) in PATTERN.access().iter().enumerate() {
                let at = base + page * PAGE;
                if page == UNMAPPED {
                    // SAFETY: the page is part of the reservation around `base`.
                    unsafe { libc::munmap(at as *mut c_void, PAGE) };
                    continue;
                }
                let flags = libc::MAP_SHARED | libc::MAP_FIXED | libc::MAP_POPULATE;
                map(at, PAGE, protection(*access), flags, page * PAGE)?;
            }
            Ok(())
        };
        pave(base)?;
        let all = libc::PROT_READ | libc::PROT_WRITE;
        let view = map(0, LEN, all, libc::MAP_SHARED | libc::MAP_POPULATE, 0)?;
        let mut street = Street { base, view, aliased: false };
        let (low, len) = street.alias_reserved();
        // Only calls of 32-bit programs need it: they are then not to be had.
        if map(low, len, libc::PROT_NONE, reserve | libc::MAP_FIXED_NOREPLACE, 0).is_ok() {
            street.aliased = true;
            pave(low + ALIAS_BEFORE)?;
        }
        Ok(street)
    }

    /// Where the reservation around the alias begins, and its length.
    fn alias_reserved(&self) -> (usize, usize) {
        let alias = alias(self.base as u64) as usize;
        (alias - ALIAS_BEFORE, ALIAS_RESERVED)
    }

    /// Whether the street has its alias.
    pub fn is_aliased(&self) -> bool {
        self.aliased
    }

    /// The address of the street's first byte as the program sees it.
    pub fn base(&self) -> u64 {
        self.base as u64
    }

    /// All bytes, whatever the program may do with them.
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: by the invariant of `view`; nobody writes while `self` is
        // borrowed, for calls into the kernel take it mutably.
        unsafe { std::slice::from_raw_parts(self.view.as_ptr(), LEN) }
    }

    /// All bytes, to be prepared.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as for `bytes`, and `self` is borrowed mutably.
        unsafe { std::slice::from_raw_parts_mut(self.view.as_ptr(), LEN) }
    }
}

impl Drop for Street {
    fn drop(&mut self) {
        let reserved = (self.base - BEFORE) as *mut c_void;
        // SAFETY: both ranges are ours by the invariants, and nothing borrows
        // from `self` any more.
        unsafe { libc::munmap(reserved, RESERVED) };
        // SAFETY: as above.
        unsafe { libc::munmap(self.view.as_ptr().cast(), LEN) };
        if self.aliased {
            let (low, len) = self.alias_reserved();
            // SAFETY: as above.
            unsafe { libc::munmap(low as *mut c_void, len) };
        }
    }
}

/// A page of a file, mapped so that it survives this process.
#[derive(Debug)]
pub(crate) struct SharedPage {
    /// INVARIANT: `PAGE` bytes, readable and writable, ours until drop; no
    /// reference to them outlives a borrow of `self`.
    view: NonNull<u8>,
}

// SAFETY: the mapping belongs to this value alone and to no thread.
unsafe impl Send for SharedPage {}

impl SharedPage {
    /// Maps the first page of a file that has one. Others may read the file,
    /// and nobody else may write to it or cut it.
    pub(crate) fn of(file: &File) -> io::Result<SharedPage> {
        let all = libc::PROT_READ | libc::PROT_WRITE;
        let (flags, fd) = (libc::MAP_SHARED | libc::MAP_POPULATE, file.as_raw_fd());
        // SAFETY: a new mapping at an address of the kernel's choice.
        let got = unsafe { libc::mmap(std::ptr::null_mut(), PAGE, all, flags, fd, 0) };
        if got == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let view = NonNull::new(got.cast::<u8>());
        Ok(SharedPage { view: view.ok_or_else(|| io::Error::other("mapped at null"))? })
    }

    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: by the invariant of `view`, and `self` is borrowed mutably.
        unsafe { std::slice::from_raw_parts_mut(self.view.as_ptr(), PAGE) }
    }
}

impl Drop for SharedPage {
    fn drop(&mut self) {
        // SAFETY: ours by the invariant, and nothing borrows from `self` any more.
        unsafe { libc::munmap(self.view.as_ptr().cast(), PAGE) };
    }
}

/// Whether something is mapped there already.
fn taken(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AlreadyExists
}

fn protection(access: Access) -> i32 {
    match access {
        Access::Nothing => libc::PROT_NONE,
        Access::Read => libc::PROT_READ,
        Access::ReadWrite => libc::PROT_READ | libc::PROT_WRITE,
    }
}

/// What is missing without a street.
const WITHOUT: &str = "Without the street no call can be compared";

/// Why the street could not be mapped.
fn mapping(error: &io::Error) -> io::Error {
    let need = Need {
        operation: "mapping the street, the memory that one job compares",
        resource: Resource::AddressSpace,
        amount: ADDRESS_SPACE as u64,
        without: WITHOUT,
        instead: "run with fewer jobs (--jobs)",
    };
    need.error(error)
}

fn memfd() -> io::Result<OwnedFd> {
    let need = Need {
        operation: "memfd_create, for the pages of the street",
        resource: Resource::Call,
        amount: 1,
        without: WITHOUT,
        instead: "",
    };
    // SAFETY: the name is a C string, and the call touches nothing else.
    let fd = unsafe { libc::memfd_create(c"street".as_ptr(), libc::MFD_CLOEXEC) };
    if fd < 0 {
        return Err(need.error(&io::Error::last_os_error()));
    }
    // SAFETY: the descriptor is new and nobody else's.
    let fd = unsafe { OwnedFd::from_raw_fd(fd) };
    let lengthen = Need { operation: "the length of the street's memfd", ..need };
    mptcp_limits::file_of(LEN as u64).map_err(|error| lengthen.error(&error))?;
    // SAFETY: touches no memory.
    match unsafe { libc::ftruncate(fd.as_raw_fd(), LEN as libc::off_t) } {
        0 => Ok(fd),
        _ => Err(lengthen.error(&io::Error::last_os_error())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::layout::ALIAS_REACH;

    #[test]
    fn streets_of_one_process_do_not_meet() {
        let mut streets: Vec<Street> = (0..3).map(|_| Street::new().unwrap()).collect();
        for (number, street) in (1..).zip(&mut streets) {
            street.bytes_mut().fill(number);
        }
        for (number, street) in (1..).zip(&streets) {
            assert!(street.bytes().iter().all(|byte| *byte == number));
        }
    }

    /// The permissions as the kernel lists them, page by page.
    #[test]
    fn the_program_may_do_what_the_pattern_says() {
        let street = Street::new().unwrap();
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        let access = |at: u64| {
            let line = maps.lines().find(|line| {
                let (range, _) = line.split_once(' ').unwrap();
                let (start, end) = range.split_once('-').unwrap();
                let bound = |digits| u64::from_str_radix(digits, 16).unwrap();
                (bound(start)..bound(end)).contains(&at)
            });
            line.map(|line| line.split(' ').nth(1).unwrap())
        };
        assert!(street.is_aliased());
        for base in [street.base(), alias(street.base())] {
            for (page, expected) in PATTERN.access().iter().enumerate() {
                let mapped = access(base + (page * PAGE) as u64);
                let expected = match expected {
                    Access::Nothing if page == UNMAPPED => None,
                    Access::Nothing => Some("---s"),
                    Access::Read => Some("r--s"),
                    Access::ReadWrite => Some("rw-s"),
                };
                assert_eq!(mapped, expected, "page {page} from {base:#x}");
            }
        }
        let reach = u64::from(ALIAS_REACH);
        for (base, reach) in [(street.base(), 2 << 30), (alias(street.base()), reach)] {
            for outside in [base - 1, base + LEN as u64 + reach] {
                assert_eq!(access(outside), Some("---p"));
            }
        }
    }

    /// What has the alias's place already is left alone, and the street does without.
    #[test]
    fn a_street_whose_alias_is_taken_stands_all_the_same() {
        let base = FIRST_BASE + (MOST_STREETS + 7) * STREET_TO_STREET + BEFORE;
        let first = Street::at(base).unwrap();
        let second = Street::at(base + (4 << 30)).unwrap();
        assert_eq!(alias(first.base()), alias(second.base()));
        assert_eq!((first.is_aliased(), second.is_aliased()), (true, false));
        drop(second);
        drop(first);
        assert!(Street::at(base).unwrap().is_aliased());
    }
}
