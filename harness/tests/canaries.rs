//! Deliberately wrong models, each of which the check has to notice.
//!
//! Each is the contract with one decision made otherwise, as a careless patch
//! might make it. The kernel is right here and the model wrong, which to the
//! judge is the same as the other way round. That every canary falls, and
//! within two million cases, is what a check without findings is worth.

use std::sync::{Arc, Mutex};

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use mptcp_emulator::abi::{FullInfo, SubflowData};
use mptcp_emulator::decisions::{Decisions, KernelDecisions, KernelSize, OptLen, Stride, UserSize};
use mptcp_emulator::{Errno, Revision, Rule};
use mptcp_harness::engines::check::{Progress, Setting, check};
use mptcp_harness::kernel::Kernel;
use mptcp_harness::model::Model;
use mptcp_harness::oracle::SharedFixtures;
use mptcp_harness::run::compat;
use mptcp_harness::scenes::{self, Fixtures, Group};

macro_rules! canaries {
    ($( $name:ident { $($body:tt)* } )+) => {
        $( enum $name {} impl Decisions for $name { $($body)* } )+
        fn wrong_models() -> Vec<(&'static str, Model)> {
            vec![$( (stringify!($name), Model::deciding::<$name>()), )+]
        }
    };
}

type D = KernelDecisions;

canaries! {
    InfoRefusesNothingNegative {
        fn info_length(length: OptLen, kernel: KernelSize) -> u32 {
            length.bytes().unwrap_or(0).min(kernel.0)
        }
    }
    CompatAddressNotCut { fn compat_address(register: u64) -> u64 { register } }
    InfoLengthNotClamped {
        fn info_length(length: OptLen, _: KernelSize) -> u32 { length.wrapped() }
    }
    InfoLengthRoundedToWords {
        fn info_length(length: OptLen, kernel: KernelSize) -> u32 {
            D::info_length(length, kernel) & !3
        }
    }
    InfoLengthStoredLast { const INFO_LENGTH_FIRST: bool = false; }
    InfoZeroLengthGoesOn { fn info_asks_nothing(_: &Revision, _: OptLen) -> bool { false } }
    InfoStopsAtAnyNonPositiveLength {
        fn info_asks_nothing(_: &Revision, length: OptLen) -> bool { length.0 <= 0 }
    }
    DataLengthOffByOne {
        fn data_length(length: OptLen) -> Result<u32, Rule> {
            if length.0 == 15 { Ok(15) } else { D::data_length(length) }
        }
    }
    DataLengthSignLost {
        fn data_length(length: OptLen) -> Result<u32, Rule> {
            if length.0 < 0 { Ok(length.wrapped()) } else { D::data_length(length) }
        }
    }
    HeaderMayNotFillTheBuffer {
        fn header(header: &SubflowData, length: u32) -> Result<(), Rule> {
            if header.size_subflow_data == length { return Err(Rule::HeaderSizeAboveLength); }
            D::header(header, length)
        }
    }
    HeaderMayPassTheBuffersEnd {
        fn header(header: &SubflowData, _: u32) -> Result<(), Rule> { D::header(header, u32::MAX) }
    }
    HeaderSizeTooSmallAccepted {
        fn header(header: &SubflowData, length: u32) -> Result<(), Rule> {
            let size_subflow_data = header.size_subflow_data.max(16);
            D::header(&SubflowData { size_subflow_data, ..*header }, length)
        }
    }
    NumSubflowsNotChecked {
        fn header(header: &SubflowData, length: u32) -> Result<(), Rule> {
            D::header(&SubflowData { num_subflows: 0, ..*header }, length)
        }
    }
    SizeKernelNotChecked {
        fn header(header: &SubflowData, length: u32) -> Result<(), Rule> {
            D::header(&SubflowData { size_kernel: 0, ..*header }, length)
        }
    }
    SizeUserSignNotChecked {
        fn header(header: &SubflowData, length: u32) -> Result<(), Rule> {
            let size_user = header.size_user & 0x7fff_ffff;
            D::header(&SubflowData { size_user, ..*header }, length)
        }
    }
    FirstElementAlwaysBehindSixteenBytes { fn first_element(_: &SubflowData) -> u32 { 16 } }
    StrideNotClamped { fn stride(asked: UserSize, _: KernelSize) -> Stride { Stride(asked.0) } }
    StrideRoundedDown {
        fn stride(asked: UserSize, kernel: KernelSize) -> Stride {
            Stride(D::stride(asked, kernel).0 & !7)
        }
    }
    StepByTheUsersSize { fn step(asked: UserSize, _: Stride) -> u32 { asked.0 } }
    StepRoundedUp { fn step(_: UserSize, stride: Stride) -> u32 { stride.0.next_multiple_of(8) } }
    ElementCutToTheRoom {
        fn element(room: u32, stride: Stride) -> Option<u32> {
            (room > 0).then_some(room.min(stride.0))
        }
    }
    ElementNeedsAByteMore {
        fn element(room: u32, stride: Stride) -> Option<u32> {
            (room > stride.0).then_some(stride.0)
        }
    }
    CountIsWhatWasCopied { fn count(_: u32, copied: u32) -> u32 { copied } }
    SizeUserLeftAsItWas { fn size_user(asked: UserSize, _: Stride) -> u32 { asked.0 } }
    SizeKernelNotTold { fn size_kernel(_: KernelSize) -> u32 { 0 } }
    ReturnedLengthWithoutHeader {
        fn data_returned(header: &SubflowData, copied: u32) -> u32 {
            if copied > 0 { copied } else { D::data_returned(header, 0) }
        }
    }
    ReturnedLengthCountsSixteenForTheHeader {
        fn data_returned(_: &SubflowData, copied: u32) -> u32 { 16 + copied }
    }
    ReturnedLengthIsTheWholeHeader {
        fn data_returned(header: &SubflowData, copied: u32) -> u32 {
            header.size_subflow_data.wrapping_add(copied)
        }
    }
    HeaderCopiedShort { fn header_written(_: &SubflowData) -> u32 { 12 } }
    HeaderBeforeLength { const LENGTH_BEFORE_HEADER: bool = false; }
    ReportsAfterAFault { const REPORT_AFTER_FAULT: bool = true; }
    FaultSwallowed { const ELEMENT_FAULT: Result<(), Errno> = Ok(()); }
    FaultIsInvalid { const ELEMENT_FAULT: Result<(), Errno> = Err(Errno::EINVAL); }
    FullLengthOffByOne {
        fn full_length(length: OptLen) -> Result<u32, Rule> {
            if length.0 == 40 { Err(Rule::FullLengthTooShort) } else { D::full_length(length) }
        }
    }
    FullLengthNeedsTheWholeStructure {
        fn full_length(length: OptLen) -> Result<u32, Rule> {
            if length.0 < 136 { Err(Rule::FullLengthTooShort) } else { D::full_length(length) }
        }
    }
    FullNumSubflowsNotChecked {
        fn full_header(full: &FullInfo) -> Result<(), Rule> {
            D::full_header(&FullInfo { num_subflows: 0, ..*full })
        }
    }
    FullSizeKernelNotChecked {
        fn full_header(full: &FullInfo) -> Result<(), Rule> {
            D::full_header(&FullInfo { size_sfinfo_kernel: 0, ..*full })
        }
    }
    FullSlotsOffByOne { fn full_slot(index: u32, slots: u32) -> bool { index <= slots } }
    FullSlotsSigned {
        fn full_slot(index: u32, slots: u32) -> bool {
            index.cast_signed() < slots.cast_signed()
        }
    }
    FullTcpInfoFirst { const FULL_ADDRESSES_FIRST: bool = false; }
    FullInfoIgnoresTheRoom {
        fn full_info_length(_: u32, kernel: KernelSize) -> u32 { kernel.0 }
    }
    FullInfoAllOrNothing {
        fn full_info_length(length: u32, kernel: KernelSize) -> u32 {
            if D::full_info_length(length, kernel) == kernel.0 { kernel.0 } else { 0 }
        }
    }
    FullReturnsTheInfoAlone { fn full_returned(info: u32) -> u32 { info } }
}

/// The contract on a kernel whose figures are wrong.
fn wrong_revisions(right: Revision) -> Vec<(&'static str, Revision)> {
    vec![
        ("TcpInfoAWordShort", right.with_sizes(right.tcp_info - 4, right.mptcp_info)),
        ("MptcpInfoOfAnOlderKernel", right.with_sizes(right.tcp_info, right.mptcp_info - 8)),
        ("FullInfoForgotten", Revision { full_info: false, ..right }),
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
    let models = wrong_models().into_iter().map(|(name, model)| (name, model, right));
    let no_compat = compat::available().err();
    let revisions = wrong_revisions(right);
    let revisions =
        revisions.into_iter().map(|(name, revision)| (name, Model::documented(), revision));
    let mut trials: Vec<Trial> = models
        .chain(revisions)
        .map(|(name, model, revision)| {
            let (fixtures, hindrance) = (fixtures.clone(), available.clone().err());
            // Wrong only about the calls of 32-bit programs.
            let no_compat = no_compat.filter(|_| name.starts_with("Compat"));
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
