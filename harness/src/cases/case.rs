//! One call with everything that decides its answer: the scene, where the
//! buffers stand, what stands in them beforehand.

use std::fmt;

use mptcp_emulator::abi::{INFO_OPT, SUBFLOW_DATA};
use mptcp_emulator::{Call, PAGE, abi};

use super::place::UPPER;
use crate::cases::{Entry, Place};
use crate::memory::layout;
use crate::scenes;

/// A call, ready to be predicted and made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Case {
    /// The scene's number in the catalogue.
    pub scene: u8,
    /// Which of the [`POISONS`](crate::cases::POISONS) fills the street beforehand.
    pub poison: u8,
    /// The option's number.
    pub option: i32,
    /// The length that the program passes, in bytes.
    pub length: i32,
    /// Where the buffer stands.
    pub optval: Place,
    /// Where the length stands.
    pub optlen: Place,
    /// What the program has written into the buffer.
    pub input: Input,
    /// As what kind of program the call is made.
    pub entry: Entry,
}

/// What the program writes into the buffer before the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Input {
    /// Nothing: `MPTCP_INFO` and options that do not exist.
    Nothing,
    /// The header of `MPTCP_TCPINFO` and `MPTCP_SUBFLOW_ADDRS`.
    Data(Data),
    /// The structure of `MPTCP_FULL_INFO`.
    Full(Full),
    /// The structure of `mptcp_info_opt`.
    Opt(Opt),
}

/// Room for any [`Input`], in bytes.
pub const INPUT: usize = INFO_OPT as usize;

/// `struct mptcp_subflow_data`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Data {
    /// Size of the header, in bytes.
    pub size_subflow_data: u32,
    /// Has to be 0.
    pub num_subflows: u32,
    /// Has to be 0.
    pub size_kernel: u32,
    /// Size of an element, in bytes.
    pub size_user: u32,
}

impl Data {
    /// As programs fill it in.
    pub const fn asking(size_user: u32) -> Data {
        Data { size_subflow_data: SUBFLOW_DATA, num_subflows: 0, size_kernel: 0, size_user }
    }
}

/// `struct mptcp_full_info` up to its `mptcp_info`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Full {
    /// Has to be 0.
    pub size_tcpinfo_kernel: u32,
    /// Size of a `tcp_info`, in bytes.
    pub size_tcpinfo_user: u32,
    /// Has to be 0.
    pub size_sfinfo_kernel: u32,
    /// Size of a `mptcp_subflow_info`, in bytes.
    pub size_sfinfo_user: u32,
    /// Has to be 0.
    pub num_subflows: u32,
    /// Elements that there is room for, in each array.
    pub size_arrays_user: u32,
    /// Where the array of `mptcp_subflow_info` stands.
    pub subflow_info: Place,
    /// Where the array of `tcp_info` stands.
    pub tcp_info: Place,
}

/// `struct mptcp_info_opt`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Opt {
    /// `mptcp_info`, `tcp_info`, `socknames` and `peernames`.
    pub blocks: [Block; 4],
}

/// What the blocks of [`Opt`] are called.
pub const BLOCKS: [&str; 4] = ["mptcp_info", "tcp_info", "socknames", "peernames"];

/// `struct mptcp_info_opt_ptr`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Block {
    /// Where the elements go.
    pub address: Place,
    /// Elements that there is room for.
    pub nmemb_user: u32,
    /// Size of an element, in bytes.
    pub size_user: u32,
    /// Any number.
    pub nmemb_kernel: u32,
    /// Any number.
    pub size_kernel: u32,
}

impl Block {
    /// As a structure that was cleared has it.
    pub const UNASKED: Block = Block::asking(Place::NULL, 0, 0);

    /// As the sample fills a block in.
    pub const fn asking(address: Place, nmemb_user: u32, size_user: u32) -> Block {
        Block { address, nmemb_user, size_user, nmemb_kernel: 0, size_kernel: 0 }
    }
}

impl Input {
    /// Where in the buffer there are pointers of 8 bytes, and what they are.
    #[inline]
    pub fn pointers(&self) -> impl Iterator<Item = (usize, Place)> {
        let pointers = match self {
            Input::Nothing | Input::Data(_) => [None; 4],
            Input::Full(full) => {
                [Some((24, full.subflow_info)), Some((32, full.tcp_info)), None, None]
            }
            Input::Opt(opt) => {
                std::array::from_fn(|index| Some((24 * index, opt.blocks[index].address)))
            }
        };
        pointers.into_iter().flatten()
    }
}

impl Case {
    /// The call as the kernel takes it, with the street at `base`.
    #[inline]
    pub fn call(&self, base: u64) -> Call {
        let registers = self.registers(base);
        match self.entry {
            Entry::Native => registers,
            Entry::Compat => registers.compat(),
        }
    }

    /// The call as it is made, with the street at `base`: what the registers hold.
    #[inline]
    pub fn registers(&self, base: u64) -> Call {
        let register = |place: Place| match (self.entry, place) {
            (Entry::Compat, Place::Street(_)) => UPPER | place.address(self.base(base)),
            _ => place.address(base),
        };
        let [optval, optlen] = [self.optval, self.optlen].map(register);
        Call { option: self.option, optval, optlen }
    }

    /// Where the program has the street, which is at `base`: see [`Entry::base`].
    #[inline]
    pub fn base(&self, base: u64) -> u64 {
        self.entry.base(base)
    }

    /// Whether the kernel can be given this case at all: it may only be told
    /// addresses that are a [`Place`]. An option that takes pointers has to find
    /// some, and a length that lies over them would make others of them, at
    /// which this process may have something of its own.
    #[inline]
    pub fn is_safe(&self) -> bool {
        let takes_pointers = matches!(self.option, abi::MPTCP_FULL_INFO | abi::MPTCP_INFO_OPT);
        let fits = match self.input {
            Input::Full(_) => self.option == abi::MPTCP_FULL_INFO,
            Input::Opt(_) => self.option == abi::MPTCP_INFO_OPT,
            Input::Nothing | Input::Data(_) => !takes_pointers,
        };
        let apart = match (self.optval.offset(), self.optlen.offset()) {
            (Some(optval), Some(optlen)) => self.input.pointers().all(|(at, _)| {
                let pointer = optval + at;
                optlen + 4 <= pointer || optlen >= pointer + 8
            }),
            _ => true,
        };
        fits && apart
            && self.optval.is_nobodys()
            && self.optlen.is_nobodys()
            && self.input.pointers().all(|(_, place)| place.is_nobodys())
            && (self.entry == Entry::Native || self.stays_near())
    }

    /// Whether a compat call reaches nothing but the street's alias and what is
    /// reserved around it: much less than behind the street itself, for there are
    /// other things below 4 GiB, such as the shadow of AddressSanitizer.
    fn stays_near(&self) -> bool {
        let cut = |place: Place| match place {
            Place::Street(_) => true,
            Place::Wild(address) => address & u64::from(u32::MAX) < PAGE as u64,
        };
        let near = |header: u32| header <= layout::ALIAS_REACH;
        let header = match (self.option, self.input) {
            (abi::MPTCP_TCPINFO | abi::MPTCP_SUBFLOW_ADDRS, Input::Data(data)) => {
                // The length may lie over the header's size, and then counts as one.
                let apart = match (self.optval.offset(), self.optlen.offset()) {
                    (Some(optval), Some(optlen)) => match optlen.abs_diff(optval) {
                        0 => near(self.length.cast_unsigned()),
                        between => between >= 4,
                    },
                    _ => true,
                };
                apart && near(data.size_subflow_data)
            }
            (abi::MPTCP_TCPINFO | abi::MPTCP_SUBFLOW_ADDRS, _) => false,
            _ => true,
        };
        header && cut(self.optval) && cut(self.optlen)
    }

    /// The bytes that the program writes into the buffer, with the street at
    /// `base`; `len` of them count.
    #[inline]
    pub fn input_bytes(&self, base: u64) -> ([u8; INPUT], usize) {
        let base = self.base(base);
        let mut bytes = [0; INPUT];
        let mut put = |at: usize, value: &[u8]| {
            if let Some(slot) = bytes.get_mut(at..at + value.len()) {
                slot.copy_from_slice(value);
            }
        };
        let len = match &self.input {
            Input::Nothing => 0,
            Input::Data(data) => {
                put(0, &data.size_subflow_data.to_ne_bytes());
                put(4, &data.num_subflows.to_ne_bytes());
                put(8, &data.size_kernel.to_ne_bytes());
                put(12, &data.size_user.to_ne_bytes());
                16
            }
            Input::Full(full) => {
                put(0, &full.size_tcpinfo_kernel.to_ne_bytes());
                put(4, &full.size_tcpinfo_user.to_ne_bytes());
                put(8, &full.size_sfinfo_kernel.to_ne_bytes());
                put(12, &full.size_sfinfo_user.to_ne_bytes());
                put(16, &full.num_subflows.to_ne_bytes());
                put(20, &full.size_arrays_user.to_ne_bytes());
                put(24, &full.subflow_info.address(base).to_ne_bytes());
                put(32, &full.tcp_info.address(base).to_ne_bytes());
                40
            }
            Input::Opt(opt) => {
                for (index, block) in opt.blocks.iter().enumerate() {
                    let at = 24 * index;
                    put(at, &block.address.address(base).to_ne_bytes());
                    put(at + 8, &block.nmemb_user.to_ne_bytes());
                    put(at + 12, &block.size_user.to_ne_bytes());
                    put(at + 16, &block.nmemb_kernel.to_ne_bytes());
                    put(at + 20, &block.size_kernel.to_ne_bytes());
                }
                INPUT
            }
        };
        (bytes, len)
    }
}

/// Whether the model has a name for the option.
pub fn is_known(option: i32) -> bool {
    matches!(option, abi::MPTCP_INFO..=abi::MPTCP_FULL_INFO | abi::MPTCP_INFO_OPT)
}

/// The option's name in the header, or its number.
pub fn option_name(option: i32) -> String {
    match option {
        abi::MPTCP_INFO => "MPTCP_INFO".into(),
        abi::MPTCP_TCPINFO => "MPTCP_TCPINFO".into(),
        abi::MPTCP_SUBFLOW_ADDRS => "MPTCP_SUBFLOW_ADDRS".into(),
        abi::MPTCP_FULL_INFO => "MPTCP_FULL_INFO".into(),
        abi::MPTCP_INFO_OPT => "MPTCP_INFO_OPT".into(),
        other => other.to_string(),
    }
}

impl fmt::Display for Place {
    /// A place on the street reads as its distance from the nearer end of its
    /// stretch of pages, for that is what matters about it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let offset = match self {
            Place::Street(offset) => *offset as usize,
            Place::Wild(0) => return f.write_str("NULL"),
            Place::Wild(address) => return write!(f, "{address:#x}"),
        };
        let stretch = layout::stretch(offset);
        let from_start = offset - stretch.start;
        let to_end = stretch.end - offset;
        write!(f, "street+{offset:#x} (")?;
        if to_end <= from_start {
            write!(f, "{to_end} before the end of a {}", stretch.what())?;
        } else if from_start == 0 {
            write!(f, "at the start of a {}", stretch.what())?;
        } else {
            write!(f, "{from_start} into a {}", stretch.what())?;
        }
        write!(f, ")")
    }
}

impl fmt::Display for Case {
    /// The call as C, what is in the buffers first.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scene = scenes::by_id(self.scene).map_or("an unknown scene", |scene| scene.name);
        writeln!(f, "/* fd: {scene} */")?;
        writeln!(f, "optval = {};", self.optval)?;
        writeln!(f, "optlen = {};", self.optlen)?;
        match &self.input {
            // Where there is no memory nothing was written.
            _ if self.optval.offset().is_none() => {}
            Input::Nothing => {}
            Input::Data(data) => writeln!(
                f,
                "*(struct mptcp_subflow_data *)optval = (struct mptcp_subflow_data) {{\n\
                 \x20   .size_subflow_data = {}, .num_subflows = {},\n\
                 \x20   .size_kernel = {}, .size_user = {} }};",
                data.size_subflow_data, data.num_subflows, data.size_kernel, data.size_user
            )?,
            Input::Full(full) => writeln!(
                f,
                "*(struct mptcp_full_info *)optval = (struct mptcp_full_info) {{\n\
                 \x20   .size_tcpinfo_kernel = {}, .size_tcpinfo_user = {},\n\
                 \x20   .size_sfinfo_kernel = {}, .size_sfinfo_user = {},\n\
                 \x20   .num_subflows = {}, .size_arrays_user = {},\n\
                 \x20   .subflow_info = {},\n\
                 \x20   .tcp_info = {} }};",
                full.size_tcpinfo_kernel,
                full.size_tcpinfo_user,
                full.size_sfinfo_kernel,
                full.size_sfinfo_user,
                full.num_subflows,
                full.size_arrays_user,
                full.subflow_info,
                full.tcp_info
            )?,
            Input::Opt(opt) => {
                writeln!(f, "*(struct mptcp_info_opt *)optval = (struct mptcp_info_opt) {{")?;
                for (name, block) in BLOCKS.iter().zip(&opt.blocks) {
                    writeln!(
                        f,
                        "    .{name} = {{ .nmemb_user = {}, .size_user = {},\n\
                         \x20       .nmemb_kernel = {}, .size_kernel = {},\n\
                         \x20       .address = {} }},",
                        block.nmemb_user,
                        block.size_user,
                        block.nmemb_kernel,
                        block.size_kernel,
                        block.address
                    )?;
                }
                writeln!(f, "}};")?;
            }
        }
        if self.optlen.offset().is_some() {
            writeln!(f, "*optlen = {};", self.length)?;
        }
        if self.entry == Entry::Compat {
            writeln!(f, "/* int $0x80: as a 32-bit program calls */")?;
        }
        write!(f, "getsockopt(fd, SOL_MPTCP, {}, optval, optlen);", option_name(self.option))
    }
}
