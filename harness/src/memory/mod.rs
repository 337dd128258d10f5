//! The memory in which buffers are placed, and the parts of it that a call may change.

pub mod layout;
pub mod ranges;
pub mod street;
