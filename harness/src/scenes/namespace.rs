//! A private user and network namespace. Scenes then need no privilege and leave no trace: the
//! namespace ends with the process.

use std::{fs, io};

use rustix::io::Errno;
use rustix::process::{getegid, geteuid};
use rustix::thread::UnshareFlags;

use super::path_manager::PathManager;
use super::system::{IPPROTO_MPTCP, is_set_to, netlink_available, write_sysctl};

/// Where the scenes are built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Enclosure {
    /// In a network namespace of this process, with all permissions.
    Private,
    /// On the host's loopback, because the namespace was denied. Only scenes that need no privilege
    /// can be built, and they must change nothing. (If the namespace exists but its loopback is
    /// down, `why` states so, and no connection is possible. If it exists without a writable
    /// `/proc/sys`, the same scenes can be built in it as on the host.)
    Host {
        /// What was denied, why, and what would allow it.
        why: String,
    },
}

/// Why no MPTCP socket can be created here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoMptcp {
    /// What the kernel answered.
    pub what: String,
    /// What would help.
    pub advice: &'static str,
}

/// Enters a private namespace, with loopback up and known values of the sysctls on which scenes
/// depend.
///
/// Call it once, before any thread is started. A process with several threads may not enter a user
/// namespace. Only the calling thread enters a network namespace, and the threads that it starts
/// inherit it.
pub fn enter() -> Enclosure {
    match unshare_and_prepare() {
        Ok(()) => Enclosure::Private,
        Err(why) => Enclosure::Host { why },
    }
}

fn unshare_and_prepare() -> Result<(), String> {
    // Without netlink a namespace is empty, and there is no way back from it.
    netlink_available()?;
    // Read first, because the namespace hides them.
    let (uid, gid) = (geteuid().as_raw(), getegid().as_raw());
    if let Err(denied) = unshare(UnshareFlags::NEWUSER | UnshareFlags::NEWNET) {
        // The superuser of a kernel without user namespaces needs only a network namespace.
        unshare(UnshareFlags::NEWNET).map_err(|_| denial(denied))?;
    } else {
        // Each id is mapped to itself, so that files keep their owners. Without the maps (no /proc,
        // or AppArmor refuses the write) the process has the overflow ids. The scenes are the same,
        // so this is not a failure.
        let _ = fs::write("/proc/self/setgroups", "deny");
        let _ = fs::write("/proc/self/uid_map", format!("{uid} {uid} 1"));
        let _ = fs::write("/proc/self/gid_map", format!("{gid} {gid} 1"));
    }
    PathManager::new().loopback_up().map_err(stranded)?;
    sysctls_writable()?;
    for (name, value) in SYSCTLS {
        // Sysctls that this kernel does not have are expected to be missing.
        let _ = write_sysctl(name, value);
    }
    Ok(())
}

#[expect(deprecated, reason = "unsafe for other flags: files of this process stay shared")]
fn unshare(flags: UnshareFlags) -> Result<(), Errno> {
    rustix::thread::unshare(flags)
}

/// There is no way back: an unprivileged process cannot enter the host's namespace again. Scenes
/// that only need loopback fail as well.
fn stranded(error: io::Error) -> String {
    let reason = if is_set_to("kernel/apparmor_restrict_unprivileged_userns", "1") {
        APPARMOR
    } else {
        "a security policy may forbid NETLINK_ROUTE: run outside of the container, or as root"
    };
    format!(
        "this process is in an empty network namespace, not on the host: unshare worked, but \
         loopback cannot be brought up ({error}); {reason}"
    )
}

/// How AppArmor prevents this and what to do: with this sysctl an unprivileged process gets its
/// user namespace, but no permissions in it.
const APPARMOR: &str = "AppArmor restricts unprivileged user namespaces: set \
                        kernel.apparmor_restrict_unprivileged_userns to 0 with sysctl, or run \
                        as root";

/// Confirms that `/proc/sys` is present and writable. It selects the path manager, without which no
/// connection has a known number of subflows.
fn sysctls_writable() -> Result<(), String> {
    // Every network namespace has this one, with or without MPTCP.
    const ANY: &str = "net/ipv4/ip_forward";
    let opened = fs::OpenOptions::new().write(true).open(format!("/proc/sys/{ANY}"));
    let Err(error) = opened else {
        return Ok(());
    };
    let advice = match error.kind() {
        io::ErrorKind::NotFound => "mount it (mount -t proc proc /proc), with nothing over it",
        _ => "mount it writable, or run outside of the container",
    };
    Err(format!(
        "no path manager can be chosen: opening /proc/sys/{ANY} for writing: {error}. Scenes of \
         two subflows and more and those that take a sysctl need /proc/sys. To do: {advice}"
    ))
}

/// Sysctls whose defaults may have been compiled or configured differently.
const SYSCTLS: [(&str, &str); 8] = [
    ("net/mptcp/enabled", "1"),
    ("net/mptcp/checksum_enabled", "0"),
    ("net/mptcp/allow_join_initial_addr_port", "1"),
    ("net/mptcp/scheduler", "default"),
    ("net/ipv6/ip_nonlocal_bind", "1"),
    // A connection attempt that lasts long must not fall back.
    ("net/mptcp/syn_retrans_before_tcp_fallback", "255"),
    ("net/ipv4/tcp_syn_linear_timeouts", "0"),
    // Routes and metrics remembered from one connection would affect the next.
    ("net/ipv4/tcp_no_metrics_save", "1"),
];

/// The errors of unshare(2), by name.
const ERRORS: [(Errno, &str); 6] = [
    (Errno::PERM, "EPERM: "),
    (Errno::ACCESS, "EACCES: "),
    (Errno::NOSYS, "ENOSYS: "),
    (Errno::NOSPC, "ENOSPC: "),
    (Errno::USERS, "EUSERS: "),
    (Errno::INVAL, "EINVAL: "),
];

fn denial(error: Errno) -> String {
    let name = ERRORS.iter().find(|(known, _)| *known == error).map_or("", |(_, name)| name);
    let answer = format!("no private namespace: unshare answered {name}{error}");
    let reason = if is_set_to("user/max_user_namespaces", "0")
        || is_set_to("user/max_net_namespaces", "0")
    {
        "one user and one network namespace are needed, and user.max_user_namespaces or \
             user.max_net_namespaces is 0: raise it with sysctl"
    } else if is_set_to("kernel/unprivileged_userns_clone", "0") {
        "kernel.unprivileged_userns_clone is 0: set it to 1 with sysctl, or run as root"
    } else if is_set_to("kernel/apparmor_restrict_unprivileged_userns", "1") {
        APPARMOR
    } else {
        match error {
            Errno::PERM | Errno::ACCESS | Errno::NOSYS => {
                let filter = mptcp_limits::filter();
                return format!(
                    "{answer} ({filter}: run outside of the container, or give it CAP_SYS_ADMIN)"
                );
            }
            Errno::NOSPC | Errno::USERS => {
                "too many namespaces exist or are nested: raise user.max_user_namespaces"
            }
            Errno::INVAL => {
                "the kernel lacks CONFIG_USER_NS or CONFIG_NET_NS, or this process already \
                 has threads: run as root, or enter before any thread starts"
            }
            _ => "run as root",
        }
    };
    format!("{answer} ({reason})")
}

/// Whether MPTCP sockets can be created here, and if not, why.
pub fn mptcp_available() -> Result<(), NoMptcp> {
    let Err(error) = super::sockets::mptcp(socket2::Domain::IPV4) else {
        return Ok(());
    };
    let advice = match error.raw_os_error() {
        Some(libc::EPROTONOSUPPORT) => {
            "this kernel is built without CONFIG_MPTCP: run another kernel"
        }
        // The number is above the largest protocol of such a kernel.
        Some(libc::EINVAL) => "this kernel is older than 5.6: run another kernel",
        Some(libc::ENOPROTOOPT) => "MPTCP is switched off: sysctl -w net.mptcp.enabled=1",
        Some(libc::EPERM | libc::EACCES | libc::ENOSYS) => {
            "a seccomp filter or a security module forbids protocol 262: run outside of the \
             container, or allow it in its profile"
        }
        Some(libc::EMFILE | libc::ENFILE) => {
            "no descriptor is free: raise the limit, ulimit -n 1024"
        }
        _ => "the kernel could not make the socket: see the error",
    };
    let what = format!("socket(AF_INET, SOCK_STREAM, {IPPROTO_MPTCP}) answered {error}");
    Err(NoMptcp { what, advice })
}
