//! Lengths as types, so that a comparison of a signed length with an unsigned
//! one, where real kernels slip, stands visible in the code.

/// The length that the program passes and gets back: signed, 32 bits, bytes.
///
/// `getsockopt(2)` calls it a `socklen_t`, which C libraries make unsigned;
/// the kernel has always read an `int`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OptLen(pub i32);

impl OptLen {
    /// The length as a number of bytes, `None` if it is negative.
    #[inline]
    pub const fn bytes(self) -> Option<u32> {
        if self.0 < 0 { None } else { Some(self.0.cast_unsigned()) }
    }

    /// The length with its sign read as the topmost bit of a size: what a
    /// careless comparison with an unsigned size makes of it.
    #[inline]
    pub const fn wrapped(self) -> u32 {
        self.0.cast_unsigned()
    }
}

/// The size in bytes that the program gave for one element (`size_user`), the
/// whole 32-bit range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserSize(pub u32);

/// The size in bytes of a structure as this kernel knows it (`size_kernel`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KernelSize(pub u32);

/// The size in bytes of one element as both sides agreed on it: how much of
/// it is copied, and how far one element stands from the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stride(pub u32);

impl Stride {
    /// The stride as a slice length.
    #[inline]
    pub const fn bytes(self) -> usize {
        self.0 as usize
    }
}
