//! Names an offset of the street in the terms of a case.

use std::fmt;
use std::ops::Range;

use mptcp_emulator::Revision;
use mptcp_emulator::abi::{
    self, FULL_INFO_HEADER, Field, FullInfo, InfoOptPtr, MptcpInfo, SOCKADDR, SUBFLOW_DATA,
    SUBFLOW_INFO, SubflowAddrs, SubflowData, SubflowInfo, TcpInfo,
};
use mptcp_emulator::rules::Part;

use crate::cases::{BLOCKS, Case, Input};

/// One byte of the street, named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Spot {
    /// The thing that it belongs to.
    pub region: Region,
    /// The field of that thing, if it has fields.
    pub field: Option<&'static str>,
    /// Its distance from the start of the field, or of the thing without fields.
    pub byte: usize,
}

/// Things that a call has on the street.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Region {
    /// The length.
    Length,
    /// The structure of `MPTCP_INFO`.
    Info,
    /// The header or the structure that `optval` points at.
    Header,
    /// The part of a larger header after the 16 bytes that the kernel knows.
    HeaderTail,
    /// An element, by its subflow, from 0.
    Element(u32),
    /// An element of the addresses of `MPTCP_FULL_INFO`.
    SubflowInfo(u32),
    /// An element of the `tcp_info` of `MPTCP_FULL_INFO` or `mptcp_info_opt`.
    TcpInfo(u32),
    /// A block of the structure of `mptcp_info_opt`, from 0.
    Block(u32),
    /// An element of the local addresses of `mptcp_info_opt`.
    Sockname(u32),
    /// An element of the peers' addresses of `mptcp_info_opt`.
    Peername(u32),
    /// Unused space inside the declared buffer.
    Slack,
    /// Behind the declared buffer, within a page.
    Beyond,
    /// In front of the buffer, within a page.
    Before,
    /// Anywhere else.
    Elsewhere,
}

impl Region {
    /// Its name in a signature, which omits the number of an element; its order in a report, from
    /// 0; and the part of memory, by which the rules that decide it are found.
    const fn row(self) -> (&'static str, u8, Option<Part>) {
        match self {
            Region::Length => ("optlen", 0, Some(Part::Length)),
            Region::Info => ("info", 2, Some(Part::Info)),
            Region::Header => ("header", 1, Some(Part::Header)),
            Region::HeaderTail => ("header-tail", 3, Some(Part::HeaderTail)),
            Region::Element(_) => ("element", 2, Some(Part::Element)),
            Region::SubflowInfo(_) => ("subflow_info", 2, Some(Part::SubflowInfo)),
            Region::TcpInfo(_) => ("tcp_info", 2, Some(Part::TcpInfo)),
            Region::Block(_) => ("block", 1, Some(Part::Block)),
            Region::Sockname(_) => ("sockname", 2, Some(Part::Sockname)),
            Region::Peername(_) => ("peername", 2, Some(Part::Peername)),
            Region::Slack => ("slack", 4, Some(Part::Unused)),
            Region::Beyond => ("beyond", 5, Some(Part::Unused)),
            Region::Before => ("before", 6, None),
            Region::Elsewhere => ("elsewhere", 7, None),
        }
    }

    /// The part of memory of the region, by which the rules that decide it are found.
    pub fn part(self) -> Option<Part> {
        self.row().2
    }

    /// The order in which differences are reported.
    pub(super) fn rank(self) -> u8 {
        self.row().1
    }

    /// The region in a signature, which omits the number of an element.
    pub fn kind(self) -> &'static str {
        self.row().0
    }
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.region {
            Region::Length => write!(f, "*optlen")?,
            Region::Element(index) => write!(f, "element {index}")?,
            Region::SubflowInfo(index) => write!(f, "subflow_info[{index}]")?,
            Region::TcpInfo(index) => write!(f, "tcp_info[{index}]")?,
            Region::Block(index) => {
                write!(f, "{}", BLOCKS.get(index as usize).unwrap_or(&"block"))?;
            }
            Region::Sockname(index) => write!(f, "socknames[{index}]")?,
            Region::Peername(index) => write!(f, "peernames[{index}]")?,
            Region::Slack => write!(f, "slack inside the buffer")?,
            Region::Beyond => write!(f, "behind the buffer")?,
            Region::Before => write!(f, "in front of the buffer")?,
            Region::Elsewhere => write!(f, "elsewhere on the street")?,
            other => write!(f, "{}", other.kind())?,
        }
        match self.field {
            Some(field) => write!(f, ".{field}")?,
            None if self.region == Region::Length => {}
            None => write!(f, ", byte {}", self.byte)?,
        }
        Ok(())
    }
}

/// A sequence of things of one size on the street.
pub struct Laid {
    /// Offset of the first on the street.
    pub start: usize,
    /// The stride in bytes; it may be 0, or larger than the street.
    pub each: usize,
    /// How many there are.
    pub count: usize,
    fields: &'static [Field],
    region: fn(u32) -> Region,
}

impl Laid {
    /// What one of them is, by its index from 0.
    pub fn region(&self, index: usize) -> Region {
        (self.region)(u32::try_from(index).unwrap_or(u32::MAX))
    }

    fn spot(&self, offset: usize) -> Option<Spot> {
        let into = offset.checked_sub(self.start)?;
        let index = into.checked_div(self.each)?;
        if index >= self.count {
            return None;
        }
        let mut byte = into % self.each;
        let mut field = abi::field_at(self.fields, byte);
        // Fields that are structures are more readable by their parts.
        for (name, parts) in [("mptcp_info", MptcpInfo::FIELDS), ("addrs", SubflowAddrs::FIELDS)] {
            if let Some(outer) = field.filter(|outer| outer.name == name) {
                byte -= usize::from(outer.offset);
                field = abi::field_at(parts, byte);
            }
        }
        Some(Spot {
            region: self.region(index),
            field: field.map(|field| field.name),
            byte: field.map_or(byte, |field| byte - usize::from(field.offset)),
        })
    }
}

/// Names offsets for one case on one kernel, on a socket with a number of subflows.
pub struct Map {
    is_tcp_info: bool,
    laid: Vec<Laid>,
    buffer: Option<Range<usize>>,
}

impl Map {
    /// The map of a case.
    pub fn new(case: &Case, revision: &Revision, subflows: usize) -> Map {
        let mut laid = Vec::new();
        let mut lay = |start: Option<usize>, each: u32, count: usize, fields, region| {
            if let Some(start) = start {
                let each = each as usize;
                laid.push(Laid { start, each, count, fields, region });
            }
        };
        let optval = case.optval.offset();
        let declared = usize::try_from(case.length).unwrap_or(0);
        lay(case.optlen.offset(), 4, 1, &[], |_| Region::Length);
        match &case.input {
            Input::Nothing => {
                let known = declared_or_whole(case.length, revision.mptcp_info);
                lay(optval, known, 1, MptcpInfo::FIELDS, |_| Region::Info);
            }
            Input::Data(data) => {
                lay(optval, SUBFLOW_DATA, 1, SubflowData::FIELDS, |_| Region::Header);
                let behind = |bytes: u32| optval.map(|at| at + bytes as usize);
                let tail = data.size_subflow_data.saturating_sub(SUBFLOW_DATA);
                lay(behind(SUBFLOW_DATA), tail, 1, &[], |_| Region::HeaderTail);
                let (size, fields) = match case.option {
                    abi::MPTCP_TCPINFO => (revision.tcp_info, TcpInfo::FIELDS),
                    _ => (mptcp_emulator::abi::SUBFLOW_ADDRS, SubflowAddrs::FIELDS),
                };
                let each = data.size_user.min(size);
                let room = declared.saturating_sub(data.size_subflow_data as usize);
                let fit = room.checked_div(each as usize).unwrap_or(0);
                let first = behind(data.size_subflow_data);
                lay(first, each, fit.min(subflows), fields, Region::Element);
            }
            Input::Full(full) => {
                let whole = FULL_INFO_HEADER + revision.mptcp_info;
                let known = declared_or_whole(case.length, whole);
                lay(optval, known, 1, FullInfo::FIELDS, |_| Region::Header);
                let count = (full.size_arrays_user as usize).min(subflows);
                let each = full.size_sfinfo_user.min(SUBFLOW_INFO);
                let at = full.subflow_info.offset();
                lay(at, each, count, SubflowInfo::FIELDS, Region::SubflowInfo);
                let each = full.size_tcpinfo_user.min(revision.tcp_info);
                let at = full.tcp_info.offset();
                lay(at, each, count, TcpInfo::FIELDS, Region::TcpInfo);
            }
            Input::Opt(opt) => {
                let size = size_of::<InfoOptPtr>() as u32;
                lay(optval, size, opt.blocks.len(), InfoOptPtr::FIELDS, Region::Block);
                let [info, tcp_infos, socknames, peernames] = opt.blocks;
                let each = info.size_user.min(revision.mptcp_info);
                lay(info.address.offset(), each, 1, MptcpInfo::FIELDS, |_| Region::Info);
                let mut array = |block: crate::cases::Block, size: u32, fields, region| {
                    let count = (block.nmemb_user as usize).min(subflows);
                    lay(block.address.offset(), block.size_user.min(size), count, fields, region);
                };
                array(tcp_infos, revision.tcp_info, TcpInfo::FIELDS, Region::TcpInfo);
                array(socknames, SOCKADDR, &[], Region::Sockname);
                array(peernames, SOCKADDR, &[], Region::Peername);
            }
        }
        let is_tcp_info = case.option == abi::MPTCP_TCPINFO;
        Map { is_tcp_info, laid, buffer: optval.map(|at| at..at.saturating_add(declared)) }
    }

    /// Whether its elements are of `struct tcp_info`.
    pub fn is_tcp_info(&self) -> bool {
        self.is_tcp_info
    }

    /// Everything that the call has on the street. Earlier entries take precedence where things
    /// overlap.
    pub fn laid(&self) -> &[Laid] {
        &self.laid
    }

    /// The thing at an offset. Where things overlap, the first of: the length, the header or
    /// structure, the elements.
    pub fn spot(&self, offset: usize) -> Spot {
        if let Some(spot) = self.laid.iter().find_map(|laid| laid.spot(offset)) {
            return spot;
        }
        let near = |region, byte| Spot { region, field: None, byte };
        // Behind the nearest preceding thing, if that is close.
        let behind = self
            .laid
            .iter()
            .filter_map(|laid| offset.checked_sub(laid.start + laid.each * laid.count))
            .min()
            .filter(|distance| *distance < mptcp_emulator::PAGE);
        match (&self.buffer, behind) {
            (Some(buffer), _) if buffer.contains(&offset) => {
                near(Region::Slack, offset - buffer.start)
            }
            (_, Some(distance)) => near(Region::Beyond, distance),
            (Some(buffer), None) if offset < buffer.start && buffer.start - offset < 4096 => {
                near(Region::Before, buffer.start - offset)
            }
            _ => near(Region::Elsewhere, offset),
        }
    }
}

fn declared_or_whole(length: i32, whole: u32) -> u32 {
    u32::try_from(length).map_or(whole, |declared| declared.min(whole))
}
