//! Calls made up freely, and well-formed ones with the sizes left open.

use arbitrary::Unstructured;
use mptcp_emulator::abi::{
    INFO_OPT, MPTCP_FULL_INFO, MPTCP_INFO, MPTCP_INFO_OPT, MPTCP_SUBFLOW_ADDRS, MPTCP_TCPINFO,
    SUBFLOW_DATA,
};
use mptcp_emulator::{OwnedConnection, OwnedSocket, Revision};
use mptcp_harness::cases::boundary_values::{BoundaryValues, SceneFacts, WRITABLE, into_stretch};
use mptcp_harness::cases::generate;
use mptcp_harness::cases::{Block, Case, Data, Entry, Full, Input, Opt, POISONS, Place};
use mptcp_harness::scenes;
use proptest::prelude::*;

use crate::MOST_SUBFLOWS;
use crate::socket::{any_connection, any_socket, subflow_count};

/// Any revision that there is data for, and two with `mptcp_info_opt` added.
pub fn any_revision() -> impl Strategy<Value = Revision> {
    let mut all = Revision::ALL.to_vec();
    all.extend([Revision::V6_12, Revision::NEWEST].map(Revision::with_info_opt));
    prop::sample::select(all)
}

/// A revision, one of its sockets, and a case of the generator that all
/// engines share. The scene in the case is there for its stored form only.
pub fn any_case() -> impl Strategy<Value = (Revision, OwnedSocket, Case)> {
    any_revision().prop_flat_map(|revision| {
        let choices = prop::collection::vec(any::<u8>(), 192);
        (Just(revision), any_socket(revision), choices, 0..POISONS).prop_map(
            |(revision, socket, choices, poison)| {
                let subflows = match &socket {
                    OwnedSocket::Mptcp(connection) => subflow_count(connection),
                    OwnedSocket::Other(_) => 1,
                };
                let scene_facts = (scenes::catalogue().iter())
                    .map(|scene| SceneFacts {
                        scene: scene.id,
                        answers: true,
                        subflows: subflows as u32,
                    })
                    .collect();
                let values =
                    BoundaryValues { compat: true, ..BoundaryValues::new(scene_facts, &revision) };
                let case = generate::case(&mut Unstructured::new(&choices), &values, poison);
                (revision, socket, case)
            },
        )
    })
}

fn at(stretch: usize, offset: u32) -> Place {
    into_stretch(WRITABLE[stretch], offset)
}

/// Where a well-formed call has its buffer: room for 64 KiB behind it.
fn optval() -> Place {
    at(0, 0)
}

/// Where a well-formed call has its length: away from its buffers.
fn optlen() -> Place {
    at(3, 0x100)
}

/// A well-formed request for `MPTCP_TCPINFO` or `MPTCP_SUBFLOW_ADDRS`.
#[derive(Clone, Copy, Debug)]
pub struct DataAsk {
    /// The option.
    pub option: i32,
    /// Size of the header, in bytes: 16 or more.
    pub header: u32,
    /// Size of an element, in bytes.
    pub size_user: u32,
    /// Room behind the header, in bytes.
    pub room: u32,
}

impl DataAsk {
    /// The call, with all buffers writable and apart from each other.
    pub fn case(self) -> Case {
        Case {
            scene: 0,
            poison: 1,
            option: self.option,
            length: (self.header + self.room).cast_signed(),
            optval: optval(),
            optlen: optlen(),
            entry: Entry::Native,
            input: Input::Data(Data {
                size_subflow_data: self.header,
                ..Data::asking(self.size_user)
            }),
        }
    }

    /// The size of an element as the kernel knows it.
    pub fn kernel(self, revision: &Revision) -> u32 {
        match self.option {
            MPTCP_TCPINFO => revision.tcp_info,
            _ => mptcp_emulator::abi::SUBFLOW_ADDRS,
        }
    }
}

/// A well-formed request; sizes of elements up to 400, room from none to
/// more than 20 elements take.
pub fn ask_data() -> impl Strategy<Value = DataAsk> {
    let option = prop::sample::select(vec![MPTCP_TCPINFO, MPTCP_SUBFLOW_ADDRS]);
    let header = prop_oneof![3 => Just(SUBFLOW_DATA), 1 => SUBFLOW_DATA..80];
    let size_user = prop_oneof![
        1 => Just(0u32),
        3 => 1u32..400,
        4 => prop::sample::select(vec![232u32, 240, 248, 256, 280, 264]),
    ];
    let slots = 0..=MOST_SUBFLOWS as u32 + 2;
    let more = prop_oneof![2 => Just(0u32), 1 => 0u32..300];
    (option, header, size_user, slots, more).prop_map(|(option, header, size_user, slots, more)| {
        DataAsk { option, header, size_user, room: slots * size_user + more }
    })
}

/// A well-formed request for `MPTCP_FULL_INFO`.
#[derive(Clone, Copy, Debug)]
pub struct FullAsk {
    /// The length, in bytes.
    pub length: i32,
    /// Size of a `tcp_info`, in bytes.
    pub size_tcpinfo_user: u32,
    /// Size of a `mptcp_subflow_info`, in bytes.
    pub size_sfinfo_user: u32,
    /// Elements in each array.
    pub size_arrays_user: u32,
}

impl FullAsk {
    /// Where the array of `mptcp_subflow_info` stands: 24 KiB.
    pub fn subflow_info() -> Place {
        at(2, 0)
    }

    /// Where the array of `tcp_info` stands: 32 KiB.
    pub fn tcp_info() -> Place {
        at(1, 0)
    }

    /// The call, with all buffers writable and apart from each other.
    pub fn case(self) -> Case {
        Case {
            scene: 0,
            poison: 1,
            option: MPTCP_FULL_INFO,
            length: self.length,
            optval: optval(),
            optlen: optlen(),
            entry: Entry::Native,
            input: Input::Full(Full {
                size_tcpinfo_kernel: 0,
                size_tcpinfo_user: self.size_tcpinfo_user,
                size_sfinfo_kernel: 0,
                size_sfinfo_user: self.size_sfinfo_user,
                num_subflows: 0,
                size_arrays_user: self.size_arrays_user,
                subflow_info: FullAsk::subflow_info(),
                tcp_info: FullAsk::tcp_info(),
            }),
        }
    }
}

/// A well-formed request; arrays of up to 22 elements.
pub fn ask_full() -> impl Strategy<Value = FullAsk> {
    let size = || prop_oneof![1 => Just(0u32), 3 => 1u32..400, 4 => Just(280u32)];
    let length = prop_oneof![1 => Just(40i32), 4 => 40i32..200];
    (length, size(), size(), 0..=MOST_SUBFLOWS as u32 + 2).prop_map(
        |(length, size_tcpinfo_user, size_sfinfo_user, size_arrays_user)| FullAsk {
            length,
            size_tcpinfo_user,
            size_sfinfo_user,
            size_arrays_user,
        },
    )
}

/// Where the blocks of `mptcp_info_opt` stand: 8 KiB or more each, apart.
pub fn opt_places() -> [Place; 4] {
    [at(0, 0x2000), at(1, 0), at(1, 0x4000), at(2, 0)]
}

/// A request for `mptcp_info_opt`: four blocks of up to 22 elements, some not
/// asked for, with anything in the kernel's members.
pub fn ask_opt() -> impl Strategy<Value = Case> {
    let size = || prop_oneof![1 => Just(0u32), 3 => 1u32..400, 4 => Just(280u32)];
    let count = || prop_oneof![8 => 0..=MOST_SUBFLOWS as u32 + 2, 1 => any::<u32>()];
    let block = (count(), size(), any::<u32>(), any::<u32>(), 0..8);
    let blocks = prop::collection::vec(block, 4);
    (blocks, 0..40u32).prop_map(|(blocks, more)| {
        let block = |(values, place): (&(u32, u32, u32, u32, i32), Place)| {
            let (nmemb_user, size_user, nmemb_kernel, size_kernel, null) = *values;
            let address = if null == 0 { Place::NULL } else { place };
            Block { address, nmemb_user, size_user, nmemb_kernel, size_kernel }
        };
        let mut each = blocks.iter().zip(opt_places()).map(block);
        let blocks = std::array::from_fn(|_| each.next().unwrap_or(Block::UNASKED));
        Case {
            scene: 0,
            poison: 1,
            option: MPTCP_INFO_OPT,
            length: (INFO_OPT + more).cast_signed(),
            optval: optval(),
            optlen: optlen(),
            input: Input::Opt(Opt { blocks }),
            entry: Entry::Native,
        }
    })
}

/// A request for `MPTCP_INFO` with all buffers writable and apart.
pub fn info_case(length: i32) -> Case {
    Case {
        scene: 0,
        poison: 1,
        option: MPTCP_INFO,
        length,
        optval: optval(),
        optlen: optlen(),
        input: Input::Nothing,
        entry: Entry::Native,
    }
}

/// A revision, a connection, and a well-formed request for any option that the
/// revision has; `MPTCP_INFO` with lengths from -2 on.
pub fn any_sound_case() -> impl Strategy<Value = (Revision, OwnedConnection, Case)> {
    any_revision().prop_flat_map(|revision| {
        let info_length = prop_oneof![1 => Just(0), 4 => -2i32..200];
        let case = prop_oneof![
            2 => ask_data().prop_map(DataAsk::case),
            1 => info_length.prop_map(info_case),
            u32::from(revision.has_full_info()) => ask_full().prop_map(FullAsk::case),
            4 * u32::from(revision.info_opt) => ask_opt(),
        ];
        (Just(revision), any_connection(revision), case)
    })
}

/// A revision, a connection, and a request that meets a read-only page half-way.
pub fn halfway() -> impl Strategy<Value = (Revision, OwnedSocket, Case)> {
    any_revision().prop_flat_map(|revision| {
        let socket = any_connection(revision).prop_map(OwnedSocket::Mptcp);
        (Just(revision), socket, long_request())
    })
}

/// A request whose buffers stand anywhere around the read-only page between
/// two writable stretches, so that copies run into it from either side and
/// through it; the length stands elsewhere.
fn long_request() -> impl Strategy<Value = Case> {
    let near = || (0x11f00usize..0x14100).prop_map(|at| Place::street(at).unwrap_or(Place::NULL));
    let data = (ask_data(), near()).prop_map(|(ask, optval)| Case { optval, ..ask.case() });
    let full = (ask_full(), near(), near()).prop_map(|(ask, subflow_info, tcp_info)| {
        let mut case = ask.case();
        if let Input::Full(full) = &mut case.input {
            full.subflow_info = subflow_info;
            full.tcp_info = tcp_info;
        }
        case
    });
    let elsewhere = at(1, 0x4000);
    prop_oneof![data, full].prop_map(move |case| Case { optlen: elsewhere, ..case })
}
