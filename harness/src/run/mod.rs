//! Runs one case: memory filled, predicted, called, judged, cleared.

pub mod compat;
mod raw;
pub mod runner;
pub mod scene_states;
