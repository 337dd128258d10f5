//! A C program that makes one case by itself.
//!
//! [`steady`] leaves open what differs each time a scene is made, so that the
//! model predicts what is always there; [`expect`] puts that into checks by name;
//! [`pages`] keeps of the street what the case has to do with; [`staging`] says
//! how the scene is made. [`program`] puts it together, with fragments of C that
//! are the files beside this one: only those that the case needs.

mod buffers;
mod dependency;
mod expect;
mod finding;
mod heading;
mod input;
mod pages;
mod program;
mod source;
mod staging;
mod steady;
mod value;

pub(crate) use finding::read;
pub(crate) use input::{ProgramInput, predict};
pub(crate) use program::text;
pub(crate) use steady::common;
