//! `assay rules`: the contract, rule by rule.

use std::fmt::Write;

use mptcp_emulator::{Rule, Standing};

use crate::style::{dim, head, wrapped};
use crate::{Status, out};

/// Runs the command.
pub(crate) fn run() -> Result<Status, String> {
    let mut text = format!(
        "{} rules. promised: a document says so; implied: it follows from an example, a test or a\n\
         comment in the interface; accidental: only the behaviour of kernels says so; chosen: the\n\
         document is silent or contradicts itself, no kernel shipped it, and this project decided.\n",
        Rule::ALL.len()
    );
    for rule in Rule::ALL {
        let _ = writeln!(text, "\n{}  ({})", head(rule.name()), standing(*rule));
        text.push_str(&wrapped(rule.sentence(), "    ", 96));
        text.push_str(&dim(&wrapped(&format!("Source: {}", rule.source()), "    ", 96)));
    }
    out::put(text)?;
    Ok(Status::Agree)
}

/// A rule's standing in a word.
pub(crate) fn standing(rule: Rule) -> &'static str {
    match rule.standing() {
        Standing::Promised => "promised",
        Standing::Implied => "implied",
        Standing::Accidental => "accidental",
        Standing::Chosen => "chosen",
    }
}
