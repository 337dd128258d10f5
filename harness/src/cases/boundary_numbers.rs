//! The one list of boundary numbers: lengths, sizes, counts and distances at which something
//! changes. Each engine takes those that its column names for a field.
//!
//! The order is that of the lattice, and of the choices of random cases: to insert a number
//! changes the cases after it, and what a random seed makes.

/// A number, or its distance from a size that is known later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Number {
    /// This number.
    Fixed(i64),
    /// From the kernel's own value of the field: the size of a structure, or the number of
    /// subflows.
    Own(i64),
    /// This number of times the kernel's own value.
    Times(i64),
    /// From what the option fills if there is room for everything.
    Whole(i64),
}
use Number::{Fixed, Own, Times, Whole};

impl Number {
    /// The number, given what it is counted from.
    pub(crate) const fn of(self, own: i64, whole: i64) -> i64 {
        match self {
            Fixed(number) => number,
            Own(distance) => own + distance,
            Times(factor) => own * factor,
            Whole(distance) => whole + distance,
        }
    }
}

/// Fields, a bit for each.
pub(crate) type Fields = u32;

/// `optlen` of `MPTCP_INFO`, which the lattice uses for unknown options too.
pub(crate) const INFO: Fields = 1;
/// `optlen` of the options with a `struct mptcp_subflow_data`.
pub(crate) const DATA: Fields = 1 << 1;
/// `optlen` of `MPTCP_FULL_INFO`. Its own value is the size without `mptcp_info`.
pub(crate) const FULL: Fields = 1 << 2;
/// `optlen` of `mptcp_info_opt`.
pub(crate) const OPT: Fields = 1 << 3;
/// `optlen` of unknown options.
pub(crate) const OTHER: Fields = 1 << 4;
/// `size_subflow_data`. Its own value is `optlen`.
pub(crate) const HEADER: Fields = 1 << 5;
/// `size_user` of `struct mptcp_subflow_data`.
pub(crate) const ELEMENT: Fields = 1 << 6;
/// `size_tcpinfo_user` and `size_sfinfo_user`.
pub(crate) const ARRAY: Fields = 1 << 7;
/// `size_user` of a block of `mptcp_info_opt`.
pub(crate) const BLOCK: Fields = 1 << 8;
/// `size_arrays_user`.
pub(crate) const SLOTS: Fields = 1 << 9;
/// `nmemb_user`.
pub(crate) const MEMBERS: Fields = 1 << 10;
/// The number of elements that `optlen` has room for.
pub(crate) const ROOM: Fields = 1 << 11;
/// Any size, near its own value.
pub(crate) const NEAR: Fields = 1 << 12;
/// What only the kernel fills, if it is not 0.
pub(crate) const KERNEL: Fields = 1 << 13;
/// Bytes between the end of a buffer and the end of its pages: at `MPTCP_INFO`.
pub(crate) const INFO_MARGIN: Fields = 1 << 14;
/// The same, of most buffers.
pub(crate) const MARGIN: Fields = 1 << 15;
/// The same, where there are many other dimensions.
pub(crate) const TIGHT_MARGIN: Fields = 1 << 16;
/// The same, at unknown options.
pub(crate) const OTHER_MARGIN: Fields = 1 << 17;
/// Any number, where signed and unsigned interpretation differ, or too large.
const HUGE_NUMBER: Fields = 1 << 18;
/// Any size of an element, in some release.
const HISTORIC: Fields = 1 << 19;

/// `optlen` of each option that the kernel knows.
const LENGTHS: Fields = INFO | DATA | FULL | OPT;
const COUNTS: Fields = SLOTS | MEMBERS;
const SIZES: Fields = ELEMENT | BLOCK;
const MARGINS: Fields = INFO_MARGIN | MARGIN | TIGHT_MARGIN | OTHER_MARGIN;

/// An engine that has a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    /// All combinations, with the kernel's sizes: `cases/lattice.rs`.
    Lattice,
    /// Every combination of small domains: `engines/exhaust/domains.rs`.
    Exhaust,
    /// Random cases: `cases/generate.rs`.
    Random,
}

/// A number, and the fields for which each engine takes it.
#[derive(Clone, Copy)]
struct Row {
    number: Number,
    fields: [Fields; 3],
}

const fn row(number: Number) -> Row {
    Row { number, fields: [0; 3] }
}

impl Row {
    const fn lattice(self, more: Fields) -> Row {
        let [lattice, exhaust, random] = self.fields;
        Row { fields: [lattice | more, exhaust, random], ..self }
    }

    const fn exhaust(self, more: Fields) -> Row {
        let [lattice, exhaust, random] = self.fields;
        Row { fields: [lattice, exhaust | more, random], ..self }
    }

    const fn random(self, more: Fields) -> Row {
        let [lattice, exhaust, random] = self.fields;
        Row { fields: [lattice, exhaust, random | more], ..self }
    }

    /// For the lattice and for exhaust.
    const fn both(self, more: Fields) -> Row {
        self.lattice(more).exhaust(more)
    }
}

const LIST: [Row; 44] = [
    row(Fixed(0)).both(LENGTHS | HEADER | SIZES | COUNTS).exhaust(OTHER | ARRAY | KERNEL | MARGINS),
    row(Fixed(1))
        .both(INFO | DATA | SIZES | COUNTS | ROOM | KERNEL)
        .exhaust(OTHER | HEADER | ARRAY | INFO_MARGIN | MARGIN),
    row(Fixed(2)).both(ROOM).lattice(INFO).exhaust(COUNTS),
    row(Fixed(3)).lattice(INFO).exhaust(COUNTS | ROOM),
    row(Fixed(4)).both(INFO).exhaust(COUNTS | ROOM),
    row(Fixed(7)).lattice(INFO),
    row(Fixed(8)).both(INFO),
    // The size of struct mptcp_subflow_data, and of a larger one.
    row(Fixed(15)).both(DATA | HEADER),
    row(Fixed(16)).both(DATA | HEADER).lattice(BLOCK).exhaust(OTHER | ELEMENT),
    row(Fixed(17)).both(DATA | HEADER),
    row(Fixed(24)).both(DATA | HEADER).lattice(OPT),
    // The size of struct sockaddr_in6.
    row(Fixed(28)).lattice(BLOCK),
    row(Fixed(32)).exhaust(HEADER),
    row(Fixed(64)).exhaust(INFO_MARGIN | OTHER_MARGIN),
    // The sizes of struct tcp_info, then of struct mptcp_info: programs were compiled with these.
    row(Fixed(232)).random(HISTORIC),
    row(Fixed(240)).random(HISTORIC),
    row(Fixed(248)).random(HISTORIC),
    row(Fixed(280)).random(HISTORIC),
    row(Fixed(48)).random(HISTORIC).lattice(INFO),
    row(Fixed(80)).random(HISTORIC).lattice(INFO),
    row(Fixed(88)).random(HISTORIC).lattice(INFO),
    row(Fixed(96)).random(HISTORIC),
    row(Own(-1)).both(FULL | OPT | ELEMENT | NEAR).lattice(COUNTS).exhaust(ARRAY | BLOCK),
    row(Own(0))
        .both(FULL | OPT | ELEMENT | NEAR)
        .lattice(HEADER | COUNTS | ROOM)
        .exhaust(ARRAY | BLOCK),
    row(Own(1))
        .both(FULL | OPT | ELEMENT | NEAR)
        .lattice(HEADER | MEMBERS | ROOM)
        .exhaust(ARRAY | BLOCK),
    row(Own(8)).lattice(NEAR).exhaust(OPT),
    row(Own(24)).lattice(OPT),
    row(Own(48)).lattice(FULL),
    row(Own(64)).lattice(ELEMENT),
    row(Times(2)).exhaust(ELEMENT),
    // Signed and unsigned interpretation differ, or the number is too large.
    row(Fixed(0x7fff_fff0)).random(HUGE_NUMBER),
    row(Fixed(0x7fff_ffff))
        .random(HUGE_NUMBER)
        .both(INFO | DATA | FULL | SIZES)
        .lattice(OPT)
        .exhaust(OTHER | HEADER | ARRAY),
    row(Fixed(-0x8000_0000)).both(INFO | DATA | FULL).lattice(OPT),
    row(Fixed(-16)).lattice(LENGTHS),
    row(Fixed(-9)).exhaust(INFO_MARGIN),
    row(Fixed(-1)).both(LENGTHS).exhaust(OTHER | MARGINS),
    row(Fixed(0x8000_0000))
        .random(HUGE_NUMBER)
        .both(HEADER | SIZES)
        .lattice(MEMBERS | KERNEL)
        .exhaust(ARRAY),
    row(Fixed(0x8000_0010)).random(HUGE_NUMBER),
    row(Fixed(0xffff_fff0)).random(HUGE_NUMBER),
    row(Fixed(0xffff_ffff))
        .random(HUGE_NUMBER)
        .both(SIZES | COUNTS)
        .lattice(KERNEL)
        .exhaust(HEADER),
    row(Whole(-1)).both(INFO | FULL),
    row(Whole(0)).both(INFO | FULL),
    row(Whole(1)).both(INFO | FULL),
    row(Whole(4)).lattice(INFO),
];

/// The numbers that an engine takes for a field, given what they are counted from.
pub(crate) fn numbers(
    engine: Engine,
    field: Fields,
    own: u32,
    whole: u32,
) -> impl Iterator<Item = i64> {
    let rows = LIST.iter().filter(move |row| row.fields[engine as usize] & field != 0);
    rows.map(move |row| row.number.of(i64::from(own), i64::from(whole)))
}

/// All numbers of a column and a field, none of which is a distance.
const fn fixed<const N: usize>(engine: Engine, field: Fields) -> [u32; N] {
    let (mut all, mut len, mut at) = ([0; N], 0, 0);
    while at < LIST.len() {
        if let Row { number: Fixed(number), fields } = LIST[at]
            && fields[engine as usize] & field != 0
        {
            all[len] = number as u32;
            len += 1;
        }
        at += 1;
    }
    assert!(len == N, "the array has room for all");
    all
}

/// Sizes at which signed and unsigned interpretation differ, and others that are too large.
pub const HUGE: [u32; 6] = fixed(Engine::Random, HUGE_NUMBER);

/// Sizes of `struct tcp_info` and `struct mptcp_info` in some release, in bytes.
pub const HISTORIC_SIZES: [u32; 8] = fixed(Engine::Random, HISTORIC);

/// What the lattice writes into members that only the kernel fills.
pub(crate) const MARKS: [u32; 3] = fixed(Engine::Lattice, KERNEL);

/// Combinations of `size_tcpinfo_user` and `size_sfinfo_user` in the lattice, each with its own
/// kernel's size.
pub(crate) const ARRAY_SIZES: [[Number; 2]; 9] = [
    [Fixed(0), Own(0)],
    [Fixed(1), Fixed(1)],
    [Own(-1), Fixed(7)],
    [Own(1), Fixed(9)],
    [Own(0), Own(-1)],
    [Fixed(0x7fff_ffff), Fixed(0x7fff_ffff)],
    [Fixed(0x8000_0000), Own(0)],
    [Own(0), Fixed(0x8000_0000)],
    [Own(0), Fixed(0)],
];

/// Options that no kernel has. Random cases have the first three, the lattice the second and the
/// third, exhaust all of them.
pub const UNKNOWN_OPTIONS: [i32; 7] = [-1, 0, 5, 6, 284, i32::MAX, i32::MIN];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_is_stated_once_and_taken() {
        for (index, row) in LIST.iter().enumerate() {
            let again = LIST[..index].iter().any(|other| other.number == row.number);
            assert!(!again && row.fields != [0; 3], "{:?}", row.number);
        }
    }
}
