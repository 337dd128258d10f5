//! The catalogue: all scenes, each with a number that never changes.
//!
//! A number is part of a stored case, so it is never changed or reused. The gaps leave room for
//! more scenes of the same group.

use std::sync::LazyLock;

use mptcp_emulator::SocketBehavior;

use super::recipe::Addresses::*;
use super::recipe::Change::*;
use super::recipe::Protocol::*;
use super::recipe::Side::*;
use super::recipe::Unconnected::*;
use super::recipe::{Addresses, Change, Link, NotMptcp, Recipe, Side};

/// Groups of similar scenes, for a report's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// MPTCP sockets that have no connection yet.
    Unconnected,
    /// Up to three subflows over IPv4.
    EstablishedV4,
    /// Up to three subflows over IPv6.
    EstablishedV6,
    /// Up to three subflows over IPv4, between IPv6 sockets.
    EstablishedMapped,
    /// Nine or more subflows.
    Many,
    /// A FIN was sent, received, or both.
    Closing,
    /// The connection was changed by something other than data.
    Changed,
    /// MPTCP sockets that fell back to TCP.
    FallenBack,
    /// Everything that is not an MPTCP socket.
    NotMptcp,
}

impl Group {
    /// The group's name in a report.
    pub const fn name(self) -> &'static str {
        match self {
            Group::Unconnected => "unconnected",
            Group::EstablishedV4 => "established-v4",
            Group::EstablishedV6 => "established-v6",
            Group::EstablishedMapped => "established-mapped",
            Group::Many => "many",
            Group::Closing => "closing",
            Group::Changed => "changed",
            Group::FallenBack => "fallen-back",
            Group::NotMptcp => "not-mptcp",
        }
    }
}

/// A socket in a known state, with its name in the catalogue.
///
/// The name of a connection consists of the state, the addresses, the end, and the number of
/// subflows. Names of established ones also state whether data was exchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Scene {
    /// The scene's number in stored cases.
    pub id: u8,
    /// The scene's name.
    pub name: &'static str,
    /// The scene's group in a report.
    pub group: Group,
    pub(super) plan: Recipe,
    pub(super) side: Side,
}

impl Scene {
    /// What it consists of, and how it is built.
    pub fn plan(&self) -> Recipe {
        self.plan
    }

    /// Which end of the plan it is.
    pub fn side(&self) -> Side {
        self.side
    }

    /// Whether it needs permissions that only a private namespace gives.
    pub fn needs_namespace(&self) -> bool {
        self.plan.needs_namespace()
    }

    /// The number of subflows that are built; `None` if the options are refused. A real scene may
    /// have lost some: see [`super::ExpectedState`].
    pub fn subflows(&self) -> Option<u32> {
        match &self.plan {
            Recipe::Unconnected(_, Fresh) => Some(0),
            Recipe::Unconnected(..) => Some(1),
            Recipe::Link(link) => {
                let gone = u32::from(matches!(link.change, SubflowRemoved | AddressRemoved));
                let speaks = [link.client, link.server] == [Mptcp, Mptcp];
                speaks.then_some(u32::from(link.subflows) - gone)
            }
            Recipe::NotMptcp(_) => None,
        }
    }

    /// The first release that can have the scene, and why no earlier one can; `None` if every
    /// release with the options can. A scene that the kernel's release cannot have does not count
    /// as missing.
    pub fn since(&self) -> Option<((u32, u32), &'static str)> {
        self.plan.speaks_mptcp_with_a_peer().then_some((
            (5, 19),
            "made with the user-space path manager, which came with Linux 5.19 \
             (commit 6bb63ccc25d4: net.mptcp.pm_type)",
        ))
    }

    /// The number of subflows on a kernel whose sockets behave like this. [`Scene::subflows`] is
    /// the number on the newest kernel.
    pub fn subflows_holding(&self, holding: &SocketBehavior) -> Option<u32> {
        let made = self.subflows()?;
        let keeps_initial = self.side == Client || holding.accepted_keeps_initial;
        Some(match &self.plan {
            Recipe::Unconnected(_, Fresh) => u32::from(holding.subflow_when_new),
            Recipe::Link(link) if !keeps_initial => match link.change {
                InitialRemoved => made - 1,
                Closed => 0,
                _ => made,
            },
            _ => made,
        })
    }

    /// Which limits `struct mptcp_info` has, if any are filled in. This depends on whether the
    /// socket's path manager is the in-kernel one, and on whether the socket listens.
    pub fn limits(&self) -> Limits {
        match &self.plan {
            Recipe::Unconnected(_, Listening) => Limits::Listener,
            Recipe::Link(Link { change: KernelManaged, .. }) if self.side == Client => {
                Limits::Kernel
            }
            Recipe::Link(_) => Limits::Userspace,
            Recipe::Unconnected(..) | Recipe::NotMptcp(_) => Limits::Kernel,
        }
    }

    /// Whether it is an MPTCP socket that was connected and no longer is.
    pub fn is_disconnected(&self) -> bool {
        matches!(&self.plan, Recipe::Link(Link { change: Disconnected, .. }))
    }

    /// Whether it has to be built again from time to time: see [`super::Fixtures::freshen`].
    pub fn ages(&self) -> bool {
        matches!(self.plan, Recipe::Unconnected(_, Connecting))
    }
}

/// What decides whether a socket's `struct mptcp_info` has the limits of the in-kernel path
/// manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Limits {
    /// The in-kernel path manager's socket: always.
    Kernel,
    /// The userspace path manager's socket: [`SocketBehavior::userspace_limits`].
    Userspace,
    /// A listening socket: [`SocketBehavior::listener_limits`].
    Listener,
}

impl Limits {
    /// The names of the fields of `struct mptcp_info` that are either filled in or 0.
    pub const FIELDS: [&str; 4] = [
        "mptcpi_subflows_max",
        "mptcpi_add_addr_signal_max",
        "mptcpi_add_addr_accepted_max",
        "mptcpi_local_addr_max",
    ];

    /// Whether the fields are filled in.
    pub fn are_filled(self, holding: &SocketBehavior) -> bool {
        match self {
            Limits::Kernel => true,
            Limits::Userspace => holding.userspace_limits,
            Limits::Listener => holding.listener_limits,
        }
    }
}

/// All scenes, in the order of their numbers.
pub fn catalogue() -> &'static [Scene] {
    &CATALOGUE
}

/// The scene with a number, if there is one.
pub fn by_id(id: u8) -> Option<&'static Scene> {
    CATALOGUE.iter().find(|scene| scene.id == id)
}

/// The scene with a name, if there is one.
pub fn by_name(name: &str) -> Option<&'static Scene> {
    CATALOGUE.iter().find(|scene| scene.name == name)
}

const fn scene(id: u8, name: &'static str, group: Group, plan: Recipe, side: Side) -> Scene {
    Scene { id, name, group, plan, side }
}

/// An MPTCP connection; `data` is whether both ends send data once it is established.
const fn link(over: Addresses, subflows: u8, data: bool, change: Change) -> Recipe {
    Recipe::Link(Link { subflows, data, change, ..plain(over) })
}

const fn plain(over: Addresses) -> Link {
    Link { over, client: Mptcp, server: Mptcp, subflows: 1, data: true, change: Nothing }
}

const fn ends(id: u8, names: [&'static str; 2], group: Group, plan: Recipe) -> [Scene; 2] {
    [scene(id, names[0], group, plan, Client), scene(id + 1, names[1], group, plan, Server)]
}

/// The names of both ends.
macro_rules! names {
    ($state:literal, $($rest:literal),+) => {
        [concat!($state, "-client-", $($rest),+), concat!($state, "-server-", $($rest),+)]
    };
}

/// Both ends of a connection before data is exchanged, and of another connection afterwards.
#[rustfmt::skip]
macro_rules! established {
    ($id:literal, $state:literal, $n:literal, $group:ident, $over:ident) => {
        [
            ends($id, names!($state, $n, "-before"), Group::$group, link($over, $n, false, Nothing)),
            ends($id + 2, names!($state, $n, "-after"), Group::$group, link($over, $n, true, Nothing)),
        ]
        .as_flattened()
    };
}

#[rustfmt::skip]
static CATALOGUE: LazyLock<Vec<Scene>> = LazyLock::new(|| [
    &[
        scene(0, "fresh-v4", Group::Unconnected, Recipe::Unconnected(V4, Fresh), Client),
        scene(1, "bound-v4", Group::Unconnected, Recipe::Unconnected(V4, Bound), Client),
        scene(2, "listening-v4", Group::Unconnected, Recipe::Unconnected(V4, Listening), Client),
        scene(3, "connecting-v4", Group::Unconnected, Recipe::Unconnected(V4, Connecting), Client),
        scene(4, "fresh-v6", Group::Unconnected, Recipe::Unconnected(V6, Fresh), Client),
        scene(5, "bound-v6", Group::Unconnected, Recipe::Unconnected(V6, Bound), Client),
        scene(6, "listening-v6", Group::Unconnected, Recipe::Unconnected(V6, Listening), Client),
        scene(7, "connecting-v6", Group::Unconnected, Recipe::Unconnected(V6, Connecting), Client),
    ][..],
    established!(20, "established-v4", 1, EstablishedV4, V4),
    established!(24, "established-v4", 2, EstablishedV4, V4),
    established!(28, "established-v4", 3, EstablishedV4, V4),
    established!(40, "established-v6", 1, EstablishedV6, V6),
    established!(44, "established-v6", 2, EstablishedV6, V6),
    established!(48, "established-v6", 3, EstablishedV6, V6),
    established!(60, "established-mapped", 1, EstablishedMapped, Mapped),
    established!(64, "established-mapped", 2, EstablishedMapped, Mapped),
    established!(68, "established-mapped", 3, EstablishedMapped, Mapped),
    established!(80, "many-v4", 9, Many, V4),
    established!(84, "many-v4", 17, Many, V4),
    established!(88, "many-v4", 41, Many, V4),
    established!(92, "many-v6", 9, Many, V6),
    established!(96, "many-v6", 17, Many, V6),
    established!(100, "many-v6", 41, Many, V6),
    established!(104, "many-mapped", 9, Many, Mapped),
    established!(108, "many-mapped", 17, Many, Mapped),
    established!(112, "many-mapped", 41, Many, Mapped),
    &ends(120, names!("half-closed-v4", 1), Group::Closing, link(V4, 1, true, HalfClosed)),
    &ends(122, names!("fully-closed-v4", 1), Group::Closing, link(V4, 1, true, Closed)),
    &ends(124, names!("half-closed-v6", 1), Group::Closing, link(V6, 1, true, HalfClosed)),
    &ends(126, names!("fully-closed-v6", 1), Group::Closing, link(V6, 1, true, Closed)),
    &ends(128, names!("half-closed-v4", 3), Group::Closing, link(V4, 3, true, HalfClosed)),
    &[
        scene(140, "disconnected-v4-client-1", Group::Changed, link(V4, 1, true, Disconnected), Client),
    ][..],
    &ends(141, names!("reconnected-v4", 1), Group::Changed, link(V4, 1, true, Reconnected)),
    &ends(143, names!("subflow-removed-v4", 3), Group::Changed, link(V4, 3, true, SubflowRemoved)),
    &ends(145, names!("backup-subflow-v4", 2), Group::Changed, link(V4, 2, true, BackupSubflow)),
    &ends(147, names!("checksums-v4", 2), Group::Changed, link(V4, 2, true, Checksums)),
    &ends(149, names!("kernel-managed-v4", 3), Group::Changed, link(V4, 3, true, KernelManaged)),
    &[
        scene(151, "disconnected-v6-client-1", Group::Changed, link(V6, 1, true, Disconnected), Client),
    ][..],
    &ends(152, names!("reconnected-v6", 1), Group::Changed, link(V6, 1, true, Reconnected)),
    &ends(154, names!("subflow-removed-v6", 3), Group::Changed, link(V6, 3, true, SubflowRemoved)),
    &ends(156, names!("backup-subflow-v6", 2), Group::Changed, link(V6, 2, true, BackupSubflow)),
    &ends(158, names!("checksums-v6", 2), Group::Changed, link(V6, 2, true, Checksums)),
    &ends(160, names!("kernel-managed-v6", 3), Group::Changed, link(V6, 3, true, KernelManaged)),
    &ends(162, names!("initial-removed-v4", 2), Group::Changed, link(V4, 2, true, InitialRemoved)),
    &ends(164, names!("initial-removed-v6", 2), Group::Changed, link(V6, 2, true, InitialRemoved)),
    &[
        scene(166, "address-removed-v4-client-2", Group::Changed, link(V4, 2, true, AddressRemoved), Client),
        scene(170, "fallen-back-v4-client", Group::FallenBack, Recipe::Link(Link { server: Tcp, ..plain(V4) }), Client),
        scene(171, "fallen-back-v4-server", Group::FallenBack, Recipe::Link(Link { client: Tcp, ..plain(V4) }), Server),
        scene(172, "fallen-back-v6-client", Group::FallenBack, Recipe::Link(Link { server: Tcp, ..plain(V6) }), Client),
        scene(173, "fallen-back-v6-server", Group::FallenBack, Recipe::Link(Link { client: Tcp, ..plain(V6) }), Server),
        scene(174, "fallen-back-mapped-client", Group::FallenBack, Recipe::Link(Link { server: Tcp, ..plain(Mapped) }), Client),
        scene(175, "fallen-back-mapped-server", Group::FallenBack, Recipe::Link(Link { client: Tcp, ..plain(Mapped) }), Server),
        scene(200, "tcp-v4-fresh", Group::NotMptcp, Recipe::NotMptcp(NotMptcp::Tcp(V4)), Client),
        scene(201, "tcp-v4-connected", Group::NotMptcp, Recipe::Link(Link { client: Tcp, server: Tcp, ..plain(V4) }), Client),
        scene(202, "udp-v4", Group::NotMptcp, Recipe::NotMptcp(NotMptcp::Udp(V4)), Client),
        scene(203, "tcp-v6-fresh", Group::NotMptcp, Recipe::NotMptcp(NotMptcp::Tcp(V6)), Client),
        scene(204, "tcp-v6-connected", Group::NotMptcp, Recipe::Link(Link { client: Tcp, server: Tcp, ..plain(V6) }), Client),
        scene(205, "udp-v6", Group::NotMptcp, Recipe::NotMptcp(NotMptcp::Udp(V6)), Client),
        scene(206, "unix-stream", Group::NotMptcp, Recipe::NotMptcp(NotMptcp::Unix), Client),
        scene(207, "pipe", Group::NotMptcp, Recipe::NotMptcp(NotMptcp::Pipe), Client),
        scene(208, "closed-descriptor", Group::NotMptcp, Recipe::NotMptcp(NotMptcp::Closed), Client),
    ][..],
].concat());

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers are found by binary search, and are unique.
    #[test]
    fn numbers_ascend() {
        assert!(CATALOGUE.is_sorted_by(|one, next| one.id < next.id));
    }

    #[test]
    fn names_are_unique_and_find_their_scene() {
        for scene in catalogue() {
            assert_eq!(by_name(scene.name), Some(scene));
            assert_eq!(by_id(scene.id), Some(scene));
        }
    }
}
