//! Compares the prediction with the observation.
//!
//! # What an agreement proves
//!
//! An agreement is a statement about this kernel, called once in this way on a socket in this
//! state. The kernel returned the predicted success or error. Every byte of the compared ranges is
//! as the model predicts: untouched, of an exact value, or open, which few are. A comparison of the
//! whole street proves this for all memory around the buffers. A long run compares the parts that a
//! case concerns, and a margin. Every 256 cases a sweep of the whole street finds what was written
//! elsewhere and is still there.
//!
//! # What it does not prove
//!
//! It proves nothing about a byte that was written far from any buffer and that a later case of the
//! same 256 overwrites. It proves nothing about memory off the street. (The pages around the street
//! cannot be written, the rest of the process could be.) It proves nothing about bytes written with
//! the value that was there before, which is why there are several poisons. It proves nothing about
//! memory that was read but not written, the kernel's own memory, concurrent calls, or the quality
//! of the rules. Contents come from `sock_diag`, which fills `tcp_info` and `mptcp_info` by the
//! same kernel functions: a value that is wrong in both is not noticed, a wrong place is.

use std::ops::Range;

use mptcp_emulator::Errno;

/// What the model predicts.
#[derive(Clone, Copy, Debug)]
pub struct Prediction<'a> {
    /// Success or the error.
    pub result: Result<(), Errno>,
    /// The street after the call.
    pub bytes: &'a [u8],
    /// For each byte 0, or why it is open: [`mptcp_emulator::OpenReason`].
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
    /// The predicted and the observed result, if they differ.
    pub result: Option<(Result<(), Errno>, Result<(), Errno>)>,
    /// Offsets on the street of bytes that differ, in ascending order, at most `MOST_BYTES`.
    pub bytes: Vec<usize>,
}

/// The maximum number of differing bytes in a [`Mismatch`].
pub const MOST_BYTES: usize = 4096;

/// Compares the parts of the street that `ranges` lists.
///
/// # Errors
/// How they differ.
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
    // Most chunks are equal, and so are most words of the others. Only a word with a clock in it is
    // compared byte by byte.
    pieces(want, mask, got, CHUNK).all(|(want, mask, got)| {
        want == got
            || pieces(want, mask, got, WORD)
                .all(|(want, mask, got)| want == got || open(want, mask, got))
    })
}

/// The three slices, piece by piece.
fn pieces<'a>(
    want: &'a [u8],
    mask: &'a [u8],
    got: &'a [u8],
    size: usize,
) -> impl Iterator<Item = (&'a [u8], &'a [u8], &'a [u8])> {
    let both = want.chunks(size).zip(mask.chunks(size));
    both.zip(got.chunks(size)).map(|((want, mask), got)| (want, mask, got))
}

/// The number of bytes compared at once, first in large chunks, then in small ones.
const CHUNK: usize = 256;
const WORD: usize = 8;

/// Whether all bytes that differ are open.
fn open(want: &[u8], mask: &[u8], got: &[u8]) -> bool {
    want.iter().zip(mask).zip(got).all(|((want, mask), got)| want == got || *mask != 0)
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

#[cfg(test)]
mod tests {
    use super::*;

    const LEN: usize = 1000;

    fn verdict(
        change: impl FnOnce(&mut [u8], &mut [u8]),
        ranges: &[Range<usize>],
    ) -> Result<(), Mismatch> {
        let bytes = vec![7; LEN];
        let (mut mask, mut observed) = (vec![0; LEN], vec![7; LEN]);
        change(&mut mask, &mut observed);
        let predicted = Prediction { result: Ok(()), bytes: &bytes, mask: &mask };
        let observed = Observation { result: Ok(()), bytes: &observed };
        judge(&predicted, &observed, ranges.iter().cloned())
    }

    #[test]
    fn every_single_byte_counts() {
        let whole = std::slice::from_ref(&(0..LEN));
        for at in 0..LEN {
            let mismatch = verdict(|_, observed| observed[at] ^= 0x80, whole);
            assert_eq!(mismatch.unwrap_err().bytes, [at]);
        }
    }

    #[test]
    fn an_open_byte_may_be_anything_and_its_neighbours_may_not() {
        let whole = std::slice::from_ref(&(0..LEN));
        let open = |mask: &mut [u8], observed: &mut [u8]| {
            mask[300..304].fill(1);
            observed[300..304].fill(0xff);
        };
        assert_eq!(verdict(open, whole), Ok(()));
        for at in [299, 304] {
            let both = |mask: &mut [u8], observed: &mut [u8]| {
                open(mask, observed);
                observed[at] = 0;
            };
            assert_eq!(verdict(both, whole).unwrap_err().bytes, [at]);
        }
    }

    #[test]
    fn only_the_ranges_are_looked_at_and_each_byte_is_told_once() {
        let change = |_: &mut [u8], observed: &mut [u8]| observed[500..510].fill(0);
        assert_eq!(verdict(change, &[0..500, 510..LEN]), Ok(()));
        let mismatch = verdict(change, &[0..503, 501..505]).unwrap_err();
        assert_eq!(mismatch.bytes, [500, 501, 502, 503, 504]);
    }

    #[test]
    fn results_are_compared_even_where_no_byte_differs() {
        let bytes = vec![0; LEN];
        let mask = vec![0; LEN];
        let (predicted, observed) = (Err(Errno::EINVAL), Err(Errno::EFAULT));
        let verdict = judge(
            &Prediction { result: predicted, bytes: &bytes, mask: &mask },
            &Observation { result: observed, bytes: &bytes },
            std::iter::once(0..LEN),
        );
        let mismatch = verdict.unwrap_err();
        assert_eq!(mismatch.result, Some((predicted, observed)));
        assert!(mismatch.bytes.is_empty());
    }

    /// A range that one side does not have is not an agreement.
    #[test]
    fn a_range_beyond_the_end_disagrees() {
        assert!(verdict(|_, _| {}, std::slice::from_ref(&(LEN - 1..LEN + 1))).is_err());
    }
}
