//! One case at a time: laid out, predicted, called, judged.

pub mod compat;
mod raw;
pub mod runner;
pub mod scene_states;
