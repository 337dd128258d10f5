//! Sockets for the model alone: of another revision, or of no kernel at all.

use mptcp_emulator::abi::MptcpInfo;
use mptcp_emulator::{Connection, Content, Family, Revision, SUBFLOW_INFO, Socket, Subflow, Why};
use mptcp_harness::scenes::{Contents, ExpectedState, Group, Kind, Limits, Scene};

/// Bytes and the mask beside them.
pub(crate) type Bytes = (Vec<u8>, Vec<u8>);

/// What a model is told of a socket that does not exist as such.
pub(crate) struct ModelSocket(Nature);

enum Nature {
    Mptcp { info: Bytes, subflows: Vec<(Bytes, Bytes)> },
    Other(Socket<'static>),
}

impl ModelSocket {
    /// A scene as it would be on another revision: contents of this kernel,
    /// cut or lengthened with zeros to that revision's sizes.
    pub(crate) fn of(portrait: &ExpectedState, revision: &Revision) -> ModelSocket {
        ModelSocket(match &portrait.kind {
            Kind::Mptcp { info, subflows } => Nature::Mptcp {
                info: resized(info, revision.mptcp_info),
                subflows: subflows
                    .iter()
                    .map(|subflow| {
                        let tcp_info = resized(&subflow.tcp_info, revision.tcp_info);
                        (tcp_info, resized(&subflow.subflow_info, SUBFLOW_INFO))
                    })
                    .collect(),
            },
            Kind::FallenBack(family) => Nature::Other(Socket::FallenBack(*family)),
            Kind::Tcp(family) => Nature::Other(Socket::Tcp(*family)),
            Kind::Udp(family) => Nature::Other(Socket::Udp(*family)),
            Kind::Unix => Nature::Other(Socket::Unix),
            Kind::NotASocket => Nature::Other(Socket::NotASocket),
            Kind::Closed => Nature::Other(Socket::Closed),
        })
    }

    /// A scene that does not stand here, as the catalogue has it: as many subflows,
    /// and all contents left open.
    pub(crate) fn named(scene: &Scene, revision: &Revision) -> ModelSocket {
        let open = |len: u32, _| (vec![0; len as usize], vec![Why::NoWitness as u8; len as usize]);
        ModelSocket::filled(scene, revision, open)
    }

    /// A scene as the catalogue has it, with contents by which one sees what stands
    /// where: no two parts of it are alike.
    pub(crate) fn marked(scene: &Scene, revision: &Revision) -> ModelSocket {
        let mark = |len: u32, part: u32| {
            let byte = |at: u32| (at.wrapping_mul(0x45d9) ^ part.wrapping_mul(0x9e37)) as u8;
            ((0..len).map(byte).collect(), vec![0; len as usize])
        };
        ModelSocket::filled(scene, revision, mark)
    }

    /// `fill` is told a length, and the number of the part.
    fn filled(scene: &Scene, revision: &Revision, fill: impl Fn(u32, u32) -> Bytes) -> ModelSocket {
        let name = scene.name;
        let family = if name.contains("v4") { Family::V4 } else { Family::V6 };
        ModelSocket(match (scene.subflows_holding(&revision.holding), scene.group) {
            (Some(subflows), _) => {
                let subflow = |part: u32| {
                    (fill(revision.tcp_info, 2 * part), fill(SUBFLOW_INFO, 2 * part + 1))
                };
                let subflows = (1..=subflows).map(subflow).collect();
                let mut info = fill(revision.mptcp_info, 1);
                for field in unfilled(scene, revision) {
                    clear(&mut info, field);
                }
                Nature::Mptcp { info, subflows }
            }
            (None, Group::NotMptcp) => Nature::Other(match name.split('-').next() {
                Some("tcp") => Socket::Tcp(family),
                Some("udp") => Socket::Udp(family),
                Some("unix") => Socket::Unix,
                Some("pipe") => Socket::NotASocket,
                _ => Socket::Closed,
            }),
            (None, _) => Nature::Other(Socket::FallenBack(family)),
        })
    }

    /// Its `struct mptcp_info`, and of each subflow `struct tcp_info` and `struct
    /// mptcp_subflow_info`; `None` for what is no MPTCP socket.
    pub(crate) fn contents(&mut self) -> Option<(&mut Bytes, &mut [(Bytes, Bytes)])> {
        match &mut self.0 {
            Nature::Mptcp { info, subflows } => Some((info, subflows)),
            Nature::Other(_) => None,
        }
    }

    /// Does something with the socket, and its number of subflows.
    pub(crate) fn with<R>(&self, act: impl FnOnce(Socket<'_>, usize) -> R) -> R {
        match &self.0 {
            Nature::Other(socket) => act(*socket, 0),
            Nature::Mptcp { info, subflows } => {
                let list: Vec<Subflow<'_>> = subflows
                    .iter()
                    .map(|(tcp_info, subflow_info)| Subflow {
                        tcp_info: content(tcp_info),
                        subflow_info: content(subflow_info),
                    })
                    .collect();
                let connection = Connection { info: content(info), subflows: &list };
                act(Socket::Mptcp(connection), list.len())
            }
        }
    }
}

/// The fields of `struct mptcp_info` that are 0 in a scene on a revision and not on every
/// revision. (No scene has an endpoint with the flag `signal`: its count is 0 anyhow.)
fn unfilled(scene: &Scene, revision: &Revision) -> Vec<&'static str> {
    let holding = &revision.holding;
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
fn clear((bytes, mask): &mut Bytes, name: &str) {
    let Some(field) = MptcpInfo::FIELDS.iter().find(|field| field.name == name) else {
        return;
    };
    let start = usize::from(field.offset);
    for at in start..start + usize::from(field.size) {
        if let (Some(byte), Some(mask)) = (bytes.get_mut(at), mask.get_mut(at)) {
            (*byte, *mask) = (0, 0);
        }
    }
}

fn resized(masked: &Contents, size: u32) -> Bytes {
    let fit = |bytes: &[u8]| {
        let mut bytes = bytes.to_vec();
        bytes.resize(size as usize, 0);
        bytes
    };
    (fit(masked.bytes()), fit(masked.mask()))
}

fn content((bytes, mask): &Bytes) -> Content<'_> {
    Content::masked(bytes, mask).unwrap_or(Content::exact(&[]))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::*;
    use mptcp_harness::scenes::by_name;

    #[test]
    fn a_name_tells_kind_and_subflows() {
        let on = |revision: Revision, name| {
            let scene = by_name(name);
            scene.map(|scene| {
                ModelSocket::named(scene, &revision)
                    .with(|socket, subflows| (matches!(socket, Socket::Mptcp(_)), subflows))
            })
        };
        let told = |name| on(Revision::NEWEST, name);
        assert_eq!(told("many-v6-client-41-after"), Some((true, 41)));
        assert_eq!(told("fresh-v4"), Some((true, 0)));
        assert_eq!(told("subflow-removed-v4-client-3"), Some((true, 2)));
        assert_eq!(told("bound-v4"), Some((true, 1)));
        assert_eq!(told("fallen-back-mapped-client"), Some((false, 0)));
        assert_eq!(told("closed-descriptor"), Some((false, 0)));
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
            socket.contents().unwrap().0.0.clone()
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
