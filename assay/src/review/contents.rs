//! What the structures hold, field by field: values that are steady on either kernel
//! and not the same on both, for a reason that is not known, and what became of each
//! such field ([`change`]). And how many subflows the scenes have.
//!
//! The model takes contents from sock_diag, which fills them in by the same functions
//! as the options. A patch that moves a field, or has it tell something else, changes
//! both alike, and model and kernel go on agreeing. What the two kernels hold in the
//! same scenes shows it.

use std::collections::{BTreeMap, BTreeSet};

use mptcp_emulator::Revision;
use mptcp_emulator::abi::{Field, HOLE, MptcpInfo, SubflowAddrs, TcpInfo};
use mptcp_harness::judge::finding::hex;
use mptcp_harness::scenes::{by_id, catalogue};
use serde::Serialize;

use self::change::{ContentChange, Pair, Sides, Values, constant, pairs, value_text};
use super::guest_run::{GuestRun, SceneFacts};
use crate::model_socket::ModelSocket;

pub(crate) mod change;

/// A field is told if it differs in so many places, and in half of those in which it
/// is steady on both, which are a quarter of all: one that merely happened to stand
/// still, such as a round-trip time, does so in few. One that is steady in all of them
/// is no such field, and a flag of some sockets may differ in these alone.
const PLACES: usize = 3;

/// A field that holds something else, or [`SUBFLOWS`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Content {
    /// Such as `mptcp_info.mptcpi_flags`.
    pub(crate) field: String,
    /// What became of it, at all places.
    pub(crate) change: ContentChange,
    /// Subflows and sockets on which it differs.
    pub(crate) places: usize,
    /// Those that were compared: on which it is steady on both kernels.
    pub(crate) steady: usize,
    /// The scenes of the places on which it differs.
    pub(crate) scenes: Vec<&'static str>,
    /// The scene of the example.
    pub(crate) scene: &'static str,
    /// What it holds there: see [`value_text`].
    pub(crate) base: String,
    pub(crate) patched: String,
    /// Whether `--allow` names it.
    pub(crate) allowed: bool,
}

/// What is listed as a field where the kernels have another number of subflows.
const SUBFLOWS: &str = "num_subflows";

/// The values of each field, by its structure.
type Fields = BTreeMap<(&'static str, String), Values>;

/// The structures that are compared, each with its fields.
const STRUCTURES: [(&str, &[Field]); 3] = [
    ("mptcp_info", MptcpInfo::FIELDS),
    ("tcp_info", TcpInfo::FIELDS),
    ("addrs", SubflowAddrs::FIELDS),
];

impl Content {
    /// A field that differs on some of the places that were compared.
    fn new(
        field: String,
        change: ContentChange,
        steady: usize,
        differing: &[Pair<'_>],
    ) -> Option<Content> {
        let (first, base, patched) = *differing.first()?;
        let name = |scene: u8| by_id(scene).map_or("", |scene| scene.name);
        let mut scenes: Vec<&str> = differing.iter().map(|(place, ..)| name(place.0)).collect();
        scenes.dedup();
        Some(Content {
            field,
            change,
            places: differing.len(),
            steady,
            scenes,
            scene: name(first.0),
            base: value_text(base),
            patched: value_text(patched),
            allowed: false,
        })
    }

    /// What became of the field, in a sentence.
    pub(crate) fn summary(&self) -> String {
        self.change.text(&self.field)
    }
}

/// Whether a report could list this name.
pub(crate) fn is_field(name: &str) -> bool {
    let is_unnamed =
        |field: &str| field.strip_prefix("byte ").is_some_and(|at| at.parse::<u16>().is_ok());
    let has = |(structure, fields): &(&str, &[Field])| {
        let field = name.strip_prefix(structure).and_then(|rest| rest.strip_prefix('.'));
        field.is_some_and(|field| {
            is_unnamed(field) || field != HOLE && fields.iter().any(|known| known.name == field)
        })
    };
    name == SUBFLOWS || STRUCTURES.iter().any(has)
}

/// Compares what some surveys of each kernel saw, each from a boot of its own. What the
/// kernels' revisions are known to hold otherwise is left out.
pub(crate) fn compare(
    base: &[&GuestRun],
    patched: &[&GuestRun],
    revisions: [Revision; 2],
) -> Vec<Content> {
    let mut found: Vec<Content> = subflows([base, patched], revisions).into_iter().collect();
    let known = RevisionContents::new(revisions);
    let (base, patched) = (seen(base), seen(patched));
    for (key, values) in &base {
        let Some(others) = patched.get(key) else { continue };
        let sides = Sides { base: values, patched: others };
        let (structure, field) = key;
        let is_meant = |(place, base, patched): &Pair<'_>| {
            *structure == "mptcp_info" && known.explains(place.0, field, [base, patched])
        };
        let all = pairs(sides);
        let open: Vec<Pair<'_>> = all.iter().filter(|pair| !is_meant(pair)).copied().collect();
        let differing: Vec<Pair<'_>> =
            open.iter().filter(|(_, base, patched)| base != patched).copied().collect();
        let (steady, places) = (all.len(), values.len());
        let half = 2 * differing.len() >= steady || steady == places;
        let name = || format!("{structure}.{field}");
        if differing.len() >= PLACES && half && 4 * steady >= places {
            let same = base.iter().filter(|(other, _)| other.0 == *structure && *other != key);
            let others = same.filter_map(|(other, base)| {
                let sides = Sides { base, patched: patched.get(other)? };
                Some((format!("{structure}.{}", other.1), sides))
            });
            let others: Vec<(String, Sides<'_>)> = others.collect();
            let change = ContentChange::of(&open, sides, &others);
            found.extend(Content::new(name(), change, steady, &differing));
        } else if let Some(value) = constant(others) {
            let varying: Vec<Pair<'_>> =
                change::varying(sides, value).into_iter().filter(|pair| !is_meant(pair)).collect();
            let distinct: BTreeSet<&str> = varying.iter().map(|(_, base, _)| *base).collect();
            if distinct.len() >= PLACES && 2 * varying.len() >= places {
                let change = ContentChange::BecameConstant { value: value_text(value) };
                found.extend(Content::new(name(), change, places, &varying));
            }
        }
    }
    found
}

/// The scenes on which the kernels list another number of subflows, every boot the same one,
/// unless either has the number that its revision has there.
fn subflows(surveys: [&[&GuestRun]; 2], revisions: [Revision; 2]) -> Option<Content> {
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
    let sides = Sides { base, patched };
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
    let differing: Vec<Pair<'_>> =
        open.iter().filter(|(_, base, patched)| base != patched).copied().collect();
    let change = ContentChange::of(&open, sides, &[]);
    Content::new(SUBFLOWS.to_owned(), change, all.len(), &differing)
}

/// What two revisions are known to hold otherwise in `struct mptcp_info`.
struct RevisionContents {
    revisions: [Revision; 2],
}

impl RevisionContents {
    fn new(revisions: [Revision; 2]) -> RevisionContents {
        RevisionContents { revisions }
    }

    /// Whether a field's values on both kernels are 0 where the revision has 0, if that is
    /// so on one of them alone.
    fn explains(&self, scene: u8, field: &str, values: [&str; 2]) -> bool {
        let (Some(scene), Some(field)) =
            (by_id(scene), MptcpInfo::FIELDS.iter().find(|known| known.name == field))
        else {
            return false;
        };
        let clear = self.revisions.map(|revision| {
            let mut socket = ModelSocket::named(scene, &revision);
            let at = usize::from(field.offset);
            socket.contents().is_some_and(|known| known.info_mut().mask.get(at) == Some(&0))
        });
        let is_zero = |value: &str| value.bytes().all(|digit| digit == b'0');
        let fits = |at: usize| !clear[at] || is_zero(values[at]);
        clear[0] != clear[1] && fits(0) && fits(1)
    }
}

fn seen(surveys: &[&GuestRun]) -> Fields {
    let mut seen = Fields::new();
    for facts in surveys.iter().flat_map(|survey| &survey.scenes) {
        let SceneFacts { id, info, tcp_info, subflow_info, .. } = facts;
        // Behind the id and its padding.
        let addrs = subflow_info.iter().map(|digits| digits.get(16..).unwrap_or_default());
        let elements: [Vec<&str>; 3] =
            [vec![info], tcp_info.iter().map(String::as_str).collect(), addrs.collect()];
        for ((structure, fields), elements) in STRUCTURES.into_iter().zip(elements) {
            for (place, digits) in elements.into_iter().enumerate() {
                for (name, value) in values(fields, digits) {
                    let field = seen.entry((structure, name)).or_default();
                    field.entry((*id, place)).or_default().insert(value);
                }
            }
        }
    }
    seen
}

/// The fields that are there whole, and words of what has no name.
fn values<'a>(fields: &'a [Field], digits: &'a str) -> impl Iterator<Item = (String, String)> + 'a {
    let known = fields.iter().filter_map(|field| {
        let start = 2 * usize::from(field.offset);
        let value = digits.get(start..start + 2 * usize::from(field.size))?;
        let name = match field.name {
            HOLE => format!("byte {}", field.offset),
            name => name.to_owned(),
        };
        Some((name, value.to_owned()))
    });
    let end = fields.iter().map(|field| usize::from(field.offset + field.size)).max().unwrap_or(0);
    let unnamed = (end..digits.len() / 2).step_by(4).filter_map(move |at| {
        let value = digits.get(2 * at..(2 * at + 8).min(digits.len()))?;
        Some((format!("byte {at}"), value.to_owned()))
    });
    known.chain(unnamed)
}

#[cfg(test)]
mod tests;
