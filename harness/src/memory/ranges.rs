//! The ranges of the street that a call concerns.

use std::ops::Range;

use mptcp_emulator::{Content, Fault, UserMemory};

use crate::memory::layout;

/// The margin of each comparison around what a call concerns, in bytes. Sweeps of the whole street
/// compare the rest.
const MARGIN: usize = 64;

/// Up to eight ranges of the street. If there are more, neighbouring ranges are joined, including
/// the gap between them.
#[derive(Clone, Debug, Default)]
pub struct Ranges {
    ranges: [Range<usize>; 8],
    len: usize,
}

impl Ranges {
    /// Removes all ranges.
    #[inline]
    pub fn clear(&mut self) {
        self.len = 0;
    }

    /// Adds a range, clipped to the street.
    #[inline]
    pub fn add(&mut self, start: usize, len: usize) {
        let end = start.saturating_add(len).min(layout::LEN);
        if start >= end {
            return;
        }
        for range in &mut self.ranges[..self.len] {
            if start <= range.end && end >= range.start {
                range.start = range.start.min(start);
                range.end = range.end.max(end);
                return;
            }
        }
        if let Some(slot) = self.ranges.get_mut(self.len) {
            *slot = start..end;
            self.len += 1;
        } else {
            let last = &mut self.ranges[self.len - 1];
            *last = last.start.min(start)..last.end.max(end);
        }
    }

    /// The ranges; they may overlap.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = Range<usize>> + Clone + '_ {
        self.ranges[..self.len].iter().cloned()
    }

    /// The ranges with their margins.
    #[inline]
    pub fn with_margins(&self) -> impl Iterator<Item = Range<usize>> + Clone + '_ {
        self.iter()
            .map(|range| range.start.saturating_sub(MARGIN)..(range.end + MARGIN).min(layout::LEN))
    }
}

/// One write of the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// A length, stored at an address.
    Store(u64, i32),
    /// A number of bytes, copied to an address.
    Copy(u64, usize),
}

impl Write {
    /// The address of its first byte, and its size in bytes.
    #[inline]
    pub fn extent(self) -> (u64, usize) {
        match self {
            Write::Store(at, value) => (at, size_of_val(&value)),
            Write::Copy(at, len) => (at, len),
        }
    }
}

/// What is kept of the writes of one call. A write counts whether or not it faults.
pub trait WriteLog {
    /// Adds a write; the street is at `base`.
    fn add(&mut self, write: Write, base: u64);
}

/// Keeps which parts of the street are written.
impl WriteLog for Ranges {
    #[inline]
    fn add(&mut self, write: Write, base: u64) {
        let (at, len) = write.extent();
        if let Ok(start) = usize::try_from(at.wrapping_sub(base)) {
            Ranges::add(self, start, len);
        }
    }
}

/// Keeps all writes, in order.
impl WriteLog for Vec<Write> {
    fn add(&mut self, write: Write, _: u64) {
        self.push(write);
    }
}

/// Memory that records its writes.
#[derive(Debug)]
pub struct Recording<'a, M, L = Ranges> {
    pub(crate) memory: M,
    pub(crate) base: u64,
    pub(crate) extents: &'a mut L,
}

impl<M: UserMemory, L: WriteLog> UserMemory for Recording<'_, M, L> {
    #[inline]
    fn load(&self, at: u64) -> Result<i32, Fault> {
        self.memory.load(at)
    }

    #[inline]
    fn store(&mut self, at: u64, value: i32) -> Result<(), Fault> {
        self.extents.add(Write::Store(at, value), self.base);
        self.memory.store(at, value)
    }

    #[inline]
    fn copy_in(&self, at: u64, into: &mut [u8]) -> Result<(), Fault> {
        self.memory.copy_in(at, into)
    }

    #[inline]
    fn copy_out(&mut self, at: u64, content: Content<'_>) -> Result<(), Fault> {
        self.extents.add(Write::Copy(at, content.len()), self.base);
        self.memory.copy_out(at, content)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covered(extents: &Ranges) -> Vec<usize> {
        let mut all: Vec<usize> = extents.iter().flatten().collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    #[test]
    fn whatever_is_added_is_covered_even_when_there_is_more_than_fits() {
        let mut random = fastrand::Rng::with_seed(3);
        for _ in 0..500 {
            let mut extents = Ranges::default();
            let mut added = Vec::new();
            for _ in 0..random.usize(1..30) {
                let (start, len) = (random.usize(..layout::LEN + 50), random.usize(..400));
                extents.add(start, len);
                added.extend((start..start + len).filter(|at| *at < layout::LEN));
            }
            let covered = covered(&extents);
            assert!(added.iter().all(|at| covered.binary_search(at).is_ok()));
            extents.clear();
            assert_eq!(extents.iter().count(), 0);
        }
    }

    #[test]
    fn neighbours_become_one_range() {
        let mut extents = Ranges::default();
        for index in 0..41 {
            extents.add(0x2000 + index * 280, 280);
            extents.add(0x8000 + index * 264, 264);
        }
        assert_eq!(extents.iter().collect::<Vec<_>>(), [0x2000..0x4cd8, 0x8000..0xaa48]);
    }

    #[test]
    fn margins_stay_on_the_street() {
        let mut extents = Ranges::default();
        extents.add(10, 1);
        extents.add(layout::LEN - 1, 9);
        let ranges: Vec<_> = extents.with_margins().collect();
        assert_eq!(ranges, [0..75, layout::LEN - 65..layout::LEN]);
    }
}
