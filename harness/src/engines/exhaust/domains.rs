//! The domains: the dimensions of each option and their values.

use mptcp_emulator::abi::{FULL_INFO_HEADER, INFO_OPT, SUBFLOW_DATA, SUBFLOW_INFO};
use mptcp_emulator::{Revision, abi};

use super::{Dimension, Domain, Field};
use crate::cases::boundary_numbers::{
    ARRAY, BLOCK, DATA, ELEMENT, Engine, FULL, Fields, HEADER, INFO, INFO_MARGIN, KERNEL, MARGIN,
    MEMBERS, NEAR, OPT, OTHER, OTHER_MARGIN, ROOM, SLOTS, TIGHT_MARGIN, numbers,
};
use crate::cases::boundary_values::{BoundaryValues, SceneFacts, UNKNOWN_OPTIONS};
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
        abi::MPTCP_TCPINFO | abi::MPTCP_SUBFLOW_ADDRS => data(extent, values.element(option)),
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

/// The boundary numbers of a field, given what they are counted from.
fn boundary(field: Fields, own: u32, whole: u32) -> impl Iterator<Item = i64> {
    numbers(Engine::Exhaust, field, own, whole)
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

const MARGIN_NAME: &str = "bytes from what fits to the end of its pages";
const BEHIND: &str = "what follows";
const LENGTH_AT: &str = "where optlen stands";

fn edges(margins: impl IntoIterator<Item = i64>) -> [Dimension; 2] {
    [dimension(MARGIN_NAME, Field::Margin, margins), dimension(BEHIND, Field::Behind, [0, 1])]
}

fn info(extent: Extent, values: &BoundaryValues) -> Vec<Dimension> {
    let whole = i64::from(values.mptcp_info);
    let (lengths, margins): (Vec<i64>, Vec<i64>) = match extent {
        Extent::Boundary => {
            (boundary(INFO, 0, values.mptcp_info).collect(), boundary(INFO_MARGIN, 0, 0).collect())
        }
        Extent::Full => ((-16..=whole + 16).collect(), (-whole - 1..=16).collect()),
    };
    let mut dimensions = vec![
        dimension("optlen", Field::Length, lengths),
        dimension(LENGTH_AT, Field::LengthAt, 0..4),
    ];
    dimensions.extend(edges(margins));
    dimensions
}

fn data(extent: Extent, element: u32) -> Vec<Dimension> {
    let marks = ["num_subflows", "size_kernel"];
    let marks = marks.map(|name| number(abi::MPTCP_TCPINFO, name, boundary(KERNEL, 0, 0)));
    match extent {
        Extent::Boundary => {
            let exact = |slots: i64| SUBFLOW_DATA + slots as u32 * element;
            let rooms = boundary(ROOM, 0, 0).flat_map(|slots| boundary(NEAR, exact(slots), 0));
            let mut dimensions = vec![
                dimension("optlen", Field::Length, boundary(DATA, 0, 0).chain(rooms)),
                number(abi::MPTCP_TCPINFO, "size_subflow_data", boundary(HEADER, 0, 0)),
                number(abi::MPTCP_TCPINFO, "size_user", boundary(ELEMENT, element, 0)),
                dimension(LENGTH_AT, Field::LengthAt, 0..3),
            ];
            dimensions.extend(marks);
            dimensions.extend(edges(boundary(MARGIN, 0, 0)));
            dimensions
        }
        Extent::Full => {
            let (head, element) = (i64::from(SUBFLOW_DATA), i64::from(element));
            let mut dimensions = vec![
                dimension("optlen", Field::Length, -1..=head + 2 * (element + 2)),
                number(abi::MPTCP_TCPINFO, "size_subflow_data", 0..=32),
                number(abi::MPTCP_TCPINFO, "size_user", 0..=element + 2),
            ];
            dimensions.extend(marks);
            dimensions.push(dimension(MARGIN_NAME, Field::Margin, boundary(TIGHT_MARGIN, 0, 0)));
            dimensions
        }
    }
}

fn full(extent: Extent, values: &BoundaryValues) -> Vec<Dimension> {
    let whole = values.whole(abi::MPTCP_FULL_INFO, 0);
    let (tcp, addresses) = (values.tcp_info, SUBFLOW_INFO);
    let marks = ["num_subflows", "size_tcpinfo_kernel", "size_sfinfo_kernel"];
    let marks = marks.map(|name| number(abi::MPTCP_FULL_INFO, name, boundary(KERNEL, 0, 0)));
    let lengths = boundary(FULL, FULL_INFO_HEADER, whole);
    let mut dimensions = match extent {
        Extent::Boundary => {
            let sizes = |name, size| number(abi::MPTCP_FULL_INFO, name, boundary(ARRAY, size, 0));
            let mut dimensions = vec![
                dimension("optlen", Field::Length, lengths),
                sizes("size_tcpinfo_user", tcp),
                sizes("size_sfinfo_user", addresses),
                number(abi::MPTCP_FULL_INFO, "size_arrays_user", boundary(SLOTS, 0, 0)),
                dimension(
                    "bytes from the tcp_info array to the end of its pages",
                    Field::TcpInfoMargin,
                    boundary(TIGHT_MARGIN, 0, 0),
                ),
            ];
            dimensions.extend(edges(boundary(MARGIN, 0, 0)));
            dimensions
        }
        Extent::Full => {
            let near = -1..=i64::from(whole) + 1;
            let lengths = lengths.filter(|length| near.contains(length));
            let sizes = |name, size| number(abi::MPTCP_FULL_INFO, name, 0..=i64::from(size) + 2);
            vec![
                dimension("optlen", Field::Length, lengths),
                sizes("size_tcpinfo_user", tcp),
                sizes("size_sfinfo_user", addresses),
                number(abi::MPTCP_FULL_INFO, "size_arrays_user", 0..=4),
            ]
        }
    };
    dimensions.extend(marks);
    dimensions
}

fn opt(extent: Extent, values: &BoundaryValues) -> Vec<Dimension> {
    let [info, tcp, name, _] = values.blocks();
    let sizes = |field, size| number(abi::MPTCP_INFO_OPT, field, boundary(BLOCK, size, 0));
    let tcp = match extent {
        Extent::Boundary => sizes("tcp_info.size_user", tcp),
        Extent::Full => number(abi::MPTCP_INFO_OPT, "tcp_info.size_user", 0..=i64::from(tcp) + 2),
    };
    let mut dimensions = vec![
        dimension("optlen", Field::Length, boundary(OPT, INFO_OPT, 0)),
        sizes("mptcp_info.size_user", info),
        tcp,
        sizes("socknames.size_user", name),
        number(abi::MPTCP_INFO_OPT, "peernames.size_user", [0, i64::from(name)]),
        dimension("nmemb_user of all blocks", Field::BlockCount, boundary(MEMBERS, 0, 0)),
    ];
    dimensions.extend(edges(boundary(TIGHT_MARGIN, 0, 0)));
    dimensions
}

fn unknown(extent: Extent) -> Vec<Dimension> {
    let lengths = match extent {
        Extent::Boundary => boundary(OTHER, 0, 0).collect(),
        Extent::Full => (-16..=300).collect::<Vec<_>>(),
    };
    let mut dimensions = vec![
        dimension("option", Field::Option, UNKNOWN_OPTIONS.map(i64::from)),
        dimension("optlen", Field::Length, lengths),
        dimension(LENGTH_AT, Field::LengthAt, 0..4),
    ];
    dimensions.extend(edges(boundary(OTHER_MARGIN, 0, 0)));
    dimensions
}
