//! One call, and the steps that all options share: the length is loaded and
//! stored.

use crate::decisions::{Decisions, KernelDecisions};
use crate::errno::Errno;
use crate::length::OptLen;
use crate::memory::UserMemory;
use crate::rules::Rule;
use crate::trace::Trace;

/// `getsockopt(fd, SOL_MPTCP, option, optval, optlen)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Call {
    /// The option's number: [`crate::abi::MPTCP_INFO`] or another one of
    /// [`crate::abi`], or an unknown one.
    pub option: i32,
    /// Address of the buffer.
    pub optval: u64,
    /// Address of the length.
    pub optlen: u64,
}

impl Call {
    /// The call of a 32-bit program with these registers: the kernel takes the
    /// lower half of each address.
    ///
    /// Nothing else is different. All numbers of these options have the same size
    /// in both ABIs, and the pointers within their structures have 64 bits. One
    /// structure has another layout than the C of such a program has, which is
    /// undocumented: see [`crate::abi::SubflowInfo`].
    #[inline]
    pub fn compat(self) -> Call {
        self.compat_with::<KernelDecisions>()
    }

    /// As [`Call::compat`], with other decisions.
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

    /// Stores the length and writes the structure in the order that the kernel
    /// decides, or `unwritable` with `EFAULT` for the length.
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
