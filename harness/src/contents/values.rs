//! The values of fields, by scene and subflow.

use std::collections::{BTreeMap, BTreeSet};

use super::structure::{FieldId, Structure};

/// A scene, and a subflow of it if the field belongs to one.
pub type Place = (u8, usize);

/// The values of a field, as hexadecimal digits in the order of its bytes; `.` for a half byte that
/// is open. A place with several values is not steady.
pub type Values = BTreeMap<Place, BTreeSet<String>>;

/// A place with the expected and the observed value of a field that is steady there.
pub type Pair<'a> = (Place, &'a str, &'a str);

/// The values of all fields.
#[derive(Clone, Debug, Default)]
pub struct Shown(BTreeMap<FieldId, Values>);

/// The values of one field, the expected ones first.
pub type Sides<'a> = [&'a Values; 2];

impl Shown {
    /// Adds what a structure holds, by its digits. A field that is cut is left out.
    pub fn add(&mut self, structure: Structure, place: Place, digits: &str) {
        let mut at = 0;
        loop {
            let field = structure.field_at(at);
            let end = at + field.size;
            let Some(value) = digits.get(2 * at..2 * end) else { return };
            let values = self.0.entry(field).or_default();
            values.entry(place).or_default().insert(value.to_owned());
            at = end;
        }
    }

    /// The fields that both sides have, with their values.
    pub fn both<'a>(
        expected: &'a Shown,
        observed: &'a Shown,
    ) -> impl Iterator<Item = (FieldId, Sides<'a>)> {
        let both = |(field, values): (&FieldId, &'a Values)| {
            Some((*field, [values, observed.0.get(field)?]))
        };
        expected.0.iter().filter_map(both)
    }
}

/// Bytes as hexadecimal digits, with `..` for those that have a mask.
pub fn digits(bytes: &[u8], mask: &[u8]) -> String {
    let byte = |(at, byte): (usize, &u8)| match mask.get(at) {
        None | Some(0) => format!("{byte:02x}"),
        Some(_) => "..".to_owned(),
    };
    bytes.iter().enumerate().map(byte).collect()
}

/// The places at which a field is steady on both sides.
pub fn pairs<'a>([expected, observed]: Sides<'a>) -> Vec<Pair<'a>> {
    let only = |values: &'a BTreeSet<String>| {
        values.first().filter(|value| values.len() == 1 && !value.contains('.'))
    };
    let pair = |(place, values): (&Place, &'a BTreeSet<String>)| {
        Some((*place, only(values)?.as_str(), only(observed.get(place)?)?.as_str()))
    };
    expected.iter().filter_map(pair).collect()
}

/// The places at which one value is expected and others are observed, each with one of those.
pub fn unlike<'a>([expected, observed]: Sides<'a>) -> Vec<Pair<'a>> {
    let pair = |(place, expected): (&Place, &'a BTreeSet<String>)| {
        let want = expected.first().filter(|it| expected.len() == 1 && !it.contains('.'))?;
        let other = observed.get(place)?.iter().find(|it| *it != want)?;
        Some((*place, want.as_str(), other.as_str()))
    };
    expected.iter().filter_map(pair).collect()
}

/// Whether several values are observed of a first subflow for which one is expected. Those of later
/// ones may be somewhere else.
pub fn is_unsteady([expected, observed]: Sides<'_>) -> bool {
    let is_one = |values: &BTreeSet<String>| {
        values.len() == 1 && values.first().is_some_and(|value| !value.contains('.'))
    };
    let mut all = expected.iter().filter(|((_, subflow), _)| *subflow == 0);
    all.any(|(at, values)| is_one(values) && observed.get(at).is_some_and(|seen| seen.len() > 1))
}

/// The pairs with two values.
pub fn differing<'a>(pairs: &[Pair<'a>]) -> Vec<Pair<'a>> {
    pairs.iter().filter(|(_, expected, observed)| expected != observed).copied().collect()
}

/// The places at which a value is never expected, with one that is.
pub fn varying<'a>([expected, observed]: Sides<'a>, value: &'a str) -> Vec<Pair<'a>> {
    let other = |(place, values): (&Place, &'a BTreeSet<String>)| {
        let is_other = values.iter().all(|it| it != value && !it.contains('.'));
        let first = values.first().filter(|_| is_other && observed.contains_key(place))?;
        Some((*place, first.as_str(), value))
    };
    expected.iter().filter_map(other).collect()
}

/// The only value that a field has anywhere.
pub fn constant(values: &Values) -> Option<&str> {
    let mut known = values.values().flatten().filter(|value| !value.contains('.'));
    let first = known.next()?;
    known.all(|value| value == first).then_some(first)
}

/// A value as a report prints it: in decimal if it has up to 8 bytes, and otherwise in hexadecimal
/// without the zeroes at its end.
pub(super) fn value_text(digits: &str) -> String {
    match number(digits) {
        Some(number) => number.to_string(),
        None => {
            let end = digits.trim_end_matches('0').len().next_multiple_of(2).max(2);
            format!("0x{}", digits.get(..end).unwrap_or(digits))
        }
    }
}

/// A number of up to 8 bytes, in native byte order.
pub(super) fn number(digits: &str) -> Option<u64> {
    let number = u64::from_str_radix(digits, 16).ok().filter(|_| digits.len() <= 16)?;
    if cfg!(target_endian = "big") {
        return Some(number);
    }
    let unused = 64 - 4 * u32::try_from(digits.len()).ok()?;
    Some(number.swap_bytes() >> unused)
}
