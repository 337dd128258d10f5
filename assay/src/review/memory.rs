//! The memory of one case on two kernels, the base kernel's answer in the place of a
//! prediction.

use crate::report::hexdump::Hexdump;
use mptcp_harness::cases::Case;
use mptcp_harness::judge::Mismatch;
use mptcp_harness::judge::evidence::{Examination, Observed};
use mptcp_harness::judge::region::{Map, Region, Spot};

use mptcp_emulator::Revision;
use mptcp_harness::judge::model_diff::{Foreseen, ModelDiff, Side};
use mptcp_harness::scenes::by_id;

use super::answer::Answer;
use crate::model_socket::ModelSocket;
use crate::report::datum::Datum;

/// The memory around what differs between two kernels, the base kernel's in the place
/// of a prediction.
pub(crate) fn drawn(case: &Case, base: &Answer, patched: &Answer, colour: bool) -> String {
    let examination = contrasted(case, base, patched);
    let larger = larger(base, patched);
    Hexdump::new(case, &larger.revision, larger.subflows, &examination, colour)
        .narrow(["before", "base", "patched"])
        .differences()
}

/// The one whose structures are larger: it knows more names.
pub(crate) fn larger<'a>(base: &'a Answer, patched: &'a Answer) -> &'a Answer {
    let size = |answer: &Answer| answer.revision.tcp_info + answer.revision.mptcp_info;
    if size(patched) > size(base) { patched } else { base }
}

/// An examination with the base kernel's answer as the prediction. Where both are what
/// the socket holds, what it holds is another boot's and no difference.
pub(crate) fn contrasted(case: &Case, base: &Answer, patched: &Answer) -> Examination {
    let map = Map::new(case, &base.revision, base.subflows);
    let (one, other) = (&base.examination, &patched.examination);
    let prediction = one.observation().unwrap_or_default().to_vec();
    let mut observation = other.observation().unwrap_or_default().to_vec();
    let alike = Datum::between(&[base.revision, patched.revision]).is_empty();
    // What the revisions are known to hold otherwise differs from boot to boot as well.
    let known = if alike { None } else { foreseen(case, [&base.revision, &patched.revision]) };
    let meant = |at: usize| {
        known.as_ref().is_some_and(|[one, other]| {
            one.mask[at] != other.mask[at] || one.bytes[at] != other.bytes[at]
        })
    };
    let mut bytes = Vec::new();
    for at in 0..prediction.len().min(observation.len()) {
        let agrees = |side: &Examination| {
            let seen = side.observation().and_then(|bytes| bytes.get(at));
            side.mask[at] != 0 || seen == Some(&side.prediction[at])
        };
        // One model says of both what is written; of two, what each writes near by. What
        // neither writes may be an address, which is another in each boot.
        let both = || {
            alike
                || match (written(one, &map, at), written(other, &map, at)) {
                    (true, true) => holds(map.spot(at)),
                    (false, false) => true,
                    _ => false,
                }
        };
        let boots = || agrees(one) && agrees(other) && both() && !meant(at);
        if prediction[at] == observation[at] || boots() {
            observation[at] = prediction[at];
        } else {
            bytes.push(at);
        }
    }
    let result = match (one.result(), other.result()) {
        (Some(one), Some(other)) if one != other => Some((one, other)),
        _ => None,
    };
    let differ = result.is_some() || !bytes.is_empty();
    let mismatch = differ.then_some(Mismatch { result, bytes });
    let observed = other.result().map(|result| Observed { result, bytes: observation, mismatch });
    Examination {
        predicted: one.result().unwrap_or(one.predicted),
        observed,
        rules: one.rules.clone(),
        before: one.before.clone(),
        prediction,
        mask: one.mask.clone(),
    }
}

/// Whether the model writes a byte or another of the same field: a byte may be written
/// with what stood there.
fn written(side: &Examination, map: &Map, at: usize) -> bool {
    let spot = map.spot(at);
    let same = |other: &usize| {
        let other = map.spot(*other);
        (other.region, other.field) == (spot.region, spot.field)
    };
    (at.saturating_sub(7)..at + 8).filter(same).any(|at| {
        let byte = |image: &[u8]| image.get(at).copied();
        byte(&side.mask).is_some_and(|open| open != 0)
            || byte(&side.prediction) != byte(&side.before)
    })
}

/// Whether a spot holds what a socket has, and not a number of the negotiation.
fn holds(spot: Spot) -> bool {
    let negotiates = matches!(
        spot.region,
        Region::Length | Region::Header | Region::HeaderTail | Region::Block(_)
    );
    // The header of MPTCP_FULL_INFO ends with the whole mptcp_info.
    !negotiates || spot.field.is_some_and(|field| field.starts_with("mptcpi_"))
}

/// What two revisions predict for a case, with all that the socket holds left open.
pub(crate) fn foreseen(case: &Case, revisions: [&Revision; 2]) -> Option<[Foreseen; 2]> {
    let scene = by_id(case.scene)?;
    let [one, other] = revisions.map(|revision| ModelSocket::named(scene, revision));
    Some(one.with(|one, subflows| {
        other.with(|other, others| {
            let side = |revision, socket, subflows| Side { revision, socket, subflows };
            let [first, second] = revisions;
            let sides = [side(first, one, subflows), side(second, other, others)];
            ModelDiff::default().foresee(case, sides)
        })
    }))
}
