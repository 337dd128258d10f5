//! What the structures hold, field by field: values that are steady on either kernel
//! and not the same on both, for a reason that is not known, and what became of each
//! such field. And how many subflows the scenes have.
//!
//! The model takes contents from sock_diag, which fills them in by the same functions
//! as the options. A patch that moves a field, or has it tell something else, changes
//! both alike, and model and kernel go on agreeing. What the two kernels hold in the
//! same scenes shows it.

use std::collections::BTreeSet;

use mptcp_emulator::Revision;
use mptcp_emulator::abi::SUBFLOW_INFO_ADDRS;
use mptcp_harness::contents::{
    ContentsChange, FieldChange, FieldId, Pair, Shown, Structure, Values, constant, differing,
    pairs, varying,
};
use mptcp_harness::judge::finding::hex;
use mptcp_harness::scenes::{by_id, catalogue};
use serde::Serialize;

use super::guest_run::GuestRun;
use crate::model_socket::ModelSocket;

/// A field is told if it differs in so many places, and in half of those in which it
/// is steady on both, which are a quarter of all: one that merely happened to stand
/// still, such as a round-trip time, does so in few. One that is steady in all of them
/// is no such field, and a flag of some sockets may differ in these alone.
const PLACES: usize = 3;

/// A field that holds something else on the patched kernel, or [`SUBFLOWS`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Content {
    #[serde(flatten)]
    pub(crate) change: FieldChange,
    /// Whether `--allow` names it.
    pub(crate) allowed: bool,
}

/// What is listed as a field where the kernels have another number of subflows.
const SUBFLOWS: &str = "num_subflows";

/// Whether a report could list this name.
pub(crate) fn is_field(name: &str) -> bool {
    name == SUBFLOWS || FieldId::is_name(name)
}

/// Compares what some surveys of each kernel saw, each from a boot of its own. What the
/// kernels' revisions are known to hold otherwise is left out.
pub(crate) fn compare(
    base: &[&GuestRun],
    patched: &[&GuestRun],
    revisions: [Revision; 2],
) -> Vec<Content> {
    let mut found: Vec<FieldChange> = subflows([base, patched], revisions).into_iter().collect();
    let (base, patched) = (shown(base), shown(patched));
    for (field, sides) in Shown::both(&base, &patched) {
        let is_meant = |(place, base, patched): &Pair<'_>| {
            is_known(&revisions, place.0, field, [base, patched])
        };
        let all = pairs(sides);
        let open: Vec<Pair<'_>> = all.iter().filter(|pair| !is_meant(pair)).copied().collect();
        let differing = differing(&open);
        let (steady, places) = (all.len(), sides[0].len());
        let half = 2 * differing.len() >= steady || steady == places;
        if differing.len() >= PLACES && half && 4 * steady >= places {
            let change = ContentsChange::of(field, [&base, &patched], sides, &open);
            found.extend(FieldChange::new(field.to_string(), change, steady, &differing));
        } else if let Some(value) = constant(sides[1]) {
            let varying: Vec<Pair<'_>> =
                varying(sides, value).into_iter().filter(|pair| !is_meant(pair)).collect();
            let distinct: BTreeSet<&str> = varying.iter().map(|(_, base, _)| *base).collect();
            if distinct.len() >= PLACES && 2 * varying.len() >= places {
                let change = ContentsChange::became_constant(value);
                found.extend(FieldChange::new(field.to_string(), change, places, &varying));
            }
        }
    }
    found.into_iter().map(|change| Content { change, allowed: false }).collect()
}

/// The scenes on which the kernels list another number of subflows, every boot the same one,
/// unless either has the number that its revision has there.
fn subflows(surveys: [&[&GuestRun]; 2], revisions: [Revision; 2]) -> Option<FieldChange> {
    let numbers = surveys.map(|surveys| {
        let mut values = Values::new();
        for scene in catalogue() {
            let of = |survey: &&GuestRun| {
                survey.scenes.iter().find(|facts| facts.id == scene.id)?.subflows
            };
            let numbers: Option<Vec<u32>> = surveys.iter().map(of).collect();
            let digits = numbers.iter().flatten().map(|number| hex(&number.to_ne_bytes()));
            values.insert((scene.id, 0), digits.collect());
        }
        values
    });
    let [base, patched] = &numbers;
    let sides = [base, patched];
    let is_meant = |(place, base, patched): &Pair<'_>| {
        let digits = |revision: Revision| {
            let number = by_id(place.0)?.subflows_holding(&revision.sockets)?;
            Some(hex(&number.to_ne_bytes()))
        };
        revisions.map(digits) == [base, patched].map(|digits| Some((*digits).to_owned()))
    };
    let all = pairs(sides);
    let open = all.iter().filter(|pair| pair.1 == pair.2 || !is_meant(pair));
    let open: Vec<Pair<'_>> = open.copied().collect();
    let change = ContentsChange::of_values(sides, &open);
    FieldChange::new(SUBFLOWS.to_owned(), change, all.len(), &differing(&open))
}

/// Whether a field's values on both kernels are 0 where the revision has 0 in
/// `struct mptcp_info`, if that is so on one of them alone.
fn is_known(revisions: &[Revision; 2], scene: u8, field: FieldId, values: [&str; 2]) -> bool {
    let Some(scene) = by_id(scene).filter(|_| field.structure == Structure::MptcpInfo) else {
        return false;
    };
    let clear = revisions.map(|revision| {
        let mut socket = ModelSocket::named(scene, &revision);
        let info = socket.contents().map(|known| known.info_mut());
        info.is_some_and(|info| info.mask.get(field.offset) == Some(&0))
    });
    let is_zero = |value: &str| value.bytes().all(|digit| digit == b'0');
    let fits = |at: usize| !clear[at] || is_zero(values[at]);
    clear[0] != clear[1] && fits(0) && fits(1)
}

fn shown(surveys: &[&GuestRun]) -> Shown {
    let mut shown = Shown::default();
    for facts in surveys.iter().flat_map(|survey| &survey.scenes) {
        shown.add(Structure::MptcpInfo, (facts.id, 0), &facts.info);
        for (at, digits) in facts.tcp_info.iter().enumerate() {
            shown.add(Structure::TcpInfo, (facts.id, at), digits);
        }
        for (at, digits) in facts.subflow_info.iter().enumerate() {
            let (info, addrs) = digits.split_at_checked(2 * SUBFLOW_INFO_ADDRS).unwrap_or_default();
            shown.add(Structure::SubflowInfo, (facts.id, at), info);
            shown.add(Structure::SubflowAddrs, (facts.id, at), addrs);
        }
    }
    shown
}

#[cfg(test)]
mod tests;
