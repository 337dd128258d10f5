//! The memory that buffers are placed on, and the parts of it that a call may change.

pub mod layout;
pub mod ranges;
pub mod street;
