//! The names of a rule's standing.

use mptcp_emulator::{Rule, Standing};

/// A rule's standing in a word.
pub(crate) fn standing(rule: Rule) -> &'static str {
    match rule.standing() {
        Standing::Promised => "promised",
        Standing::Implied => "implied",
        Standing::Accidental => "accidental",
        Standing::Contrary => "contrary",
        Standing::Chosen => "chosen",
    }
}
