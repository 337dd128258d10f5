//! Which seed of the corpus exercises a rule, and on which revisions one does:
//! found by running all of them on the model of each.

use mptcp_emulator::rules::Options;
use mptcp_emulator::{Revision, Rule, Verification, abi};
use mptcp_harness::cases::codec;
use mptcp_harness::judge::evidence::Examination;
use mptcp_harness::model::Model;
use mptcp_harness::run::runner::{Runner, Target};
use mptcp_harness::scenes::by_id;

use crate::model_socket::ModelSocket;

/// Names and contents of the files of `corpus/negotiate`.
const SEEDS: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/seeds.rs"));

/// What is known of a rule from running seeds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Exercise {
    /// The revisions on which some seed exercises the rule, the oldest first.
    pub(crate) revisions: Vec<Revision>,
    /// The case to look at: on the newest of these revisions, one that succeeds before
    /// one that does not, and one in which few rules have a say before one of many; of
    /// several the first by name.
    pub(crate) case: Option<&'static str>,
    /// Whether that case fails, and how many rules fire in it.
    weight: (bool, usize),
}

/// For each rule, in their order.
///
/// # Errors
/// Where a seed is no case, or there is no memory for the street.
pub(crate) fn all() -> Result<Vec<(Rule, Exercise)>, String> {
    let mut all: Vec<(Rule, Exercise)> =
        Rule::ALL.iter().map(|rule| (*rule, Exercise::default())).collect();
    each(|name, revision, seen| {
        let weight = (seen.predicted.is_err(), seen.rules.len());
        for (_, exercise) in all.iter_mut().filter(|(rule, _)| seen.rules.contains(rule)) {
            exercise.note(name, revision, weight);
        }
    })?;
    Ok(all)
}

/// Runs all seeds on each revision: the oldest first, seeds by name.
fn each(mut seen: impl FnMut(&'static str, Revision, Examination)) -> Result<(), String> {
    each_by([Model::documented()], |name, revision, [examination]| {
        seen(name, revision, examination)
    })
}

/// As [`each`], by any models.
fn each_by<const N: usize>(
    models: [Model; N],
    mut seen: impl FnMut(&'static str, Revision, [Examination; N]),
) -> Result<(), String> {
    let mut rig = Runner::new().map_err(|error| error.to_string())?;
    for revision in Revision::ALL {
        for (name, bytes) in SEEDS {
            let case = codec::decode(bytes).map_err(|error| format!("{name}: {error}"))?;
            let scene = by_id(case.scene).ok_or_else(|| format!("{name}: no such scene"))?;
            // The design of 2021 exists as a patch to one revision.
            let revision = match case.option {
                abi::MPTCP_INFO_OPT if revision != Revision::V6_12 => continue,
                abi::MPTCP_INFO_OPT => revision.with_info_opt(),
                _ => revision,
            };
            let examination = ModelSocket::marked(scene, &revision).with(|socket, _| {
                let subject = Target { revision: &revision, socket, fd: -1 };
                models.map(|model| rig.examine(&case, &subject, model, false))
            });
            seen(name, revision, examination);
        }
    }
    Ok(())
}

impl Exercise {
    fn note(&mut self, name: &'static str, revision: Revision, weight: (bool, usize)) {
        let newer = self.revisions.last().is_none_or(|last| last.name != revision.name);
        if newer {
            self.revisions.push(revision);
        }
        if newer || weight < self.weight {
            (self.case, self.weight) = (Some(name), weight);
        }
    }

    /// The newest revision on which the rule is exercised, as `--revision` takes it.
    pub(crate) fn newest(&self) -> Option<String> {
        let newest = self.revisions.last()?;
        let with = if newest.info_opt { "+info_opt" } else { "" };
        Some(format!("{}{with}", newest.name))
    }

    /// Since which release the rule holds; `None` for the design, which none had.
    pub(crate) fn since(&self, rule: Rule) -> Option<&'static str> {
        let shipped = rule.options() != Options::InfoOpt;
        self.revisions.first().filter(|_| shipped).map(|revision| revision.name)
    }

    /// The first revision on which it does not hold any more.
    pub(crate) fn before(&self, rule: Rule) -> Option<&'static str> {
        self.since(rule)?;
        let last = self.revisions.last()?;
        let mut newer = Revision::ALL.iter().skip_while(|revision| revision.name != last.name);
        newer.nth(1).map(|revision| revision.name)
    }

    /// In words: "since 6.5".
    pub(crate) fn when(&self, rule: Rule) -> String {
        match (self.since(rule), self.before(rule)) {
            (Some(since), Some(before)) => format!("since {since}, until {before}"),
            (Some(since), None) => format!("since {since}"),
            (None, _) => "never released".to_owned(),
        }
    }

    /// The real kernels that were compared on the rule's revisions.
    pub(crate) fn kernels(&self) -> Vec<&'static str> {
        let kernel = |revision: &Revision| match revision.verification {
            Verification::Compared(kernel) => Some(kernel),
            Verification::SourcesOnly => None,
        };
        self.revisions.iter().filter_map(kernel).collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use std::path::Path;

    use mptcp_emulator::rules::Basis;

    use super::super::documents::is_measured;
    use super::*;
    use crate::report::rule_coverage;

    #[test]
    fn the_seeds_are_those_of_the_corpus() {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus/negotiate");
        let files = mptcp_harness::cases::snapshot::files(&corpus).unwrap();
        let name = |file: &std::path::PathBuf| file.file_stem().unwrap().to_owned();
        let names: Vec<_> = files.iter().map(name).collect();
        assert_eq!(names, SEEDS.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    }

    #[test]
    fn every_rule_is_exercised_by_a_seed() {
        for (rule, exercise) in all().unwrap() {
            let name = rule.name();
            assert!(exercise.case.is_some(), "no seed of corpus/negotiate exercises {name}");
            if is_measured(rule.source()) {
                assert!(!exercise.kernels().is_empty(), "{name}: measured on which kernel?");
            }
        }
    }

    /// What `rule_coverage` says of revisions, and what running them shows.
    #[test]
    fn a_rule_holds_where_something_reaches_it() {
        for (rule, exercise) in all().unwrap() {
            let opt = rule.options() == Options::InfoOpt;
            for revision in Revision::ALL.iter().filter(|_| !opt) {
                let fired = exercise.revisions.iter().any(|other| other.name == revision.name);
                let reached = rule_coverage::unreachable(rule, revision).is_none();
                assert_eq!(fired, reached, "{} on {}", rule.name(), revision.name);
            }
        }
    }

    /// What is promised and what is documented part where a contrary rule decides, and
    /// nowhere else.
    #[test]
    fn promises_part_from_kernels_by_contrary_rules_alone() {
        let mut parted = mptcp_emulator::RuleSet::EMPTY;
        each_by([Model::documented(), Model::promised()], |name, revision, [one, other]| {
            let contrary = one.rules.iter().filter(|rule| rule.basis() == Basis::Contrary);
            let same = (one.predicted, &one.prediction) == (other.predicted, &other.prediction);
            // A structure of 32-bit programs is not what it is said to be, by no rule.
            let compat =
                name.starts_with("x86-32-") && one.rules.contains(&Rule::FullElementCopied);
            let explained = same || compat || contrary.clone().next().is_some();
            assert!(explained, "{name} on {}", revision.name);
            contrary.filter(|_| !same).for_each(|rule| parted.insert(*rule));
        })
        .unwrap();
        for rule in Rule::ALL.iter().filter(|rule| rule.basis() == Basis::Contrary) {
            assert!(parted.contains(*rule), "{rule:?} shows in no seed");
        }
    }

    #[test]
    fn rules_have_a_say_in_the_order_of_their_steps() {
        each(|name, revision, Examination { rules, .. }| {
            let steps: Vec<_> = rules.iter().map(|rule| rule.step()).collect();
            assert!(steps.is_sorted(), "{name} on {}: {rules:?}", revision.name);
        })
        .unwrap();
    }

    #[test]
    fn releases_follow_from_the_data_of_revisions() {
        let all = all().unwrap();
        let when = |wanted: Rule| {
            let (rule, exercise) = all.iter().find(|(rule, _)| *rule == wanted).unwrap();
            exercise.when(*rule)
        };
        assert_eq!(when(Rule::InfoCut), "since 5.16");
        assert_eq!(when(Rule::FullInfoCut), "since 6.5");
        assert_eq!(when(Rule::FullInfoUnknown), "since 5.16, until 6.5");
        assert_eq!(when(Rule::InfoZeroLengthStored), "since 5.16, until 6.10");
        assert_eq!(when(Rule::InfoZeroLengthAsksNothing), "since 6.10");
        assert_eq!(when(Rule::OptElementCopied), "never released");
    }
}
