//! A scene's expected state: everything that the model is given about it. [`super::observe`] makes
//! it.

use std::net::SocketAddr;
use std::os::fd::RawFd;

use mptcp_emulator::{
    Family, OwnedConnection, OwnedSocket, Revision, SizeMismatch, Socket, Subflow,
};

use super::contents::Contents;
use super::fixture::number;

/// One subflow in an expected state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpectedSubflow {
    /// `struct tcp_info`, with the size that `sock_diag` reports.
    pub tcp_info: Contents,
    /// `struct mptcp_subflow_info`, 264 bytes. Its `id` counts from 1 in the order of joining; the
    /// id of a removed subflow is not reused.
    pub subflow_info: Contents,
    /// The local address, if the subflow has one.
    pub local: SocketAddr,
    /// The remote address; unspecified if the subflow has none.
    pub remote: SocketAddr,
}

/// The kind of a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An MPTCP socket that uses MPTCP, or has no connection yet.
    Mptcp {
        /// `struct mptcp_info`, with the size that `sock_diag` reports.
        info: Contents,
        /// The subflows in the order of the kernel's list.
        subflows: Vec<ExpectedSubflow>,
    },
    /// See [`Socket::FallenBack`].
    FallenBack(Family),
    /// See [`Socket::Tcp`].
    Tcp(Family),
    /// See [`Socket::Udp`].
    Udp(Family),
    /// See [`Socket::Unix`].
    Unix,
    /// See [`Socket::NotASocket`].
    NotASocket,
    /// See [`Socket::Closed`].
    Closed,
}

/// Everything that the model is given about one scene.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpectedState {
    /// The descriptor to call; for [`Kind::Closed`] a number that is never open.
    pub fd: RawFd,
    /// The kind of the descriptor's socket.
    pub kind: Kind,
}

impl ExpectedState {
    /// An empty state.
    pub(super) fn blank() -> ExpectedState {
        ExpectedState { fd: number(None), kind: Kind::Closed }
    }

    /// The number of subflows of the scene.
    pub fn subflows(&self) -> usize {
        match &self.kind {
            Kind::Mptcp { subflows, .. } => subflows.len(),
            _ => 0,
        }
    }

    /// The form that the model is given.
    ///
    /// # Errors
    /// If `sock_diag` reports shorter structures than the revision has.
    pub fn socket(&self, revision: &Revision) -> Result<OwnedSocket, SizeMismatch> {
        let Kind::Mptcp { info, subflows } = &self.kind else {
            return Ok(OwnedSocket::Other(self.kind.other()));
        };
        let subflows = subflows.iter().map(|subflow| Subflow {
            tcp_info: subflow.tcp_info.content(),
            subflow_info: subflow.subflow_info.content(),
        });
        OwnedConnection::of(revision, info.content(), subflows).map(OwnedSocket::Mptcp)
    }
}

impl Kind {
    /// The socket, if it is no MPTCP socket.
    pub fn other(&self) -> Socket<'static> {
        match *self {
            Kind::FallenBack(family) => Socket::FallenBack(family),
            Kind::Tcp(family) => Socket::Tcp(family),
            Kind::Udp(family) => Socket::Udp(family),
            Kind::Unix => Socket::Unix,
            Kind::NotASocket => Socket::NotASocket,
            Kind::Closed | Kind::Mptcp { .. } => Socket::Closed,
        }
    }
}
