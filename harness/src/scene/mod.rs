//! Scenes: sockets in known states, made once, in a private namespace.
//!
//! [`enter`] a namespace, [`Stage::build`] the scenes of the [`catalogue`] that
//! are wanted, and take the [`Portrait`] of each: that is what the model is told.
//! Nothing here calls the options under test.

mod catalogue;
mod conversation;
mod maker;
mod masked;
mod namespace;
mod path_manager;
mod plan;
mod portrait;
mod room;
mod sockets;
mod stage;
mod subject;
mod tools;
mod witness;

pub use catalogue::{Group, Limits, Scene, by_id, by_name, catalogue};
pub use conversation::Conversation;
pub use masked::Masked;
pub use namespace::{Enclosure, NoMptcp, enter, mptcp_available};
pub use plan::{Change, Idle, Link, Over, Plan, Protocol, Side, Stranger};
pub use portrait::{Kind, Portrait, SubflowPortrait, of_the_moment};
pub use stage::Stage;
pub use witness::Sizes;

/// A step's name before its error.
fn during<E: std::fmt::Display>(step: &str) -> impl Fn(E) -> String {
    move |error| format!("{step}: {error}")
}
