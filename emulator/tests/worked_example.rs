//! The example in the message of Linux commit 06f15cee3695, "mptcp: add
//! MPTCP_TCPINFO getsockopt support": a `struct my_tcp_info` with room for
//! two elements, `olen = sizeof(ti)`.
//!
//! "In the above example, if the number if subflows was 1, olen is equal to
//! sizeof(struct mptcp_subflow_data) + sizeof(struct tcp_info). For 2 or more
//! subflows olen is equal to sizeof(struct my_tcp_info)." And: "If there was
//! more data that could not be copied due to lack of space in the option
//! buffer, userspace can detect this by checking
//! mptcp_subflow_data->num_subflows."
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod common;

use common::{Desk, Known, ROOM, bytes_of, int};
use mptcp_emulator::abi::{MPTCP_SUBFLOW_ADDRS, MPTCP_TCPINFO};
use mptcp_emulator::{Revision, Rule};

const LENGTH: u64 = ROOM + 0x2000;

/// `sizeof(struct tcp_info)`, and what `olen` has to be with 0, 1, 2 and 3
/// subflows: 16, 16 + size, 16 + 2 * size, and the same again.
const EXAMPLE: [(Revision, u32, [i32; 4]); 10] = [
    (Revision::V5_16, 232, [16, 248, 480, 480]),
    (Revision::V6_1, 232, [16, 248, 480, 480]),
    (Revision::V6_2, 240, [16, 256, 496, 496]),
    (Revision::V6_5, 240, [16, 256, 496, 496]),
    (Revision::V6_7, 248, [16, 264, 512, 512]),
    (Revision::V6_8, 248, [16, 264, 512, 512]),
    (Revision::V6_10, 248, [16, 264, 512, 512]),
    (Revision::V6_12, 248, [16, 264, 512, 512]),
    (Revision::V6_18, 280, [16, 296, 576, 576]),
    (Revision::V7_3, 280, [16, 296, 576, 576]),
];

#[test]
fn my_tcp_info_with_0_to_3_subflows() {
    for (revision, size, lengths) in EXAMPLE {
        let my_tcp_info = lengths[2];
        for (subflows, length) in lengths.into_iter().enumerate() {
            let known = Known::new(subflows, size, 96);
            let desk = Desk::new().words(ROOM, &[16, 0, 0, size]).int(LENGTH, my_tcp_info);
            let answer = known.ask(desk, &revision, MPTCP_TCPINFO, ROOM, LENGTH);

            let header = bytes_of(&[16, subflows as u32, size, size]);
            let elements = known.tcp_info[..subflows.min(2)].concat();
            answer.succeeded().wrote(&[
                (ROOM + 16, &elements),
                (LENGTH, &int(length)),
                (ROOM, &header),
            ]);
        }
    }
}

#[test]
fn the_rules_of_three_subflows_into_two_slots() {
    let known = Known::new(3, 280, 96);
    let desk = Desk::new().words(ROOM, &[16, 0, 0, 280]).int(LENGTH, 576);
    known.ask(desk, &Revision::V6_18, MPTCP_TCPINFO, ROOM, LENGTH).by(&[
        Rule::StrideAsAsked,
        Rule::ElementCopied,
        Rule::ElementLeftOut,
        Rule::LengthWithElements,
        Rule::CountReported,
        Rule::SizesReported,
    ]);
}

#[test]
fn addresses_use_the_same_header() {
    // "It re-uses the same meta-header as for MPTCP_TCPINFO" (c11c5906bc0a).
    // An element is 256 bytes: what follows the id and the hole, 8 bytes, of
    // mptcp_subflow_info.
    let known = Known::new(3, 232, 48);
    let desk = Desk::new().words(ROOM, &[16, 0, 0, 256]).int(LENGTH, 16 + 2 * 256);
    let (first, second) = (&known.subflow_info[0][8..], &known.subflow_info[1][8..]);
    assert_eq!((first.len(), second.len()), (256, 256));
    known.ask(desk, &Revision::V6_1, MPTCP_SUBFLOW_ADDRS, ROOM, LENGTH).succeeded().wrote(&[
        (ROOM + 16, first),
        (ROOM + 272, second),
        (LENGTH, &int(528)),
        (ROOM, &bytes_of(&[16, 3, 256, 256])),
    ]);
}

#[test]
fn the_17_subflows_of_the_2021_design() {
    // "if there are 17 subflows then socknames.nmemb_user == 16 and
    // socknames.nmemb_kernel == 17": what became of it in MPTCP_TCPINFO.
    let known = Known::new(17, 280, 96);
    let desk = Desk::new().words(ROOM, &[16, 0, 0, 280]).int(LENGTH, 4496);
    let elements = known.tcp_info[..16].concat();
    assert_eq!(elements.len(), 4480);
    known.ask(desk, &Revision::V6_18, MPTCP_TCPINFO, ROOM, LENGTH).succeeded().wrote(&[
        (ROOM + 16, &elements),
        (LENGTH, &int(4496)),
        (ROOM, &bytes_of(&[16, 17, 280, 280])),
    ]);
}
