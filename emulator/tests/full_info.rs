//! `MPTCP_FULL_INFO`: 40 bytes of input with two pointers, arrays that lie
//! elsewhere, `mptcp_info` at the end.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod common;

use common::full::{ADDRESSES, Full, LENGTH, TCP_INFOS, answered, ask, ask_at};
use common::{Desk, Known, ROOM, int};
use mptcp_emulator::abi::MPTCP_FULL_INFO;
use mptcp_emulator::{Errno, Revision, Rule};

#[test]
fn three_subflows_into_arrays_of_two() {
    let full = Full::asking(2);
    let (known, answer) = ask(3, full, 136);
    answer
        .succeeded()
        .by(&[
            Rule::FullStrideAsAsked,
            Rule::FullElementCopied,
            Rule::FullElementLeftOut,
            Rule::FullInfoWhole,
            Rule::FullCountsReported,
        ])
        .wrote(&[
            (ADDRESSES, &known.subflow_info[0]),
            (ADDRESSES + 264, &known.subflow_info[1]),
            (TCP_INFOS, &known.tcp_info[0]),
            (TCP_INFOS + 280, &known.tcp_info[1]),
            (LENGTH, &int(136)),
            (ROOM, &answered(full, 3)),
            (ROOM + 40, &known.info),
        ]);
}

#[test]
fn sizes_of_the_structure_by_release() {
    // 40 bytes and mptcp_info: 120 in 6.5, 128 in 6.8, 136 since 6.10.
    let sizes = [
        (Revision::V6_5, 240, 80, 120),
        (Revision::V6_7, 248, 80, 120),
        (Revision::V6_8, 248, 88, 128),
        (Revision::V6_10, 248, 96, 136),
        (Revision::V6_12, 248, 96, 136),
        (Revision::V6_18, 280, 96, 136),
        (Revision::V7_3, 280, 96, 136),
    ];
    for (revision, tcp_info, mptcp_info, length) in sizes {
        let known = Known::new(0, tcp_info, mptcp_info);
        let full = Full::asking(0);
        let desk = Desk::new().put(ROOM, &full.bytes()).int(LENGTH, i32::MAX);
        let answer = Full { tcpinfo: [tcp_info, tcp_info], sfinfo: [264, 264], ..full };
        known.ask(desk, &revision, MPTCP_FULL_INFO, ROOM, LENGTH).succeeded().wrote(&[
            (LENGTH, &int(length)),
            (ROOM, &answer.bytes()),
            (ROOM + 40, &known.info),
        ]);
    }
}

#[test]
fn lengths_without_room_for_the_input() {
    let refused = [
        (i32::MIN, Rule::FullLengthNegative),
        (-1, Rule::FullLengthNegative),
        (0, Rule::FullLengthTooShort),
        (39, Rule::FullLengthTooShort),
    ];
    for (length, rule) in refused {
        let (_, answer) = ask(1, Full::asking(1), length);
        answer.failed(Errno::EINVAL).by(&[rule]).wrote_nothing();
    }
}

#[test]
fn as_much_of_mptcp_info_as_there_is_room_for() {
    let parts = [
        (40, 0, Rule::FullInfoLeftOut),
        (41, 1, Rule::FullInfoCut),
        (135, 95, Rule::FullInfoCut),
        (136, 96, Rule::FullInfoWhole),
        (137, 96, Rule::FullInfoWhole),
        (i32::MAX, 96, Rule::FullInfoWhole),
    ];
    let full = Full::asking(0);
    for (length, info, rule) in parts {
        let (known, answer) = ask(0, full, length);
        answer.succeeded().by(&[Rule::FullStrideAsAsked, rule, Rule::FullCountsReported]).wrote(&[
            (LENGTH, &int(40 + info as i32)),
            (ROOM, &answered(full, 0)),
            (ROOM + 40, &known.info[..info]),
        ]);
    }
}

#[test]
fn structures_that_are_out_of_order() {
    let sound = Full::asking(1);
    let refused = [
        (Full { num_subflows: 1, ..sound }, Rule::FullNumSubflowsNotZero),
        (Full { tcpinfo: [1, 280], ..sound }, Rule::FullSizeKernelNotZero),
        (Full { sfinfo: [264, 264], ..sound }, Rule::FullSizeKernelNotZero),
        (Full { tcpinfo: [0, 0x8000_0000], ..sound }, Rule::FullElementSizeAboveMax),
        (Full { sfinfo: [0, u32::MAX], ..sound }, Rule::FullElementSizeAboveMax),
    ];
    for (full, rule) in refused {
        let (_, answer) = ask(1, full, 136);
        answer.failed(Errno::EINVAL).by(&[rule]).wrote_nothing();
    }
    let largest = Full { tcpinfo: [0, 0x7fff_ffff], sfinfo: [0, 0x7fff_ffff], ..sound };
    let (known, answer) = ask(1, largest, 40);
    answer
        .succeeded()
        .by(&[
            Rule::FullStrideClamped,
            Rule::FullElementCopied,
            Rule::FullInfoLeftOut,
            Rule::FullCountsReported,
        ])
        .wrote(&[
            (ADDRESSES, &known.subflow_info[0]),
            (TCP_INFOS, &known.tcp_info[0]),
            (LENGTH, &int(40)),
            (ROOM, &answered(largest, 1)),
        ]);
}

#[test]
fn size_arrays_user_is_not_checked() {
    let full = Full::asking(u32::MAX);
    let (known, answer) = ask(2, full, 40);
    answer.succeeded().wrote(&[
        (ADDRESSES, &known.subflow_info.concat()),
        (TCP_INFOS, &known.tcp_info.concat()),
        (LENGTH, &int(40)),
        (ROOM, &answered(full, 2)),
    ]);
}

#[test]
fn one_size_clamped_and_one_as_asked() {
    let full = Full { tcpinfo: [0, 281], sfinfo: [0, 6], ..Full::asking(2) };
    let (known, answer) = ask(2, full, 40);
    assert_eq!(answer.rules[..2], [Rule::FullStrideAsAsked, Rule::FullStrideClamped]);
    // Elements of 6 bytes: the id and half of the hole, side by side.
    answer.succeeded().wrote(&[
        (ADDRESSES, &known.subflow_info[0][..6]),
        (ADDRESSES + 6, &known.subflow_info[1][..6]),
        (TCP_INFOS, &known.tcp_info.concat()),
        (LENGTH, &int(40)),
        (ROOM, &answered(full, 2)),
    ]);
}

#[test]
fn an_array_of_size_0_is_not_touched_whatever_its_address() {
    // Measured on 6.18 with these addresses, for either pointer.
    for wild in [0, 8, 1 << 63, 0xffff_8880_0000_0000, u64::MAX, 1 << 47] {
        let full = Full { sfinfo: [0, 0], at: [wild, TCP_INFOS], ..Full::asking(1) };
        let (known, answer) = ask(1, full, 40);
        answer
            .succeeded()
            .by(&[
                Rule::FullStrideAsAsked,
                Rule::FullElementCopied,
                Rule::FullArrayEmpty,
                Rule::FullInfoLeftOut,
                Rule::FullCountsReported,
            ])
            .wrote(&[
                (TCP_INFOS, &known.tcp_info[0]),
                (LENGTH, &int(40)),
                (ROOM, &answered(full, 1)),
            ]);
        let full = Full { tcpinfo: [0, 0], at: [ADDRESSES, wild], ..Full::asking(1) };
        let (known, answer) = ask(1, full, 40);
        answer.succeeded().wrote(&[
            (ADDRESSES, &known.subflow_info[0]),
            (LENGTH, &int(40)),
            (ROOM, &answered(full, 1)),
        ]);
    }
}

#[test]
fn the_later_element_lies_over_the_earlier() {
    // Both arrays at one place: element by element, addresses first. The
    // second addresses begin at 264 and cover the end of the first tcp_info;
    // the second tcp_info begins at 280.
    let full = Full { at: [ADDRESSES, ADDRESSES], ..Full::asking(2) };
    let (known, answer) = ask(2, full, 40);
    answer.succeeded().wrote(&[
        (ADDRESSES, &known.subflow_info[0]),
        (ADDRESSES, &known.tcp_info[0]),
        (ADDRESSES + 264, &known.subflow_info[1]),
        (ADDRESSES + 280, &known.tcp_info[1]),
        (LENGTH, &int(40)),
        (ROOM, &answered(full, 2)),
    ]);
}

#[test]
fn the_structure_lies_over_a_length_inside_of_it() {
    // At 100, in mptcp_info's bytes 60 to 63.
    let full = Full::asking(0);
    let (known, answer) = ask_at(ROOM, ROOM + 100, 0, full, 136);
    answer.succeeded().wrote(&[(ROOM, &answered(full, 0)), (ROOM + 40, &known.info)]);
}
