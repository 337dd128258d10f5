//! Why a rule was not exercised. A rule without a reason is a gap in the
//! cases, and worth a look.

use mptcp_emulator::rules::{Options, Requirement};
use mptcp_emulator::{Family, Revision, Rule, Socket, ZeroLength, abi};
use mptcp_harness::cases::is_known;
use mptcp_harness::scenes::{Group, Scene};

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
        let plays = |scene: &Scene| plays(rule, scene);
        if !self.available.iter().any(|scene| plays(scene)) {
            let skipped = self.skipped.iter().find(|(scene, _)| plays(scene));
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
            revision.full_info.then_some("this revision has MPTCP_FULL_INFO")
        }
        (Requirement::ZeroLength(required), _) if required != revision.zero_length => {
            Some(match revision.zero_length {
                ZeroLength::Untouched => {
                    "this revision stops early at a length of 0: InfoZeroLengthAsksNothing"
                }
                ZeroLength::Stored => "this revision stores a length of 0: InfoZeroLengthStored",
            })
        }
        (_, Options::FullInfo) if !revision.full_info => {
            Some("this revision has no MPTCP_FULL_INFO")
        }
        (_, Options::InfoOpt) if !revision.info_opt => {
            Some("no released kernel has mptcp_info_opt; lab/patches adds it to one")
        }
        _ => None,
    }
}

/// The first words of the names of the scenes with a socket.
fn names(socket: Socket<'_>) -> &'static [&'static str] {
    match socket {
        Socket::Mptcp(_) => &[],
        Socket::Closed => &["closed-descriptor"],
        Socket::NotASocket => &["pipe"],
        Socket::Tcp(Family::V4) => &["tcp-v4"],
        Socket::Tcp(Family::V6) => &["tcp-v6"],
        Socket::FallenBack(Family::V4) => &["fallen-back-v4"],
        Socket::FallenBack(Family::V6) => &["fallen-back-v6", "fallen-back-mapped"],
        Socket::Udp(Family::V4) => &["udp-v4"],
        Socket::Udp(Family::V6) => &["udp-v6"],
        Socket::Unix => &["unix"],
    }
}

/// Whether a rule can be exercised in a scene.
fn plays(rule: Rule, scene: &Scene) -> bool {
    if let Requirement::Socket(socket) = rule.requirement() {
        return names(socket).iter().any(|name| scene.name.starts_with(name));
    }
    let subflows = !matches!(scene.group, Group::Unconnected)
        || scene.name.starts_with("listening")
        || scene.name.starts_with("connecting")
        || scene.name.starts_with("bound");
    match scene.group {
        Group::FallenBack | Group::NotMptcp => false,
        _ => subflows || rule.requirement() != Requirement::Subflow,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mptcp_harness::scenes::catalogue;

    #[test]
    fn every_rule_has_a_scene_that_plays_it() {
        for rule in Rule::ALL {
            assert!(catalogue().iter().any(|scene| plays(*rule, scene)), "{}", rule.name());
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
