//! What was built: descriptors, and what the builder knows of them.

use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsRawFd, OwnedFd};

use rustix::io::{DupFlags, dup3};
use socket2::{Domain, Socket};

use super::path_manager::Defaults;
use super::recipe::{Addresses, Side};
use super::system::during;

/// One subflow that the builder made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Member {
    /// Its client address; no two subflows of a connection share one.
    pub client: IpAddr,
    /// `mptcp_subflow_info.id`, counted from 1 in the order of joining; `None` if the socket's past
    /// makes it another number.
    pub id: Option<u32>,
    /// The local and the remote address, if the subflow is closed and still listed.
    pub closed: Option<(SocketAddr, SocketAddr)>,
}

impl Member {
    /// A live subflow.
    pub fn new(client: IpAddr, id: u32) -> Member {
        Member { client, id: Some(id), closed: None }
    }

    /// The initial subflow of a connection.
    pub fn initial(over: Addresses) -> Member {
        Member::new(over.address(0), 1)
    }
}

/// The state of a socket, which decides what can be known of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// It has no subflow.
    Fresh,
    /// It has one subflow, which is bound.
    Bound,
    /// It listens, connects or is connected: `sock_diag` shows everything.
    Live,
    /// Both ends shut down sending. `sock_diag` shows the MPTCP socket, which keeps its first
    /// subflow, but not that subflow.
    Closed,
    /// The same, on the end that shut down last: its first subflow is reset further.
    ClosedLast,
    /// The other end disconnected. The socket keeps its first subflow, and `sock_diag` does not
    /// show it.
    Reset,
    /// It was connected before, keeps its first subflow, and `sock_diag` does not show it.
    Disconnected,
}

/// A descriptor and what the builder knows of it.
pub(super) struct Fixture {
    /// `None` for the descriptor that is not open.
    pub descriptor: Option<OwnedFd>,
    pub side: Side,
    pub nature: SocketKind,
    pub standing: Phase,
    /// The values that a socket of that time took from its namespace.
    pub defaults: Defaults,
    /// Local and remote address while the connection existed.
    pub names: Option<(SocketAddr, SocketAddr)>,
    /// Bytes sent and bytes received, of a live connection.
    pub bytes: [u64; 2],
    /// The subflows in the kernel's order: the initial one, then in the order of joining.
    pub roster: Vec<Member>,
}

/// What the builder knows of a descriptor's kind.
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

/// Everything that was built from a plan.
pub(super) struct Arrangement {
    pub subjects: Vec<Fixture>,
    /// Descriptors that must stay open, and are not read.
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
    /// Replaces what was built before, under the same descriptor numbers.
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

/// The number of a descriptor; if it is closed, one that no process can have.
pub(super) fn number(descriptor: Option<&OwnedFd>) -> i32 {
    descriptor.map_or(i32::MAX, AsRawFd::as_raw_fd)
}
