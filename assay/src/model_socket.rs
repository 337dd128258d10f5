//! Sockets for the model alone: of another revision, or of no kernel at all.

use mptcp_emulator::abi::MptcpInfo;
use mptcp_emulator::{
    ContentMut, Family, OpenReason, OwnedConnection, OwnedSocket, Revision, Socket,
};
use mptcp_harness::scenes::{
    Addresses, ExpectedState, Group, Kind, Limits, NotMptcp, Recipe, Scene,
};

/// A socket that no kernel has made.
pub(crate) struct ModelSocket(OwnedSocket);

impl ModelSocket {
    /// A scene as it would be on another revision: contents of this kernel,
    /// cut or lengthened with zeros to that revision's sizes.
    pub(crate) fn of(state: &ExpectedState, revision: &Revision) -> ModelSocket {
        let Kind::Mptcp { info, subflows } = &state.kind else {
            return ModelSocket(OwnedSocket::Other(state.kind.other()));
        };
        let mut connection = OwnedConnection::new(revision, subflows.len());
        connection.info_mut().copy_from(info.content());
        for (mut to, from) in connection.subflows_mut().zip(subflows) {
            to.tcp_info.copy_from(from.tcp_info.content());
            to.subflow_info.copy_from(from.subflow_info.content());
        }
        ModelSocket(OwnedSocket::Mptcp(connection))
    }

    /// A scene that is not available here, as the catalogue has it: the same number of subflows,
    /// and all contents open.
    pub(crate) fn named(scene: &Scene, revision: &Revision) -> ModelSocket {
        ModelSocket::filled(scene, revision, |content, _| {
            content.mask.fill(OpenReason::NoWitness as u8)
        })
    }

    /// A scene as the catalogue has it, with contents in which no two parts are alike.
    pub(crate) fn marked(scene: &Scene, revision: &Revision) -> ModelSocket {
        ModelSocket::filled(scene, revision, |content, part| {
            for (at, byte) in (0_u32..).zip(&mut *content.bytes) {
                *byte = (at.wrapping_mul(0x45d9) ^ part.wrapping_mul(0x9e37)) as u8;
            }
        })
    }

    /// `fill` gets each part, and its number.
    fn filled(
        scene: &Scene,
        revision: &Revision,
        fill: impl Fn(&mut ContentMut, u32),
    ) -> ModelSocket {
        ModelSocket(match scene.subflows_holding(&revision.sockets) {
            Some(subflows) => {
                let mut connection = OwnedConnection::new(revision, subflows as usize);
                for (number, mut subflow) in (1..).zip(connection.subflows_mut()) {
                    fill(&mut subflow.tcp_info, 2 * number);
                    fill(&mut subflow.subflow_info, 2 * number + 1);
                }
                fill(&mut connection.info_mut(), 1);
                for field in unfilled(scene, revision) {
                    clear(&mut connection.info_mut(), field);
                }
                OwnedSocket::Mptcp(connection)
            }
            None => OwnedSocket::Other(other_socket(scene)),
        })
    }

    /// Its contents; `None` if it is no MPTCP socket.
    pub(crate) fn contents(&mut self) -> Option<&mut OwnedConnection> {
        match &mut self.0 {
            OwnedSocket::Mptcp(connection) => Some(connection),
            OwnedSocket::Other(_) => None,
        }
    }

    /// Does something with the socket, and its number of subflows.
    pub(crate) fn with<R>(&self, act: impl FnOnce(Socket<'_>, usize) -> R) -> R {
        let socket = self.0.as_socket();
        let subflows = match &socket {
            Socket::Mptcp(connection) => connection.subflows().len(),
            _ => 0,
        };
        act(socket, subflows)
    }
}

/// The socket of a scene that is not MPTCP, or no longer.
pub(crate) fn other_socket(scene: &Scene) -> Socket<'static> {
    match scene.plan() {
        Recipe::NotMptcp(NotMptcp::Tcp(over)) => Socket::Tcp(family(over)),
        Recipe::NotMptcp(NotMptcp::Udp(over)) => Socket::Udp(family(over)),
        Recipe::NotMptcp(NotMptcp::Unix) => Socket::Unix,
        Recipe::NotMptcp(NotMptcp::Pipe) => Socket::NotASocket,
        Recipe::NotMptcp(NotMptcp::Closed) => Socket::Closed,
        Recipe::Link(link) if scene.group == Group::NotMptcp => Socket::Tcp(family(link.over)),
        Recipe::Link(link) => Socket::FallenBack(family(link.over)),
        Recipe::Unconnected(over, _) => Socket::FallenBack(family(over)),
    }
}

/// The family of a socket; one with IPv4-mapped addresses is of IPv6.
fn family(over: Addresses) -> Family {
    if over == Addresses::V4 { Family::V4 } else { Family::V6 }
}

/// The fields of `struct mptcp_info` that are 0 in a scene on a revision and not on every
/// revision. (No scene has an endpoint with the flag `signal`: its count is 0 anyhow.)
fn unfilled(scene: &Scene, revision: &Revision) -> Vec<&'static str> {
    let holding = &revision.sockets;
    let limits = scene.limits();
    let mut fields = Vec::new();
    if !limits.are_filled(holding) {
        let counted = |field: &&str| *field != "mptcpi_add_addr_signal_max";
        fields.extend(Limits::FIELDS.into_iter().filter(counted));
    }
    let joined = scene.subflows().is_some_and(|subflows| subflows > 1);
    if limits == Limits::Userspace && joined && !holding.userspace_counts {
        fields.push("mptcpi_subflows");
    }
    if scene.is_disconnected() && holding.disconnect_clears_rcv_nxt {
        fields.push("mptcpi_rcv_nxt");
    }
    fields
}

/// Makes a field of `struct mptcp_info` a known 0.
fn clear(info: &mut ContentMut, name: &str) {
    let field = MptcpInfo::FIELDS.iter().find(|field| field.name == name);
    let range = field
        .map_or(0..0, |field| usize::from(field.offset)..usize::from(field.offset + field.size));
    if let (Some(bytes), Some(mask)) = (info.bytes.get_mut(range.clone()), info.mask.get_mut(range))
    {
        bytes.fill(0);
        mask.fill(0);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::*;
    use mptcp_harness::scenes::by_name;

    #[test]
    fn a_scene_has_its_kind_and_subflows() {
        let on = |revision: Revision, name| {
            let scene = by_name(name);
            scene.map(|scene| {
                ModelSocket::named(scene, &revision)
                    .with(|socket, subflows| (matches!(socket, Socket::Mptcp(_)), subflows))
            })
        };
        let newest = |name| on(Revision::NEWEST, name);
        assert_eq!(newest("many-v6-client-41-after"), Some((true, 41)));
        assert_eq!(newest("fresh-v4"), Some((true, 0)));
        assert_eq!(newest("subflow-removed-v4-client-3"), Some((true, 2)));
        assert_eq!(newest("bound-v4"), Some((true, 1)));
        assert_eq!(newest("fallen-back-mapped-client"), Some((false, 0)));
        assert_eq!(newest("closed-descriptor"), Some((false, 0)));
        // What a revision's sockets hold otherwise.
        assert_eq!(on(Revision::V6_1, "fresh-v4"), Some((true, 1)));
        for (name, subflows) in [
            ("initial-removed-v4-client-2", [2, 2]),
            ("initial-removed-v4-server-2", [1, 2]),
            ("fully-closed-v4-server-1", [0, 1]),
        ] {
            let revisions = [Revision::V6_5, Revision::V6_6];
            let found = revisions.map(|revision| on(revision, name));
            assert_eq!(found, subflows.map(|subflows| Some((true, subflows))), "{name}");
        }
    }

    #[test]
    fn what_a_revision_does_not_fill_in_is_0() {
        let info = |revision: Revision, name| {
            let scene = by_name(name).unwrap();
            let mut socket = ModelSocket::marked(scene, &revision);
            socket.contents().unwrap().info_mut().bytes.to_vec()
        };
        // mptcpi_subflows, mptcpi_subflows_max, mptcpi_local_addr_max, mptcpi_rcv_nxt.
        for (name, old, new, at) in [
            ("established-v4-client-3-after", Revision::V6_3_8, Revision::V6_2, 0),
            ("established-v4-client-3-after", Revision::V6_2, Revision::V6_4, 3),
            ("listening-v6", Revision::V6_4, Revision::V6_5, 41),
            ("disconnected-v4-client-1", Revision::V6_18, Revision::V6_19, 32),
        ] {
            assert_ne!(info(old, name)[at], 0, "{name}");
            assert_eq!(info(new, name)[at], 0, "{name}");
        }
        assert_eq!(info(Revision::V6_4, "connecting-v4"), info(Revision::V6_2, "connecting-v4"));
    }
}
