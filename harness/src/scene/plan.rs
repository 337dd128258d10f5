//! What a scene is made of: a plan names the whole arrangement, of which the
//! two ends of a connection are two scenes.

/// The addresses between two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Over {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
    /// IPv6 sockets that talk IPv4, with IPv4-mapped addresses.
    Mapped,
}

/// What a socket was made as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Protocol {
    Mptcp,
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
pub(super) enum Idle {
    Fresh,
    Bound,
    Listening,
    /// The SYN is out and is never answered.
    Connecting,
}

/// What happens to a connection once it stands and data went both ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Change {
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
    /// The joined subflows are backups.
    BackupSubflow,
    /// With `net.mptcp.checksum_enabled`.
    Checksums,
    /// The in-kernel path manager made the subflows.
    KernelManaged,
}

/// A connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Link {
    pub over: Over,
    pub client: Protocol,
    pub server: Protocol,
    /// How many subflows are made, the initial one among them.
    pub subflows: u8,
    /// Whether data goes both ways once all subflows stand.
    pub data: bool,
    pub change: Change,
}

/// What has nothing to do with MPTCP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Stranger {
    Tcp(Over),
    Udp(Over),
    Unix,
    Pipe,
    Closed,
}

/// An arrangement of sockets, made at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Plan {
    Idle(Over, Idle),
    Link(Link),
    Stranger(Stranger),
}

impl Plan {
    /// Whether any socket of it is made as an MPTCP socket.
    pub fn speaks_mptcp(&self) -> bool {
        match self {
            Plan::Idle(..) => true,
            Plan::Link(link) => [link.client, link.server].contains(&Protocol::Mptcp),
            Plan::Stranger(_) => false,
        }
    }

    /// Joins and sysctls take rights; one subflow on loopback takes none.
    pub fn needs_namespace(&self) -> bool {
        matches!(self, Plan::Link(link)
            if link.subflows > 1 || matches!(link.change, Change::Checksums | Change::KernelManaged))
    }
}
