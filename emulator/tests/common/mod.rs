//! A desk to work examples at: a few pages of modelled memory, sockets with
//! contents that can be told apart, and a comparison of all that a call wrote.
#![allow(dead_code, reason = "each file of tests uses a part of it")]

pub mod full;

use std::sync::LazyLock;

use mptcp_emulator::{
    Access, Call, Connection, Content, Errno, PAGE, PagedMemory, Pages, Revision, Rule, RuleLog,
    Socket, getsockopt,
};

/// The address of the first page.
pub const BASE: u64 = 0x10_0000;

/// Three writable pages: 12288 bytes from here to [`EDGE`].
pub const ROOM: u64 = BASE + 0x1000;
/// Where the three writable pages end and one without access begins.
pub const EDGE: u64 = BASE + 0x4000;
/// One page that can only be read; a writable one follows.
pub const READ_ONLY: u64 = BASE + 0x5000;
/// One writable page behind the read-only one; nothing behind it.
pub const ISLAND: u64 = BASE + 0x6000;
/// Where the island ends.
pub const ISLAND_END: u64 = BASE + 0x7000;

static PAGES: Pages<8> = Pages::new([
    Access::Nothing,
    Access::ReadWrite,
    Access::ReadWrite,
    Access::ReadWrite,
    Access::Nothing,
    Access::Read,
    Access::ReadWrite,
    Access::Nothing,
]);

/// What stands beside a byte that nobody has written.
const UNTOUCHED: u8 = 0xee;

pub struct Desk {
    bytes: Vec<u8>,
}

/// What a call came to.
pub struct Answer {
    pub result: Result<(), Errno>,
    pub rules: Vec<Rule>,
    before: Vec<u8>,
    after: Vec<u8>,
    mask: Vec<u8>,
}

pub fn offset(at: u64) -> usize {
    usize::try_from(at - BASE).unwrap()
}

impl Desk {
    /// All pages, full of bytes that no two neighbours share.
    pub fn new() -> Desk {
        static BYTES: LazyLock<Vec<u8>> =
            LazyLock::new(|| (0..8 * PAGE).map(|at| (at % 251) as u8 ^ 0xa5).collect());
        Desk { bytes: BYTES.clone() }
    }

    pub fn put(mut self, at: u64, bytes: &[u8]) -> Desk {
        self.bytes[offset(at)..][..bytes.len()].copy_from_slice(bytes);
        self
    }

    /// Writes a length or another integer.
    pub fn int(self, at: u64, value: i32) -> Desk {
        self.put(at, &value.to_ne_bytes())
    }

    /// Writes a header, or any run of 32-bit words.
    pub fn words(self, at: u64, words: &[u32]) -> Desk {
        self.put(at, &bytes_of(words))
    }

    pub fn ask(
        self,
        revision: &Revision,
        socket: &Socket<'_>,
        option: i32,
        optval: u64,
        optlen: u64,
    ) -> Answer {
        let before = self.bytes.clone();
        let mut after = self.bytes;
        let mut mask = vec![UNTOUCHED; after.len()];
        let mut memory = PagedMemory::new(&PAGES, BASE, &mut after, &mut mask).unwrap();
        let mut order = RuleLog::default();
        let call = Call::new(option, optval, optlen);
        let result = getsockopt(revision, socket, &call, &mut memory, &mut order);
        Answer { result, rules: order.iter().collect(), before, after, mask }
    }
}

impl Answer {
    /// The call wrote these bytes and no other; later ones lie over earlier
    /// ones. A byte written with the value that it had counts as written.
    #[track_caller]
    pub fn wrote(&self, parts: &[(u64, &[u8])]) -> &Answer {
        let mut bytes = self.before.clone();
        let mut mask = vec![UNTOUCHED; bytes.len()];
        for (at, part) in parts {
            bytes[offset(*at)..][..part.len()].copy_from_slice(part);
            mask[offset(*at)..][..part.len()].fill(0);
        }
        if self.mask == mask && self.after == bytes {
            return self;
        }
        for at in 0..bytes.len() {
            let address = BASE + at as u64;
            assert_eq!(self.mask[at], mask[at], "written or not: {address:#x}");
            assert_eq!(self.after[at], bytes[at], "the byte at {address:#x}");
        }
        self
    }

    #[track_caller]
    pub fn wrote_nothing(&self) -> &Answer {
        self.wrote(&[])
    }

    #[track_caller]
    pub fn succeeded(&self) -> &Answer {
        assert_eq!(self.result, Ok(()));
        self
    }

    #[track_caller]
    pub fn failed(&self, errno: Errno) -> &Answer {
        assert_eq!(self.result, Err(errno));
        self
    }

    #[track_caller]
    pub fn by(&self, rules: &[Rule]) -> &Answer {
        assert_eq!(self.rules, rules);
        self
    }

    /// What stands beside the bytes: 0 where known, else why not.
    pub fn mask(&self, at: u64, len: usize) -> &[u8] {
        &self.mask[offset(at)..][..len]
    }
}

pub fn bytes_of(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_ne_bytes()).collect()
}

pub fn int(value: i32) -> [u8; 4] {
    value.to_ne_bytes()
}

/// Byte `at` of structure number `nth` of a kind. Structures of different
/// number differ in every byte.
pub fn content(kind: u8, nth: usize, len: u32) -> Vec<u8> {
    (0..len as usize).map(|at| kind ^ (nth * 29 + at * 3) as u8).collect()
}

/// What the kernel knows of an MPTCP socket with a number of subflows.
pub struct Known {
    pub info: Vec<u8>,
    pub tcp_info: Vec<Vec<u8>>,
    pub subflow_info: Vec<Vec<u8>>,
}

impl Known {
    /// `tcp_info` and `mptcp_info` are sizes in bytes.
    pub fn new(subflows: usize, tcp_info: u32, mptcp_info: u32) -> Known {
        Known {
            info: content(0x11, 0, mptcp_info),
            tcp_info: (0..subflows).map(|n| content(0x40, n, tcp_info)).collect(),
            subflow_info: (0..subflows).map(|n| content(0x80, n, 264)).collect(),
        }
    }

    /// The contents of a connection, as [`Connection::new`] takes them.
    pub fn contents(&self) -> [Vec<u8>; 3] {
        [self.info.clone(), self.tcp_info.concat(), self.subflow_info.concat()]
    }

    pub fn ask(
        &self,
        desk: Desk,
        revision: &Revision,
        option: i32,
        optval: u64,
        optlen: u64,
    ) -> Answer {
        let contents = self.contents();
        let [info, tcp_infos, subflow_infos] = contents.each_ref().map(|one| Content::exact(one));
        let connection = Connection::new(revision, info, tcp_infos, subflow_infos).unwrap();
        let socket = Socket::Mptcp(connection);
        desk.ask(revision, &socket, option, optval, optlen)
    }
}
