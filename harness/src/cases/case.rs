//! One call with everything that decides its answer: the scene, the places of its buffers, and
//! their contents before the call.

use std::fmt;

use mptcp_emulator::{Call, PAGE, abi};

use super::input::{BLOCK_FIELDS, Slot};
use super::place::UPPER;
use crate::cases::{BLOCKS, Entry, INPUT, Input, Place};
use crate::memory::layout;
use crate::scenes;

/// A call, ready to be predicted and made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Case {
    /// The scene's number in the catalogue.
    pub scene: u8,
    /// Which of the [`POISONS`](crate::cases::POISONS) fills the street before the call.
    pub poison: u8,
    /// The option's number.
    pub option: i32,
    /// The length that the program passes, in bytes.
    pub length: i32,
    /// The place of the buffer.
    pub optval: Place,
    /// The place of the length.
    pub optlen: Place,
    /// What the program has written into the buffer.
    pub input: Input,
    /// How the call enters the kernel.
    pub entry: Entry,
}

impl Case {
    /// The call as the kernel sees it, with the street at `base`.
    #[inline]
    pub fn call(&self, base: u64) -> Call {
        let registers = self.registers(base);
        match self.entry {
            Entry::Native => registers,
            Entry::Compat => registers.compat(),
        }
    }

    /// The call as the program makes it, with the street at `base`: the values of the registers.
    #[inline]
    pub fn registers(&self, base: u64) -> Call {
        let register = |place: Place| match (self.entry, place) {
            (Entry::Compat, Place::Street(_)) => UPPER | place.address(self.base(base)),
            _ => place.address(base),
        };
        let [optval, optlen] = [self.optval, self.optlen].map(register);
        Call::new(self.option, optval, optlen)
    }

    /// The address of the street in the program; its native address is `base`. See [`Entry::base`].
    #[inline]
    pub fn base(&self, base: u64) -> u64 {
        self.entry.base(base)
    }

    /// Whether the case is safe to run: the kernel may only be given addresses that are a
    /// [`Place`]. The pointers in an option's input have to be places. A length that overlaps them
    /// would turn them into other addresses, at which this process may have memory mapped.
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

    /// Whether a compat call reaches only the street's alias and the reservation around it. That
    /// reservation is much smaller than the one behind the street, because other memory lies below
    /// 4 GiB, such as AddressSanitizer's shadow.
    fn stays_near(&self) -> bool {
        let cut = |place: Place| match place {
            Place::Street(_) => true,
            Place::Wild(address) => address & u64::from(u32::MAX) < PAGE as u64,
        };
        let near = |header: u32| header <= layout::ALIAS_REACH;
        let header = match (self.option, self.input) {
            (abi::MPTCP_TCPINFO | abi::MPTCP_SUBFLOW_ADDRS, Input::Data(data)) => {
                // The length may overlap the size of the header, and then counts as that size.
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

    /// The bytes that the program writes into the buffer, with the street at `base`. The first
    /// `len` bytes are valid.
    #[inline]
    pub fn input_bytes(&self, base: u64) -> ([u8; INPUT], usize) {
        let base = self.base(base);
        let (mut bytes, mut len) = ([0; INPUT], 0);
        let mut put = |value: &[u8]| {
            bytes[len..len + value.len()].copy_from_slice(value);
            len += value.len();
        };
        let mut input = self.input;
        input.each(|_, slot| match slot {
            Slot::Number(number) => put(&number.to_ne_bytes()),
            Slot::Place(place) => put(&place.address(base).to_ne_bytes()),
        });
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
    /// A place on the street is printed as its distance from the nearer end of its stretch of
    /// pages, because that distance matters.
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
    /// The call in C, after the contents of the buffers.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scene = scenes::by_id(self.scene).map_or("an unknown scene", |scene| scene.name);
        writeln!(f, "/* fd: {scene} */")?;
        writeln!(f, "optval = {};", self.optval)?;
        writeln!(f, "optlen = {};", self.optlen)?;
        let fields = self.input.fields();
        match &self.input {
            // Without memory, nothing was written.
            _ if self.optval.offset().is_none() => {}
            Input::Nothing => {}
            Input::Data(_) | Input::Full(_) => {
                let full = matches!(self.input, Input::Full(_));
                let name = if full { "mptcp_full_info" } else { "mptcp_subflow_data" };
                let fields = Input::initializers(&fields, "    ");
                writeln!(f, "*(struct {name} *)optval = (struct {name}) {{\n    {fields} }};")?;
            }
            Input::Opt(_) => {
                writeln!(f, "*(struct mptcp_info_opt *)optval = (struct mptcp_info_opt) {{")?;
                for (name, fields) in BLOCKS.iter().zip(fields.chunks(BLOCK_FIELDS)) {
                    let fields = Input::initializers(fields, "        ");
                    writeln!(f, "    .{name} = {{ {fields} }},")?;
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
