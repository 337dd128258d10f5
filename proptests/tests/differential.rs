//! The property that the project is about: on the running kernel, whatever
//! the call, model and kernel agree.
//!
//! What a pass proves is written in `mptcp_harness::judge`. That the property
//! can fail is shown by the same property with models that are wrong.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::process::ExitCode;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use arbitrary::Unstructured;
use libtest_mimic::{Completion, Failed, Trial as Test};
use mptcp_emulator::abi::{MPTCP_FULL_INFO, MPTCP_INFO, MPTCP_SUBFLOW_ADDRS, MPTCP_TCPINFO};
use mptcp_emulator::behaviors::{Count, FullOrder, FullSlots, InfoCopied, LengthStored, Step};
use mptcp_emulator::{Behaviors, Revision, RuleSet};
use mptcp_harness::cases::boundary_values::{BoundaryValues, SceneFacts};
use mptcp_harness::cases::generate::{self, Choose};
use mptcp_harness::cases::{Case, POISONS, option_name};
use mptcp_harness::judge::finding::Finding;
use mptcp_harness::kernel::Kernel;
use mptcp_harness::model::{KernelBehavior, Model};
use mptcp_harness::oracle::{CaseVerdict, Oracle, SharedFixtures};
use mptcp_harness::scenes::{Fixtures, Group, catalogue};
use mptcp_harness::verdict::MOST_WITHOUT;
use proptest::prelude::*;
use proptest::test_runner::{TestError, TestRunner};

mod live;

/// Cases of each option.
const CASES: u32 = if cfg!(debug_assertions) { 2_000 } else { 20_000 };
/// Within so many cases a wrong model has to be noticed.
const NOTICED: u32 = 1_000;
/// The longest row of choices; no case makes as many.
const CHOICES: usize = 128;
/// Cases between two looks at the scenes that age.
const FRESH: u32 = 64;

fn main() -> ExitCode {
    live::run(|| {
        let groups: BTreeSet<Group> = catalogue().iter().map(|scene| scene.group).collect();
        let mut tests: Vec<Test> = groups.into_iter().map(stands).collect();
        tests.extend(OPTIONS.map(agrees));
        tests.extend([
            notices("info_length_last", MPTCP_INFO, |it| {
                it.length_stored = LengthStored::AfterData
            }),
            notices("info_uncut", MPTCP_INFO, |it| it.info_copied = InfoCopied::Whole),
            notices("step_as_asked", MPTCP_TCPINFO, |it| it.step = Step::Passed),
            notices("count_of_copied", MPTCP_SUBFLOW_ADDRS, |it| it.count = Count::Copied),
            notices("slot_too_many", MPTCP_FULL_INFO, |it| it.full_slots = FullSlots::AtMost),
            notices("addresses_last", MPTCP_FULL_INFO, |it| {
                it.full_order = FullOrder::TcpInfoFirst
            }),
        ]);
        tests
    })
}

/// The fixtures that all tests share, made by the first that needs it.
static FIXTURES: LazyLock<(SharedFixtures, Revision)> = LazyLock::new(|| {
    let fixtures = Fixtures::build(live::enclosure(), |_| true, &mut |_| ());
    let revision = Kernel::running(fixtures.sizes()).revision;
    (Arc::new(Mutex::new(fixtures)), revision)
});

/// The four options, and any that no kernel has.
const OPTIONS: [Option<i32>; 5] =
    [Some(MPTCP_INFO), Some(MPTCP_TCPINFO), Some(MPTCP_SUBFLOW_ADDRS), Some(MPTCP_FULL_INFO), None];

/// All scenes of a group stand; those that do not are named, with the reason.
fn stands(group: Group) -> Test {
    Test::ignorable_test(format!("stands::{}", group.name()), move || {
        if let Some(why) = live::hindrance() {
            return Ok(Completion::ignored_with(why));
        }
        let fixtures = FIXTURES.0.lock().unwrap_or_else(PoisonError::into_inner);
        let missing = fixtures.skipped().iter().filter(|(scene, _)| scene.group == group);
        let missing: Vec<String> =
            missing.map(|(scene, why)| format!("{}: {why}", scene.name)).collect();
        let standing = fixtures.scenes().filter(|scene| scene.group == group).count();
        let all = catalogue().iter().filter(|scene| scene.group == group).count();
        if standing + missing.len() != all {
            return Err(
                format!("of {all} scenes {standing} stand and {} do not", missing.len()).into()
            );
        }
        Ok(if missing.is_empty() {
            Completion::Completed
        } else {
            Completion::ignored_with(missing.join("; "))
        })
    })
}

/// A test that compares the options: ignored, with the reason, where no scene came up in
/// which a kernel answers them. That what refuses them does so is no agreement.
fn compares(name: String, work: impl FnOnce() -> Result<(), Failed> + Send + 'static) -> Test {
    Test::ignorable_test(name, move || {
        if let Some(why) = live::hindrance().or_else(unanswered) {
            return Ok(Completion::ignored_with(why));
        }
        work().map(|()| Completion::Completed)
    })
}

/// Why no scene answers the options, if none does.
fn unanswered() -> Option<String> {
    let fixtures = FIXTURES.0.lock().unwrap_or_else(PoisonError::into_inner);
    if fixtures.scenes().any(|scene| scene.subflows().is_some()) {
        return None;
    }
    let mut missing = fixtures.skipped().iter();
    let why = missing.find(|(scene, _)| scene.subflows().is_some()).map(|(_, why)| why.as_str());
    Some(format!("no scene answers the options: {}", why.unwrap_or("none is in the catalogue")))
}

/// Model and kernel agree on every case of an option.
fn agrees(option: Option<i32>) -> Test {
    let name = option.map_or("unknown".into(), option_name);
    compares(format!("agrees::{name}"), move || {
        let mut runner = TestRunner::new(live::config(CASES));
        match disagreement(&mut runner, option, Model::documented())? {
            None => Ok(()),
            Some(report) => Err(report.into()),
        }
    })
}

/// The same property notices that a model has another value of a behavior.
fn notices(name: &str, option: i32, wrong: fn(&mut Behaviors)) -> Test {
    compares(format!("notices::{name}"), move || {
        let config = live::config(NOTICED);
        let mut runner =
            live::same_every_time(proptest::test_runner::Config { max_shrink_iters: 0, ..config });
        let mut behaviors = FIXTURES.1.behaviors;
        wrong(&mut behaviors);
        let model = Model::behaving(KernelBehavior::uniform(behaviors));
        match disagreement(&mut runner, Some(option), model)? {
            Some(_) => Ok(()),
            None => Err("a wrong model agrees with the kernel".into()),
        }
    })
}

/// A report of the first disagreement, of simple choices, and of the simplest
/// call with the same signature.
fn disagreement(
    runner: &mut TestRunner,
    option: Option<i32>,
    model: Model,
) -> Result<Option<String>, Failed> {
    let (fixtures, revision) = &*FIXTURES;
    let oracle = Oracle::new(fixtures, *revision, model).map_err(|error| error.to_string())?;
    let values = oracle.boundary_values().clone();
    let oracle = RefCell::new(oracle);
    let (judged, inconclusive) = (Cell::new(0_u32), RefCell::new(Vec::new()));
    let found: RefCell<Option<Finding>> = RefCell::default();

    let choices = prop::collection::vec(any::<u8>(), 0..=CHOICES);
    let result = runner.run(&choices, |choices| {
        let case = case_of(&choices, &values, option);
        let mut oracle = oracle.borrow_mut();
        if judged.replace(judged.get() + 1) % FRESH == 0 {
            oracle.freshen();
        }
        match oracle.whole(&case, &mut RuleSet::default()) {
            CaseVerdict::Agree | CaseVerdict::Unspecified => Ok(()),
            CaseVerdict::Inconclusive(reason) if reason.is_unreproduced() => {
                Err(TestCaseError::fail(reason.text()))
            }
            CaseVerdict::Inconclusive(reason) => {
                inconclusive.borrow_mut().push(reason.text());
                Ok(())
            }
            CaseVerdict::Disagree(finding) => {
                let summary = finding.diagnosis.summary.clone();
                found.replace(Some(*finding));
                Err(TestCaseError::fail(summary))
            }
        }
    });

    let inconclusive = inconclusive.into_inner();
    match (result, found.into_inner()) {
        (Ok(()), _) if inconclusive.len() as u64 * MOST_WITHOUT > u64::from(judged.get()) => {
            Err(format!(
                "{} of {} cases have no verdict: {}",
                inconclusive.len(),
                judged.get(),
                inconclusive.join(", ")
            )
            .into())
        }
        (Ok(()), _) => Ok(None),
        (Err(TestError::Fail(_, choices)), Some(finding)) => {
            let simplest = oracle.into_inner().simplest(
                finding.clone(),
                std::time::Instant::now() + std::time::Duration::from_secs(1),
            );
            Ok(Some(format!(
                "from {} choices: {choices:?}\n{finding}\n\nthe simplest call of this signature:\n{simplest}",
                choices.len(),
            )))
        }
        (Err(error), _) => Err(error.to_string().into()),
    }
}

/// A case of an option, or of one that nobody knows.
fn case_of(choices: &[u8], values: &BoundaryValues, option: Option<i32>) -> Case {
    let mut choices = Unstructured::new(choices);
    let poison = choices.below(u32::from(POISONS)) as u8;
    let facts: SceneFacts =
        values.scene_facts[choices.below(values.scene_facts.len() as u32) as usize];
    let option = option.unwrap_or_else(|| match choices.word().cast_signed() {
        known @ MPTCP_INFO..=MPTCP_FULL_INFO => -known,
        unknown => unknown,
    });
    generate::of(&mut choices, values, facts, option, poison)
}
