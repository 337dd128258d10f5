//! Sockets that own what they say.

use mptcp_emulator::{Connection, Content, Family, Revision, SUBFLOW_INFO, Socket, Subflow};
use proptest::prelude::*;

use crate::MOST_SUBFLOWS;

/// Bytes with a mask beside them.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Owned {
    bytes: Vec<u8>,
    mask: Vec<u8>,
}

impl Owned {
    fn new(seed: u64, len: u32) -> Owned {
        let bytes: Vec<u8> = noise(seed).take(len as usize).collect();
        // Some bytes are open, as clocks are; most are known.
        let mask = noise(!seed)
            .map(|byte| if byte < 0xe0 { 0 } else { byte % 3 })
            .take(bytes.len())
            .collect();
        Owned { bytes, mask }
    }

    fn content(&self) -> Content<'_> {
        Content::masked(&self.bytes, &self.mask).unwrap_or(Content::exact(&self.bytes))
    }

    fn cut(&self, len: u32) -> Owned {
        let len = self.bytes.len().min(len as usize);
        Owned { bytes: self.bytes[..len].to_vec(), mask: self.mask[..len].to_vec() }
    }
}

/// Bytes that follow from a seed and look like any.
pub fn noise(seed: u64) -> impl Iterator<Item = u8> {
    let mut state = seed;
    std::iter::from_fn(move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        Some((mixed ^ (mixed >> 27)).to_be_bytes()[0])
    })
}

/// The state of an MPTCP socket, with contents that follow from a seed.
#[derive(Clone, PartialEq, Eq)]
pub struct OwnedConnection {
    seed: u64,
    info: Owned,
    subflows: Vec<(Owned, Owned)>,
}

impl OwnedConnection {
    /// A connection as a kernel of this revision knows it.
    pub fn new(revision: &Revision, subflows: usize, seed: u64) -> OwnedConnection {
        let subflow = |number: usize| {
            let seed = seed ^ ((number as u64 + 1) << 48);
            (Owned::new(seed, revision.tcp_info), Owned::new(seed.rotate_left(7), SUBFLOW_INFO))
        };
        OwnedConnection {
            seed,
            info: Owned::new(seed.rotate_left(13), revision.mptcp_info),
            subflows: (0..subflows).map(subflow).collect(),
        }
    }

    /// The same connection as a kernel that knows less knows it.
    #[must_use]
    pub fn cut_to(&self, revision: &Revision) -> OwnedConnection {
        OwnedConnection {
            seed: self.seed,
            info: self.info.cut(revision.mptcp_info),
            subflows: (self.subflows.iter())
                .map(|(tcp, addresses)| (tcp.cut(revision.tcp_info), addresses.clone()))
                .collect(),
        }
    }

    /// How many subflows there are.
    pub fn subflows(&self) -> usize {
        self.subflows.len()
    }

    /// The bytes of `mptcp_info`.
    pub fn info(&self) -> &[u8] {
        &self.info.bytes
    }

    /// The bytes of a subflow's `tcp_info`.
    pub fn tcp_info(&self, subflow: usize) -> &[u8] {
        &self.subflows[subflow].0.bytes
    }

    /// The bytes of a subflow's id and addresses.
    pub fn subflow_info(&self, subflow: usize) -> &[u8] {
        &self.subflows[subflow].1.bytes
    }

    /// Lends the socket to the model.
    pub fn with<R>(&self, work: impl FnOnce(&Socket<'_>) -> R) -> R {
        let subflows: Vec<Subflow<'_>> = (self.subflows.iter())
            .map(|(tcp_info, subflow_info)| Subflow {
                tcp_info: tcp_info.content(),
                subflow_info: subflow_info.content(),
            })
            .collect();
        work(&Socket::Mptcp(Connection { info: self.info.content(), subflows: &subflows }))
    }
}

/// Without the contents, which follow from the seed.
impl std::fmt::Debug for OwnedConnection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OwnedConnection")
            .field("subflows", &self.subflows())
            .field("mptcp_info", &self.info.bytes.len())
            .field("tcp_info", &self.subflows.first().map(|first| first.0.bytes.len()))
            .field("seed", &self.seed)
            .finish()
    }
}

/// A descriptor of any kind.
#[derive(Clone, Debug)]
pub enum OwnedSocket {
    /// An MPTCP socket that answers.
    Connection(OwnedConnection),
    /// Anything that refuses.
    Other(Socket<'static>),
}

impl OwnedSocket {
    /// Lends the socket to the model.
    pub fn with<R>(&self, work: impl FnOnce(&Socket<'_>) -> R) -> R {
        match self {
            OwnedSocket::Connection(connection) => connection.with(work),
            OwnedSocket::Other(socket) => work(socket),
        }
    }
}

/// A connection of a kernel of this revision: up to 20 subflows.
pub fn any_connection(revision: Revision) -> impl Strategy<Value = OwnedConnection> {
    (0..=MOST_SUBFLOWS, any::<u64>())
        .prop_map(move |(subflows, seed)| OwnedConnection::new(&revision, subflows, seed))
}

/// A socket of a kernel of this revision, in seven of eight cases one that
/// answers.
pub fn any_socket(revision: Revision) -> impl Strategy<Value = OwnedSocket> {
    let refusing = prop::sample::select(vec![
        Socket::FallenBack(Family::V4),
        Socket::FallenBack(Family::V6),
        Socket::Tcp(Family::V4),
        Socket::Tcp(Family::V6),
        Socket::Udp(Family::V4),
        Socket::Udp(Family::V6),
        Socket::Unix,
        Socket::NotASocket,
        Socket::Closed,
    ]);
    prop_oneof![
        7 => any_connection(revision).prop_map(OwnedSocket::Connection),
        1 => refusing.prop_map(OwnedSocket::Other),
    ]
}
