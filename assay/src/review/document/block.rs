//! The blocks of a report.

use crate::review::group::Class;
use crate::review::group_data::GroupData;

/// A part of a report. In text, `code` is between backticks.
pub(crate) enum Block<'a> {
    Heading(&'static str),
    /// The heading of what has one cause, which may be empty.
    Cause(Class, String),
    Paragraph(String),
    List(Vec<Item>),
    /// Kinds of difference, each with its number and its description.
    Groups(Vec<(usize, &'a GroupData, Vec<Block<'a>>)>),
    /// What the page alone has, folded.
    Appendix(&'static str, Vec<Block<'a>>),
    Code {
        language: &'static str,
        text: String,
    },
    /// A command to copy.
    Command(String),
    /// The memory of a group's simplest case on both kernels.
    Memory(&'a GroupData),
}

/// An item of a list.
#[derive(Default)]
pub(crate) struct Item {
    /// Its name in the style sheet.
    pub(crate) class: &'static str,
    /// Its number, if the items of the list have numbers.
    pub(crate) number: Option<usize>,
    /// Emphasized, before the text.
    pub(crate) lead: String,
    pub(crate) text: String,
    /// Each an item of a list of its own.
    pub(crate) notes: Vec<String>,
}

impl Item {
    pub(super) fn new(text: String) -> Item {
        Item { text, ..Item::default() }
    }

    pub(super) fn led(class: &'static str, lead: impl Into<String>, text: String) -> Item {
        Item { class, lead: lead.into(), text, ..Item::default() }
    }
}
