//! One case explained: [`explanation`] computes, the other modules write.

mod explanation;
mod json;
mod numbers;
mod page;
mod revisions;
mod text;

pub(crate) use explanation::Explanation;
pub(crate) use json::data;
pub(crate) use page::page;
pub(crate) use text::text;
