//! How a case is stored: version 1, 68 bytes, little endian.
//!
//! | offset | size | what |
//! | --- | --- | --- |
//! | 0 | 1 | version: 1 |
//! | 1 | 1 | scene |
//! | 2 | 1 | poison, less than [`POISONS`] |
//! | 3 | 1 | zero |
//! | 4 | 4 | option |
//! | 8 | 4 | length |
//! | 12 | 24 | six words of input, in the order of the structure |
//! | 36 | 32 | the places of optval, optlen and the two arrays |
//!
//! A place on the street is stored as [`STREET`] plus its offset, any other
//! as its address. Words and places that the option has no use for are zero.
//! The format never changes; a new one gets a new version, and this stays.

use std::fmt;

use mptcp_emulator::abi;

use crate::case::{Case, Data, Full, Input, POISONS, Place};
use crate::scene;
use crate::street;

/// Bytes in a stored case.
pub const SIZE: usize = 68;

/// What a stored place on the street is counted from.
pub const STREET: u64 = 0x2000_0000_0000;

const VERSION: u8 = 1;

/// Why bytes are not a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotACase {
    /// So many bytes, and not 68.
    Size(usize),
    /// A version that this program does not know.
    Version(u8),
    /// No scene has this number.
    Scene(u8),
    /// No poison has this number.
    Poison(u8),
    /// Zero is expected at this offset.
    NotZero(usize),
    /// The length lies over the pointers of `MPTCP_FULL_INFO`, see
    /// [`Case::is_safe`].
    LengthOverPointers,
    /// An address that is not on the street, and at which a program may have
    /// something of its own.
    Address(u64),
}

impl fmt::Display for NotACase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotACase::Size(size) => write!(f, "a stored case has {SIZE} bytes, this has {size}"),
            NotACase::Version(version) => {
                write!(f, "version {version} of the format; this program knows version {VERSION}")
            }
            NotACase::Scene(id) => write!(f, "no scene has the number {id}"),
            NotACase::Poison(id) => write!(f, "no poison has the number {id}"),
            NotACase::NotZero(at) => write!(f, "byte {at} has to be zero for this option"),
            NotACase::LengthOverPointers => write!(
                f,
                "the length lies over the pointers of MPTCP_FULL_INFO, and would make wild ones"
            ),
            NotACase::Address(address) => write!(
                f,
                "{address:#x} is neither on the street nor an address that no program uses"
            ),
        }
    }
}

impl std::error::Error for NotACase {}

/// The bytes of a case.
pub fn encode(case: &Case) -> [u8; SIZE] {
    let mut bytes = [0; SIZE];
    let (words, arrays) = words(&case.input);
    bytes[0] = VERSION;
    bytes[1] = case.scene;
    bytes[2] = case.poison;
    bytes[4..8].copy_from_slice(&case.option.to_le_bytes());
    bytes[8..12].copy_from_slice(&case.length.to_le_bytes());
    for (slot, word) in bytes[12..36].chunks_exact_mut(4).zip(words) {
        slot.copy_from_slice(&word.to_le_bytes());
    }
    let [subflow_info, tcp_info] =
        arrays.map(|place| place.map_or(0, |place| place.address(STREET)));
    let places = [case.optval.address(STREET), case.optlen.address(STREET), subflow_info, tcp_info];
    for (slot, place) in bytes[36..].chunks_exact_mut(8).zip(places) {
        slot.copy_from_slice(&place.to_le_bytes());
    }
    bytes
}

/// The case that the bytes are.
///
/// # Errors
/// The first thing that is wrong with them.
pub fn decode(bytes: &[u8]) -> Result<Case, NotACase> {
    let bytes: &[u8; SIZE] = bytes.try_into().map_err(|_| NotACase::Size(bytes.len()))?;
    let word =
        |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    let place = |at: usize| {
        let address = u64::from(word(at)) | u64::from(word(at + 4)) << 32;
        let on_street = usize::try_from(address.wrapping_sub(STREET)).ok().and_then(Place::street);
        on_street.or_else(|| Place::wild(address)).ok_or(NotACase::Address(address))
    };
    if bytes[0] != VERSION {
        return Err(NotACase::Version(bytes[0]));
    }
    scene::by_id(bytes[1]).ok_or(NotACase::Scene(bytes[1]))?;
    if bytes[2] >= POISONS {
        return Err(NotACase::Poison(bytes[2]));
    }
    let option = word(4).cast_signed();
    let (input, zero_from, zero_to) = match option {
        abi::MPTCP_TCPINFO | abi::MPTCP_SUBFLOW_ADDRS => (Input::Data(data(word)), 28, 36),
        abi::MPTCP_FULL_INFO => (Input::Full(full(word, place)?), 36, 36),
        _ => (Input::Nothing, 12, 36),
    };
    let arrays = if matches!(input, Input::Full(_)) { SIZE } else { 52 };
    let zeros = (3..4).chain(zero_from..zero_to).chain(arrays..SIZE);
    for at in zeros {
        if bytes[at] != 0 {
            return Err(NotACase::NotZero(at));
        }
    }
    let case = Case {
        scene: bytes[1],
        poison: bytes[2],
        option,
        length: word(8).cast_signed(),
        optval: place(36)?,
        optlen: place(44)?,
        input,
    };
    if case.is_safe() { Ok(case) } else { Err(NotACase::LengthOverPointers) }
}

fn data(word: impl Fn(usize) -> u32) -> Data {
    Data {
        size_subflow_data: word(12),
        num_subflows: word(16),
        size_kernel: word(20),
        size_user: word(24),
    }
}

fn full(
    word: impl Fn(usize) -> u32,
    place: impl Fn(usize) -> Result<Place, NotACase>,
) -> Result<Full, NotACase> {
    Ok(Full {
        size_tcpinfo_kernel: word(12),
        size_tcpinfo_user: word(16),
        size_sfinfo_kernel: word(20),
        size_sfinfo_user: word(24),
        num_subflows: word(28),
        size_arrays_user: word(32),
        subflow_info: place(52)?,
        tcp_info: place(60)?,
    })
}

/// The words of an input in the order in which they are stored, which is the
/// order of the structure, and the places of the arrays.
fn words(input: &Input) -> ([u32; 6], [Option<Place>; 2]) {
    match input {
        Input::Nothing => ([0; 6], [None; 2]),
        Input::Data(data) => (
            [data.size_subflow_data, data.num_subflows, data.size_kernel, data.size_user, 0, 0],
            [None; 2],
        ),
        Input::Full(full) => (
            [
                full.size_tcpinfo_kernel,
                full.size_tcpinfo_user,
                full.size_sfinfo_kernel,
                full.size_sfinfo_user,
                full.num_subflows,
                full.size_arrays_user,
            ],
            [Some(full.subflow_info), Some(full.tcp_info)],
        ),
    }
}

const _: () = assert!(street::LEN < 1 << 32);
