//! Pictures of examinations made by hand.

use super::*;
use mptcp_emulator::abi;
use mptcp_harness::cases::{Data, Input, Place};
use mptcp_harness::judge::Mismatch;
use mptcp_harness::judge::evidence::Observed;

const AT: usize = 0x2000;
const LENGTH_AT: usize = 0x1800;

fn case() -> Case {
    Case {
        scene: 22,
        poison: 0,
        option: abi::MPTCP_TCPINFO,
        length: 400,
        optval: Place::Street(AT as u32),
        optlen: Place::Street(LENGTH_AT as u32),
        input: Input::Data(Data::asking(280)),
        entry: mptcp_harness::cases::Entry::Native,
    }
}

/// A street full of 0xaa on which the model writes 5 at `num_subflows` and
/// leaves four bytes of the first element open; the kernel does as `did`.
fn examination(did: impl Fn(&mut [u8]), differ: &[usize]) -> Examination {
    let mut before = vec![0xaa; layout::LEN];
    let (input, len) = case().input_bytes(0);
    before[AT..AT + len].copy_from_slice(&input[..len]);
    before[LENGTH_AT..LENGTH_AT + 4].copy_from_slice(&400i32.to_ne_bytes());
    let mut prediction = before.clone();
    prediction[AT + 4] = 5;
    let mut mask = vec![0; layout::LEN];
    mask[AT + 16 + 44..AT + 16 + 48].fill(OpenReason::Clock as u8);
    let mut observation = prediction.clone();
    did(&mut observation);
    let mismatch = (!differ.is_empty()).then(|| Mismatch { result: None, bytes: differ.to_vec() });
    Examination {
        predicted: Ok(()),
        observed: Some(Observed { result: Ok(()), bytes: observation, mismatch }),
        rules: Vec::new(),
        before,
        prediction,
        mask,
    }
}

fn picture(examination: &Examination) -> Hexdump<'_> {
    Hexdump::new(&case(), &Revision::V6_18, 1, examination, false)
}

#[test]
fn a_difference_is_drawn_with_its_neighbours_and_its_name() {
    let examination = examination(|street| street[AT + 4] = 6, &[AT + 4]);
    let text = picture(&examination).differences();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 6, "{text}");
    assert!(lines[0].contains("both"), "{text}");
    assert!(lines[1].starts_with("0x002000  before     10 00 00 00 00 00"), "{text}");
    assert!(lines[2].contains("predicted  .. .. .. .. 05 .."), "{text}");
    assert!(lines[3].contains("observed   .. .. .. .. 06 .."), "{text}");
    assert_eq!(lines[4].trim(), "^^                                   header.num_subflows");
    assert_eq!(lines[4].find("^^"), lines[3].find("06"));
}

#[test]
fn where_pages_change_the_picture_says_so() {
    let edge = 0x11000;
    let examination = examination(|street| street[edge - 1] = 1, &[edge - 1]);
    let text = picture(&examination).differences();
    assert!(text.contains("0x011000  ──── here begins a stretch without access ────"), "{text}");
}

#[test]
fn many_rows_are_cut_and_the_rest_is_counted() {
    // Every other row, so that none is below one like it.
    let rows = (0..30).map(|row| AT + 0x400 + 2 * row * ROW);
    let differ: Vec<usize> = rows.flat_map(|row| row..row + ROW).collect();
    let examination = examination(|_| (), &differ);
    let text = picture(&examination).differences();
    assert_eq!(text.matches("predicted").count(), MOST_ROWS);
    assert!(text.ends_with("… 96 more differing bytes\n"), "{text}");
}

#[test]
fn of_rows_alike_only_the_first_are_drawn() {
    // Far from everything that the call has on the street.
    let differ: Vec<usize> = (0x8000..0x8000 + 10 * ROW).collect();
    let examination = examination(|_| (), &differ);
    let text = picture(&examination).differences();
    assert_eq!(text.matches("predicted").count(), MOST_ALIKE);
    assert!(text.ends_with("… 128 more differing bytes\n"), "{text}");
}

#[test]
fn no_line_is_too_wide_for_a_terminal() {
    let differ: Vec<usize> = (AT..AT + 300).collect();
    let examination = examination(|_| (), &differ);
    for line in picture(&examination).differences().lines() {
        assert!(line.chars().count() <= 98, "{line}");
    }
}

#[test]
fn nothing_differs_and_nothing_is_drawn() {
    assert_eq!(picture(&examination(|_| (), &[])).differences(), "");
}

#[test]
fn fields_are_listed_with_input_open_bytes_and_what_was_observed() {
    let examination = examination(|street| street[AT + 12] = 9, &[AT + 12]);
    let text = picture(&examination).written(100);
    let line = |name: &str| {
        text.lines().find(|line| line.contains(name)).map(str::to_owned).unwrap_or_default()
    };
    assert!(line("*optlen").ends_with("90 01 00 00  = 400"), "{text}");
    assert!(line("header.num_subflows").ends_with("05 00 00 00  = 5, was 0"), "{text}");
    assert!(line("tcpi_last_data_sent").contains("?? ?? ?? ??  open: a clock"), "{text}");
    assert!(line("observed").contains("09"), "{text}");
}

#[test]
fn the_listing_is_cut_at_its_limit() {
    let text = picture(&examination(|_| (), &[])).written(1);
    assert_eq!(text.lines().count(), 2);
    assert!(text.ends_with("… 20 more bytes\n"), "{text}");
}
