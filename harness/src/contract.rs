//! The contract as promises alone: what a document says or what follows from one has
//! to hold, and all else is free.
//!
//! [`Model::promised`](crate::rig::Model::promised) predicts what is promised where a
//! document and kernels differ, and what kernels do where no document speaks. So a
//! kernel that does as predicted keeps the contract. One that does not has broken a
//! promise only if nothing unpromised had a say in the prediction: [`broken`] is what
//! is left of a mismatch then. That is on the careful side. A finding has to rest on a
//! promise, and one that was not seen in a call with one free decision shows in a call
//! without.
//!
//! The contradictions that are known are [`KNOWN`], each with a page in `findings/`.

mod known;

use mptcp_emulator::{Errno, Rule, Standing};

use crate::case::{Case, Input};
use crate::finding::Evidence;
use crate::judge::Mismatch;
use crate::region::{Laid, Map, Region};
use crate::scene::Portrait;
pub use known::{Contradiction, KNOWN, Shown, of_rules};

/// What of a mismatch breaks a promise; `None` where all of it is free.
pub(crate) fn broken(case: &Case, map: &Map, evidence: &Evidence<'_>) -> Option<Mismatch> {
    let free = evidence.rules.iter().any(|rule| is_free(*rule));
    let result = evidence.mismatch.result.filter(|(predicted, observed)| {
        // A copy that cannot be made has to be told, whatever else is free.
        let silent = *predicted == Err(Errno::EFAULT) && observed.is_ok();
        silent || !free
    });
    // After a fault, and where things lie over one another, no document says what
    // stands where. What was never lent to the kernel is not its to write in any case.
    let told = !free && evidence.predicted.is_ok() && !overlaps(case, map);
    let bytes = evidence.mismatch.bytes.iter().copied();
    let bytes: Vec<usize> = bytes.filter(|at| told || is_outside(map, *at)).collect();
    let mismatch = Mismatch { result, bytes };
    (mismatch.result.is_some() || !mismatch.bytes.is_empty()).then_some(mismatch)
}

/// Whether a rule decides something that no document speaks of.
fn is_free(rule: Rule) -> bool {
    matches!(rule.standing(), Standing::Accidental | Standing::Chosen)
}

/// Whether a byte is no part of any buffer that the program told of.
fn is_outside(map: &Map, at: usize) -> bool {
    matches!(map.spot(at).region, Region::Before | Region::Beyond | Region::Elsewhere)
}

/// Whether two of the things that the call has on the street share a byte, or one of
/// them and the declared buffer do.
fn overlaps(case: &Case, map: &Map) -> bool {
    let range = |laid: &Laid| (laid.start, laid.start.saturating_add(laid.each * laid.count));
    let apart = |(start, end): (usize, usize), (other, last): (usize, usize)| {
        start == end || other == last || end <= other || last <= start
    };
    let mut all: Vec<(usize, usize)> = map.laid().iter().map(range).collect();
    // The header and its elements are parts of one buffer, and do not overlap.
    if let (Some(at), Input::Nothing | Input::Data(_)) = (case.optval.offset(), &case.input) {
        let length = map.laid().first().map(range).filter(|_| case.optlen.offset().is_some());
        let buffer = (at, at.saturating_add(usize::try_from(case.length).unwrap_or(usize::MAX)));
        return length.is_some_and(|length| !apart(length, buffer));
    }
    all.sort_unstable();
    all.iter()
        .enumerate()
        .any(|(at, one)| all.iter().skip(at + 1).any(|other| !apart(*one, *other)))
}

/// A scene's portrait as the documents have it.
pub(crate) fn amended(portrait: &Portrait) -> Portrait {
    amended_but(portrait, None)
}

/// As [`amended`], with one contradiction left as kernels have it.
pub(crate) fn amended_but(portrait: &Portrait, left: Option<&Contradiction>) -> Portrait {
    let mut amended = portrait.clone();
    for known in KNOWN.iter().filter(|known| left.is_none_or(|left| left.name != known.name)) {
        if let Shown::Scenes { amend, .. } = known.shown {
            amend(&mut amended);
        }
    }
    amended
}

/// Which known contradiction it is that the documented model explains: by the rule
/// that fired, or by the one change of the portrait without which `agrees` says that
/// model and kernel do.
pub(crate) fn identify(
    rules: &[Rule],
    portrait: &Portrait,
    mut agrees: impl FnMut(&Portrait) -> bool,
) -> Option<&'static Contradiction> {
    if let Some(known) = rules.iter().find_map(|rule| of_rules(*rule)) {
        return Some(known);
    }
    let scenes = KNOWN.iter().filter(|known| matches!(known.shown, Shown::Scenes { .. }));
    let changes = |known: &&Contradiction| amended_but(portrait, Some(known)) != amended(portrait);
    let mut candidates = scenes.filter(changes).peekable();
    let first = candidates.peek().copied();
    candidates.find(|known| agrees(&amended_but(portrait, Some(known)))).or(first)
}
