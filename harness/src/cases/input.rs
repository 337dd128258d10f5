//! What the program writes into the buffer before the call. Each structure lists its fields once.
//! Code that stores, prints, simplifies or mixes cases uses that list.

use std::fmt;

use mptcp_emulator::abi::{self, INFO_OPT, SUBFLOW_DATA};

use crate::cases::Place;

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

/// The value of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// A number of 4 bytes.
    Number(u32),
    /// A pointer.
    Place(Place),
}

/// A field's value, to change it.
pub(crate) enum Slot<'a> {
    Number(&'a mut u32),
    Place(&'a mut Place),
}

impl<'a> From<&'a mut u32> for Slot<'a> {
    fn from(number: &'a mut u32) -> Slot<'a> {
        Slot::Number(number)
    }
}

impl<'a> From<&'a mut Place> for Slot<'a> {
    fn from(place: &'a mut Place) -> Slot<'a> {
        Slot::Place(place)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Number(number) => number.fmt(f),
            Value::Place(place) => place.fmt(f),
        }
    }
}

/// A structure with its fields in memory order.
macro_rules! structure {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $field:ident: $kind:ty,)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub struct $name {
            $($(#[$doc])* pub $field: $kind,)*
        }

        impl $name {
            #[inline]
            fn each(&mut self, see: &mut impl FnMut(&'static str, Slot<'_>)) {
                $(see(stringify!($field), (&mut self.$field).into());)*
            }
        }
    };
}

structure! {
    /// `struct mptcp_subflow_data`.
    Data {
        /// Size of the header, in bytes.
        size_subflow_data: u32,
        /// Has to be 0.
        num_subflows: u32,
        /// Has to be 0.
        size_kernel: u32,
        /// Size of an element, in bytes.
        size_user: u32,
    }
}

structure! {
    /// `struct mptcp_full_info` up to its `mptcp_info`.
    Full {
        /// Has to be 0.
        size_tcpinfo_kernel: u32,
        /// Size of a `tcp_info`, in bytes.
        size_tcpinfo_user: u32,
        /// Has to be 0.
        size_sfinfo_kernel: u32,
        /// Size of a `mptcp_subflow_info`, in bytes.
        size_sfinfo_user: u32,
        /// Has to be 0.
        num_subflows: u32,
        /// The number of elements that fit into each array.
        size_arrays_user: u32,
        /// Where the array of `mptcp_subflow_info` is.
        subflow_info: Place,
        /// Where the array of `tcp_info` is.
        tcp_info: Place,
    }
}

/// `struct mptcp_info_opt`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Opt {
    /// `mptcp_info`, `tcp_info`, `socknames` and `peernames`.
    pub blocks: [Block; 4],
}

/// The names of the blocks of [`Opt`].
pub const BLOCKS: [&str; 4] = ["mptcp_info", "tcp_info", "socknames", "peernames"];

/// Fields of a [`Block`].
pub(crate) const BLOCK_FIELDS: usize = 5;

structure! {
    /// `struct mptcp_info_opt_ptr`.
    Block {
        /// Where the elements go.
        address: Place,
        /// The number of elements that fit.
        nmemb_user: u32,
        /// Size of an element, in bytes.
        size_user: u32,
        /// Any number.
        nmemb_kernel: u32,
        /// Any number.
        size_kernel: u32,
    }
}

impl Data {
    /// The values of an ordinary program.
    pub const fn asking(size_user: u32) -> Data {
        Data { size_subflow_data: SUBFLOW_DATA, num_subflows: 0, size_kernel: 0, size_user }
    }
}

impl Full {
    /// The values of an ordinary program, in the order of the structure: the size of a `tcp_info`,
    /// that of a `mptcp_subflow_info`, the elements of each array, and the places of the arrays.
    pub const fn asking(
        size_tcpinfo_user: u32,
        size_sfinfo_user: u32,
        size_arrays_user: u32,
        [subflow_info, tcp_info]: [Place; 2],
    ) -> Full {
        Full {
            size_tcpinfo_kernel: 0,
            size_tcpinfo_user,
            size_sfinfo_kernel: 0,
            size_sfinfo_user,
            num_subflows: 0,
            size_arrays_user,
            subflow_info,
            tcp_info,
        }
    }
}

impl Block {
    /// A structure full of zeros.
    pub const UNASKED: Block = Block::asking(Place::NULL, 0, 0);

    /// The values that the sample uses for a block.
    pub const fn asking(address: Place, nmemb_user: u32, size_user: u32) -> Block {
        Block { address, nmemb_user, size_user, nmemb_kernel: 0, size_kernel: 0 }
    }
}

impl Input {
    /// The input of an option, with nothing requested.
    pub const fn blank(option: i32) -> Input {
        match option {
            abi::MPTCP_TCPINFO | abi::MPTCP_SUBFLOW_ADDRS => Input::Data(Data::asking(0)),
            abi::MPTCP_FULL_INFO => Input::Full(Full::asking(0, 0, 0, [Place::NULL; 2])),
            abi::MPTCP_INFO_OPT => Input::Opt(Opt { blocks: [Block::UNASKED; 4] }),
            _ => Input::Nothing,
        }
    }

    /// Visits all fields in memory order.
    #[inline]
    pub(crate) fn each(&mut self, mut see: impl FnMut(&'static str, Slot<'_>)) {
        match self {
            Input::Nothing => {}
            Input::Data(data) => data.each(&mut see),
            Input::Full(full) => full.each(&mut see),
            Input::Opt(opt) => opt.blocks.iter_mut().for_each(|block| block.each(&mut see)),
        }
    }

    /// All fields with their values, in memory order.
    pub fn fields(mut self) -> Vec<(&'static str, Value)> {
        let mut fields = Vec::new();
        self.each(|name, slot| {
            let value = match slot {
                Slot::Number(number) => Value::Number(*number),
                Slot::Place(place) => Value::Place(*place),
            };
            fields.push((name, value));
        });
        fields
    }

    /// Sets the field with this index in [`Input::fields`] to a value of its kind.
    #[inline]
    pub(crate) fn set(&mut self, index: usize, value: Value) {
        let mut at = 0;
        self.each(|_, slot| {
            match (slot, value) {
                (Slot::Number(slot), Value::Number(number)) if at == index => *slot = number,
                (Slot::Place(slot), Value::Place(place)) if at == index => *slot = place,
                _ => {}
            }
            at += 1;
        });
    }

    /// The offsets of 8-byte pointers in the buffer, and their values.
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

    /// C initializers: two numbers a line, then the pointers.
    pub(super) fn initializers(fields: &[(&str, Value)], indent: &str) -> String {
        let text = |(name, value): &(&str, Value)| format!(".{name} = {value}");
        let (numbers, places): (Vec<_>, Vec<_>) =
            fields.iter().partition(|(_, value)| matches!(value, Value::Number(_)));
        let numbers =
            numbers.chunks(2).map(|pair| pair.iter().map(text).collect::<Vec<_>>().join(", "));
        let lines: Vec<String> = numbers.chain(places.iter().map(text)).collect();
        lines.join(&format!(",\n{indent}"))
    }
}
