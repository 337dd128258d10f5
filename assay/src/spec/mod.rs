//! The contract as pages: `SPEC.md`, a manual page, and the data behind them.

pub(crate) mod documents;
pub(crate) mod exercise;
pub(crate) mod man;
pub(crate) mod markdown;
mod standing;

pub(crate) use documents::{Document, cited, is_measured};
pub(crate) use standing::standing;

/// All documents, in the order in which pages list them.
pub(crate) const DOCUMENTS: &[Document] = &documents::ALL;
