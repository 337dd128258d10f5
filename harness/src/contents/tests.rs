//! Fields of `mptcp_info` on twenty scenes, expected and observed.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use mptcp_emulator::abi::MptcpInfo;

use super::values::value_text;
use super::*;

/// The value of a field by scene: its name in `mptcp_info`, and what it holds.
type Held<'a> = (&'a str, &'a dyn Fn(u64) -> u64);

fn id(name: &str) -> FieldId {
    let field = MptcpInfo::FIELDS.iter().find(|field| field.name == name).unwrap();
    Structure::MptcpInfo.field_at(usize::from(field.offset))
}

/// Twenty scenes, numbered from 0, whose `mptcp_info` holds these and else 0.
fn holding(held: &[Held<'_>]) -> Shown {
    let mut shown = Shown::default();
    for scene in 0..20 {
        let mut bytes = [0; 96];
        for (name, value) in held {
            let FieldId { offset, size, .. } = id(name);
            let value = value(u64::from(scene)).to_le_bytes();
            bytes[offset..offset + size].copy_from_slice(&value[..size]);
            if cfg!(target_endian = "big") {
                bytes[offset..offset + size].reverse();
            }
        }
        shown.add(Structure::MptcpInfo, (scene, 0), &digits(&bytes, &[]));
    }
    shown
}

/// What became of each field that differs, by its name in `mptcp_info`.
fn changes(expected: &[Held<'_>], observed: &[Held<'_>]) -> Vec<(String, ContentsChange)> {
    let [expected, observed] = [holding(expected), holding(observed)];
    let change = |(field, sides): (FieldId, Sides<'_>)| {
        let pairs = pairs(sides);
        let change = ContentsChange::of(field, [&expected, &observed], sides, &pairs);
        let short = field.to_string().replace("mptcp_info.mptcpi_", "");
        (!differing(&pairs).is_empty()).then_some((short, change))
    };
    Shown::both(&expected, &observed).filter_map(change).collect()
}

/// What became of the only field that differs, of four bytes.
fn change(base: &dyn Fn(u64) -> u64, patched: &dyn Fn(u64) -> u64) -> ContentsChange {
    let field = "mptcpi_retransmits";
    let found = changes(&[(field, base)], &[(field, patched)]);
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].1.clone()
}

#[test]
fn a_field_that_holds_what_another_held_is_told_with_its_id() {
    let (sent, received) = ("mptcpi_bytes_sent", "mptcpi_bytes_received");
    let (of_sent, of_received) = (|at: u64| 40 * at, |at: u64| 7 + at * at);
    let before: [Held<'_>; 2] = [(sent, &of_sent), (received, &of_received)];
    assert_eq!(
        changes(&before, &[(sent, &of_received), (received, &of_received)]),
        [("bytes_sent".to_owned(), ContentsChange::Moved { from: vec![id(received).to_string()] })]
    );
    let exchanged = |field: &str, with: &str| {
        (field.to_owned(), ContentsChange::Exchanged { with: id(with).to_string() })
    };
    assert_eq!(
        changes(&before, &[(sent, &of_received), (received, &of_sent)]),
        [exchanged("bytes_sent", received), exchanged("bytes_received", sent)]
    );
    // Also in a field of another size.
    let short = "mptcpi_retransmits";
    assert_eq!(
        changes(&[(short, &|_| 0), (sent, &of_sent)], &[(short, &of_sent), (sent, &of_sent)]),
        [("retransmits".to_owned(), ContentsChange::Moved { from: vec![id(sent).to_string()] })]
    );
    // At all places but one is not at all.
    let almost = |at: u64| if at == 19 { 1 } else { of_received(at) };
    assert_eq!(
        changes(&before, &[(sent, &almost), (received, &of_received)]),
        [("bytes_sent".to_owned(), ContentsChange::Other)]
    );
    // Which of two fields it is, nothing shows.
    let both = "mptcpi_bytes_acked";
    let three: [Held<'_>; 3] = [(sent, &of_sent), (received, &of_received), (both, &of_received)];
    let after: [Held<'_>; 3] =
        [(sent, &of_received), (received, &of_received), (both, &of_received)];
    let from = [received, both].map(|name| id(name).to_string()).to_vec();
    assert_eq!(
        changes(&three, &after),
        [("bytes_sent".to_owned(), ContentsChange::Moved { from })]
    );
}

/// Many fields hold 0, or one number, on every socket.
#[test]
fn one_value_everywhere_is_no_proof_of_another_field() {
    let (sent, received) = ("mptcpi_bytes_sent", "mptcpi_bytes_received");
    assert_eq!(
        changes(&[(sent, &|_| 3), (received, &|_| 5)], &[(sent, &|_| 5), (received, &|_| 5)]),
        [("bytes_sent".to_owned(), ContentsChange::Other)]
    );
}

#[test]
fn a_field_that_became_constant_is_told_with_the_value() {
    let constant = |value: &str| ContentsChange::BecameConstant { value: value.to_owned() };
    assert_eq!(change(&|at| at, &|_| 0), constant("0"));
    assert_eq!(change(&|at| at % 2, &|_| 70_000), constant("70000"));
    // One that was constant before did not become it.
    assert_eq!(change(&|_| 2, &|_| 0), ContentsChange::Other);
    assert_eq!(change(&|at| at, &|at| u64::from(at == 19)), ContentsChange::Other);
}

#[test]
fn a_field_that_lost_its_unit_is_told_with_the_factor() {
    let (multiplied, divided) =
        (|by| ContentsChange::Multiplied { by }, |by| ContentsChange::Divided { by });
    for by in [4, 8, 10, 100, 250, 1000, 1024, 1_000_000] {
        assert_eq!(change(&|at| at, &|at| by * at), multiplied(by));
        assert_eq!(change(&|at| by * at, &|at| at), divided(by));
    }
    // Rounded down.
    assert_eq!(change(&|at| 5037 * at, &|at| (5037 * at) / 1000), divided(1000));
    // One value is enough for a factor that no other relation is likely to give.
    assert_eq!(change(&|_| 200_000, &|_| 200), divided(1000));
    assert_eq!(change(&|_| 1, &|_| 4), ContentsChange::Other);
    // Which factor it is, nothing shows, or whether it is one.
    assert_eq!(
        change(&|at| 2050 + at, &|_| 2),
        ContentsChange::BecameConstant { value: "2".into() }
    );
    assert_eq!(change(&|_| 2050, &|_| 2), ContentsChange::Other);
    assert_eq!(change(&|at| 1037 * at, &|at| (1037 * at) / 1000), ContentsChange::Other);
    assert_eq!(change(&|_| 150, &|_| 1), ContentsChange::Other);
    // At all places but one is not at all.
    assert_eq!(change(&|at| at, &|at| 8 * at + u64::from(at == 3)), ContentsChange::Other);
    assert_eq!(change(&|at| at, &|at| 3 * at), ContentsChange::Other);
}

#[test]
fn a_field_that_differs_by_a_constant_is_told_with_it() {
    let shifted = |by| ContentsChange::Shifted { by };
    assert_eq!(change(&|at| at, &|at| at + 1), shifted(1));
    assert_eq!(change(&|at| at + 7, &|at| at), shifted(-7));
    // 0 less 1 is the greatest number of the field.
    assert_eq!(change(&|at| at, &|at| at.wrapping_sub(1)), shifted(-1));
    assert_eq!(change(&|at| at, &|at| at + 1 + at / 19), ContentsChange::Other);
    assert_eq!(change(&|_| 5, &|_| 6), ContentsChange::Other);
}

#[test]
fn a_field_in_the_other_byte_order_is_told() {
    let reversed = |at: u64| u64::from(u32::try_from(at).unwrap().swap_bytes());
    assert_eq!(change(&|at| at, &reversed), ContentsChange::BytesReversed);
    assert_eq!(change(&|at| at, &|at| reversed(at) + at / 19), ContentsChange::Other);
}

#[test]
fn a_field_that_merely_differs_has_other_contents() {
    assert_eq!(change(&|at| at, &|at| at * at + 2), ContentsChange::Other);
    assert_eq!(change(&|at| at, &|at| if at < 10 { at } else { 3 }), ContentsChange::Other);
    assert_eq!(change(&|at| 1 - at % 2, &|at| at % 2), ContentsChange::Other);
}

#[test]
fn values_are_decimal_and_addresses_hexadecimal() {
    assert_eq!(value_text(&digits(&16_777_216_u32.to_ne_bytes(), &[])), "16777216");
    assert_eq!(value_text(&digits(&u64::MAX.to_ne_bytes(), &[])), u64::MAX.to_string());
    assert_eq!(value_text("07"), "7");
    let mut address = [0; 128];
    address[..8].copy_from_slice(&[2, 0, 0x1f, 0x90, 127, 0, 0, 0x10]);
    assert_eq!(value_text(&digits(&address, &[])), "0x02001f907f000010");
    assert_eq!(value_text(&digits(&[0; 128], &[])), "0x00");
}

#[test]
fn what_is_open_is_no_origin_and_is_not_compared() {
    let open = |digits_of: &str| {
        let mut shown = Shown::default();
        (0..20).for_each(|scene| shown.add(Structure::SubflowInfo, (scene, 0), digits_of));
        shown
    };
    let [expected, observed] = [open("........00000000"), open("0100000000000000")];
    assert!(
        Shown::both(&expected, &observed).all(|(_, sides)| differing(&pairs(sides)).is_empty())
    );
}

#[test]
fn fields_have_the_names_that_are_allowed() {
    for (structure, offset, name) in [
        (Structure::MptcpInfo, 8, "mptcp_info.mptcpi_flags"),
        (Structure::MptcpInfo, 7, "mptcp_info.byte 6"),
        (Structure::TcpInfo, 283, "tcp_info.byte 280"),
        (Structure::SubflowAddrs, 130, "mptcp_subflow_addrs.ss_remote.port"),
        (Structure::SubflowInfo, 0, "mptcp_subflow_info.id"),
    ] {
        assert_eq!(structure.field_at(offset).to_string(), name);
        assert!(FieldId::is_name(name));
    }
    for name in ["addrs.ss_local", "mptcp_info.(hole)", "mptcp_subflow_info.addrs"] {
        assert!(!FieldId::is_name(name), "{name}");
    }
}
