//! Sockets with contents that follow from a seed.

use mptcp_emulator::{ContentMut, Family, OwnedConnection, OwnedSocket, Revision, Socket};
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

/// A connection on a kernel of this revision, with contents that follow from a seed.
fn connection(revision: &Revision, subflows: usize, seed: u64) -> OwnedConnection {
    let mut connection = OwnedConnection::new(revision, subflows);
    fill(&mut connection.info_mut(), seed.rotate_left(13));
    for (number, mut subflow) in (1..).zip(connection.subflows_mut()) {
        let seed = seed ^ (number << 48);
        fill(&mut subflow.tcp_info, seed);
        fill(&mut subflow.subflow_info, seed.rotate_left(7));
    }
    connection
}

/// The bytes of `mptcp_info`.
pub fn info(connection: &OwnedConnection) -> &[u8] {
    connection.as_connection().info().bytes()
}

/// The bytes of a subflow's `tcp_info`.
pub fn tcp_info(connection: &OwnedConnection, subflow: usize) -> &[u8] {
    let mut subflows = connection.as_connection().subflows();
    subflows.nth(subflow).map_or(&[], |one| one.tcp_info.bytes())
}

/// The bytes of a subflow's id and addresses.
pub fn subflow_info(connection: &OwnedConnection, subflow: usize) -> &[u8] {
    let mut subflows = connection.as_connection().subflows();
    subflows.nth(subflow).map_or(&[], |one| one.subflow_info.bytes())
}

/// The number of subflows.
pub fn subflow_count(connection: &OwnedConnection) -> usize {
    connection.as_connection().subflows().len()
}

/// A connection of a kernel of this revision: up to 20 subflows.
pub fn any_connection(revision: Revision) -> impl Strategy<Value = OwnedConnection> {
    (0..=MOST_SUBFLOWS, any::<u64>())
        .prop_map(move |(subflows, seed)| connection(&revision, subflows, seed))
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
        7 => any_connection(revision).prop_map(OwnedSocket::Mptcp),
        1 => refusing.prop_map(OwnedSocket::Other),
    ]
}
