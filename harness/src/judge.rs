//! The comparison of what was predicted with what was observed.
//!
//! # What an agreement proves
//!
//! That this kernel, called once in this way on a socket in this state, gave
//! the predicted success or error, and that every byte of the ranges that
//! were compared is what the model says: untouched, of an exact value, or one
//! of the few that the model leaves open. Comparing the whole street proves
//! it of all memory around the buffers; sweeps of the whole street prove it
//! of a run of cases together.
//!
//! # What it does not prove
//!
//! Nothing about memory off the street (the pages around it cannot be
//! written, the rest of the process could), about bytes written with the very
//! value that stood there (hence more than one poison), about memory that was
//! read and not written, about the kernel's own memory, about concurrent
//! calls, and nothing about whether the written rules are good ones.

use std::ops::Range;

use mptcp_emulator::Errno;

/// What the model says.
#[derive(Clone, Copy, Debug)]
pub struct Prediction<'a> {
    /// Success or the error.
    pub result: Result<(), Errno>,
    /// The street after the call.
    pub bytes: &'a [u8],
    /// Beside each byte 0, or why it is open: [`mptcp_emulator::Why`].
    pub mask: &'a [u8],
}

/// What the kernel did.
#[derive(Clone, Copy, Debug)]
pub struct Observation<'a> {
    /// Success or the error.
    pub result: Result<(), Errno>,
    /// The street after the call.
    pub bytes: &'a [u8],
}

/// How prediction and observation differ.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Mismatch {
    /// What was predicted and what was observed, where these differ.
    pub result: Option<(Result<(), Errno>, Result<(), Errno>)>,
    /// Offsets on the street of bytes that differ, in ascending order, no
    /// more than [`MOST_BYTES`].
    pub bytes: Vec<usize>,
}

/// How many differing bytes a [`Mismatch`] keeps.
pub const MOST_BYTES: usize = 4096;

/// Compares; `ranges` are the parts of the street to look at.
///
/// # Errors
/// How they differ, where they do.
#[inline]
pub fn judge(
    predicted: &Prediction<'_>,
    observed: &Observation<'_>,
    ranges: impl Iterator<Item = Range<usize>> + Clone,
) -> Result<(), Mismatch> {
    let same = predicted.result == observed.result
        && ranges.clone().all(|range| same_bytes(predicted, observed, range));
    if same { Ok(()) } else { Err(differences(predicted, observed, ranges)) }
}

#[inline]
fn same_bytes(predicted: &Prediction<'_>, observed: &Observation<'_>, range: Range<usize>) -> bool {
    let (Some(want), Some(mask), Some(got)) = (
        predicted.bytes.get(range.clone()),
        predicted.mask.get(range.clone()),
        observed.bytes.get(range),
    ) else {
        return false;
    };
    // Most chunks are equal; only those with an open byte need the mask.
    let chunks = want.chunks(CHUNK).zip(mask.chunks(CHUNK)).zip(got.chunks(CHUNK));
    chunks.into_iter().all(|((want, mask), got)| want == got || differing(want, mask, got) == 0)
}

/// Bytes that are compared at once.
const CHUNK: usize = 256;

/// Not zero if a byte differs that is not open; without branches, so that the
/// compiler makes vectors of it.
#[inline]
fn differing(want: &[u8], mask: &[u8], got: &[u8]) -> u8 {
    let mut difference = 0;
    for ((want, mask), got) in want.iter().zip(mask).zip(got) {
        let known = u8::from(*mask == 0).wrapping_neg();
        difference |= (want ^ got) & known;
    }
    difference
}

#[cold]
fn differences(
    predicted: &Prediction<'_>,
    observed: &Observation<'_>,
    ranges: impl Iterator<Item = Range<usize>>,
) -> Mismatch {
    let mut bytes: Vec<usize> = ranges
        .flatten()
        .filter(|at| {
            let open = predicted.mask.get(*at).is_some_and(|mask| *mask != 0);
            !open && predicted.bytes.get(*at) != observed.bytes.get(*at)
        })
        .collect();
    bytes.sort_unstable();
    bytes.dedup();
    bytes.truncate(MOST_BYTES);
    let result = (predicted.result, observed.result);
    Mismatch { result: (result.0 != result.1).then_some(result), bytes }
}
