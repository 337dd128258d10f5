//! Sockets with contents that follow from a seed.

use mptcp_emulator::{Connection, ContentMut, Family, Revision, Socket};
use proptest::prelude::*;

use crate::MOST_SUBFLOWS;

/// Fills a content with bytes of which some are open, as clocks are; most are known.
fn fill(content: &mut ContentMut<'_>, seed: u64) {
    for (byte, noise) in content.bytes.iter_mut().zip(noise(seed)) {
        *byte = noise;
    }
    for (mask, noise) in content.mask.iter_mut().zip(noise(!seed)) {
        *mask = if noise < 0xe0 { 0 } else { noise % 3 };
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
    contents: mptcp_emulator::OwnedConnection,
}

impl OwnedConnection {
    /// A connection as a kernel of this revision knows it.
    pub fn new(revision: &Revision, subflows: usize, seed: u64) -> OwnedConnection {
        let mut contents = mptcp_emulator::OwnedConnection::new(revision, subflows);
        fill(&mut contents.info_mut(), seed.rotate_left(13));
        for (number, mut subflow) in (1..).zip(contents.subflows_mut()) {
            let seed = seed ^ (number << 48);
            fill(&mut subflow.tcp_info, seed);
            fill(&mut subflow.subflow_info, seed.rotate_left(7));
        }
        OwnedConnection { seed, contents }
    }

    /// The same connection as a kernel that knows less knows it.
    #[must_use]
    pub fn cut_to(&self, revision: &Revision) -> OwnedConnection {
        let (info, subflows) = (self.connection().info(), self.connection().subflows());
        let contents = mptcp_emulator::OwnedConnection::of(revision, info, subflows);
        OwnedConnection { seed: self.seed, contents: contents.unwrap_or(self.contents.clone()) }
    }

    /// The connection as the model takes it.
    fn connection(&self) -> Connection<'_> {
        self.contents.as_connection()
    }

    /// How many subflows there are.
    pub fn subflows(&self) -> usize {
        self.connection().subflows().len()
    }

    /// The bytes of `mptcp_info`.
    pub fn info(&self) -> &[u8] {
        self.connection().info().bytes()
    }

    /// The bytes of a subflow's `tcp_info`.
    pub fn tcp_info(&self, subflow: usize) -> &[u8] {
        self.connection().subflows().nth(subflow).map_or(&[], |one| one.tcp_info.bytes())
    }

    /// The bytes of a subflow's id and addresses.
    pub fn subflow_info(&self, subflow: usize) -> &[u8] {
        self.connection().subflows().nth(subflow).map_or(&[], |one| one.subflow_info.bytes())
    }

    /// Passes the socket to the model.
    pub fn with<R>(&self, work: impl FnOnce(&Socket<'_>) -> R) -> R {
        work(&Socket::Mptcp(self.connection()))
    }
}

/// Without the contents, which follow from the seed.
impl std::fmt::Debug for OwnedConnection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OwnedConnection")
            .field("subflows", &self.subflows())
            .field("mptcp_info", &self.info().len())
            .field("tcp_info", &self.tcp_info(0).len())
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
    /// Passes the socket to the model.
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
