//! The errors that these calls return.

/// An error number, as `errno` has it: 1 to [`Errno::MAX`].
///
/// A wrong kernel may return something else. That is stored as its negative: -16 if the call
/// returned 16.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Errno(pub i32);

impl Errno {
    /// The largest error number.
    pub const MAX: i32 = 4095;

    /// The operation is not permitted.
    pub const EPERM: Errno = Errno(1);
    /// A list or a structure is too large.
    pub const E2BIG: Errno = Errno(7);
    /// The descriptor is not open.
    pub const EBADF: Errno = Errno(9);
    /// An address that the program cannot access.
    pub const EFAULT: Errno = Errno(14);
    /// An invalid length or header.
    pub const EINVAL: Errno = Errno(22);
    /// A result is out of range.
    pub const ERANGE: Errno = Errno(34);
    /// The descriptor is not a socket.
    pub const ENOTSOCK: Errno = Errno(88);
    /// A message is too long.
    pub const EMSGSIZE: Errno = Errno(90);
    /// The level has no such option.
    pub const ENOPROTOOPT: Errno = Errno(92);
    /// The socket does not support the operation.
    pub const EOPNOTSUPP: Errno = Errno(95);
    /// There is no room for the answer.
    pub const ENOBUFS: Errno = Errno(105);

    /// The name, or `None` for a number that no behavior of these calls has.
    pub const fn name(self) -> Option<&'static str> {
        Some(match self {
            Errno::EPERM => "EPERM",
            Errno::E2BIG => "E2BIG",
            Errno::ERANGE => "ERANGE",
            Errno::EMSGSIZE => "EMSGSIZE",
            Errno::ENOBUFS => "ENOBUFS",
            Errno::EBADF => "EBADF",
            Errno::EFAULT => "EFAULT",
            Errno::EINVAL => "EINVAL",
            Errno::ENOTSOCK => "ENOTSOCK",
            Errno::ENOPROTOOPT => "ENOPROTOOPT",
            Errno::EOPNOTSUPP => "EOPNOTSUPP",
            _ => return None,
        })
    }
}

impl core::fmt::Display for Errno {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match (self.name(), self.0) {
            (Some(name), _) => f.write_str(name),
            (None, 1..=Errno::MAX) => write!(f, "errno {}", self.0),
            (None, other) => write!(f, "return value {}", other.wrapping_neg()),
        }
    }
}
