//! What has been made: descriptors, and what their maker knows of them.

use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsRawFd, OwnedFd};

use rustix::io::{DupFlags, dup3};
use socket2::{Domain, Socket};

use super::path_manager::Defaults;
use super::recipe::{Addresses, Side};
use super::system::during;

/// One subflow that the maker arranged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Member {
    /// The client's address of it; no two subflows of a connection share one.
    pub client: IpAddr,
    /// `mptcp_subflow_info.id`, counted from 1 as they join; `None` where the
    /// socket's past makes it another number.
    pub id: Option<u32>,
    /// Where it was closed, local and remote address, if it is no more and is
    /// listed all the same.
    pub closed: Option<(SocketAddr, SocketAddr)>,
}

impl Member {
    /// A subflow that stands.
    pub fn new(client: IpAddr, id: u32) -> Member {
        Member { client, id: Some(id), closed: None }
    }

    /// The initial subflow of a connection.
    pub fn initial(over: Addresses) -> Member {
        Member::new(over.address(0), 1)
    }
}

/// How far a socket got, which decides what can be known of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// It has no subflow.
    Fresh,
    /// It has one subflow, which is bound.
    Bound,
    /// It listens, connects or is connected: `sock_diag` shows everything.
    Live,
    /// Both ends said that they are done: `sock_diag` shows the MPTCP socket,
    /// which keeps its first subflow, but not that subflow.
    Closed,
    /// As closed, by the end that said so last: its first subflow is taken apart
    /// further.
    ClosedLast,
    /// The other end disconnected: it keeps its first subflow, and is not shown.
    Reset,
    /// It was connected once, keeps its first subflow, and is not shown.
    Disconnected,
}

/// A descriptor and what its maker knows of it.
pub(super) struct Fixture {
    /// `None` for the descriptor that is not open.
    pub descriptor: Option<OwnedFd>,
    pub side: Side,
    pub nature: SocketKind,
    pub standing: Phase,
    /// What a socket made at that time took from its namespace.
    pub defaults: Defaults,
    /// Local and remote address, of a connection while it stood.
    pub names: Option<(SocketAddr, SocketAddr)>,
    /// Bytes sent and bytes received, by a connection that stands.
    pub bytes: [u64; 2],
    /// The subflows in the kernel's order: the initial one, then as they joined.
    pub roster: Vec<Member>,
}

/// What the maker knows about what a descriptor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SocketKind {
    Mptcp,
    FallenBack(Domain),
    Tcp(Domain),
    Udp(Domain),
    Unix,
    NotASocket,
    Closed,
}

/// All that a plan made.
pub(super) struct Arrangement {
    pub subjects: Vec<Fixture>,
    /// What must stay open, and nobody looks at.
    pub props: Vec<OwnedFd>,
}

impl Fixture {
    pub fn new(socket: Socket, nature: SocketKind) -> Fixture {
        Fixture { descriptor: Some(socket.into()), ..Fixture::bare(nature) }
    }

    pub fn bare(nature: SocketKind) -> Fixture {
        let (side, standing) = (Side::Client, Phase::Fresh);
        Fixture {
            descriptor: None,
            side,
            nature,
            standing,
            defaults: Defaults::default(),
            names: None,
            bytes: [0; 2],
            roster: vec![],
        }
    }
}

impl Arrangement {
    /// Takes the place of what was made before, under the same descriptor
    /// numbers.
    pub fn replace(&mut self, new: Arrangement) -> Result<(), String> {
        for (old, mut new) in self.subjects.iter_mut().zip(new.subjects) {
            let kept = old.descriptor.take();
            if let (Some(mut kept), Some(new)) = (kept, &mut new.descriptor) {
                dup3(&*new, &mut kept, DupFlags::CLOEXEC).map_err(during("dup3"))?;
                *new = kept;
            }
            *old = new;
        }
        self.props = new.props;
        Ok(())
    }
}

/// The number of a descriptor; one that no process can have where it is closed.
pub(super) fn number(descriptor: Option<&OwnedFd>) -> i32 {
    descriptor.map_or(i32::MAX, AsRawFd::as_raw_fd)
}
