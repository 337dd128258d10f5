//! Cases from choices: the one generator that all random engines use.

use mptcp_emulator::abi;
use mptcp_emulator::abi::{FULL_INFO_HEADER, INFO_OPT, SUBFLOW_DATA, SUBFLOW_INFO};

use crate::cases::boundary_values::{
    BoundaryValues, CLOSED, HISTORIC_SIZES, HUGE, READABLE, SceneFacts, UNKNOWN_OPTIONS, WRITABLE,
    before_end, into_stretch, wild,
};
use crate::cases::{Block, Case, Data, Entry, Full, Input, Opt, Place, is_known};

/// A source of choices: random numbers, a fuzzer's bytes, or a property test.
pub trait Choose {
    /// A number below `n`, which is not 0.
    fn below(&mut self, n: u32) -> u32;
    /// Any number.
    fn word(&mut self) -> u32;
}

impl Choose for fastrand::Rng {
    #[inline]
    fn below(&mut self, n: u32) -> u32 {
        self.u32(..n)
    }

    #[inline]
    fn word(&mut self) -> u32 {
        self.u32(..)
    }
}

/// Takes bytes while there are any, then zeros, which are the simplest choice.
impl Choose for arbitrary::Unstructured<'_> {
    fn below(&mut self, n: u32) -> u32 {
        self.int_in_range(0..=n - 1).unwrap_or(0)
    }

    fn word(&mut self) -> u32 {
        self.arbitrary().unwrap_or(0)
    }
}

fn pick<T: Copy, C: Choose>(choose: &mut C, from: &[T]) -> Option<T> {
    let len = u32::try_from(from.len()).ok().filter(|len| *len > 0)?;
    from.get(choose.below(len) as usize).copied()
}

/// A case of one of these options, all with equal probability; without options, a [`case`] of any
/// option.
pub fn any_of<C: Choose>(
    choose: &mut C,
    values: &BoundaryValues,
    options: &[i32],
    poison: u8,
) -> Case {
    match (pick(choose, options), pick(choose, &values.scene_facts)) {
        (Some(option), Some(facts)) => of(choose, values, facts, option, poison),
        _ => case(choose, values, poison),
    }
}

/// A case. Most cases are near a boundary, usually near one alone. Choices that are all 0 make an
/// ordinary case.
pub fn case<C: Choose>(choose: &mut C, values: &BoundaryValues, poison: u8) -> Case {
    let facts = pick(choose, &values.scene_facts).unwrap_or(SceneFacts {
        scene: 0,
        answers: false,
        subflows: 0,
    });
    let option = match choose.below(32) {
        0..10 if values.info_opt && choose.below(3) == 2 => abi::MPTCP_INFO_OPT,
        0..10 => abi::MPTCP_TCPINFO,
        10..16 => abi::MPTCP_SUBFLOW_ADDRS,
        16..26 => abi::MPTCP_FULL_INFO,
        26..31 => abi::MPTCP_INFO,
        _ => unknown_option(choose),
    };
    of(choose, values, facts, option, poison)
}

/// An option number that no kernel knows, or any number.
fn unknown_option<C: Choose>(choose: &mut C) -> i32 {
    let option = match choose.below(4) {
        0 => choose.word().cast_signed(),
        number => UNKNOWN_OPTIONS[number as usize - 1],
    };
    if is_known(option) { -option } else { option }
}

/// A case for one scene and option.
pub fn of<C: Choose>(
    choose: &mut C,
    values: &BoundaryValues,
    facts: SceneFacts,
    option: i32,
    poison: u8,
) -> Case {
    let mut case = Case {
        scene: facts.scene,
        poison,
        option,
        length: 0,
        optval: Place::NULL,
        optlen: Place::NULL,
        input: Input::Nothing,
        entry: Entry::Native,
    };
    match option {
        abi::MPTCP_TCPINFO | abi::MPTCP_SUBFLOW_ADDRS => {
            let element = values.element(option);
            let size_user = element_size(choose, element);
            let stride = size_user.min(element);
            let mut data = Data::asking(size_user);
            let slots = choose.below(facts.subflows + 3);
            let exact = SUBFLOW_DATA.wrapping_add(slots.wrapping_mul(stride));
            case.length = length(choose, exact);
            data.size_subflow_data = header_size(choose, case.length);
            data.num_subflows = must_be_zero(choose);
            data.size_kernel = must_be_zero(choose);
            case.input = Input::Data(data);
        }
        abi::MPTCP_FULL_INFO => {
            case.length = length(choose, FULL_INFO_HEADER + values.mptcp_info);
            let size_tcpinfo_user = element_size(choose, values.tcp_info);
            let size_sfinfo_user = element_size(choose, SUBFLOW_INFO);
            let size_arrays_user = match 15 - choose.below(16) {
                0 => choose.word(),
                1 => 0,
                _ => choose.below(facts.subflows + 3),
            };
            let array = |choose: &mut C, asked: u32, kernel: u32| {
                let elements = size_arrays_user.min(facts.subflows);
                buffer(choose, elements * asked.min(kernel))
            };
            let subflow_info = array(choose, size_sfinfo_user, SUBFLOW_INFO);
            let tcp_info = array(choose, size_tcpinfo_user, values.tcp_info);
            case.input = Input::Full(Full {
                size_tcpinfo_kernel: must_be_zero(choose),
                size_tcpinfo_user,
                size_sfinfo_kernel: must_be_zero(choose),
                size_sfinfo_user,
                num_subflows: must_be_zero(choose),
                size_arrays_user,
                subflow_info,
                tcp_info,
            });
        }
        abi::MPTCP_INFO_OPT => {
            case.length = length(choose, INFO_OPT);
            case.input = Input::Opt(Opt {
                blocks: std::array::from_fn(|index| block(choose, values, facts, index)),
            });
        }
        _ => case.length = length(choose, values.mptcp_info),
    }
    let filled = case.length.clamp(0, 1 << 15).cast_unsigned();
    case.optval = buffer(choose, filled);
    case.optlen = optlen_place(choose, case.optval);
    if !case.is_safe() {
        // Then over the sizes instead of the pointers.
        case.optlen = case.optval;
    }
    if !case.is_safe() {
        // The structure begins with a pointer, followed by its counts.
        let counts = case.optval.offset().and_then(|at| Place::street(at + 8));
        case.optlen = counts.unwrap_or(Place::NULL);
    }
    // Only a few: this entry takes thirty times as long as a system call.
    if values.compat && choose.below(32) == 31 {
        let compat = Case { entry: Entry::Compat, ..case };
        return if compat.is_safe() { compat } else { case };
    }
    case
}

/// A block of `mptcp_info_opt`, by its index.
fn block<C: Choose>(
    choose: &mut C,
    values: &BoundaryValues,
    facts: SceneFacts,
    index: usize,
) -> Block {
    let kernel = values.blocks()[index];
    let size_user = element_size(choose, kernel);
    let nmemb_user = match 15 - choose.below(16) {
        0 => choose.word(),
        1 => 0,
        2 => pick(choose, &HUGE).unwrap_or(0),
        _ => choose.below(facts.subflows + 3),
    };
    let elements = if index == 0 { 1 } else { nmemb_user.min(facts.subflows) };
    let address = match 15 - choose.below(16) {
        0 => Place::NULL,
        _ => buffer(choose, elements * size_user.min(kernel)),
    };
    let mut any = || if choose.below(4) == 3 { choose.word() } else { 0 };
    Block { address, nmemb_user, size_user, nmemb_kernel: any(), size_kernel: any() }
}

/// A number near another one.
fn near<C: Choose>(choose: &mut C, exact: u32) -> u32 {
    exact.wrapping_add(choose.below(33)).wrapping_sub(16)
}

fn length<C: Choose>(choose: &mut C, exact: u32) -> i32 {
    let length = match 31 - choose.below(32) {
        0 => choose.word(),
        1 => pick(choose, &HUGE).unwrap_or(0),
        // Any that is small enough to matter.
        2 => choose.below(exact.min(1 << 13) + 64),
        // The smallest that some option accepts, one byte less, and one more.
        3..5 => [0, SUBFLOW_DATA, FULL_INFO_HEADER, INFO_OPT][choose.below(4) as usize]
            .wrapping_add(choose.below(3))
            .wrapping_sub(1),
        5 => choose.below(1 << 14),
        6..12 => near(choose, exact),
        _ => exact,
    };
    length.cast_signed()
}

fn header_size<C: Choose>(choose: &mut C, length: i32) -> u32 {
    match 31 - choose.below(32) {
        0 => choose.word(),
        1 => pick(choose, &HUGE).unwrap_or(0),
        2 => choose.below(SUBFLOW_DATA),
        3 => near(choose, length.cast_unsigned()),
        4..8 => SUBFLOW_DATA + choose.below(64),
        _ => SUBFLOW_DATA,
    }
}

fn element_size<C: Choose>(choose: &mut C, kernel: u32) -> u32 {
    match 31 - choose.below(32) {
        0 => choose.word(),
        1 => pick(choose, &HUGE).unwrap_or(0),
        2 => 0,
        3..6 => choose.below(kernel),
        6..9 => near(choose, kernel),
        9..12 => pick(choose, &HISTORIC_SIZES).unwrap_or(kernel),
        12 => kernel + choose.below(1 << 12),
        _ => kernel,
    }
}

fn must_be_zero<C: Choose>(choose: &mut C) -> u32 {
    match 63 - choose.below(64) {
        0 => choose.word(),
        1 => 1,
        _ => 0,
    }
}

/// A place for a buffer of a number of bytes.
fn buffer<C: Choose>(choose: &mut C, bytes: u32) -> Place {
    let writable = pick(choose, &WRITABLE).unwrap_or(WRITABLE[0]);
    match 31 - choose.below(32) {
        0 => wild(choose.below(16)),
        1 => into_stretch(pick(choose, &READABLE).unwrap_or(READABLE[0]), choose.below(64)),
        2 => into_stretch(pick(choose, &CLOSED).unwrap_or(CLOSED[0]), choose.below(64)),
        3 => into_stretch(writable, choose.word()),
        4..8 => before_end(writable, bytes),
        8..11 => before_end(writable, near(choose, bytes)),
        11 => before_end(writable, choose.below(bytes.saturating_add(1))),
        12 => before_end(pick(choose, &CLOSED).unwrap_or(CLOSED[0]), 0),
        _ => into_stretch(WRITABLE[0], choose.below(0x1000)),
    }
}

fn optlen_place<C: Choose>(choose: &mut C, optval: Place) -> Place {
    match 31 - choose.below(32) {
        0 => wild(choose.below(16)),
        1 => into_stretch(pick(choose, &READABLE).unwrap_or(READABLE[0]), choose.below(64)),
        2 => into_stretch(pick(choose, &CLOSED).unwrap_or(CLOSED[0]), choose.below(64)),
        3 => before_end(pick(choose, &WRITABLE).unwrap_or(WRITABLE[0]), choose.below(8)),
        4 => before_end(pick(choose, &READABLE).unwrap_or(READABLE[0]), choose.below(8)),
        5..8 => optval
            .offset()
            .and_then(|offset| (offset + choose.below(400) as usize).checked_sub(4))
            .and_then(Place::street)
            .unwrap_or(Place::NULL),
        _ => into_stretch(WRITABLE[1], choose.below(64)),
    }
}
