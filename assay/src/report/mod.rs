//! What a run found, as data and as text, JSON and KTAP.

pub(crate) mod causes;
pub(crate) mod contradictions;
pub(crate) mod coverage;
pub(crate) mod data;
pub(crate) mod datum;
pub(crate) mod exhaustion;
pub(crate) mod hexdump;
pub(crate) mod kernel_table;
pub(crate) mod ktap;
pub(crate) mod ktap_check;
pub(crate) mod laws;
pub(crate) mod profile;
pub(crate) mod rule_coverage;
pub(crate) mod serial;
pub(crate) mod text;
