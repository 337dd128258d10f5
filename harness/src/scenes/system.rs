//! Access to the system for the modules of this folder.

use std::{fs, io};

use mptcp_limits::{Need, Resource};
use netlink_socket2::ReplyError;
use rustix::net::{AddressFamily, SocketType, socket};

/// Puts a step's name before its error.
pub(super) fn during<E: std::fmt::Display>(step: &str) -> impl Fn(E) -> String {
    move |error| format!("{step}: {error}")
}

/// Confirms that netlink sockets can be opened. One brings loopback up, another queries
/// `sock_diag`.
///
/// The netlink library reports every failure to open one as `EPERM`; this returns the kernel's own
/// error.
pub(super) fn netlink_available() -> Result<(), String> {
    // NETLINK_ROUTE is protocol 0.
    let opened = socket(AddressFamily::NETLINK, SocketType::RAW, None);
    let need = Need {
        operation: "socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE)",
        resource: Resource::Call,
        amount: 1,
        without: "Without netlink there is no private namespace and no sock_diag, so that only \
                  the scenes without MPTCP exist",
        instead: "",
    };
    opened.map(drop).map_err(|errno| need.refused(&errno.into()))
}

/// Whether a sysctl has a value.
pub(super) fn is_set_to(path: &str, value: &str) -> bool {
    read_sysctl(path).is_some_and(|now| now == value)
}

/// Reads a sysctl by its path below `/proc/sys`; `None` if it is missing.
pub(super) fn read_sysctl(path: &str) -> Option<String> {
    Some(fs::read_to_string(format!("/proc/sys/{path}")).ok()?.trim().to_owned())
}

/// Writes a sysctl by its path below `/proc/sys`.
pub(super) fn write_sysctl(path: &str, value: &str) -> io::Result<()> {
    // Not fs::write: a missing sysctl is an error, and must not be created as a file.
    let mut file = fs::OpenOptions::new().write(true).open(format!("/proc/sys/{path}"))?;
    io::Write::write_all(&mut file, value.as_bytes())
}

/// `IPPROTO_MPTCP`.
pub(super) const IPPROTO_MPTCP: u32 = 262;

/// `TCP_ESTABLISHED`, a value of `idiag_state` and of `tcpi_state`.
pub(super) const TCP_ESTABLISHED: u8 = 1;

/// A netlink error with the kernel's own message (its extended acknowledgement).
pub(super) fn explain(error: ReplyError) -> io::Error {
    io::Error::new(error.as_io_error().kind(), error.to_string())
}
