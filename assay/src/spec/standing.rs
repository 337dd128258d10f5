//! The names of a rule's standing.

use mptcp_emulator::Rule;
use mptcp_emulator::rules::Basis;

/// A rule's standing in a word.
pub(crate) fn standing(rule: Rule) -> &'static str {
    match rule.basis() {
        Basis::Promised => "promised",
        Basis::Implied => "implied",
        Basis::Accidental => "accidental",
        Basis::Contrary => "contrary",
        Basis::Chosen => "chosen",
    }
}
