//! The layout of the street: its pages, and what a program may do with each.

use mptcp_emulator::Access::{Nothing as N, Read as R, ReadWrite as W};
use mptcp_emulator::{Access, PAGE, Pages};

/// Pages on the street.
pub const PAGES: usize = 48;

/// Bytes on the street.
pub const LEN: usize = PAGES * PAGE;

/// The permissions, page by page: a long, a medium and some short writable stretches, with every
/// kind of neighbour on either side.
pub static PATTERN: Pages<PAGES> = Pages::new([
    N, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, // 1 to 16: 64 KiB
    W, N, W, R, W, W, W, W, W, W, W, W, N, R, W, N, // 18; 20 to 27; 30
    R, R, W, W, W, W, W, W, R, W, N, N, W, N, R, N, // 34 to 39; 41; 44
]);

/// The page that is not mapped at all. Every other page without access is mapped `PROT_NONE`. The
/// kernel treats both the same, which this tests.
pub const UNMAPPED: usize = 28;

/// How far behind its buffer a compat call may have the kernel write: 2 MiB.
pub const ALIAS_REACH: u32 = 2 << 20;

/// The address of the street in a 32-bit program: the lower half of its native address `base`.
#[inline]
pub const fn alias(base: u64) -> u64 {
    base & 0xffff_ffff
}

/// Neighbouring pages with one permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Offset of the first byte.
    pub start: usize,
    /// Offset behind the last byte.
    pub end: usize,
    /// What the program may do there.
    pub access: Access,
}

impl Stretch {
    /// A noun phrase for a sentence.
    pub fn what(&self) -> &'static str {
        match self.access {
            Access::Nothing => "stretch without access",
            Access::Read => "read-only stretch",
            Access::ReadWrite => "writable stretch",
        }
    }
}

/// All stretches, from the start of the street to its end.
pub fn stretches() -> impl Iterator<Item = Stretch> {
    let mut start = 0;
    std::iter::from_fn(move || {
        (start < LEN).then(|| {
            let found = stretch(start);
            start = found.end;
            found
        })
    })
}

/// The stretch of the byte at `offset`.
pub fn stretch(offset: usize) -> Stretch {
    let access = PATTERN.access();
    let page = (offset / PAGE).min(PAGES - 1);
    let this = access[page];
    let before = access[..page].iter().rev().take_while(|other| **other == this).count();
    let after = access[page..].iter().take_while(|other| **other == this).count();
    Stretch { start: (page - before) * PAGE, end: (page + after) * PAGE, access: this }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_cover_the_street_and_neighbours_differ() {
        let all: Vec<Stretch> = stretches().collect();
        assert_eq!((all[0].start, all[all.len() - 1].end), (0, LEN));
        for pair in all.windows(2) {
            assert_eq!(pair[0].end, pair[1].start);
            assert_ne!(pair[0].access, pair[1].access);
        }
    }
}
