//! `MPTCP_TCPINFO` and `MPTCP_SUBFLOW_ADDRS` off the beaten path: lengths and
//! headers that are refused, sizes that differ, copies that fault, buffers
//! that overlap.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod common;

use common::{BASE, Desk, EDGE, ISLAND, Known, READ_ONLY, ROOM, bytes_of, int};
use mptcp_emulator::abi::{MPTCP_SUBFLOW_ADDRS, MPTCP_TCPINFO};
use mptcp_emulator::{Errno, Revision, Rule};

const LENGTH: u64 = ROOM + 0x2000;
const NEWEST: Revision = Revision::V6_18;

/// Asks 6.18 for the `tcp_info` (280 bytes each) of some subflows.
fn ask(subflows: usize, header: [u32; 4], length: i32) -> (Known, common::Answer) {
    let known = Known::new(subflows, 280, 96);
    let desk = Desk::new().words(ROOM, &header).int(LENGTH, length);
    let answer = known.ask(desk, &NEWEST, MPTCP_TCPINFO, ROOM, LENGTH);
    (known, answer)
}

#[test]
fn lengths_without_room_for_a_header() {
    let refused = [
        (i32::MIN, Rule::DataLengthNegative),
        (-1, Rule::DataLengthNegative),
        (0, Rule::DataLengthTooShort),
        (15, Rule::DataLengthTooShort),
    ];
    let known = Known::new(1, 280, 96);
    for option in [MPTCP_TCPINFO, MPTCP_SUBFLOW_ADDRS] {
        for (length, rule) in refused {
            let desk = Desk::new().words(ROOM, &[16, 0, 0, 280]).int(LENGTH, length);
            known
                .ask(desk, &NEWEST, option, ROOM, LENGTH)
                .failed(Errno::EINVAL)
                .by(&[rule])
                .wrote_nothing();
        }
    }
    let (_, answer) = ask(1, [16, 0, 0, 280], 16);
    answer.succeeded();
}

#[test]
fn headers_that_are_out_of_order() {
    // With a length of 296, room for one element. 2^31 - 1 is 0x7fff_ffff.
    let refused = [
        ([0, 0, 0, 280], Rule::HeaderSizeTooSmall),
        ([15, 0, 0, 280], Rule::HeaderSizeTooSmall),
        ([297, 0, 0, 280], Rule::HeaderSizeAboveLength),
        ([0x7fff_ffff, 0, 0, 280], Rule::HeaderSizeAboveLength),
        ([0x8000_0000, 0, 0, 280], Rule::HeaderSizeAboveMax),
        ([u32::MAX, 0, 0, 280], Rule::HeaderSizeAboveMax),
        ([16, 0, 0, 0x8000_0000], Rule::ElementSizeAboveMax),
        ([16, 0, 0, u32::MAX], Rule::ElementSizeAboveMax),
        ([16, 1, 0, 280], Rule::NumSubflowsNotZero),
        ([16, u32::MAX, 0, 280], Rule::NumSubflowsNotZero),
        ([16, 0, 1, 280], Rule::SizeKernelNotZero),
        ([16, 0, 280, 280], Rule::SizeKernelNotZero),
    ];
    for (header, rule) in refused {
        let (_, answer) = ask(1, header, 296);
        answer.failed(Errno::EINVAL).by(&[rule]).wrote_nothing();
    }
    for header in [[16, 0, 0, 280], [296, 0, 0, 280], [16, 0, 0, 0x7fff_ffff]] {
        ask(1, header, 296).1.succeeded();
    }
}

#[test]
fn the_header_must_be_readable() {
    let known = Known::new(1, 280, 96);
    // 15 of 16 bytes before the edge; null; the page before the room; the
    // non-canonical; the kernel's half; the top, from where it wraps around.
    for optval in [EDGE - 15, 0, BASE, 1 << 47, 1 << 63, u64::MAX - 7] {
        known
            .ask(Desk::new().int(LENGTH, 16), &NEWEST, MPTCP_TCPINFO, optval, LENGTH)
            .failed(Errno::EFAULT)
            .by(&[Rule::HeaderUnreadable])
            .wrote_nothing();
    }
    for optlen in [0, EDGE - 3, EDGE, u64::MAX] {
        let desk = Desk::new().words(ROOM, &[16, 0, 0, 280]);
        known
            .ask(desk, &NEWEST, MPTCP_TCPINFO, ROOM, optlen)
            .failed(Errno::EFAULT)
            .by(&[Rule::DataLengthUnreadable])
            .wrote_nothing();
    }
}

#[test]
fn a_program_that_knows_less_gets_less() {
    // Compiled with 6.1's headers, 232 bytes: three elements fill 16 + 696.
    let (known, answer) = ask(3, [16, 0, 0, 232], 712);
    answer.succeeded().wrote(&[
        (ROOM + 16, &known.tcp_info[0][..232]),
        (ROOM + 248, &known.tcp_info[1][..232]),
        (ROOM + 480, &known.tcp_info[2][..232]),
        (LENGTH, &int(712)),
        (ROOM, &bytes_of(&[16, 3, 280, 232])),
    ]);
}

#[test]
fn a_program_that_knows_more_finds_elements_at_the_kernels_size() {
    // It reserves 3 * 400 bytes; elements stand 280 apart, so that four fit
    // into 1200 with 80 to spare.
    let (known, answer) = ask(5, [16, 0, 0, 400], 1216);
    answer
        .succeeded()
        .by(&[
            Rule::StrideClamped,
            Rule::ElementCopied,
            Rule::ElementLeftOut,
            Rule::LengthWithElements,
            Rule::CountReported,
            Rule::SizesReported,
        ])
        .wrote(&[
            (ROOM + 16, &known.tcp_info[0]),
            (ROOM + 296, &known.tcp_info[1]),
            (ROOM + 576, &known.tcp_info[2]),
            (ROOM + 856, &known.tcp_info[3]),
            (LENGTH, &int(1136)),
            (ROOM, &bytes_of(&[16, 5, 280, 280])),
        ]);
}

#[test]
fn asked_one_byte_more_or_less_than_known() {
    let (_, answer) = ask(0, [16, 0, 0, 280], 16);
    assert_eq!(answer.rules[0], Rule::StrideAsAsked);
    let (_, answer) = ask(0, [16, 0, 0, 281], 16);
    assert_eq!(answer.rules[0], Rule::StrideClamped);
    answer.wrote(&[(LENGTH, &int(16)), (ROOM, &bytes_of(&[16, 0, 280, 280]))]);
}

#[test]
fn an_element_is_copied_whole_or_not_at_all() {
    // One byte short of two elements of 100: 16 + 199.
    let (known, answer) = ask(2, [16, 0, 0, 100], 215);
    answer.succeeded().wrote(&[
        (ROOM + 16, &known.tcp_info[0][..100]),
        (LENGTH, &int(116)),
        (ROOM, &bytes_of(&[16, 2, 280, 100])),
    ]);
    // One byte short of one.
    let (_, answer) = ask(2, [16, 0, 0, 100], 115);
    answer
        .succeeded()
        .by(&[
            Rule::StrideAsAsked,
            Rule::ElementLeftOut,
            Rule::LengthWithoutElements,
            Rule::CountReported,
            Rule::SizesReported,
        ])
        .wrote(&[(LENGTH, &int(16)), (ROOM, &bytes_of(&[16, 2, 280, 100]))]);
}

#[test]
fn size_user_0_asks_for_the_count_only() {
    // The kernel's selftest: olen 16, num_subflows 1, size_kernel > 0.
    let (_, answer) = ask(1, [16, 0, 0, 0], 4096);
    answer
        .succeeded()
        .by(&[
            Rule::StrideAsAsked,
            Rule::ElementEmpty,
            Rule::LengthWithoutElements,
            Rule::CountReported,
            Rule::SizesReported,
        ])
        .wrote(&[(LENGTH, &int(16)), (ROOM, &bytes_of(&[16, 1, 280, 0]))]);
}

#[test]
fn a_header_of_24_bytes() {
    // The selftest's "larger struct mptcp_subflow_data on 'old' kernel": 8
    // bytes more than the kernel knows stay as they are. Without an element
    // the length becomes 16; with one, 24 + 280.
    let (_, answer) = ask(1, [24, 0, 0, 280], 24);
    answer.succeeded().wrote(&[(LENGTH, &int(16)), (ROOM, &bytes_of(&[24, 1, 280, 280]))]);
    assert!(answer.rules.contains(&Rule::HeaderTailLeftAlone));
    let (known, answer) = ask(1, [24, 0, 0, 280], 304);
    answer.succeeded().wrote(&[
        (ROOM + 24, &known.tcp_info[0]),
        (LENGTH, &int(304)),
        (ROOM, &bytes_of(&[24, 1, 280, 280])),
    ]);
    let (_, answer) = ask(1, [24, 0, 0, 280], 303);
    answer.succeeded().wrote(&[(LENGTH, &int(16)), (ROOM, &bytes_of(&[24, 1, 280, 280]))]);
}

#[test]
fn the_selftests_header_of_17_bytes() {
    // size_subflow_data 17, size_user 1, olen 18: olen stays 18, and the
    // byte between header and element is untouched.
    let (known, answer) = ask(1, [17, 0, 0, 1], 18);
    answer.succeeded().wrote(&[
        (ROOM + 17, &known.tcp_info[0][..1]),
        (LENGTH, &int(18)),
        (ROOM, &bytes_of(&[17, 1, 280, 1])),
    ]);
}

#[test]
fn an_element_that_cannot_be_written() {
    // The header is 50 + 280 bytes before the edge with 16 of its own: the
    // first element fits, 34 bytes of the second do.
    let at = EDGE - 330;
    let known = Known::new(2, 280, 96);
    let desk = Desk::new().words(at, &[16, 0, 0, 280]).int(LENGTH, 576);
    known
        .ask(desk, &NEWEST, MPTCP_TCPINFO, at, LENGTH)
        .failed(Errno::EFAULT)
        .by(&[Rule::StrideAsAsked, Rule::ElementCopied, Rule::ElementUnwritable])
        .wrote(&[(at + 16, &known.tcp_info[0]), (at + 296, &known.tcp_info[1][..34])]);
}

#[test]
fn elements_that_end_at_the_edge() {
    let at = EDGE - 296;
    let known = Known::new(1, 280, 96);
    let desk = Desk::new().words(at, &[16, 0, 0, 280]).int(LENGTH, 8192);
    known.ask(desk, &NEWEST, MPTCP_TCPINFO, at, LENGTH).succeeded().wrote(&[
        (at + 16, &known.tcp_info[0]),
        (LENGTH, &int(296)),
        (at, &bytes_of(&[16, 1, 280, 280])),
    ]);
}

#[test]
fn a_length_that_cannot_be_written() {
    // Elements are there, the header is not.
    let known = Known::new(1, 280, 96);
    let desk = Desk::new().words(ROOM, &[16, 0, 0, 280]).int(READ_ONLY, 296);
    known
        .ask(desk, &NEWEST, MPTCP_TCPINFO, ROOM, READ_ONLY)
        .failed(Errno::EFAULT)
        .by(&[
            Rule::StrideAsAsked,
            Rule::ElementCopied,
            Rule::LengthWithElements,
            Rule::DataLengthUnwritable,
        ])
        .wrote(&[(ROOM + 16, &known.tcp_info[0])]);
}

#[test]
fn a_header_that_cannot_be_written() {
    // The header on the last 16 bytes of a read-only page, elements on the
    // writable page behind it: elements and length are there.
    let at = ISLAND - 16;
    let known = Known::new(1, 280, 96);
    let desk = Desk::new().words(at, &[16, 0, 0, 280]).int(LENGTH, 296);
    known
        .ask(desk, &NEWEST, MPTCP_TCPINFO, at, LENGTH)
        .failed(Errno::EFAULT)
        .by(&[
            Rule::StrideAsAsked,
            Rule::ElementCopied,
            Rule::LengthWithElements,
            Rule::HeaderUnwritable,
        ])
        .wrote(&[(ISLAND, &known.tcp_info[0]), (LENGTH, &int(296))]);
}

#[test]
fn the_header_lies_over_a_length_inside_of_it() {
    // The length in place of num_subflows, which has to be 0: refused, for
    // it cannot be both 0 and 16 or more.
    let known = Known::new(1, 280, 96);
    let desk = Desk::new().words(ROOM, &[16, 16, 0, 280]);
    known.ask(desk, &NEWEST, MPTCP_TCPINFO, ROOM, ROOM + 4).failed(Errno::EINVAL).wrote_nothing();
    // In place of size_user: 296 is both; the header, last, wins.
    let desk = Desk::new().words(ROOM, &[16, 0, 0, 296]);
    known
        .ask(desk, &NEWEST, MPTCP_TCPINFO, ROOM, ROOM + 12)
        .succeeded()
        .wrote(&[(ROOM + 16, &known.tcp_info[0]), (ROOM, &bytes_of(&[16, 1, 280, 280]))]);
}

#[test]
fn the_length_lies_over_an_element() {
    // In the first element's bytes 4 to 7.
    let known = Known::new(1, 280, 96);
    let desk = Desk::new().words(ROOM, &[16, 0, 0, 280]).int(ROOM + 20, 296);
    known.ask(desk, &NEWEST, MPTCP_TCPINFO, ROOM, ROOM + 20).succeeded().wrote(&[
        (ROOM + 16, &known.tcp_info[0]),
        (ROOM + 20, &int(296)),
        (ROOM, &bytes_of(&[16, 1, 280, 280])),
    ]);
}

#[test]
fn two_bytes_of_addresses_are_the_family() {
    // The selftest with size_user 2.
    let known = Known::new(2, 280, 96);
    let desk = Desk::new().words(ROOM, &[16, 0, 0, 2]).int(LENGTH, 20);
    known.ask(desk, &NEWEST, MPTCP_SUBFLOW_ADDRS, ROOM, LENGTH).succeeded().wrote(&[
        (ROOM + 16, &known.subflow_info[0][8..10]),
        (ROOM + 18, &known.subflow_info[1][8..10]),
        (LENGTH, &int(20)),
        (ROOM, &bytes_of(&[16, 2, 256, 2])),
    ]);
}
