//! A field that holds something else, where, and an example.

use serde::Serialize;

use super::change::ContentsChange;
use super::values::{Pair, value_text};
use crate::scenes::by_id;

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
