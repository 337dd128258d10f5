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
//! A place on the street is stored as [`STREET`] plus its offset, any other
//! as its address. Words and places that the option has no use for are zero.
//! Neither format ever changes; a new one gets a new version. The entry is not as old
//! as the rest: programs that do not know it take 0 alone, and refuse what they could
//! not make.

use std::fmt;

use mptcp_emulator::abi;

use crate::cases::{Block, Case, Data, Entry, Full, Input, Opt, POISONS, Place};
use crate::memory::layout;
use crate::scenes;

/// Bytes in a stored case of version 1.
pub const SIZE: usize = 68;

/// Bytes in a stored case of version 2, the most that any has.
pub const SIZE_OPT: usize = 124;

/// What a stored place on the street is counted from.
pub const STREET: u64 = 0x2000_0000_0000;

const VERSION: u8 = 1;

const VERSION_OPT: u8 = 2;

/// Why bytes are not a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotACase {
    /// So many bytes, and not as many as the version has.
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
    /// The option is not one that this version has.
    Option(i32),
    /// The length lies over the pointers of the structure, see
    /// [`Case::is_safe`].
    LengthOverPointers,
    /// A compat call that reaches farther than below 4 GiB is reserved for it, see
    /// [`Case::is_safe`].
    TooFar,
    /// An address that is not on the street, and at which a program may have
    /// something of its own.
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
    let mut bytes = vec![0, case.scene, case.poison, case.entry as u8];
    let place = |place: Place| place.address(STREET).to_le_bytes();
    bytes.extend(case.option.to_le_bytes());
    bytes.extend(case.length.to_le_bytes());
    if let Input::Opt(opt) = &case.input {
        bytes[0] = VERSION_OPT;
        bytes.extend([case.optval, case.optlen].into_iter().flat_map(place));
        for block in &opt.blocks {
            bytes.extend(place(block.address));
            let words = [block.nmemb_user, block.size_user, block.nmemb_kernel, block.size_kernel];
            bytes.extend(words.into_iter().flat_map(u32::to_le_bytes));
        }
        return bytes;
    }
    bytes[0] = VERSION;
    let (words, arrays) = words(&case.input);
    bytes.extend(words.into_iter().flat_map(u32::to_le_bytes));
    bytes.extend([case.optval, case.optlen].into_iter().flat_map(place));
    bytes.extend(arrays.into_iter().flat_map(|array| array.map_or([0; 8], place)));
    bytes
}

/// The case that the bytes are.
///
/// # Errors
/// The first thing that is wrong with them.
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
    let case = if version == VERSION { decode_first(bytes)? } else { decode_opt(bytes)? };
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

fn decode_first(bytes: &[u8]) -> Result<Case, NotACase> {
    let word = |at| word(bytes, at);
    let place = |at| place(bytes, at);
    let option = word(4).cast_signed();
    let (input, zeros, arrays) = match option {
        abi::MPTCP_TCPINFO | abi::MPTCP_SUBFLOW_ADDRS => (Input::Data(data(word)), 28..36, 52),
        abi::MPTCP_FULL_INFO => (Input::Full(full(word, place)?), 36..36, SIZE),
        abi::MPTCP_INFO_OPT => return Err(NotACase::Option(option)),
        _ => (Input::Nothing, 12..36, 52),
    };
    zero(bytes, zeros.chain(arrays..SIZE))?;
    Ok(Case {
        entry: entry(bytes[3])?,
        scene: bytes[1],
        poison: bytes[2],
        option,
        length: word(8).cast_signed(),
        optval: place(36)?,
        optlen: place(44)?,
        input,
    })
}

fn decode_opt(bytes: &[u8]) -> Result<Case, NotACase> {
    let word = |at| word(bytes, at);
    let place = |at| place(bytes, at);
    let option = word(4).cast_signed();
    if option != abi::MPTCP_INFO_OPT {
        return Err(NotACase::Option(option));
    }
    let block = |index: usize| {
        let at = 28 + 24 * index;
        Ok(Block {
            address: place(at)?,
            nmemb_user: word(at + 8),
            size_user: word(at + 12),
            nmemb_kernel: word(at + 16),
            size_kernel: word(at + 20),
        })
    };
    Ok(Case {
        entry: entry(bytes[3])?,
        scene: bytes[1],
        poison: bytes[2],
        option,
        length: word(8).cast_signed(),
        optval: place(12)?,
        optlen: place(20)?,
        input: Input::Opt(Opt { blocks: [block(0)?, block(1)?, block(2)?, block(3)?] }),
    })
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
        Input::Nothing | Input::Opt(_) => ([0; 6], [None; 2]),
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

const _: () = assert!(layout::LEN < 1 << 32);
