//! Deliberately wrong models, each of which the check has to notice.
//!
//! Each is the contract with one behavior changed, as a careless patch might
//! change it: every value of the table. The kernel is right here and the model
//! wrong, which to the judge is the same as the other way round. That every
//! canary falls, and within two million cases, is what a check without findings
//! is worth.

use std::sync::{Arc, Mutex};

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use mptcp_emulator::behaviors::Value;
use mptcp_emulator::rules::Options;
use mptcp_emulator::{Behavior, Revision};
use mptcp_harness::engines::check::{Progress, Setting, check};
use mptcp_harness::kernel::Kernel;
use mptcp_harness::model::{KernelBehavior, Model};
use mptcp_harness::oracle::SharedFixtures;
use mptcp_harness::run::compat;
use mptcp_harness::scenes::{self, Fixtures, Group};

/// Values that no call of a right kernel shows alone.
const INVISIBLE: [(Behavior, &str, &str); 2] = [
    (Behavior::OverRead, "Leaked", "no copy is larger than the structure"),
    (Behavior::HeaderSizeMaxCheck, "Unchecked", "such a size is above any length"),
];

/// The contract with one value changed, for each value that this kernel could have.
fn wrong_models(right: &Revision) -> Vec<(String, Model)> {
    let mut models = Vec::new();
    for behavior in Behavior::ALL.iter().copied() {
        let of_option = |options: &Options| match options {
            Options::FullInfo => right.has_full_info(),
            Options::InfoOpt => right.info_opt,
            _ => true,
        };
        if !behavior.options().iter().any(of_option) {
            continue;
        }
        let own = right.behaviors.get(behavior);
        let is_visible = |value: &Value| {
            !INVISIBLE.iter().any(|(other, name, _)| (*other, *name) == (behavior, value.name))
        };
        for (number, value) in (0..).zip(behavior.values()) {
            if number == own || !is_visible(value) {
                continue;
            }
            let wrong = right.behaviors.with(behavior, number);
            let model = Model::behaving(KernelBehavior::uniform(wrong));
            models.push((format!("{}={}", behavior.name(), value.name), model));
        }
    }
    models
}

/// The contract on a kernel whose figures are wrong.
fn wrong_revisions(right: Revision) -> Vec<(&'static str, Revision)> {
    vec![
        ("TcpInfoAWordShort", right.with_sizes(right.tcp_info - 4, right.mptcp_info)),
        ("MptcpInfoOfAnOlderKernel", right.with_sizes(right.tcp_info, right.mptcp_info - 8)),
    ]
}

fn main() {
    let arguments = Arguments::from_args();
    let enclosure = scenes::enter();
    let available = scenes::mptcp_available();
    let fixtures = Fixtures::build(&enclosure, |_| true, &mut |_| {});
    let kernel = Kernel::running(fixtures.sizes());
    let fixtures = Arc::new(Mutex::new(fixtures));
    let right = kernel.revision;
    let models = wrong_models(&right).into_iter().map(|(name, model)| (name, model, right));
    let no_compat = compat::available().err();
    let revisions = wrong_revisions(right);
    let revisions = revisions
        .into_iter()
        .map(|(name, revision)| (name.to_owned(), Model::documented(), revision));
    let mut trials: Vec<Trial> = models
        .chain(revisions)
        .map(|(name, model, revision)| {
            let (fixtures, hindrance) = (fixtures.clone(), available.clone().err());
            // Wrong only about the calls of 32-bit programs.
            let no_compat = no_compat.filter(|_| name.starts_with("compat"));
            Trial::ignorable_test(name, move || match (hindrance, no_compat) {
                (Some(none), _) => Ok(Completion::ignored_with(none.what)),
                (None, Some(why)) => Ok(Completion::ignored_with(why.text())),
                (None, None) => falls(&fixtures, revision, model),
            })
        })
        .collect();
    let hindrance = available.err();
    trials.push(Trial::ignorable_test("TheContractStands", move || match hindrance {
        Some(none) => Ok(Completion::ignored_with(none.what)),
        None => stands(&fixtures, right),
    }));
    libtest_mimic::run(&arguments, trials).exit();
}

/// As many as a machine with nothing else to do makes in two seconds.
const CASES: u64 = 2_000_000;

fn setting(first: bool) -> Setting {
    Setting { time: None, cases: Some(CASES), options: Vec::new(), seed: 1, jobs: 1, first }
}

fn falls(
    fixtures: &SharedFixtures,
    revision: Revision,
    model: Model,
) -> Result<Completion, Failed> {
    let outcome = check(&setting(true), revision, fixtures, model, &|| None, &Progress::default())?;
    if outcome.counts().disagree == 0 {
        return Err(format!(
            "not noticed in {} cases and {:?}",
            outcome.counts().cases(),
            outcome.elapsed
        )
        .into());
    }
    Ok(Completion::Completed)
}

/// The other side of it: with nothing broken nothing is noticed.
fn stands(fixtures: &SharedFixtures, revision: Revision) -> Result<Completion, Failed> {
    let model = Model::documented();
    let outcome =
        check(&setting(false), revision, fixtures, model, &|| None, &Progress::default())?;
    if let Some(finding) = outcome.findings.values().next() {
        return Err(finding.to_string().into());
    }
    let counts = outcome.counts();
    if outcome.unreproduced() > 0 || counts.inconclusive * 100 > counts.cases() {
        return Err(format!("no verdict: {:?} of {counts:?}", outcome.reasons).into());
    }
    // Nor were the calls of 32-bit programs left out without a word.
    if (outcome.compat == 0) != outcome.no_compat.is_some() {
        return Err(format!("{} such cases, and {:?}", outcome.compat, outcome.no_compat).into());
    }
    // The options were really asked, on connections.
    for option in 1..=4 {
        let of = |group| outcome.table.get(&(option, group)).map_or(0, |counts| counts.agree);
        if of(Group::EstablishedV4) == 0 || of(Group::EstablishedV6) == 0 {
            return Err(format!("option {option} was not asked on a connection").into());
        }
    }
    Ok(Completion::Completed)
}
