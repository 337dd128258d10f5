//! The catalogue: every scene there is, with its number for ever.
//!
//! A number is part of a stored case, so it is never changed and never used
//! again for something else. The gaps are room for more of the same group.

use mptcp_emulator::SocketBehavior;

use super::recipe::Addresses::*;
use super::recipe::Change::*;
use super::recipe::Protocol::*;
use super::recipe::Side::*;
use super::recipe::Unconnected::*;
use super::recipe::{Addresses, Change, Link, NotMptcp, Recipe, Side};

/// What scenes have in common, for a report's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// MPTCP sockets that have no connection yet.
    Unconnected,
    /// Up to three subflows over IPv4.
    EstablishedV4,
    /// Up to three subflows over IPv6.
    EstablishedV6,
    /// Up to three subflows over IPv4 between IPv6 sockets.
    EstablishedMapped,
    /// Nine subflows and more.
    Many,
    /// A FIN was sent, received or both.
    Closing,
    /// Something other than data happened to the connection.
    Changed,
    /// MPTCP sockets that speak plain TCP.
    FallenBack,
    /// All that is no MPTCP socket.
    NotMptcp,
}

impl Group {
    /// The group's name as a report shows it.
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

/// A socket in a known state, as the catalogue names it.
///
/// Names of connections read: state, addresses, end, number of subflows, and
/// for established ones whether data has been exchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Scene {
    /// The number by which stored cases know the scene.
    pub id: u8,
    /// The name by which people know it.
    pub name: &'static str,
    /// Where it stands in a report.
    pub group: Group,
    pub(super) plan: Recipe,
    pub(super) side: Side,
}

impl Scene {
    /// What it is made of, and how.
    pub fn plan(&self) -> Recipe {
        self.plan
    }

    /// Which end of that it is.
    pub fn side(&self) -> Side {
        self.side
    }

    /// Whether making it takes rights that only a private namespace gives.
    pub fn needs_namespace(&self) -> bool {
        self.plan.needs_namespace()
    }

    /// How many subflows it is made to have; `None` where the options are refused.
    /// What really stands may have lost some: [`super::ExpectedState`] tells.
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

    /// The first release that can have the scene, and why no earlier one can; `None` where
    /// every release with the options can. A scene that the kernel's release cannot have
    /// does not count as missing.
    pub fn since(&self) -> Option<((u32, u32), &'static str)> {
        self.plan.speaks_mptcp_with_a_peer().then_some((
            (5, 19),
            "made with the user-space path manager, which came with Linux 5.19 \
             (commit 6bb63ccc25d4: net.mptcp.pm_type)",
        ))
    }

    /// How many subflows it has on a kernel whose sockets hold this: [`Scene::subflows`] is
    /// what it has on the newest.
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

    /// Whose limits `struct mptcp_info` has, where any is filled in: whether the socket's path
    /// manager is the kernel's own, and whether it listens.
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

    /// Whether it is an MPTCP socket that was connected and is not any more.
    pub fn is_disconnected(&self) -> bool {
        matches!(&self.plan, Recipe::Link(Link { change: Disconnected, .. }))
    }

    /// Whether it has to be made anew now and then: see [`super::Fixtures::freshen`].
    pub fn ages(&self) -> bool {
        matches!(self.plan, Recipe::Unconnected(_, Connecting))
    }
}

/// On what it depends whether a socket's `struct mptcp_info` has the limits of the in-kernel
/// path manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Limits {
    /// The in-kernel path manager's socket: on nothing.
    Kernel,
    /// The userspace path manager's: [`SocketBehavior::userspace_limits`].
    Userspace,
    /// One that listens: [`SocketBehavior::listener_limits`].
    Listener,
}

impl Limits {
    /// The fields of `struct mptcp_info` that are filled in or 0, by name.
    pub const FIELDS: [&str; 4] = [
        "mptcpi_subflows_max",
        "mptcpi_add_addr_signal_max",
        "mptcpi_add_addr_accepted_max",
        "mptcpi_local_addr_max",
    ];

    /// Whether they are filled in.
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

/// The scene with a number, where there is one.
pub fn by_id(id: u8) -> Option<&'static Scene> {
    CATALOGUE.iter().find(|scene| scene.id == id)
}

/// The scene with a name, where there is one.
pub fn by_name(name: &str) -> Option<&'static Scene> {
    CATALOGUE.iter().find(|scene| scene.name == name)
}

const fn scene(id: u8, name: &'static str, group: Group, plan: Recipe, side: Side) -> Scene {
    Scene { id, name, group, plan, side }
}

/// An MPTCP connection; `data` says whether data goes both ways once it stands.
const fn link(over: Addresses, subflows: u8, data: bool, change: Change) -> Recipe {
    Recipe::Link(Link { subflows, data, change, ..plain(over) })
}

const fn plain(over: Addresses) -> Link {
    Link { over, client: Mptcp, server: Mptcp, subflows: 1, data: true, change: Nothing }
}

#[rustfmt::skip]
static CATALOGUE: [Scene; 132] = [
    scene(0, "fresh-v4", Group::Unconnected, Recipe::Unconnected(V4, Fresh), Client),
    scene(1, "bound-v4", Group::Unconnected, Recipe::Unconnected(V4, Bound), Client),
    scene(2, "listening-v4", Group::Unconnected, Recipe::Unconnected(V4, Listening), Client),
    scene(3, "connecting-v4", Group::Unconnected, Recipe::Unconnected(V4, Connecting), Client),
    scene(4, "fresh-v6", Group::Unconnected, Recipe::Unconnected(V6, Fresh), Client),
    scene(5, "bound-v6", Group::Unconnected, Recipe::Unconnected(V6, Bound), Client),
    scene(6, "listening-v6", Group::Unconnected, Recipe::Unconnected(V6, Listening), Client),
    scene(7, "connecting-v6", Group::Unconnected, Recipe::Unconnected(V6, Connecting), Client),

    scene(20, "established-v4-client-1-before", Group::EstablishedV4, link(V4, 1, false, Nothing), Client),
    scene(21, "established-v4-server-1-before", Group::EstablishedV4, link(V4, 1, false, Nothing), Server),
    scene(22, "established-v4-client-1-after", Group::EstablishedV4, link(V4, 1, true, Nothing), Client),
    scene(23, "established-v4-server-1-after", Group::EstablishedV4, link(V4, 1, true, Nothing), Server),
    scene(24, "established-v4-client-2-before", Group::EstablishedV4, link(V4, 2, false, Nothing), Client),
    scene(25, "established-v4-server-2-before", Group::EstablishedV4, link(V4, 2, false, Nothing), Server),
    scene(26, "established-v4-client-2-after", Group::EstablishedV4, link(V4, 2, true, Nothing), Client),
    scene(27, "established-v4-server-2-after", Group::EstablishedV4, link(V4, 2, true, Nothing), Server),
    scene(28, "established-v4-client-3-before", Group::EstablishedV4, link(V4, 3, false, Nothing), Client),
    scene(29, "established-v4-server-3-before", Group::EstablishedV4, link(V4, 3, false, Nothing), Server),
    scene(30, "established-v4-client-3-after", Group::EstablishedV4, link(V4, 3, true, Nothing), Client),
    scene(31, "established-v4-server-3-after", Group::EstablishedV4, link(V4, 3, true, Nothing), Server),

    scene(40, "established-v6-client-1-before", Group::EstablishedV6, link(V6, 1, false, Nothing), Client),
    scene(41, "established-v6-server-1-before", Group::EstablishedV6, link(V6, 1, false, Nothing), Server),
    scene(42, "established-v6-client-1-after", Group::EstablishedV6, link(V6, 1, true, Nothing), Client),
    scene(43, "established-v6-server-1-after", Group::EstablishedV6, link(V6, 1, true, Nothing), Server),
    scene(44, "established-v6-client-2-before", Group::EstablishedV6, link(V6, 2, false, Nothing), Client),
    scene(45, "established-v6-server-2-before", Group::EstablishedV6, link(V6, 2, false, Nothing), Server),
    scene(46, "established-v6-client-2-after", Group::EstablishedV6, link(V6, 2, true, Nothing), Client),
    scene(47, "established-v6-server-2-after", Group::EstablishedV6, link(V6, 2, true, Nothing), Server),
    scene(48, "established-v6-client-3-before", Group::EstablishedV6, link(V6, 3, false, Nothing), Client),
    scene(49, "established-v6-server-3-before", Group::EstablishedV6, link(V6, 3, false, Nothing), Server),
    scene(50, "established-v6-client-3-after", Group::EstablishedV6, link(V6, 3, true, Nothing), Client),
    scene(51, "established-v6-server-3-after", Group::EstablishedV6, link(V6, 3, true, Nothing), Server),

    scene(60, "established-mapped-client-1-before", Group::EstablishedMapped, link(Mapped, 1, false, Nothing), Client),
    scene(61, "established-mapped-server-1-before", Group::EstablishedMapped, link(Mapped, 1, false, Nothing), Server),
    scene(62, "established-mapped-client-1-after", Group::EstablishedMapped, link(Mapped, 1, true, Nothing), Client),
    scene(63, "established-mapped-server-1-after", Group::EstablishedMapped, link(Mapped, 1, true, Nothing), Server),
    scene(64, "established-mapped-client-2-before", Group::EstablishedMapped, link(Mapped, 2, false, Nothing), Client),
    scene(65, "established-mapped-server-2-before", Group::EstablishedMapped, link(Mapped, 2, false, Nothing), Server),
    scene(66, "established-mapped-client-2-after", Group::EstablishedMapped, link(Mapped, 2, true, Nothing), Client),
    scene(67, "established-mapped-server-2-after", Group::EstablishedMapped, link(Mapped, 2, true, Nothing), Server),
    scene(68, "established-mapped-client-3-before", Group::EstablishedMapped, link(Mapped, 3, false, Nothing), Client),
    scene(69, "established-mapped-server-3-before", Group::EstablishedMapped, link(Mapped, 3, false, Nothing), Server),
    scene(70, "established-mapped-client-3-after", Group::EstablishedMapped, link(Mapped, 3, true, Nothing), Client),
    scene(71, "established-mapped-server-3-after", Group::EstablishedMapped, link(Mapped, 3, true, Nothing), Server),

    scene(80, "many-v4-client-9-before", Group::Many, link(V4, 9, false, Nothing), Client),
    scene(81, "many-v4-server-9-before", Group::Many, link(V4, 9, false, Nothing), Server),
    scene(82, "many-v4-client-9-after", Group::Many, link(V4, 9, true, Nothing), Client),
    scene(83, "many-v4-server-9-after", Group::Many, link(V4, 9, true, Nothing), Server),
    scene(84, "many-v4-client-17-before", Group::Many, link(V4, 17, false, Nothing), Client),
    scene(85, "many-v4-server-17-before", Group::Many, link(V4, 17, false, Nothing), Server),
    scene(86, "many-v4-client-17-after", Group::Many, link(V4, 17, true, Nothing), Client),
    scene(87, "many-v4-server-17-after", Group::Many, link(V4, 17, true, Nothing), Server),
    scene(88, "many-v4-client-41-before", Group::Many, link(V4, 41, false, Nothing), Client),
    scene(89, "many-v4-server-41-before", Group::Many, link(V4, 41, false, Nothing), Server),
    scene(90, "many-v4-client-41-after", Group::Many, link(V4, 41, true, Nothing), Client),
    scene(91, "many-v4-server-41-after", Group::Many, link(V4, 41, true, Nothing), Server),
    scene(92, "many-v6-client-9-before", Group::Many, link(V6, 9, false, Nothing), Client),
    scene(93, "many-v6-server-9-before", Group::Many, link(V6, 9, false, Nothing), Server),
    scene(94, "many-v6-client-9-after", Group::Many, link(V6, 9, true, Nothing), Client),
    scene(95, "many-v6-server-9-after", Group::Many, link(V6, 9, true, Nothing), Server),
    scene(96, "many-v6-client-17-before", Group::Many, link(V6, 17, false, Nothing), Client),
    scene(97, "many-v6-server-17-before", Group::Many, link(V6, 17, false, Nothing), Server),
    scene(98, "many-v6-client-17-after", Group::Many, link(V6, 17, true, Nothing), Client),
    scene(99, "many-v6-server-17-after", Group::Many, link(V6, 17, true, Nothing), Server),
    scene(100, "many-v6-client-41-before", Group::Many, link(V6, 41, false, Nothing), Client),
    scene(101, "many-v6-server-41-before", Group::Many, link(V6, 41, false, Nothing), Server),
    scene(102, "many-v6-client-41-after", Group::Many, link(V6, 41, true, Nothing), Client),
    scene(103, "many-v6-server-41-after", Group::Many, link(V6, 41, true, Nothing), Server),
    scene(104, "many-mapped-client-9-before", Group::Many, link(Mapped, 9, false, Nothing), Client),
    scene(105, "many-mapped-server-9-before", Group::Many, link(Mapped, 9, false, Nothing), Server),
    scene(106, "many-mapped-client-9-after", Group::Many, link(Mapped, 9, true, Nothing), Client),
    scene(107, "many-mapped-server-9-after", Group::Many, link(Mapped, 9, true, Nothing), Server),
    scene(108, "many-mapped-client-17-before", Group::Many, link(Mapped, 17, false, Nothing), Client),
    scene(109, "many-mapped-server-17-before", Group::Many, link(Mapped, 17, false, Nothing), Server),
    scene(110, "many-mapped-client-17-after", Group::Many, link(Mapped, 17, true, Nothing), Client),
    scene(111, "many-mapped-server-17-after", Group::Many, link(Mapped, 17, true, Nothing), Server),
    scene(112, "many-mapped-client-41-before", Group::Many, link(Mapped, 41, false, Nothing), Client),
    scene(113, "many-mapped-server-41-before", Group::Many, link(Mapped, 41, false, Nothing), Server),
    scene(114, "many-mapped-client-41-after", Group::Many, link(Mapped, 41, true, Nothing), Client),
    scene(115, "many-mapped-server-41-after", Group::Many, link(Mapped, 41, true, Nothing), Server),

    scene(120, "half-closed-v4-client-1", Group::Closing, link(V4, 1, true, HalfClosed), Client),
    scene(121, "half-closed-v4-server-1", Group::Closing, link(V4, 1, true, HalfClosed), Server),
    scene(122, "fully-closed-v4-client-1", Group::Closing, link(V4, 1, true, Closed), Client),
    scene(123, "fully-closed-v4-server-1", Group::Closing, link(V4, 1, true, Closed), Server),
    scene(124, "half-closed-v6-client-1", Group::Closing, link(V6, 1, true, HalfClosed), Client),
    scene(125, "half-closed-v6-server-1", Group::Closing, link(V6, 1, true, HalfClosed), Server),
    scene(126, "fully-closed-v6-client-1", Group::Closing, link(V6, 1, true, Closed), Client),
    scene(127, "fully-closed-v6-server-1", Group::Closing, link(V6, 1, true, Closed), Server),
    scene(128, "half-closed-v4-client-3", Group::Closing, link(V4, 3, true, HalfClosed), Client),
    scene(129, "half-closed-v4-server-3", Group::Closing, link(V4, 3, true, HalfClosed), Server),

    scene(140, "disconnected-v4-client-1", Group::Changed, link(V4, 1, true, Disconnected), Client),
    scene(141, "reconnected-v4-client-1", Group::Changed, link(V4, 1, true, Reconnected), Client),
    scene(142, "reconnected-v4-server-1", Group::Changed, link(V4, 1, true, Reconnected), Server),
    scene(143, "subflow-removed-v4-client-3", Group::Changed, link(V4, 3, true, SubflowRemoved), Client),
    scene(144, "subflow-removed-v4-server-3", Group::Changed, link(V4, 3, true, SubflowRemoved), Server),
    scene(145, "backup-subflow-v4-client-2", Group::Changed, link(V4, 2, true, BackupSubflow), Client),
    scene(146, "backup-subflow-v4-server-2", Group::Changed, link(V4, 2, true, BackupSubflow), Server),
    scene(147, "checksums-v4-client-2", Group::Changed, link(V4, 2, true, Checksums), Client),
    scene(148, "checksums-v4-server-2", Group::Changed, link(V4, 2, true, Checksums), Server),
    scene(149, "kernel-managed-v4-client-3", Group::Changed, link(V4, 3, true, KernelManaged), Client),
    scene(150, "kernel-managed-v4-server-3", Group::Changed, link(V4, 3, true, KernelManaged), Server),
    scene(151, "disconnected-v6-client-1", Group::Changed, link(V6, 1, true, Disconnected), Client),
    scene(152, "reconnected-v6-client-1", Group::Changed, link(V6, 1, true, Reconnected), Client),
    scene(153, "reconnected-v6-server-1", Group::Changed, link(V6, 1, true, Reconnected), Server),
    scene(154, "subflow-removed-v6-client-3", Group::Changed, link(V6, 3, true, SubflowRemoved), Client),
    scene(155, "subflow-removed-v6-server-3", Group::Changed, link(V6, 3, true, SubflowRemoved), Server),
    scene(156, "backup-subflow-v6-client-2", Group::Changed, link(V6, 2, true, BackupSubflow), Client),
    scene(157, "backup-subflow-v6-server-2", Group::Changed, link(V6, 2, true, BackupSubflow), Server),
    scene(158, "checksums-v6-client-2", Group::Changed, link(V6, 2, true, Checksums), Client),
    scene(159, "checksums-v6-server-2", Group::Changed, link(V6, 2, true, Checksums), Server),
    scene(160, "kernel-managed-v6-client-3", Group::Changed, link(V6, 3, true, KernelManaged), Client),
    scene(161, "kernel-managed-v6-server-3", Group::Changed, link(V6, 3, true, KernelManaged), Server),
    scene(162, "initial-removed-v4-client-2", Group::Changed, link(V4, 2, true, InitialRemoved), Client),
    scene(163, "initial-removed-v4-server-2", Group::Changed, link(V4, 2, true, InitialRemoved), Server),
    scene(164, "initial-removed-v6-client-2", Group::Changed, link(V6, 2, true, InitialRemoved), Client),
    scene(165, "initial-removed-v6-server-2", Group::Changed, link(V6, 2, true, InitialRemoved), Server),
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
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers are looked up by halving, and are given once.
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
