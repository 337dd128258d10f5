//! Programs and kernels of different ages, and answers asked again.

use mptcp_emulator::abi::MPTCP_TCPINFO;
use mptcp_emulator::behaviors::{DataReturned, ElementSize, FirstElement, SizeUserReturned};
use mptcp_emulator::{Revision, Rule};
use mptcp_harness::cases::{Case, Data, Full, Input};
use mptcp_proptests::{
    Answer, DataAsk, OwnedConnection, any_connection, any_revision, any_sound_case, ask, ask_data,
    holds, info_case, is_broken_by, subflow_count,
};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

/// An older and a newer kernel, and one connection as the newer knows it.
fn two_kernels() -> impl Strategy<Value = ([Revision; 2], OwnedConnection)> {
    let ages = (0..Revision::ALL.len(), 0..Revision::ALL.len());
    ages.prop_flat_map(|(one, other)| {
        let (older, newer) = (Revision::ALL[one.min(other)], Revision::ALL[one.max(other)]);
        (Just([older, newer]), any_connection(newer))
    })
}

fn first_element(answer: &Answer, request: &DataAsk) -> Vec<u8> {
    let start = answer.optval() + u64::from(request.header);
    let size = answer.word(12) as usize;
    answer.bytes(start, size).to_vec()
}

/// The same program on an older and on a newer kernel: the older's elements
/// are the beginnings of the newer's. The same for one kernel and an older
/// program, which asks for less.
///
/// Seed, commit 06f15cee3695: "This allows the kernel to only fill in the
/// space reserved/expected by userspace." Commit 55c42fa7fa33: "This allows to
/// append more information to the structure later."
fn smaller_is_a_prefix(
    (([older, newer], connection), asked, less): (([Revision; 2], OwnedConnection), u32, u32),
) -> TestCaseResult {
    let request =
        |size_user| DataAsk { option: MPTCP_TCPINFO, header: 16, size_user, room: size_user * 20 };
    let run = |revision: &Revision, known: &OwnedConnection, request: DataAsk| {
        ask(revision, &known.as_socket(), &request.case())
    };
    prop_assume!(subflow_count(&connection) > 0);
    let known = connection.as_connection();
    let Ok(old_kernel) = OwnedConnection::of(&older, known.info(), known.subflows()) else {
        return Err(TestCaseError::fail("an older kernel knows more"));
    };
    let on_old = run(&older, &old_kernel, request(asked));
    let on_new = run(&newer, &connection, request(asked));
    let old_program = run(&newer, &connection, request(asked - less.min(asked)));
    let whole = first_element(&on_new, &request(asked));
    prop_assert!(whole.starts_with(&first_element(&on_old, &request(asked))));
    prop_assert!(whole.starts_with(&first_element(&old_program, &request(asked))));
    // What each says of sizes is what each side knows.
    prop_assert_eq!(on_old.word(12), asked.min(older.tcp_info));
    prop_assert_eq!(on_new.word(12), asked.min(newer.tcp_info));
    prop_assert_eq!(on_old.word(4), on_new.word(4));
    // MPTCP_INFO: the buffer's length says which structure is meant.
    let info = |revision: &Revision, known: &OwnedConnection| {
        let case = info_case(asked.cast_signed());
        let answer = ask(revision, &known.as_socket(), &case);
        let length = answer.stored().unwrap_or(0) as usize;
        answer.bytes(answer.optval(), length).to_vec()
    };
    prop_assert!(info(&newer, &connection).starts_with(&info(&older, &old_kernel)));
    Ok(())
}

#[test]
fn a_smaller_structure_is_a_prefix_of_the_larger() {
    holds((two_kernels(), 1u32..400, 0u32..300), smaller_is_a_prefix);
}

#[test]
fn a_wrong_model_breaks_the_prefix() {
    // Believes the program's size.
    is_broken_by(
        |it| it.element_size = ElementSize::Passed,
        (two_kernels(), 1u32..400, 0u32..300),
        smaller_is_a_prefix,
    );
}

/// A program with a larger header than the kernel knows: elements follow the
/// program's header, of which the kernel leaves alone what it does not know.
///
/// Seed, commit 06f15cee3695: "If the structure is extended later on, kernel
/// knows where the userspace-provided meta header ends, even if userspace uses
/// an older (smaller) version of the structure."
fn a_larger_header_moves_elements(
    (revision, connection, request): (Revision, OwnedConnection, DataAsk),
) -> TestCaseResult {
    let plain = DataAsk { header: 16, ..request };
    let run = |request: DataAsk| ask(&revision, &connection.as_socket(), &request.case());
    let (small, large) = (run(plain), run(request));
    let elements = |answer: &Answer, request: DataAsk| {
        let start = answer.optval() + u64::from(request.header);
        let (run, _) = answer.written_in(start..start + u64::from(request.room));
        answer.bytes(start, run).to_vec()
    };
    prop_assert_eq!(elements(&small, plain), elements(&large, request));
    let known = large.optval() + 16..large.optval() + u64::from(request.header);
    prop_assert_eq!(large.written_in(known).1, 0, "the header's tail was written");
    prop_assert_eq!(large.word(0), request.header);
    prop_assert_eq!([4, 8, 12].map(|at| large.word(at)), [4, 8, 12].map(|at| small.word(at)));
    Ok(())
}

fn requests() -> impl Strategy<Value = (Revision, OwnedConnection, DataAsk)> {
    any_revision().prop_flat_map(|revision| (Just(revision), any_connection(revision), ask_data()))
}

#[test]
fn a_larger_header_only_moves_the_elements() {
    holds(requests(), a_larger_header_moves_elements);
}

#[test]
fn a_wrong_model_breaks_the_larger_header() {
    // Elements behind the header that the kernel knows.
    is_broken_by(
        |it| it.first_element = FirstElement::Behind16,
        requests(),
        a_larger_header_moves_elements,
    );
}

/// The request that an answer makes, once the kernel's fields are cleared and
/// its length is passed again.
fn again(answer: &Answer) -> Case {
    let mut case = answer.case;
    case.length = answer.stored().unwrap_or(case.length);
    match &mut case.input {
        Input::Nothing => {}
        Input::Data(data) => *data = Data::asking(answer.word(12)).with_header(answer.word(0)),
        Input::Full(full) => {
            *full = Full {
                size_tcpinfo_user: answer.word(4),
                size_sfinfo_user: answer.word(12),
                size_arrays_user: answer.word(20),
                ..*full
            }
        }
        // Nothing has to be cleared: what the kernel reported is ignored.
        Input::Opt(opt) => {
            for (block, at) in opt.blocks.iter_mut().zip((0..).step_by(24)) {
                block.nmemb_user = answer.word(at + 8);
                block.size_user = answer.word(at + 12);
                block.nmemb_kernel = answer.word(at + 16);
                block.size_kernel = answer.word(at + 20);
            }
        }
    }
    case
}

trait WithHeader {
    fn with_header(self, size: u32) -> Self;
}

impl WithHeader for Data {
    fn with_header(self, size: u32) -> Data {
        Data { size_subflow_data: size, ..self }
    }
}

/// An answer with the kernel's fields cleared is a request that has the same
/// answer: sizes are agreed upon after one call.
///
/// Seed, commit 06f15cee3695: num_subflows and size_kernel "must be set to 0",
/// size_subflow_data and size_user are the program's, size_user being lowered
/// to what both know.
///
/// One exception, which the kernel's selftest fixes ("olen must be truncated
/// to real data size filled by kernel") without looking at what it means: with
/// a header of more than 16 bytes and no element, the length returned is 16,
/// and a request with it is refused, because its header does not fit.
fn stable((revision, connection, case): (Revision, OwnedConnection, Case)) -> TestCaseResult {
    let run = |case: &Case| ask(&revision, &connection.as_socket(), case);
    let first = run(&case);
    prop_assume!(first.result == Ok(()));
    let second = run(&again(&first));
    if let Input::Data(data) = &case.input
        && data.size_subflow_data > 16
        && first.rules.contains(&Rule::LengthWithoutElements)
    {
        prop_assert_eq!(&second.record.rules, &[Rule::HeaderSizeAboveLength]);
        return Ok(());
    }
    prop_assert_eq!(second.result, Ok(()));
    prop_assert_eq!(&second.writes, &first.writes);
    prop_assert_eq!(second.written(), first.written());
    for at in first.written() {
        prop_assert_eq!(second.bytes(at, 1), first.bytes(at, 1));
    }
    Ok(())
}

#[test]
fn an_answer_asked_again_is_stable() {
    holds(any_sound_case(), stable);
}

#[test]
fn a_wrong_model_breaks_stability() {
    // Returns in size_user what was not agreed on.
    is_broken_by(|it| it.size_user_returned = SizeUserReturned::Kernel, any_sound_case(), stable);

    // Returns the length without the header.
    is_broken_by(|it| it.data_returned = DataReturned::Elements, any_sound_case(), stable);
}
