//! The calls of 32-bit programs.

use mptcp_emulator::Revision;
use mptcp_emulator::behaviors::CompatAddress;
use mptcp_harness::cases::{Case, Entry};
use mptcp_harness::memory::layout;
use mptcp_proptests::{BASE, OwnedSocket, any_case, any_sound_case, ask, holds, is_broken_by};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

type Values = (Revision, OwnedSocket, Case);

fn sound() -> impl Strategy<Value = Values> {
    any_sound_case()
        .prop_map(|(revision, connection, case)| (revision, OwnedSocket::Mptcp(connection), case))
}

/// A 32-bit program is answered as any other: uapi, struct mptcp_full_info, has its
/// pointers as __aligned_u64, and all else is a number of one size.
fn one_answer((revision, socket, case): Values) -> TestCaseResult {
    let compat = Case { entry: Entry::Compat, ..case };
    if !compat.is_safe() {
        return Ok(());
    }
    let ask = |case| ask(&revision, &socket.as_socket(), &case);
    let (one, other) = (ask(Case { entry: Entry::Native, ..case }), ask(compat));
    prop_assert_eq!(one.result, other.result);
    prop_assert_eq!(&one.rules, &other.rules);
    prop_assert_eq!(one.written(), other.written());
    prop_assert!(one.bytes(BASE, layout::LEN) == other.bytes(BASE, layout::LEN));
    Ok(())
}

#[test]
fn a_32_bit_program_is_answered_as_any_other() {
    holds(any_case(), one_answer);
    holds(sound(), one_answer);
}

#[test]
fn a_wrong_model_answers_them_otherwise() {
    // Takes all of a register for an address.
    is_broken_by(|it| it.compat_address = CompatAddress::Whole, any_case(), one_answer);
    is_broken_by(|it| it.compat_address = CompatAddress::Whole, sound(), one_answer);
}
