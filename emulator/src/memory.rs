//! User memory: what can be read and written, and where a copy stops.
//!
//! Four operations are enough: a length is loaded and stored whole, a block is
//! copied in and out byte by byte.

use crate::content::Content;

/// An access to a byte for which the program lacks the permission (`EFAULT`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault;

/// The memory of the calling program.
///
/// Addresses wrap around at 2^64. Null, an address of the kernel's half and a
/// non-canonical address fault as any other address that is not mapped.
pub trait UserMemory {
    /// Loads the 32-bit integer at `at`, which need not be aligned.
    ///
    /// # Errors
    /// [`Fault`] if any of the four bytes cannot be read.
    fn load(&self, at: u64) -> Result<i32, Fault>;

    /// Stores a 32-bit integer at `at`, which need not be aligned.
    ///
    /// # Errors
    /// [`Fault`] if any of the four bytes cannot be written; then none is.
    fn store(&mut self, at: u64, value: i32) -> Result<(), Fault>;

    /// Copies bytes from the program.
    ///
    /// # Errors
    /// [`Fault`] if any byte cannot be read; `into` then has no meaning.
    fn copy_in(&self, at: u64, into: &mut [u8]) -> Result<(), Fault>;

    /// Copies bytes to the program, from the first to the last. A copy of no
    /// bytes never faults, whatever the address.
    ///
    /// # Errors
    /// [`Fault`] at the first byte that cannot be written; all bytes before
    /// it are written.
    fn copy_out(&mut self, at: u64, content: Content<'_>) -> Result<(), Fault>;
}

/// Bytes in a page, as on x86-64.
pub const PAGE: usize = 4096;

/// What the program may do with one page; each access includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Access {
    /// Nothing is mapped here, or it is mapped without access, which makes no
    /// difference to the kernel.
    Nothing,
    /// The page can be read.
    Read,
    /// The page can be read and written.
    ReadWrite,
}

/// The permissions of a run of pages, and the end of the accessible range from
/// each page.
#[derive(Clone, Debug)]
pub struct Pages<const N: usize> {
    access: [Access; N],
    /// INVARIANT: for each page the offset in bytes at which the readable run
    /// that it is part of ends, or 0 if the page cannot be read; then the
    /// same for writing.
    reach: [(usize, usize); N],
}

impl<const N: usize> Pages<N> {
    /// Bytes in all pages together.
    pub const LEN: usize = N * PAGE;

    /// Pages with these permissions.
    pub const fn new(access: [Access; N]) -> Pages<N> {
        let mut reach = [(0, 0); N];
        let mut page = N;
        let (mut read, mut write) = (0, 0);
        while page > 0 {
            let end = page * PAGE;
            page -= 1;
            read = match access[page] {
                Access::Nothing => 0,
                _ if read == 0 => end,
                _ => read,
            };
            write = match access[page] {
                Access::ReadWrite if write == 0 => end,
                Access::ReadWrite => write,
                _ => 0,
            };
            reach[page] = (read, write);
        }
        Pages { access, reach }
    }

    /// The permissions, page by page.
    pub const fn access(&self) -> &[Access; N] {
        &self.access
    }

    /// How many bytes can be read from `offset` on.
    #[inline]
    pub fn readable(&self, offset: usize) -> usize {
        let end = self.reach.get(offset / PAGE).map_or(0, |reach| reach.0);
        end.saturating_sub(offset)
    }

    /// How many bytes can be written from `offset` on.
    #[inline]
    pub fn writable(&self, offset: usize) -> usize {
        let end = self.reach.get(offset / PAGE).map_or(0, |reach| reach.1);
        end.saturating_sub(offset)
    }
}

/// Memory that consists of pages, over slices of the caller.
///
/// Everything outside of the pages faults. Each byte has a mask byte: 0 if the
/// byte is known, else its [`crate::OpenReason`].
#[derive(Debug)]
pub struct PagedMemory<'a, const N: usize> {
    pages: &'a Pages<N>,
    base: u64,
    bytes: &'a mut [u8],
    mask: &'a mut [u8],
}

impl<'a, const N: usize> PagedMemory<'a, N> {
    /// Memory that begins at the address `base`.
    ///
    /// `None` unless `bytes` and `mask` both have [`Pages::LEN`] bytes.
    pub fn new(
        pages: &'a Pages<N>,
        base: u64,
        bytes: &'a mut [u8],
        mask: &'a mut [u8],
    ) -> Option<PagedMemory<'a, N>> {
        let fits = bytes.len() == Pages::<N>::LEN && mask.len() == Pages::<N>::LEN;
        fits.then_some(PagedMemory { pages, base, bytes, mask })
    }

    /// All bytes, whatever the permissions.
    pub fn bytes(&self) -> &[u8] {
        self.bytes
    }

    /// The mask of the bytes.
    pub fn mask(&self) -> &[u8] {
        self.mask
    }

    /// Writes bytes at an address, as the program does before a call, whatever
    /// the permissions. Bytes outside of the pages are dropped.
    pub fn write(&mut self, at: u64, bytes: &[u8]) {
        let slots = self.bytes.get_mut(self.offset(at)..).into_iter();
        slots.flatten().zip(bytes).for_each(|(slot, byte)| *slot = *byte);
    }

    /// The offset of an address. At the offset of an address outside of the
    /// pages nothing can be read or written.
    #[inline]
    fn offset(&self, at: u64) -> usize {
        usize::try_from(at.wrapping_sub(self.base)).unwrap_or(usize::MAX)
    }
}

impl<const N: usize> UserMemory for PagedMemory<'_, N> {
    #[inline]
    fn load(&self, at: u64) -> Result<i32, Fault> {
        let mut value = [0; 4];
        self.copy_in(at, &mut value)?;
        Ok(i32::from_ne_bytes(value))
    }

    #[inline]
    fn store(&mut self, at: u64, value: i32) -> Result<(), Fault> {
        if self.pages.writable(self.offset(at)) < 4 {
            return Err(Fault);
        }
        self.copy_out(at, Content::exact(&value.to_ne_bytes()))
    }

    #[inline]
    fn copy_in(&self, at: u64, into: &mut [u8]) -> Result<(), Fault> {
        let offset = self.offset(at);
        if into.is_empty() {
            return Ok(());
        }
        if self.pages.readable(offset) < into.len() {
            return Err(Fault);
        }
        let from = offset..offset + into.len();
        into.copy_from_slice(self.bytes.get(from).ok_or(Fault)?);
        Ok(())
    }

    #[inline(always)]
    fn copy_out(&mut self, at: u64, content: Content<'_>) -> Result<(), Fault> {
        let offset = self.offset(at);
        let len = content.len().min(self.pages.writable(offset));
        let part = content.first(len);
        if len > 0 {
            let to = offset..offset + len;
            self.bytes.get_mut(to.clone()).ok_or(Fault)?.copy_from_slice(part.bytes());
            let mask = self.mask.get_mut(to).ok_or(Fault)?;
            if part.mask().is_empty() {
                mask.fill(0);
            } else {
                mask.copy_from_slice(part.mask());
            }
        }
        if len < content.len() { Err(Fault) } else { Ok(()) }
    }
}

/// The memory of a program that passes a buffer and a length, as a safe wrapper
/// around the call does. Open bytes are written with the bytes of the content.
#[derive(Debug)]
pub struct Buffer<'a> {
    /// The buffer, at [`Buffer::OPTVAL`].
    pub optval: &'a mut [u8],
    /// The length, at [`Buffer::OPTLEN`].
    pub optlen: &'a mut i32,
}

impl Buffer<'_> {
    /// The address of the buffer.
    pub const OPTVAL: u64 = 0x1000_0000;
    /// The address of the length.
    pub const OPTLEN: u64 = 0x2_0000_0000;

    fn offset(at: u64) -> usize {
        usize::try_from(at.wrapping_sub(Buffer::OPTVAL)).unwrap_or(usize::MAX)
    }
}

impl UserMemory for Buffer<'_> {
    fn load(&self, at: u64) -> Result<i32, Fault> {
        if at == Buffer::OPTLEN { Ok(*self.optlen) } else { Err(Fault) }
    }

    fn store(&mut self, at: u64, value: i32) -> Result<(), Fault> {
        if at != Buffer::OPTLEN {
            return Err(Fault);
        }
        *self.optlen = value;
        Ok(())
    }

    fn copy_in(&self, at: u64, into: &mut [u8]) -> Result<(), Fault> {
        let from = self.optval.get(Buffer::offset(at)..).and_then(|bytes| bytes.get(..into.len()));
        into.copy_from_slice(from.ok_or(Fault)?);
        Ok(())
    }

    fn copy_out(&mut self, at: u64, content: Content<'_>) -> Result<(), Fault> {
        let slots = self.optval.get_mut(Buffer::offset(at)..).unwrap_or_default();
        let len = content.len().min(slots.len());
        for (slot, byte) in slots.iter_mut().zip(content.bytes()) {
            *slot = *byte;
        }
        if len < content.len() { Err(Fault) } else { Ok(()) }
    }
}
