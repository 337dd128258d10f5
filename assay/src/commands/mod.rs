//! The subcommands: of each the arguments, and what it runs.

pub(crate) mod check;
pub(crate) mod exhaust;
pub(crate) mod explain;
pub(crate) mod generate;
pub(crate) mod kernels;
pub(crate) mod profile;
pub(crate) mod replay;
pub(crate) mod repro;
pub(crate) mod review;
pub(crate) mod rules;
pub(crate) mod scenes;
pub(crate) mod triage;
pub(crate) mod vm;
