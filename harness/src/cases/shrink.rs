//! From a case that shows something to the simplest case that still shows it.

use mptcp_emulator::abi::FULL_INFO_HEADER;

use crate::cases::boundary_values::{BoundaryValues, Places, SceneFacts};
use crate::cases::input::BLOCK_FIELDS;
use crate::cases::{Block, Case, Entry, Input, Place, Value};

/// The places of buffers if the place does not matter.
const OPTVAL: Place = Place::Street(0x1000);
const OPTLEN: Place = Place::Street(0x14000);
const PLACES: Places = Places::new([0x4000, 0x9000], [0x2000, 0x9000, 0x4000, 0xd000]);

/// The maximum number of cases to try.
const MOST_TRIES: usize = 2000;

/// The simplest case for which `shows` is true. Starts from a case for which it is, and tries
/// simpler ones until none of them shows it.
pub fn shrink(case: Case, values: &BoundaryValues, mut shows: impl FnMut(&Case) -> bool) -> Case {
    let mut simplest = case;
    let mut tries = 0;
    loop {
        let cost = weight(&simplest, values);
        let simpler = candidates(&simplest, values)
            .into_iter()
            .filter(|candidate| candidate.is_safe() && weight(candidate, values) < cost)
            .find(|candidate| {
                tries += 1;
                tries <= MOST_TRIES && shows(candidate)
            });
        match simpler {
            Some(simpler) => simplest = simpler,
            None => return simplest,
        }
    }
}

/// How far a case is from the simplest of all: first the number of unusual values, then their size.
fn weight(case: &Case, values: &BoundaryValues) -> (u32, u64) {
    let place = |place: Place, ordinary: Place| {
        let size = match place {
            _ if place == ordinary => return (0, 0),
            Place::Wild(0) => 0,
            Place::Wild(_) => 1 << 20,
            // The distance from the edge of its page.
            Place::Street(offset) => 1 + u64::from((offset % 4096).min(4096 - offset % 4096)),
        };
        (1, size)
    };
    let number = |value: u32, ordinary: u32| {
        (u32::from(value != ordinary), u64::from(value.abs_diff(ordinary)))
    };
    let length = u64::from(case.length.unsigned_abs()) + u64::from(case.length < 0);
    let mut parts = vec![
        (u32::from(case.poison != 0) + rank(case.scene, values), length),
        (u32::from(case.entry == Entry::Compat), 0),
        place(case.optval, OPTVAL),
        place(case.optlen, OPTLEN),
    ];
    for (index, this, usual) in fields(case, values) {
        if let Input::Opt(opt) = &case.input {
            // No request is simpler than any request.
            if opt.blocks[index / BLOCK_FIELDS] == Block::UNASKED {
                continue;
            }
            parts.push((u32::from(index % BLOCK_FIELDS == 0), 0));
        }
        match (this, usual) {
            (Value::Number(this), Value::Number(usual)) => parts.push(number(this, usual)),
            (Value::Place(this), Value::Place(usual)) => parts.push(place(this, usual)),
            _ => {}
        }
    }
    let sum = |total: (u32, u64), part: (u32, u64)| (total.0 + part.0, total.1 + part.1);
    parts.into_iter().fold((0, 0), sum)
}

/// The input of the simplest case.
fn usual(case: &Case, values: &BoundaryValues) -> Input {
    values.usual(&case.input, case.option, 1, &PLACES)
}

/// The fields of the input by index, each with its ordinary value.
fn fields(case: &Case, values: &BoundaryValues) -> impl Iterator<Item = (usize, Value, Value)> {
    let both = case.input.fields().into_iter().zip(usual(case, values).fields());
    both.enumerate().map(|(index, ((_, this), (_, usual)))| (index, this, usual))
}

/// Scenes with fewer subflows are simpler. Among scenes with the same number, established ones are
/// simpler than others; their scene numbers show which they are.
fn rank(scene: u8, values: &BoundaryValues) -> u32 {
    let key = |facts: SceneFacts| (facts.answers, facts.subflows, facts.scene);
    let this = values.scene(scene).map(key);
    let simpler =
        values.scene_facts.iter().filter(|facts| this.is_some_and(|this| key(**facts) < this));
    u32::try_from(simpler.count()).unwrap_or(u32::MAX)
}

/// Cases that are simpler in one respect, the largest step first.
fn candidates(case: &Case, values: &BoundaryValues) -> Vec<Case> {
    let mut cases = vec![Case { entry: Entry::Native, ..*case }];
    let mut scenes: Vec<_> = values.scene_facts.iter().map(|facts| facts.scene).collect();
    scenes.sort_by_key(|scene| rank(*scene, values));
    for scene in scenes {
        cases.push(Case { scene, ..*case });
    }
    cases.push(Case { poison: 0, ..*case });
    for optval in [OPTVAL, Place::NULL].into_iter().chain(nearer(case.optval)) {
        cases.push(Case { optval, ..*case });
    }
    for optlen in [OPTLEN, Place::NULL].into_iter().chain(nearer(case.optlen)) {
        cases.push(Case { optlen, ..*case });
    }
    let mut length = |length: i32| cases.push(Case { length, ..*case });
    for simple in [0, 1, 16, 40, 96, -1, i32::MIN] {
        length(simple);
    }
    let element = values.element(case.option).cast_signed();
    for whole in [element, 16 + element, 16 + 2 * element, 136] {
        length(whole);
    }
    for smaller in smaller(case.length.cast_unsigned()) {
        length(smaller.cast_signed());
    }
    let usual = usual(case, values);
    for (index, this, ordinary) in fields(case, values) {
        if let (Input::Opt(opt), Input::Opt(usual)) = (case.input, usual)
            && index % BLOCK_FIELDS == 0
        {
            let block = index / BLOCK_FIELDS;
            for simpler in [Block::UNASKED, usual.blocks[block]] {
                let mut opt = opt;
                opt.blocks[block] = simpler;
                cases.push(Case { input: Input::Opt(opt), ..*case });
            }
        }
        let simpler: Vec<Value> = match (this, ordinary) {
            (Value::Number(this), Value::Number(ordinary)) => {
                toward(this, ordinary).map(Value::Number).collect()
            }
            (Value::Place(this), Value::Place(ordinary)) => {
                let places = [ordinary, Place::NULL].into_iter().chain(nearer(this));
                places.map(Value::Place).collect()
            }
            _ => Vec::new(),
        };
        for value in simpler {
            let mut simpler = *case;
            simpler.input.set(index, value);
            cases.push(simpler);
        }
    }
    cases
}

/// Numbers between a value and the ordinary one; the ordinary one comes first.
fn toward(value: u32, ordinary: u32) -> impl Iterator<Item = u32> {
    let distance = i64::from(value) - i64::from(ordinary);
    let mut left = distance;
    std::iter::once(ordinary).chain(std::iter::from_fn(move || {
        left /= 2;
        (left != 0).then(|| u32::try_from(i64::from(value) - left).unwrap_or(ordinary))
    }))
}

fn smaller(value: u32) -> impl Iterator<Item = u32> {
    toward(value, 0).skip(1).chain([value.wrapping_sub(FULL_INFO_HEADER)])
}

/// Places closer to an edge of the same page.
fn nearer(place: Place) -> Vec<Place> {
    let Place::Street(offset) = place else {
        return Vec::new();
    };
    let (start, end) = (offset & !4095, (offset & !4095) + 4096);
    let before = toward(end - offset, 0).filter_map(|left| end.checked_sub(left));
    let after = toward(offset - start, 0).map(|into| start + into);
    before.chain(after).filter_map(|offset| Place::street(offset as usize)).collect()
}

#[cfg(test)]
mod tests {
    use mptcp_emulator::{Revision, abi};

    use super::*;
    use crate::cases::{Data, generate};

    fn boundary_values() -> BoundaryValues {
        let scene_facts = [(20, 1), (26, 2), (28, 3), (100, 17)];
        let scene_facts =
            scene_facts.map(|(scene, subflows)| SceneFacts { scene, answers: true, subflows });
        BoundaryValues::new(scene_facts.into(), &Revision::V6_18)
    }

    /// Generated cases for which a condition holds, with the results of shrinking.
    fn shrunk(option: i32, shows: impl Fn(&Case) -> bool) -> Vec<Case> {
        let values = boundary_values();
        let mut random = fastrand::Rng::with_seed(5);
        let mut found = Vec::new();
        for _ in 0..20_000 {
            let facts = values.scene_facts[random.usize(..values.scene_facts.len())];
            let case = generate::of(&mut random, &values, facts, option, 2);
            if shows(&case) {
                found.push(shrink(case, &values, &shows));
            }
        }
        assert!(found.len() > 50, "only {} cases to shrink", found.len());
        found
    }

    #[test]
    fn what_does_not_matter_becomes_ordinary() {
        for case in shrunk(abi::MPTCP_INFO, |case| case.length < 0) {
            assert_eq!((case.scene, case.poison), (20, 0));
            assert_eq!((case.optval, case.optlen), (OPTVAL, OPTLEN));
            assert_eq!(case.length, -1);
        }
    }

    #[test]
    fn what_matters_stays_and_gets_as_small_as_it_can() {
        let large_header = |case: &Case| match case.input {
            Input::Data(data) => data.size_subflow_data > 100,
            _ => false,
        };
        for case in shrunk(abi::MPTCP_TCPINFO, large_header) {
            let expected = Data { size_subflow_data: 101, ..Data::asking(280) };
            assert_eq!(case.input, Input::Data(expected));
            assert_eq!((case.scene, case.length), (20, 0));
        }
    }

    #[test]
    fn a_scene_is_only_as_simple_as_it_may_be() {
        for case in shrunk(abi::MPTCP_FULL_INFO, |case| case.scene >= 28) {
            assert_eq!(case.scene, 28);
        }
    }
}
