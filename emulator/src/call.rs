//! One call, and the steps that all options share: the input is read, and the
//! answer is written.

use crate::content::Content;
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
    fn store_length<M: UserMemory, T: Trace>(
        &self,
        length: u32,
        memory: &mut M,
        unwritable: Rule,
        trace: &mut T,
    ) -> Result<(), Errno> {
        let stored = memory.store(self.optlen, length.cast_signed());
        stored.map_err(|_| refuse(trace, unwritable, Errno::EFAULT))
    }

    /// Reads the length, then `input` from the buffer, and returns the length. The rules
    /// are those of a length and of an input that cannot be read.
    #[inline]
    pub(crate) fn read<M: UserMemory, T: Trace>(
        &self,
        input: &mut [u8],
        check: impl FnOnce(OptLen) -> Result<u32, Rule>,
        [length_unreadable, unreadable]: [Rule; 2],
        memory: &M,
        trace: &mut T,
    ) -> Result<u32, Errno> {
        let length = self.load_length(memory, length_unreadable, trace)?;
        let length = check(length).map_err(|rule| refuse(trace, rule, Errno::EINVAL))?;
        let copied = memory.copy_in(self.optval, input);
        copied.map_err(|_| refuse(trace, unreadable, Errno::EFAULT))?;
        Ok(length)
    }

    /// Stores the length, and writes the parts to the buffer, one behind the other. The
    /// rules are those of a length and of a part that cannot be written.
    #[inline]
    pub(crate) fn write<M: UserMemory, T: Trace>(
        &self,
        length: u32,
        parts: &[Content<'_>],
        length_first: bool,
        [length_unwritable, unwritable]: [Rule; 2],
        memory: &mut M,
        trace: &mut T,
    ) -> Result<(), Errno> {
        if length_first {
            self.store_length(length, memory, length_unwritable, trace)?;
        }
        let mut at = self.optval;
        for part in parts {
            let copied = memory.copy_out(at, *part);
            copied.map_err(|_| refuse(trace, unwritable, Errno::EFAULT))?;
            at = at.wrapping_add(part.len() as u64);
        }
        if !length_first {
            self.store_length(length, memory, length_unwritable, trace)?;
        }
        Ok(())
    }
}

/// Ends a call by `rule` with `errno`.
#[inline]
pub(crate) fn refuse<T: Trace>(trace: &mut T, rule: Rule, errno: Errno) -> Errno {
    trace.fired(rule);
    errno
}
