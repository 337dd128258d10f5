//! The file systems that the first process of a machine mounts.

use std::io;
use std::path::Path;

use rustix::io::Errno;
use rustix::mount::{MountFlags, mount};

/// A file system that the first process mounts.
pub(super) struct Mount {
    kind: &'static str,
    at: &'static str,
    /// Whether nothing can run without it.
    is_vital: bool,
    /// The option that a kernel without it lacks, and what is missing then.
    option: &'static str,
}

impl Mount {
    /// Mounts it.
    pub(super) fn mount(&self) -> io::Result<()> {
        Ok(mount(self.kind, self.at, self.kind, MountFlags::empty(), None)?)
    }
}

const MOUNTS: [Mount; 2] = [
    Mount {
        kind: "proc",
        at: "/proc",
        is_vital: true,
        option: "CONFIG_PROC_FS; this program cannot run without it",
    },
    Mount {
        kind: "sysfs",
        at: "/sys",
        is_vital: false,
        option: "CONFIG_SYSFS; programs that read /sys do not find it",
    },
];

/// Mounts file systems with `mount`: notes on those that are missing, and on a kernel without
/// `tunables`, the folder /proc/sys/kernel.
///
/// # Errors
/// One that is vital cannot be mounted.
pub(super) fn mount_all(
    mount: impl Fn(&Mount) -> io::Result<()>,
    tunables: &Path,
) -> Result<Vec<String>, String> {
    let mut notes = Vec::new();
    for wanted in &MOUNTS {
        let Err(error) = mount(wanted) else { continue };
        let mut text = format!("mounting {}: {error}", wanted.at);
        if Errno::from_io_error(&error) == Some(Errno::NODEV) {
            text.push_str(&format!(" (the kernel lacks {})", wanted.option));
        }
        if wanted.is_vital {
            return Err(text);
        }
        notes.push(text);
    }
    if !tunables.is_dir() {
        notes.push(
            "/proc/sys is missing (the kernel lacks CONFIG_SYSCTL, before 7.3 \
             CONFIG_PROC_SYSCTL): scenes that set a tunable do not come up, and an oops ends \
             the machine"
                .to_owned(),
        );
    }
    Ok(notes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The notes where mounting some file systems fails, or the error.
    fn mounted(missing: &[(&str, Errno)], tunables: &str) -> Result<Vec<String>, String> {
        let mount = |wanted: &Mount| {
            let error = missing.iter().find(|(at, _)| *at == wanted.at);
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
