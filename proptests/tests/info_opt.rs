//! `mptcp_info_opt`, the design of July 2021: what its text promises.

use mptcp_emulator::behaviors::{OptCount, OptKernelMembers, OptScalar, SizeUserReturned, Step};
use mptcp_emulator::{Behaviors, Revision};
use mptcp_harness::cases::{Case, Input};
use mptcp_proptests::{
    BASE, OwnedConnection, any_connection, any_revision, ask, ask_opt, holds, info, is_broken_by,
    opt_places, subflow_count, subflow_info, tcp_info,
};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

type Values = (Revision, OwnedConnection, Case);

fn requests() -> impl Strategy<Value = Values> {
    let with_it = any_revision().prop_filter("has it", |known| known.info_opt);
    with_it.prop_flat_map(|revision| (Just(revision), any_connection(revision), ask_opt()))
}

/// Bytes of an element of each block of a subflow, as the kernel knows them.
fn element(connection: &OwnedConnection, block: usize, number: usize) -> &[u8] {
    match block {
        0 => info(connection),
        1 => tcp_info(connection, number),
        2 => &subflow_info(connection, number)[8..136],
        _ => &subflow_info(connection, number)[136..],
    }
}

/// "not change, or shrink the number of structures", "Not change, or shrink,
/// size_user", and nmemb_kernel and size_kernel as it "WOULD have filled": the
/// example has 17 for 17 subflows.
fn members_are_in_and_out((revision, connection, case): Values) -> TestCaseResult {
    let Input::Opt(opt) = case.input else { return Ok(()) };
    let answer = ask(&revision, &connection.as_socket(), &case);
    prop_assert_eq!(answer.result, Ok(()));
    let subflows = u32::try_from(subflow_count(&connection)).unwrap_or(0);
    let sizes = [revision.mptcp_info, revision.tcp_info, 128, 128];
    for (index, block) in opt.blocks.iter().enumerate() {
        let word = |at| answer.word(24 * index as u64 + at);
        let there = if index == 0 { 1 } else { subflows };
        let null = block.address == mptcp_harness::cases::Place::NULL;
        let filled = if null { 0 } else { block.nmemb_user.min(there) };
        prop_assert_eq!(word(8), filled, "nmemb_user of block {}", index);
        prop_assert_eq!(word(12), block.size_user.min(sizes[index]), "size_user");
        prop_assert_eq!(word(16), there, "nmemb_kernel");
        prop_assert_eq!(word(20), sizes[index], "size_kernel");
    }
    Ok(())
}

#[test]
fn what_goes_in_comes_out_or_shrinks() {
    holds(requests(), members_are_in_and_out);
}

#[test]
fn a_wrong_model_breaks_the_members() {
    // Tells how many there are in both members.
    is_broken_by(|it| it.opt_count = OptCount::All, requests(), members_are_in_and_out);

    // Leaves the program's size.
    is_broken_by(
        |it| it.size_user_returned = SizeUserReturned::Passed,
        requests(),
        members_are_in_and_out,
    );
}

/// Each block holds the elements that there is room for, side by side at the
/// size that comes back, and not a byte more: the blocks do not know of each
/// other.
fn blocks_are_filled((revision, connection, case): Values) -> TestCaseResult {
    let Input::Opt(opt) = case.input else { return Ok(()) };
    let answer = ask(&revision, &connection.as_socket(), &case);
    prop_assert_eq!(answer.result, Ok(()));
    for (index, (block, place)) in opt.blocks.iter().zip(opt_places()).enumerate() {
        let at = place.address(BASE);
        let room = if index == 0 { 1 } else { block.nmemb_user as usize };
        let there = if index == 0 { 1 } else { subflow_count(&connection) };
        let null = block.address != place;
        let count = if null { 0 } else { room.min(there) };
        let expected: Vec<u8> = (0..count)
            .flat_map(|number| {
                let whole = element(&connection, index, number);
                whole[..whole.len().min(block.size_user as usize)].to_vec()
            })
            .collect();
        let (run, all) = answer.written_in(at..at + 0x2000);
        prop_assert_eq!((run, all), (expected.len(), expected.len()), "block {}", index);
        prop_assert_eq!(answer.bytes(at, all), expected);
    }
    Ok(())
}

#[test]
fn blocks_hold_what_there_is_room_for() {
    holds(requests(), blocks_are_filled);
}

#[test]
fn a_wrong_model_breaks_the_blocks() {
    // As C indexes an array of the program's own type.
    is_broken_by(|it| it.step = Step::Passed, requests(), blocks_are_filled);

    // Fills mptcp_info only where its count says so.
    is_broken_by(|it| it.opt_scalar = OptScalar::ByCount, requests(), blocks_are_filled);
}

/// "The _kernel members are only filled by kernel, the value provided by
/// userspace are ignored."
fn kernel_members_are_ignored(
    ((revision, connection, case), junk): (Values, [u32; 8]),
) -> TestCaseResult {
    let mut other = case;
    if let Input::Opt(opt) = &mut other.input {
        for (block, junk) in opt.blocks.iter_mut().zip(junk.chunks(2)) {
            (block.nmemb_kernel, block.size_kernel) = (junk[0], junk[1]);
        }
    }
    let run = |case: &Case| ask(&revision, &connection.as_socket(), case);
    let (one, two) = (run(&case), run(&other));
    prop_assert_eq!(one.result, two.result);
    prop_assert_eq!(&one.writes, &two.writes);
    for at in one.written() {
        prop_assert_eq!(one.bytes(at, 1), two.bytes(at, 1));
    }
    Ok(())
}

/// Requests, and other kernel members; among them 0, as the options that shipped ask for.
fn with_members() -> impl Strategy<Value = (Values, [u32; 8])> {
    (requests(), prop_oneof![3 => any::<[u32; 8]>(), 1 => Just([0; 8])])
}

#[test]
fn kernel_members_of_the_input_do_not_matter() {
    holds(with_members(), kernel_members_are_ignored);
}

#[test]
fn a_wrong_model_breaks_the_ignored_members() {
    // Asks for 0, as the options that shipped do.
    let wrong = |it: &mut Behaviors| it.opt_kernel_members = OptKernelMembers::AllRefused;
    is_broken_by(wrong, with_members(), kernel_members_are_ignored);
}
