//! What the structures hold, field by field: values that are steady on either kernel
//! and not the same on both, for a reason that is not known. And how many subflows the
//! scenes have.
//!
//! The model takes contents from sock_diag, which fills them in by the same functions
//! as the options. A patch that moves a field, or has it tell something else, changes
//! both alike, and model and kernel go on agreeing. What the two kernels hold in the
//! same scenes shows it.

use std::collections::{BTreeMap, BTreeSet};

use mptcp_emulator::Revision;
use mptcp_emulator::abi::{Field, MptcpInfo, SubflowAddrs, TcpInfo};
use mptcp_harness::scenes::{by_id, catalogue};
use serde::Serialize;

use super::guest_run::{GuestRun, SceneFacts};
use crate::model_socket::ModelSocket;

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
    /// Subflows and sockets on which it differs.
    pub(crate) places: usize,
    /// Those on which it is steady on both kernels.
    pub(crate) steady: usize,
    /// One of them.
    pub(crate) scene: &'static str,
    /// What it holds there, in the order of its bytes.
    pub(crate) base: String,
    pub(crate) patched: String,
}

/// What is listed as a field where the kernels have another number of subflows.
const SUBFLOWS: &str = "num_subflows";

/// A place: a scene, and a subflow of it where it is one of a subflow's.
type Place = (u8, usize);

/// The values of a field, by place, each as often as a survey saw it.
type FieldValues = BTreeMap<(&'static str, String), BTreeMap<Place, BTreeSet<String>>>;

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
                let meant =
                    *structure == "mptcp_info" && known.explains(place.0, field, [&base, &patched]);
                if base != patched && !meant {
                    differing.push((place.0, base, patched));
                }
            }
        }
        let half = 2 * differing.len() >= steady || steady == places.len();
        let often = differing.len() >= PLACES && half;
        if often && 4 * steady >= places.len() {
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

/// The scenes on which the kernels list another number of subflows, every boot the same one,
/// unless either has the number that its revision has there.
fn subflows(surveys: [&[&GuestRun]; 2], revisions: [Revision; 2]) -> Option<Content> {
    let number = |surveys: &[&GuestRun], id: u8| {
        let of = |survey: &&GuestRun| {
            let facts = survey.scenes.iter().find(|facts| facts.id == id)?;
            facts.subflows
        };
        let first = surveys.first().and_then(of)?;
        surveys.iter().all(|survey| of(survey) == Some(first)).then_some(first)
    };
    let mut steady = 0;
    let mut differing = Vec::new();
    for scene in catalogue() {
        let numbers = surveys.map(|surveys| number(surveys, scene.id));
        let [Some(base), Some(patched)] = numbers else { continue };
        steady += 1;
        let known = revisions.map(|revision| scene.subflows_holding(&revision.sockets));
        if base != patched && numbers != known {
            differing.push((scene.name, base, patched));
        }
    }
    let (scene, base, patched) = *differing.first()?;
    Some(Content {
        field: SUBFLOWS.to_owned(),
        places: differing.len(),
        steady,
        scene,
        base: base.to_string(),
        patched: patched.to_string(),
    })
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

fn seen(surveys: &[&GuestRun]) -> FieldValues {
    let mut seen = FieldValues::new();
    for facts in surveys.iter().flat_map(|survey| &survey.scenes) {
        let SceneFacts { id, info, tcp_info, subflow_info, .. } = facts;
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
fn values<'a>(fields: &'a [Field], digits: &'a str) -> impl Iterator<Item = (String, String)> + 'a {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A survey of ten scenes whose `mptcp_info` is eight bytes, told by scene.
    fn survey(info: impl Fn(u8) -> [u8; 8]) -> GuestRun {
        let scene = |id: u8| SceneFacts {
            id,
            subflows: Some(1),
            info: info(id).iter().map(|byte| format!("{byte:02x}")).collect(),
            tcp_info: Vec::new(),
            subflow_info: Vec::new(),
        };
        GuestRun { scenes: (20..30).map(scene).collect(), ..GuestRun::empty(Revision::V6_12) }
    }

    fn found(base: [GuestRun; 2], patched: [GuestRun; 2]) -> Vec<(String, String, String)> {
        let [one, two] = &base;
        let [three, four] = &patched;
        let found = compare(&[one, two], &[three, four], [Revision::V6_12; 2]);
        found.into_iter().map(|content| (content.field, content.base, content.patched)).collect()
    }

    #[test]
    fn a_field_that_moved_is_told_with_its_values() {
        let before = || survey(|_| [3, 0, 0, 2, 0, 0, 0, 0]);
        let after = || survey(|_| [3, 0, 0, 0, 2, 0, 0, 0]);
        let field = |name: &str, base: &str, patched: &str| {
            (format!("mptcp_info.{name}"), base.to_owned(), patched.to_owned())
        };
        assert_eq!(
            found([before(), before()], [after(), after()]),
            [
                field("mptcpi_add_addr_signal_max", "00", "02"),
                field("mptcpi_subflows_max", "02", "00"),
            ]
        );
        assert_eq!(found([before(), before()], [before(), before()]), []);
    }

    #[test]
    fn what_moves_from_boot_to_boot_is_not() {
        let boot =
            |number: u8| survey(move |scene| [scene.wrapping_mul(number), 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(found([boot(1), boot(3)], [boot(5), boot(7)]), []);
        // Nor what happened to stand still in a few places.
        let few = |number: u8, still: u8| {
            survey(move |scene| [if scene < 22 { still } else { number }, 0, 0, 0, 0, 0, 0, 0])
        };
        assert_eq!(found([few(1, 9), few(2, 9)], [few(3, 8), few(4, 8)]), []);
    }

    #[test]
    fn a_flag_of_a_few_sockets_is_told_where_it_is_steady_on_all() {
        let flag = |told: u8| {
            survey(move |scene| [if scene < 23 { told } else { 0 }, 0, 0, 0, 0, 0, 0, 0])
        };
        let found = found([flag(1), flag(1)], [flag(0), flag(0)]);
        assert_eq!(found.len(), 1, "{found:?}");
    }

    /// Limits that the patched revision leaves 0, and only where it does.
    #[test]
    fn what_the_revisions_are_known_for_is_left_out() {
        let limit = |value: u8| move |_| [1, 0, 0, value, 0, 0, 0, 0];
        let revisions = [Revision::V6_2, Revision::V6_4];
        let found = |values: [u8; 2]| {
            let [base, patched] = values.map(|value| survey(limit(value)));
            compare(&[&base], &[&patched], revisions).len()
        };
        assert_eq!(found([2, 0]), 0);
        assert_eq!(found([2, 1]), 1);
        let [base, patched] = [2, 0].map(|value| survey(limit(value)));
        assert_eq!(compare(&[&base], &[&patched], [Revision::V6_2; 2]).len(), 1);
    }

    #[test]
    fn another_number_of_subflows_is_told_unless_the_revisions_account_for_it() {
        let of = |id, subflows: u32| {
            let mut survey = GuestRun::empty(Revision::V6_12);
            let (info, tcp_info, subflow_info) = (String::new(), Vec::new(), Vec::new());
            let subflows = Some(subflows);
            survey.scenes.push(SceneFacts { id, subflows, info, tcp_info, subflow_info });
            survey
        };
        let found = |id, [base, patched]: [u32; 2], revisions| {
            let found = compare(&[&of(id, base)], &[&of(id, patched)], revisions);
            let told = |content: &Content| {
                (content.field.clone(), content.base.clone(), content.patched.clone())
            };
            found.first().map(told)
        };
        let told = |base: &str, patched: &str| {
            Some((SUBFLOWS.to_owned(), base.to_owned(), patched.to_owned()))
        };
        // fresh-v4, and established-v4-client-3-after.
        let revisions = [Revision::V6_1, Revision::V6_12];
        assert_eq!(found(0, [1, 0], revisions), None);
        assert_eq!(found(0, [0, 1], revisions), told("0", "1"));
        assert_eq!(found(0, [1, 0], [Revision::V6_12; 2]), told("1", "0"));
        assert_eq!(found(30, [3, 2], revisions), told("3", "2"));
        assert_eq!(found(30, [3, 3], revisions), None);
        // What is not the same in every boot is no difference.
        let [three, two] = [of(30, 3), of(30, 2)];
        assert_eq!(compare(&[&three, &two], &[&two, &two], revisions), []);
    }

    #[test]
    fn what_is_open_is_not_compared() {
        let open = |byte: u8| {
            let mut survey = survey(|_| [byte; 8]);
            survey.scenes.iter_mut().for_each(|scene| scene.info = "..".repeat(8));
            survey
        };
        assert_eq!(found([open(1), open(1)], [open(2), open(2)]), []);
    }
}
