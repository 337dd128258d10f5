//! Who is refused, with what, and that a refusal touches nothing.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod common;

use common::{Desk, Known, ROOM};
use mptcp_emulator::abi::{MPTCP_FULL_INFO, MPTCP_INFO, MPTCP_SUBFLOW_ADDRS, MPTCP_TCPINFO};
use mptcp_emulator::{Errno, Family, Revision, Rule, Socket};

const LENGTH: u64 = ROOM + 0x800;

#[test]
fn sockets_that_are_no_mptcp_connection() {
    // mptcp.dev: "EOPNOTSUPP (v4) or ENOPROTOOPT (v6)"; numbers of
    // asm-generic/errno.h: 9 EBADF, 88 ENOTSOCK, 92 ENOPROTOOPT,
    // 95 EOPNOTSUPP.
    let refusals = [
        (Socket::FallenBack(Family::V4), 95, Rule::FallenBackV4Refuses),
        (Socket::FallenBack(Family::V6), 92, Rule::FallenBackV6Refuses),
        (Socket::Tcp(Family::V4), 95, Rule::TcpV4Refuses),
        (Socket::Tcp(Family::V6), 92, Rule::TcpV6Refuses),
        (Socket::Udp(Family::V4), 95, Rule::UdpV4Refuses),
        (Socket::Udp(Family::V6), 92, Rule::UdpV6Refuses),
        (Socket::Unix, 95, Rule::UnixRefuses),
        (Socket::NotASocket, 88, Rule::NotASocket),
        (Socket::Closed, 9, Rule::ClosedDescriptor),
    ];
    let options = [MPTCP_INFO, MPTCP_TCPINFO, MPTCP_SUBFLOW_ADDRS, MPTCP_FULL_INFO, 0, 5];
    for revision in Revision::ALL {
        for (socket, errno, rule) in &refusals {
            for option in options {
                // A sound call, and one with no sound address in it: the
                // length is not even read.
                for (optval, optlen) in [(ROOM, LENGTH), (0, 0)] {
                    Desk::new()
                        .words(ROOM, &[16, 0, 0, 232])
                        .int(LENGTH, 4096)
                        .ask(&revision, socket, option, optval, optlen)
                        .failed(Errno(*errno))
                        .by(&[*rule])
                        .wrote_nothing();
                }
            }
        }
    }
}

#[test]
fn option_numbers_that_no_kernel_knows() {
    let known = Known::new(2, 280, 96);
    for revision in Revision::ALL {
        for option in [0, -1, 5, 262, i32::MAX, i32::MIN] {
            known
                .ask(Desk::new().int(LENGTH, 96), &revision, option, ROOM, LENGTH)
                .failed(Errno::EOPNOTSUPP)
                .by(&[Rule::UnknownOption])
                .wrote_nothing();
        }
    }
}

#[test]
fn full_info_came_with_6_5() {
    let ask = |revision: &Revision| {
        let known = Known::new(2, revision.tcp_info, revision.mptcp_info);
        let desk = Desk::new().words(ROOM, &[0; 10]).int(LENGTH, 40);
        known.ask(desk, revision, MPTCP_FULL_INFO, ROOM, LENGTH)
    };
    let newer = Revision::ALL.iter().position(|revision| revision.name == "6.5").unwrap();
    for revision in &Revision::ALL[..newer] {
        ask(revision).failed(Errno::EOPNOTSUPP).by(&[Rule::FullInfoUnknown]).wrote_nothing();
    }
    for revision in &Revision::ALL[newer..] {
        ask(revision).succeeded();
    }
}

#[test]
fn names_of_errors() {
    let names = [
        (1, "EPERM"),
        (7, "E2BIG"),
        (9, "EBADF"),
        (14, "EFAULT"),
        (22, "EINVAL"),
        (34, "ERANGE"),
        (88, "ENOTSOCK"),
        (90, "EMSGSIZE"),
        (92, "ENOPROTOOPT"),
        (95, "EOPNOTSUPP"),
        (105, "ENOBUFS"),
        (2, "errno 2"),
    ];
    for (number, name) in names {
        assert_eq!(Errno(number).to_string(), name);
    }
    assert_eq!(Errno::EINVAL.name(), Some("EINVAL"));
    assert_eq!(Errno(2).name(), None);
}
