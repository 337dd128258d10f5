//! A private user and network namespace, so that scenes need no privilege and
//! leave no trace: when the process dies, however it dies, all of it is gone.

use std::{fs, io};

use rustix::io::Errno;
use rustix::process::{getegid, geteuid};
use rustix::thread::UnshareFlags;

use super::path_manager::PathManager;
use super::system::{IPPROTO_MPTCP, is_set_to, netlink_available, write_sysctl};

/// Where the scenes stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Enclosure {
    /// In a network namespace of this process's own, with every right in it.
    Private,
    /// On the host's loopback, because the namespace was denied. Only scenes
    /// that need no privilege can be made, and they must change nothing. (Should
    /// the namespace exist and its loopback be down, `why` states so, and no
    /// connection can be made at all. Should it exist without a `/proc/sys` that can
    /// be written, the same scenes can be made in it as on the host.)
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
    // Without netlink a namespace is an empty one, and there is no way back from it.
    netlink_available()?;
    // Read before the namespace hides them.
    let (uid, gid) = (geteuid().as_raw(), getegid().as_raw());
    if let Err(denied) = unshare(UnshareFlags::NEWUSER | UnshareFlags::NEWNET) {
        // The superuser of a kernel without user namespaces needs only the other.
        unshare(UnshareFlags::NEWNET).map_err(|_| denial(denied))?;
    } else {
        // Each id mapped to itself, so that files look as they did. Without the maps
        // (no /proc, or AppArmor refuses the write) the process has the overflow ids,
        // and the scenes are the same: no reason to fail.
        let _ = fs::write("/proc/self/setgroups", "deny");
        let _ = fs::write("/proc/self/uid_map", format!("{uid} {uid} 1"));
        let _ = fs::write("/proc/self/gid_map", format!("{gid} {gid} 1"));
    }
    PathManager::new().loopback_up().map_err(stranded)?;
    sysctls_writable()?;
    for (name, value) in SYSCTLS {
        // Those that this kernel does not have are missing on purpose.
        let _ = write_sysctl(name, value);
    }
    Ok(())
}

#[expect(deprecated, reason = "unsafe for other flags: files of this process stay shared")]
fn unshare(flags: UnshareFlags) -> Result<(), Errno> {
    rustix::thread::unshare(flags)
}

/// The way back is closed: without privilege nobody re-enters the host's
/// namespace, so that even scenes for which loopback is enough fail.
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

/// Why AppArmor is in the way and what to do: with this sysctl a process without
/// privilege gets its user namespace, and no right in it.
const APPARMOR: &str = "AppArmor restricts unprivileged user namespaces: set \
                        kernel.apparmor_restrict_unprivileged_userns to 0 with sysctl, or run \
                        as root";

/// Confirms that `/proc/sys` is there and can be written: by it the path manager is
/// chosen, without which there is no connection of a known number of subflows.
fn sysctls_writable() -> Result<(), String> {
    // Every network namespace has it, with or without MPTCP.
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

/// Whether MPTCP sockets can be made here, and if not, why.
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
