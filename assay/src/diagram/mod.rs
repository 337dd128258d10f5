//! A case's memory, drawn to scale: what is where on the street, which pages
//! lie below it, what the call changed, and where that differs.
//!
//! [`Drawing::new`] computes; [`terminal()`] and [`svg()`] only put it down. Several
//! drawings may be in one page of HTML: [`STYLE`] once, then an [`svg()`] each.

mod elements;
mod layout;
mod marks;
#[cfg(test)]
mod samples;
mod svg;
mod terminal;
mod things;
mod trace;
mod words;

pub(crate) use elements::{Drawing, Kind};
pub(crate) use svg::{STYLE, WIDTH, height, px, svg};
pub(crate) use terminal::terminal;
pub(crate) use trace::{changed, copied};
