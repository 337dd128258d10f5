//! One call of the model, and the memory that it leaves.

use std::ops::{Deref, Range};

use mptcp_emulator::{Revision, Socket};
use mptcp_harness::cases::Case;
use mptcp_harness::laws::{CallRecord, ModelStreet};

/// The address of the model's street.
pub const BASE: u64 = ModelStreet::BASE;

/// The record of a call, and the street after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What the call did.
    pub record: CallRecord,
    street: ModelStreet,
}

impl Deref for Answer {
    type Target = CallRecord;

    fn deref(&self) -> &CallRecord {
        &self.record
    }
}

/// The street before a call, full of a poison.
fn street(case: &Case) -> ModelStreet {
    ModelStreet::new(0x5a ^ case.poison)
}

/// Runs a case as a kernel of this revision answers it.
pub fn ask(revision: &Revision, socket: &Socket<'_>, case: &Case) -> Answer {
    let mut street = street(case);
    Answer { record: street.call(revision, socket, case), street }
}

/// As [`ask`], without a trace: the record has no rules.
pub fn without_trace(revision: &Revision, socket: &Socket<'_>, case: &Case) -> Answer {
    let mut street = street(case);
    Answer { record: street.call_traced(revision, socket, case, &mut ()), street }
}

impl Answer {
    /// The addresses of all bytes that were written, ascending.
    pub fn written(&self) -> Vec<u64> {
        let is_written = |mask: &u8| *mask != ModelStreet::UNWRITTEN;
        let pages = self.street.mask().chunks_exact(4096).enumerate();
        pages
            .filter(|(_, page)| page.iter().any(is_written))
            .flat_map(|(number, page)| {
                let start = BASE + number as u64 * 4096;
                (start..).zip(page).filter(|(_, mask)| is_written(mask)).map(|(at, _)| at)
            })
            .collect()
    }

    /// The written bytes inside of a range of addresses: how many from its
    /// start on without a gap, and how many in all.
    pub fn written_in(&self, range: Range<u64>) -> (usize, usize) {
        let all: Vec<u64> = (self.written().into_iter()).filter(|at| range.contains(at)).collect();
        let run = all.iter().zip(range.start..).take_while(|(at, next)| **at == *next);
        (run.count(), all.len())
    }

    /// Bytes after the call, none where they are not on the street.
    pub fn bytes(&self, at: u64, len: usize) -> &[u8] {
        part(self.street.bytes(), at, len)
    }

    /// The masks beside them.
    pub fn mask(&self, at: u64, len: usize) -> &[u8] {
        part(self.street.mask(), at, len)
    }

    /// A word of the buffer after the call.
    pub fn word(&self, offset: u64) -> u32 {
        let bytes = self.bytes(self.optval().wrapping_add(offset), 4);
        bytes.try_into().map_or(0, u32::from_ne_bytes)
    }

    /// The address of the buffer.
    pub fn optval(&self) -> u64 {
        self.case.optval.address(BASE)
    }
}

/// The part of the street's bytes at an address.
fn part(street: &[u8], at: u64, len: usize) -> &[u8] {
    let offset = usize::try_from(at.wrapping_sub(BASE)).unwrap_or(usize::MAX);
    street.get(offset..offset.saturating_add(len)).unwrap_or_default()
}
