//! The domains: the dimensions of each option and their values.

use mptcp_emulator::abi::{FULL_INFO_HEADER, INFO_OPT, SUBFLOW_DATA, SUBFLOW_INFO};
use mptcp_emulator::{Revision, abi};

use super::{Dimension, Domain, Field};
use crate::cases::boundary_values::{BoundaryValues, SceneFacts};
use crate::cases::input::BLOCK_FIELDS;
use crate::cases::{BLOCKS, Input};
use crate::scenes::{Group, by_id};

/// The size of a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Boundary values in many dimensions: seconds.
    Boundary,
    /// Every byte of the sizes: minutes for one option.
    Full,
}

/// Values at which signed and unsigned interpretation differ.
const HUGE: [i64; 3] = [0x7fff_ffff, 0x8000_0000, 0xffff_ffff];

/// The domain of an option; `None` if the kernel does not have it. Without given scenes, some are
/// used for which the option's result differs.
pub fn domain(
    option: i32,
    extent: Extent,
    values: &BoundaryValues,
    revision: &Revision,
    scenes: Option<&[u8]>,
) -> Option<Domain> {
    let dimensions = match option {
        abi::MPTCP_INFO => info(extent, values),
        abi::MPTCP_TCPINFO | abi::MPTCP_SUBFLOW_ADDRS => {
            data(extent, i64::from(values.element(option)))
        }
        abi::MPTCP_FULL_INFO if revision.has_full_info() => full(extent, values),
        abi::MPTCP_INFO_OPT if revision.info_opt => opt(extent, values),
        abi::MPTCP_FULL_INFO | abi::MPTCP_INFO_OPT => return None,
        _ => unknown(extent),
    };
    let scenes = match scenes {
        Some(scenes) => scenes.iter().map(|scene| i64::from(*scene)).collect(),
        None => usual(option, extent, values),
    };
    if scenes.is_empty() {
        return None;
    }
    let scene = Dimension { name: "scene", field: Field::Scene, values: scenes };
    Some(Domain { option, dimensions: [vec![scene], dimensions].concat() })
}

/// The scenes of an option. A scene that ages is excluded, because it may change during a case,
/// which gives no verdict.
fn usual(option: i32, extent: Extent, values: &BoundaryValues) -> Vec<i64> {
    let still = |facts: &&SceneFacts| by_id(facts.scene).is_some_and(|scene| !scene.ages());
    let all = values.scene_facts.iter().filter(still);
    if !matches!(option, abi::MPTCP_TCPINFO..=abi::MPTCP_FULL_INFO | abi::MPTCP_INFO_OPT) {
        return all.map(|facts| i64::from(facts.scene)).collect();
    }
    // The first of each number of subflows, for each kind of address.
    let mut seen = Vec::new();
    let groups = [Group::EstablishedV4, Group::EstablishedV6, Group::EstablishedMapped];
    let fits = |facts: &&SceneFacts| {
        let Some(scene) = by_id(facts.scene).filter(|_| facts.answers) else {
            return false;
        };
        let wanted = match (extent, scene.group) {
            (Extent::Full, Group::Unconnected) => facts.subflows == 0,
            (Extent::Boundary, Group::Unconnected) => true,
            (Extent::Full, group) => group == Group::EstablishedV4,
            (Extent::Boundary, Group::Many) => facts.subflows == 9,
            (Extent::Boundary, group) => groups.contains(&group),
        };
        let kind = (facts.subflows, scene.group);
        let first = wanted && !seen.contains(&kind);
        if first {
            seen.push(kind);
        }
        first
    };
    all.filter(fits).map(|facts| i64::from(facts.scene)).collect()
}

fn dimension(name: &'static str, field: Field, values: impl IntoIterator<Item = i64>) -> Dimension {
    let mut values: Vec<i64> = values.into_iter().collect();
    values.sort_unstable();
    values.dedup();
    Dimension { name, field, values }
}

/// A size and its neighbours.
fn around(size: i64) -> [i64; 3] {
    [size - 1, size, size + 1]
}

/// A number of the input of an option, by its name. In a block, by the name of the block and its
/// own.
fn number(option: i32, name: &'static str, values: impl IntoIterator<Item = i64>) -> Dimension {
    let (block, field) = name.split_once('.').unwrap_or(("", name));
    let block = BLOCKS.iter().position(|name| *name == block).unwrap_or(0);
    let first = Input::blank(option).fields().iter().position(|(name, _)| *name == field);
    let index = first.map_or(usize::MAX, |first| first + block * BLOCK_FIELDS);
    dimension(name, Field::Number(index), values)
}

const MARGIN: &str = "bytes from what fits to the end of its pages";
const BEHIND: &str = "what follows";
const LENGTH_AT: &str = "where optlen stands";

fn edges(margins: &[i64]) -> [Dimension; 2] {
    [
        dimension(MARGIN, Field::Margin, margins.iter().copied()),
        dimension(BEHIND, Field::Behind, [0, 1]),
    ]
}

fn info(extent: Extent, values: &BoundaryValues) -> Vec<Dimension> {
    let whole = i64::from(values.mptcp_info);
    let lengths: Vec<i64> = match extent {
        Extent::Boundary => {
            [vec![-0x8000_0000, -1, 0, 1, 4, 8, 0x7fff_ffff], around(whole).to_vec()].concat()
        }
        Extent::Full => (-16..=whole + 16).collect(),
    };
    let margins: Vec<i64> = match extent {
        Extent::Boundary => vec![-9, -1, 0, 1, 64],
        Extent::Full => (-whole - 1..=16).collect(),
    };
    let mut dimensions = vec![
        dimension("optlen", Field::Length, lengths),
        dimension(LENGTH_AT, Field::LengthAt, 0..4),
    ];
    dimensions.extend(edges(&margins));
    dimensions
}

fn data(extent: Extent, element: i64) -> Vec<Dimension> {
    let head = i64::from(SUBFLOW_DATA);
    let marks = ["num_subflows", "size_kernel"];
    let marks = marks.map(|name| number(abi::MPTCP_TCPINFO, name, [0, 1]));
    match extent {
        Extent::Boundary => {
            let mut lengths = vec![-0x8000_0000, -1, 0, 1, 15, 16, 17, 24, 0x7fff_ffff];
            lengths.extend((1..=4).flat_map(|slots| around(head + slots * element)));
            let headers = [0, 1, 15, 16, 17, 24, 32].into_iter().chain(HUGE);
            let sizes = [0, 1, 16].into_iter().chain(around(element)).chain([2 * element]);
            let mut dimensions = vec![
                dimension("optlen", Field::Length, lengths),
                number(abi::MPTCP_TCPINFO, "size_subflow_data", headers),
                number(abi::MPTCP_TCPINFO, "size_user", sizes.chain(HUGE)),
                dimension(LENGTH_AT, Field::LengthAt, 0..3),
            ];
            dimensions.extend(marks);
            dimensions.extend(edges(&[-1, 0, 1]));
            dimensions
        }
        Extent::Full => {
            let mut dimensions = vec![
                dimension("optlen", Field::Length, -1..=head + 2 * (element + 2)),
                number(abi::MPTCP_TCPINFO, "size_subflow_data", 0..=32),
                number(abi::MPTCP_TCPINFO, "size_user", 0..=element + 2),
            ];
            dimensions.extend(marks);
            dimensions.push(dimension(MARGIN, Field::Margin, [-1, 0]));
            dimensions
        }
    }
}

fn full(extent: Extent, values: &BoundaryValues) -> Vec<Dimension> {
    let (head, whole) =
        (i64::from(FULL_INFO_HEADER), i64::from(values.whole(abi::MPTCP_FULL_INFO, 0)));
    let (tcp, addresses) = (i64::from(values.tcp_info), i64::from(SUBFLOW_INFO));
    let marks = ["num_subflows", "size_tcpinfo_kernel", "size_sfinfo_kernel"];
    let marks = marks.map(|name| number(abi::MPTCP_FULL_INFO, name, [0, 1]));
    let lengths = [-1, 0].into_iter().chain(around(head)).chain(around(whole));
    let mut dimensions = match extent {
        Extent::Boundary => {
            let sizes = |size: i64| {
                [0, 1].into_iter().chain(around(size)).chain([0x7fff_ffff, 0x8000_0000])
            };
            let mut dimensions = vec![
                dimension("optlen", Field::Length, lengths.chain([-0x8000_0000, 0x7fff_ffff])),
                number(abi::MPTCP_FULL_INFO, "size_tcpinfo_user", sizes(tcp)),
                number(abi::MPTCP_FULL_INFO, "size_sfinfo_user", sizes(addresses)),
                number(abi::MPTCP_FULL_INFO, "size_arrays_user", [0, 1, 2, 3, 4, 0xffff_ffff]),
                dimension(
                    "bytes from the tcp_info array to the end of its pages",
                    Field::TcpInfoMargin,
                    [-1, 0],
                ),
            ];
            dimensions.extend(edges(&[-1, 0, 1]));
            dimensions
        }
        Extent::Full => vec![
            dimension("optlen", Field::Length, lengths),
            number(abi::MPTCP_FULL_INFO, "size_tcpinfo_user", 0..=tcp + 2),
            number(abi::MPTCP_FULL_INFO, "size_sfinfo_user", 0..=addresses + 2),
            number(abi::MPTCP_FULL_INFO, "size_arrays_user", 0..=4),
        ],
    };
    dimensions.extend(marks);
    dimensions
}

fn opt(extent: Extent, values: &BoundaryValues) -> Vec<Dimension> {
    let whole = i64::from(INFO_OPT);
    let [info, tcp, name, _] = values.blocks().map(i64::from);
    let sizes = |size: i64| [0, 1].into_iter().chain(around(size)).chain(HUGE);
    let tcp = match extent {
        Extent::Boundary => number(abi::MPTCP_INFO_OPT, "tcp_info.size_user", sizes(tcp)),
        Extent::Full => number(abi::MPTCP_INFO_OPT, "tcp_info.size_user", 0..=tcp + 2),
    };
    let mut dimensions = vec![
        dimension(
            "optlen",
            Field::Length,
            [-1, 0].into_iter().chain(around(whole)).chain([whole + 8]),
        ),
        number(abi::MPTCP_INFO_OPT, "mptcp_info.size_user", sizes(info)),
        tcp,
        number(abi::MPTCP_INFO_OPT, "socknames.size_user", sizes(name)),
        number(abi::MPTCP_INFO_OPT, "peernames.size_user", [0, name]),
        dimension("nmemb_user of all blocks", Field::BlockCount, [0, 1, 2, 3, 4, 0xffff_ffff]),
    ];
    dimensions.extend(edges(&[-1, 0]));
    dimensions
}

fn unknown(extent: Extent) -> Vec<Dimension> {
    let lengths = match extent {
        Extent::Boundary => vec![-1, 0, 1, 16, 0x7fff_ffff],
        Extent::Full => (-16..=300).collect(),
    };
    let mut dimensions = vec![
        dimension("option", Field::Option, [5, 0, -1, 6, 284, 0x7fff_ffff, -0x8000_0000]),
        dimension("optlen", Field::Length, lengths),
        dimension(LENGTH_AT, Field::LengthAt, 0..4),
    ];
    dimensions.extend(edges(&[-1, 0, 64]));
    dimensions
}
