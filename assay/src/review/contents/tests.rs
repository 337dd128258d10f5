use super::*;

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
    found.into_iter().map(|content| (content.field, content.base, content.patched)).collect()
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
        [field("mptcpi_add_addr_signal_max", "0", "2"), field("mptcpi_subflows_max", "2", "0"),]
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
            (content.field.clone(), content.base.clone(), content.patched.clone())
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

/// What became of each field, by its name in `mptcp_info`, in two equal boots of each kernel.
fn changes(base: &[Held<'_>], patched: &[Held<'_>]) -> Vec<(String, ContentChange)> {
    let [base, patched] = [holding(base), holding(patched)];
    let found = compare(&[&base, &base], &[&patched, &patched], [Revision::V6_12; 2]);
    let short = |field: String| field.replace("mptcp_info.mptcpi_", "");
    found.into_iter().map(|content| (short(content.field), content.change)).collect()
}

/// What became of the only field that differs, of four bytes.
fn change(base: &dyn Fn(u64) -> u64, patched: &dyn Fn(u64) -> u64) -> ContentChange {
    let field = "mptcpi_retransmits";
    let found = changes(&[(field, base)], &[(field, patched)]);
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].1.clone()
}

#[test]
fn a_field_that_holds_what_another_held_is_told_with_its_name() {
    let (sent, received) = ("mptcpi_bytes_sent", "mptcpi_bytes_received");
    let (of_sent, of_received) = (|at: u64| 40 * at, |at: u64| 7 + at * at);
    let before: [Held<'_>; 2] = [(sent, &of_sent), (received, &of_received)];
    let name = |field: &str| format!("mptcp_info.{field}");
    assert_eq!(
        changes(&before, &[(sent, &of_received), (received, &of_received)]),
        [("bytes_sent".to_owned(), ContentChange::Moved { from: vec![name(received)] })]
    );
    let exchanged =
        |field: &str, with: &str| (field.to_owned(), ContentChange::Exchanged { with: name(with) });
    assert_eq!(
        changes(&before, &[(sent, &of_received), (received, &of_sent)]),
        [exchanged("bytes_received", sent), exchanged("bytes_sent", received)]
    );
    // Also in a field of another size.
    let short = "mptcpi_retransmits";
    assert_eq!(
        changes(&[(short, &|_| 0), (sent, &of_sent)], &[(short, &of_sent), (sent, &of_sent)]),
        [("retransmits".to_owned(), ContentChange::Moved { from: vec![name(sent)] })]
    );
    // At all places but one is not at all.
    let almost = |at: u64| if at == 19 { 1 } else { of_received(at) };
    assert_eq!(
        changes(&before, &[(sent, &almost), (received, &of_received)]),
        [("bytes_sent".to_owned(), ContentChange::Other)]
    );
    // Which of two fields it is, nothing shows.
    let both = "mptcpi_bytes_acked";
    let three: [Held<'_>; 3] = [(sent, &of_sent), (received, &of_received), (both, &of_received)];
    let after: [Held<'_>; 3] =
        [(sent, &of_received), (received, &of_received), (both, &of_received)];
    let from = vec![name(both), name(received)];
    assert_eq!(changes(&three, &after), [("bytes_sent".to_owned(), ContentChange::Moved { from })]);
}

/// Many fields hold 0, or one number, on every socket.
#[test]
fn one_value_everywhere_is_no_proof_of_another_field() {
    let (sent, received) = ("mptcpi_bytes_sent", "mptcpi_bytes_received");
    assert_eq!(
        changes(&[(sent, &|_| 3), (received, &|_| 5)], &[(sent, &|_| 5), (received, &|_| 5)]),
        [("bytes_sent".to_owned(), ContentChange::Other)]
    );
}

#[test]
fn a_field_that_became_constant_is_told_with_the_value() {
    let constant = |value: &str| ContentChange::BecameConstant { value: value.to_owned() };
    assert_eq!(change(&|at| at, &|_| 0), constant("0"));
    assert_eq!(change(&|at| at % 2, &|_| 70_000), constant("70000"));
    // One that was constant before did not become it.
    assert_eq!(change(&|_| 2, &|_| 0), ContentChange::Other);
    assert_eq!(change(&|at| at, &|at| u64::from(at == 19)), ContentChange::Other);
}

#[test]
fn what_moved_from_boot_to_boot_and_no_longer_does_became_constant() {
    let field = "mptcpi_token";
    let found = |boots: [u64; 4]| {
        let random = |boot: u64| move |at: u64| boot * (at + 11) % 1009;
        let boots = boots.map(|boot| holding(&[(field, &random(boot))]));
        let [one, two, three, four] = &boots;
        let found = compare(&[one, two], &[three, four], [Revision::V6_12; 2]);
        found.into_iter().map(|content| (content.change, content.places)).collect::<Vec<_>>()
    };
    let constant = ContentChange::BecameConstant { value: "0".to_owned() };
    assert_eq!(found([3, 5, 0, 0]), [(constant, 20)]);
    assert_eq!(found([3, 5, 7, 11]), []);
    assert_eq!(found([3, 5, 0, 7]), []);
    assert_eq!(found([0, 5, 0, 0]), []);
}

#[test]
fn a_field_that_lost_its_unit_is_told_with_the_factor() {
    let (multiplied, divided) =
        (|by| ContentChange::Multiplied { by }, |by| ContentChange::Divided { by });
    for by in [4, 8, 10, 100, 250, 1000, 1024, 1_000_000] {
        assert_eq!(change(&|at| at, &|at| by * at), multiplied(by));
        assert_eq!(change(&|at| by * at, &|at| at), divided(by));
    }
    // Rounded down.
    assert_eq!(change(&|at| 5037 * at, &|at| (5037 * at) / 1000), divided(1000));
    // One value is enough for a factor that no other relation is likely to give.
    assert_eq!(change(&|_| 200_000, &|_| 200), divided(1000));
    assert_eq!(change(&|_| 1, &|_| 4), ContentChange::Other);
    // Which factor it is, nothing shows, or whether it is one.
    assert_eq!(
        change(&|at| 2050 + at, &|_| 2),
        ContentChange::BecameConstant { value: "2".into() }
    );
    assert_eq!(change(&|_| 2050, &|_| 2), ContentChange::Other);
    assert_eq!(change(&|at| 1037 * at, &|at| (1037 * at) / 1000), ContentChange::Other);
    assert_eq!(change(&|_| 150, &|_| 1), ContentChange::Other);
    // At all places but one is not at all.
    assert_eq!(change(&|at| at, &|at| 8 * at + u64::from(at == 3)), ContentChange::Other);
    assert_eq!(change(&|at| at, &|at| 3 * at), ContentChange::Other);
}

#[test]
fn a_field_that_differs_by_a_constant_is_told_with_it() {
    let shifted = |by| ContentChange::Shifted { by };
    assert_eq!(change(&|at| at, &|at| at + 1), shifted(1));
    assert_eq!(change(&|at| at + 7, &|at| at), shifted(-7));
    // 0 less 1 is the greatest number of the field.
    assert_eq!(change(&|at| at, &|at| at.wrapping_sub(1)), shifted(-1));
    assert_eq!(change(&|at| at, &|at| at + 1 + at / 19), ContentChange::Other);
    assert_eq!(change(&|_| 5, &|_| 6), ContentChange::Other);
}

#[test]
fn a_field_in_the_other_byte_order_is_told() {
    let reversed = |at: u64| u64::from(u32::try_from(at).unwrap().swap_bytes());
    assert_eq!(change(&|at| at, &reversed), ContentChange::BytesReversed);
    assert_eq!(change(&|at| at, &|at| reversed(at) + at / 19), ContentChange::Other);
}

#[test]
fn a_field_that_merely_differs_has_other_contents() {
    assert_eq!(change(&|at| at, &|at| at * at + 2), ContentChange::Other);
    assert_eq!(change(&|at| at, &|at| if at < 10 { at } else { 3 }), ContentChange::Other);
    assert_eq!(change(&|at| 1 - at % 2, &|at| at % 2), ContentChange::Other);
}

#[test]
fn values_are_decimal_and_addresses_hexadecimal() {
    assert_eq!(value_text(&hex(&16_777_216_u32.to_ne_bytes())), "16777216");
    assert_eq!(value_text(&hex(&u64::MAX.to_ne_bytes())), u64::MAX.to_string());
    assert_eq!(value_text("07"), "7");
    let mut address = [0; 128];
    address[..8].copy_from_slice(&[2, 0, 0x1f, 0x90, 127, 0, 0, 0x10]);
    assert_eq!(value_text(&hex(&address)), "0x02001f907f000010");
    assert_eq!(value_text(&hex(&[0; 128])), "0x00");
}

#[test]
fn the_scenes_of_all_places_are_told() {
    let field = "mptcpi_retransmits";
    let [base, patched] =
        [holding(&[(field, &|at| at)]), holding(&[(field, &|at| if at < 3 { 50 } else { at })])];
    let found = compare(&[&base], &[&patched], [Revision::V6_12; 2]);
    let [content] = &found[..] else { panic!("{found:?}") };
    let names: Vec<&str> = (20..23).map(|id| by_id(id).unwrap().name).collect();
    assert_eq!((content.scenes.as_slice(), content.places, content.steady), (&names[..], 3, 20));
    assert_eq!((content.scene, &*content.base, &*content.patched), (names[0], "0", "50"));
    assert_eq!(content.summary(), "mptcp_info.mptcpi_retransmits has other contents");
}
