//! Why a rule was not exercised. A rule without a reason is a gap in the
//! cases, and worth a look.

use mptcp_emulator::behaviors::ZeroLength;
use mptcp_emulator::rules::{Options, Requirement};
use mptcp_emulator::{Revision, Rule, abi};
use mptcp_harness::cases::is_known;
use mptcp_harness::scenes::{Group, Recipe, Scene, Unconnected};

use crate::model_socket::other_socket;

/// What a run could reach.
pub(crate) struct RuleCoverage<'a> {
    /// How the kernel is modelled.
    pub(crate) revision: Revision,
    /// Options by number; all where this is empty.
    pub(crate) options: &'a [i32],
    /// The scenes that came up.
    pub(crate) available: &'a [&'static Scene],
    /// Those that were wanted and did not, with the reason.
    pub(crate) skipped: &'a [(&'static Scene, String)],
    /// Whether the lattice was completed.
    pub(crate) lattice: bool,
}

impl RuleCoverage<'_> {
    /// Why a rule was not exercised.
    pub(crate) fn reason(&self, rule: Rule) -> String {
        if let Some(reason) = unreachable(rule, &self.revision) {
            return reason.into();
        }
        let options = rule.options().numbers();
        let chosen = |option: &i32| self.options.is_empty() || self.options.contains(option);
        if !options.is_empty() && !options.iter().any(chosen) {
            return "its option was not chosen (--option)".into();
        }
        if rule == Rule::UnknownOption && !self.options.is_empty() {
            let known = |option: &i32| match *option {
                abi::MPTCP_INFO_OPT => self.revision.info_opt,
                option => is_known(option),
            };
            if self.options.iter().all(known) {
                return "its option was not chosen (--option)".into();
            }
        }
        let can_exercise = |scene: &Scene| can_exercise(rule, scene);
        if !self.available.iter().any(|scene| can_exercise(scene)) {
            let skipped = self.skipped.iter().find(|(scene, _)| can_exercise(scene));
            return match skipped {
                Some((_, why)) => format!("its scenes were skipped: {why}"),
                None => "none of its scenes was chosen (--scene)".into(),
            };
        }
        if self.lattice {
            "no reason: within reach, and no case came across it".into()
        } else {
            "the run ended before the lattice was complete".into()
        }
    }
}

/// Why no call whatever exercises a rule on a revision; `None` where one does.
pub(crate) fn unreachable(rule: Rule, revision: &Revision) -> Option<&'static str> {
    match (rule.requirement(), rule.options()) {
        (Requirement::NoFullInfo, _) => {
            revision.has_full_info().then_some("this revision has MPTCP_FULL_INFO")
        }
        (Requirement::ZeroLengthStored, _) => {
            let untouched = revision.behaviors.zero_length == ZeroLength::Untouched;
            untouched
                .then_some("this revision stops early at a length of 0: InfoZeroLengthAsksNothing")
        }
        (Requirement::ZeroLengthUntouched, _) => {
            let stored = revision.behaviors.zero_length != ZeroLength::Untouched;
            stored.then_some("this revision stores a length of 0: InfoZeroLengthStored")
        }
        (_, Options::FullInfo) if !revision.has_full_info() => {
            Some("this revision has no MPTCP_FULL_INFO")
        }
        (_, Options::InfoOpt) if !revision.info_opt => {
            Some("no released kernel has mptcp_info_opt; lab/patches adds it to one")
        }
        _ => None,
    }
}

/// Whether a rule can be exercised in a scene.
fn can_exercise(rule: Rule, scene: &Scene) -> bool {
    let is_mptcp = !matches!(scene.group, Group::FallenBack | Group::NotMptcp);
    match rule.requirement() {
        Requirement::Socket(socket) => !is_mptcp && other_socket(scene) == socket,
        // A fresh socket has none on newer kernels.
        Requirement::Subflow => {
            is_mptcp && !matches!(scene.plan(), Recipe::Unconnected(_, Unconnected::Fresh))
        }
        _ => is_mptcp,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mptcp_harness::scenes::catalogue;

    #[test]
    fn every_rule_has_a_scene_that_can_exercise_it() {
        for rule in Rule::ALL {
            assert!(catalogue().iter().any(|scene| can_exercise(*rule, scene)), "{}", rule.name());
        }
    }

    #[test]
    fn each_revision_reaches_all_but_the_rules_of_others() {
        let out = |revision: Revision| {
            let missing = |rule: &&Rule| unreachable(**rule, &revision).is_some();
            Rule::ALL.iter().filter(missing).count()
        };
        let all_of = |option| {
            let its = |rule: &&Rule| rule.options() == option;
            Rule::ALL.iter().filter(its).count()
        };
        let opt = all_of(Options::InfoOpt);
        assert_eq!(out(Revision::NEWEST.with_info_opt()), 2);
        assert_eq!(out(Revision::NEWEST), 2 + opt);
        assert_eq!(out(Revision::V6_5), 2 + opt);
        // All of the option's but FullInfoUnknown, and InfoZeroLengthAsksNothing.
        assert_eq!(out(Revision::V6_1), all_of(Options::FullInfo) + opt);
    }

    #[test]
    fn reasons_tell_choice_from_skipping_from_haste() {
        let scenes: Vec<&'static Scene> = catalogue().iter().take(1).collect();
        let mut reach = RuleCoverage {
            revision: Revision::NEWEST,
            options: &[abi::MPTCP_INFO],
            available: &scenes,
            skipped: &[],
            lattice: false,
        };
        assert!(reach.reason(Rule::CountReported).contains("--option"));
        assert!(reach.reason(Rule::UnixRefuses).contains("--scene"));
        assert!(reach.reason(Rule::InfoWhole).contains("ended before"));
        assert!(reach.reason(Rule::FullInfoUnknown).contains("has MPTCP_FULL_INFO"));
        reach.lattice = true;
        assert!(reach.reason(Rule::InfoWhole).contains("no reason"));
    }
}
