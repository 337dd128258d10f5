//! Requests for `MPTCP_FULL_INFO`, answered by 6.18.

use mptcp_emulator::Revision;
use mptcp_emulator::abi::MPTCP_FULL_INFO;

use super::{Answer, Desk, Known, ROOM, bytes_of};

pub const LENGTH: u64 = ROOM + 0x2800;
pub const ADDRESSES: u64 = ROOM + 0x400;
pub const TCP_INFOS: u64 = ROOM + 0x1400;

/// The 40 bytes before `mptcp_info`.
#[derive(Clone, Copy)]
pub struct Full {
    pub tcpinfo: [u32; 2],
    pub sfinfo: [u32; 2],
    pub num_subflows: u32,
    pub arrays: u32,
    pub at: [u64; 2],
}

impl Full {
    /// Sizes as 6.18 knows them, arrays of so many elements.
    pub const fn asking(arrays: u32) -> Full {
        Full {
            tcpinfo: [0, 280],
            sfinfo: [0, 264],
            num_subflows: 0,
            arrays,
            at: [ADDRESSES, TCP_INFOS],
        }
    }

    pub fn bytes(self) -> Vec<u8> {
        let words = [
            self.tcpinfo[0],
            self.tcpinfo[1],
            self.sfinfo[0],
            self.sfinfo[1],
            self.num_subflows,
            self.arrays,
        ];
        let pointers = self.at.iter().flat_map(|at| at.to_ne_bytes());
        bytes_of(&words).into_iter().chain(pointers).collect()
    }
}

pub fn ask_at(
    optval: u64,
    optlen: u64,
    subflows: usize,
    full: Full,
    length: i32,
) -> (Known, Answer) {
    let known = Known::new(subflows, 280, 96);
    let desk = Desk::new().put(optval, &full.bytes()).int(optlen, length);
    let answer = known.ask(desk, &Revision::V6_18, MPTCP_FULL_INFO, optval, optlen);
    (known, answer)
}

pub fn ask(subflows: usize, full: Full, length: i32) -> (Known, Answer) {
    ask_at(ROOM, LENGTH, subflows, full, length)
}

/// What the kernel answers in the 40 bytes.
pub fn answered(full: Full, subflows: u32) -> Vec<u8> {
    Full {
        tcpinfo: [280, full.tcpinfo[1].min(280)],
        sfinfo: [264, full.sfinfo[1].min(264)],
        num_subflows: subflows,
        ..full
    }
    .bytes()
}
