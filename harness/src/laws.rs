//! Laws of the model: what every prediction keeps, whatever a kernel does. They need no kernel.
//!
//! A [`ModelStreet`] makes a call of the model and records it, and a [`Law`] judges the record.
//! `assay check` counts broken laws where there is no MPTCP. `proptests` searches for cases that
//! break them, and confirms that wrong models do.

use mptcp_emulator::{Errno, PagedMemory, Revision, Rule, RuleLog, Socket, Trace, abi, getsockopt};

use crate::cases::{Case, Entry, Place};
use crate::memory::layout;
use crate::memory::ranges::{Recording, Write};

/// A statement that holds for each call of the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Law {
    /// Seed, commit 06f15cee3695: "olen has to be set to the number of bytes that userspace has
    /// allocated to receive the kernel data." UAPI, struct mptcp_full_info: the arrays are "at
    /// least: size_arrays * size_sfinfo_user / size_arrays * size_tcpinfo_user bytes wide".
    DeclaredBuffers,
    /// getsockopt(2): optlen is "modified on return to indicate the actual size of the value
    /// returned", which is in the buffer of the size passed.
    ReturnedLength,
    /// getsockopt(2): "EINVAL: optlen invalid"; the kernel's selftest: if the header is refused,
    /// optlen "must be unchanged".
    UntouchedMemory,
    /// getsockopt(2) lists the errors.
    NamedError,
    /// Every decision is a named rule, so no call ends without one.
    NamedRule,
}

impl Law {
    /// All of them.
    pub const ALL: [Law; 5] = [
        Law::DeclaredBuffers,
        Law::ReturnedLength,
        Law::UntouchedMemory,
        Law::NamedError,
        Law::NamedRule,
    ];

    /// The law in words.
    pub const fn sentence(self) -> &'static str {
        match self {
            Law::DeclaredBuffers => {
                "nothing is written outside of the buffers that the call declares"
            }
            Law::ReturnedLength => {
                "a length that comes back is not above the one declared, unless that was negative"
            }
            Law::UntouchedMemory => {
                "a call that is refused with anything but EFAULT leaves all memory alone"
            }
            Law::NamedError => "an error is one that the interface has a name for",
            Law::NamedRule => "every answer names a rule",
        }
    }

    /// Whether a call of the model keeps the law.
    pub fn is_kept(self, call: &CallRecord) -> bool {
        match self {
            Law::DeclaredBuffers => call.writes.iter().all(|write| {
                let (start, len) = write.extent();
                let write = Buffer { start, len: len as u64 };
                call.declared.iter().any(|buffer| buffer.contains(write))
            }),
            Law::ReturnedLength => {
                let fits = |length| (0..=call.case.length).contains(&length);
                call.case.length < 0 || call.stored().is_none_or(fits)
            }
            Law::UntouchedMemory => {
                matches!(call.result, Ok(()) | Err(Errno::EFAULT)) || call.writes.is_empty()
            }
            Law::NamedError => call.result.err().is_none_or(|errno| errno.name().is_some()),
            Law::NamedRule => !call.rules.is_empty(),
        }
    }
}

/// A part of a program's memory; it may wrap around the end of the address space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Buffer {
    /// The address of the first byte.
    pub start: u64,
    /// The size in bytes.
    pub len: u64,
}

impl Buffer {
    /// Whether all bytes of `other` are in it; an empty one always is.
    pub fn contains(self, other: Buffer) -> bool {
        let into = other.start.wrapping_sub(self.start);
        other.len == 0 || (into <= self.len && other.len <= self.len - into)
    }

    /// Whether the two have a byte in common.
    pub fn overlaps(self, other: Buffer) -> bool {
        let begins =
            |one: Buffer, in_other: Buffer| one.start.wrapping_sub(in_other.start) < in_other.len;
        self.len > 0 && other.len > 0 && (begins(self, other) || begins(other, self))
    }
}

/// One call of the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallRecord {
    /// The case.
    pub case: Case,
    /// Success or the error.
    pub result: Result<(), Errno>,
    /// The rules in the order in which they fired.
    pub rules: Vec<Rule>,
    /// All writes in order, including those that fault.
    pub writes: Vec<Write>,
    /// What the program declares as its own by the call: the length, the buffer, then each array.
    pub declared: Vec<Buffer>,
}

impl CallRecord {
    /// The length that the model stored last.
    pub fn stored(&self) -> Option<i32> {
        self.writes.iter().rev().find_map(|write| match write {
            Write::Store(_, value) => Some(*value),
            Write::Copy(..) => None,
        })
    }
}

/// A street that exists for the model only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelStreet {
    bytes: Vec<u8>,
    mask: Vec<u8>,
}

impl ModelStreet {
    /// The address of the street. It has 32 bits, so that all programs have it there.
    pub const BASE: u64 = 0x0400_0000;

    /// What the mask has for a byte that no call has written.
    pub const UNWRITTEN: u8 = 0xff;

    /// A street that is full of one byte.
    pub fn new(byte: u8) -> ModelStreet {
        let mask = vec![ModelStreet::UNWRITTEN; layout::LEN];
        ModelStreet { bytes: vec![byte; layout::LEN], mask }
    }

    /// All bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The masks beside them: see [`mptcp_emulator::OpenReason`].
    pub fn mask(&self) -> &[u8] {
        &self.mask
    }

    /// Makes a call of the model. What earlier calls wrote remains.
    pub fn call(&mut self, revision: &Revision, socket: &Socket<'_>, case: &Case) -> CallRecord {
        let mut rules = RuleLog::default();
        let record = self.call_traced(revision, socket, case, &mut rules);
        CallRecord { rules: rules.iter().collect(), ..record }
    }

    /// As [`ModelStreet::call`], with another trace; the record has no rules.
    pub fn call_traced<T: Trace>(
        &mut self,
        revision: &Revision,
        socket: &Socket<'_>,
        case: &Case,
        trace: &mut T,
    ) -> CallRecord {
        let base = ModelStreet::BASE;
        let (input, len) = case.input_bytes(base);
        self.put(case.optval, &input[..len]);
        self.put(case.optlen, &case.length.to_ne_bytes());
        let declared = self.declared(case, revision);
        let mut writes = Vec::new();
        let Some(memory) =
            PagedMemory::new(&layout::PATTERN, base, &mut self.bytes, &mut self.mask)
        else {
            unreachable!("the image is as long as the street");
        };
        let mut memory = Recording { memory, base, extents: &mut writes };
        let registers = case.registers(base);
        let call = match case.entry {
            Entry::Native => registers,
            Entry::Compat => registers.compat_with(revision.behaviors.compat_address),
        };
        let result = getsockopt(revision, socket, &call, &mut memory, trace);
        CallRecord { case: *case, result, rules: Vec::new(), writes, declared }
    }

    fn put(&mut self, at: Place, bytes: &[u8]) {
        let slots = at.offset().and_then(|at| self.bytes.get_mut(at..)).unwrap_or_default();
        slots.iter_mut().zip(bytes).for_each(|(slot, byte)| *slot = *byte);
    }

    /// See [`CallRecord::declared`]. A negative length declares no buffer, except for
    /// `MPTCP_INFO`, which takes it for a huge one. The arrays are those that the memory
    /// describes, because the length may overlap their sizes.
    fn declared(&self, case: &Case, revision: &Revision) -> Vec<Buffer> {
        let len = match (u64::try_from(case.length), case.option) {
            (Ok(length), _) => length,
            (Err(_), abi::MPTCP_INFO) => u64::from(revision.mptcp_info),
            (Err(_), _) => 0,
        };
        let call = case.call(ModelStreet::BASE);
        let mut declared =
            vec![Buffer { start: call.optlen, len: 4 }, Buffer { start: call.optval, len }];
        if let Some(structure) = case.optval.offset().and_then(|at| self.bytes.get(at..)) {
            let word = |at| number(structure, at, 4);
            declared.extend(case.input.pointers().enumerate().map(|(index, (at, _))| {
                let len = match (case.option, index) {
                    // The addresses come first, their size behind the other one.
                    (abi::MPTCP_FULL_INFO, 0) => word(12) * word(20),
                    (abi::MPTCP_FULL_INFO, _) => word(4) * word(20),
                    // One structure, whatever the count is.
                    (_, 0) => word(at + 12),
                    _ => word(at + 8) * word(at + 12),
                };
                Buffer { start: number(structure, at, 8), len }
            }));
        }
        declared
    }
}

/// The number in `len` bytes; a byte past the end counts as 0.
fn number(bytes: &[u8], at: usize, len: usize) -> u64 {
    let mut eight = [0; 8];
    for (slot, byte) in eight.iter_mut().zip(bytes.iter().skip(at).take(len)) {
        *slot = *byte;
    }
    u64::from_le_bytes(eight)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_ends_with_its_last_byte() {
        let buffer = |start, len| Buffer { start, len };
        let ten = buffer(100, 10);
        let inside = [(100, 10, true), (100, 11, false), (99, 1, false), (109, 1, true)];
        for (start, len, is_inside) in inside.into_iter().chain([(110, 1, false), (7, 0, true)]) {
            assert_eq!(ten.contains(buffer(start, len)), is_inside, "{len} bytes at {start}");
        }
        assert!(ten.overlaps(buffer(109, 5)) && ten.overlaps(buffer(95, 6)));
        assert!(!ten.overlaps(buffer(110, 5)) && !ten.overlaps(buffer(95, 5)));
        assert!(buffer(u64::MAX, 200).overlaps(ten) && !ten.overlaps(buffer(105, 0)));
    }
}
