//! What became of a field: a statement that is true at every place where the field is steady on both
//! sides, or none.

use std::collections::BTreeSet;

use serde::Serialize;

use super::structure::FieldId;
use super::values::{self, Pair, Shown, Sides, Values, constant, number, value_text};
use crate::scenes::by_id;

/// What became of the contents of a field, the most specific statement first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ContentsChange {
    /// Each of two fields holds what belongs in the other.
    Exchanged {
        /// The other.
        with: String,
    },
    /// It holds what belongs in another field.
    Moved {
        /// That field, or those that no place distinguishes.
        from: Vec<String>,
    },
    /// Several values are expected, and it holds the same one everywhere.
    BecameConstant {
        /// That value, as a report prints it.
        value: String,
    },
    /// Its bytes are in reverse order.
    BytesReversed,
    /// It is a multiple.
    Multiplied {
        /// The factor.
        by: u64,
    },
    /// It is a part, rounded down.
    Divided {
        /// The divisor.
        by: u64,
    },
    /// It is greater by this number, or less, which is the same everywhere.
    Shifted {
        /// The number.
        by: i64,
    },
    /// It is not set: what it holds differs from call to call, as memory of the kernel does that
    /// nobody cleared.
    NotSet,
    /// None of these.
    Other,
}

/// A field that holds something else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldChange {
    /// Such as `mptcp_info.mptcpi_flags`.
    pub field: String,
    /// What became of it, at all places.
    pub change: ContentsChange,
    /// Subflows and sockets on which it differs.
    pub places: usize,
    /// Those that were compared: on which it is steady on both sides.
    pub steady: usize,
    /// The scenes of the places on which it differs.
    pub scenes: Vec<&'static str>,
    /// The scene of the example.
    pub scene: &'static str,
    /// What is expected there: a decimal number, or `0x` and hexadecimal digits of bytes.
    #[serde(rename = "base")]
    pub expected: String,
    /// What is observed there.
    #[serde(rename = "patched")]
    pub observed: String,
}

/// Units that a patch may lose or add: bits of a byte, segments in a header's words of 4
/// bytes, decimal units, KiB, ticks of 100 and 250 Hz, and microseconds in such ticks.
const FACTORS: [u64; 10] = [4, 8, 10, 100, 250, 1000, 1024, 4000, 10_000, 1_000_000];
/// A factor from which one pair of values is enough to state it.
const PLAIN_FACTOR: u64 = 100;
/// If more fields than these held what a field holds, no statement is made.
const MOST_ORIGINS: usize = 3;

impl ContentsChange {
    /// What became of a field of a structure, by its values at `pairs`, which may leave out places,
    /// and by the other fields of the structure.
    pub fn of(
        field: FieldId,
        [expected, observed]: [&Shown; 2],
        sides: Sides<'_>,
        pairs: &[Pair<'_>],
    ) -> ContentsChange {
        let others = Shown::both(expected, observed)
            .filter(|(other, _)| other.structure == field.structure && *other != field);
        moved(pairs, sides, &others.collect::<Vec<_>>())
            .unwrap_or_else(|| ContentsChange::of_values(sides, pairs))
    }

    /// What became of a field that belongs to no structure.
    pub fn of_values(sides: Sides<'_>, pairs: &[Pair<'_>]) -> ContentsChange {
        became_constant(pairs, sides).or_else(|| in_numbers(pairs)).unwrap_or(ContentsChange::Other)
    }

    /// It holds a value everywhere, given by its digits.
    pub fn became_constant(digits: &str) -> ContentsChange {
        ContentsChange::BecameConstant { value: value_text(digits) }
    }

    /// In a clause about a field.
    pub fn clause(&self, field: &str) -> String {
        match self {
            ContentsChange::Exchanged { with } => format!("{field} and {with} are exchanged"),
            ContentsChange::Moved { from } => {
                format!("{field} holds what belongs in {}", from.join(" or "))
            }
            ContentsChange::BecameConstant { value } => format!("{field} is always {value}"),
            ContentsChange::BytesReversed => format!("{field} has its bytes in reverse order"),
            ContentsChange::Multiplied { by } => format!("{field} is multiplied by {by}"),
            ContentsChange::Divided { by } => {
                format!("{field} is divided by {by} and rounded down")
            }
            ContentsChange::Shifted { by } => {
                let direction = if *by < 0 { "less" } else { "greater" };
                format!("{field} is {direction} by {}", by.unsigned_abs())
            }
            ContentsChange::NotSet => {
                format!("{field} is not set, and differs from call to call")
            }
            ContentsChange::Other => format!("{field} has other contents"),
        }
    }
}

impl FieldChange {
    /// Of a field that differs on some of `steady` places; `None` if it differs on none.
    pub fn new(
        field: String,
        change: ContentsChange,
        steady: usize,
        differing: &[Pair<'_>],
    ) -> Option<FieldChange> {
        let (first, expected, observed) = *differing.first()?;
        let name = |scene: u8| by_id(scene).map_or("", |scene| scene.name);
        let mut scenes: Vec<&str> = differing.iter().map(|(place, ..)| name(place.0)).collect();
        scenes.dedup();
        Some(FieldChange {
            field,
            change,
            places: differing.len(),
            steady,
            scenes,
            scene: name(first.0),
            expected: value_text(expected),
            observed: value_text(observed),
        })
    }

    /// What became of the field, as a clause.
    pub fn clause(&self) -> String {
        self.change.clause(&self.field)
    }
}

fn is_same(one: &str, other: &str) -> bool {
    match one.len() == other.len() {
        true => one == other,
        false => number(one).is_some() && number(one) == number(other),
    }
}

fn distinct<T: Ord>(values: impl Iterator<Item = T>) -> usize {
    values.collect::<BTreeSet<T>>().len()
}

/// Whether everywhere something is observed that `held` has, which is not the same
/// value everywhere.
fn is_taken_from(pairs: &[Pair<'_>], held: &Values) -> bool {
    let is_there = |(place, _, observed): &Pair<'_>| {
        held.get(place).is_some_and(|values| values.iter().any(|value| is_same(value, observed)))
    };
    distinct(pairs.iter().map(|(_, _, observed)| observed)) > 1 && pairs.iter().all(is_there)
}

fn moved(
    pairs: &[Pair<'_>],
    sides: Sides<'_>,
    others: &[(FieldId, Sides<'_>)],
) -> Option<ContentsChange> {
    let origins: Vec<_> =
        others.iter().filter(|(_, other)| is_taken_from(pairs, other[0])).collect();
    let mut exchanged =
        origins.iter().filter(|(_, other)| is_taken_from(&values::pairs(*other), sides[0]));
    if let (Some((with, _)), None) = (exchanged.next(), exchanged.next()) {
        return Some(ContentsChange::Exchanged { with: with.to_string() });
    }
    let from: Vec<String> = origins.iter().map(|(field, _)| field.to_string()).collect();
    (1..=MOST_ORIGINS).contains(&from.len()).then_some(ContentsChange::Moved { from })
}

fn became_constant(pairs: &[Pair<'_>], sides: Sides<'_>) -> Option<ContentsChange> {
    let value = constant(sides[1])?;
    let varied = distinct(pairs.iter().map(|(_, expected, _)| expected)) > 1;
    varied.then(|| ContentsChange::became_constant(value))
}

/// What arithmetic makes of one value the other.
fn in_numbers(pairs: &[Pair<'_>]) -> Option<ContentsChange> {
    let width = 4 * u32::try_from(pairs.first()?.1.len()).ok()?;
    let numbers =
        pairs.iter().map(|(_, expected, observed)| Some((number(expected)?, number(observed)?)));
    let numbers: Vec<(u64, u64)> = numbers.collect::<Option<_>>()?;
    let unused = 64_u32.checked_sub(width)?;
    if width > 8
        && numbers.iter().all(|(expected, observed)| expected.swap_bytes() >> unused == *observed)
    {
        return Some(ContentsChange::BytesReversed);
    }
    let not_zero = || numbers.iter().filter(|(_, observed)| *observed != 0);
    let is_shown = |by: u64| {
        let count = distinct(not_zero());
        count > 1 || count == 1 && by >= PLAIN_FACTOR
    };
    // Zeroes are a multiple of anything, and a few small numbers a part of many.
    let fitting = |fits: &dyn Fn(u64, u64, u64) -> bool| {
        let fits =
            |by: &u64| numbers.iter().all(|(expected, observed)| fits(*expected, *observed, *by));
        let mut all = FACTORS.into_iter().filter(fits);
        let by = all.next()?;
        (all.next().is_none() && is_shown(by)).then_some(by)
    };
    if let Some(by) = fitting(&|expected, observed, by| expected.checked_mul(by) == Some(observed))
    {
        return Some(ContentsChange::Multiplied { by });
    }
    let rounded = || {
        let is_varied = distinct(not_zero().map(|(_, observed)| observed)) > 1;
        fitting(&|expected, observed, by| expected / by == observed).filter(|_| is_varied)
    };
    let exact = fitting(&|expected, observed, by| observed.checked_mul(by) == Some(expected));
    if let Some(by) = exact.or_else(rounded) {
        return Some(ContentsChange::Divided { by });
    }
    // As a number of the field's width, which may be negative.
    let by = |(expected, observed): &(u64, u64)| {
        observed.wrapping_sub(*expected).wrapping_shl(unused).cast_signed().wrapping_shr(unused)
    };
    let first = by(numbers.first()?);
    let is_shifted = first != 0
        && numbers.iter().all(|pair| by(pair) == first)
        && distinct(numbers.iter().map(|(expected, _)| expected)) > 1;
    is_shifted.then_some(ContentsChange::Shifted { by: first })
}
