//! The place of a buffer, and the entry of a call into the kernel.

use mptcp_emulator::PAGE;

use crate::memory::layout;

/// The place of a buffer, a length or an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// The offset on the street, less than [`layout::LEN`].
    Street(u32),
    /// INVARIANT: an address at which no program has anything mapped, see
    /// [`Place::wild`].
    Wild(u64),
}

/// The first address above user space, on x86-64 with four or five levels of page tables. No
/// program's mapping is at or above it, because no code here requests an address that needs five
/// levels.
const USER_END: u64 = 1 << 47;

impl Place {
    /// The null pointer.
    pub const NULL: Place = Place::Wild(0);

    /// A place on the street, `None` past its end.
    pub fn street(offset: usize) -> Option<Place> {
        let offset = u32::try_from(offset).ok()?;
        ((offset as usize) < layout::LEN).then_some(Place::Street(offset))
    }

    /// An address off the street: in the page at null, non-canonical, or in the kernel's half.
    /// `None` for an address at which the process may have memory mapped.
    pub fn wild(address: u64) -> Option<Place> {
        (address < PAGE as u64 || address >= USER_END).then_some(Place::Wild(address))
    }

    /// The address, with the street at `base`.
    #[inline]
    pub fn address(self, base: u64) -> u64 {
        match self {
            Place::Street(offset) => base.wrapping_add(u64::from(offset)),
            Place::Wild(address) => address,
        }
    }

    /// Whether the place is harmless to the process: it is on the street, or at an address that
    /// [`Place::wild`] allows.
    #[inline]
    pub(super) fn is_nobodys(self) -> bool {
        match self {
            Place::Street(offset) => (offset as usize) < layout::LEN,
            Place::Wild(address) => Place::wild(address).is_some(),
        }
    }

    /// The offset on the street.
    pub fn offset(self) -> Option<usize> {
        match self {
            Place::Street(offset) => Some(offset as usize),
            Place::Wild(_) => None,
        }
    }
}

/// How the call enters the kernel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Entry {
    /// As a 64-bit program makes it.
    #[default]
    Native,
    /// As a 32-bit program makes it: by `int $0x80`, for which the kernel uses only the lower
    /// halves of the registers. Such a program has the street at its [alias](layout::alias).
    Compat,
}

/// The upper half of a register that holds an address of a compat call. The whole register is then
/// an address that no machine has: a kernel that does not ignore the upper half faults.
pub(super) const UPPER: u64 = 0x5a5a_5a5a << 32;

impl Entry {
    /// The address of the street in a program with this entry; its native address is `base`.
    #[inline]
    pub fn base(self, base: u64) -> u64 {
        match self {
            Entry::Native => base,
            Entry::Compat => layout::alias(base),
        }
    }
}
