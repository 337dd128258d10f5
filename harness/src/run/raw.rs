//! The call under test, bare.
//!
//! `libc::syscall` and not `libc::getsockopt`: the wrapper that
//! AddressSanitizer puts around the latter reads shadow memory for the
//! pointers, and a wild one crashes the fuzzer itself.
//!
//! A 32-bit program's call is made by `int $0x80`, which a 64-bit process may do
//! as well: the kernel then takes the lower halves of the registers.
//!
//! This is one of the two files with unsafe code.
#![expect(unsafe_code, reason = "the call that is under test")]

use std::io;
use std::os::fd::RawFd;

use mptcp_emulator::{Call, Errno, abi};

use crate::cases::Entry;
use crate::memory::street::Street;

/// Makes the call. `street` is what it may write to: addresses that are not
/// on it have to be such that this process has nothing there, which
/// [`crate::cases::Case::is_safe`] sees to. A compat call ends the process where
/// [`crate::run::compat::available`] says that there is none.
///
/// # Errors
/// What the kernel left in `errno`.
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
    if status == 0 {
        return Ok(());
    }
    Err(Errno(io::Error::last_os_error().raw_os_error().unwrap_or(0)))
}

/// Whether a 32-bit program's call is answered here at all, asked in a child, which
/// it may end; `None` where no child could be started.
pub(crate) use compat::is_answered;

#[cfg(target_arch = "x86_64")]
mod compat {
    use super::{Call, Errno, RawFd, abi};

    /// `getsockopt` among the calls of 32-bit programs, since Linux 4.3.
    const GETSOCKOPT: i64 = 365;

    pub(super) fn getsockopt(fd: RawFd, call: &Call) -> Result<(), Errno> {
        match int80(fd, call) {
            error @ ..0 => Err(Errno(-error)),
            _ => Ok(()),
        }
    }

    #[inline]
    fn int80(fd: RawFd, call: &Call) -> i32 {
        let mut result = GETSOCKOPT;
        // SAFETY: as for the native call. The first argument is in a register that
        // the compiler keeps to itself, and it has it back afterwards; kernels
        // before 4.17 cleared those from r8 to r11.
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
        // Of the result, too, the lower half counts.
        #[expect(clippy::cast_possible_truncation, reason = "that half is the result")]
        let result = result as i32;
        result
    }

    /// The child's end where the call was answered as it has to be.
    const ANSWERED: i32 = 0;
    const NOT_ANSWERED: i32 = 1;

    pub(crate) fn is_answered() -> Option<bool> {
        // SAFETY: the child makes system calls only, and none that it shares
        // anything by.
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

    /// Where nobody is at the other end the process gets a signal, as a rule
    /// `SIGSEGV`. With a handler for it the kernel has nothing to say of that, and
    /// leaves no core.
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
        let nobody = Call { option: abi::MPTCP_INFO, optval: 0, optlen: 0 };
        if int80(-1, &nobody) == -libc::EBADF {
            // SAFETY: ends the child.
            unsafe { libc::_exit(ANSWERED) }
        }
    }

    /// The child's exit status; `None` where a signal was its end.
    fn ended(child: libc::pid_t) -> Option<i32> {
        let mut status = 0;
        // SAFETY: the status is ours; interrupted by a signal, one waits on.
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
