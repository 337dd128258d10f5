//! What became of a field that holds something else than expected.
//!
//! The expected values are those of a model, which has them from `sock_diag` and the scene, or those
//! of another kernel.

mod change;
mod structure;
mod values;

pub use change::{ContentsChange, FieldChange};
pub use structure::{FieldId, Structure};
pub use values::{
    Pair, Place, Shown, Sides, Values, constant, differing, digits, is_unsteady, pairs, unlike,
    varying,
};

#[cfg(test)]
mod tests;
