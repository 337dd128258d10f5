//! What became of a field that holds something else: a statement that is true at every
//! place where the field is steady on both kernels, or none.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

/// A scene, and a subflow of it if the field belongs to one.
pub(super) type Place = (u8, usize);

/// What each boot of a kernel showed of a field, as hexadecimal digits in the order of
/// its bytes; `.` for a half byte that the model leaves open.
pub(super) type Values = BTreeMap<Place, BTreeSet<String>>;

/// A place with the values of both kernels, the base first.
pub(super) type Pair<'a> = (Place, &'a str, &'a str);

/// A field on both kernels.
#[derive(Clone, Copy)]
pub(super) struct Sides<'a> {
    pub(super) base: &'a Values,
    pub(super) patched: &'a Values,
}

/// What became of the contents of a field, the most specific statement first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum ContentChange {
    /// Each of two fields holds what the other held.
    Exchanged {
        with: String,
    },
    /// It holds what another field held: one of these, which no place distinguishes.
    Moved {
        from: Vec<String>,
    },
    /// It held several values, and now holds the same one everywhere.
    BecameConstant {
        value: String,
    },
    BytesReversed,
    /// It is a multiple of what it was.
    Multiplied {
        by: u64,
    },
    /// It is a part of what it was, rounded down.
    Divided {
        by: u64,
    },
    /// It is greater than it was by this number, or less.
    Shifted {
        by: i64,
    },
    /// None of these.
    Other,
}

/// Units that a patch may lose or add: bits of a byte, segments in a header's words of 4
/// bytes, decimal units, KiB, ticks of 100 and 250 Hz, and microseconds in such ticks.
const FACTORS: [u64; 10] = [4, 8, 10, 100, 250, 1000, 1024, 4000, 10_000, 1_000_000];
/// A factor from which one pair of values is enough to state it.
const PLAIN_FACTOR: u64 = 100;
/// If more fields than these held what a field holds, no statement is made.
const MOST_ORIGINS: usize = 3;
/// Hexadecimal digits of the largest field that is a number.
const NUMBER: usize = 16;

impl ContentChange {
    /// What became of a field, by its values where it is steady on both kernels, and by the
    /// other fields of its structure.
    pub(super) fn of(
        pairs: &[Pair<'_>],
        sides: Sides<'_>,
        others: &[(String, Sides<'_>)],
    ) -> ContentChange {
        moved(pairs, sides, others)
            .or_else(|| became_constant(pairs, sides))
            .or_else(|| in_numbers(pairs))
            .unwrap_or(ContentChange::Other)
    }

    /// In a sentence about a field.
    pub(crate) fn text(&self, field: &str) -> String {
        match self {
            ContentChange::Exchanged { with } => format!("{field} and {with} are exchanged"),
            ContentChange::Moved { from } => {
                format!("{field} holds what {} held", from.join(" or "))
            }
            ContentChange::BecameConstant { value } => format!("{field} is always {value}"),
            ContentChange::BytesReversed => format!("{field} has its bytes in reverse order"),
            ContentChange::Multiplied { by } => format!("{field} is {by} times what it was"),
            ContentChange::Divided { by } => {
                format!("{field} is what it was, divided by {by} and rounded down")
            }
            ContentChange::Shifted { by } => {
                let direction = if *by < 0 { "less" } else { "more" };
                format!("{field} is {} {direction} than it was", by.unsigned_abs())
            }
            ContentChange::Other => format!("{field} has other contents"),
        }
    }
}

/// The places at which a field is steady on both kernels.
pub(super) fn pairs(sides: Sides<'_>) -> Vec<Pair<'_>> {
    let only = |values: &'_ BTreeSet<String>| values.len() == 1 && is_known(values);
    let both = |(place, base): (&Place, &'_ BTreeSet<String>)| {
        let patched = sides.patched.get(place)?;
        (only(base) && only(patched)).then_some(*place)
    };
    let places = sides.base.iter().filter_map(both);
    let pair = |place| Some((place, first(sides.base, place)?, first(sides.patched, place)?));
    places.filter_map(pair).collect()
}

/// The places at which a field of the base kernel never holds a value, with one that it does.
pub(super) fn varying<'a>(sides: Sides<'a>, value: &'a str) -> Vec<Pair<'a>> {
    let other = |(place, values): (&Place, &'a BTreeSet<String>)| {
        let is_other = is_known(values) && !values.contains(value);
        (is_other && sides.patched.contains_key(place))
            .then(|| Some((*place, values.first()?.as_str(), value)))?
    };
    sides.base.iter().filter_map(other).collect()
}

/// The only value that a field has anywhere in any boot.
pub(super) fn constant(values: &Values) -> Option<&str> {
    let mut known = values.values().flatten().filter(|value| !value.contains('.'));
    let first = known.next()?;
    known.all(|value| value == first).then_some(first)
}

fn first(values: &Values, place: Place) -> Option<&str> {
    values.get(&place)?.first().map(String::as_str)
}

fn is_known(values: &BTreeSet<String>) -> bool {
    values.iter().all(|value| !value.contains('.'))
}

/// A value as a report prints it: in decimal if it has up to 8 bytes, and otherwise in
/// hexadecimal without the zeroes at its end.
pub(super) fn value_text(digits: &str) -> String {
    match number(digits) {
        Some(number) => number.to_string(),
        None => {
            let end = digits.trim_end_matches('0').len().next_multiple_of(2).max(2);
            format!("0x{}", digits.get(..end).unwrap_or(digits))
        }
    }
}

fn number(digits: &str) -> Option<u64> {
    let number = u64::from_str_radix(digits, 16).ok().filter(|_| digits.len() <= NUMBER)?;
    if cfg!(target_endian = "big") {
        return Some(number);
    }
    let unused = 64 - 4 * u32::try_from(digits.len()).ok()?;
    Some(number.swap_bytes() >> unused)
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

/// Whether the patched kernel holds everywhere what `held` states, which is not the same
/// value everywhere.
fn is_taken_from(pairs: &[Pair<'_>], held: &Values) -> bool {
    let is_there = |(place, _, patched): &Pair<'_>| {
        held.get(place).is_some_and(|values| values.iter().any(|value| is_same(value, patched)))
    };
    distinct(pairs.iter().map(|(_, _, patched)| patched)) > 1 && pairs.iter().all(is_there)
}

fn moved(
    pairs: &[Pair<'_>],
    sides: Sides<'_>,
    others: &[(String, Sides<'_>)],
) -> Option<ContentChange> {
    let origins: Vec<_> =
        others.iter().filter(|(_, other)| is_taken_from(pairs, other.base)).collect();
    let mut exchanged =
        origins.iter().filter(|(_, other)| is_taken_from(&self::pairs(*other), sides.base));
    if let (Some((with, _)), None) = (exchanged.next(), exchanged.next()) {
        return Some(ContentChange::Exchanged { with: with.clone() });
    }
    let from: Vec<String> = origins.iter().map(|(name, _)| name.clone()).collect();
    (1..=MOST_ORIGINS).contains(&from.len()).then_some(ContentChange::Moved { from })
}

fn became_constant(pairs: &[Pair<'_>], sides: Sides<'_>) -> Option<ContentChange> {
    let value = constant(sides.patched)?;
    let varied = distinct(pairs.iter().map(|(_, base, _)| base)) > 1;
    varied.then(|| ContentChange::BecameConstant { value: value_text(value) })
}

/// What arithmetic makes of one value the other.
fn in_numbers(pairs: &[Pair<'_>]) -> Option<ContentChange> {
    let width = 4 * u32::try_from(pairs.first()?.1.len()).ok()?;
    let numbers = pairs.iter().map(|(_, base, patched)| Some((number(base)?, number(patched)?)));
    let numbers: Vec<(u64, u64)> = numbers.collect::<Option<_>>()?;
    let unused = 64_u32.checked_sub(width)?;
    if width > 8 && numbers.iter().all(|(base, patched)| base.swap_bytes() >> unused == *patched) {
        return Some(ContentChange::BytesReversed);
    }
    let not_zero = || numbers.iter().filter(|(_, patched)| *patched != 0);
    let is_shown = |by: u64| {
        let count = distinct(not_zero());
        count > 1 || count == 1 && by >= PLAIN_FACTOR
    };
    // Zeroes are a multiple of anything, and a few small numbers a part of many.
    let fitting = |fits: &dyn Fn(u64, u64, u64) -> bool| {
        let fits = |by: &u64| numbers.iter().all(|(base, patched)| fits(*base, *patched, *by));
        let mut all = FACTORS.into_iter().filter(fits);
        let by = all.next()?;
        (all.next().is_none() && is_shown(by)).then_some(by)
    };
    if let Some(by) = fitting(&|base, patched, by| base.checked_mul(by) == Some(patched)) {
        return Some(ContentChange::Multiplied { by });
    }
    let rounded = || {
        let is_varied = distinct(not_zero().map(|(_, patched)| patched)) > 1;
        fitting(&|base, patched, by| base / by == patched).filter(|_| is_varied)
    };
    let exact = fitting(&|base, patched, by| patched.checked_mul(by) == Some(base));
    if let Some(by) = exact.or_else(rounded) {
        return Some(ContentChange::Divided { by });
    }
    // As a number of the field's width, which may be negative.
    let by = |(base, patched): &(u64, u64)| {
        patched.wrapping_sub(*base).wrapping_shl(unused).cast_signed().wrapping_shr(unused)
    };
    let first = by(numbers.first()?);
    let is_shifted = first != 0
        && numbers.iter().all(|pair| by(pair) == first)
        && distinct(numbers.iter().map(|(base, _)| base)) > 1;
    is_shifted.then_some(ContentChange::Shifted { by: first })
}
