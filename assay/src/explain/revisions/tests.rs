use std::fs;

use mptcp_emulator::{Revision, abi};
use mptcp_harness::cases::Case;
use mptcp_harness::cases::codec;
use mptcp_harness::scenes::by_id;

use super::*;
use crate::explain::explanation::{CaseContext, ModelAnswer};

fn of(name: &str) -> (Case, Table) {
    let path = format!("{}/../corpus/negotiate/{name}.case", env!("CARGO_MANIFEST_DIR"));
    let case = codec::decode(&fs::read(path).unwrap()).unwrap();
    let scene = by_id(case.scene).unwrap();
    let context = CaseContext { case, scene, expected: None, skipped: None };
    let asked = |revision| context.modelled(&context.with_option(revision)).unwrap();
    let each: Vec<ModelAnswer> = Revision::ALL.into_iter().map(asked).collect();
    (case, table(&case, &each))
}

fn row<'a>(table: &'a Table, name: &str) -> Vec<&'a str> {
    let row = table.rows.iter().find(|row| row.name == name);
    row.unwrap_or_else(|| panic!("no {name}")).cells.iter().map(String::as_str).collect()
}

/// Three elements of what each revision knows of a `tcp_info`.
#[test]
fn revisions_that_are_alike_share_a_column() {
    let (_, table) = of("tcpinfo-size-user-larger");
    assert_eq!(table.heads, ["5.16-6.1.79", "6.2-6.6", "6.6.57-6.12.93", "6.18-7.3"]);
    assert_eq!(row(&table, "size_kernel"), ["232", "240", "248", "280"]);
    assert_eq!(row(&table, "*optlen"), ["712", "736", "760", "856"]);
    assert_eq!(row(&table, "num_subflows"), ["3"; 4]);
    assert_eq!(row(&table, "element copied"), ["3 of 3"; 4]);
    assert_eq!(row(&table, "changed: element"), ["696", "720", "744", "840"]);
    let (_, lines) = table.lines();
    let marked = |name: &str| lines.iter().find(|line| line.text.contains(name)).unwrap().differs;
    assert!(marked("size_kernel") && !marked("num_subflows"));
}

#[test]
fn an_option_that_came_later_is_told_by_its_rules() {
    let (_, table) = of("full_info-whole");
    // 232 bytes of tcp_info, then 240, then the option.
    assert_eq!(row(&table, "result")[1..3], ["EOPNOTSUPP", "success"]);
    assert_eq!(row(&table, "num_subflows")[1..3], ["(0)", "3"]);
    assert_eq!(row(&table, "rule FullInfoUnknown")[1..3], ["fired", "-"]);
    let width = table.lines().0.iter().map(|line| line.chars().count()).max().unwrap();
    assert!(width <= 100, "{width}");
}

#[test]
fn what_no_kernel_has_is_told_as_if_all_had_it() {
    let (case, table) = of("info_opt-sample-17-subflows-v4");
    assert_eq!(case.option, abi::MPTCP_INFO_OPT);
    assert_eq!(row(&table, "tcp_info.nmemb_kernel"), ["17"; 7]);
    assert!(table.notes().iter().any(|note| note.contains("mptcp_info_opt")));
}

/// The arrays go out subflow by subflow, the addresses first. 6.18's elements end a
/// byte behind the page, and shorter ones of older kernels before it.
#[test]
fn elements_are_counted_up_to_the_fault_and_below_what_lies_over_them() {
    let (_, table) = of("full_info-tcp-info-byte-into-no-access");
    let last = |name| row(&table, name).into_iter().rev().take(2).collect::<Vec<_>>();
    assert_eq!(last("subflow_info copied"), ["3 of 3"; 2]);
    assert_eq!(last("tcp_info copied"), ["2 of 3", "3 of 3"]);
    // The structure is written over the first element in the end.
    let (_, table) = of("full_info-arrays-over-the-structure");
    assert_eq!(row(&table, "subflow_info copied").last(), Some(&"3 of 3"));
    // Refused before anything is copied, and stopped by an array off the street.
    let (_, table) = of("tcpinfo-length-15");
    assert!(!table.rows.iter().any(|row| row.name == "element copied" && row.cells[0] != "0 of 3"));
    let (_, table) = of("full_info-tcp-info-null");
    assert_eq!(row(&table, "subflow_info copied").last(), Some(&"1 of 3"));
}
