//! The errors that these calls return.

/// An error number, positive, as `errno` has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Errno(pub i32);

impl Errno {
    /// The descriptor is not open.
    pub const EBADF: Errno = Errno(9);
    /// An address that the program cannot access.
    pub const EFAULT: Errno = Errno(14);
    /// An invalid length or header.
    pub const EINVAL: Errno = Errno(22);
    /// The descriptor is not a socket.
    pub const ENOTSOCK: Errno = Errno(88);
    /// The level has no such option.
    pub const ENOPROTOOPT: Errno = Errno(92);
    /// The socket does not support the operation.
    pub const EOPNOTSUPP: Errno = Errno(95);

    /// The name, or `None` for a number that these calls do not return.
    pub const fn name(self) -> Option<&'static str> {
        Some(match self {
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
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "errno {}", self.0),
        }
    }
}
