//! A private user and network namespace, so that scenes need no privilege and
//! leave no trace: when the process dies, however it dies, all of it is gone.

use std::{fs, io};

use nix::sched::{CloneFlags, unshare};
use rustix::process::{getegid, geteuid};

use super::path_manager::PathManager;
use super::witness::IPPROTO_MPTCP;

/// Where the scenes stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Enclosure {
    /// In a network namespace of this process's own, with every right in it.
    Private,
    /// On the host's loopback, because the namespace was denied. Only scenes
    /// that need no privilege can be made, and they must change nothing. (Should
    /// the namespace be there and its loopback not, `why` says so, and no
    /// connection can be made at all.)
    Host {
        /// What was denied, why, and what would allow it.
        why: String,
    },
}

/// Why no MPTCP socket can be made here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoMptcp {
    /// What the kernel answered.
    pub what: String,
    /// What would help.
    pub advice: &'static str,
}

/// Moves this process into a private namespace, with loopback up and the
/// sysctls on which scenes depend set to known values.
///
/// Call it once, before any thread is started: a process with several threads
/// may not enter a user namespace, and a network namespace is entered by the
/// calling thread alone and inherited only by the threads that it starts.
pub fn enter() -> Enclosure {
    match unshare_and_prepare() {
        Ok(()) => Enclosure::Private,
        Err(why) => Enclosure::Host { why },
    }
}

fn unshare_and_prepare() -> Result<(), String> {
    // Read before the namespace hides them.
    let (uid, gid) = (geteuid().as_raw(), getegid().as_raw());
    let user = CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNET;
    if let Err(denied) = unshare(user) {
        // The superuser of a kernel without user namespaces needs only the other.
        unshare(CloneFlags::CLONE_NEWNET).map_err(|_| denial(denied))?;
    } else {
        // Each id mapped to itself, so that files look as they did. Without the
        // maps all still works, with the overflow ids: not worth failing for.
        let _ = fs::write("/proc/self/setgroups", "deny");
        let _ = fs::write("/proc/self/uid_map", format!("{uid} {uid} 1"));
        let _ = fs::write("/proc/self/gid_map", format!("{gid} {gid} 1"));
    }
    PathManager::new().loopback_up().map_err(stranded)?;
    for (name, value) in SYSCTLS {
        // Those that this kernel does not have are missing on purpose.
        let _ = write_sysctl(name, value);
    }
    Ok(())
}

/// The way back is closed: without privilege nobody re-enters the host's
/// namespace, so that even scenes for which loopback is enough fail.
fn stranded(error: io::Error) -> String {
    format!(
        "this process is in an empty network namespace, not on the host: unshare worked, but \
         loopback cannot be brought up ({error}); a security policy may \
         forbid NETLINK_ROUTE"
    )
}

/// What a namespace's defaults may have been compiled or configured otherwise.
const SYSCTLS: [(&str, &str); 8] = [
    ("net/mptcp/enabled", "1"),
    ("net/mptcp/checksum_enabled", "0"),
    ("net/mptcp/allow_join_initial_addr_port", "1"),
    ("net/mptcp/scheduler", "default"),
    ("net/ipv6/ip_nonlocal_bind", "1"),
    // A connection attempt that is looked at for long must not fall back.
    ("net/mptcp/syn_retrans_before_tcp_fallback", "255"),
    ("net/ipv4/tcp_syn_linear_timeouts", "0"),
    // Routes and metrics remembered from one connection would colour the next.
    ("net/ipv4/tcp_no_metrics_save", "1"),
];

fn denial(error: nix::Error) -> String {
    let set_to = |path, value: &str| read_sysctl(path).is_some_and(|now| now == value);
    let reason =
        if set_to("user/max_user_namespaces", "0") || set_to("user/max_net_namespaces", "0") {
            "user.max_user_namespaces or user.max_net_namespaces is 0: raise it with sysctl"
        } else if set_to("kernel/unprivileged_userns_clone", "0") {
            "kernel.unprivileged_userns_clone is 0: set it to 1 with sysctl, or run as root"
        } else if set_to("kernel/apparmor_restrict_unprivileged_userns", "1") {
            "AppArmor restricts unprivileged user namespaces: set \
         kernel.apparmor_restrict_unprivileged_userns to 0 with sysctl, or run as root"
        } else {
            match error {
                nix::Error::EPERM => {
                    "a security policy (seccomp in a container, a security module) forbids it: \
                 run outside the container, or give it CAP_SYS_ADMIN"
                }
                nix::Error::ENOSPC | nix::Error::EUSERS => {
                    "too many namespaces exist or are nested: raise user.max_user_namespaces"
                }
                nix::Error::EINVAL => {
                    "the kernel lacks CONFIG_USER_NS or CONFIG_NET_NS, or this process already \
                 has threads: run as root, or enter before any thread starts"
                }
                _ => "run as root",
            }
        };
    format!("no private namespace: unshare answered {error} ({reason})")
}

/// Whether MPTCP sockets can be made here, and if not, why.
pub fn mptcp_available() -> Result<(), NoMptcp> {
    let Err(error) = super::sockets::mptcp(socket2::Domain::IPV4) else {
        return Ok(());
    };
    let advice = match error.raw_os_error() {
        Some(libc::EPROTONOSUPPORT) => {
            "this kernel is older than 5.6 or built without CONFIG_MPTCP: run another kernel"
        }
        Some(libc::ENOPROTOOPT) => "MPTCP is switched off: sysctl -w net.mptcp.enabled=1",
        _ => "a security policy may forbid protocol 262",
    };
    let what = format!("socket(AF_INET, SOCK_STREAM, {IPPROTO_MPTCP}) answered {error}");
    Err(NoMptcp { what, advice })
}

/// Reads a sysctl by its path below `/proc/sys`; `None` where there is none.
pub(super) fn read_sysctl(path: &str) -> Option<String> {
    Some(fs::read_to_string(format!("/proc/sys/{path}")).ok()?.trim().to_owned())
}

/// Writes a sysctl by its path below `/proc/sys`.
pub(super) fn write_sysctl(path: &str, value: &str) -> io::Result<()> {
    // Not fs::write: a missing sysctl is an error, not a file to be made.
    let mut file = fs::OpenOptions::new().write(true).open(format!("/proc/sys/{path}"))?;
    io::Write::write_all(&mut file, value.as_bytes())
}
