//! Where something stands, and how a call enters the kernel.

use mptcp_emulator::PAGE;

use crate::memory::layout;

/// Where something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// So many bytes from the start of the street; less than
    /// [`layout::LEN`].
    Street(u32),
    /// INVARIANT: an address at which no program has anything mapped, see
    /// [`Place::wild`].
    Wild(u64),
}

/// The first address above user space, on x86-64 with four levels of page
/// tables as with five: no program's mapping is at or above it, as nobody
/// asks for one of the addresses that only five levels reach.
const USER_END: u64 = 1 << 47;

impl Place {
    /// The null pointer.
    pub const NULL: Place = Place::Wild(0);

    /// A place on the street, `None` past its end.
    pub fn street(offset: usize) -> Option<Place> {
        let offset = u32::try_from(offset).ok()?;
        ((offset as usize) < layout::LEN).then_some(Place::Street(offset))
    }

    /// An address off the street: in the page at null, non-canonical, or in
    /// the kernel's half. `None` for one at which the process may have
    /// something of its own.
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

    /// Whether the process has nothing of its own here: on the street, or at an
    /// address that [`Place::wild`] allows.
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

/// How the call comes into the kernel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Entry {
    /// As a 64-bit program calls.
    #[default]
    Native,
    /// As a 32-bit program calls: by `int $0x80`, where the kernel looks at the
    /// lower halves of the registers alone. Such a program has the street at its
    /// [alias](layout::alias).
    Compat,
}

/// What the upper half of a register holds that has an address of a compat call in
/// it. With it the address is one that no machine has: a kernel that does not cut it
/// off finds nothing there.
pub(super) const UPPER: u64 = 0x5a5a_5a5a << 32;

impl Entry {
    /// Where a program that calls so has the street, which is at `base`.
    #[inline]
    pub fn base(self, base: u64) -> u64 {
        match self {
            Entry::Native => base,
            Entry::Compat => layout::alias(base),
        }
    }
}
