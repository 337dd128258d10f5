//! The structures that are compared, and the names of their fields.

use std::fmt;

use mptcp_emulator::abi::{Field, HOLE, MptcpInfo, SubflowAddrs, SubflowInfo, TcpInfo, field_at};

/// A structure whose fields can hold something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Structure {
    /// `struct mptcp_info`.
    MptcpInfo,
    /// `struct tcp_info`.
    TcpInfo,
    /// `struct mptcp_subflow_addrs`.
    SubflowAddrs,
    /// `struct mptcp_subflow_info`, its id and padding.
    SubflowInfo,
}

/// A field of a structure, or a word behind the last one, which has no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldId {
    /// The structure.
    pub structure: Structure,
    /// Bytes from the start of the structure.
    pub offset: usize,
    /// Bytes.
    pub size: usize,
}

/// The fields of `struct mptcp_subflow_addrs`, with the parts of each `struct sockaddr_in` or
/// `struct sockaddr_in6`. What follows the port has another layout in either.
const ADDRESSES: [Field; 8] = {
    const fn part(name: &'static str, offset: u16, size: u16) -> Field {
        Field { name, offset, size, since: None, bytes_since: None, about: "" }
    }
    [
        part("ss_local.family", 0, 2),
        part("ss_local.port", 2, 2),
        part("ss_local.address", 4, 24),
        part("ss_local.padding", 28, 100),
        part("ss_remote.family", 128, 2),
        part("ss_remote.port", 130, 2),
        part("ss_remote.address", 132, 24),
        part("ss_remote.padding", 156, 100),
    ]
};

const _: () = assert!(ADDRESSES[4].offset == SubflowAddrs::FIELDS[1].offset);

impl Structure {
    const ALL: [Structure; 4] =
        [Structure::MptcpInfo, Structure::TcpInfo, Structure::SubflowAddrs, Structure::SubflowInfo];

    /// Its name without `struct`, and its fields.
    const fn row(self) -> (&'static str, &'static [Field]) {
        match self {
            Structure::MptcpInfo => ("mptcp_info", MptcpInfo::FIELDS),
            Structure::TcpInfo => ("tcp_info", TcpInfo::FIELDS),
            Structure::SubflowAddrs => ("mptcp_subflow_addrs", &ADDRESSES),
            // The addresses are a structure of their own.
            Structure::SubflowInfo => ("mptcp_subflow_info", SubflowInfo::FIELDS.split_at(2).0),
        }
    }

    /// The field or word that a byte belongs to.
    pub fn field_at(self, offset: usize) -> FieldId {
        let (_, fields) = self.row();
        let end = fields.last().map_or(0, |last| usize::from(last.offset + last.size));
        let (offset, size) = match field_at(fields, offset) {
            Some(field) => (usize::from(field.offset), usize::from(field.size)),
            None => (offset - (offset - end) % 4, 4),
        };
        FieldId { structure: self, offset, size }
    }
}

impl FieldId {
    /// Whether [`Display`](fmt::Display) prints this name for a field.
    pub fn is_name(name: &str) -> bool {
        let is_unnamed =
            |field: &str| field.strip_prefix("byte ").is_some_and(|at| at.parse::<u16>().is_ok());
        Structure::ALL.iter().any(|structure| {
            let (structure, fields) = structure.row();
            let rest = name.strip_prefix(structure);
            rest.and_then(|rest| rest.strip_prefix('.')).is_some_and(|field| {
                let is_it = |known: &Field| known.name == field && field != HOLE;
                is_unnamed(field) || fields.iter().any(is_it)
            })
        })
    }
}

/// As `--allow contents=` has it, such as `mptcp_info.mptcpi_flags` and `tcp_info.byte 248`.
impl fmt::Display for FieldId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (structure, fields) = self.structure.row();
        match field_at(fields, self.offset).filter(|field| field.name != HOLE) {
            Some(field) => write!(f, "{structure}.{}", field.name),
            None => write!(f, "{structure}.byte {}", self.offset),
        }
    }
}
