//! What a review says of a group, in sentences.

use mptcp_emulator::Rule;
use mptcp_emulator::rules::Basis;
use mptcp_harness::judge::contradictions::{Contradiction, KNOWN, of_rules};

use super::group::{Class, Group};
use crate::terminal::style::counted;

/// How many scenes are named of those that did not come up.
const MOST_NAMES: usize = 4;

/// A summary that speaks of the two kernels, and not of one and the model: of which
/// the one that keeps the contract has done what is predicted.
pub(crate) fn of_kernels(class: Class, summary: &str) -> String {
    let (predicted, observed) = match class {
        Class::Regression | Class::Unexplained | Class::Explained | Class::Promise => {
            ("base", "patched")
        }
        Class::Fixed => ("patched", "base"),
        Class::BothWrong => return summary.to_owned(),
    };
    summary
        .replace(" as predicted:", " on both:")
        .replace(" predicted ", &format!(" {predicted} "))
        .replace(" observed ", &format!(" {observed} "))
}

/// Whether the patched kernel does what the contract says, in a sentence.
pub(crate) fn contract(group: &Group, broken: Option<Rule>) -> String {
    let about = |name: &String| KNOWN.iter().find(|known| known.name == name.as_str());
    if let Some(Contradiction { name, title, promised, source, observed, .. }) =
        group.kept.as_ref().and_then(about)
    {
        let which = match group.class {
            Class::Promise => ["base", "patched"],
            _ => ["patched", "base"],
        };
        return format!(
            "the {} kernel has a part in a known contradiction, the {} one does not: {title}. \
             Promised ({source}): {promised}. What kernels have done: {observed}. Programs may \
             have come to count on that. See findings/{name}/README.md",
            which[0], which[1]
        );
    }
    let firmly = match broken.map(|rule| rule.basis()) {
        Some(Basis::Promised) => "a document promises it",
        Some(Basis::Implied) => "it follows from an example, a test or a comment",
        Some(Basis::Accidental) => {
            "no document promises it, but kernels have done it so far and programs may count on it"
        }
        Some(Basis::Contrary) => {
            "kernels have done it so far, against a document or against what they do elsewhere"
        }
        Some(Basis::Chosen) => "no kernel shipped it; this project decided it",
        None => "it is what the model says",
    };
    match group.class {
        Class::Regression if group.console.is_some() => {
            "the patched kernel complains while it answers; the base kernel does not".into()
        }
        Class::Regression => {
            let asked = broken.and_then(of_rules);
            let asked = match asked {
                Some(known) => format!(". A document asks for something else: {}", known.promised),
                None => String::new(),
            };
            format!("the base kernel keeps this rule, the patched one breaks it: {firmly}{asked}")
        }
        Class::Fixed if group.console.is_some() => {
            "the base kernel complains while it answers; the patched kernel does not".into()
        }
        Class::Fixed => {
            format!("the base kernel breaks this rule, the patched one keeps it: {firmly}")
        }
        Class::Promise => "the patched kernel does as documents promise".into(),
        Class::BothWrong => "neither kernel does what the model says".into(),
        Class::Unexplained => {
            "each kernel does what the model predicts for it, and nothing that is \
                               known of their revisions accounts for the difference"
                .into()
        }
        Class::Explained => {
            "both kernels do what the contract says for structures and options as they have them"
                .into()
        }
    }
}

/// How much of the lattice was taken.
pub(crate) fn lattice(step: u64) -> String {
    match step {
        1 => "all of the lattice".to_owned(),
        step => format!("one in {step} of the lattice"),
    }
}

/// Which scenes did not come up on a kernel.
pub(crate) fn missing(kernel: &str, names: &[String]) -> String {
    let some = names.iter().take(MOST_NAMES).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = if names.len() > MOST_NAMES { ", …" } else { "" };
    format!("did not come up on {kernel}: {} ({some}{more})", counted(names.len() as u64, "scene"))
}
