//! The call under test, bare.
//!
//! `libc::syscall` and not `libc::getsockopt`: the wrapper that
//! AddressSanitizer puts around the latter reads shadow memory for the
//! pointers, and a wild one crashes the fuzzer itself.
//!
//! This is one of the two files with unsafe code.
#![expect(unsafe_code, reason = "the call that is under test")]

use std::io;
use std::os::fd::RawFd;

use mptcp_emulator::{Call, Errno, abi};

use crate::street::Street;

/// Makes the call. `street` is what it may write to: addresses that are not
/// on it have to be such that this process has nothing there, which
/// [`crate::case::Case::is_safe`] sees to.
///
/// # Errors
/// What the kernel left in `errno`.
#[inline]
pub fn getsockopt(_street: &mut Street, fd: RawFd, call: &Call) -> Result<(), Errno> {
    // SAFETY: the kernel writes to the street, which is borrowed mutably, or
    // to addresses at which this process has nothing mapped.
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
