//! Promises alone, against the running kernel: what is known is found, what is free is
//! no finding, and a promise that is broken is one.
//!
//! As with the canaries the model is wrong here and the kernel right.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex};

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use mptcp_emulator::behaviors::{
    Check, Count, ElementFault, ElementFits, FullOrder, FullSlots, InfoCopied, KernelFields,
    LengthStored, LengthUnwritable, SizeKernelReturned, Step,
};
use mptcp_emulator::{Behaviors, Revision, RuleSet, abi};
use mptcp_harness::cases::{Case, Data, Entry, Full, Input, Place};
use mptcp_harness::engines::check::{Outcome, Progress, Setting, check};
use mptcp_harness::judge::finding::Finding;
use mptcp_harness::kernel::Kernel;
use mptcp_harness::model::Model;
use mptcp_harness::oracle::{CaseVerdict, Oracle as Judging, Reason, SharedFixtures};
use mptcp_harness::scenes::{self, Fixtures};
use mptcp_harness::watch::{Complaint, Watch};

/// Behaviors, each with a name.
type Named = (&'static str, Behaviors);

/// What no document speaks of.
fn free(right: Behaviors) -> Vec<Named> {
    let or = right;
    vec![
        ("LengthStoredLast", Behaviors { length_stored: LengthStored::AfterData, ..or }),
        ("TcpInfosFirst", Behaviors { full_order: FullOrder::TcpInfoFirst, ..or }),
        ("AnswerAfterFault", Behaviors { element_fault: ElementFault::AnsweredFirst, ..or }),
        ("AnotherErrorOfSizeUser", Behaviors { size_user_max_check: Check::E2big, ..or }),
    ]
}

/// What some document does.
fn promised(right: Behaviors) -> Vec<Named> {
    let or = right;
    vec![
        ("CountOfCopied", Behaviors { count: Count::Copied, ..or }),
        ("NumSubflowsNotChecked", Behaviors { kernel_fields: KernelFields::SizeKernelAlone, ..or }),
        ("SizeKernelForgotten", Behaviors { size_kernel_returned: SizeKernelReturned::Zero, ..or }),
        ("StepByTheUsersSize", Behaviors { step: Step::Passed, ..or }),
        ("InfoLengthNotClamped", Behaviors { info_copied: InfoCopied::Passed, ..or }),
        ("FullSlotsOneMore", Behaviors { full_slots: FullSlots::AtMost, ..or }),
    ]
}

/// What a run has to have come to.
type Judge = fn(&Outcome, u64) -> Result<(), String>;

fn main() {
    let arguments = Arguments::from_args();
    let enclosure = scenes::enter();
    let available = scenes::mptcp_available();
    let fixtures = Fixtures::build(&enclosure, |_| true, &mut |_| {});
    let revision = Kernel::running(fixtures.sizes()).revision;
    let fixtures = Arc::new(Mutex::new(fixtures));
    let list = |models: Vec<Named>, judge: Judge| {
        models.into_iter().map(move |(name, wrong)| (name, Model::promising(wrong), judge))
    };
    let known: (_, _, Judge) = ("WhatIsKnownIsFound", Model::promised(), only_what_is_known);
    let trials = list(free(revision.behaviors), nothing_new)
        .chain(list(promised(revision.behaviors), something_new))
        .chain([known])
        .map(|(name, model, judge)| {
            let (fixtures, hindrance) = (fixtures.clone(), available.clone().err());
            Trial::ignorable_test(name, move || match hindrance {
                Some(none) => Ok(Completion::ignored_with(none.what)),
                None => run(&fixtures, revision, model, judge),
            })
        });
    let singles: [(&str, Single); 3] = [
        ("FarOffIsFound", far_off_is_found),
        ("StrayIsTold", stray_is_told),
        ("KnownIsNoMore", what_is_known_is_no_more_than_that),
    ];
    let singles = singles.into_iter().map(|(name, single)| {
        let (fixtures, hindrance) = (fixtures.clone(), available.clone().err());
        Trial::ignorable_test(name, move || match hindrance {
            Some(none) => Ok(Completion::ignored_with(none.what)),
            None => single(&fixtures, revision).map(|()| Completion::Completed),
        })
    });
    libtest_mimic::run(&arguments, trials.chain(singles).collect()).exit();
}

/// A test of single cases.
type Single = fn(&SharedFixtures, Revision) -> Result<(), Failed>;

/// Writes nothing for one subflow, and has another error for an optlen that cannot be written,
/// which no document forbids: with such an optlen it is free what a kernel does.
fn silent(right: Behaviors) -> Behaviors {
    let (element_fits, full_slots) = (ElementFits::WithByteMore, FullSlots::Fewer);
    Behaviors { element_fits, full_slots, length_unwritable: LengthUnwritable::Einval, ..right }
}

/// On a page that can only be read.
const UNWRITABLE: Place = Place::Street(0x13000);

fn judging(fixtures: &SharedFixtures, revision: Revision) -> Result<(Judging, u8), Failed> {
    let model = Model::promising(silent(revision.behaviors));
    let oracle = Judging::new(fixtures, revision, model)?;
    let one = oracle
        .boundary_values()
        .scene_facts
        .iter()
        .find(|facts| facts.answers && facts.subflows > 1);
    let scene = one.ok_or("no scene has two subflows")?.scene;
    Ok((oracle, scene))
}

fn case(scene: u8, option: i32, length: i32, input: Input) -> Case {
    let (optval, optlen, entry) = (Place::Street(0x1000), Place::Street(0x14000), Entry::Native);
    Case { scene, poison: 0, option, length, optval, optlen, input, entry }
}

/// What is free does not take in what is written behind an array that the model has not
/// touched: here the kernel's `tcp_info` is larger than it is said to be.
fn far_off_is_found(fixtures: &SharedFixtures, revision: Revision) -> Result<(), Failed> {
    if !revision.has_full_info() {
        return Ok(());
    }
    let smaller = Revision { tcp_info: revision.tcp_info - 8, ..revision };
    for (revision, sound) in [(revision, true), (smaller, false)] {
        let (mut oracle, scene) = judging(fixtures, revision)?;
        let full = Full {
            size_tcpinfo_kernel: 0,
            size_tcpinfo_user: 4000,
            size_sfinfo_kernel: 0,
            size_sfinfo_user: 264,
            num_subflows: 0,
            size_arrays_user: 1,
            subflow_info: Place::Street(0x5000),
            tcp_info: Place::Street(0x9000),
        };
        let case = case(scene, abi::MPTCP_FULL_INFO, 40, Input::Full(full));
        let case = Case { optlen: UNWRITABLE, ..case };
        let rules = &mut RuleSet::default();
        for verdict in [oracle.quick(&case, rules, None), oracle.whole(&case, rules)] {
            match verdict {
                CaseVerdict::Unspecified if sound => {}
                CaseVerdict::Disagree(_) if !sound => {}
                other => return Err(format!("{}: {other:?}", revision.tcp_info).into()),
            }
        }
    }
    Ok(())
}

/// Writes to this process's memory while an option is asked for, so many times.
#[derive(Debug)]
struct Scribbler {
    at: u64,
    option: i32,
    now: bool,
    left: u32,
}

impl Watch for Scribbler {
    fn before(&mut self, case: &Case) {
        self.now = case.option == self.option && self.left > 0;
    }
    fn after(&mut self) -> Option<Complaint> {
        if self.now {
            let memory = File::options().write(true).open("/proc/self/mem");
            self.left -=
                u32::from(memory.and_then(|memory| memory.write_at(&[0], self.at)).is_ok());
        }
        None
    }
    fn forget(&mut self) {}
}

/// What one case has written, and does not again, is not explained by another in which
/// something is free.
fn stray_is_told(fixtures: &SharedFixtures, revision: Revision) -> Result<(), Failed> {
    let (mut oracle, scene) = judging(fixtures, revision)?;
    let at = oracle.runner().base() + 0x9000;
    let option = abi::MPTCP_INFO;
    oracle.watch(Box::new(Scribbler { at, option, now: false, left: 1 }));
    let free = Input::Data(Data::asking(revision.tcp_info));
    let free = case(scene, abi::MPTCP_TCPINFO, 16 + revision.tcp_info.cast_signed(), free);
    let free = Case { optlen: UNWRITABLE, ..free };
    let plain = case(scene, abi::MPTCP_INFO, revision.mptcp_info.cast_signed(), Input::Nothing);
    let mut verdicts = Vec::new();
    oracle.batch(&[free, plain], &mut RuleSet::default(), None, &mut verdicts);
    match &verdicts[..] {
        [CaseVerdict::Unspecified, CaseVerdict::Inconclusive(Reason::Stray)] => Ok(()),
        other => Err(format!("{other:?}").into()),
    }
}

/// Few, as each disagreement that is not known is made sure of.
const CASES: u64 = 10_000;

fn run(
    fixtures: &SharedFixtures,
    revision: Revision,
    model: Model,
    judge: Judge,
) -> Result<Completion, Failed> {
    let (options, cases) = (Vec::new(), Some(CASES));
    let setting = Setting { time: None, cases, options, seed: 1, jobs: 1, first: false };
    let checked =
        |model| check(&setting, revision, fixtures, model, &|| None, &Progress::default());
    let outcome = checked(model)?;
    if outcome.unreproduced() > 0 {
        return Err(format!("unreproduced: {:?}", outcome.reasons).into());
    }
    judge(&outcome, checked(Model::promised())?.counts().unspecified)?;
    Ok(Completion::Completed)
}

/// Signatures of findings that are no known contradiction.
fn new(outcome: &Outcome) -> Vec<&str> {
    let new = |(_, found): (&String, &Finding)| found.diagnosis.contradiction.is_none();
    outcome.findings.iter().filter(|one| new(*one)).map(|(name, _)| name.as_str()).collect()
}

/// The kernel does otherwise than the model, and no promise is broken. Without any such
/// model the same cases come to so many that are unspecified, by what is known.
fn nothing_new(outcome: &Outcome, usual: u64) -> Result<(), String> {
    let (new, counts) = (new(outcome), outcome.counts());
    let free = counts.unspecified > usual;
    if new.is_empty() && free { Ok(()) } else { Err(format!("{counts:?}, {new:?}, {usual}")) }
}

fn something_new(outcome: &Outcome, _: u64) -> Result<(), String> {
    match new(outcome).is_empty() {
        true => Err(format!("not noticed: {:?}", outcome.counts())),
        false => Ok(()),
    }
}

/// On a kernel that keeps all promises there is nothing to be found, and on any other
/// nothing but what has a page.
fn only_what_is_known(outcome: &Outcome, _: u64) -> Result<(), String> {
    let new = new(outcome);
    if new.is_empty() { Ok(()) } else { Err(format!("{new:?}")) }
}

/// A known contradiction with a write far off besides is not what is known.
fn what_is_known_is_no_more_than_that(
    fixtures: &SharedFixtures,
    revision: Revision,
) -> Result<(), Failed> {
    const UNKNOWN: i32 = 99;
    let (_, scene) = judging(fixtures, revision)?;
    let case = case(scene, UNKNOWN, 4, Input::Nothing);
    for (left, expected) in [(0, Some("unknown-option")), (u32::MAX, None)] {
        let mut oracle = Judging::new(fixtures, revision, Model::promised())?;
        let at = oracle.runner().base() + 0x9000;
        oracle.watch(Box::new(Scribbler { at, option: UNKNOWN, now: false, left }));
        match oracle.quick(&case, &mut RuleSet::default(), None) {
            // A kernel without the contradiction has nothing to show here.
            CaseVerdict::Agree if left == 0 => return Ok(()),
            CaseVerdict::Disagree(found)
                if found.diagnosis.contradiction.map(|known| known.name) == expected => {}
            other => return Err(format!("{left}: {other:?}").into()),
        }
    }
    Ok(())
}
