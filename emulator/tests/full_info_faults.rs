//! `MPTCP_FULL_INFO` where something cannot be read or written: what is left
//! behind.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod common;

use common::full::{ADDRESSES, Full, LENGTH, TCP_INFOS, answered, ask, ask_at};
use common::{Desk, EDGE, ISLAND, Known, READ_ONLY, ROOM, int};
use mptcp_emulator::abi::MPTCP_FULL_INFO;
use mptcp_emulator::{Errno, Revision, Rule};

#[test]
fn a_bad_tcp_info_pointer_leaves_the_first_addresses() {
    let full = Full { at: [ADDRESSES, 1 << 47], ..Full::asking(2) };
    let (known, answer) = ask(2, full, 136);
    answer
        .failed(Errno::EFAULT)
        .by(&[Rule::FullStrideAsAsked, Rule::FullElementCopied, Rule::FullTcpInfoUnwritable])
        .wrote(&[(ADDRESSES, &known.subflow_info[0])]);
}

#[test]
fn a_bad_address_pointer_leaves_nothing() {
    let full = Full { at: [0, TCP_INFOS], ..Full::asking(2) };
    let (_, answer) = ask(2, full, 136);
    answer
        .failed(Errno::EFAULT)
        .by(&[Rule::FullStrideAsAsked, Rule::FullElementCopied, Rule::FullSubflowInfoUnwritable])
        .wrote_nothing();
}

#[test]
fn arrays_that_run_out_of_writable_memory() {
    // Addresses: the second element has 10 bytes. By then one tcp_info is
    // written.
    let full = Full { at: [EDGE - 274, TCP_INFOS], ..Full::asking(2) };
    let (known, answer) = ask(2, full, 136);
    answer.failed(Errno::EFAULT).wrote(&[
        (EDGE - 274, &known.subflow_info[0]),
        (TCP_INFOS, &known.tcp_info[0]),
        (EDGE - 10, &known.subflow_info[1][..10]),
    ]);
    // tcp_info: the second has 1 byte. By then both addresses are written.
    let full = Full { at: [ADDRESSES, EDGE - 281], ..Full::asking(2) };
    let (known, answer) = ask(2, full, 136);
    answer.failed(Errno::EFAULT).wrote(&[
        (ADDRESSES, &known.subflow_info.concat()),
        (EDGE - 281, &known.tcp_info[0]),
        (EDGE - 1, &known.tcp_info[1][..1]),
    ]);
}

#[test]
fn the_input_must_be_readable() {
    let known = Known::new(1, 280, 96);
    for optval in [EDGE - 39, 0, 1 << 47, u64::MAX - 15] {
        known
            .ask(Desk::new().int(LENGTH, 136), &Revision::V6_18, MPTCP_FULL_INFO, optval, LENGTH)
            .failed(Errno::EFAULT)
            .by(&[Rule::FullHeaderUnreadable])
            .wrote_nothing();
    }
    for optlen in [0, EDGE - 3] {
        known
            .ask(Desk::new(), &Revision::V6_18, MPTCP_FULL_INFO, ROOM, optlen)
            .failed(Errno::EFAULT)
            .by(&[Rule::FullLengthUnreadable])
            .wrote_nothing();
    }
}

#[test]
fn the_length_is_stored_before_the_structure() {
    let full = Full::asking(1);
    // A read-only length: arrays only.
    let (known, answer) = ask_at(ROOM, READ_ONLY, 1, full, 136);
    answer
        .failed(Errno::EFAULT)
        .by(&[
            Rule::FullStrideAsAsked,
            Rule::FullElementCopied,
            Rule::FullInfoWhole,
            Rule::FullLengthUnwritable,
        ])
        .wrote(&[(ADDRESSES, &known.subflow_info[0]), (TCP_INFOS, &known.tcp_info[0])]);
    // A read-only structure: arrays and length. Also where mptcp_info alone
    // could be written: the copy stops at its first byte.
    for optval in [READ_ONLY, ISLAND - 40] {
        let (known, answer) = ask_at(optval, LENGTH, 1, full, 136);
        answer
            .failed(Errno::EFAULT)
            .by(&[
                Rule::FullStrideAsAsked,
                Rule::FullElementCopied,
                Rule::FullInfoWhole,
                Rule::FullStructureUnwritable,
            ])
            .wrote(&[
                (ADDRESSES, &known.subflow_info[0]),
                (TCP_INFOS, &known.tcp_info[0]),
                (LENGTH, &int(136)),
            ]);
    }
    // 50 bytes before the edge: the 40, and 10 of mptcp_info.
    let (known, answer) = ask_at(EDGE - 50, LENGTH, 0, full, 136);
    answer.failed(Errno::EFAULT).wrote(&[
        (LENGTH, &int(136)),
        (EDGE - 50, &answered(full, 0)),
        (EDGE - 10, &known.info[..10]),
    ]);
}
