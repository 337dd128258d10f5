//! What a call left behind on the street: changes, differences, a fault.

use std::ops::Range;

use mptcp_emulator::rules::Part;
use mptcp_emulator::{Access, Errno, Rule};
use mptcp_harness::judge::evidence::Examination;
use mptcp_harness::judge::region::{Laid, Map, Spot};
use mptcp_harness::memory::layout as street_layout;

/// Unchanged bytes between changed ones of the same thing that count as changed:
/// of a number that grew not every byte changes.
const GAP: usize = 8;

/// What the model changes. A byte that is written with what stood there does not
/// show, so a field counts as a whole, short gaps within one thing are closed, and
/// its edges are taken along.
pub(crate) fn changed(map: &Map, examination: &Examination) -> Vec<Range<usize>> {
    let Examination { before, prediction, mask, .. } = examination;
    let both = prediction.iter().zip(before).zip(mask);
    let mut touched: Vec<bool> =
        both.map(|((after, before), mask)| after != before || *mask != 0).collect();
    fields(map, &mut touched);
    for laid in map.laid() {
        // More than the street has bytes for does not stand on it.
        for number in 0..laid.count.min(street_layout::LEN) {
            let start = laid.start.saturating_add(laid.each.saturating_mul(number));
            let end = start.saturating_add(laid.each).min(street_layout::LEN);
            if start >= end {
                break;
            }
            for piece in pieces(start..end) {
                close(&mut touched[piece]);
            }
        }
    }
    runs(&touched)
}

/// Takes a field whole, as far as its page goes, where a byte of it changed.
fn fields(map: &Map, touched: &mut [bool]) {
    let mut at = 0;
    while let Some(found) = touched.get(at..).and_then(|rest| rest.iter().position(|byte| *byte)) {
        at += found;
        let spot = map.spot(at);
        let Some(start) = at.checked_sub(spot.byte).filter(|_| spot.field.is_some()) else {
            at += 1;
            continue;
        };
        let belongs = |other: &usize| map.spot(*other) == Spot { byte: other - start, ..spot };
        let pages = street_layout::stretch(at);
        let behind = (at..pages.end).take_while(belongs).last().unwrap_or(at);
        (start.max(pages.start)..=behind).filter(belongs).for_each(|byte| touched[byte] = true);
        at = behind + 1;
    }
}

/// A range, cut where the program's rights change.
fn pieces(range: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let mut at = range.start;
    std::iter::from_fn(move || {
        (at < range.end).then(|| {
            let start = at;
            at = street_layout::stretch(at).end.min(range.end);
            start..at
        })
    })
}

/// Closes the short gaps of one thing in which something changed.
fn close(touched: &mut [bool]) {
    let mut last = None;
    let mut gaps = Vec::new();
    for at in (0..touched.len()).filter(|at| touched[*at]) {
        gaps.push(last.map_or(0, |last| last + 1)..at);
        last = Some(at);
    }
    gaps.extend(last.map(|last| last + 1..touched.len()));
    for gap in gaps.into_iter().filter(|gap| gap.len() < GAP) {
        touched[gap].fill(true);
    }
}

fn runs(touched: &[bool]) -> Vec<Range<usize>> {
    joined((0..touched.len()).filter(|at| touched[*at]))
}

/// Ascending offsets as ranges.
fn joined(offsets: impl Iterator<Item = usize>) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for at in offsets {
        match runs.last_mut() {
            Some(run) if run.end == at => run.end = at + 1,
            _ => runs.push(at..at + 1),
        }
    }
    runs
}

/// Where kernel and model differ, to the byte.
pub(super) fn differing(examination: &Examination) -> Vec<Range<usize>> {
    let mismatch = examination.mismatch().into_iter();
    joined(mismatch.flat_map(|mismatch| mismatch.bytes.iter().copied()))
}

/// The first byte on the street that the kernel could not read or write, as the
/// model has it, and which of both it was.
pub(super) fn fault(map: &Map, examination: &Examination) -> Option<(usize, &'static str)> {
    let (part, needed) = faulted(examination)?;
    let in_the_way = |at: &usize| street_layout::stretch(*at).access < needed;
    let mut places = map.laid().iter().filter(|laid| laid.region(0).part() == Some(part));
    let at = places.find_map(|laid| {
        let end = laid.start.saturating_add(laid.each.saturating_mul(laid.count));
        (laid.start..end.min(street_layout::LEN)).find(in_the_way)
    })?;
    Some((at, if needed == Access::ReadWrite { "cannot be written" } else { "cannot be read" }))
}

/// The arrays, in the order in which a subflow's elements go out.
const ARRAYS: [Part; 5] =
    [Part::Element, Part::SubflowInfo, Part::TcpInfo, Part::Sockname, Part::Peername];

/// How many elements of each array are copied whole, as the model has it.
pub(crate) fn copied(map: &Map, examination: &Examination) -> Vec<(&'static str, usize)> {
    let order = |part: Part| ARRAYS.iter().position(|array| *array == part);
    let begins = [Rule::ElementCopied, Rule::FullElementCopied, Rule::OptElementCopied];
    let begun = examination.rules.iter().any(|rule| begins.contains(rule));
    let stopped = faulted(examination).and_then(|(part, _)| order(part));
    let arrays = || {
        let all = map.laid().iter().filter(|laid| laid.each > 0);
        all.filter_map(|laid| Some((order(laid.region(0).part()?)?, laid)))
    };
    // An array off the street stops with its first element.
    let faulty = arrays().find(|(number, _)| Some(*number) == stopped);
    let last = match (faulty, fault(map, examination)) {
        (Some((_, laid)), Some((at, _))) => at.saturating_sub(laid.start) / laid.each,
        _ => 0,
    };
    let count = |number: usize, laid: &Laid| match stopped {
        _ if !begun => 0,
        None => laid.count,
        // Those in front of the faulty one have got one more.
        Some(stopped) => laid.count.min(last + usize::from(number < stopped)),
    };
    arrays().map(|(number, laid)| (laid.region(0).kind(), count(number, laid))).collect()
}

/// Where the model has an EFAULT, and the access that is missing there.
fn faulted(examination: &Examination) -> Option<(Part, Access)> {
    match examination.predicted {
        Err(Errno::EFAULT) => examination.rules.iter().rev().find_map(|rule| rule.fault()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_gaps_close_and_long_ones_stay() {
        let mut touched = vec![false; 32];
        touched[3] = true;
        touched[11] = true;
        touched[20] = true;
        close(&mut touched);
        // 0..3 and 4..11 are short; 12..20 is not, nor is 21..32.
        assert_eq!(runs(&touched), [0..12, 20..21]);
        let mut still = vec![false; 5];
        close(&mut still);
        assert_eq!(still, [false; 5]);
    }

    #[test]
    fn things_are_cut_at_the_edges_of_pages() {
        let all: Vec<_> = pieces(0x10ff0..0x12010).collect();
        assert_eq!(all, [0x10ff0..0x11000, 0x11000..0x12000, 0x12000..0x12010]);
    }
}
