//! The model held against laws that hold whatever the kernel says: what can
//! be checked on a machine without MPTCP.

use std::ops::Range;

use mptcp_emulator::{
    Content, Errno, Fault, PagedMemory, Revision, RuleSet, UserMemory, abi, getsockopt,
};
use mptcp_harness::cases::Case;
use mptcp_harness::cases::boundary_values::{BoundaryValues, SceneFacts};
use mptcp_harness::cases::codec;
use mptcp_harness::cases::generate;
use mptcp_harness::memory::layout;
use mptcp_harness::scenes::by_name;
use serde::{Deserialize, Serialize};

use crate::model_socket::ModelSocket;
use crate::report::serial::Text;
use mptcp_harness::judge::finding::hex;

/// Cases to hold against the laws.
const CASES: u64 = 1_000_000;

/// Scenes from nothing to more subflows than any table has room for.
const SCENES: [&str; 7] = [
    "fresh-v4",
    "established-v4-client-1-after",
    "established-v4-client-2-after",
    "established-v4-client-3-after",
    "many-v4-client-9-after",
    "many-v4-client-17-after",
    "many-v4-client-41-after",
];

const SENTENCES: [&str; 5] = [
    "nothing is written outside of the buffers that the call declares",
    "a length that comes back is not above the one declared, unless that was negative",
    "a call that is refused with anything but EFAULT leaves all memory alone",
    "an error is one that the interface has a name for",
    "every answer names a rule",
];

/// Which laws the model keeps.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Laws {
    pub(crate) cases: u64,
    pub(crate) laws: Vec<Law>,
}

/// One law.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Law {
    pub(crate) sentence: Text,
    /// How many cases broke it.
    pub(crate) broken: u64,
    /// The first of them.
    pub(crate) example: Option<String>,
}

impl Laws {
    /// Whether any was broken.
    pub(crate) fn broken(&self) -> bool {
        self.laws.iter().any(|law| law.broken > 0)
    }
}

/// Holds the model of a revision against the laws.
pub(crate) fn hold(revision: &Revision, seed: u64) -> Laws {
    hold_cases(revision, seed, CASES)
}

fn hold_cases(revision: &Revision, seed: u64, cases: u64) -> Laws {
    let scenes: Vec<_> = SCENES.iter().filter_map(|name| by_name(name)).collect();
    let sockets: Vec<ModelSocket> =
        scenes.iter().map(|scene| ModelSocket::named(scene, revision)).collect();
    let cue = |(scene, socket): (&&mptcp_harness::scenes::Scene, &ModelSocket)| SceneFacts {
        scene: scene.id,
        answers: true,
        subflows: socket.with(|_, subflows| u32::try_from(subflows).unwrap_or(0)),
    };
    let scene_facts: Vec<SceneFacts> = scenes.iter().zip(&sockets).map(cue).collect();
    let mut random = fastrand::Rng::with_seed(seed);
    let mut laws: Vec<Law> = SENTENCES
        .iter()
        .map(|sentence| Law { sentence: (*sentence).into(), broken: 0, example: None })
        .collect();
    let mut images = Images::default();
    let each = cases / sockets.len().max(1) as u64;
    for (cue, socket) in scene_facts.iter().zip(&sockets) {
        let values = BoundaryValues::new(vec![*cue], revision);
        socket.with(|socket, _| {
            for _ in 0..each {
                let case = generate::case(&mut random, &values, 0);
                let kept = images.judge(&case, revision, &socket);
                for (law, kept) in laws.iter_mut().zip(kept) {
                    if !kept {
                        law.broken += 1;
                        law.example.get_or_insert_with(|| hex(&codec::encode(&case)));
                    }
                }
            }
        });
    }
    Laws { cases: each * scene_facts.len() as u64, laws }
}

/// A street that exists for the model only.
struct Images {
    bytes: Vec<u8>,
    mask: Vec<u8>,
}

impl Default for Images {
    fn default() -> Images {
        Images { bytes: vec![0; layout::LEN], mask: vec![0; layout::LEN] }
    }
}

impl Images {
    /// Which laws one case keeps.
    fn judge(
        &mut self,
        case: &Case,
        revision: &Revision,
        socket: &mptcp_emulator::Socket<'_>,
    ) -> [bool; 5] {
        let base = codec::STREET;
        let (input, len) = case.input_bytes(base);
        self.put(case.optval.offset(), &input[..len]);
        self.put(case.optlen.offset(), &case.length.to_ne_bytes());
        let declared = self.declared(case, revision, base);
        let Some(memory) =
            PagedMemory::new(&layout::PATTERN, base, &mut self.bytes, &mut self.mask)
        else {
            return [false; 5];
        };
        let mut memory = Ledger { memory, declared, writes: 0, outside: false, stored: None };
        let mut rules = RuleSet::EMPTY;
        let result = getsockopt(revision, socket, &case.call(base), &mut memory, &mut rules);
        [
            !memory.outside,
            case.length < 0 || memory.stored.is_none_or(|length| length <= case.length),
            matches!(result, Ok(()) | Err(Errno::EFAULT)) || memory.writes == 0,
            result.err().is_none_or(|errno| errno.name().is_some()),
            !rules.is_empty(),
        ]
    }

    /// Where a call may be answered: addresses and sizes, in bytes. The arrays
    /// are those that the memory names, where the length may lie across what
    /// says how large they are.
    fn declared(&self, case: &Case, revision: &Revision, base: u64) -> [(u64, u64); 6] {
        let length = match (u64::try_from(case.length), case.option) {
            (Ok(length), _) => length,
            (Err(_), abi::MPTCP_INFO) => u64::from(revision.mptcp_info),
            (Err(_), _) => 0,
        };
        let mut declared = [(0, 0); 6];
        declared[0] = (case.optlen.address(base), 4);
        declared[1] = (case.optval.address(base), length);
        if let Some(structure) = case.optval.offset().and_then(|at| self.bytes.get(at..)) {
            let word = |at: usize| number(structure, at, 4);
            for (index, (at, _)) in case.input.pointers().enumerate() {
                let size = match (case.option, index) {
                    // The addresses come first, their size behind the other's.
                    (abi::MPTCP_FULL_INFO, 0) => word(12) * word(20),
                    (abi::MPTCP_FULL_INFO, _) => word(4) * word(20),
                    // One structure, whatever the count says.
                    (_, 0) => word(at + 12),
                    _ => word(at + 8) * word(at + 12),
                };
                declared[2 + index] = (number(structure, at, 8), size);
            }
        }
        declared
    }

    fn put(&mut self, at: Option<usize>, bytes: &[u8]) {
        for (slot, byte) in self.bytes.iter_mut().skip(at.unwrap_or(layout::LEN)).zip(bytes) {
            *slot = *byte;
        }
    }
}

/// The number in so many bytes; what is past the end counts as 0.
fn number(bytes: &[u8], at: usize, len: usize) -> u64 {
    let mut eight = [0; 8];
    for (slot, byte) in eight.iter_mut().zip(bytes.iter().skip(at).take(len)) {
        *slot = *byte;
    }
    u64::from_le_bytes(eight)
}

/// Memory that keeps account of what is written.
struct Ledger<'a> {
    memory: PagedMemory<'a, { layout::PAGES }>,
    declared: [(u64, u64); 6],
    writes: u64,
    outside: bool,
    stored: Option<i32>,
}

impl Ledger<'_> {
    fn book(&mut self, at: u64, part: Range<u64>) {
        if part.is_empty() {
            return;
        }
        self.writes += 1;
        let inside = |(start, size): &(u64, u64)| {
            let into = at.wrapping_sub(*start);
            into <= *size && part.end <= *size - into
        };
        self.outside |= !self.declared.iter().any(inside);
    }
}

impl UserMemory for Ledger<'_> {
    fn load(&self, at: u64) -> Result<i32, Fault> {
        self.memory.load(at)
    }

    fn store(&mut self, at: u64, value: i32) -> Result<(), Fault> {
        self.book(at, 0..4);
        self.stored = Some(value);
        self.memory.store(at, value)
    }

    fn copy_in(&self, at: u64, into: &mut [u8]) -> Result<(), Fault> {
        self.memory.copy_in(at, into)
    }

    fn copy_out(&mut self, at: u64, content: Content<'_>) -> Result<(), Fault> {
        self.book(at, 0..content.len() as u64);
        self.memory.copy_out(at, content)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_revision_keeps_the_laws() {
        for revision in Revision::ALL.into_iter().flat_map(|known| [known, known.with_info_opt()]) {
            let laws = hold_cases(&revision, 1, 20_000);
            assert!(laws.cases > 19_000);
            assert!(!laws.broken(), "{}: {laws:?}", revision.name);
        }
    }

    #[test]
    fn a_write_outside_is_booked() {
        let mut images = Images::default();
        let mut ledger = |at: u64, len: u64| {
            let memory = PagedMemory::new(&layout::PATTERN, 0, &mut images.bytes, &mut images.mask);
            memory.map(|memory| {
                let mut ledger = Ledger {
                    memory,
                    declared: [(100, 10), (0, 0), (0, 0), (0, 0), (0, 0), (0, 0)],
                    writes: 0,
                    outside: false,
                    stored: None,
                };
                ledger.book(at, 0..len);
                ledger.outside
            })
        };
        assert_eq!(ledger(100, 10), Some(false));
        assert_eq!(ledger(100, 11), Some(true));
        assert_eq!(ledger(99, 1), Some(true));
        assert_eq!(ledger(110, 0), Some(false));
    }
}
