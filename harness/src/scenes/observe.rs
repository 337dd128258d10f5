//! Reads a scene's expected state.
//!
//! It comes from what the scene's builder knows, from `getsockname` and `getpeername`, and from
//! [`super::sock_diag`]; never from the calls under test. Bytes that none of these determines are
//! open.

use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;

use mptcp_emulator::abi::{self, HOLE, MptcpInfo};
use mptcp_emulator::{Family, OpenReason, SocketBehavior};
use socket2::{Domain, SockRef};

use super::contents::Contents;
use super::expected_state::{ExpectedState, ExpectedSubflow, Kind};
use super::fixture::{Fixture, Member, Phase, SocketKind, number};
use super::path_manager::Defaults;
use super::recipe::Side;
use super::sock_diag::{Record, Testimony};
use super::sockets::inode;
use super::system::during;
use crate::kernel::Sizes;

/// Clocks of `struct mptcp_info`, as offset and size: `mptcpi_last_data_sent`,
/// `mptcpi_last_data_recv`, `mptcpi_last_ack_recv` (since 6.10). Milliseconds,
/// as coarse as a kernel tick.
const INFO_CLOCKS: [(usize, usize); 3] = [(84, 4), (88, 4), (92, 4)];
/// `mptcpi_write_seq` and `mptcpi_snd_una`: the handshake chooses them at random.
const INFO_SEQUENCES: [(usize, usize); 2] = [(16, 8), (24, 8)];
/// `mptcpi_rcv_nxt`.
const INFO_RCV_NXT: [(usize, usize); 1] = [(32, 8)];
/// Clocks of `struct tcp_info`: `tcpi_last_data_sent`, `tcpi_last_data_recv`, `tcpi_last_ack_recv`.
/// `tcpi_last_ack_sent` is not one: Linux leaves it 0.
const TCP_CLOCKS: [(usize, usize); 3] = [(44, 4), (52, 4), (56, 4)];
/// Fields of `struct tcp_info` whose initial value is not zero and depends on the implementation:
/// the flags in byte 7, `tcpi_rto`, `snd_mss`, `rttvar`, `snd_ssthresh` and `snd_cwnd`,
/// `reordering`, `pacing_rate` and `max_pacing_rate`, `min_rtt`.
const TCP_PARAMETERS: [(usize, usize); 8] =
    [(7, 1), (8, 4), (16, 4), (72, 4), (76, 8), (88, 4), (104, 16), (148, 4)];
/// Fields of `struct tcp_info` that traffic changes: `tcpi_options` and the window scales, `ato`,
/// `rcv_mss`, `pmtu` to `rtt`, `advmss`, `rcv_rtt` and `rcv_space`, `bytes_acked` to
/// `notsent_bytes` (a disconnected socket reports bytes that were never written), `data_segs_in` to
/// `busy_time`, `delivered`, `bytes_sent`, `snd_wnd` and `rcv_wnd`. Fields about loss, congestion
/// marks and limits stay 0 on loopback.
const TCP_HISTORY: [(usize, usize); 11] = [
    (5, 2),
    (12, 4),
    (20, 4),
    (60, 12),
    (84, 4),
    (92, 8),
    (120, 28),
    (152, 24),
    (192, 4),
    (200, 8),
    (228, 8),
];
/// `tcpi_total_rto_time` (since 6.7): see [`recovery_clock`].
const TCP_RECOVERY_CLOCK: [(usize, usize); 1] = [(244, 4)];
/// `TCP_CLOSE`, in `tcpi_state`.
const TCP_CLOSE: u8 = 7;

/// The expected state from one read of `sock_diag`.
pub(super) fn draw(
    subject: &Fixture,
    testimony: &Testimony,
    sizes: Sizes,
    holding: &SocketBehavior,
) -> Result<ExpectedState, String> {
    let kind = match (subject.nature, &subject.descriptor) {
        (SocketKind::Mptcp, Some(descriptor)) => {
            mptcp(subject, descriptor, testimony, sizes, holding)?
        }
        (SocketKind::FallenBack(domain), _) => Kind::FallenBack(family(domain)),
        (SocketKind::Tcp(domain), _) => Kind::Tcp(family(domain)),
        (SocketKind::Udp(domain), _) => Kind::Udp(family(domain)),
        (SocketKind::Unix, _) => Kind::Unix,
        (SocketKind::NotASocket, _) => Kind::NotASocket,
        (SocketKind::Closed, _) | (SocketKind::Mptcp, None) => Kind::Closed,
    };
    Ok(ExpectedState { fd: number(subject.descriptor.as_ref()), kind })
}

fn mptcp(
    subject: &Fixture,
    descriptor: &OwnedFd,
    testimony: &Testimony,
    sizes: Sizes,
    holding: &SocketBehavior,
) -> Result<Kind, String> {
    let inode = inode(descriptor).map_err(during("fstat"))?;
    let mine = |all: &'_ [Record]| -> Vec<Record> {
        all.iter().filter(|seen| seen.inode == inode && !seen.info.is_empty()).cloned().collect()
    };
    let info = match (subject.standing, &mine(&testimony.mptcp)[..]) {
        (Phase::Live | Phase::Closed | Phase::ClosedLast, [seen]) => {
            Contents::exact(as_made(subject, without_holes(seen.info.clone()), holding))
        }
        (Phase::Live | Phase::Closed | Phase::ClosedLast, _) => {
            return Err("sock_diag does not show the MPTCP socket".into());
        }
        // It keeps its counts, but they can no longer be read.
        (Phase::Reset, _) => {
            at_rest(&subject.defaults, sizes).open(&[(0, sizes.mptcp_info)], OpenReason::NoWitness)
        }
        // Without a token or a listening port, sock_diag cannot find it.
        (Phase::Disconnected, _) => at_rest(&subject.defaults, sizes)
            .open(&INFO_SEQUENCES, OpenReason::NoWitness)
            .open(kept_by_disconnect(holding), OpenReason::NoWitness),
        (Phase::Fresh | Phase::Bound, _) => at_rest(&subject.defaults, sizes),
    };
    let seen = mine(&testimony.tcp);
    let expected = subject.roster.iter().filter(|member| member.closed.is_none()).count();
    if subject.standing == Phase::Live && seen.len() != expected {
        return Err(format!("sock_diag shows {} subflows, {expected} were made", seen.len(),));
    }
    let subflows = subject.roster.iter().map(|member| match subject.standing {
        Phase::Live if member.closed.is_none() => live(subject.side, member, &seen),
        _ => unseen(subject, descriptor, member, sizes).map_err(during("getsockname")),
    });
    Ok(Kind::Mptcp {
        info: info.open(&INFO_CLOCKS, OpenReason::Clock),
        subflows: subflows.collect::<Result<_, _>>()?,
    })
}

/// Further fields of `struct mptcp_info` that a disconnected socket keeps on older kernels.
fn kept_by_disconnect(holding: &SocketBehavior) -> &'static [(usize, usize)] {
    if holding.disconnect_clears_rcv_nxt { &[] } else { &INFO_RCV_NXT }
}

/// `struct mptcp_info` with its padding zero, whatever `sock_diag` reports: a kernel that leaks
/// memory by one path may leak it by the other.
fn without_holes(mut info: Vec<u8>) -> Vec<u8> {
    for hole in MptcpInfo::FIELDS.iter().filter(|field| field.name == HOLE) {
        let start = usize::from(hole.offset);
        info.iter_mut().skip(start).take(usize::from(hole.size)).for_each(|byte| *byte = 0);
    }
    info
}

/// `struct mptcp_info` with the values that the builder knows, whatever `sock_diag` reports. One
/// kernel function fills it in for `sock_diag` and for the options, so `sock_diag` would confirm a
/// mistake in it.
fn as_made(subject: &Fixture, mut info: Vec<u8>, holding: &SocketBehavior) -> Vec<u8> {
    let live =
        |members: &[Member]| members.iter().filter(|member| member.closed.is_none()).count() as u8;
    let flags = match subject.names {
        Some(_) => abi::MPTCP_INFO_FLAG_REMOTE_KEY_RECEIVED,
        None => 0,
    };
    let joined = live(subject.roster.get(1..).unwrap_or_default());
    let mut tell = |field: &str, value: &[u8]| {
        if let Some(field) = MptcpInfo::FIELDS.iter().find(|known| known.name == field)
            && let Some(bytes) = info.get_mut(usize::from(field.offset)..)
            && let Some(bytes) = bytes.get_mut(..value.len())
        {
            bytes.copy_from_slice(value);
        }
    };
    // Once both ends are shut down, the kernel removes subflows at an unknown time. For a listening
    // socket Linux reports a total of 0, for a connecting one 1.
    if subject.standing == Phase::Live {
        if holding.userspace_counts || subject.names.is_none() {
            tell("mptcpi_subflows", &[joined]);
        }
        if subject.names.is_some() {
            tell("mptcpi_subflows_total", &[live(&subject.roster)]);
        }
    }
    tell("mptcpi_flags", &flags.to_ne_bytes());
    tell("mptcpi_csum_enabled", &[subject.defaults.checksums]);
    for (field, value) in subject.defaults.limits() {
        tell(field, &[value]);
    }
    // (Acknowledged bytes include an end of data, so `sock_diag` determines them.)
    let [sent, received] = subject.bytes;
    tell("mptcpi_bytes_sent", &sent.to_ne_bytes());
    tell("mptcpi_bytes_received", &received.to_ne_bytes());
    info
}

/// A subflow that sock_diag shows, found by the client's address.
fn live(side: Side, member: &Member, seen: &[Record]) -> Result<ExpectedSubflow, String> {
    let client = |seen: &Record| {
        if side == Side::Client { seen.local } else { seen.remote }
    };
    let seen = seen
        .iter()
        .find(|seen| client(seen).ip().to_canonical() == member.client)
        .ok_or_else(|| format!("sock_diag does not show the subflow of {}", member.client))?;
    Ok(ExpectedSubflow {
        tcp_info: Contents::exact(seen.info.clone())
            .open(&TCP_CLOCKS, OpenReason::Clock)
            .open(recovery_clock(&seen.info), OpenReason::Clock),
        subflow_info: subflow_info(member.id, seen.local, seen.remote),
        local: seen.local,
        remote: seen.remote,
    })
}

/// `tcpi_total_rto_time` (since 6.7) while segments are retransmitted: the milliseconds spent in
/// recovery, including the current one. Here this is the SYN of a connection that is never
/// answered.
fn recovery_clock(tcp_info: &[u8]) -> &'static [(usize, usize)] {
    let retransmits = tcp_info.get(2).copied().unwrap_or(0);
    if retransmits > 0 { &TCP_RECOVERY_CLOCK } else { &[] }
}

/// Fields of `struct tcp_info`, as offset and size, in which two sockets of the same scene may
/// differ: clocks, choices of the implementation, and values that depend on the timing of segments
/// and acknowledgements.
pub fn of_the_moment() -> impl Iterator<Item = (usize, usize)> {
    let all: [&[_]; 4] = [&TCP_CLOCKS, &TCP_PARAMETERS, &TCP_HISTORY, &TCP_RECOVERY_CLOCK];
    all.into_iter().flatten().copied()
}

/// A subflow that sock_diag does not show, or shows without its `tcp_info`: one that was only
/// bound, or the first one of a closed connection.
fn unseen(
    subject: &Fixture,
    descriptor: &OwnedFd,
    member: &Member,
    sizes: Sizes,
) -> io::Result<ExpectedSubflow> {
    let (local, remote) = match member.closed.or(subject.names) {
        Some(names) => names,
        None => {
            let local = SockRef::from(descriptor)
                .local_addr()?
                .as_socket()
                .ok_or(io::ErrorKind::Unsupported)?;
            (local, unspecified(local))
        }
    };
    let mut state = vec![0; sizes.tcp_info];
    state[0] = TCP_CLOSE;
    let tcp_info = Contents::exact(state)
        .open(&TCP_PARAMETERS, OpenReason::NoWitness)
        .open(&TCP_CLOCKS, OpenReason::Clock);
    let subflow_info = subflow_info(member.id, local, remote);
    // Ports and addresses of the remote end, then of both.
    let names = |at: usize| {
        if local.is_ipv4() { [(at + 2, 2), (at + 4, 4)] } else { [(at + 2, 2), (at + 8, 16)] }
    };
    let ([local_port, local_ip], [remote_port, remote_ip]) = (names(8), names(8 + 128));
    let lost: &[_] = match (member.closed, subject.standing) {
        (None, Phase::Fresh | Phase::Bound | Phase::Live) => {
            return Ok(ExpectedSubflow { tcp_info, subflow_info, local, remote });
        }
        (Some(_), _) => &[],
        // The kernel may reset the subflow, including its remote port.
        (None, Phase::Closed) => &[remote_port],
        (None, Phase::ClosedLast | Phase::Reset | Phase::Disconnected) => {
            &[local_port, local_ip, remote_port, remote_ip]
        }
    };
    let tcp_info = tcp_info.open(&TCP_HISTORY, OpenReason::NoWitness);
    let subflow_info = subflow_info.open(lost, OpenReason::NoWitness);
    Ok(ExpectedSubflow { tcp_info, subflow_info, local, remote })
}

/// `struct mptcp_info` of a new socket: all zero except for what it took from its namespace.
fn at_rest(defaults: &Defaults, sizes: Sizes) -> Contents {
    let mut info = vec![0; sizes.mptcp_info];
    let checksums = ("mptcpi_csum_enabled", defaults.checksums);
    for (name, value) in defaults.limits().into_iter().chain([checksums]) {
        let field = MptcpInfo::FIELDS.iter().find(|field| field.name == name);
        if let Some(byte) = field.and_then(|field| info.get_mut(usize::from(field.offset))) {
            *byte = value;
        }
    }
    Contents::exact(info)
}

/// `struct mptcp_subflow_info`: an id, four bytes of padding, and two unions of
/// 128 bytes that hold a `sockaddr_in` or a `sockaddr_in6`.
fn subflow_info(id: Option<u32>, local: SocketAddr, remote: SocketAddr) -> Contents {
    let mut bytes = vec![0; 8];
    bytes[..4].copy_from_slice(&id.unwrap_or(0).to_ne_bytes());
    for address in [local, remote] {
        let end = bytes.len() + 128;
        let family = if address.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 };
        bytes.extend((family as u16).to_ne_bytes());
        bytes.extend(address.port().to_be_bytes());
        match address {
            SocketAddr::V4(v4) => bytes.extend(v4.ip().octets()),
            // The kernel fills in neither flow information nor scope.
            SocketAddr::V6(v6) => {
                bytes.extend([0; 4]);
                bytes.extend(v6.ip().octets());
            }
        }
        bytes.resize(end, 0);
    }
    let unknown: &[_] = if id.is_none() { &[(0, 4)] } else { &[] };
    Contents::exact(bytes).open(unknown, OpenReason::NoWitness)
}

fn unspecified(like: SocketAddr) -> SocketAddr {
    let any: std::net::IpAddr = if like.is_ipv4() {
        std::net::Ipv4Addr::UNSPECIFIED.into()
    } else {
        std::net::Ipv6Addr::UNSPECIFIED.into()
    };
    SocketAddr::new(any, 0)
}

fn family(domain: Domain) -> Family {
    if domain == Domain::IPV4 { Family::V4 } else { Family::V6 }
}

/// `mptcpi_token` of a raw `struct mptcp_info`.
pub(super) fn token(info: &[u8]) -> Option<u32> {
    Some(u32::from_ne_bytes(info.get(12..16)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenes::fixture::SocketKind;
    use crate::scenes::recipe::Addresses;
    use mptcp_emulator::Revision;

    /// One function of the kernel answers `sock_diag` and the options: where the builder
    /// knows better, `sock_diag` does not count.
    #[test]
    fn a_witness_that_is_wrong_is_contradicted() {
        let members = (0..3).map(|n| Member::new(Addresses::V4.address(n), u32::from(n) + 1));
        let end = SocketAddr::from(([127, 0, 0, 1], 80));
        let subject = Fixture {
            standing: Phase::Live,
            names: Some((end, end)),
            bytes: [1500, 700],
            defaults: Defaults {
                subflows_max: 8,
                add_addr_signal_max: 1,
                add_addr_accepted_max: 3,
                local_addr_max: 4,
                checksums: 0,
            },
            roster: members.collect(),
            ..Fixture::bare(SocketKind::Mptcp)
        };
        let holding = Revision::NEWEST.sockets;
        let told = as_made(&subject, vec![0xee; 96], &holding);
        let known = [
            (0, vec![2]),
            (3, vec![8, 1, 3]),
            (41, vec![4]),
            (8, vec![2, 0, 0, 0]),
            (42, vec![0]),
            (80, vec![3]),
            (56, vec![0xdc, 5]),
        ];
        for (offset, bytes) in known {
            assert_eq!(told[offset..offset + bytes.len()], bytes, "at {offset}");
        }
        assert_eq!(told[64..72], 700_u64.to_ne_bytes());
        // The token is the kernel's to choose.
        assert_eq!(told[12..16], [0xee; 4]);
        // A kernel that does not count with the userspace path manager is believed.
        let older = as_made(&subject, vec![0xee; 48], &Revision::V6_1.sockets);
        assert_eq!(older[0], 0xee);
        // A structure of 2021 ends before the counters.
        assert_eq!(as_made(&subject, vec![0xee; 48], &holding).len(), 48);
    }
}
