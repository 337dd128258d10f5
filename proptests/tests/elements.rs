//! Elements, room for them, and the retry that finds them all.

use mptcp_emulator::Revision;
use mptcp_emulator::abi::MPTCP_TCPINFO;
use mptcp_emulator::behaviors::{
    Count, ElementCopied, ElementFits, FullSlots, SizeKernelReturned, Step,
};
use mptcp_harness::cases::Place;
use mptcp_proptests::{
    Answer, DataAsk, FullAsk, OwnedConnection, any_connection, any_revision, ask, ask_data,
    ask_full, holds, is_broken_by, subflow_count, subflow_info, tcp_info,
};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

type Values = (Revision, OwnedConnection, DataAsk);

fn requests() -> impl Strategy<Value = Values> {
    any_revision().prop_flat_map(|revision| (Just(revision), any_connection(revision), ask_data()))
}

/// The same request twice, with more room the second time; sometimes with so
/// much that 16 bits do not hold it.
fn more_room() -> impl Strategy<Value = (Values, u32)> {
    let more = prop_oneof![3 => 0u32..3000, 1 => 0xf000u32..0x1_1000];
    (requests(), more)
}

fn run(values: &Values) -> Answer {
    let (revision, connection, request) = values;
    ask(revision, &connection.as_socket(), &request.case())
}

/// What the kernel says of subflow `number` for this option.
fn element<'a>(connection: &'a OwnedConnection, request: &DataAsk, number: usize) -> &'a [u8] {
    match request.option {
        MPTCP_TCPINFO => tcp_info(connection, number),
        _ => &subflow_info(connection, number)[8..],
    }
}

/// Bytes of elements in an answer, read as the header says.
fn elements(answer: &Answer, request: &DataAsk) -> Vec<u8> {
    let start = answer.optval() + u64::from(request.header);
    let (_, bytes) = answer.written_in(start..start + 0xf000);
    answer.bytes(start, bytes).to_vec()
}

/// An element is whole or absent; elements stand side by side, in the order
/// of the subflows, at the size that the header says.
///
/// Seed, commit 06f15cee3695: "if the number if subflows was 1, olen is equal
/// to sizeof(struct mptcp_subflow_data) + sizeof(struct tcp_info)", whatever
/// more room there is; and "there was more data that could not be copied due
/// to lack of space".
fn whole_or_absent(values: Values) -> TestCaseResult {
    let answer = run(&values);
    let (revision, connection, request) = values;
    prop_assert_eq!(answer.result, Ok(()));
    let size = request.size_user.min(request.kernel(&revision)) as usize;
    let found = elements(&answer, &request);
    prop_assert_eq!(answer.word(12) as usize, size);
    if size == 0 {
        prop_assert!(found.is_empty());
        return Ok(());
    }
    let fit = (request.room as usize / size).min(subflow_count(&connection));
    let expected: Vec<u8> = (0..fit)
        .flat_map(|number| &element(&connection, &request, number)[..size])
        .copied()
        .collect();
    prop_assert_eq!(found, expected);
    Ok(())
}

#[test]
fn an_element_is_whole_or_absent() {
    holds(requests(), whole_or_absent);
}

#[test]
fn a_wrong_model_breaks_wholeness() {
    // Fills what room is left.
    is_broken_by(|it| it.element_fits = ElementFits::Cut, requests(), whole_or_absent);

    // One byte too careful.
    is_broken_by(|it| it.element_fits = ElementFits::WithByteMore, requests(), whole_or_absent);

    // Elements where the program's headers have them.
    is_broken_by(|it| it.step = Step::Passed, requests(), whole_or_absent);
}

/// More room never yields fewer elements, and those that there were before
/// are the same.
///
/// Seed, commit 06f15cee3695: "This allows userspace to re-try with a larger
/// tcp_info array".
fn never_fewer((values, more): (Values, u32)) -> TestCaseResult {
    let mut larger = values.clone();
    larger.2.room += more;
    let few = elements(&run(&values), &values.2);
    let many = elements(&run(&larger), &larger.2);
    prop_assert!(many.starts_with(&few), "{} became {} bytes", few.len(), many.len());
    Ok(())
}

#[test]
fn more_room_never_yields_less() {
    holds(more_room(), never_fewer);
}

#[test]
fn a_wrong_model_breaks_more_room() {
    // Writes more behind the last element, where a larger buffer has the next.
    is_broken_by(|it| it.element_copied = ElementCopied::RoundedUp, more_room(), never_fewer);
}

/// What is reported does not depend on the room.
///
/// Seed, commit 06f15cee3695: num_subflows is "the number of subflows that
/// exist on the kernel side for the logical mptcp connection", size_kernel
/// "the size of the 'struct tcp_info' as known by the kernel".
fn counts_are_of_the_kernel((values, more): (Values, u32)) -> TestCaseResult {
    let mut larger = values.clone();
    larger.2.room += more;
    for values in [values, larger] {
        let answer = run(&values);
        let (revision, connection, request) = values;
        prop_assert_eq!(answer.word(0), request.header);
        prop_assert_eq!(answer.word(4) as usize, subflow_count(&connection));
        prop_assert_eq!(answer.word(8), request.kernel(&revision));
    }
    Ok(())
}

#[test]
fn counts_do_not_depend_on_the_room() {
    holds(more_room(), counts_are_of_the_kernel);
}

#[test]
fn a_wrong_model_breaks_the_counts() {
    is_broken_by(|it| it.count = Count::Copied, more_room(), counts_are_of_the_kernel);

    // Reports the size of no structure at all.
    is_broken_by(
        |it| it.size_kernel_returned = SizeKernelReturned::Zero,
        more_room(),
        counts_are_of_the_kernel,
    );
}

/// The retry: ask with any room; if the count says that there is more, ask
/// again with room for that many. Two calls always obtain everything.
///
/// Seed, commit 06f15cee3695: "This allows userspace to re-try with a larger
/// tcp_info array if the number of subflows was larger than the available
/// space in the ti[] array."
fn the_retry_obtains_all(values: Values) -> TestCaseResult {
    let (revision, connection, mut request) = values;
    prop_assume!(request.size_user > 0);
    let mut found = Vec::new();
    for _ in 0..2 {
        let answer = run(&(revision, connection.clone(), request));
        found = elements(&answer, &request);
        let (subflows, size) = (answer.word(4), answer.word(12));
        if found.len() as u32 == subflows * size {
            break;
        }
        request.room = subflows * request.size_user;
    }
    let size = request.size_user.min(request.kernel(&revision)) as usize;
    let all: Vec<u8> = (0..subflow_count(&connection))
        .flat_map(|number| &element(&connection, &request, number)[..size])
        .copied()
        .collect();
    prop_assert_eq!(found, all);
    Ok(())
}

#[test]
fn two_calls_obtain_everything() {
    holds(requests(), the_retry_obtains_all);
}

#[test]
fn a_wrong_model_breaks_the_retry() {
    is_broken_by(|it| it.count = Count::Copied, requests(), the_retry_obtains_all);
}

/// What the kernel knows of a subflow.
type Structure = fn(&OwnedConnection, usize) -> &[u8];

/// `MPTCP_FULL_INFO`: each array holds as many elements as were asked for and
/// exist, side by side; the counts are the kernel's.
///
/// UAPI, struct mptcp_full_info: num_subflows "must be 0, set by kernel (real
/// subflow count)", size_arrays_user "max subflows that userspace is
/// interested in".
fn arrays_are_filled(
    (revision, connection, request): (Revision, OwnedConnection, FullAsk),
) -> TestCaseResult {
    let answer = ask(&revision, &connection.as_socket(), &request.case());
    prop_assert_eq!(answer.result, Ok(()));
    let fit = subflow_count(&connection).min(request.size_arrays_user as usize);
    let arrays: [(Place, u32, u32, Structure); 2] = [
        (FullAsk::subflow_info(), request.size_sfinfo_user, 264, subflow_info),
        (FullAsk::tcp_info(), request.size_tcpinfo_user, revision.tcp_info, tcp_info),
    ];
    for (place, asked, kernel, of) in arrays {
        let size = asked.min(kernel) as usize;
        let expected: Vec<u8> =
            (0..fit).flat_map(|number| &of(&connection, number)[..size]).copied().collect();
        let at = place.address(mptcp_proptests::BASE);
        let (run, all) = answer.written_in(at..at + 0x6000);
        prop_assert_eq!((run, all), (expected.len(), expected.len()));
        prop_assert_eq!(answer.bytes(at, all), expected);
    }
    let sizes = [0, 8].map(|at| answer.word(at));
    prop_assert_eq!(sizes, [revision.tcp_info, 264]);
    prop_assert_eq!(answer.word(16) as usize, subflow_count(&connection));
    prop_assert_eq!(answer.word(20), request.size_arrays_user);
    Ok(())
}

fn full_requests() -> impl Strategy<Value = (Revision, OwnedConnection, FullAsk)> {
    let with_full_info = any_revision().prop_filter("has FULL_INFO", |known| known.has_full_info());
    with_full_info.prop_flat_map(|revision| (Just(revision), any_connection(revision), ask_full()))
}

#[test]
fn full_info_fills_both_arrays() {
    holds(full_requests(), arrays_are_filled);
}

#[test]
fn a_wrong_model_breaks_the_arrays() {
    is_broken_by(|it| it.count = Count::Copied, full_requests(), arrays_are_filled);

    // Counts slots from one.
    is_broken_by(|it| it.full_slots = FullSlots::Fewer, full_requests(), arrays_are_filled);
}
