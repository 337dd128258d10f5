//! What a report is made of.

use std::time::Duration;

use mptcp_emulator::Revision;

use super::allowed::Allowed;
use super::contents::Content;
use super::difference::Comparison;
use super::guest_run::GuestRun;
use crate::report::coverage::Choice;

/// What a review is made of.
pub(crate) struct Material<'a> {
    /// The kernels as a command line has them.
    pub(crate) asked: [String; 2],
    pub(crate) surveys: &'a [GuestRun; 2],
    pub(crate) revisions: [Revision; 2],
    pub(crate) comparison: &'a Comparison,
    pub(crate) exhibits: Option<&'a [GuestRun; 2]>,
    pub(crate) contents: Vec<Content>,
    /// Changes that are meant.
    pub(crate) allowed: Allowed,
    /// What was built, and what was chosen.
    pub(crate) facts: Vec<String>,
    pub(crate) seed: u64,
    /// The options and scenes that the command line names.
    pub(crate) asked_for: Choice<'a>,
    /// When the kernels were there, and when all was done.
    pub(crate) times: [Duration; 2],
}
