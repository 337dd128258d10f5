//! Scenes: sockets in known states, built once, in a private namespace.
//!
//! [`enter`] a namespace, [`Fixtures::build`] the wanted scenes of the [`catalogue`], and take the
//! [`ExpectedState`] of each, which the model is given. Nothing here calls the options under test.

mod builder;
mod catalogue;
mod contents;
mod conversation;
mod descriptor_budget;
mod expected_state;
mod fixture;
mod fixtures;
mod namespace;
mod observe;
mod path_manager;
mod recipe;
mod sock_diag;
mod sockets;
mod system;
mod tools;

pub use crate::kernel::Sizes;
pub use catalogue::{Group, Limits, Scene, by_id, by_name, catalogue};
pub use contents::Contents;
pub use conversation::Conversation;
pub use expected_state::{ExpectedState, ExpectedSubflow, Kind};
pub use fixtures::Fixtures;
pub use namespace::{Enclosure, NoMptcp, enter, mptcp_available};
pub use observe::of_the_moment;
pub use recipe::{Addresses, Change, Link, NotMptcp, Protocol, Recipe, Side, Unconnected};
