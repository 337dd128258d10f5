//! Sockets, their addresses, and the two ends of a connection.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::AsFd;

use socket2::{Domain, Protocol as Number, Socket, Type};

use super::recipe::{Addresses, Protocol};
use super::system::IPPROTO_MPTCP;

/// The network from which subflows over IPv6 join; all its addresses are made local. For IPv4,
/// loopback is such a network.
pub(super) const NETWORK_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 0);
/// An MPTCP stream socket.
pub(super) fn mptcp(domain: Domain) -> io::Result<Socket> {
    Socket::new(domain, Type::STREAM, Some(Number::from(IPPROTO_MPTCP as i32)))
}

pub(super) fn stream(protocol: Protocol, domain: Domain) -> io::Result<Socket> {
    match protocol {
        Protocol::Mptcp => mptcp(domain),
        Protocol::Tcp => Socket::new(domain, Type::STREAM, Some(Number::TCP)),
    }
}

/// A listener on a port that the kernel chooses, and its address.
pub(super) fn listener(protocol: Protocol, over: Addresses) -> io::Result<(Socket, SocketAddr)> {
    let listener = stream(protocol, over.domain())?;
    listener.bind(&over.origin().into())?;
    listener.listen(1)?;
    let to = listener.local_addr()?.as_socket();
    Ok((listener, to.ok_or(io::ErrorKind::Unsupported)?))
}

impl Addresses {
    pub(super) fn domain(self) -> Domain {
        if self == Addresses::V4 { Domain::IPV4 } else { Domain::IPV6 }
    }

    /// The client's address of a subflow, by its number from 0.
    pub(super) fn address(self, n: u8) -> IpAddr {
        match self {
            Addresses::V4 | Addresses::Mapped => Ipv4Addr::new(127, 0, 0, n + 1).into(),
            Addresses::V6 if n == 0 => Ipv6Addr::LOCALHOST.into(),
            Addresses::V6 => Ipv6Addr::from_bits(NETWORK_V6.to_bits() + u128::from(n) + 1).into(),
        }
    }

    /// The address of listeners: the first address, with a port that the kernel chooses.
    pub(super) fn origin(self) -> SocketAddr {
        let ip = match (self, self.address(0)) {
            (Addresses::Mapped, IpAddr::V4(v4)) => v4.to_ipv6_mapped().into(),
            (_, ip) => ip,
        };
        SocketAddr::new(ip, 0)
    }
}

/// The inode of a descriptor, by which `sock_diag` names sockets.
pub(super) fn inode(descriptor: impl AsFd) -> io::Result<u32> {
    Ok(rustix::fs::fstat(descriptor)?.st_ino as u32)
}

/// Sends a number of bytes from one socket to the other, and reads all.
pub(super) fn talk(mut from: &Socket, mut to: &Socket, len: usize) -> io::Result<()> {
    from.write_all(&vec![0x2a; len])?;
    to.read_exact(&mut vec![0; len])
}

/// Both ends of a connection.
pub(super) struct Ends {
    pub client: Socket,
    pub server: Socket,
}

impl Ends {
    /// Sends a number of bytes from the client, then another from the server, and reads all.
    pub fn talk(&self, from_client: usize, from_server: usize) -> io::Result<()> {
        talk(&self.client, &self.server, from_client)?;
        talk(&self.server, &self.client, from_server)
    }

    /// Local and remote address of each.
    pub fn names(&self) -> io::Result<[(SocketAddr, SocketAddr); 2]> {
        let name = |socket: &Socket| {
            socket.local_addr()?.as_socket().ok_or(io::Error::from(io::ErrorKind::Unsupported))
        };
        let (client, server) = (name(&self.client)?, name(&self.server)?);
        Ok([(client, server), (server, client)])
    }

    /// The inode of each.
    pub fn inodes(&self) -> io::Result<[u32; 2]> {
        Ok([inode(&self.client)?, inode(&self.server)?])
    }
}

/// A TCP listener whose accept queue is full: a SYN to it is dropped.
pub(super) struct BlackHole(pub [Socket; 2]);

impl BlackHole {
    /// Fills the queue.
    pub fn new(over: Addresses) -> io::Result<BlackHole> {
        let [listener, filler] =
            [stream(Protocol::Tcp, over.domain())?, stream(Protocol::Tcp, over.domain())?];
        listener.bind(&over.origin().into())?;
        // A backlog of 0 holds one connection.
        listener.listen(0)?;
        filler.connect(&listener.local_addr()?)?;
        Ok(BlackHole([listener, filler]))
    }

    /// Starts a connection that will not be established.
    pub fn attract(&self, socket: &Socket) -> io::Result<()> {
        socket.set_nonblocking(true)?;
        match socket.connect(&self.0[0].local_addr()?) {
            Err(e) if e.raw_os_error() == Some(libc::EINPROGRESS) => Ok(()),
            other => other,
        }
    }
}
