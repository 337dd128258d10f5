//! Whether compat calls can be made.

use std::sync::OnceLock;

use crate::run::raw;

/// Why compat calls cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoCompat {
    /// This is not an x86-64 machine.
    Architecture,
    /// The kernel does not answer them.
    Kernel,
    /// The child process that tries a call could not be started.
    Child,
    /// The street has no alias below 4 GiB.
    Memory,
}

impl NoCompat {
    /// A clause for a report: what is missing, and what to do.
    pub fn text(self) -> &'static str {
        match self {
            NoCompat::Architecture => {
                "the calls of 32-bit programs are made on x86-64 alone (by int $0x80)"
            }
            NoCompat::Kernel => {
                "the kernel does not take the calls of 32-bit programs: that needs \
                 CONFIG_IA32_EMULATION, and ia32_emulation=on on its command line where \
                 they are off by default"
            }
            NoCompat::Child => {
                "whether the kernel takes the calls of 32-bit programs is asked by a child \
                 process, and none could be started: RLIMIT_NPROC (ulimit -u), pids.max of the \
                 control group or a seccomp filter is in the way"
            }
            NoCompat::Memory => {
                "a 32-bit program's memory could not be mapped below 4 GiB: something else \
                 is there, or a limit (ulimit -v) is in the way"
            }
        }
    }
}

/// Whether the kernel answers such calls. A child makes one, once in a process.
///
/// # Errors
/// What is missing.
pub fn available() -> Result<(), NoCompat> {
    static ANSWERED: OnceLock<Option<bool>> = OnceLock::new();
    if cfg!(not(target_arch = "x86_64")) {
        return Err(NoCompat::Architecture);
    }
    match *ANSWERED.get_or_init(raw::is_answered) {
        Some(true) => Ok(()),
        Some(false) => Err(NoCompat::Kernel),
        None => Err(NoCompat::Child),
    }
}
