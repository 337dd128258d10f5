//! How a case is stored, little endian. Version 1, 68 bytes:
//!
//! | offset | size | what |
//! | --- | --- | --- |
//! | 0 | 1 | version: 1 |
//! | 1 | 1 | scene |
//! | 2 | 1 | poison, less than [`POISONS`] |
//! | 3 | 1 | entry: 0 native, 1 compat |
//! | 4 | 4 | option |
//! | 8 | 4 | length |
//! | 12 | 24 | six words of input, in the order of the structure |
//! | 36 | 32 | the places of optval, optlen and the two arrays |
//!
//! Version 2, 124 bytes, for `mptcp_info_opt` only:
//!
//! | offset | size | what |
//! | --- | --- | --- |
//! | 0 | 12 | as version 1, the version being 2 |
//! | 12 | 16 | the places of optval and optlen |
//! | 28 | 96 | the structure, each address being a place |
//!
//! A place on the street is stored as [`STREET`] plus its offset, any other as its address. Words
//! and places that the option does not use are zero. Neither format ever changes; a new one gets a
//! new version. The entry is newer than the rest: older programs accept only 0, and refuse calls
//! that they could not make.

use std::fmt;

use mptcp_emulator::abi;

use crate::cases::input::Slot;
use crate::cases::{Case, Entry, Input, POISONS, Place};
use crate::memory::layout;
use crate::scenes;

/// Bytes in a stored case of version 1.
pub const SIZE: usize = 68;

/// Bytes in a stored case of version 2, the largest version.
pub const SIZE_OPT: usize = 124;

/// The base of stored places on the street.
pub const STREET: u64 = 0x2000_0000_0000;

const VERSION: u8 = 1;

const VERSION_OPT: u8 = 2;

/// The offset of the words of the input in version 1, and of optval in version 2.
const INPUT: usize = 12;

/// The offset of optval in version 1.
const ENDS: usize = 36;

/// Why bytes are not a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotACase {
    /// This number of bytes, which is not the size of the version.
    Size(usize),
    /// A version that this program does not know.
    Version(u8),
    /// No scene has this number.
    Scene(u8),
    /// No poison has this number.
    Poison(u8),
    /// No entry has this number.
    Entry(u8),
    /// Zero is expected at this offset.
    NotZero(usize),
    /// This version does not have the option.
    Option(i32),
    /// The length overlaps pointers of the structure, see [`Case::is_safe`].
    LengthOverPointers,
    /// A compat call that reaches beyond its reservation below 4 GiB, see [`Case::is_safe`].
    TooFar,
    /// An address that is not on the street, and at which a process may have memory mapped.
    Address(u64),
}

impl fmt::Display for NotACase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotACase::Size(size) => write!(
                f,
                "a stored case has {SIZE} bytes, or {SIZE_OPT} in version {VERSION_OPT}; this has {size}"
            ),
            NotACase::Version(version) => write!(
                f,
                "version {version} of the format; this program knows {VERSION} and {VERSION_OPT}"
            ),
            NotACase::Option(option) => {
                write!(f, "a case of option {option} is not stored in this version of the format")
            }
            NotACase::Scene(id) => write!(f, "no scene has the number {id}"),
            NotACase::Poison(id) => write!(f, "no poison has the number {id}"),
            NotACase::Entry(id) => write!(f, "no entry has the number {id}: 0 is native, 1 compat"),
            NotACase::NotZero(at) => write!(f, "byte {at} has to be zero for this option"),
            NotACase::LengthOverPointers => write!(
                f,
                "the length lies over the pointers of the structure, and would make wild ones"
            ),
            NotACase::TooFar => write!(
                f,
                "a call of a 32-bit program that reaches beyond the street, to where others \
                 have memory: its header's size or an address is too large"
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
pub fn encode(case: &Case) -> Vec<u8> {
    let is_opt = matches!(case.input, Input::Opt(_));
    let version = if is_opt { VERSION_OPT } else { VERSION };
    let mut bytes = vec![version, case.scene, case.poison, case.entry as u8];
    let place = |place: Place| place.address(STREET).to_le_bytes();
    bytes.extend(case.option.to_le_bytes());
    bytes.extend(case.length.to_le_bytes());
    let ends = [case.optval, case.optlen].into_iter().flat_map(place);
    let (mut numbers, mut arrays) = (Vec::new(), Vec::new());
    let mut input = case.input;
    input.each(|_, slot| match slot {
        Slot::Number(number) => numbers.extend(number.to_le_bytes()),
        Slot::Place(address) if is_opt => numbers.extend(place(*address)),
        Slot::Place(address) => arrays.extend(place(*address)),
    });
    if is_opt {
        bytes.extend(ends.chain(numbers));
    } else {
        numbers.resize(ENDS - INPUT, 0);
        bytes.extend(numbers.into_iter().chain(ends).chain(arrays));
        bytes.resize(SIZE, 0);
    }
    bytes
}

/// The case that the bytes are.
///
/// # Errors
/// The first error in them.
pub fn decode(bytes: &[u8]) -> Result<Case, NotACase> {
    if bytes.len() != SIZE && bytes.len() != SIZE_OPT {
        return Err(NotACase::Size(bytes.len()));
    }
    let version = bytes[0];
    match (version, bytes.len()) {
        (VERSION, SIZE) | (VERSION_OPT, SIZE_OPT) => {}
        (VERSION | VERSION_OPT, size) => return Err(NotACase::Size(size)),
        _ => return Err(NotACase::Version(version)),
    }
    scenes::by_id(bytes[1]).ok_or(NotACase::Scene(bytes[1]))?;
    if bytes[2] >= POISONS {
        return Err(NotACase::Poison(bytes[2]));
    }
    let word = |at| word(bytes, at);
    let option = word(4).cast_signed();
    if (option == abi::MPTCP_INFO_OPT) != (version == VERSION_OPT) {
        return Err(NotACase::Option(option));
    }
    let case = Case {
        input: input(bytes, option)?,
        entry: entry(bytes[3])?,
        scene: bytes[1],
        poison: bytes[2],
        option,
        length: word(8).cast_signed(),
        optval: place(bytes, if version == VERSION { ENDS } else { INPUT })?,
        optlen: place(bytes, if version == VERSION { ENDS + 8 } else { INPUT + 8 })?,
    };
    if case.is_safe() {
        Ok(case)
    } else if (Case { entry: Entry::Native, ..case }).is_safe() {
        Err(NotACase::TooFar)
    } else {
        Err(NotACase::LengthOverPointers)
    }
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn place(bytes: &[u8], at: usize) -> Result<Place, NotACase> {
    let address = u64::from(word(bytes, at)) | u64::from(word(bytes, at + 4)) << 32;
    let on_street = usize::try_from(address.wrapping_sub(STREET)).ok().and_then(Place::street);
    on_street.or_else(|| Place::wild(address)).ok_or(NotACase::Address(address))
}

/// The bytes at these offsets have no meaning.
fn zero(bytes: &[u8], offsets: impl IntoIterator<Item = usize>) -> Result<(), NotACase> {
    let other = offsets.into_iter().find(|at| bytes[*at] != 0);
    other.map_or(Ok(()), |at| Err(NotACase::NotZero(at)))
}

fn entry(byte: u8) -> Result<Entry, NotACase> {
    [Entry::Native, Entry::Compat].get(usize::from(byte)).copied().ok_or(NotACase::Entry(byte))
}

/// The input of an option. Words and places that the option does not use have to be 0.
fn input(bytes: &[u8], option: i32) -> Result<Input, NotACase> {
    let mut input = Input::blank(option);
    let is_opt = matches!(input, Input::Opt(_));
    let (mut number, mut array) = (if is_opt { INPUT + 16 } else { INPUT }, ENDS + 16);
    let mut wrong = None;
    input.each(|_, slot| match slot {
        Slot::Number(slot) => {
            *slot = word(bytes, number);
            number += 4;
        }
        Slot::Place(slot) => {
            let at = if is_opt { &mut number } else { &mut array };
            match place(bytes, *at) {
                Ok(place) => *slot = place,
                Err(error) => wrong = wrong.or(Some(error)),
            }
            *at += 8;
        }
    });
    if let Some(error) = wrong {
        return Err(error);
    }
    if !is_opt {
        zero(bytes, (number..ENDS).chain(array..SIZE))?;
    }
    Ok(input)
}

const _: () = assert!(layout::LEN < 1 << 32);
