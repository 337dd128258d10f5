//! What of a scene is the same each time that it is made.

use std::ops::Range;

use mptcp_emulator::abi::{Field, MptcpInfo};
use mptcp_emulator::{Content, ContentMut, OpenReason, Revision};
use mptcp_harness::scenes::{
    Change, ExpectedState, Kind, Recipe, Scene, Side, Unconnected, of_the_moment,
};

use crate::model_socket::ModelSocket;

/// Fields of `struct mptcp_info` that tell of the network namespace and not of the
/// socket: limits and endpoints of the in-kernel path manager.
const OF_THE_NAMESPACE: [&str; 6] = [
    "mptcpi_subflows_max",
    "mptcpi_add_addr_signal_max",
    "mptcpi_add_addr_accepted_max",
    "mptcpi_local_addr_max",
    "mptcpi_endp_laminar_max",
    "mptcpi_endp_fullmesh_max",
];

/// Where a `sockaddr_storage` has its parts, as offsets: family, port, what is the
/// address of IPv4, three parts of IPv6, and nothing.
pub(crate) const ADDRESS: [Range<usize>; 7] = [0..2, 2..4, 4..8, 8..16, 16..24, 24..28, 28..128];

/// In the mask, a byte of the port at which the scene's listener stands. It is
/// another one each time, and the program knows which.
pub(crate) const PORT: u8 = 3;

/// Where a `struct mptcp_subflow_info` has its addresses.
const LOCAL: usize = 8;
const REMOTE: usize = LOCAL + 128;

/// Which of both addresses is the listener's.
fn listener(scene: &Scene) -> usize {
    match scene.plan() {
        Recipe::Unconnected(_, Unconnected::Bound | Unconnected::Listening) => LOCAL,
        Recipe::Link(_) if scene.side() == Side::Server => LOCAL,
        _ => REMOTE,
    }
}

/// A socket of which all is left open that two of the same scene need not have
/// alike.
pub(crate) fn common(
    scene: &Scene,
    one: &ExpectedState,
    other: &ExpectedState,
    revision: &Revision,
) -> Result<ModelSocket, String> {
    let unlike = || "the scene does not come out twice with as many subflows".to_owned();
    let (known, listener) = (sizes(one), listener(scene));
    let (mut socket, mut other) =
        (ModelSocket::of(one, revision), ModelSocket::of(other, revision));
    let (Some(connection), Some(other)) = (socket.contents(), other.contents()) else {
        return Ok(socket);
    };
    let other = other.as_connection();
    if connection.as_connection().subflow_count() != other.subflow_count() {
        return Err(unlike());
    }
    let info = &mut connection.info_mut();
    let fields = |fields: &'static [Field]| fields.iter().map(range);
    open_differences(info, other.info(), fields(MptcpInfo::FIELDS));
    // The kernel's path manager uses endpoints of the other family up.
    let used = matches!(scene.plan(), Recipe::Link(link) if link.change == Change::KernelManaged);
    let names = MptcpInfo::FIELDS.iter().filter(|field| {
        OF_THE_NAMESPACE.contains(&field.name) || (used && field.name == "mptcpi_local_addr_used")
    });
    names.for_each(|field| open(info, range(field)));
    open(info, known.0..usize::MAX);
    for (mut subflow, other) in connection.subflows_mut().zip(other.subflows()) {
        let (tcp_info, subflow_info) = (&mut subflow.tcp_info, &mut subflow.subflow_info);
        let other = other.subflow_info;
        of_the_moment().for_each(|(at, size)| open(tcp_info, at..at + size));
        open(tcp_info, known.1..usize::MAX);
        let parts = |start: usize| ADDRESS.map(|part| start + part.start..start + part.end);
        open_differences(subflow_info, other, std::iter::once(0..4));
        open_differences(subflow_info, other, parts(LOCAL).into_iter().chain(parts(REMOTE)));
        for address in [LOCAL, REMOTE] {
            let port = address + 2..address + 4;
            // Two ports may be alike by chance.
            if subflow_info.bytes.get(port.clone()).is_some_and(|port| *port != [0, 0]) {
                let why = if address == listener { PORT } else { OpenReason::NoWitness as u8 };
                mark(subflow_info, port, why);
            }
        }
    }
    Ok(socket)
}

/// How much of `mptcp_info` and of `tcp_info` was seen.
fn sizes(portrait: &ExpectedState) -> (usize, usize) {
    match &portrait.kind {
        Kind::Mptcp { info, subflows } => (
            info.bytes().len(),
            subflows.first().map_or(0, |subflow| subflow.tcp_info.bytes().len()),
        ),
        _ => (0, 0),
    }
}

fn range(field: &Field) -> Range<usize> {
    let start = usize::from(field.offset);
    start..start + usize::from(field.size)
}

fn open_differences(
    content: &mut ContentMut,
    other: Content,
    parts: impl Iterator<Item = Range<usize>>,
) {
    for part in parts {
        if content.bytes.get(part.clone()) != other.bytes().get(part.clone()) {
            open(content, part);
        }
    }
}

fn open(content: &mut ContentMut, part: Range<usize>) {
    mark(content, part, OpenReason::NoWitness as u8);
}

fn mark(content: &mut ContentMut, part: Range<usize>, why: u8) {
    let end = part.end.min(content.mask.len());
    if let Some(mask) = content.mask.get_mut(part.start..end) {
        mask.fill(why);
    }
}
