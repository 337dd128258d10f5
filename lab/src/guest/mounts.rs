//! The file systems that the first process of a machine mounts.

use std::io;
use std::path::Path;

use rustix::io::Errno;
use rustix::mount::MountFlags;

/// The file systems: the type, the mount point, and the option that a kernel needs for it. Without
/// the first one nothing can run.
const MOUNTS: [(&str, &str, &str); 2] = [
    ("proc", "/proc", "CONFIG_PROC_FS; this program cannot run without it"),
    ("sysfs", "/sys", "CONFIG_SYSFS; programs that read /sys do not find it"),
];

/// Mounts a file system of a type.
pub(super) fn mount(kind: &str, at: &str) -> io::Result<()> {
    Ok(rustix::mount::mount(kind, at, kind, MountFlags::empty(), None)?)
}

/// Mounts all file systems with `mount`. Returns notes on missing ones, and on a kernel without
/// `tunables`, the folder /proc/sys/kernel.
///
/// # Errors
/// If the first one cannot be mounted.
pub(super) fn mount_all(
    mount: impl Fn(&str, &str) -> io::Result<()>,
    tunables: &Path,
) -> Result<Vec<String>, String> {
    let mut notes = Vec::new();
    for (kind, at, option) in MOUNTS {
        let Err(error) = mount(kind, at) else { continue };
        let mut text = format!("mounting {at}: {error}");
        if Errno::from_io_error(&error) == Some(Errno::NODEV) {
            text.push_str(&format!(" (the kernel lacks {option})"));
        }
        if kind == "proc" {
            return Err(text);
        }
        notes.push(text);
    }
    if !tunables.is_dir() {
        let text = "/proc/sys is missing (the kernel lacks CONFIG_SYSCTL, before 7.3 \
                    CONFIG_PROC_SYSCTL): scenes that set a tunable do not come up, and an oops \
                    ends the machine";
        notes.push(text.to_owned());
    }
    Ok(notes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The notes if some file systems cannot be mounted, or the error.
    fn mounted(missing: &[(&str, Errno)], tunables: &str) -> Result<Vec<String>, String> {
        let mount = |_: &str, wanted: &str| {
            let error = missing.iter().find(|(at, _)| *at == wanted);
            error.map_or(Ok(()), |(_, error)| Err((*error).into()))
        };
        mount_all(mount, Path::new(tunables))
    }

    #[test]
    fn a_mount_that_fails_is_noted_or_is_an_error() {
        assert_eq!(mounted(&[], "/"), Ok(vec![]));
        let notes = mounted(&[("/sys", Errno::NODEV)], "/").unwrap();
        assert_eq!(notes.len(), 1);
        assert!(notes[0].starts_with("mounting /sys: No such device"), "{notes:?}");
        assert!(notes[0].contains("CONFIG_SYSFS"), "{notes:?}");
        let error = mounted(&[("/proc", Errno::PERM)], "/").unwrap_err();
        assert!(error.starts_with("mounting /proc: Operation not permitted"), "{error}");
    }

    #[test]
    fn a_kernel_without_sysctl_is_noted() {
        let notes = mounted(&[], "/no/such/folder").unwrap();
        assert_eq!(notes.len(), 1);
        assert!(notes[0].starts_with("/proc/sys is missing"), "{notes:?}");
    }
}
