//! A scene's expected state: all that the model is given about it. [`super::observe`] makes it.

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
    /// `struct tcp_info`, of the size that `sock_diag` shows.
    pub tcp_info: Contents,
    /// `struct mptcp_subflow_info`, 264 bytes. Its `id` counts from 1 in the
    /// order of joining and is not given again when a subflow is removed.
    pub subflow_info: Contents,
    /// The address at this end, where the subflow has one.
    pub local: SocketAddr,
    /// The address at the other end; unspecified where there is none.
    pub remote: SocketAddr,
}

/// What kind of socket an expected state shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An MPTCP socket that speaks MPTCP or has not spoken yet.
    Mptcp {
        /// `struct mptcp_info`, of the size that `sock_diag` shows.
        info: Contents,
        /// In the order in which the kernel lists them.
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
    /// The descriptor to call; a number that is never open for [`Kind::Closed`].
    pub fd: RawFd,
    /// What the descriptor is.
    pub kind: Kind,
}

impl ExpectedState {
    /// Of nothing.
    pub(super) fn blank() -> ExpectedState {
        ExpectedState { fd: number(None), kind: Kind::Closed }
    }

    /// How many subflows the scene has.
    pub fn subflows(&self) -> usize {
        match &self.kind {
            Kind::Mptcp { subflows, .. } => subflows.len(),
            _ => 0,
        }
    }

    /// The scene as the model takes it.
    ///
    /// # Errors
    /// Where `sock_diag` shows shorter structures than the revision has.
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
