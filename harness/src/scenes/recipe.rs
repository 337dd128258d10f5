//! What a scene consists of. A plan describes a whole arrangement; the two ends of a connection are
//! two scenes.

/// The addresses between two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Addresses {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
    /// IPv6 sockets that use IPv4, with IPv4-mapped addresses.
    Mapped,
}

/// The protocol of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// `IPPROTO_MPTCP`.
    Mptcp,
    /// `IPPROTO_TCP`.
    Tcp,
}

/// Which end of the arrangement a scene is; `Client` if there is only one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The end that connected.
    Client,
    /// The end that accepted.
    Server,
}

/// An MPTCP socket without a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unconnected {
    /// Only created.
    Fresh,
    /// Bound to loopback.
    Bound,
    /// Listening on loopback.
    Listening,
    /// The SYN was sent and is never answered.
    Connecting,
}

/// What happens to a connection after it is established and data was sent both ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// Nothing.
    Nothing,
    /// The client shut down its sending side.
    HalfClosed,
    /// Both shut down their sending sides, the client first.
    Closed,
    /// The client called connect with `AF_UNSPEC`.
    Disconnected,
    /// The client called connect with `AF_UNSPEC`, and connected again.
    Reconnected,
    /// The path manager removed the second subflow.
    SubflowRemoved,
    /// The path manager removed the address of the second subflow.
    AddressRemoved,
    /// The path manager removed the initial subflow, and data continues on the other.
    InitialRemoved,
    /// The joined subflows are backups.
    BackupSubflow,
    /// With `net.mptcp.checksum_enabled`.
    Checksums,
    /// The in-kernel path manager made the subflows.
    KernelManaged,
}

/// A connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Link {
    /// The addresses between both ends.
    pub over: Addresses,
    /// The protocol of the connecting socket.
    pub client: Protocol,
    /// The protocol of the listener.
    pub server: Protocol,
    /// The number of subflows, including the initial one.
    pub subflows: u8,
    /// Whether data is sent both ways once all subflows are established.
    pub data: bool,
    /// What happens afterwards.
    pub change: Change,
}

/// A descriptor without MPTCP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NotMptcp {
    /// A TCP socket, not connected.
    Tcp(Addresses),
    /// A UDP socket.
    Udp(Addresses),
    /// One of a pair of unix stream sockets.
    Unix,
    /// The read end of a pipe.
    Pipe,
    /// A descriptor that is not open.
    Closed,
}

/// An arrangement of sockets, built together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Recipe {
    /// An MPTCP socket without a connection.
    Unconnected(Addresses, Unconnected),
    /// A connection.
    Link(Link),
    /// A descriptor without MPTCP.
    NotMptcp(NotMptcp),
}

/// The number of file descriptors that a plan needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Descriptors {
    /// Those that stay open.
    pub stay: usize,
    /// The maximum at a time while it is built.
    pub most: usize,
}

impl Recipe {
    /// Whether any of its sockets is created as an MPTCP socket.
    pub fn speaks_mptcp(&self) -> bool {
        match self {
            Recipe::Unconnected(..) => true,
            Recipe::Link(link) => [link.client, link.server].contains(&Protocol::Mptcp),
            Recipe::NotMptcp(_) => false,
        }
    }

    /// Whether it is a connection with an MPTCP socket at one end or both.
    pub(super) fn speaks_mptcp_with_a_peer(&self) -> bool {
        matches!(self, Recipe::Link(_)) && self.speaks_mptcp()
    }

    /// The number of file descriptors that it needs: those that stay open, and the maximum at a
    /// time while it is built.
    pub(super) fn descriptors(&self) -> Descriptors {
        // One more while the limits and sysctls of a new socket are read.
        let reading = |stay, most: usize| Descriptors { stay, most: most + 1 };
        match self {
            // The full queue needs a listener and a filler.
            Recipe::Unconnected(_, Unconnected::Connecting) => reading(3, 3),
            Recipe::Unconnected(..) => reading(1, 1),
            // The listener is open until both ends exist.
            Recipe::Link(_) => reading(2, 3),
            Recipe::NotMptcp(NotMptcp::Unix | NotMptcp::Pipe) => Descriptors { stay: 2, most: 2 },
            Recipe::NotMptcp(NotMptcp::Tcp(_) | NotMptcp::Udp(_)) => {
                Descriptors { stay: 1, most: 1 }
            }
            Recipe::NotMptcp(NotMptcp::Closed) => Descriptors { stay: 0, most: 0 },
        }
    }

    /// Joins and sysctls need permissions; one subflow on loopback needs none.
    pub fn needs_namespace(&self) -> bool {
        matches!(self, Recipe::Link(link)
            if link.subflows > 1 || matches!(link.change, Change::Checksums | Change::KernelManaged))
    }
}
