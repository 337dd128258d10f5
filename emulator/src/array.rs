//! An array of the program, filled element by element, as `MPTCP_FULL_INFO` and
//! `mptcp_info_opt` point at.

use crate::content::Content;
use crate::decisions::Decisions;
use crate::errno::Errno;
use crate::length::{KernelSize, Stride, UserSize};
use crate::memory::UserMemory;
use crate::rules::Rule;
use crate::trace::Trace;

/// An array, and the address of its next element.
pub(crate) struct Array {
    at: u64,
    pub(crate) asked: UserSize,
    pub(crate) stride: Stride,
    empty: Rule,
    unwritable: Rule,
    /// Bytes of each element that are not copied: the offset of the first, and their number.
    left_out: (u32, u32),
}

impl Array {
    /// An array at an address, whose elements have the lesser of both sizes. The rules are
    /// those of an element of size 0 and of one that cannot be copied whole.
    pub(crate) fn new<D: Decisions>(
        at: u64,
        asked: u32,
        kernel: u32,
        empty: Rule,
        unwritable: Rule,
    ) -> Array {
        let asked = UserSize(asked);
        let stride = D::stride(asked, KernelSize(kernel));
        Array { at, asked, stride, empty, unwritable, left_out: (0, 0) }
    }

    /// Omits some bytes of each element.
    pub(crate) fn leave_out(&mut self, start: u32, bytes: u32) {
        self.left_out = (start, bytes);
    }

    /// Copies the next element.
    #[inline]
    pub(crate) fn push<D: Decisions, M: UserMemory, T: Trace>(
        &mut self,
        content: Content<'_>,
        memory: &mut M,
        trace: &mut T,
    ) -> Result<(), Errno> {
        if self.stride.0 == 0 {
            trace.fired(self.empty);
        }
        let copied = match self.left_out {
            (_, 0) => memory.copy_out(self.at, content.first(self.stride.bytes())),
            (start, bytes) => {
                let before = self.stride.0.min(start);
                let rest = content.skip((start + bytes) as usize);
                let behind = self.at.wrapping_add(u64::from(before));
                memory.copy_out(self.at, content.first(before as usize)).and_then(|()| {
                    memory.copy_out(behind, rest.first((self.stride.0 - before) as usize))
                })
            }
        };
        if copied.is_err() {
            trace.fired(self.unwritable);
            D::ELEMENT_FAULT?;
        }
        let step = D::step(self.asked, self.stride);
        self.at = self.at.wrapping_add(u64::from(step));
        Ok(())
    }
}
