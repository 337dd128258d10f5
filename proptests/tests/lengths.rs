//! What the returned length says.

use mptcp_emulator::Revision;
use mptcp_emulator::abi::SUBFLOW_DATA;
use mptcp_emulator::behaviors::{DataReturned, FullReturned};
use mptcp_harness::cases::Case;
use mptcp_proptests::{
    DataAsk, FullAsk, OwnedConnection, any_connection, any_revision, ask, ask_data, ask_full,
    holds, info_case, is_broken_by,
};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

fn with_connection<S: Strategy>(
    asks: impl Fn() -> S,
) -> impl Strategy<Value = (Revision, OwnedConnection, S::Value)> {
    any_revision().prop_flat_map(move |revision| (Just(revision), any_connection(revision), asks()))
}

/// The length is header and elements, all bytes of which were copied; where
/// there are no elements, as much of the header as the kernel knows.
///
/// Seed, commit 06f15cee3695: "It will be updated to contain the real number
/// bytes that have been copied to by the kernel."
fn bytes_copied(
    (revision, connection, request): (Revision, OwnedConnection, DataAsk),
) -> TestCaseResult {
    let case = request.case();
    let answer = ask(&revision, &connection.as_socket(), &case);
    prop_assert_eq!(answer.result, Ok(()));
    let elements = answer.optval() + u64::from(request.header);
    let (run, all) = answer.written_in(elements..elements + u64::from(request.room));
    prop_assert_eq!(run, all);
    let expected = match all {
        0 => SUBFLOW_DATA,
        _ => request.header + all as u32,
    };
    prop_assert_eq!(answer.stored(), Some(expected.cast_signed()));
    Ok(())
}

#[test]
fn the_length_of_elements_is_the_bytes_copied() {
    holds(with_connection(ask_data), bytes_copied);
}

#[test]
fn a_wrong_model_breaks_the_bytes_copied() {
    // Forgets that the header counts.
    is_broken_by(
        |it| it.data_returned = DataReturned::Elements,
        with_connection(ask_data),
        bytes_copied,
    );

    // Forgets the header that the kernel knows only in part.
    is_broken_by(
        |it| it.data_returned = DataReturned::HeaderWithoutElements,
        with_connection(ask_data),
        bytes_copied,
    );
}

/// `MPTCP_INFO` and `MPTCP_FULL_INFO` return exactly the bytes written at the
/// start of the buffer.
///
/// Commit 55c42fa7fa33: "The kernel updates it to contain the number of bytes
/// that it copied."
fn bytes_written(
    (revision, connection, case): (Revision, OwnedConnection, Case),
) -> TestCaseResult {
    let answer = ask(&revision, &connection.as_socket(), &case);
    let start = answer.optval();
    let (run, all) = answer.written_in(start..start + 0x1000);
    prop_assert_eq!(run, all);
    if let (Ok(()), Some(stored)) = (answer.result, answer.stored()) {
        prop_assert_eq!(stored, all as i32);
    } else {
        prop_assert_eq!(all, 0);
    }
    Ok(())
}

fn structures() -> impl Strategy<Value = Case> {
    let full = ask_full().prop_map(FullAsk::case);
    prop_oneof![(-3i32..150).prop_map(info_case), full]
}

#[test]
fn the_length_of_a_structure_is_the_bytes_written() {
    holds(with_connection(structures), bytes_written);
}

#[test]
fn a_wrong_model_breaks_the_bytes_written() {
    // Returns mptcp_info's bytes, and forgets the 40 before it.
    is_broken_by(
        |it| it.full_returned = FullReturned::Info,
        with_connection(structures),
        bytes_written,
    );
}
