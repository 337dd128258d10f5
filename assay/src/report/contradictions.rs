//! Where a kernel contradicts a document or itself, as data.
//!
//! The documented model goes along with what is known: it is no divergence. But an
//! agreement must not hide that the two sides of the contract do not fit, so a check
//! names what it has seen again. `check --contract` makes findings of it.

use mptcp_emulator::RuleSet;
use mptcp_harness::engines::check::Outcome;
use mptcp_harness::judge::contradictions::{Contradiction, KNOWN, Shown};
use serde::{Deserialize, Serialize};

use crate::report::rule_coverage::RuleCoverage;
use crate::report::serial::Text;

/// What a report says of `--contract`.
pub(crate) const NOTE: &str =
    "judged by what is promised alone (--contract): what no document speaks of is free";

/// A known contradiction, as reports have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ContradictionData {
    /// The name of its page in `findings/`.
    pub(crate) name: Text,
    pub(crate) title: Text,
    pub(crate) promised: Text,
    /// Which documents promise it.
    pub(crate) source: Text,
    pub(crate) observed: Text,
    /// Its page, from the repository's root.
    pub(crate) page: String,
}

impl From<&'static Contradiction> for ContradictionData {
    fn from(known: &'static Contradiction) -> ContradictionData {
        let Contradiction { name, title, promised, source, observed, .. } = *known;
        let [title, promised, source, observed] =
            [title, promised, source, observed].map(Text::from);
        let page = format!("findings/{name}/README.md");
        ContradictionData { name: name.into(), title, promised, source, observed, page }
    }
}

/// Those that a run of the documented model has seen: one of its rules fired and none
/// turned out wrong; or one of its scenes came up, and model and kernel agreed on all of
/// them. Only a whole lattice of all options has looked at scenes.
pub(crate) fn seen_again(outcome: &Outcome, coverage: &RuleCoverage<'_>) -> Vec<ContradictionData> {
    let findings = || outcome.findings.values();
    let mut wrong = RuleSet::EMPTY;
    findings().filter_map(|found| found.diagnosis.rule).for_each(|rule| wrong.insert(rule));
    let wrong_scenes: Vec<u8> = findings().map(|found| found.case.scene).collect();
    let looked = outcome.lattice.is_some() && coverage.options.is_empty();
    let seen = |known: &&Contradiction| match known.shown {
        Shown::Rules(rules) => {
            rules.iter().any(|rule| outcome.rules.contains(*rule))
                && !rules.iter().any(|rule| wrong.contains(*rule))
        }
        Shown::Compat(rules) => {
            looked
                && outcome.compat > 0
                && rules.iter().any(|rule| outcome.rules.contains(*rule))
                && !rules.iter().any(|rule| wrong.contains(*rule))
        }
        Shown::Scenes { scenes, compared, .. } => {
            let shows = |scene: &&&mptcp_harness::scenes::Scene| scenes.contains(&scene.name);
            let mut shown = coverage.available.iter().filter(shows).peekable();
            compared
                && looked
                && shown.peek().is_some()
                && shown.all(|scene| !wrong_scenes.contains(&scene.id))
        }
    };
    KNOWN.iter().filter(seen).map(ContradictionData::from).collect()
}
