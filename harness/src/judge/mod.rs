//! The comparison of prediction and observation, and what a mismatch amounts to.

mod compare;
pub mod contradictions;
pub mod evidence;
pub mod finding;
pub(crate) mod image;
pub mod model_diff;
pub mod promises;
pub mod region;

pub use compare::{Mismatch, Observation, Prediction, judge};
