//! What the structures hold, field by field: values that are steady on either kernel
//! and not the same on both.
//!
//! The model takes contents from sock_diag, which fills them in by the same functions
//! as the options. A patch that moves a field, or has it tell something else, changes
//! both alike, and model and kernel go on agreeing. What the two kernels hold in the
//! same scenes shows it.

use std::collections::{BTreeMap, BTreeSet};

use mptcp_emulator::abi::{Field, MptcpInfo, SubflowAddrs, TcpInfo};
use mptcp_harness::scene::by_id;
use serde::Serialize;

use super::survey::{SceneFacts, Survey};

/// A field is told if it differs in so many places, and in half of those in which it
/// is steady on both: one that merely happened to stand still differs in few.
const PLACES: usize = 3;

/// A field that holds something else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Content {
    /// Such as `mptcp_info.mptcpi_flags`.
    pub(super) field: String,
    /// Subflows and sockets on which it differs.
    pub(super) places: usize,
    /// Those on which it is steady on both kernels.
    pub(super) steady: usize,
    /// One of them.
    pub(super) scene: &'static str,
    /// What it holds there, in the order of its bytes.
    pub(super) base: String,
    pub(super) patched: String,
}

/// A place: a scene, and a subflow of it where it is one of a subflow's.
type Place = (u8, usize);

/// The values of a field, by place, each as often as a survey saw it.
type Seen = BTreeMap<(&'static str, String), BTreeMap<Place, BTreeSet<String>>>;

/// Compares what some surveys of each kernel saw, each from a boot of its own.
pub(super) fn compare(base: &[Survey], patched: &[Survey]) -> Vec<Content> {
    let (base, patched) = (seen(base), seen(patched));
    let mut found = Vec::new();
    for ((structure, field), places) in &base {
        let Some(others) = patched.get(&(*structure, field.clone())) else {
            continue;
        };
        let only = |values: &BTreeSet<String>| match values.len() {
            1 => values.first().filter(|value| !value.contains('.')).cloned(),
            _ => None,
        };
        let mut steady = 0;
        let mut differing = Vec::new();
        for (place, values) in places {
            let both = (only(values), others.get(place).and_then(only));
            if let (Some(base), Some(patched)) = both {
                steady += 1;
                if base != patched {
                    differing.push((place.0, base, patched));
                }
            }
        }
        if differing.len() >= PLACES && 2 * differing.len() >= steady {
            let places = differing.len();
            if let Some((scene, base, patched)) = differing.into_iter().next() {
                found.push(Content {
                    field: format!("{structure}.{field}"),
                    places,
                    steady,
                    scene: by_id(scene).map_or("", |scene| scene.name),
                    base,
                    patched,
                });
            }
        }
    }
    found
}

fn seen(surveys: &[Survey]) -> Seen {
    let mut seen = Seen::new();
    for facts in surveys.iter().flat_map(|survey| &survey.scenes) {
        let SceneFacts { id, info, tcp_info, subflow_info } = facts;
        let mut put = |structure, fields, place, digits: &str| {
            for (name, value) in values(fields, digits) {
                let field = seen.entry((structure, name)).or_default();
                field.entry((*id, place)).or_default().insert(value);
            }
        };
        put("mptcp_info", MptcpInfo::FIELDS, 0, info);
        for (place, digits) in tcp_info.iter().enumerate() {
            put("tcp_info", TcpInfo::FIELDS, place, digits);
        }
        for (place, digits) in subflow_info.iter().enumerate() {
            // Behind the id and its padding.
            put("addrs", SubflowAddrs::FIELDS, place, digits.get(16..).unwrap_or_default());
        }
    }
    seen
}

/// The fields that are there whole, and words of what has no name.
fn values<'a>(
    fields: &'a [Field],
    digits: &'a str,
) -> impl Iterator<Item = (String, String)> + 'a {
    let known = fields.iter().filter_map(|field| {
        let start = 2 * usize::from(field.offset);
        let value = digits.get(start..start + 2 * usize::from(field.size))?;
        Some((field.name.to_owned(), value.to_owned()))
    });
    let end = fields.iter().map(|field| usize::from(field.offset + field.size)).max().unwrap_or(0);
    let unnamed = (end..digits.len() / 2).step_by(4).filter_map(move |at| {
        let value = digits.get(2 * at..(2 * at + 8).min(digits.len()))?;
        Some((format!("byte {at}"), value.to_owned()))
    });
    known.chain(unnamed)
}
