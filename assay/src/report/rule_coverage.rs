//! Why a rule was not exercised. A rule without a reason is a gap in the
//! cases, and worth a look.

use mptcp_emulator::{Revision, Rule, ZeroLength, abi};
use mptcp_harness::cases::is_known;
use mptcp_harness::scenes::{Group, Scene};

/// What a run could reach.
pub(crate) struct RuleCoverage<'a> {
    /// How the kernel is modelled.
    pub(crate) revision: Revision,
    /// Options by number; all where this is empty.
    pub(crate) options: &'a [i32],
    /// The scenes that stood.
    pub(crate) standing: &'a [&'static Scene],
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
        let options = options(rule);
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
        if !self.standing.iter().any(|scene| plays(scene)) {
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
    match rule {
        Rule::FullInfoUnknown if revision.full_info => Some("this revision has MPTCP_FULL_INFO"),
        Rule::InfoZeroLengthStored if revision.zero_length == ZeroLength::Untouched => {
            Some("this revision stops early at a length of 0: InfoZeroLengthAsksNothing")
        }
        Rule::InfoZeroLengthAsksNothing if revision.zero_length == ZeroLength::Stored => {
            Some("this revision stores a length of 0: InfoZeroLengthStored")
        }
        Rule::FullInfoUnknown => None,
        _ if !revision.full_info && options(rule) == [abi::MPTCP_FULL_INFO] => {
            Some("this revision has no MPTCP_FULL_INFO")
        }
        _ if !revision.info_opt && options(rule) == [abi::MPTCP_INFO_OPT] => {
            Some("no released kernel has mptcp_info_opt; lab/patches adds it to one")
        }
        _ => None,
    }
}

/// The options that a rule is about; empty where it is about any, or none.
pub(crate) fn options(rule: Rule) -> &'static [i32] {
    let name = rule.name();
    if refused_by(rule).is_some() || rule == Rule::UnknownOption {
        &[]
    } else if name.starts_with("Full") {
        &[abi::MPTCP_FULL_INFO]
    } else if name.starts_with("Opt") {
        &[abi::MPTCP_INFO_OPT]
    } else if name.starts_with("Info") {
        &[abi::MPTCP_INFO]
    } else {
        &[abi::MPTCP_TCPINFO, abi::MPTCP_SUBFLOW_ADDRS]
    }
}

/// How the names of the scenes begin that refuse every option by this rule;
/// `None` for rules of MPTCP sockets.
fn refused_by(rule: Rule) -> Option<&'static [&'static str]> {
    Some(match rule {
        Rule::ClosedDescriptor => &["closed-descriptor"],
        Rule::NotASocket => &["pipe"],
        Rule::TcpV4Refuses => &["tcp-v4"],
        Rule::TcpV6Refuses => &["tcp-v6"],
        Rule::FallenBackV4Refuses => &["fallen-back-v4"],
        Rule::FallenBackV6Refuses => &["fallen-back-v6", "fallen-back-mapped"],
        Rule::UdpV4Refuses => &["udp-v4"],
        Rule::UdpV6Refuses => &["udp-v6"],
        Rule::UnixRefuses => &["unix"],
        _ => return None,
    })
}

/// Whether a rule can be exercised in a scene.
fn plays(rule: Rule, scene: &Scene) -> bool {
    if let Some(names) = refused_by(rule) {
        return names.iter().any(|name| scene.name.starts_with(name));
    }
    let subflows = !matches!(scene.group, Group::Unconnected)
        || scene.name.starts_with("listening")
        || scene.name.starts_with("connecting")
        || scene.name.starts_with("bound");
    match scene.group {
        Group::FallenBack | Group::NotMptcp => false,
        _ => subflows || !needs_subflows(rule),
    }
}

/// Whether a rule is about elements, of which there is one for each subflow.
fn needs_subflows(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::ElementCopied
            | Rule::ElementLeftOut
            | Rule::ElementEmpty
            | Rule::ElementUnwritable
            | Rule::LengthWithElements
            | Rule::FullElementCopied
            | Rule::FullElementLeftOut
            | Rule::FullArrayEmpty
            | Rule::FullSubflowInfoUnwritable
            | Rule::FullTcpInfoUnwritable
            | Rule::OptStrideShrunk
            | Rule::OptElementCopied
            | Rule::OptElementLeftOut
            | Rule::OptCountKept
            | Rule::OptTcpInfoUnwritable
            | Rule::OptSocknameUnwritable
            | Rule::OptPeernameUnwritable
    )
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
            let its = |rule: &&Rule| options(**rule) == [option];
            Rule::ALL.iter().filter(its).count()
        };
        let opt = all_of(abi::MPTCP_INFO_OPT);
        assert_eq!(out(Revision::NEWEST.with_info_opt()), 2);
        assert_eq!(out(Revision::NEWEST), 2 + opt);
        assert_eq!(out(Revision::V6_5), 2 + opt);
        // All of the option's but FullInfoUnknown, and InfoZeroLengthAsksNothing.
        assert_eq!(out(Revision::V6_1), all_of(abi::MPTCP_FULL_INFO) + opt);
    }

    #[test]
    fn reasons_tell_choice_from_skipping_from_haste() {
        let scenes: Vec<&'static Scene> = catalogue().iter().take(1).collect();
        let mut reach = RuleCoverage {
            revision: Revision::NEWEST,
            options: &[abi::MPTCP_INFO],
            standing: &scenes,
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
