//! Bytes that a kernel copies out, each either known or open.

/// The reason why a byte of an answer cannot be predicted.
///
/// There is no other reason for an open byte. A test compares the open bytes with
/// those that change on real kernels, so that the masks are neither too wide nor
/// too narrow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum OpenReason {
    /// The field is the time since an event: it changes while the connection is
    /// idle.
    Clock = 1,
    /// No other interface of the kernel shows this field for a socket in this
    /// state, and no document states its value.
    NoWitness = 2,
}

impl OpenReason {
    /// The reason of a mask byte; `None` for a byte that is known.
    pub const fn from_mask(mask: u8) -> Option<OpenReason> {
        match mask {
            0 => None,
            1 => Some(OpenReason::Clock),
            _ => Some(OpenReason::NoWitness),
        }
    }

    /// One clause for a report.
    pub const fn text(self) -> &'static str {
        match self {
            OpenReason::Clock => "a clock that changes while the connection is idle",
            OpenReason::NoWitness => "no independent witness shows it in this state",
        }
    }
}

/// Bytes that the kernel copies out, and their mask.
///
/// A mask byte of 0 means that the byte is known; any other value is an
/// [`OpenReason`]. With an empty mask all bytes are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Content<'a> {
    bytes: &'a [u8],
    /// INVARIANT: as long as `bytes`, or empty.
    mask: &'a [u8],
}

impl<'a> Content<'a> {
    /// Bytes that are all known.
    pub const fn exact(bytes: &'a [u8]) -> Content<'a> {
        Content { bytes, mask: &[] }
    }

    /// Bytes with a mask; `None` unless both have the same length.
    pub const fn masked(bytes: &'a [u8], mask: &'a [u8]) -> Option<Content<'a>> {
        if bytes.len() == mask.len() { Some(Content { bytes, mask }) } else { None }
    }

    /// The bytes; those that are open have no meaning.
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The mask; it may be empty if every byte is known.
    pub const fn mask(&self) -> &'a [u8] {
        self.mask
    }

    /// How many bytes there are.
    pub const fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there is nothing to copy.
    pub const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The first `len` bytes, or all if there are fewer.
    #[must_use]
    pub fn first(self, len: usize) -> Content<'a> {
        Content {
            bytes: self.bytes.get(..len).unwrap_or(self.bytes),
            mask: self.mask.get(..len).unwrap_or(self.mask),
        }
    }

    /// `len` bytes from `start` on, none if there are fewer.
    #[inline]
    pub(crate) fn part(self, start: usize, len: usize) -> Content<'a> {
        let range = start..start + len;
        Content {
            bytes: self.bytes.get(range.clone()).unwrap_or(&[]),
            mask: self.mask.get(range).unwrap_or(&[]),
        }
    }

    /// All bytes from `start` on, none if there are fewer.
    #[must_use]
    pub fn skip(self, start: usize) -> Content<'a> {
        Content {
            bytes: self.bytes.get(start..).unwrap_or(&[]),
            mask: self.mask.get(start..).unwrap_or(&[]),
        }
    }
}
