//! A socket, as far as these options depend on it.

use crate::abi::SUBFLOW_INFO;
use core::fmt;

use crate::content::Content;

/// The address family of a socket, on which the error depends with which a socket
/// that is no MPTCP connection refuses the options.
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
    pub(crate) info: Content<'a>,
    /// INVARIANT: `tcp_info` bytes for each subflow.
    pub(crate) tcp_infos: Content<'a>,
    pub(crate) tcp_info: usize,
    /// INVARIANT: [`SUBFLOW_INFO`] bytes for each subflow.
    pub(crate) subflow_infos: Content<'a>,
}

impl<'a> Connection<'a> {
    /// `struct mptcp_info`.
    pub const fn info(&self) -> Content<'a> {
        self.info
    }

    /// The `struct tcp_info` of all subflows, one behind the other.
    pub const fn tcp_infos(&self) -> Content<'a> {
        self.tcp_infos
    }

    /// The `struct mptcp_subflow_info` of all subflows, one behind the other.
    pub const fn subflow_infos(&self) -> Content<'a> {
        self.subflow_infos
    }

    /// The subflows, in the order in which the kernel lists them.
    #[inline]
    pub fn subflows(&self) -> impl ExactSizeIterator<Item = Subflow<'a>> + use<'a> {
        let connection = *self;
        (0..self.subflow_count()).map(move |index| connection.subflow(index))
    }

    /// The subflow of an index; its structures are empty if there is none.
    #[inline]
    pub(crate) fn subflow(&self, index: u32) -> Subflow<'a> {
        let each = SUBFLOW_INFO as usize;
        Subflow {
            tcp_info: self.tcp_infos.part(index as usize * self.tcp_info, self.tcp_info),
            subflow_info: self.subflow_infos.part(index as usize * each, each),
        }
    }

    /// How many subflows there are.
    #[inline]
    pub const fn subflow_count(&self) -> u32 {
        (self.subflow_infos.len() / SUBFLOW_INFO as usize) as u32
    }
}

/// One subflow of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subflow<'a> {
    /// `struct tcp_info`.
    pub tcp_info: Content<'a>,
    /// `struct mptcp_subflow_info`.
    pub subflow_info: Content<'a>,
}

/// The bytes for some structures are too few, or not a whole number of structures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SizeMismatch {
    /// The structure.
    pub structure: &'static str,
    /// How many bytes there are.
    pub bytes: usize,
    /// How many structures they are for.
    pub count: usize,
    /// How many bytes each structure has at least.
    pub size: u32,
}

impl fmt::Display for SizeMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SizeMismatch { structure, bytes, count, size } = self;
        write!(f, "{bytes} bytes for {count} struct {structure} of {size} bytes or more")
    }
}

impl core::error::Error for SizeMismatch {}
