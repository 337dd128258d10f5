//! From a case to what it has on the street: pointers, rooms, and what stands there.

use mptcp_emulator::abi::FULL_INFO_HEADER;
use mptcp_harness::cases::{BLOCKS, Case, Input, Place};
use mptcp_harness::judge::region::{Map, Region};
use mptcp_harness::memory::layout as street_layout;

use super::elements::{Kind, Room, Run};

/// A pointer of the call, and what it has room for there.
pub(super) struct Anchor {
    pub(super) name: &'static str,
    pub(super) place: Place,
    /// Bytes declared; `None` for a length that is no number of bytes.
    pub(super) room: Option<u64>,
    /// What the room is called, and what its end.
    pub(super) called: String,
}

/// The pointers of a call, the buffer first.
pub(super) fn anchors(case: &Case) -> Vec<Anchor> {
    let mut all = vec![Anchor {
        name: "optval",
        place: case.optval,
        room: u64::try_from(case.length).ok(),
        called: "optlen".into(),
    }];
    let mut array = |name, place, count: u32, each: u32| {
        let called = match count {
            1 => name_of_room(name, &format!("{each} bytes")),
            _ => name_of_room(name, &format!("{count} × {each}")),
        };
        let room = Some(u64::from(count) * u64::from(each));
        all.push(Anchor { name, place, room, called });
    };
    match &case.input {
        Input::Nothing | Input::Data(_) => {}
        Input::Full(full) => {
            let slots = full.size_arrays_user;
            array("subflow_info", full.subflow_info, slots, full.size_sfinfo_user);
            array("tcp_info", full.tcp_info, slots, full.size_tcpinfo_user);
        }
        Input::Opt(opt) => {
            for (number, (name, block)) in BLOCKS.into_iter().zip(&opt.blocks).enumerate() {
                let count = if number == 0 { 1 } else { block.nmemb_user };
                array(name, block.address, count, block.size_user);
            }
        }
    }
    let length = Anchor { name: "optlen", place: case.optlen, room: None, called: String::new() };
    all.push(length);
    all
}

fn name_of_room(name: &str, size: &str) -> String {
    format!("{name}: {size}")
}

pub(super) fn room(anchor: &Anchor) -> Option<Room> {
    let start = anchor.place.offset()?;
    let room = anchor.room.filter(|room| *room > 0)?;
    let end = usize::try_from(room).map_or(usize::MAX, |room| start.saturating_add(room));
    let range = start..end.min(street_layout::LEN);
    let name = match anchor.name {
        "optval" => format!("optlen: {room} bytes"),
        _ => anchor.called.clone(),
    };
    Some(Room { owner: anchor.name, name, range, open: end > street_layout::LEN })
}

/// What cannot be drawn of a pointer.
pub(super) fn remark(anchor: &Anchor) -> Option<String> {
    let name = anchor.name;
    let array = !matches!(name, "optval" | "optlen");
    match (anchor.place, anchor.room) {
        (Place::Wild(0), _) if array => {
            Some(format!("{name} is NULL, so there is nothing to draw"))
        }
        (Place::Wild(address), _) => {
            let what = match address {
                0 => "is NULL".to_owned(),
                1..0x1000 => format!("is {address:#x}, in the page at NULL"),
                _ => format!("is {address:#x}, which is no address of a program's"),
            };
            Some(format!("{name} {what}: nothing can be read or written there"))
        }
        (Place::Street(_), None) if name == "optval" => {
            Some("optlen is negative, so the buffer has no end to draw".into())
        }
        (Place::Street(at), Some(room)) if room > (street_layout::LEN - at as usize) as u64 => {
            let behind = room - (street_layout::LEN - at as usize) as u64;
            Some(format!("{} goes on for {behind} bytes behind the street", anchor.called))
        }
        _ => None,
    }
}

/// All that stands on the street; and what would stand behind it.
pub(super) fn runs(case: &Case, map: &Map) -> (Vec<Run>, Vec<String>) {
    let mut runs = Vec::new();
    let mut lost = Vec::new();
    for laid in map.laid().iter().filter(|laid| laid.each > 0 && laid.count > 0) {
        let (kind, name) = looks(laid.region(0));
        let run = Run { start: laid.start, each: laid.each, count: laid.count, kind, name };
        let header = FULL_INFO_HEADER as usize;
        if run.start >= street_layout::LEN {
            lost.push(format!("{} would stand behind the street", run.named(0..run.count)));
        } else if matches!(case.input, Input::Full(_)) && kind == Kind::Header && run.each > header
        {
            runs.push(Run { each: header, ..run });
            let (start, each) = (run.start + header, run.each - header);
            runs.push(Run { start, each, kind: Kind::Structure, name: "mptcp_info", ..run });
        } else if let Region::Block(_) = laid.region(0) {
            let block = |(number, name)| Run {
                start: run.start + number * run.each,
                count: 1,
                name,
                ..run
            };
            runs.extend(BLOCKS.into_iter().enumerate().map(block));
        } else {
            runs.push(run);
        }
    }
    (runs, lost)
}

fn looks(region: Region) -> (Kind, &'static str) {
    match region {
        Region::Length => (Kind::Length, "*optlen"),
        Region::Header => (Kind::Header, "header"),
        Region::HeaderTail => (Kind::HeaderTail, "rest of the header"),
        Region::Block(_) => (Kind::Header, "block"),
        Region::Info => (Kind::Structure, "mptcp_info"),
        Region::SubflowInfo(_) => (Kind::Element, "subflow_info["),
        Region::TcpInfo(_) => (Kind::Element, "tcp_info["),
        Region::Sockname(_) => (Kind::Element, "socknames["),
        Region::Peername(_) => (Kind::Element, "peernames["),
        _ => (Kind::Element, "element "),
    }
}
