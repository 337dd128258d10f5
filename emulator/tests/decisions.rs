//! Models that decide otherwise: that each decision is really asked for, where
//! the documented one cannot tell.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod common;

use common::{Answer, Desk, EDGE, Known, READ_ONLY, ROOM, bytes_of, int};
use mptcp_emulator::abi::{MPTCP_FULL_INFO, MPTCP_INFO, MPTCP_TCPINFO};
use mptcp_emulator::decisions::{Decisions, Stride, UserSize};
use mptcp_emulator::{Errno, Revision};

const LENGTH: u64 = ROOM + 0x2800;
const ADDRESSES: u64 = ROOM + 0x400;
const TCP_INFOS: u64 = ROOM + 0x1400;

fn ask<D: Decisions>(known: &Known, desk: Desk, option: i32, at: u64, optlen: u64) -> Answer {
    known.ask_deciding::<D>(desk, &Revision::V6_18, option, at, optlen)
}

/// The 40 bytes of `MPTCP_FULL_INFO`.
fn full(kernel: [u32; 2], subflows: u32, arrays: u32, tcp_infos: u64) -> Vec<u8> {
    let words = bytes_of(&[kernel[0], 280, kernel[1], 264, subflows, arrays]);
    let pointers = [ADDRESSES, tcp_infos].map(u64::to_ne_bytes).concat();
    [words, pointers].concat()
}

/// Stores the length of MPTCP_INFO after the data.
struct InfoDataFirst;
impl Decisions for InfoDataFirst {
    const INFO_LENGTH_FIRST: bool = false;
}

#[test]
fn info_data_before_length() {
    let known = Known::new(0, 280, 96);
    let ask = |optval, optlen| {
        let desk = Desk::new().int(optlen, 96);
        ask::<InfoDataFirst>(&known, desk, MPTCP_INFO, optval, optlen)
    };
    ask(ROOM, LENGTH).succeeded().wrote(&[(ROOM, &known.info), (LENGTH, &int(96))]);
    ask(EDGE - 10, LENGTH).failed(Errno::EFAULT).wrote(&[(EDGE - 10, &known.info[..10])]);
    ask(ROOM, READ_ONLY).failed(Errno::EFAULT).wrote(&[(ROOM, &known.info)]);
}

/// Writes the header before the length.
struct HeaderFirst;
impl Decisions for HeaderFirst {
    const LENGTH_BEFORE_HEADER: bool = false;
}

#[test]
fn header_before_length() {
    let known = Known::new(1, 280, 96);
    let desk = Desk::new().words(ROOM, &[16, 0, 0, 280]).int(READ_ONLY, 16);
    ask::<HeaderFirst>(&known, desk, MPTCP_TCPINFO, ROOM, READ_ONLY)
        .failed(Errno::EFAULT)
        .wrote(&[(ROOM, &bytes_of(&[16, 1, 280, 280]))]);
    let desk = Desk::new().put(ROOM, &full([0, 0], 0, 0, TCP_INFOS)).int(READ_ONLY, 40);
    ask::<HeaderFirst>(&known, desk, MPTCP_FULL_INFO, ROOM, READ_ONLY)
        .failed(Errno::EFAULT)
        .wrote(&[(ROOM, &full([280, 264], 1, 0, TCP_INFOS))]);
}

/// Reports what it copied.
struct CountsCopied;
impl Decisions for CountsCopied {
    fn count(_: u32, copied: u32) -> u32 {
        copied
    }
}

#[test]
fn counts_of_what_was_copied() {
    let known = Known::new(3, 280, 96);
    let desk = Desk::new().words(ROOM, &[16, 0, 0, 280]).int(LENGTH, 576);
    ask::<CountsCopied>(&known, desk, MPTCP_TCPINFO, ROOM, LENGTH).succeeded().wrote(&[
        (ROOM + 16, &known.tcp_info[..2].concat()),
        (LENGTH, &int(576)),
        (ROOM, &bytes_of(&[16, 2, 280, 280])),
    ]);
    let desk = Desk::new().put(ROOM, &full([0, 0], 0, 2, TCP_INFOS)).int(LENGTH, 40);
    ask::<CountsCopied>(&known, desk, MPTCP_FULL_INFO, ROOM, LENGTH).succeeded().wrote(&[
        (ADDRESSES, &known.subflow_info[..2].concat()),
        (TCP_INFOS, &known.tcp_info[..2].concat()),
        (LENGTH, &int(40)),
        (ROOM, &full([280, 264], 2, 2, TCP_INFOS)),
    ]);
}

/// Reports although an element faulted, and fails all the same.
struct Reports;
impl Decisions for Reports {
    const REPORT_AFTER_FAULT: bool = true;
}

#[test]
fn a_report_after_a_fault() {
    // 20 bytes before the edge: the header and 4 bytes of the element.
    let (known, at) = (Known::new(1, 280, 96), EDGE - 20);
    let desk = Desk::new().words(at, &[16, 0, 0, 280]).int(LENGTH, 296);
    ask::<Reports>(&known, desk, MPTCP_TCPINFO, at, LENGTH).failed(Errno::EFAULT).wrote(&[
        (at + 16, &known.tcp_info[0][..4]),
        (LENGTH, &int(16)),
        (at, &bytes_of(&[16, 1, 280, 280])),
    ]);
    let desk = Desk::new().put(ROOM, &full([0, 0], 0, 1, EDGE - 4)).int(LENGTH, 40);
    ask::<Reports>(&known, desk, MPTCP_FULL_INFO, ROOM, LENGTH).failed(Errno::EFAULT).wrote(&[
        (ADDRESSES, &known.subflow_info[0]),
        (EDGE - 4, &known.tcp_info[0][..4]),
        (LENGTH, &int(40)),
        (ROOM, &full([280, 264], 1, 1, EDGE - 4)),
    ]);
}

/// Calls a bad address an invalid request, and reports only after EFAULT.
struct FaultsAreInvalid;
impl Decisions for FaultsAreInvalid {
    const REPORT_AFTER_FAULT: bool = true;
    const ELEMENT_FAULT: Result<(), Errno> = Err(Errno::EINVAL);
}

#[test]
fn another_error_is_never_reported_after() {
    let (known, at) = (Known::new(1, 280, 96), EDGE - 20);
    let desk = Desk::new().words(at, &[16, 0, 0, 280]).int(LENGTH, 296);
    ask::<FaultsAreInvalid>(&known, desk, MPTCP_TCPINFO, at, LENGTH)
        .failed(Errno::EINVAL)
        .wrote(&[(at + 16, &known.tcp_info[0][..4])]);
    let desk = Desk::new().put(ROOM, &full([0, 0], 0, 1, EDGE - 4)).int(LENGTH, 40);
    ask::<FaultsAreInvalid>(&known, desk, MPTCP_FULL_INFO, ROOM, LENGTH)
        .failed(Errno::EINVAL)
        .wrote(&[(ADDRESSES, &known.subflow_info[0]), (EDGE - 4, &known.tcp_info[0][..4])]);
}

/// The second array first.
struct TcpInfosFirst;
impl Decisions for TcpInfosFirst {
    const FULL_ADDRESSES_FIRST: bool = false;
}

#[test]
fn tcp_infos_before_addresses() {
    let known = Known::new(2, 280, 96);
    let desk = Desk::new().put(ROOM, &full([0, 0], 0, 2, EDGE - 281)).int(LENGTH, 40);
    ask::<TcpInfosFirst>(&known, desk, MPTCP_FULL_INFO, ROOM, LENGTH).failed(Errno::EFAULT).wrote(
        &[
            (EDGE - 281, &known.tcp_info[0]),
            (ADDRESSES, &known.subflow_info[0]),
            (EDGE - 1, &known.tcp_info[1][..1]),
        ],
    );
}

/// Half of an element, side by side with the next half.
struct Halves;
impl Decisions for Halves {
    fn element(room: u32, stride: Stride) -> Option<u32> {
        (room > 0).then_some(stride.0 / 2)
    }
    fn step(_: UserSize, stride: Stride) -> u32 {
        stride.0 / 2
    }
}

#[test]
fn a_step_of_its_own() {
    let known = Known::new(3, 280, 96);
    let desk = Desk::new().words(ROOM, &[16, 0, 0, 280]).int(LENGTH, 296);
    ask::<Halves>(&known, desk, MPTCP_TCPINFO, ROOM, LENGTH).succeeded().wrote(&[
        (ROOM + 16, &known.tcp_info[0][..140]),
        (ROOM + 156, &known.tcp_info[1][..140]),
        (LENGTH, &int(296)),
        (ROOM, &bytes_of(&[16, 3, 280, 280])),
    ]);
}
