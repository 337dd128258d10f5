//! The model's image of a street, without a kernel.

use std::ops::Range;

use mptcp_emulator::{Behaviors, Errno, PagedMemory, Revision, Socket, Trace};

use crate::cases::{Case, POISONS, Place, poison_byte};
use crate::memory::layout;
use crate::memory::ranges::{Ranges, Recording};
use crate::model::predict;

/// An image of the street, on which calls are predicted.
#[derive(Debug)]
pub(crate) struct Image {
    /// The bytes after the last prediction.
    pub(crate) bytes: Box<[u8]>,
    /// For each of them 0, or why it is open.
    pub(crate) mask: Box<[u8]>,
    /// What the last call concerns.
    pub(crate) extents: Ranges,
    poisons: [Box<[u8]>; POISONS as usize],
    /// INVARIANT: outside of `extents` the bytes are full of this poison.
    poisoned: usize,
    /// The native address of the street.
    base: u64,
}

impl Image {
    /// An image of the street at an address.
    pub(crate) fn new(base: u64) -> Image {
        let poison = |poison| (0..layout::LEN).map(|at| poison_byte(poison as u8, at)).collect();
        let poisons: [Box<[u8]>; POISONS as usize] = std::array::from_fn(poison);
        Image {
            bytes: poisons[0].clone(),
            mask: vec![0; layout::LEN].into(),
            extents: Ranges::default(),
            poisons,
            poisoned: 0,
            base,
        }
    }

    /// The bytes between two cases with the poison of the last one.
    pub(crate) fn poison(&self) -> &[u8] {
        &self.poisons[self.poisoned]
    }

    /// Removes what the last call left, and fills the buffers from a case.
    #[inline]
    pub(crate) fn lay_out(&mut self, case: &Case) {
        self.clear();
        let poison = usize::from(case.poison % POISONS);
        if poison != self.poisoned {
            self.poisoned = poison;
            self.bytes.copy_from_slice(&self.poisons[poison]);
        }
        let (input, len) = case.input_bytes(self.base);
        self.put(case.optval, &input[..len]);
        self.put(case.optlen, &case.length.to_ne_bytes());
    }

    #[inline]
    fn put(&mut self, place: Place, bytes: &[u8]) {
        if let Some(at) = place.offset() {
            let len = bytes.len().min(layout::LEN - at);
            self.bytes[at..at + len].copy_from_slice(&bytes[..len]);
            self.extents.add(at, len);
        }
    }

    /// Predicts the call of the case that was laid out.
    #[inline]
    pub(crate) fn predict<T: Trace>(
        &mut self,
        case: &Case,
        revision: &Revision,
        behaviors: &Behaviors,
        socket: &Socket<'_>,
        trace: &mut T,
    ) -> Result<(), Errno> {
        let base = case.base(self.base);
        let memory = PagedMemory::new(&layout::PATTERN, base, &mut self.bytes, &mut self.mask);
        let Some(memory) = memory else { unreachable!("the image is as long as the street") };
        let mut memory = Recording { memory, base, extents: &mut self.extents };
        let registers = case.registers(self.base);
        predict(revision, behaviors, socket, (case.entry, &registers), &mut memory, trace)
    }

    /// Writes bytes over the image.
    pub(crate) fn write(&mut self, at: usize, bytes: &[u8]) {
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
        self.extents.add(at, bytes.len());
    }

    /// The ranges that the last call concerns, and those of another image.
    pub(crate) fn ranges<'a>(
        &'a self,
        other: &'a Image,
    ) -> impl Iterator<Item = Range<usize>> + 'a {
        self.extents.iter().chain(other.extents.iter())
    }

    #[inline]
    fn clear(&mut self) {
        let poison = &self.poisons[self.poisoned];
        for range in self.extents.iter() {
            self.bytes[range.clone()].copy_from_slice(&poison[range.clone()]);
            self.mask[range].fill(0);
        }
        self.extents.clear();
    }
}
