//! Where a kernel contradicts a document or itself, and the model goes along.
//!
//! The model agrees with the kernel on these: they are no divergences. But an
//! agreement must not hide that the two sides of the contract do not fit.

use mptcp_emulator::{Rule, RuleSet};
use mptcp_harness::scene::{Quirk, Scene, quirks};
use serde::Serialize;

/// A known contradiction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Deviation {
    /// What it is about, in a few words.
    pub(crate) title: &'static str,
    /// What one would expect, and from where.
    pub(crate) expected: &'static str,
    /// What the kernel does.
    pub(crate) observed: &'static str,
    /// All of them have to be seen in a run for the contradiction to be seen.
    #[serde(serialize_with = "names")]
    pub(crate) rules: &'static [Rule],
    /// Where it is one of certain scenes and not of a rule: any of these.
    pub(crate) scenes: &'static [&'static str],
}

fn names<S: serde::Serializer>(rules: &&'static [Rule], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(rules.iter().map(|rule| rule.name()))
}

/// Every contradiction that the model knows.
pub(crate) const ALL: &[Deviation] = &[
    Deviation {
        title: "a negative optlen",
        expected: "EINVAL, as the three other options answer and getsockopt(2) has it for setsockopt()",
        observed: "MPTCP_INFO succeeds, copies the whole structure and stores its size",
        rules: &[Rule::InfoNegativeLengthIsHuge],
        scenes: &[],
    },
    Deviation {
        title: "two errors for one situation",
        expected: "one answer for a connection that fell back to TCP",
        observed: "EOPNOTSUPP over IPv4, ENOPROTOOPT over IPv6",
        rules: &[Rule::FallenBackV4Refuses, Rule::FallenBackV6Refuses],
        scenes: &[],
    },
    Deviation {
        title: "an option number that nobody knows",
        expected: "ENOPROTOOPT, as getsockopt(2) promises",
        observed: "EOPNOTSUPP",
        rules: &[Rule::UnknownOption],
        scenes: &[],
    },
    Deviation {
        title: "MPTCP_FULL_INFO before it existed",
        expected: "ENOPROTOOPT, as getsockopt(2) promises for an option that is unknown",
        observed: "EOPNOTSUPP",
        rules: &[Rule::FullInfoUnknown],
        scenes: &[],
    },
    Deviation {
        title: "the length of a header without elements",
        expected: "size_subflow_data, as with elements: 24 for a header of 24 bytes",
        observed: "16, the part of the header that the kernel knows",
        rules: &[Rule::LengthWithoutElements],
        scenes: &[],
    },
];

/// One that shows in the calls of 32-bit programs, whatever rules fire.
pub(crate) const COMPAT: Deviation = Deviation {
    title: "struct mptcp_subflow_info of a 32-bit program",
    expected: "260 bytes and addrs at 4, as the header has it for i386, or one layout for both ABIs, \
               as the other structures have",
    observed: "addrs at 8 and 264 bytes, whoever calls by MPTCP_FULL_INFO: a 32-bit program finds \
               family 0",
    rules: &[],
    scenes: &[],
};

/// Those that a run has seen: all rules of the contradiction fired, and none
/// of them turned out wrong.
pub(crate) fn seen(fired: RuleSet, wrong: &[Rule]) -> Vec<Deviation> {
    let seen = |deviation: &&Deviation| {
        let mut rules = deviation.rules.iter();
        rules.all(|rule| fired.contains(*rule) && !wrong.contains(rule))
    };
    ALL.iter().filter(seen).copied().collect()
}

/// Those of scenes that a run has seen: one of their scenes stood, and model
/// and kernel agreed on it. Only for runs of the whole lattice with all
/// options, for others may not have looked.
pub(crate) fn seen_in_scenes(standing: &[&Scene], wrong: &[u8]) -> Vec<Deviation> {
    let seen = |quirk: &&Quirk| {
        let shows = |scene: &&&Scene| quirk.scenes.contains(&scene.name);
        let mut shown = standing.iter().filter(shows).peekable();
        shown.peek().is_some() && shown.all(|scene| !wrong.contains(&scene.id))
    };
    let one = |quirk: &Quirk| Deviation {
        title: quirk.name,
        expected: quirk.documented,
        observed: quirk.observed,
        rules: &[],
        scenes: quirk.scenes,
    };
    quirks().iter().filter(|quirk| quirk.compared).filter(seen).map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_have_to_be_seen() {
        let mut fired = RuleSet::EMPTY;
        fired.insert(Rule::FallenBackV4Refuses);
        assert!(seen(fired, &[]).is_empty());
        fired.insert(Rule::FallenBackV6Refuses);
        assert_eq!(seen(fired, &[]).len(), 1);
        assert!(seen(fired, &[Rule::FallenBackV6Refuses]).is_empty());
    }

    #[test]
    fn a_scene_that_disagreed_shows_nothing() {
        let standing: Vec<&Scene> = mptcp_harness::scene::catalogue().iter().collect();
        assert_eq!(seen_in_scenes(&standing, &[]).len(), 1);
        assert!(seen_in_scenes(&[], &[]).is_empty());
        let all: Vec<u8> = standing.iter().map(|scene| scene.id).collect();
        assert!(seen_in_scenes(&standing, &all).is_empty());
    }
}
