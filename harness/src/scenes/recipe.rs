//! What a scene is made of: a plan names the whole arrangement, of which the
//! two ends of a connection are two scenes.

/// The addresses between two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Addresses {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
    /// IPv6 sockets that talk IPv4, with IPv4-mapped addresses.
    Mapped,
}

/// What a socket was made as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// `IPPROTO_MPTCP`.
    Mptcp,
    /// `IPPROTO_TCP`.
    Tcp,
}

/// Which end of the arrangement a scene is; `Client` where there is but one.
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
    /// Arrangement, and nothing more.
    Fresh,
    /// Bound to loopback.
    Bound,
    /// Listening on loopback.
    Listening,
    /// The SYN is out and is never answered.
    Connecting,
}

/// What happens to a connection once it stands and data went both ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// Nothing at all.
    Nothing,
    /// The client shut down its sending side.
    HalfClosed,
    /// Both shut down their sending sides, the client first.
    Closed,
    /// The client called connect with `AF_UNSPEC`.
    Disconnected,
    /// And connected again.
    Reconnected,
    /// The path manager took the second of the subflows away.
    SubflowRemoved,
    /// The path manager took the address away from which the second subflow was made.
    AddressRemoved,
    /// The path manager took the initial subflow away, and data goes on by the other.
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
    /// What the end that connects was made as.
    pub client: Protocol,
    /// What the listener was made as.
    pub server: Protocol,
    /// How many subflows are made, the initial one among them.
    pub subflows: u8,
    /// Whether data goes both ways once all subflows stand.
    pub data: bool,
    /// What happens then.
    pub change: Change,
}

/// What has nothing to do with MPTCP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NotMptcp {
    /// A TCP socket, not connected.
    Tcp(Addresses),
    /// A UDP socket.
    Udp(Addresses),
    /// One of a pair of unix stream sockets.
    Unix,
    /// The end of a pipe that is read.
    Pipe,
    /// A descriptor that is not open.
    Closed,
}

/// An arrangement of sockets, made at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Recipe {
    /// An MPTCP socket without a connection.
    Unconnected(Addresses, Unconnected),
    /// A connection.
    Link(Link),
    /// No MPTCP.
    NotMptcp(NotMptcp),
}

/// File descriptors that a plan takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Descriptors {
    /// Those that stay open.
    pub stay: usize,
    /// The most at a time while it is made.
    pub most: usize,
}

impl Recipe {
    /// Whether any socket of it is made as an MPTCP socket.
    pub fn speaks_mptcp(&self) -> bool {
        match self {
            Recipe::Unconnected(..) => true,
            Recipe::Link(link) => [link.client, link.server].contains(&Protocol::Mptcp),
            Recipe::NotMptcp(_) => false,
        }
    }

    /// Whether it is a connection with an MPTCP socket at one end at least.
    pub(super) fn speaks_mptcp_with_a_peer(&self) -> bool {
        matches!(self, Recipe::Link(_)) && self.speaks_mptcp()
    }

    /// How many file descriptors it takes: those that stay open, and the most that are
    /// open at a time while it is made.
    pub(super) fn descriptors(&self) -> Descriptors {
        // One more while the limits and sysctls are read that a socket takes over.
        let reading = |stay, most: usize| Descriptors { stay, most: most + 1 };
        match self {
            // The queue that is full takes a listener and a filler.
            Recipe::Unconnected(_, Unconnected::Connecting) => reading(3, 3),
            Recipe::Unconnected(..) => reading(1, 1),
            // The listener is open until both ends are.
            Recipe::Link(_) => reading(2, 3),
            Recipe::NotMptcp(NotMptcp::Unix | NotMptcp::Pipe) => Descriptors { stay: 2, most: 2 },
            Recipe::NotMptcp(NotMptcp::Tcp(_) | NotMptcp::Udp(_)) => {
                Descriptors { stay: 1, most: 1 }
            }
            Recipe::NotMptcp(NotMptcp::Closed) => Descriptors { stay: 0, most: 0 },
        }
    }

    /// Joins and sysctls take rights; one subflow on loopback takes none.
    pub fn needs_namespace(&self) -> bool {
        matches!(self, Recipe::Link(link)
            if link.subflows > 1 || matches!(link.change, Change::Checksums | Change::KernelManaged))
    }
}
