//! File systems that the first process of a machine mounts, and notes for the host
//! about those that are missing: scenes that need them do not come up.

use std::io::Write;
use std::path::Path;

use nix::mount::{MsFlags, mount};

/// A file system that the first process mounts.
pub(crate) struct Mount {
    kind: &'static str,
    at: &'static str,
    /// Whether nothing can run without it.
    is_vital: bool,
    /// What the kernel lacks where there is no such file system, and what is missing
    /// then.
    option: &'static str,
}

impl Mount {
    /// Mounts it.
    pub(crate) fn system(&self) -> nix::Result<()> {
        mount(Some(self.kind), self.at, Some(self.kind), MsFlags::empty(), None::<&str>)
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

/// Mounts file systems with `mount`. Those that are missing are noted in the report,
/// and so is a kernel without `tunables`, the folder /proc/sys/kernel.
///
/// # Errors
/// One that is vital cannot be mounted.
pub(crate) fn mount_all(
    report: &mut impl Write,
    mount: impl Fn(&Mount) -> nix::Result<()>,
    tunables: &Path,
) -> Result<(), String> {
    for wanted in &MOUNTS {
        let Err(error) = mount(wanted) else { continue };
        let mut text = format!("mounting {}: {error}", wanted.at);
        if error == nix::Error::ENODEV {
            text.push_str(&format!(" (the kernel lacks {})", wanted.option));
        }
        if wanted.is_vital {
            return Err(text);
        }
        let _ = writeln!(report, "{text}");
    }
    if !tunables.is_dir() {
        let _ = writeln!(
            report,
            "/proc/sys is missing (the kernel lacks CONFIG_SYSCTL, before 7.3 \
             CONFIG_PROC_SYSCTL): scenes that set a tunable do not come up, and an oops ends \
             the machine"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is noted where mounting some file systems fails, and the error.
    fn mounted(missing: &[(&str, nix::Error)], proc_sys: &str) -> (String, Result<(), String>) {
        let mut report = Vec::new();
        let mount = |wanted: &Mount| {
            let error = missing.iter().find(|(at, _)| *at == wanted.at);
            error.map_or(Ok(()), |(_, error)| Err(*error))
        };
        let done = mount_all(&mut report, mount, Path::new(proc_sys));
        (String::from_utf8(report).unwrap(), done)
    }

    #[test]
    fn a_mount_that_fails_reaches_the_report() {
        assert_eq!(mounted(&[], "/"), (String::new(), Ok(())));
        let (notes, done) = mounted(&[("/sys", nix::Error::ENODEV)], "/");
        assert_eq!(done, Ok(()));
        assert!(notes.starts_with("mounting /sys: ENODEV"), "{notes}");
        assert!(notes.contains("CONFIG_SYSFS"), "{notes}");
        let (_, done) = mounted(&[("/proc", nix::Error::EPERM)], "/");
        assert_eq!(done, Err("mounting /proc: EPERM: Operation not permitted".into()));
    }

    #[test]
    fn a_kernel_without_sysctl_is_noted() {
        let (notes, done) = mounted(&[], "/no/such/folder");
        assert_eq!(done, Ok(()));
        // A line that begins with one of the report's words would be no note.
        let told = crate::machine::Told::read(notes.as_bytes());
        assert_eq!(told.notes.len(), 1);
        assert!(told.notes[0].starts_with("/proc/sys is missing"), "{notes}");
    }
}
