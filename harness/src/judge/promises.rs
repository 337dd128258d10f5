//! The contract as promises alone. What a document states, or what follows from it, has to hold;
//! everything else is not checked.
//!
//! [`Model::promised`](crate::model::Model::promised) predicts the promise where a document and
//! kernels differ, and the kernels' behaviour where it is undocumented. A kernel that does as
//! predicted keeps the contract. A mismatch breaks a promise only if every rule behind the
//! prediction is documented: `broken` returns what is left of the mismatch then. This errs on the
//! careful side, because a finding has to rest on a promise. A broken promise that is missed in a
//! call with one undocumented decision is found in a call without any.
//!
//! [`KNOWN`] lists the known contradictions, each of which has a page in `findings/`.

use mptcp_emulator::rules::Basis;
use mptcp_emulator::{Errno, Revision, Rule, RuleSet};

use crate::cases::{Case, Entry, Input};
use crate::judge::Mismatch;
use crate::judge::contradictions::{Contradiction, KNOWN, Shown, of_compat, of_rules};
use crate::judge::evidence::Evidence;
use crate::judge::finding::{Diagnosis, diagnose_evidence};
use crate::judge::region::{Laid, Map, Region};
use crate::model::Model;
use crate::scenes::ExpectedState;

/// The part of a mismatch that breaks a promise; `None` if none does.
pub(crate) fn broken(case: &Case, map: &Map, evidence: &Evidence<'_>) -> Option<Mismatch> {
    let free = evidence.rules.iter().any(|rule| is_free(*rule));
    let result = evidence.mismatch.result.filter(|(predicted, observed)| {
        // A failed copy has to be reported, even if nothing else is checked.
        let silent = *predicted == Err(Errno::EFAULT) && observed.is_ok();
        silent || !free
    });
    // After a fault, or if buffers overlap, memory contents are undocumented. The kernel must never
    // write to memory that was not passed to it.
    let fault = evidence.predicted == Err(Errno::EFAULT);
    let told = !free && !fault && !overlaps(case, map);
    let bytes = evidence.mismatch.bytes.iter().copied();
    let bytes: Vec<usize> = bytes.filter(|at| told || is_outside(map, *at)).collect();
    let mismatch = Mismatch { result, bytes };
    (mismatch.result.is_some() || !mismatch.bytes.is_empty()).then_some(mismatch)
}

/// Diagnoses a mismatch with a model; `None` if the model judges promises alone and no promise is
/// broken.
pub(crate) fn diagnose(
    model: Model,
    case: &Case,
    revision: &Revision,
    subflows: usize,
    evidence: &Evidence<'_>,
) -> Option<Diagnosis> {
    if !model.is_promised() {
        return diagnose_evidence(case, revision, subflows, evidence);
    }
    let map = Map::new(case, revision, subflows);
    let mismatch = &broken(case, &map, evidence)?;
    diagnose_evidence(case, revision, subflows, &Evidence { mismatch, ..*evidence })
}

/// Whether the decision of a rule is undocumented.
fn is_free(rule: Rule) -> bool {
    matches!(rule.basis(), Basis::Accidental | Basis::Chosen)
}

/// Whether a byte is outside all buffers that the program passed to the kernel.
fn is_outside(map: &Map, at: usize) -> bool {
    matches!(map.spot(at).region, Region::Before | Region::Beyond | Region::Elsewhere)
}

/// Whether two of the call's things on the street overlap, or one of them and the declared buffer.
pub(crate) fn overlaps(case: &Case, map: &Map) -> bool {
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

/// A scene's expected state as the documents promise it.
pub fn amended(expected: &ExpectedState) -> ExpectedState {
    amended_by(expected, |_| true)
}

/// An expected state with the promised values for some of [`KNOWN`].
fn amended_by(expected: &ExpectedState, which: impl Fn(&Contradiction) -> bool) -> ExpectedState {
    let mut amended = expected.clone();
    for known in KNOWN.iter().filter(|known| which(known)) {
        if let Shown::Scenes { amend, .. } = known.shown {
            amend(&mut amended);
        }
    }
    amended
}

/// The known contradictions that may cause a disagreement with one of the two models. For the
/// promised model, a contradiction is the cause if a kernel with that contradiction alone agrees.
/// For the documented model, it is the cause if a kernel with all others agrees. A call that shows
/// little may have several. `agrees` returns whether a model with an expected state agrees, and
/// adds the rules that decided.
pub(crate) fn identify(
    promises: bool,
    case: &Case,
    expected: &ExpectedState,
    mut agrees: impl FnMut(&ExpectedState, Model, &mut RuleSet) -> bool,
) -> Vec<&'static Contradiction> {
    let (own, other) = match promises {
        true => (Model::promised(), Model::documented()),
        false => (Model::documented(), Model::promised()),
    };
    let amended = amended(expected);
    let whole = if promises { &amended } else { expected };
    let mut explains = |sight: &ExpectedState, model| {
        let mut rules = RuleSet::EMPTY;
        agrees(sight, model, &mut rules).then_some(rules)
    };
    // Contradictions in rules, on the scene as this model or as the other one has it.
    let alone = explains(whole, other);
    let both = if *whole == amended { expected } else { &amended };
    let both = if both == whole { None } else { explains(both, other) };
    for rules in alone.iter().chain(&both) {
        if let Some(known) = rules.iter().find_map(of_rules) {
            return vec![known];
        }
    }
    let compat =
        |rules: Option<RuleSet>| rules.and_then(of_compat).filter(|_| case.entry == Entry::Compat);
    let mut found = Vec::from_iter(compat(alone));
    // Contradictions in a scene: the one change that is needed, or must be undone.
    for known in KNOWN {
        let this = |other: &Contradiction| other.name == known.name;
        let one = amended_by(expected, |other| this(other) != promises);
        if one != *whole && explains(&one, own).is_some() {
            found.push(known);
        }
    }
    if found.is_empty() { Vec::from_iter(compat(both)) } else { found }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use mptcp_emulator::{Revision, abi};

    use super::*;
    use crate::cases::{Data, Place};
    use crate::memory::layout;
    use crate::scenes::{Contents, ExpectedSubflow, Kind};

    const OPTVAL: usize = 0x1000;
    const OPTLEN: usize = 0x14000;

    fn case() -> Case {
        Case {
            scene: 22,
            poison: 0,
            entry: Entry::Native,
            option: abi::MPTCP_TCPINFO,
            length: 16 + 280,
            optval: Place::Street(OPTVAL as u32),
            optlen: Place::Street(OPTLEN as u32),
            input: Input::Data(Data::asking(280)),
        }
    }

    /// The rest of a mismatch between `predicted` and `observed` that has these bytes.
    fn left(
        case: &Case,
        [predicted, observed]: [Result<(), Errno>; 2],
        bytes: &[usize],
        rules: &[Rule],
    ) -> Option<Vec<usize>> {
        let result = (predicted != observed).then_some((predicted, observed));
        let mismatch = &Mismatch { result, bytes: bytes.to_vec() };
        let street = vec![0; layout::LEN];
        let evidence = Evidence {
            mismatch,
            predicted,
            rules,
            before: &street,
            prediction: &street,
            mask: &street,
            observation: &street,
        };
        let map = Map::new(case, &Revision::V6_18, 1);
        broken(case, &map, &evidence).map(|mismatch| mismatch.bytes)
    }

    const PLAIN: [Rule; 3] = [Rule::StrideAsAsked, Rule::ElementCopied, Rule::CountReported];
    const FAULT: [Rule; 2] = [Rule::StrideAsAsked, Rule::ElementUnwritable];

    #[test]
    fn what_promised_rules_alone_decided_is_promised() {
        let (ok, refused) = (Ok(()), Err(Errno::EINVAL));
        assert_eq!(left(&case(), [ok, ok], &[OPTVAL + 4], &PLAIN), Some(vec![OPTVAL + 4]));
        assert_eq!(left(&case(), [ok, refused], &[], &PLAIN), Some(vec![]));
        let promised = [Rule::NumSubflowsNotZero];
        assert_eq!(left(&case(), [refused, ok], &[], &promised), Some(vec![]));
        // What follows from a test counts as well: the selftest asserts these sizes.
        let implied = [Rule::FullStrideClamped, Rule::SizesReported];
        assert_eq!(left(&case(), [ok, ok], &[OPTVAL + 4], &implied), Some(vec![OPTVAL + 4]));
    }

    #[test]
    fn what_an_accidental_rule_had_a_say_in_is_free() {
        let (ok, refused, fault) = (Ok(()), Err(Errno::EINVAL), Err(Errno::EFAULT));
        assert_eq!(left(&case(), [refused, ok], &[OPTVAL], &[Rule::ElementSizeAboveMax]), None);
        assert_eq!(left(&case(), [fault, fault], &[OPTVAL, OPTLEN], &FAULT), None);
        assert_eq!(left(&case(), [fault, refused], &[], &FAULT), None);
        // After a fault nothing is promised by any rule.
        assert_eq!(left(&case(), [fault, fault], &[OPTVAL], &[Rule::HeaderUnreadable]), None);
    }

    #[test]
    fn a_fault_is_told_and_nothing_is_written_outside() {
        let (ok, fault) = (Ok(()), Err(Errno::EFAULT));
        assert_eq!(left(&case(), [fault, ok], &[OPTVAL], &FAULT), Some(vec![]));
        let (last, behind) = (OPTVAL + 16 + 279, OPTVAL + 16 + 280);
        assert_eq!(left(&case(), [fault, fault], &[last, behind], &FAULT), Some(vec![behind]));
        assert_eq!(left(&case(), [fault, fault], &[OPTVAL - 1], &FAULT), Some(vec![OPTVAL - 1]));
    }

    #[test]
    fn a_refusal_touches_nothing() {
        let refused = [Err(Errno::EINVAL); 2];
        for rule in [Rule::DataLengthTooShort, Rule::NumSubflowsNotZero] {
            assert_eq!(left(&case(), refused, &[OPTLEN], &[rule]), Some(vec![OPTLEN]));
        }
        assert_eq!(left(&case(), refused, &[OPTLEN], &[Rule::HeaderSizeAboveMax]), None);
    }

    /// If a kernel keeps one promise and breaks another in the same case, the known
    /// contradiction is found, whichever model disagrees with the kernel.
    #[test]
    fn of_two_contradictions_in_one_case_a_kernel_may_have_one() {
        let bytes = |first: u8| Contents::exact(vec![first; 4]);
        let closed = ExpectedSubflow {
            tcp_info: bytes(7),
            subflow_info: bytes(1),
            local: "0.0.0.0:0".parse().unwrap(),
            remote: "0.0.0.0:0".parse().unwrap(),
        };
        let kind = Kind::Mptcp { info: bytes(0), subflows: vec![closed] };
        let expected = ExpectedState { fd: -1, kind };
        let fixed = amended(&expected);
        assert_ne!(fixed, expected);
        let case = Case { entry: Entry::Compat, option: abi::MPTCP_FULL_INFO, ..case() };
        // The kernel's scene and layout.
        let known = |promises: bool, scene: &ExpectedState, documented: bool| {
            let agrees = |sight: &ExpectedState, model: Model, rules: &mut RuleSet| {
                rules.insert(Rule::FullCountsReported);
                sight == scene && model.is_documented() == documented
            };
            identify(promises, &case, &expected, agrees).first().map(|known| known.name)
        };
        assert_eq!(known(true, &fixed, true), Some("compat-subflow-info"));
        assert_eq!(known(true, &expected, true), Some("compat-subflow-info"));
        assert_eq!(known(true, &expected, false), Some("closed-subflows-counted"));
        assert_eq!(known(false, &fixed, false), Some("compat-subflow-info"));
        assert_eq!(known(false, &expected, false), Some("compat-subflow-info"));
        assert_eq!(known(false, &fixed, true), Some("closed-subflows-counted"));
        let neither = |_: &ExpectedState, _: Model, _: &mut RuleSet| false;
        assert!(identify(true, &case, &expected, neither).is_empty());
    }

    #[test]
    fn no_document_says_what_overlapping_buffers_hold() {
        let ok = [Ok(()); 2];
        let inside =
            |offset: usize| Case { optlen: Place::Street((OPTVAL + offset) as u32), ..case() };
        assert_eq!(left(&inside(100), ok, &[OPTVAL + 4], &PLAIN), None);
        assert_eq!(left(&inside(16 + 280), ok, &[OPTVAL + 4], &PLAIN), Some(vec![OPTVAL + 4]));
    }
}
