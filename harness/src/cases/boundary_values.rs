//! Boundary values: the numbers at which something changes.
//!
//! They state which scenes exist, how many subflows each has, and the sizes of this kernel's
//! structures. Cases made from them find more than random ones. They affect the choice of cases
//! only: wrong boundary values weaken a search, but cannot make a verdict wrong.

use mptcp_emulator::abi::{
    FULL_INFO_HEADER, INFO_OPT, SOCKADDR, SUBFLOW_ADDRS, SUBFLOW_DATA, SUBFLOW_INFO,
};
use mptcp_emulator::{Revision, abi};

pub use crate::cases::boundary_numbers::{HISTORIC_SIZES, HUGE, UNKNOWN_OPTIONS};
use crate::cases::{Block, Data, Full, Input, Opt, Place, is_known};
use crate::memory::layout;

/// What the choice of cases needs to know of a scene.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SceneFacts {
    /// The scene's number.
    pub scene: u8,
    /// Whether the kernel answers the options there; if not, every call is refused.
    pub answers: bool,
    /// The number of its subflows.
    pub subflows: u32,
}

/// Values from which cases are made.
#[derive(Clone, Debug)]
pub struct BoundaryValues {
    /// The scenes, at least one.
    pub scene_facts: Vec<SceneFacts>,
    /// Size of `struct tcp_info`, in bytes.
    pub tcp_info: u32,
    /// Size of `struct mptcp_info`, in bytes.
    pub mptcp_info: u32,
    /// Whether the kernel has `mptcp_info_opt`.
    pub info_opt: bool,
    /// Whether calls can be made as a 32-bit program makes them.
    pub compat: bool,
}

/// Where the arrays of `MPTCP_FULL_INFO` and the blocks of `mptcp_info_opt` are in ordinary
/// cases.
pub(crate) struct Places {
    /// Those of `mptcp_subflow_info` and of `tcp_info`.
    pub arrays: [Place; 2],
    /// In the order of the structure.
    pub blocks: [Place; 4],
}

impl Places {
    /// These offsets of the street.
    pub const fn new([info, tcp_info]: [u32; 2], [a, b, c, d]: [u32; 4]) -> Places {
        let arrays = [Place::Street(info), Place::Street(tcp_info)];
        let blocks = [Place::Street(a), Place::Street(b), Place::Street(c), Place::Street(d)];
        Places { arrays, blocks }
    }
}

impl BoundaryValues {
    /// Boundary values for a kernel, without the calls of 32-bit programs.
    pub fn new(scene_facts: Vec<SceneFacts>, revision: &Revision) -> BoundaryValues {
        let Revision { tcp_info, mptcp_info, info_opt, .. } = *revision;
        BoundaryValues { scene_facts, tcp_info, mptcp_info, info_opt, compat: false }
    }

    /// The size of an element of an option, in bytes; for `MPTCP_INFO` the size of its structure.
    pub fn element(&self, option: i32) -> u32 {
        match option {
            abi::MPTCP_TCPINFO => self.tcp_info,
            abi::MPTCP_SUBFLOW_ADDRS => SUBFLOW_ADDRS,
            _ => self.mptcp_info,
        }
    }

    /// The number of bytes that an option fills if there is room for everything.
    pub fn whole(&self, option: i32, subflows: u32) -> u32 {
        match option {
            abi::MPTCP_TCPINFO | abi::MPTCP_SUBFLOW_ADDRS => {
                SUBFLOW_DATA + subflows * self.element(option)
            }
            abi::MPTCP_FULL_INFO => FULL_INFO_HEADER + self.mptcp_info,
            abi::MPTCP_INFO_OPT => INFO_OPT,
            _ => self.mptcp_info,
        }
    }

    /// The kernel's size of an element of each block of `mptcp_info_opt`.
    pub fn blocks(&self) -> [u32; 4] {
        [self.mptcp_info, self.tcp_info, SOCKADDR, SOCKADDR]
    }

    /// The input of an ordinary program for an option: it uses the kernel's sizes and has room for
    /// a number of elements. It has `like`'s fields, with arrays and blocks at these places.
    pub(crate) fn usual(&self, like: &Input, option: i32, elements: u32, places: &Places) -> Input {
        match like {
            Input::Nothing => Input::Nothing,
            Input::Data(_) => Input::Data(Data::asking(self.element(option))),
            Input::Full(_) => {
                Input::Full(Full::asking(self.tcp_info, SUBFLOW_INFO, elements, places.arrays))
            }
            Input::Opt(_) => {
                let block = |index: usize| {
                    let elements = if index == 0 { 0 } else { elements };
                    Block::asking(places.blocks[index], elements, self.blocks()[index])
                };
                Input::Opt(Opt { blocks: std::array::from_fn(block) })
            }
        }
    }

    /// The scene with a number.
    pub(crate) fn scene(&self, scene: u8) -> Option<SceneFacts> {
        self.scene_facts.iter().find(|facts| facts.scene == scene).copied()
    }

    /// Whether this kernel is expected to have an option. Without the patch, `mptcp_info_opt` is an
    /// unknown option number like any other.
    pub fn knows(&self, option: i32) -> bool {
        is_known(option) && (option != abi::MPTCP_INFO_OPT || self.info_opt)
    }
}

/// Addresses off the street: in the page at null, non-canonical, at the start of the kernel's half,
/// and at the top, where a buffer wraps around.
pub const WILD: [u64; 10] = [
    0,
    1,
    0x0ff8,
    0x0000_8000_0000_0000,
    0x4141_4141_4141_4141,
    0x7fff_ffff_ffff_fff0,
    0x8000_0000_0000_0000,
    0xffff_8000_0000_0000,
    0xffff_ffff_ffff_f000,
    0xffff_ffff_ffff_fff8,
];

/// A place off the street. Any `index` selects one.
pub fn wild(index: u32) -> Place {
    let address = WILD[index as usize % WILD.len()];
    Place::wild(address).unwrap_or(Place::NULL)
}

/// Writable stretches of the street, the longest first. It has room for all that the largest scene
/// returns; the others are shorter, with other neighbours.
pub const WRITABLE: [(usize, usize); 6] = [
    (0x1000, 0x11000),
    (0x14000, 0x1c000),
    (0x22000, 0x28000),
    (0x12000, 0x13000),
    (0x1e000, 0x1f000),
    (0x2c000, 0x2d000),
];

/// Stretches that can be read but not written.
pub const READABLE: [(usize, usize); 5] = [
    (0x13000, 0x14000),
    (0x1d000, 0x1e000),
    (0x20000, 0x22000),
    (0x28000, 0x29000),
    (0x2e000, 0x2f000),
];

/// Where bytes are neither readable nor writable.
pub const CLOSED: [(usize, usize); 3] =
    [(0x11000, 0x12000), (0x1c000, 0x1d000), (0x1f000, 0x20000)];

/// The place a number of bytes before the end of a stretch, or the start of a shorter stretch.
pub fn before_end(stretch: (usize, usize), bytes: u32) -> Place {
    let offset = stretch.1.saturating_sub(bytes as usize).max(stretch.0);
    Place::street(offset).unwrap_or(Place::NULL)
}

/// The place a number of bytes after the start of a stretch.
pub fn into_stretch(stretch: (usize, usize), bytes: u32) -> Place {
    Place::street(stretch.0 + bytes as usize % (stretch.1 - stretch.0)).unwrap_or(Place::NULL)
}

/// Whether a size is that of a structure of these options in some release.
pub fn is_historic(size: u32) -> bool {
    HISTORIC_SIZES.contains(&size) || size == SUBFLOW_INFO || size == SUBFLOW_ADDRS
}

const _: () = assert!(WRITABLE[2].1 < layout::LEN);

#[cfg(test)]
mod tests {
    use super::*;
    use mptcp_emulator::Access;

    #[test]
    fn the_named_stretches_are_what_the_street_has() {
        let named = |list: &[(usize, usize)], access| {
            for (start, end) in list {
                let stretch = layout::stretch(*start);
                assert_eq!((stretch.start, stretch.end), (*start, *end));
                assert_eq!(stretch.access, access);
            }
        };
        named(&WRITABLE, Access::ReadWrite);
        named(&READABLE, Access::Read);
        named(&CLOSED, Access::Nothing);
    }

    #[test]
    fn wild_addresses_are_nobodys() {
        for address in WILD {
            assert!(Place::wild(address).is_some(), "{address:#x}");
        }
    }
}
