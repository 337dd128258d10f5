use super::*;
use crate::review::guest_run::SceneFacts;
use mptcp_emulator::abi::MptcpInfo;

/// The value of a field by scene: its name in `mptcp_info`, and what it holds.
type Held<'a> = (&'a str, &'a dyn Fn(u64) -> u64);

/// A survey of ten scenes whose `mptcp_info` is eight bytes, told by scene.
fn survey(info: impl Fn(u8) -> [u8; 8]) -> GuestRun {
    let scene = |id: u8| SceneFacts {
        id,
        subflows: Some(1),
        info: info(id).iter().map(|byte| format!("{byte:02x}")).collect(),
        tcp_info: Vec::new(),
        subflow_info: Vec::new(),
    };
    GuestRun { scenes: (20..30).map(scene).collect(), ..GuestRun::empty(Revision::V6_12) }
}

fn found(base: [GuestRun; 2], patched: [GuestRun; 2]) -> Vec<(String, String, String)> {
    let [one, two] = &base;
    let [three, four] = &patched;
    let found = compare(&[one, two], &[three, four], [Revision::V6_12; 2]);
    found
        .into_iter()
        .map(|content| (content.change.field, content.change.expected, content.change.observed))
        .collect()
}

#[test]
fn a_field_that_moved_is_told_with_its_values() {
    let before = || survey(|_| [3, 0, 0, 2, 0, 0, 0, 0]);
    let after = || survey(|_| [3, 0, 0, 0, 2, 0, 0, 0]);
    let field = |name: &str, base: &str, patched: &str| {
        (format!("mptcp_info.{name}"), base.to_owned(), patched.to_owned())
    };
    assert_eq!(
        found([before(), before()], [after(), after()]),
        [field("mptcpi_subflows_max", "2", "0"), field("mptcpi_add_addr_signal_max", "0", "2")]
    );
    assert_eq!(found([before(), before()], [before(), before()]), []);
}

#[test]
fn what_moves_from_boot_to_boot_is_not() {
    let boot = |number: u8| survey(move |scene| [scene.wrapping_mul(number), 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(found([boot(1), boot(3)], [boot(5), boot(7)]), []);
    // Nor what happened to stand still in a few places.
    let few = |number: u8, still: u8| {
        survey(move |scene| [if scene < 22 { still } else { number }, 0, 0, 0, 0, 0, 0, 0])
    };
    assert_eq!(found([few(1, 9), few(2, 9)], [few(3, 8), few(4, 8)]), []);
}

#[test]
fn a_flag_of_a_few_sockets_is_told_where_it_is_steady_on_all() {
    let flag =
        |told: u8| survey(move |scene| [if scene < 23 { told } else { 0 }, 0, 0, 0, 0, 0, 0, 0]);
    let found = found([flag(1), flag(1)], [flag(0), flag(0)]);
    assert_eq!(found.len(), 1, "{found:?}");
}

/// Limits that the patched revision leaves 0, and only where it does.
#[test]
fn what_the_revisions_are_known_for_is_left_out() {
    let limit = |value: u8| move |_| [1, 0, 0, value, 0, 0, 0, 0];
    let revisions = [Revision::V6_2, Revision::V6_4];
    let found = |values: [u8; 2]| {
        let [base, patched] = values.map(|value| survey(limit(value)));
        compare(&[&base], &[&patched], revisions).len()
    };
    assert_eq!(found([2, 0]), 0);
    assert_eq!(found([2, 1]), 1);
    let [base, patched] = [2, 0].map(|value| survey(limit(value)));
    assert_eq!(compare(&[&base], &[&patched], [Revision::V6_2; 2]).len(), 1);
}

#[test]
fn another_number_of_subflows_is_told_unless_the_revisions_account_for_it() {
    let of = |id, subflows: u32| {
        let mut survey = GuestRun::empty(Revision::V6_12);
        let (info, tcp_info, subflow_info) = (String::new(), Vec::new(), Vec::new());
        let subflows = Some(subflows);
        survey.scenes.push(SceneFacts { id, subflows, info, tcp_info, subflow_info });
        survey
    };
    let found = |id, [base, patched]: [u32; 2], revisions| {
        let found = compare(&[&of(id, base)], &[&of(id, patched)], revisions);
        let told = |content: &Content| {
            let FieldChange { field, expected, observed, .. } = &content.change;
            (field.clone(), expected.clone(), observed.clone())
        };
        found.first().map(told)
    };
    let told = |base: &str, patched: &str| {
        Some((SUBFLOWS.to_owned(), base.to_owned(), patched.to_owned()))
    };
    // fresh-v4, and established-v4-client-3-after.
    let revisions = [Revision::V6_1, Revision::V6_12];
    assert_eq!(found(0, [1, 0], revisions), None);
    assert_eq!(found(0, [0, 1], revisions), told("0", "1"));
    assert_eq!(found(0, [1, 0], [Revision::V6_12; 2]), told("1", "0"));
    assert_eq!(found(30, [3, 2], revisions), told("3", "2"));
    assert_eq!(found(30, [3, 3], revisions), None);
    // What is not the same in every boot is no difference.
    let [three, two] = [of(30, 3), of(30, 2)];
    assert_eq!(compare(&[&three, &two], &[&two, &two], revisions), []);
}

#[test]
fn what_is_open_is_not_compared() {
    let open = |byte: u8| {
        let mut survey = survey(|_| [byte; 8]);
        survey.scenes.iter_mut().for_each(|scene| scene.info = "..".repeat(8));
        survey
    };
    assert_eq!(found([open(1), open(1)], [open(2), open(2)]), []);
}

/// A survey of twenty scenes, numbered from 0, whose `mptcp_info` holds these and else 0.
fn holding(held: &[Held<'_>]) -> GuestRun {
    let info = |id: u8| {
        let mut bytes = [0; 96];
        for (name, value) in held {
            let field = MptcpInfo::FIELDS.iter().find(|field| field.name == *name).unwrap();
            let (at, size) = (usize::from(field.offset), usize::from(field.size));
            let value = value(u64::from(id) - 20).to_le_bytes();
            bytes[at..at + size].copy_from_slice(&value[..size]);
            if cfg!(target_endian = "big") {
                bytes[at..at + size].reverse();
            }
        }
        hex(&bytes)
    };
    let scene = |id: u8| SceneFacts {
        id,
        subflows: Some(1),
        info: info(id),
        tcp_info: Vec::new(),
        subflow_info: Vec::new(),
    };
    GuestRun { scenes: (20..40).map(scene).collect(), ..GuestRun::empty(Revision::V6_12) }
}

#[test]
fn what_moved_from_boot_to_boot_and_no_longer_does_became_constant() {
    let field = "mptcpi_token";
    let found = |boots: [u64; 4]| {
        let random = |boot: u64| move |at: u64| boot * (at + 11) % 1009;
        let boots = boots.map(|boot| holding(&[(field, &random(boot))]));
        let [one, two, three, four] = &boots;
        let found = compare(&[one, two], &[three, four], [Revision::V6_12; 2]);
        found
            .into_iter()
            .map(|content| (content.change.change, content.change.places))
            .collect::<Vec<_>>()
    };
    let constant = ContentsChange::BecameConstant { value: "0".to_owned() };
    assert_eq!(found([3, 5, 0, 0]), [(constant, 20)]);
    assert_eq!(found([3, 5, 7, 11]), []);
    assert_eq!(found([3, 5, 0, 7]), []);
    assert_eq!(found([0, 5, 0, 0]), []);
}

#[test]
fn the_scenes_of_all_places_are_told() {
    let field = "mptcpi_retransmits";
    let [base, patched] =
        [holding(&[(field, &|at| at)]), holding(&[(field, &|at| if at < 3 { 50 } else { at })])];
    let found = compare(&[&base], &[&patched], [Revision::V6_12; 2]);
    let [Content { change, .. }] = &found[..] else { panic!("{found:?}") };
    let names: Vec<&str> = (20..23).map(|id| by_id(id).unwrap().name).collect();
    assert_eq!((change.scenes.as_slice(), change.places, change.steady), (&names[..], 3, 20));
    assert_eq!((change.scene, &*change.expected, &*change.observed), (names[0], "0", "50"));
    assert_eq!(change.clause(), "mptcp_info.mptcpi_retransmits has other contents");
}
