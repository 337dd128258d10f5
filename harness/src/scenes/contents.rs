//! Bytes of a structure, some of which are open.

use mptcp_emulator::{Content, OpenReason};

/// Bytes of a kernel structure, each known or open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    bytes: Vec<u8>,
    /// INVARIANT: as long as `bytes`. 0 means known, other values are an [`OpenReason`].
    mask: Vec<u8>,
}

impl Contents {
    pub(crate) fn exact(bytes: Vec<u8>) -> Contents {
        Contents { mask: vec![0; bytes.len()], bytes }
    }

    /// Marks fields as open and sets their bytes to zero. Otherwise the old values of open bytes
    /// could make two expected states differ. Fields beyond the end are ignored.
    pub(super) fn open(mut self, fields: &[(usize, usize)], why: OpenReason) -> Contents {
        for &(offset, size) in fields {
            for at in offset..(offset + size).min(self.bytes.len()) {
                self.bytes[at] = 0;
                self.mask[at] = why as u8;
            }
        }
        self
    }

    /// Sets the exact bytes at an offset. Bytes beyond the end are ignored.
    pub fn tell(&mut self, offset: usize, value: &[u8]) {
        let slots = self.bytes.iter_mut().zip(&mut self.mask).skip(offset);
        for ((byte, mask), value) in slots.zip(value) {
            (*byte, *mask) = (*value, 0);
        }
    }

    /// The bytes; open ones are 0.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The mask, as [`Content::mask`].
    pub fn mask(&self) -> &[u8] {
        &self.mask
    }

    /// The form that the model is given.
    pub fn content(&self) -> Content<'_> {
        Content::masked(&self.bytes, &self.mask).unwrap_or(Content::exact(&[]))
    }
}
