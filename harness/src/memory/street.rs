//! The street: real memory with exact edges.
//!
//! The street is one fixed range of pages whose permissions never change. A case only chooses the
//! places of its buffers, so every boundary can be reached, and no permission is changed between
//! calls. The pages are one memfd that is mapped twice. The first mapping, with the permissions, is
//! the calling program's. The second one is the harness's: all its pages are readable and writable,
//! to prepare read-only pages and to compare every page.
//!
//! A third mapping, with the permissions of the first, is the street's alias below 4 GiB, which a
//! 32-bit program uses.
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

/// The lowest address of a street: far from programs, libraries, stacks and the sanitizers' shadow
/// memory.
const FIRST_BASE: usize = 0x2000_0000_0000;

/// The address of the first street of a process, if it is unused.
pub(crate) const FIRST: u64 = (FIRST_BASE + BEFORE) as u64;

/// The distance between streets; its lower half is the distance between their aliases.
const STREET_TO_STREET: usize = (4 << 30) + ALIAS_TO_ALIAS;

/// The distance between aliases.
const ALIAS_TO_ALIAS: usize = 4 << 20;

/// Reserved before the street, without access: if a wrong kernel writes to an address that is
/// slightly too low, it faults there.
const BEFORE: usize = 64 << 20;

/// Reserved behind the street, without access: the largest offset in a header, plus an array of the
/// largest elements.
const BEHIND: usize = (2 << 30) + (1 << 20);

/// Reserved before the alias, without access.
const ALIAS_BEFORE: usize = 64 << 10;

/// Reserved behind the alias, without access: the largest header, and all elements.
const ALIAS_BEHIND: usize = 3 << 20;

/// Below this address there are only the aliases and, far below, programs that are linked to a
/// fixed address. AddressSanitizer's shadow begins above it.
const LOW_END: usize = 0x7fff_0000;

const _: () = assert!(ALIAS_BEFORE + LEN + ALIAS_BEHIND <= ALIAS_TO_ALIAS);
const _: () = assert!(BEFORE + MOST_STREETS * ALIAS_TO_ALIAS <= LOW_END);

/// The first address to try for the next street.
static NEXT: AtomicUsize = AtomicUsize::new(0);

/// The maximum number of streets in a process.
const MOST_STREETS: usize = 256;

const _: () = assert!(BEFORE + LEN + BEHIND <= STREET_TO_STREET);

/// Address space of one street in bytes, with all reservations around it.
pub const ADDRESS_SPACE: usize = RESERVED + LEN + ALIAS_RESERVED;

/// Reserved for the street in the program's mapping, in bytes.
const RESERVED: usize = BEFORE + LEN + BEHIND;

/// Reserved for the alias, in bytes.
const ALIAS_RESERVED: usize = ALIAS_BEFORE + LEN + ALIAS_BEHIND;

/// The mapped pages.
#[derive(Debug)]
pub struct Street {
    /// INVARIANT: `BEFORE` bytes before and `BEHIND + LEN` bytes from here on belong to this value
    /// until drop.
    base: usize,
    /// INVARIANT: `LEN` bytes, readable and writable, belong to this value until drop; no reference
    /// to them outlives a borrow of `self`.
    view: NonNull<u8>,
    /// INVARIANT: if this is true, `ALIAS_BEFORE` bytes before the alias and `LEN + ALIAS_BEHIND`
    /// bytes from there on belong to this value until drop.
    aliased: bool,
}

// SAFETY: the mappings belong to this value alone and not to a thread.
unsafe impl Send for Street {}

impl Street {
    /// Maps the first street that this process does not have.
    ///
    /// # Errors
    /// The error of `memfd_create(2)` or `mmap(2)`, with what was needed and what to do.
    pub fn new() -> io::Result<Street> {
        // The next round reuses the addresses of dropped streets.
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
            // SAFETY: a fixed mapping replaces only what this function reserved before. Other
            // mappings are at an address that the kernel chooses, or fail if something is mapped
            // there.
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
        // Only compat calls need the alias. Without it they are not available.
        if map(low, len, libc::PROT_NONE, reserve | libc::MAP_FIXED_NOREPLACE, 0).is_ok() {
            street.aliased = true;
            pave(low + ALIAS_BEFORE)?;
        }
        Ok(street)
    }

    /// The start and the length of the reservation around the alias.
    fn alias_reserved(&self) -> (usize, usize) {
        let alias = alias(self.base as u64) as usize;
        (alias - ALIAS_BEFORE, ALIAS_RESERVED)
    }

    /// Whether the street has an alias.
    pub fn is_aliased(&self) -> bool {
        self.aliased
    }

    /// The address of the street's first byte in the program's mapping.
    pub fn base(&self) -> u64 {
        self.base as u64
    }

    /// All bytes, including those that the program cannot read.
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: by the invariant of `view`; nothing writes while `self` is borrowed, because
        // calls into the kernel borrow it mutably.
        unsafe { std::slice::from_raw_parts(self.view.as_ptr(), LEN) }
    }

    /// All bytes, for preparation.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as for `bytes`, and `self` is borrowed mutably.
        unsafe { std::slice::from_raw_parts_mut(self.view.as_ptr(), LEN) }
    }
}

impl Drop for Street {
    fn drop(&mut self) {
        let reserved = (self.base - BEFORE) as *mut c_void;
        // SAFETY: both ranges belong to this value by the invariants, and nothing borrows from
        // `self` any more.
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

/// A page of a file, mapped so that its content survives this process.
#[derive(Debug)]
pub(crate) struct SharedPage {
    /// INVARIANT: `PAGE` bytes, readable and writable, belong to this value until drop; no
    /// reference to them outlives a borrow of `self`.
    view: NonNull<u8>,
}

// SAFETY: the mapping belongs to this value alone and not to a thread.
unsafe impl Send for SharedPage {}

impl SharedPage {
    /// Maps the first page of a file, which must be that long. Other processes may read the file,
    /// but must not write to it or truncate it.
    pub(crate) fn of(file: &File) -> io::Result<SharedPage> {
        let all = libc::PROT_READ | libc::PROT_WRITE;
        let (flags, fd) = (libc::MAP_SHARED | libc::MAP_POPULATE, file.as_raw_fd());
        // SAFETY: a new mapping at an address that the kernel chooses.
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
        // SAFETY: it belongs to this value by the invariant, and nothing borrows from `self` any
        // more.
        unsafe { libc::munmap(self.view.as_ptr().cast(), PAGE) };
    }
}

/// Whether something is mapped there.
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
    // SAFETY: the name is a C string, and the call accesses nothing else.
    let fd = unsafe { libc::memfd_create(c"street".as_ptr(), libc::MFD_CLOEXEC) };
    if fd < 0 {
        return Err(need.error(&io::Error::last_os_error()));
    }
    // SAFETY: the descriptor is new, and nothing else owns it.
    let fd = unsafe { OwnedFd::from_raw_fd(fd) };
    let lengthen = Need { operation: "the length of the street's memfd", ..need };
    mptcp_limits::file_of(LEN as u64).map_err(|error| lengthen.error(&error))?;
    // SAFETY: accesses no memory.
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

    /// The permissions in the kernel's list of mappings, page by page.
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

    /// A mapping at the alias's address is kept, and the street has no alias then.
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
