//! What is written for a person who watches: text on a terminal, and how far a run is.

pub(crate) mod out;
pub(crate) mod progress;
pub(crate) mod style;
