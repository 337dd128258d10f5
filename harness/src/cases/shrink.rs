//! From a case that shows something to the simplest one that still does.

use mptcp_emulator::abi::{FULL_INFO_HEADER, SUBFLOW_DATA, SUBFLOW_INFO};

use crate::cases::boundary_values::BoundaryValues;
use crate::cases::{Block, Case, Data, Entry, Full, Input, Opt, Place};

/// Where buffers stand when it does not matter where.
const OPTVAL: Place = Place::Street(0x1000);
const OPTLEN: Place = Place::Street(0x14000);
const SUBFLOW_INFOS: Place = Place::Street(0x4000);
const TCP_INFOS: Place = Place::Street(0x9000);
const BLOCKS: [Place; 4] = [Place::Street(0x2000), TCP_INFOS, SUBFLOW_INFOS, Place::Street(0xd000)];

/// How many cases may be tried.
const MOST_TRIES: usize = 2000;

/// The simplest case for which `shows` is true, starting from one for which
/// it is, and trying simpler ones for as long as that leads anywhere.
pub fn shrink(case: Case, palette: &BoundaryValues, mut shows: impl FnMut(&Case) -> bool) -> Case {
    let mut simplest = case;
    let mut tries = 0;
    loop {
        let cost = weight(&simplest, palette);
        let simpler = candidates(&simplest, palette)
            .into_iter()
            .filter(|candidate| candidate.is_safe() && weight(candidate, palette) < cost)
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

/// How far a case is from the simplest of all: first how many things about it
/// are out of the ordinary, then how large its numbers are.
fn weight(case: &Case, palette: &BoundaryValues) -> (u32, u64) {
    let place = |place: Place, ordinary: Place| {
        let size = match place {
            _ if place == ordinary => return (0, 0),
            Place::Wild(0) => 0,
            Place::Wild(_) => 1 << 20,
            // How far from the edge of its page.
            Place::Street(offset) => 1 + u64::from((offset % 4096).min(4096 - offset % 4096)),
        };
        (1, size)
    };
    let number = |value: u32, ordinary: u32| {
        (u32::from(value != ordinary), u64::from(value.abs_diff(ordinary)))
    };
    let length = u64::from(case.length.unsigned_abs()) + u64::from(case.length < 0);
    let mut parts = vec![
        (u32::from(case.poison != 0) + rank(case.scene, palette), length),
        (u32::from(case.entry == Entry::Compat), 0),
        place(case.optval, OPTVAL),
        place(case.optlen, OPTLEN),
    ];
    match &case.input {
        Input::Nothing => {}
        Input::Data(data) => parts.extend([
            number(data.size_subflow_data, SUBFLOW_DATA),
            number(data.num_subflows, 0),
            number(data.size_kernel, 0),
            number(data.size_user, palette.element(case.option)),
        ]),
        Input::Full(full) => parts.extend([
            number(full.size_tcpinfo_kernel, 0),
            number(full.size_sfinfo_kernel, 0),
            number(full.num_subflows, 0),
            number(full.size_tcpinfo_user, palette.tcp_info),
            number(full.size_sfinfo_user, SUBFLOW_INFO),
            number(full.size_arrays_user, 1),
            place(full.subflow_info, SUBFLOW_INFOS),
            place(full.tcp_info, TCP_INFOS),
        ]),
        Input::Opt(opt) => {
            for (index, block) in opt.blocks.iter().enumerate() {
                // What is not asked for at all is simpler than any request.
                let (asked, size) = match *block {
                    Block::UNASKED => continue,
                    _ => (u32::from(index > 0), palette.blocks()[index]),
                };
                parts.extend([
                    (1, 0),
                    place(block.address, BLOCKS[index]),
                    number(block.nmemb_user, asked),
                    number(block.size_user, size),
                    number(block.nmemb_kernel, 0),
                    number(block.size_kernel, 0),
                ]);
            }
        }
    }
    let sum = |total: (u32, u64), part: (u32, u64)| (total.0 + part.0, total.1 + part.1);
    parts.into_iter().fold((0, 0), sum)
}

/// Scenes with fewer subflows are simpler, and established ones simpler than
/// the rest, which their numbers tell.
fn rank(scene: u8, palette: &BoundaryValues) -> u32 {
    let simpler = |cue: &&crate::cases::boundary_values::SceneFacts| {
        let this = palette.cues.iter().find(|other| other.scene == scene);
        this.is_some_and(|this| {
            (cue.answers, cue.subflows, cue.scene) < (this.answers, this.subflows, this.scene)
        })
    };
    u32::try_from(palette.cues.iter().filter(simpler).count()).unwrap_or(u32::MAX)
}

/// Cases that are simpler in one respect, the boldest first.
fn candidates(case: &Case, palette: &BoundaryValues) -> Vec<Case> {
    let mut cases = vec![Case { entry: Entry::Native, ..*case }];
    let mut scenes: Vec<_> = palette.cues.iter().map(|cue| cue.scene).collect();
    scenes.sort_by_key(|scene| rank(*scene, palette));
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
    let element = palette.element(case.option).cast_signed();
    for whole in [element, 16 + element, 16 + 2 * element, 136] {
        length(whole);
    }
    for smaller in smaller(case.length.cast_unsigned()) {
        length(smaller.cast_signed());
    }
    match case.input {
        Input::Nothing => {}
        Input::Data(data) => {
            let put = |data: Data| Case { input: Input::Data(data), ..*case };
            cases.extend(data_candidates(data, palette.element(case.option)).map(put));
        }
        Input::Full(full) => {
            let put = |full: Full| Case { input: Input::Full(full), ..*case };
            cases.extend(full_candidates(full, palette).into_iter().map(put));
        }
        Input::Opt(opt) => {
            let put = |opt: Opt| Case { input: Input::Opt(opt), ..*case };
            cases.extend(opt_candidates(opt, palette).into_iter().map(put));
        }
    }
    cases
}

fn data_candidates(data: Data, element: u32) -> impl Iterator<Item = Data> {
    let size_subflow_data = toward(data.size_subflow_data, SUBFLOW_DATA);
    let size_user = toward(data.size_user, element);
    let num_subflows = toward(data.num_subflows, 0);
    let size_kernel = toward(data.size_kernel, 0);
    let headers =
        size_subflow_data.map(move |size_subflow_data| Data { size_subflow_data, ..data });
    let users = size_user.map(move |size_user| Data { size_user, ..data });
    let counts = num_subflows.map(move |num_subflows| Data { num_subflows, ..data });
    let kernels = size_kernel.map(move |size_kernel| Data { size_kernel, ..data });
    headers.chain(users).chain(counts).chain(kernels)
}

fn full_candidates(full: Full, palette: &BoundaryValues) -> Vec<Full> {
    let mut all = Vec::new();
    let mut each = |value: u32, ordinary: u32, set: fn(&mut Full, u32)| {
        for simpler in toward(value, ordinary) {
            let mut candidate = full;
            set(&mut candidate, simpler);
            all.push(candidate);
        }
    };
    each(full.size_tcpinfo_kernel, 0, |full, to| full.size_tcpinfo_kernel = to);
    each(full.size_sfinfo_kernel, 0, |full, to| full.size_sfinfo_kernel = to);
    each(full.num_subflows, 0, |full, to| full.num_subflows = to);
    each(full.size_tcpinfo_user, palette.tcp_info, |full, to| full.size_tcpinfo_user = to);
    each(full.size_sfinfo_user, SUBFLOW_INFO, |full, to| full.size_sfinfo_user = to);
    each(full.size_arrays_user, 1, |full, to| full.size_arrays_user = to);
    for subflow_info in [SUBFLOW_INFOS, Place::NULL].into_iter().chain(nearer(full.subflow_info)) {
        all.push(Full { subflow_info, ..full });
    }
    for tcp_info in [TCP_INFOS, Place::NULL].into_iter().chain(nearer(full.tcp_info)) {
        all.push(Full { tcp_info, ..full });
    }
    all
}

fn opt_candidates(opt: Opt, palette: &BoundaryValues) -> Vec<Opt> {
    let mut all = Vec::new();
    for (index, block) in opt.blocks.into_iter().enumerate() {
        let mut put = |simpler: Block| {
            let mut candidate = opt;
            candidate.blocks[index] = simpler;
            all.push(candidate);
        };
        put(Block::UNASKED);
        let asked = u32::from(index > 0);
        put(Block::asking(BLOCKS[index], asked, palette.blocks()[index]));
        for address in [BLOCKS[index], Place::NULL].into_iter().chain(nearer(block.address)) {
            put(Block { address, ..block });
        }
        for nmemb_user in toward(block.nmemb_user, asked) {
            put(Block { nmemb_user, ..block });
        }
        for size_user in toward(block.size_user, palette.blocks()[index]) {
            put(Block { size_user, ..block });
        }
        for nmemb_kernel in toward(block.nmemb_kernel, 0) {
            put(Block { nmemb_kernel, ..block });
        }
        for size_kernel in toward(block.size_kernel, 0) {
            put(Block { size_kernel, ..block });
        }
    }
    all
}

/// Numbers between a value and the ordinary one, the ordinary one first.
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
    use crate::cases::boundary_values::SceneFacts;
    use crate::cases::generate;

    fn palette() -> BoundaryValues {
        let cues = [(20, 1), (26, 2), (28, 3), (100, 17)];
        let cues = cues.map(|(scene, subflows)| SceneFacts { scene, answers: true, subflows });
        BoundaryValues::new(cues.into(), &Revision::V6_18)
    }

    /// Generated cases for which something holds, with what they shrink to.
    fn shrunk(option: i32, shows: impl Fn(&Case) -> bool) -> Vec<Case> {
        let palette = palette();
        let mut random = fastrand::Rng::with_seed(5);
        let mut found = Vec::new();
        for _ in 0..20_000 {
            let cue = palette.cues[random.usize(..palette.cues.len())];
            let case = generate::of(&mut random, &palette, cue, option, 2);
            if shows(&case) {
                found.push(shrink(case, &palette, &shows));
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
