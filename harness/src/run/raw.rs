//! Makes the call under test.
//!
//! It uses `libc::syscall` instead of `libc::getsockopt`. AddressSanitizer wraps the latter and
//! reads shadow memory for the pointers, so an invalid one crashes the fuzzer itself.
//!
//! A compat call is made by `int $0x80`, which a 64-bit process may use as well. The kernel then
//! takes the lower halves of the registers.
//!
//! This is one of the two files with unsafe code.
#![expect(unsafe_code, reason = "the call that is under test")]

use std::io;
use std::os::fd::RawFd;

use mptcp_emulator::{Call, Errno, abi};

use crate::cases::Entry;
use crate::memory::street::Street;

/// Makes the call. `street` is the memory that it may write to. At other addresses this process
/// must have nothing mapped, as [`crate::cases::Case::is_safe`] ensures. A compat call ends the
/// process if [`crate::run::compat::available`] reports that there is none.
///
/// # Errors
/// The kernel's error. If it returns something else than 0 or an error, that is its negative.
#[inline]
pub fn getsockopt(_street: &mut Street, fd: RawFd, entry: Entry, call: &Call) -> Result<(), Errno> {
    match entry {
        Entry::Native => native(fd, call),
        Entry::Compat => compat::getsockopt(fd, call),
    }
}

#[inline]
fn native(fd: RawFd, call: &Call) -> Result<(), Errno> {
    // SAFETY: the kernel writes to the street, which the caller has borrowed
    // mutably, or to addresses at which this process has nothing mapped.
    let status = unsafe {
        libc::syscall(
            libc::SYS_getsockopt,
            fd,
            abi::SOL_MPTCP,
            call.option,
            call.optval,
            call.optlen,
        )
    };
    match status {
        0 => Ok(()),
        -1 => Err(Errno(io::Error::last_os_error().raw_os_error().unwrap_or(0))),
        // No error number: the C library passes on what is not between -4095 and -1.
        other => Err(Errno(i32::try_from(other).unwrap_or(i32::MIN).wrapping_neg())),
    }
}

/// Whether compat calls are answered. A child makes the call, because it may end the process;
/// `None` if no child could be started.
pub(crate) use compat::is_answered;

#[cfg(target_arch = "x86_64")]
mod compat {
    use super::{Call, Errno, RawFd, abi};

    /// The number of `getsockopt` among the 32-bit system calls, since Linux 4.3.
    const GETSOCKOPT: i64 = 365;

    pub(super) fn getsockopt(fd: RawFd, call: &Call) -> Result<(), Errno> {
        match int80(fd, call) {
            0 => Ok(()),
            error => Err(Errno(error.wrapping_neg())),
        }
    }

    #[inline]
    fn int80(fd: RawFd, call: &Call) -> i32 {
        let mut result = GETSOCKOPT;
        // SAFETY: as for the native call. The first argument is in a register that the compiler
        // reserves, and which is restored afterwards. Kernels before 4.17 cleared r8 to r11.
        unsafe {
            std::arch::asm!(
                "xchg {fd:r}, rbx",
                "int 0x80",
                "xchg {fd:r}, rbx",
                fd = inout(reg) i64::from(fd) => _,
                inout("rax") result,
                in("rcx") i64::from(abi::SOL_MPTCP),
                in("rdx") i64::from(call.option),
                in("rsi") call.optval,
                in("rdi") call.optlen,
                out("r8") _,
                out("r9") _,
                out("r10") _,
                out("r11") _,
                options(nostack),
            );
        }
        // Of the result, too, only the lower half is valid.
        #[expect(clippy::cast_possible_truncation, reason = "that half is the result")]
        let result = result as i32;
        result
    }

    /// The child's exit status if the call was answered correctly.
    const ANSWERED: i32 = 0;
    const NOT_ANSWERED: i32 = 1;

    pub(crate) fn is_answered() -> Option<bool> {
        // SAFETY: the child makes only system calls, and none that shares state with the parent.
        let child = unsafe { libc::fork() };
        match child {
            ..0 => None,
            0 => {
                ask();
                // SAFETY: ends the child.
                unsafe { libc::_exit(NOT_ANSWERED) }
            }
            child => Some(ended(child) == Some(ANSWERED)),
        }
    }

    /// If the kernel does not answer, the process gets a signal, usually `SIGSEGV`. With a handler
    /// for it, the kernel logs nothing and writes no core.
    fn ask() {
        extern "C" fn end(_: i32) {
            // SAFETY: ends the child.
            unsafe { libc::_exit(NOT_ANSWERED) }
        }
        for signal in [libc::SIGSEGV, libc::SIGBUS, libc::SIGILL, libc::SIGSYS, libc::SIGTRAP] {
            let handler = end as extern "C" fn(i32) as libc::sighandler_t;
            // SAFETY: the handler may be called at any time.
            unsafe { libc::signal(signal, handler) };
        }
        let nobody = Call::new(abi::MPTCP_INFO, 0, 0);
        if int80(-1, &nobody) == -libc::EBADF {
            // SAFETY: ends the child.
            unsafe { libc::_exit(ANSWERED) }
        }
    }

    /// The child's exit status; `None` if a signal ended it.
    fn ended(child: libc::pid_t) -> Option<i32> {
        let mut status = 0;
        // SAFETY: the status is a local variable. After a signal, the loop waits again.
        while unsafe { libc::waitpid(child, &raw mut status, 0) } != child {
            if std::io::Error::last_os_error().kind() != std::io::ErrorKind::Interrupted {
                return None;
            }
        }
        libc::WIFEXITED(status).then(|| libc::WEXITSTATUS(status))
    }
}

#[cfg(not(target_arch = "x86_64"))]
mod compat {
    use super::{Call, Errno, RawFd};

    pub(super) fn getsockopt(_: RawFd, _: &Call) -> Result<(), Errno> {
        unreachable!("there is no such call, and `is_answered` says so")
    }

    pub(crate) fn is_answered() -> Option<bool> {
        Some(false)
    }
}
