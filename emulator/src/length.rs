//! Lengths as types. They make comparisons of a signed length with an unsigned
//! one visible, which are a source of mistakes in real kernels.

/// The length that the program passes and gets back: a signed number of 32 bits, in bytes.
///
/// `getsockopt(2)` calls it a `socklen_t`, which C libraries make unsigned;
/// the kernel has always read an `int`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct OptLen(pub(crate) i32);

impl OptLen {
    /// The length as a number of bytes, `None` if it is negative.
    #[inline]
    pub(crate) const fn bytes(self) -> Option<u32> {
        if self.0 < 0 { None } else { Some(self.0.cast_unsigned()) }
    }

    /// The length with its sign as the topmost bit of an unsigned size, as C converts it in a
    /// comparison with an unsigned number.
    #[inline]
    pub(crate) const fn wrapped(self) -> u32 {
        self.0.cast_unsigned()
    }
}

/// The size in bytes of a structure in this kernel (`size_kernel`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct KernelSize(pub(crate) u32);
