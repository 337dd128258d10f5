//! Promises alone, against the running kernel: what is known is found, what is free is
//! no finding, and a promise that is broken is one.
//!
//! As with the canaries the model is wrong here and the kernel right.

use std::sync::{Arc, Mutex};

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use mptcp_emulator::abi::SubflowData;
use mptcp_emulator::{
    AskedSize, Decisions, Documented, KernelSize, OptLen, Revision, Rule, Stride,
};
use mptcp_harness::check::{Outcome, Progress, Setting, check};
use mptcp_harness::finding::Finding;
use mptcp_harness::kernel::Kernel;
use mptcp_harness::rig::Model;
use mptcp_harness::scene::{self, Stage};
use mptcp_harness::trial::SharedStage;

macro_rules! models {
    ($list:ident: $( $name:ident { $($body:tt)* } )+) => {
        $( enum $name {} impl Decisions for $name { $($body)* } )+
        fn $list() -> Vec<(&'static str, Model)> {
            vec![$( (stringify!($name), Model::promising::<$name>()), )+]
        }
    };
}

type D = Documented;

// What no document speaks of.
models! { free:
    InfoLengthStoredLast { const INFO_LENGTH_FIRST: bool = false; }
    HeaderBeforeLength { const LENGTH_BEFORE_HEADER: bool = false; }
    TcpInfosFirst { const FULL_ADDRESSES_FIRST: bool = false; }
    ReportAfterFault { const REPORT_AFTER_FAULT: bool = true; }
}

// What some document does.
models! { promised:
    CountOfCopied { fn count(_: u32, copied: u32) -> u32 { copied } }
    NumSubflowsNotChecked {
        fn header(header: &SubflowData, length: u32) -> Result<(), Rule> {
            D::header(&SubflowData { num_subflows: 0, ..*header }, length)
        }
    }
    SizeKernelForgotten { fn size_kernel(_: KernelSize) -> u32 { 0 } }
    StepByTheUsersSize { fn step(asked: AskedSize, _: Stride) -> u32 { asked.0 } }
    InfoLengthNotClamped { fn info_length(length: OptLen, _: KernelSize) -> u32 { length.wrapped() } }
    FullSlotsOneMore { fn full_slot(index: u32, slots: u32) -> bool { index <= slots } }
}

/// What a run has to have come to.
type Judge = fn(&Outcome, u64) -> Result<(), String>;

fn main() {
    let arguments = Arguments::from_args();
    let enclosure = scene::enter();
    let available = scene::mptcp_available();
    let stage = Stage::build(&enclosure, |_| true, &mut |_| {});
    let revision = Kernel::running(stage.sizes()).revision;
    let stage = Arc::new(Mutex::new(stage));
    let list = |models: Vec<(&'static str, Model)>, judge: Judge| {
        models.into_iter().map(move |(name, model)| (name, model, judge))
    };
    let trials = list(free(), nothing_new)
        .chain(list(promised(), something_new))
        .chain(list(vec![("WhatIsKnownIsFound", Model::promised())], only_what_is_known))
        .map(|(name, model, judge)| {
            let (stage, hindrance) = (stage.clone(), available.clone().err());
            Trial::ignorable_test(name, move || match hindrance {
                Some(none) => Ok(Completion::ignored_with(none.what)),
                None => run(&stage, revision, model, judge),
            })
        });
    libtest_mimic::run(&arguments, trials.collect()).exit();
}

/// Few, as each disagreement that is not known is made sure of.
const CASES: u64 = 10_000;

fn run(
    stage: &SharedStage,
    revision: Revision,
    model: Model,
    judge: Judge,
) -> Result<Completion, Failed> {
    let (options, cases) = (Vec::new(), Some(CASES));
    let setting = Setting { time: None, cases, options, seed: 1, jobs: 1, first: false };
    let checked = |model| check(&setting, revision, stage, model, &|| None, &Progress::default());
    let outcome = checked(model)?;
    if outcome.unexplained() > 0 {
        return Err(format!("unexplained: {:?}", outcome.reasons).into());
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
