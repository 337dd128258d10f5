//! One call on a modelled street, and everything that it did there.

use std::ops::Range;

use mptcp_emulator::{
    Call, Content, Errno, Fault, PagedMemory, Revision, Rule, RuleLog, Socket, Trace, UserMemory,
    abi, getsockopt,
};
use mptcp_harness::cases::{Case, Entry, Input, Place};
use mptcp_harness::memory::layout;

/// Where the modelled street stands: at an address that 32 bits hold, so that all
/// programs have it there.
pub const BASE: u64 = 0x0400_0000;

/// What stands beside a byte that the call has not written.
const UNTOUCHED: u8 = 0xff;

/// One write of the model, whether or not all of it went through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// A length stored at an address.
    Store(u64, i32),
    /// A block of so many bytes, copied out to an address.
    Copy(u64, usize),
}

/// What a call came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Success or the error.
    pub result: Result<(), Errno>,
    /// The rules, as they fired.
    pub rules: Vec<Rule>,
    /// What was to be written, in order; of a store that failed, nothing.
    pub writes: Vec<Write>,
    /// The case.
    pub case: Case,
    before: Vec<u8>,
    after: Vec<u8>,
    mask: Vec<u8>,
}

/// Memory that keeps a log.
struct Logged<'a> {
    memory: PagedMemory<'a, { layout::PAGES }>,
    log: &'a mut Vec<Write>,
}

impl UserMemory for Logged<'_> {
    fn load(&self, at: u64) -> Result<i32, Fault> {
        self.memory.load(at)
    }

    fn store(&mut self, at: u64, value: i32) -> Result<(), Fault> {
        self.memory.store(at, value)?;
        self.log.push(Write::Store(at, value));
        Ok(())
    }

    fn copy_in(&self, at: u64, into: &mut [u8]) -> Result<(), Fault> {
        self.memory.copy_in(at, into)
    }

    fn copy_out(&mut self, at: u64, content: Content<'_>) -> Result<(), Fault> {
        self.log.push(Write::Copy(at, content.len()));
        self.memory.copy_out(at, content)
    }
}

/// Runs a case as a kernel with these behaviors answers it.
pub fn ask(revision: &Revision, socket: &Socket<'_>, case: &Case) -> Answer {
    let mut order = RuleLog::default();
    let mut answer = lay_out_and_ask(revision, socket, case, &mut order);
    answer.rules = order.iter().collect();
    answer
}

/// The same without anybody who wants to know the rules.
pub fn without_trace(revision: &Revision, socket: &Socket<'_>, case: &Case) -> Answer {
    lay_out_and_ask(revision, socket, case, &mut ())
}

/// Runs a case with any trace; the answer's rules are left empty.
fn lay_out_and_ask<T: Trace>(
    revision: &Revision,
    socket: &Socket<'_>,
    case: &Case,
    trace: &mut T,
) -> Answer {
    let before = laid_out(case);
    let mut after = before.clone();
    let mut mask = vec![UNTOUCHED; layout::LEN];
    let mut log = Vec::new();
    let Some(memory) = PagedMemory::new(&layout::PATTERN, BASE, &mut after, &mut mask) else {
        unreachable!("the image is as long as the street")
    };
    let mut memory = Logged { memory, log: &mut log };
    let registers: Call = case.registers(BASE);
    let call = match case.entry {
        Entry::Native => registers,
        Entry::Compat => registers.compat_with(revision.behaviors.compat_address),
    };
    let result = getsockopt(revision, socket, &call, &mut memory, trace);
    Answer { result, rules: Vec::new(), writes: log, case: *case, before, after, mask }
}

/// The street before a call: a poison, the input, and the length over it.
fn laid_out(case: &Case) -> Vec<u8> {
    let mut bytes = vec![0x5a ^ case.poison; layout::LEN];
    let mut put = |place: Place, what: &[u8]| {
        if let Some(at) = place.offset() {
            let len = what.len().min(layout::LEN - at);
            bytes[at..at + len].copy_from_slice(&what[..len]);
        }
    };
    let (input, len) = case.input_bytes(BASE);
    put(case.optval, &input[..len]);
    put(case.optlen, &case.length.to_ne_bytes());
    bytes
}

/// Whether two ranges of addresses have a byte in common; they may wrap
/// around.
pub fn overlap(one: (u64, u64), other: (u64, u64)) -> bool {
    let (a, b) = (one, other);
    a.1 > 0 && b.1 > 0 && (b.0.wrapping_sub(a.0) < a.1 || a.0.wrapping_sub(b.0) < b.1)
}

impl Answer {
    /// Whether no byte was written, not even with the value that it had.
    pub fn wrote_nothing(&self) -> bool {
        self.before == self.after && self.mask.iter().all(|mask| *mask == UNTOUCHED)
    }

    /// The addresses of all bytes that were written, ascending.
    pub fn written(&self) -> Vec<u64> {
        let pages = self.mask.chunks_exact(4096).enumerate();
        pages
            .filter(|(_, page)| page.iter().any(|mask| *mask != UNTOUCHED))
            .flat_map(|(number, page)| {
                let start = BASE + number as u64 * 4096;
                (start..).zip(page).filter(|(_, mask)| **mask != UNTOUCHED).map(|(at, _)| at)
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
        let offset = usize::try_from(at.wrapping_sub(BASE)).unwrap_or(usize::MAX);
        self.after.get(offset..offset.saturating_add(len)).unwrap_or_default()
    }

    /// The masks beside them.
    pub fn mask(&self, at: u64, len: usize) -> &[u8] {
        let offset = usize::try_from(at.wrapping_sub(BASE)).unwrap_or(usize::MAX);
        self.mask.get(offset..offset.saturating_add(len)).unwrap_or_default()
    }

    /// A word of the buffer after the call.
    pub fn word(&self, offset: u64) -> u32 {
        let bytes = self.bytes(self.optval().wrapping_add(offset), 4);
        bytes.try_into().map_or(0, u32::from_ne_bytes)
    }

    /// The length that was stored, if one was.
    pub fn stored(&self) -> Option<i32> {
        self.writes.iter().rev().find_map(|write| match write {
            Write::Store(_, value) => Some(*value),
            Write::Copy(..) => None,
        })
    }

    /// The address of the buffer.
    pub fn optval(&self) -> u64 {
        self.case.optval.address(BASE)
    }

    /// The address of the length.
    pub fn optlen(&self) -> u64 {
        self.case.optlen.address(BASE)
    }

    /// What the program has declared as its own by the call: pairs of address
    /// and bytes. The length; the buffer, so long; the arrays.
    ///
    /// A negative length declares no buffer. `MPTCP_INFO` takes it for a
    /// huge one, so `structure` bytes, the kernel's size of `mptcp_info`,
    /// stand for it there.
    pub fn declared(&self, structure: u32) -> Vec<(u64, u64)> {
        let buffer = match u32::try_from(self.case.length) {
            Ok(length) => u64::from(length),
            Err(_) if self.case.option == abi::MPTCP_INFO => u64::from(structure),
            Err(_) => 0,
        };
        let mut declared = vec![(self.optlen(), 4), (self.optval(), buffer)];
        if let Input::Full(full) = &self.case.input {
            let elements = u64::from(full.size_arrays_user);
            let array = |at: Place, size: u32| (at.address(BASE), elements * u64::from(size));
            declared.push(array(full.subflow_info, full.size_sfinfo_user));
            declared.push(array(full.tcp_info, full.size_tcpinfo_user));
        }
        if let Input::Opt(opt) = &self.case.input {
            for (index, block) in opt.blocks.iter().enumerate() {
                // mptcp_info is one structure, whatever its count.
                let elements = if index == 0 { 1 } else { u64::from(block.nmemb_user) };
                declared.push((block.address.address(BASE), elements * u64::from(block.size_user)));
            }
        }
        declared
    }
}
