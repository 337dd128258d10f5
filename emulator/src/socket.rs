//! What a socket is, as far as these options can tell.

use crate::abi::SUBFLOW_INFO;
use crate::content::Content;
use crate::revision::Revision;

/// An address family of a socket: which of the two refusals a socket that is
/// no MPTCP connection gives depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// `AF_INET`.
    V4,
    /// `AF_INET6`, whether or not the peer is an IPv4-mapped address.
    V6,
}

/// The socket behind the descriptor of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Socket<'a> {
    /// An MPTCP socket that has not fallen back to plain TCP.
    Mptcp(Connection<'a>),
    /// An MPTCP socket whose connection fell back to plain TCP.
    FallenBack(Family),
    /// A plain TCP socket.
    Tcp(Family),
    /// A UDP socket.
    Udp(Family),
    /// A unix socket of any type.
    Unix,
    /// A descriptor of something else: a pipe, a file.
    NotASocket,
    /// A descriptor that is not open.
    Closed,
}

/// The state of an MPTCP socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connection<'a> {
    /// `struct mptcp_info` as this kernel knows it: at least as many
    /// bytes as [`Revision::mptcp_info`].
    pub info: Content<'a>,
    /// The subflows, in the order in which the kernel lists them: the initial
    /// one first, then as they joined.
    pub subflows: &'a [Subflow<'a>],
}

impl Connection<'_> {
    /// Whether all contents are as long as a kernel of this revision has
    /// them. A model of one that does not fit would copy less than it says.
    pub fn fits(&self, revision: &Revision) -> bool {
        self.info.len() >= revision.mptcp_info as usize
            && self.subflows.iter().all(|subflow| {
                subflow.tcp_info.len() >= revision.tcp_info as usize
                    && subflow.subflow_info.len() >= SUBFLOW_INFO as usize
            })
    }
}

/// One subflow of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subflow<'a> {
    /// `struct tcp_info` as this kernel knows it: at least as many
    /// bytes as [`Revision::tcp_info`].
    pub tcp_info: Content<'a>,
    /// `struct mptcp_subflow_info`, 264 bytes: the subflow's id, a hole of
    /// four zero bytes, then the same 256 bytes of addresses that
    /// `MPTCP_SUBFLOW_ADDRS` tells. See [`crate::abi::SubflowInfo`].
    pub subflow_info: Content<'a>,
}
