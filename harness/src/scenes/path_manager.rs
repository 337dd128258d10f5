//! Path managers: the kernel's own, and the harness's through `mptcp_pm` netlink.
//!
//! With `net.mptcp.path_manager` = `userspace` (before 6.15 `net.mptcp.pm_type` = 1) the kernel
//! makes no subflow by itself. `SUBFLOW_CREATE` makes one at a time, so the builder determines
//! their number and order.

use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use mptcp_emulator::SocketBehavior;
use netlink_bindings::mptcp_pm::{PushAddress, Request};
use netlink_bindings::traits::NetlinkRequest;
use netlink_bindings::utils::Pusher;
use netlink_bindings::{nlctrl, rt_link, rt_route};
use netlink_socket2::{MulticastSocketRaw, NetlinkSocket};

use super::catalogue::Limits;
use super::system::{explain, read_sysctl, write_sysctl};

/// The multicast group of events (`MPTCP_PM_EV_GRP_NAME`).
const EVENTS: &[u8] = b"mptcp_pm_events";
/// `MPTCP_PM_ADDR_FLAG_SIGNAL`: announce this endpoint.
const ENDPOINT_SIGNAL: u32 = 1 << 0;
/// `MPTCP_PM_ADDR_FLAG_SUBFLOW`: make a subflow from this endpoint.
pub(super) const ENDPOINT_SUBFLOW: u32 = 1 << 1;
/// `MPTCP_PM_ADDR_FLAG_BACKUP`.
pub(super) const BACKUP: u32 = 1 << 2;
/// The loopback interface of a fresh network namespace.
const LOOPBACK: u32 = 1;

/// Which path manager decides about the subflows of new sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manager {
    Kernel,
    Userspace,
}

/// Selects the path manager of new sockets in this namespace.
pub(super) fn choose(manager: Manager) -> io::Result<()> {
    let (name, number) = match manager {
        Manager::Kernel => ("kernel", "0"),
        Manager::Userspace => ("userspace", "1"),
    };
    write_sysctl("net/mptcp/path_manager", name)
        .or_else(|_| write_sysctl("net/mptcp/pm_type", number))
}

/// What a new MPTCP socket takes from its namespace, as `struct mptcp_info` reports it: the limits
/// of the in-kernel path manager, the number of its endpoints of each kind, and whether checksums
/// are on. [`SocketBehavior::userspace_limits`] is whether limits and counts are filled in with the
/// userspace path manager.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Defaults {
    pub subflows_max: u8,
    pub add_addr_signal_max: u8,
    pub add_addr_accepted_max: u8,
    pub local_addr_max: u8,
    pub checksums: u8,
}

impl Defaults {
    /// The fields that only the in-kernel path manager has, by name.
    pub fn limits(&self) -> [(&'static str, u8); 4] {
        let [subflows, signal, accepted, local] = Limits::FIELDS;
        [
            (subflows, self.subflows_max),
            (signal, self.add_addr_signal_max),
            (accepted, self.add_addr_accepted_max),
            (local, self.local_addr_max),
        ]
    }
}

/// The netlink sockets for path management and for addresses.
pub(super) struct PathManager {
    netlink: NetlinkSocket,
    /// Kept open, never read. A server with the userspace path manager refuses joins if no process
    /// listens to the events.
    _events: Option<MulticastSocketRaw>,
}

impl PathManager {
    /// Without a listener for events: enough for addresses and endpoints.
    pub fn new() -> PathManager {
        PathManager { netlink: NetlinkSocket::new(), _events: None }
    }

    /// Opens the listener that lets userspace-managed servers accept joins.
    pub fn listen(&mut self) -> io::Result<()> {
        if self._events.is_none() {
            let mut socket = MulticastSocketRaw::new(nlctrl::PROTONUM)?;
            socket.listen(self.events_group()?)?;
            self._events = Some(socket);
        }
        Ok(())
    }

    fn events_group(&mut self) -> io::Result<u32> {
        let mut request = nlctrl::Request::new().op_getfamily_do();
        request.encode().push_family_name_bytes(b"mptcp_pm");
        let mut reply = self.netlink.request(&request)?;
        while let Some(attributes) = reply.recv() {
            let attributes = attributes.map_err(explain)?;
            for group in attributes.get_mcast_groups().map_err(io::Error::other)? {
                if group.get_name().is_ok_and(|name| name.to_bytes() == EVENTS) {
                    return group.get_id().map_err(io::Error::other);
                }
            }
        }
        Err(io::Error::other("the mptcp_pm family has no events group"))
    }

    /// `SUBFLOW_CREATE` on the connection with this local token.
    pub fn join(
        &mut self,
        token: u32,
        id: u8,
        local: IpAddr,
        remote: SocketAddr,
        flags: u32,
    ) -> io::Result<()> {
        let mut request = Request::new().op_subflow_create_do();
        let local = address(request.encode().push_token(token).nested_addr(), local).push_id(id);
        if flags == 0 {
            local
        } else {
            local.push_flags(flags)
        };
        // The nested attributes are closed on drop.
        address(request.encode().nested_addr_remote(), remote.ip()).push_port(remote.port());
        self.acknowledged(&request)
    }

    /// `SUBFLOW_DESTROY` of the subflow between two addresses.
    pub fn remove(&mut self, token: u32, local: SocketAddr, remote: SocketAddr) -> io::Result<()> {
        let mut request = Request::new().op_subflow_destroy_do();
        address(request.encode().push_token(token).nested_addr(), local.ip())
            .push_port(local.port());
        address(request.encode().nested_addr_remote(), remote.ip()).push_port(remote.port());
        self.acknowledged(&request)
    }

    /// `REMOVE` of the address with an id.
    pub fn remove_address(&mut self, token: u32, id: u8) -> io::Result<()> {
        let mut request = Request::new().op_remove_do();
        request.encode().push_token(token).push_loc_id(id);
        self.acknowledged(&request)
    }

    /// Limits of the in-kernel path manager for this namespace.
    pub fn set_limits(&mut self, accepted: u32, subflows: u32) -> io::Result<()> {
        let mut request = Request::new().op_set_limits_do();
        request.encode().push_rcv_add_addrs(accepted).push_subflows(subflows);
        self.acknowledged(&request)
    }

    /// An endpoint of the in-kernel path manager, from which it makes a subflow.
    pub fn add_endpoint(&mut self, id: u8, ip: IpAddr, flags: u32) -> io::Result<()> {
        let mut request = Request::new().op_add_addr_do();
        address(request.encode().nested_addr(), ip).push_id(id).push_flags(flags);
        self.acknowledged(&request)
    }

    /// What a new MPTCP socket takes from its namespace, on a kernel whose sockets behave like
    /// this.
    pub fn defaults(&mut self, holding: &SocketBehavior) -> io::Result<Defaults> {
        let checksums =
            read_sysctl("net/mptcp/checksum_enabled").is_some_and(|value| value == "1").into();
        let mut defaults = Defaults { checksums, ..Defaults::default() };
        let userspace = match read_sysctl("net/mptcp/path_manager") {
            Some(name) => name == "userspace",
            None => read_sysctl("net/mptcp/pm_type").is_some_and(|number| number == "1"),
        };
        if userspace && !holding.userspace_limits {
            return Ok(defaults);
        }
        let request = Request::new().op_get_limits_do();
        let mut reply = self.netlink.request(&request)?;
        while let Some(attributes) = reply.recv() {
            let attributes = attributes.map_err(explain)?;
            let limit = |value: Result<u32, _>| value.map_or(0, |value| value as u8);
            defaults.subflows_max = limit(attributes.get_subflows());
            defaults.add_addr_accepted_max = limit(attributes.get_rcv_add_addrs());
        }
        let request = Request::new().op_get_addr_dump();
        let mut reply = self.netlink.request(&request)?;
        while let Some(attributes) = reply.recv() {
            let attributes = attributes.map_err(explain)?;
            let flags = attributes.get_addr().and_then(|address| address.get_flags()).unwrap_or(0);
            defaults.add_addr_signal_max += u8::from(flags & ENDPOINT_SIGNAL != 0);
            defaults.local_addr_max += u8::from(flags & ENDPOINT_SUBFLOW != 0);
        }
        Ok(defaults)
    }

    /// Brings the loopback interface up.
    pub fn loopback_up(&mut self) -> io::Result<()> {
        let up = libc::IFF_UP as u32;
        let header = rt_link::Ifinfomsg {
            ifi_index: LOOPBACK as i32,
            ifi_flags: up,
            ifi_change: up,
            ..Default::default()
        };
        self.acknowledged(&rt_link::Request::new().op_setlink_do(&header))
    }

    /// Makes every address of an IPv6 network local, at once. With `net.ipv6.ip_nonlocal_bind`,
    /// sockets can be bound to any of them. (An address that is added to the interface works only
    /// some time after the kernel's reply. A SYN from it in the meantime is lost, and retransmitted
    /// after a second.)
    pub fn own_network(&mut self, ip: Ipv6Addr, prefix: u8) -> io::Result<()> {
        let header = rt_route::Rtmsg {
            rtm_family: libc::AF_INET6 as u8,
            rtm_dst_len: prefix,
            rtm_table: libc::RT_TABLE_LOCAL,
            rtm_scope: libc::RT_SCOPE_HOST,
            rtm_type: libc::RTN_LOCAL,
            ..Default::default()
        };
        let mut request = rt_route::Request::new().set_create().op_newroute_do(&header);
        request.encode().push_dst(ip.into()).push_oif(LOOPBACK);
        self.acknowledged(&request)
    }

    fn acknowledged<R: NetlinkRequest>(&mut self, request: &R) -> io::Result<()> {
        self.netlink.request(request)?.recv_ack().map_err(explain)
    }
}

fn address<P: Pusher>(to: PushAddress<P>, ip: IpAddr) -> PushAddress<P> {
    match ip {
        IpAddr::V4(v4) => to.push_family(libc::AF_INET as u16).push_addr4(v4.to_bits()),
        IpAddr::V6(v6) => to.push_family(libc::AF_INET6 as u16).push_addr6(&v6.octets()),
    }
}
