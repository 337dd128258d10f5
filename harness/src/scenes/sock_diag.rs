//! The independent source: what `sock_diag` reports about TCP and MPTCP sockets.
//!
//! `NETLINK_SOCK_DIAG` dumps answer with `struct inet_diag_msg` and attributes
//! (`linux/inet_diag.h`). The INFO attribute of a TCP socket is the kernel's
//! whole `struct tcp_info`; that of an MPTCP socket, dumped with
//! `INET_DIAG_REQ_PROTOCOL` 262, is its whole `struct mptcp_info`. Both are
//! kept as raw bytes: their length is the evidence of the structures' sizes.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use netlink_bindings::inet_diag::{ReqV2, Request};
use netlink_socket2::NetlinkSocket;
use socket2::Domain;

use super::recipe::Addresses;
use super::sockets::{inode, mptcp};
use super::system::during;
use super::system::{IPPROTO_MPTCP, TCP_ESTABLISHED, explain, netlink_available};
use crate::kernel::Sizes;

/// `INET_DIAG_INFO`, an attribute; asked for by bit `INET_DIAG_INFO - 1`.
const INET_DIAG_INFO: u16 = 2;
/// Every TCP state, among them `TCP_BOUND_INACTIVE` (13, since 6.8): sockets
/// that were bound and do nothing yet. Older kernels ignore the bit.
const ALL_STATES: u32 = 0x3fff;

/// One socket in `sock_diag`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// Inode of the descriptor. The subflows of an MPTCP socket have the inode of that socket; 0 if
    /// no descriptor is attached.
    pub inode: u32,
    /// `idiag_state`.
    pub state: u8,
    pub local: SocketAddr,
    pub remote: SocketAddr,
    /// The INFO attribute, raw; empty if the kernel sent none.
    pub info: Vec<u8>,
}

/// Everything that one read of the namespace reported.
#[derive(Clone, Debug, Default)]
pub(super) struct Testimony {
    /// TCP sockets, including subflows; INFO is `struct tcp_info`.
    pub tcp: Vec<Record>,
    /// MPTCP sockets that have a token or listen; INFO is `struct mptcp_info`.
    pub mptcp: Vec<Record>,
}

/// A netlink socket for repeated requests.
pub(super) struct SockDiag {
    netlink: NetlinkSocket,
}

impl SockDiag {
    pub fn new() -> SockDiag {
        SockDiag { netlink: NetlinkSocket::new() }
    }

    /// All sockets, in four dumps.
    pub fn look(&mut self) -> io::Result<Testimony> {
        Ok(Testimony { tcp: self.tcp()?, mptcp: self.mptcp()? })
    }

    /// All TCP sockets of the namespace.
    pub fn tcp(&mut self) -> io::Result<Vec<Record>> {
        self.dump(libc::IPPROTO_TCP as u32, ALL_STATES, 0)
    }

    /// All MPTCP sockets of the namespace that `sock_diag` knows.
    pub fn mptcp(&mut self) -> io::Result<Vec<Record>> {
        self.dump(IPPROTO_MPTCP, ALL_STATES, 0)
    }

    /// The established TCP sockets with a local port: a server's subflows.
    pub fn established_at(&mut self, port: u16) -> io::Result<Vec<Record>> {
        self.dump(libc::IPPROTO_TCP as u32, 1 << TCP_ESTABLISHED, port)
    }

    /// `states` has a bit for each state; `port` is a local port, or 0 for all.
    fn dump(&mut self, protocol: u32, states: u32, port: u16) -> io::Result<Vec<Record>> {
        let mut seen = Vec::new();
        for family in [libc::AF_INET, libc::AF_INET6] {
            let mut header = ReqV2 {
                family: family as u8,
                // The 8 bits in the header are too few for 262. The lower 8 bits of 262 happen to
                // be IPPROTO_TCP, so the attribute decides.
                protocol: libc::IPPROTO_TCP as u8,
                ext: 1 << (INET_DIAG_INFO - 1),
                states,
                ..ReqV2::default()
            };
            header.sockid.set_sport(port);
            let mut request = Request::new().op_tcp_diag_dump(&header);
            request.encode().push_protocol(protocol);
            let mut reply = self.netlink.request(&request)?;
            while let Some(message) = reply.recv() {
                let (msg, attributes) = message.map_err(explain)?;
                let address = |raw: [u8; 16], port| {
                    let ip = if family == libc::AF_INET {
                        IpAddr::V4(Ipv4Addr::new(raw[0], raw[1], raw[2], raw[3]))
                    } else {
                        IpAddr::V6(Ipv6Addr::from(raw))
                    };
                    SocketAddr::new(ip, port)
                };
                seen.push(Record {
                    inode: msg.inode,
                    state: msg.state,
                    local: address(msg.sockid.src, msg.sockid.sport()),
                    remote: address(msg.sockid.dst, msg.sockid.dport()),
                    info: attribute(attributes.get_buf(), INET_DIAG_INFO).to_vec(),
                });
            }
        }
        Ok(seen)
    }
}

/// The payload of the first attribute of a type, empty if there is none.
///
/// The bindings would truncate INFO to a `tcp_info` of one fixed size.
fn attribute(mut attributes: &[u8], wanted: u16) -> &[u8] {
    while let [l0, l1, t0, t1, ..] = *attributes {
        let len = usize::from(u16::from_ne_bytes([l0, l1]));
        let Some(payload) = attributes.get(4..len) else {
            break;
        };
        if u16::from_ne_bytes([t0, t1]) == wanted {
            return payload;
        }
        attributes = attributes.get(len.next_multiple_of(4)..).unwrap_or(&[]);
    }
    &[]
}

/// The sizes of the structures, from a listener that `sock_diag` shows.
pub(super) fn sizes(sock_diag: &mut SockDiag) -> Result<Sizes, String> {
    netlink_available()?;
    let listener = mptcp(Domain::IPV4).map_err(during("socket"))?;
    listener.bind(&Addresses::V4.origin().into()).map_err(during("bind"))?;
    listener.listen(1).map_err(during("listen"))?;
    let inode = inode(&listener).map_err(during("fstat"))?;
    let size = |seen: io::Result<Vec<Record>>, module| {
        // A kernel without the module answers ENOENT.
        let absent = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
        let seen = match seen {
            Err(error) if !absent(&error) => return Err(format!("sock_diag: {error}")),
            seen => seen.unwrap_or_default(),
        };
        let shown = seen.iter().find(|seen| seen.inode == inode && !seen.info.is_empty());
        shown.map(|seen| seen.info.len()).ok_or_else(|| {
            format!("sock_diag does not show MPTCP sockets: the kernel needs {module}, built in or as a loaded module")
        })
    };
    Ok(Sizes {
        tcp_info: size(sock_diag.tcp(), "CONFIG_INET_DIAG (inet_diag, tcp_diag)")?,
        mptcp_info: size(sock_diag.mptcp(), "CONFIG_INET_MPTCP_DIAG (mptcp_diag)")?,
    })
}

/// The established subflows of the MPTCP socket with an inode.
pub(super) fn subflows(seen: &[Record], inode: u32) -> impl Iterator<Item = &Record> {
    seen.iter().filter(move |seen| seen.inode == inode && seen.state == TCP_ESTABLISHED)
}
