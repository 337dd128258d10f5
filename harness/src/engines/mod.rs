//! Engines: each produces cases, and has the oracle judge them.

pub mod case_list;
pub mod check;
pub mod exhaust;
pub mod fuzz;
mod outcome;
