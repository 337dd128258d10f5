use std::collections::HashSet;

use mptcp_emulator::{Revision, abi};

use super::*;
use crate::cases::boundary_values::SceneFacts;

fn boundary_values() -> BoundaryValues {
    let facts = |scene, subflows| SceneFacts { scene, answers: true, subflows };
    let scene_facts = vec![facts(0, 0), facts(22, 1), facts(26, 2), facts(30, 3), facts(82, 9)];
    BoundaryValues::new(scene_facts, &Revision::NEWEST.with_info_opt())
}

fn tiny() -> Domain {
    let dimension =
        |name, field, values: &[i64]| Dimension { name, field, values: values.to_vec() };
    Domain {
        option: abi::MPTCP_TCPINFO,
        dimensions: vec![
            dimension("scene", Field::Scene, &[22, 30]),
            dimension("optlen", Field::Length, &[-1, 0, 16, 300, 600]),
            dimension("size_user", Field::Number(3), &[0, 248, 0xffff_ffff]),
            dimension("num_subflows", Field::Number(1), &[0, 1]),
        ],
    }
}

/// All that jobs take, alternating, in batches whose size does not divide the total.
fn taken(exhaustion: &Exhaustion, values: &BoundaryValues) -> Vec<Case> {
    let mut jobs: Vec<_> = (0..3).map(|job| exhaustion.source(values, job, 3)).collect();
    let mut all = Vec::new();
    let mut batch = Vec::new();
    for turn in 0..1000 {
        batch.clear();
        jobs[turn % 3].fill(7, &mut batch);
        all.extend_from_slice(&batch);
    }
    all
}

#[test]
fn every_combination_is_visited_exactly_once() {
    let values = boundary_values();
    let mut seen = HashSet::new();
    for scene in [22, 30] {
        for length in [-1, 0, 16, 300, 600] {
            for size in [0, 248, u32::MAX] {
                for count in [0, 1] {
                    seen.insert((scene, length, size, count));
                }
            }
        }
    }
    assert_eq!(tiny().combinations(), seen.len() as u64);
    for case in taken(&Exhaustion::new(vec![tiny()], 0), &values) {
        let Input::Data(data) = case.input else {
            panic!("{case}");
        };
        let own = (case.scene, case.length, data.size_user, data.num_subflows);
        assert!(seen.remove(&own), "twice, or never asked for: {case}");
    }
    assert!(seen.is_empty(), "{seen:?}");
}

#[test]
fn a_run_goes_on_where_it_ended() {
    let values = boundary_values();
    let all = |from| Exhaustion::new(vec![tiny(), tiny()], from);
    let whole = taken(&all(0), &values);
    let rest = taken(&all(41), &values);
    assert_eq!((whole.len(), &whole[41..]), (120, &rest[..]));
    let some = all(0);
    some.source(&values, 0, 1).fill(50, &mut Vec::new());
    assert_eq!((some.next(), some.all()), (50, 120));
    taken(&some, &values);
    assert_eq!(some.next(), 120);
}

#[test]
fn domains_are_of_a_size_that_ends_and_have_only_cases_that_can_be_made() {
    let values = boundary_values();
    let revision = Revision::NEWEST.with_info_opt();
    let options = [
        abi::MPTCP_INFO,
        abi::MPTCP_TCPINFO,
        abi::MPTCP_SUBFLOW_ADDRS,
        abi::MPTCP_FULL_INFO,
        abi::MPTCP_INFO_OPT,
        5,
    ];
    for (extent, most) in [(Extent::Boundary, 6_000_000), (Extent::Full, 200_000_000)] {
        for option in options {
            let domain = domain(option, extent, &values, &revision, None).unwrap();
            let all = domain.combinations();
            assert!(all <= most, "{extent:?} of {option}: {all}");
            assert!(domain.dimensions.len() <= DIMENSIONS);
            for dimension in &domain.dimensions {
                let once: HashSet<_> = dimension.values.iter().collect();
                assert_eq!(once.len(), dimension.values.len(), "{}", dimension.name);
                assert!(!once.is_empty(), "{}", dimension.name);
            }
            for index in (0..all).step_by(9973) {
                let case = domain.case(index, &values, 0);
                assert!(case.is_safe(), "{case}");
            }
        }
    }
    assert!(domain(abi::MPTCP_INFO_OPT, Extent::Full, &values, &Revision::NEWEST, None).is_none());
}

#[test]
fn a_buffer_ends_where_the_margin_says() {
    let domain = Domain {
        option: abi::MPTCP_TCPINFO,
        dimensions: vec![
            Dimension { name: "scene", field: Field::Scene, values: vec![22] },
            Dimension { name: "optlen", field: Field::Length, values: vec![20] },
            Dimension { name: "margin", field: Field::Margin, values: vec![-1, 0, 1] },
        ],
    };
    let ends: Vec<usize> = (0..3)
        .filter_map(|index| domain.case(index, &boundary_values(), 0).optval.offset())
        .map(|offset| offset + 20)
        .collect();
    let end = WRITABLE[0].1;
    assert_eq!(ends, [end + 1, end, end - 1]);
}

#[test]
fn a_dimension_tells_its_values() {
    let text =
        |field, values: &[i64]| Dimension { name: "name", field, values: values.to_vec() }.text();
    assert_eq!(text(Field::Length, &[-1, 0, 1, 2, 7, 9, 10]), "name (-1 to 2, 7, 9, 10)");
    assert_eq!(text(Field::Behind, &[0, 1]), "name (no access, read-only pages)");
    assert_eq!(text(Field::Scene, &[0, 22]), "name (fresh-v4, established-v4-client-1-after)");
    assert_eq!(text(Field::Scene, &(0..21).collect::<Vec<_>>()), "21 scenes");
}
