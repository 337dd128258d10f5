//! The lattice: all combinations of boundary values, before any random case.
//!
//! Each scene and option has two grids. The *numbers* are combined with each other, with buffers at
//! ordinary places. The *places* are combined with each other, with a few ordinary numbers.

use mptcp_emulator::abi;
use mptcp_emulator::abi::{FULL_INFO_HEADER, INFO_OPT, SUBFLOW_DATA, SUBFLOW_INFO};

use crate::cases::boundary_numbers::{
    ARRAY_SIZES, BLOCK, DATA, ELEMENT, Engine, FULL, Fields, HEADER, INFO, MARKS, MEMBERS, NEAR,
    OPT, ROOM, SLOTS, UNKNOWN_OPTIONS, numbers,
};
use crate::cases::boundary_values::{
    BoundaryValues, CLOSED, Places, READABLE, SceneFacts, WILD, WRITABLE, before_end, into_stretch,
    wild,
};
use crate::cases::{Block, Case, Data, Entry, Full, Input, Opt, Place};
use crate::scenes;

/// The options of a lattice; the last two do not exist.
pub const OPTIONS: [i32; 7] = [
    abi::MPTCP_INFO,
    abi::MPTCP_TCPINFO,
    abi::MPTCP_SUBFLOW_ADDRS,
    abi::MPTCP_FULL_INFO,
    abi::MPTCP_INFO_OPT,
    UNKNOWN_OPTIONS[1],
    UNKNOWN_OPTIONS[2],
];

/// An ordinary place for the length.
const OPTLEN: Place = Place::Street(0x14000);

/// An ordinary place for the buffer, on the longest stretch.
const OPTVAL: Place = Place::Street(0x1040);

/// Ordinary places for arrays and blocks.
const PLACES: Places = Places::new([0x2000, 0x8000], [0x1400, 0x2000, 0x8000, 0xc000]);

/// The scenes in the order of the lattice. Groups alternate. Within a group, scenes with three
/// subflows come first: they show more than scenes with one, and cost less than scenes with many.
pub fn order(values: &BoundaryValues) -> Vec<SceneFacts> {
    let mut scene_facts = values.scene_facts.clone();
    scene_facts.sort_by_key(|facts| (facts.subflows.abs_diff(3), facts.scene));
    let mut turns = std::collections::BTreeMap::new();
    let turn = |facts: SceneFacts| {
        let turn = turns.entry(scenes::by_id(facts.scene).map(|scene| scene.group)).or_insert(0);
        *turn += 1;
        (*turn, facts)
    };
    let mut keyed: Vec<(usize, SceneFacts)> = scene_facts.into_iter().map(turn).collect();
    keyed.sort_by_key(|(turn, _)| *turn);
    keyed.into_iter().map(|(_, facts)| facts).collect()
}

/// The lattice of one scene, all options.
pub fn of_all(values: &BoundaryValues, facts: SceneFacts) -> impl Iterator<Item = Case> + '_ {
    OPTIONS.into_iter().flat_map(move |option| of(values, facts, option))
}

/// The request of a program that uses the kernel's sizes and has room for everything.
pub fn usual(values: &BoundaryValues, facts: SceneFacts, option: i32) -> Case {
    plain(values, facts, blank(facts, option))
}

fn blank(facts: SceneFacts, option: i32) -> Case {
    Case {
        scene: facts.scene,
        poison: 0,
        option,
        length: 0,
        optval: OPTVAL,
        optlen: OPTLEN,
        input: Input::blank(option),
        entry: Entry::Native,
    }
}

/// The lattice of one scene and option.
pub fn of(values: &BoundaryValues, facts: SceneFacts, option: i32) -> Vec<Case> {
    let blank = blank(facts, option);
    let mut cases = match plain(values, facts, blank).input {
        Input::Nothing => info(values, blank),
        Input::Data(_) => data(values, facts, blank),
        Input::Full(usual) => full(values, facts, blank, usual),
        Input::Opt(usual) => opt(values, facts, blank, usual),
    };
    // Some places of the length overlap pointers.
    cases.retain(Case::is_safe);
    if !facts.answers || !values.knows(option) {
        // Only one of several: none of these numbers affects a refusal.
        cases = cases.into_iter().step_by(16).collect();
    }
    if values.compat {
        let some = cases.iter().step_by(COMPAT_STEP).copied();
        let as_compat = |case| Case { entry: Entry::Compat, ..case };
        let compat = some.chain([plain(values, facts, blank)]).map(as_compat);
        let compat: Vec<Case> = compat.filter(Case::is_safe).collect();
        cases.extend(compat);
    }
    cases
}

/// One of this many cases is also made as a compat call. The number is prime, so that each value of
/// each dimension of an option's grids occurs.
const COMPAT_STEP: usize = 23;

fn plain(values: &BoundaryValues, facts: SceneFacts, blank: Case) -> Case {
    let length = values.whole(blank.option, facts.subflows).cast_signed();
    Case {
        length,
        input: values.usual(&blank.input, blank.option, facts.subflows, &PLACES),
        ..blank
    }
}

/// The lattice's lengths of a field, given what they are counted from.
fn lengths(field: Fields, own: u32, whole: u32) -> impl Iterator<Item = i32> {
    numbers(Engine::Lattice, field, own, whole).map(|length| length as i32)
}

/// The lattice's sizes or counts of a field. They wrap around 32 bits, except below 0.
fn words(field: Fields, own: u32) -> impl Iterator<Item = u32> {
    numbers(Engine::Lattice, field, own, 0).map(|number| number.max(0) as u32)
}

fn info(values: &BoundaryValues, blank: Case) -> Vec<Case> {
    let mut cases = Vec::new();
    let whole = values.mptcp_info.cast_signed();
    for length in lengths(INFO, 0, values.mptcp_info) {
        let filled = length.clamp(0, whole).cast_unsigned();
        for (optval, optlen) in places(filled) {
            cases.push(Case { length, optval, optlen, ..blank });
        }
    }
    cases
}

fn data(values: &BoundaryValues, facts: SceneFacts, blank: Case) -> Vec<Case> {
    let mut cases = Vec::new();
    let element = values.element(blank.option);
    let [mark, huge, last] = MARKS;
    for size_user in words(ELEMENT, element) {
        let stride = size_user.min(element);
        let mut all: Vec<i32> = lengths(DATA, 0, 0).collect();
        for slots in words(ROOM, facts.subflows) {
            all.extend(lengths(NEAR, SUBFLOW_DATA + slots * stride, 0));
        }
        all.sort_unstable();
        all.dedup();
        for length in all {
            for size_subflow_data in words(HEADER, length.cast_unsigned()) {
                for (num_subflows, size_kernel) in [(0, 0), (mark, 0), (0, mark), (huge, last)] {
                    let input = Input::Data(Data {
                        size_subflow_data,
                        num_subflows,
                        size_kernel,
                        size_user,
                    });
                    cases.push(Case { length, input, ..blank });
                }
            }
        }
    }

    let whole = values.whole(blank.option, facts.subflows);
    for (length, header) in [
        (whole, SUBFLOW_DATA),
        (whole + 8, SUBFLOW_DATA + 8),
        (SUBFLOW_DATA + element, SUBFLOW_DATA),
        (SUBFLOW_DATA, SUBFLOW_DATA),
        (SUBFLOW_DATA - 1, SUBFLOW_DATA),
        (u32::MAX, SUBFLOW_DATA),
    ] {
        let input = Input::Data(Data { size_subflow_data: header, ..Data::asking(element) });
        let filled = if length > whole + 8 { whole } else { length };
        for (optval, optlen) in places(filled) {
            cases.push(Case { length: length.cast_signed(), optval, optlen, input, ..blank });
        }
    }
    cases
}

fn full(values: &BoundaryValues, facts: SceneFacts, blank: Case, usual: Full) -> Vec<Case> {
    let mut cases = Vec::new();
    let all = values.whole(blank.option, 0);
    let (whole, head) = (all.cast_signed(), FULL_INFO_HEADER.cast_signed());
    let mut put = |length: i32, optval: Place, optlen: Place, full: Full| {
        cases.push(Case { length, optval, optlen, input: Input::Full(full), ..blank });
    };

    let mark = MARKS[0];
    for length in lengths(FULL, FULL_INFO_HEADER, all) {
        for size_arrays_user in words(SLOTS, facts.subflows) {
            let arrays = Full { size_arrays_user, ..usual };
            for [tcp, addresses] in ARRAY_SIZES {
                let size_tcpinfo_user = tcp.of(i64::from(values.tcp_info), 0) as u32;
                let size_sfinfo_user = addresses.of(i64::from(SUBFLOW_INFO), 0) as u32;
                let sizes = Full { size_tcpinfo_user, size_sfinfo_user, ..arrays };
                put(length, OPTVAL, OPTLEN, sizes);
            }
            for (num_subflows, size_tcpinfo_kernel, size_sfinfo_kernel) in
                [(mark, 0, 0), (0, mark, 0), (0, 0, mark)]
            {
                let marked =
                    Full { num_subflows, size_tcpinfo_kernel, size_sfinfo_kernel, ..arrays };
                put(length, OPTVAL, OPTLEN, marked);
            }
        }
    }

    for length in [whole, whole - 8, head, head - 1, -1] {
        for (optval, optlen) in places(length.max(0).cast_unsigned()) {
            put(length, optval, optlen, usual);
        }
    }
    // The arrays: at edges, overlapping each other, the structure and the length.
    let addresses = buffers(facts.subflows * SUBFLOW_INFO);
    let infos = buffers(facts.subflows * values.tcp_info);
    for subflow_info in addresses.iter().chain(&[OPTVAL, OPTLEN]) {
        for tcp_info in infos.iter().chain(&[OPTVAL, OPTLEN, *subflow_info]) {
            for size_tcpinfo_user in [values.tcp_info, 0] {
                let arrays = Full {
                    subflow_info: *subflow_info,
                    tcp_info: *tcp_info,
                    size_tcpinfo_user,
                    ..usual
                };
                put(whole, OPTVAL, OPTLEN, arrays);
            }
        }
    }
    cases
}

fn opt(values: &BoundaryValues, facts: SceneFacts, blank: Case, usual: Opt) -> Vec<Case> {
    let (mut cases, usual) = (Vec::new(), usual.blocks);
    let whole = INFO_OPT.cast_signed();
    let mut put = |length: i32, optval: Place, optlen: Place, blocks: [Block; 4]| {
        let input = Input::Opt(Opt { blocks });
        cases.push(Case { length, optval, optlen, input, ..blank });
    };
    // One block, or all of them, with unusual values.
    let with = |index: usize, change: &dyn Fn(&mut Block)| {
        let mut blocks = usual;
        match blocks.get_mut(index) {
            Some(block) => change(block),
            None => blocks.iter_mut().for_each(change),
        }
        blocks
    };

    for length in lengths(OPT, INFO_OPT, 0) {
        put(length, OPTVAL, OPTLEN, usual);
    }
    for index in 0..5 {
        for nmemb_user in words(MEMBERS, facts.subflows) {
            for offset in lengths(NEAR, 0, 0) {
                let blocks = with(index, &|block| {
                    block.nmemb_user = nmemb_user;
                    block.size_user = block.size_user.wrapping_add_signed(offset);
                });
                put(whole, OPTVAL, OPTLEN, blocks);
            }
            for size_user in words(BLOCK, 0) {
                let blocks = with(index, &|block| {
                    block.nmemb_user = nmemb_user;
                    block.size_user = size_user;
                });
                put(whole, OPTVAL, OPTLEN, blocks);
            }
        }
        for marked in MARKS {
            let blocks = with(index, &|block| {
                block.nmemb_kernel = marked;
                block.size_kernel = !marked;
            });
            put(whole, OPTVAL, OPTLEN, blocks);
        }
        // "only ask for tcp_info", and the same for each other block.
        put(whole, OPTVAL, OPTLEN, with(index, &|block| *block = Block::UNASKED));
        put(whole, OPTVAL, OPTLEN, with(index, &|block| block.address = Place::NULL));
        let mut alone = [Block::UNASKED; 4];
        if let (Some(slot), Some(block)) = (alone.get_mut(index), usual.get(index)) {
            *slot = *block;
        }
        put(whole, OPTVAL, OPTLEN, alone);
    }

    for length in [whole, whole + 8, whole - 1, -1] {
        for (optval, optlen) in places(length.max(0).cast_unsigned()) {
            put(length, optval, optlen, usual);
        }
    }
    // The blocks: at edges, overlapping each other, the structure and the length.
    for (index, each) in values.blocks().into_iter().enumerate() {
        let elements = if index == 0 { 1 } else { facts.subflows };
        let mut places = buffers(elements * each);
        places.extend([OPTVAL, Place::Street(0x1048), OPTLEN]);
        places.extend(PLACES.blocks);
        for place in places {
            for other in 0..5 {
                let mut blocks = with(index, &|block| block.address = place);
                if let Some(other) = blocks.get_mut(other) {
                    other.address = place;
                }
                put(whole, OPTVAL, OPTLEN, blocks);
            }
        }
    }
    cases
}

/// Places for a buffer of a number of bytes.
fn buffers(bytes: u32) -> Vec<Place> {
    let mut places = vec![
        OPTVAL,
        Place::Street(0x1003),
        before_end(WRITABLE[0], bytes),
        before_end(WRITABLE[2], bytes.saturating_sub(1)),
        before_end(WRITABLE[1], bytes / 2 + 3),
        before_end(WRITABLE[3], 16),
        before_end(WRITABLE[4], 10),
        before_end(WRITABLE[3], 0),
        before_end(READABLE[0], 8),
        into_stretch(READABLE[2], 64),
        into_stretch(CLOSED[0], 8),
        into_stretch(CLOSED[1], 8),
    ];
    places.extend((0..WILD.len()).map(|index| wild(index as u32)));
    places
}

/// Places for a buffer of a number of bytes, and for the length.
fn places(bytes: u32) -> impl Iterator<Item = (Place, Place)> {
    buffers(bytes)
        .into_iter()
        .flat_map(|optval| optlens(optval).into_iter().map(move |optlen| (optval, optlen)))
}

/// Places for the length, some of which overlap the buffer.
fn optlens(optval: Place) -> Vec<Place> {
    let mut places = vec![
        OPTLEN,
        Place::Street(0x14001),
        before_end(WRITABLE[1], 4),
        before_end(WRITABLE[1], 3),
        before_end(WRITABLE[3], 2),
        into_stretch(READABLE[0], 8),
        before_end(READABLE[3], 2),
        into_stretch(CLOSED[0], 8),
        wild(0),
        wild(7),
        wild(9),
    ];
    let over = [0, 2, 4, 8, 12, 16, 40].map(|offset| {
        let at = optval.offset()?.checked_add(offset)?;
        Place::street(at)
    });
    places.extend(over.into_iter().flatten());
    places
}

#[cfg(test)]
mod tests {
    use mptcp_emulator::Revision;

    use super::*;

    /// Some cases are compat calls, and each option and scene has the request of an ordinary
    /// program.
    #[test]
    fn few_cases_are_those_of_32_bit_programs_and_no_plain_one_is_missing() {
        let revision = Revision::V6_12.with_info_opt();
        let facts = SceneFacts { scene: 30, answers: true, subflows: 3 };
        let native = BoundaryValues::new(vec![facts], &revision);
        let values = BoundaryValues { compat: true, ..native.clone() };
        for option in OPTIONS {
            let cases = of(&values, facts, option);
            let (compat, others): (Vec<Case>, Vec<Case>) =
                cases.into_iter().partition(|case| case.entry == Entry::Compat);
            assert_eq!(others, of(&native, facts, option));
            let share = compat.len() * 100 / others.len();
            assert!((2..6).contains(&share), "option {option}: {share} percent");
            let whole = values.whole(option, facts.subflows).cast_signed();
            let plain =
                |case: &Case| (case.length, case.optval, case.optlen) == (whole, OPTVAL, OPTLEN);
            assert!(compat.iter().any(plain), "option {option}");
        }
    }
}
