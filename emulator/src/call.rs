//! One call, and the two steps that all options share: where the length is
//! loaded, and where it is stored.

use crate::decisions::{Decisions, KernelDecisions};
use crate::errno::Errno;
use crate::length::OptLen;
use crate::memory::UserMemory;
use crate::rules::Rule;
use crate::trace::Trace;

/// `getsockopt(fd, SOL_MPTCP, option, optval, optlen)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Call {
    /// The option's number: one of [`crate::abi::MPTCP_INFO`] and its
    /// siblings, or any other.
    pub option: i32,
    /// Address of the buffer.
    pub optval: u64,
    /// Address of the length.
    pub optlen: u64,
}

impl Call {
    /// The call as the kernel takes it from a 32-bit program, these being the
    /// registers: of each that holds an address the lower half counts.
    ///
    /// Nothing else is different. All numbers of these options are as large in
    /// both ABIs, and the pointers within their structures are 64 bits wide. One
    /// structure is not what such a program takes it for, and no kernel says so:
    /// see [`crate::abi::SubflowInfo`].
    #[inline]
    pub fn compat(self) -> Call {
        self.compat_with::<KernelDecisions>()
    }

    /// As [`Call::compat`], on a kernel that may decide otherwise.
    #[inline]
    pub fn compat_with<D: Decisions>(self) -> Call {
        let [optval, optlen] = [self.optval, self.optlen].map(D::compat_address);
        Call { optval, optlen, ..self }
    }

    /// The length, or `unreadable` with `EFAULT`.
    #[inline]
    pub(crate) fn load_length<M: UserMemory, T: Trace>(
        &self,
        memory: &M,
        unreadable: Rule,
        trace: &mut T,
    ) -> Result<OptLen, Errno> {
        let length = memory.load(self.optlen);
        length.map(OptLen).map_err(|_| refuse(trace, unreadable, Errno::EFAULT))
    }

    /// Stores the length, or `unwritable` with `EFAULT`.
    #[inline]
    pub(crate) fn store_length<M: UserMemory, T: Trace>(
        &self,
        length: u32,
        memory: &mut M,
        unwritable: Rule,
        trace: &mut T,
    ) -> Result<(), Errno> {
        let stored = memory.store(self.optlen, length.cast_signed());
        stored.map_err(|_| refuse(trace, unwritable, Errno::EFAULT))
    }

    /// Stores the length and writes the structure, one after the other as the
    /// kernel decides, or `unwritable` with `EFAULT` for the length.
    #[inline]
    pub(crate) fn store_both<D: Decisions, M: UserMemory, T: Trace>(
        &self,
        length: u32,
        unwritable: Rule,
        memory: &mut M,
        trace: &mut T,
        structure: impl FnOnce(&mut M, &mut T) -> Result<(), Errno>,
    ) -> Result<(), Errno> {
        if D::LENGTH_BEFORE_HEADER {
            self.store_length(length, memory, unwritable, trace)?;
            structure(memory, trace)
        } else {
            structure(memory, trace)?;
            self.store_length(length, memory, unwritable, trace)
        }
    }
}

/// Ends a call by `rule` with `errno`.
#[inline]
pub(crate) fn refuse<T: Trace>(trace: &mut T, rule: Rule, errno: Errno) -> Errno {
    trace.fired(rule);
    errno
}
