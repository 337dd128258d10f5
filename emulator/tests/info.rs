//! `MPTCP_INFO`, by worked numbers: "Userspace sets optlen to the size of the
//! structure it expects. The kernel updates it to contain the number of bytes
//! that it copied." (Linux commit 55c42fa7fa33)
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod common;

use common::{BASE, Desk, EDGE, ISLAND, Known, READ_ONLY, ROOM, int};
use mptcp_emulator::abi::MPTCP_INFO;
use mptcp_emulator::{Connection, Content, Errno, Revision, Rule, Socket};

const LENGTH: u64 = ROOM + 0x800;

/// `sizeof(struct mptcp_info)` by release.
const SIZES: [(Revision, i32); 10] = [
    (Revision::V5_16, 48),
    (Revision::V6_1, 48),
    (Revision::V6_2, 48),
    (Revision::V6_5, 80),
    (Revision::V6_7, 80),
    (Revision::V6_8, 88),
    (Revision::V6_10, 96),
    (Revision::V6_12, 96),
    (Revision::V6_18, 96),
    (Revision::V7_3, 96),
];

#[test]
fn as_much_as_both_sides_know() {
    for (revision, size) in SIZES {
        let known = Known::new(0, 280, size as u32);
        let lengths = [
            (1, 1, Rule::InfoCut),
            (size - 1, size - 1, Rule::InfoCut),
            (size, size, Rule::InfoWhole),
            (size + 1, size, Rule::InfoWhole),
            (i32::MAX, size, Rule::InfoWhole),
            (-1, size, Rule::InfoNegativeLengthIsHuge),
            (i32::MIN, size, Rule::InfoNegativeLengthIsHuge),
        ];
        for (length, copied, rule) in lengths {
            known
                .ask(Desk::new().int(LENGTH, length), &revision, MPTCP_INFO, ROOM, LENGTH)
                .succeeded()
                .by(&[rule])
                .wrote(&[(LENGTH, &int(copied)), (ROOM, &known.info[..copied as usize])]);
        }
    }
}

#[test]
fn a_length_of_0_is_stored_before_6_10_and_ends_the_call_since() {
    let old = [Revision::V5_16, Revision::V6_1, Revision::V6_5, Revision::V6_8];
    let new = [Revision::V6_10, Revision::V6_12, Revision::V6_18, Revision::V7_3];
    let known = Known::new(1, 280, 96);
    for revision in old {
        // A NULL buffer does not matter: nothing is copied.
        known
            .ask(Desk::new().int(LENGTH, 0), &revision, MPTCP_INFO, 0, LENGTH)
            .succeeded()
            .by(&[Rule::InfoZeroLengthStored])
            .wrote(&[(LENGTH, &int(0))]);
        // The difference that a program can see: a length that cannot be
        // written.
        known
            .ask(Desk::new().int(READ_ONLY, 0), &revision, MPTCP_INFO, 0, READ_ONLY)
            .failed(Errno::EFAULT)
            .by(&[Rule::InfoZeroLengthStored, Rule::InfoLengthUnwritable])
            .wrote_nothing();
    }
    for revision in new {
        for optlen in [LENGTH, READ_ONLY] {
            known
                .ask(Desk::new().int(optlen, 0), &revision, MPTCP_INFO, 0, optlen)
                .succeeded()
                .by(&[Rule::InfoZeroLengthAsksNothing])
                .wrote_nothing();
        }
    }
}

#[test]
fn ten_writable_bytes_are_filled_and_the_length_stands_already() {
    // Measured on 6.18: length 400, 10 bytes before a page without access.
    let known = Known::new(0, 280, 96);
    known
        .ask(Desk::new().int(LENGTH, 400), &Revision::V6_18, MPTCP_INFO, EDGE - 10, LENGTH)
        .failed(Errno::EFAULT)
        .by(&[Rule::InfoWhole, Rule::InfoDataUnwritable])
        .wrote(&[(LENGTH, &int(96)), (EDGE - 10, &known.info[..10])]);
}

#[test]
fn a_structure_that_ends_at_the_edge_is_whole() {
    let known = Known::new(0, 280, 96);
    known
        .ask(Desk::new().int(LENGTH, 400), &Revision::V6_18, MPTCP_INFO, EDGE - 96, LENGTH)
        .succeeded()
        .wrote(&[(LENGTH, &int(96)), (EDGE - 96, &known.info)]);
    known
        .ask(Desk::new().int(LENGTH, 400), &Revision::V6_18, MPTCP_INFO, EDGE - 95, LENGTH)
        .failed(Errno::EFAULT)
        .wrote(&[(LENGTH, &int(96)), (EDGE - 95, &known.info[..95])]);
}

#[test]
fn bad_lengths_touch_nothing() {
    let known = Known::new(0, 280, 96);
    let ask = |desk: Desk, optlen| known.ask(desk, &Revision::V6_18, MPTCP_INFO, ROOM, optlen);
    // Not readable: null, no page, straddling the edge, outside of all pages.
    for optlen in [0, BASE, EDGE, EDGE - 3, EDGE - 1, BASE - 4, u64::MAX - 1] {
        ask(Desk::new(), optlen)
            .failed(Errno::EFAULT)
            .by(&[Rule::InfoLengthUnreadable])
            .wrote_nothing();
    }
    // Readable and not writable: no data is copied either.
    ask(Desk::new().int(READ_ONLY, 96), READ_ONLY)
        .failed(Errno::EFAULT)
        .by(&[Rule::InfoWhole, Rule::InfoLengthUnwritable])
        .wrote_nothing();
    // Two bytes read-only, two writable: a length is stored whole or not.
    ask(Desk::new().int(ISLAND - 2, 96), ISLAND - 2)
        .failed(Errno::EFAULT)
        .by(&[Rule::InfoWhole, Rule::InfoLengthUnwritable])
        .wrote_nothing();
}

#[test]
fn data_lies_over_a_length_inside_of_the_buffer() {
    // The length is stored first, so its 4 bytes end as bytes 40 to 43 of
    // the structure.
    let known = Known::new(0, 280, 96);
    known
        .ask(Desk::new().int(ROOM + 40, 96), &Revision::V6_18, MPTCP_INFO, ROOM, ROOM + 40)
        .succeeded()
        .wrote(&[(ROOM, &known.info)]);
    // Cut to 42 bytes, its last two remain of the length.
    known
        .ask(Desk::new().int(ROOM + 40, 42), &Revision::V6_18, MPTCP_INFO, ROOM, ROOM + 40)
        .succeeded()
        .wrote(&[(ROOM + 40, &int(42)), (ROOM, &known.info[..42])]);
}

#[test]
fn wild_addresses_fault_after_the_length() {
    let known = Known::new(0, 280, 96);
    for optval in [0, 0xff8, BASE, EDGE, READ_ONLY, 1 << 47, 1 << 63, u64::MAX - 7] {
        known
            .ask(Desk::new().int(LENGTH, 96), &Revision::V6_18, MPTCP_INFO, optval, LENGTH)
            .failed(Errno::EFAULT)
            .wrote(&[(LENGTH, &int(96))]);
    }
}

#[test]
fn open_bytes_stay_open_where_they_are_copied_to() {
    let (bytes, mut mask) = ([7; 96], [0; 96]);
    mask[84..96].fill(1);
    let (info, none) = (Content::masked(&bytes, &mask).unwrap(), Content::exact(&[]));
    let connection = Connection::new(&Revision::V6_18, info, none, none);
    let socket = Socket::Mptcp(connection.unwrap());
    let answer =
        Desk::new().int(LENGTH, 90).ask(&Revision::V6_18, &socket, MPTCP_INFO, ROOM, LENGTH);
    answer.succeeded();
    assert_eq!(answer.mask(ROOM, 84), [0; 84]);
    assert_eq!(answer.mask(ROOM + 84, 6), [1; 6]);
    assert_eq!(answer.mask(ROOM + 90, 1), [0xee], "past the length");
    assert_eq!(answer.mask(LENGTH, 4), [0; 4]);
}
