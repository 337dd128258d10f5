//! An array of the program, filled element by element, as `MPTCP_FULL_INFO` and
//! `mptcp_info_opt` point at.

use crate::behaviors::Behaviors;
use crate::call::copy_out;
use crate::content::Content;
use crate::elements::{size, step};
use crate::memory::{Fault, UserMemory};
use crate::rules::Rule;
use crate::trace::Trace;

/// An array, and the address of its next element. All sizes are in bytes.
pub(crate) struct Array {
    at: u64,
    pub(crate) asked: u32,
    pub(crate) kernel: u32,
    pub(crate) size: u32,
    step: u32,
    empty: Rule,
    unwritable: Rule,
    /// Bytes of each element that are not copied: the offset of the first, and their number.
    pub(crate) left_out: (u32, u32),
}

impl Array {
    /// An array at an address, whose elements have the lesser of both sizes. The rules are
    /// those of an element of size 0 and of one that cannot be copied whole.
    #[inline(always)]
    pub(crate) fn new(
        behaviors: &Behaviors,
        at: u64,
        asked: u32,
        [kernel, other]: [u32; 2],
        is_tcp_info: bool,
        [empty, unwritable]: [Rule; 2],
    ) -> Array {
        let size = size(behaviors, asked, kernel, other);
        let step = step(behaviors, asked, size, kernel, is_tcp_info);
        Array { at, asked, kernel, size, step, empty, unwritable, left_out: (0, 0) }
    }

    /// Copies the next element, with `more` bytes than its size.
    ///
    /// # Errors
    /// If it cannot be copied whole; the array goes on behind it.
    #[inline(always)]
    pub(crate) fn push<M: UserMemory, T: Trace>(
        &mut self,
        behaviors: &Behaviors,
        content: Content<'_>,
        more: u32,
        memory: &mut M,
        trace: &mut T,
    ) -> Result<(), Fault> {
        if self.size == 0 {
            trace.fired(self.empty);
        }
        let at = self.at;
        self.at = at.wrapping_add(u64::from(self.step));
        let size = self.size.saturating_add(more);
        let copied = match self.left_out {
            (_, 0) => {
                let content = content.first(self.kernel as usize);
                copy_out(behaviors, at, content, size.min(self.size.max(self.kernel)), memory)
            }
            (start, bytes) => {
                let before = size.min(start);
                let rest = content.skip((start + bytes) as usize);
                let behind = at.wrapping_add(u64::from(before));
                memory
                    .copy_out(at, content.first(before as usize))
                    .and_then(|()| copy_out(behaviors, behind, rest, size - before, memory))
            }
        };
        if copied.is_err() {
            trace.fired(self.unwritable);
        }
        copied
    }

    /// Writes the first four bytes of the next element, which do not count; all of them or none.
    pub(crate) fn put_first<M: UserMemory>(
        &self,
        content: Content<'_>,
        memory: &mut M,
    ) -> Result<(), Fault> {
        memory.store(self.at, 0)?;
        memory.copy_out(self.at, content.first(size_of::<i32>()))
    }
}
