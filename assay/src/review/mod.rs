//! What a kernel patch changes: the same cases on two kernels.
//!
//! Each kernel is booted up to three times. First it states what it is like, so that
//! cases are made with both in mind; then it judges them all ([`guest`]); then the
//! simplest case of each difference ([`difference`]) is run with everything kept
//! ([`remote_examination`]). What differs between boots alone is no difference: [`contents`].

pub(crate) mod account;
pub(crate) mod allowed;
pub(crate) mod answer;
pub(crate) mod change_data;
pub(crate) mod changes;
pub(crate) mod comparability;
pub(crate) mod contents;
pub(crate) mod difference;
pub(crate) mod document;
pub(crate) mod group;
pub(crate) mod group_data;
pub(crate) mod guest;
pub(crate) mod guest_run;
pub(crate) mod html;
pub(crate) mod ktap;
pub(crate) mod machines;
pub(crate) mod markdown;
pub(crate) mod material;
pub(crate) mod memory;
pub(crate) mod remote_examination;
pub(crate) mod report;
pub(crate) mod words;
