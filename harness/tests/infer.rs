//! The inference finds its way back: the kernel is right, the expected behaviors are wrong in one
//! value or in several, and the causes have to name these and no others.
//!
//! A part of the table is tried; with `ASSAY_INFER=all` all of it.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::mem::offset_of;
use std::sync::{Arc, Mutex};

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use mptcp_emulator::abi::{MPTCP_INFO_FLAG_REMOTE_KEY_RECEIVED, MptcpInfo};
use mptcp_emulator::behaviors::{
    Count, DataReturned, ElementFits, LengthAfterError, LengthRead, LengthStored, Step,
};
use mptcp_emulator::rules::Options;
use mptcp_emulator::{Behavior, Behaviors, Revision};
use mptcp_harness::engines::case_list::{CaseList, scene_facts};
use mptcp_harness::infer::{ContentsCause, Effect, Inference, infer};
use mptcp_harness::kernel::Kernel;
use mptcp_harness::model::{Handler, Model};
use mptcp_harness::oracle::{Oracle, SharedFixtures};
use mptcp_harness::scenes::{self, ExpectedState, Fixtures, Kind};

/// Of the single values, one in this many is tried.
const STEP: usize = 9;

/// Values that no case of a right kernel shows alone, or that no option here has.
const INVISIBLE: [(Behavior, &str); 2] =
    [(Behavior::OverRead, "Leaked"), (Behavior::HeaderSizeMaxCheck, "Unchecked")];

fn inferred(
    fixtures: &SharedFixtures,
    right: &Revision,
    wrong: Behaviors,
    cases: u64,
    each: &mut dyn FnMut(Effect),
) -> Inference {
    let wrong = right.with_behaviors(wrong);
    let mut oracle = Oracle::new(fixtures, wrong, Model::documented()).unwrap();
    let list = list(right, cases);
    infer(&mut oracle, || list.cases(), &mut |_, effect| each(effect))
}

fn list(right: &Revision, cases: u64) -> CaseList {
    CaseList {
        boundary_values: CaseList::boundary_values(&scene_facts(|_| true), &[*right]),
        options: vec![],
        cases,
        seed: 1,
        stored: vec![],
    }
}

/// Whether exactly the behaviors in which `wrong` differs are found.
fn is_found(
    fixtures: &SharedFixtures,
    right: &Revision,
    wrong: Behaviors,
) -> Result<Completion, Failed> {
    let mut effects = [0_u64; 2];
    let found = inferred(fixtures, right, wrong, 20_000, &mut |effect| match effect {
        Effect::Explained(bits) => {
            assert_ne!(bits, 0);
            effects[0] += 1;
        }
        Effect::Unexplained => effects[1] += 1,
        Effect::Expected | Effect::NotRun => {}
    });
    let mut named: Vec<Behavior> =
        found.causes.iter().filter(|cause| cause.cases > 0).map(|cause| cause.behavior).collect();
    named.sort_unstable();
    named.dedup();
    let planted: Vec<Behavior> = right.behaviors.differences(&wrong).collect();
    if named != planted || found.differing == 0 || effects != [found.explained, 0] {
        return Err(format!("{planted:?} is found as {found:#?}").into());
    }
    // That optlen is read before the socket is looked at is contradicted by other sockets.
    if planted.contains(&Behavior::LengthRead) && !found.alternatives.is_empty() {
        return Err(format!("alternatives: {:?}", found.alternatives).into());
    }
    let is_right =
        |behavior: &Behavior| {
            found.causes.iter().filter(|cause| cause.behavior == *behavior && cause.cases > 0).all(
                |cause| cause.value == right.behaviors.get(*behavior) && cause.simplest.is_some(),
            )
        };
    match named.iter().all(is_right) {
        true => Ok(Completion::Completed),
        false => Err(format!("other values: {:?}", found.causes).into()),
    }
}

/// Makes of what a scene holds something that the kernel does not return.
type Wrong = fn(&ExpectedState) -> ExpectedState;

/// Exchanges two fields of `mptcp_info`, given by offset and size.
fn exchanged(expected: &ExpectedState, fields: [usize; 2], size: usize) -> ExpectedState {
    let mut wrong = expected.clone();
    if let Kind::Mptcp { info, .. } = &mut wrong.kind {
        let values = fields.map(|at| info.bytes()[at..at + size].to_vec());
        info.tell(fields[0], &values[1]);
        info.tell(fields[1], &values[0]);
    }
    wrong
}

fn bytes_exchanged(expected: &ExpectedState) -> ExpectedState {
    let [sent, received] =
        [offset_of!(MptcpInfo, mptcpi_bytes_sent), offset_of!(MptcpInfo, mptcpi_bytes_received)];
    exchanged(expected, [sent, received], size_of::<u64>())
}

fn no_remote_key(expected: &ExpectedState) -> ExpectedState {
    let mut wrong = expected.clone();
    if let Kind::Mptcp { info, .. } = &mut wrong.kind {
        let flags = offset_of!(MptcpInfo, mptcpi_flags);
        let was = u32::from_ne_bytes(info.bytes()[flags..flags + 4].try_into().unwrap());
        info.tell(flags, &(was & !MPTCP_INFO_FLAG_REMOTE_KEY_RECEIVED).to_ne_bytes());
    }
    wrong
}

/// What a field is expected to hold is wrong: exactly that is found, in all options that return it,
/// and it explains all cases that differ.
fn contents_are_found(
    fixtures: &SharedFixtures,
    right: &Revision,
    wrong: Wrong,
    names: &[&str],
) -> Result<Completion, Failed> {
    let list = list(right, 20_000);
    let mut oracle = Oracle::viewing(fixtures, *right, Model::documented(), wrong).unwrap();
    let found = infer(&mut oracle, || list.cases(), &mut |_, _| {});
    let fields = |cause: &ContentsCause| -> Vec<String> {
        cause.fields.iter().map(ToString::to_string).collect()
    };
    let is_right = match &*found.contents {
        [cause] => fields(cause) == names && cause.handlers == [Handler::Info, Handler::FullInfo],
        _ => false,
    };
    let is_complete = found.differing > 0 && found.unexplained() == 0 && found.causes.is_empty();
    match is_right && is_complete {
        true => Ok(Completion::Completed),
        false => Err(format!("{found:#?}").into()),
    }
}

/// A kernel that does as expected has no cause, and each case was run.
fn none_is_found(fixtures: &SharedFixtures, right: &Revision) -> Result<Completion, Failed> {
    let found = inferred(fixtures, right, right.behaviors, 20_000, &mut |_| {});
    match found {
        Inference { ref causes, differing: 0, cases: 10_000.., .. } if causes.is_empty() => {
            Ok(Completion::Completed)
        }
        other => Err(format!("{other:?}").into()),
    }
}

/// Several changes at once, as the conversion to `sockopt_t` and careless patches make them.
fn several(right: &Revision) -> Vec<(&'static str, Behaviors)> {
    let own = right.behaviors;
    vec![
        (
            "conversion",
            Behaviors {
                length_read: LengthRead::BeforeOption,
                length_stored: LengthStored::AfterCall,
                length_after_error: LengthAfterError::Answered,
                ..own
            },
        ),
        (
            "stride-and-count",
            Behaviors {
                step: Step::Passed,
                count: Count::Copied,
                data_returned: DataReturned::Elements,
                ..own
            },
        ),
        (
            "room-and-order",
            Behaviors {
                element_fits: ElementFits::AnyRoom,
                length_stored: LengthStored::AfterData,
                ..own
            },
        ),
    ]
}

fn main() {
    let arguments = Arguments::from_args();
    let enclosure = scenes::enter();
    let available = scenes::mptcp_available();
    let fixtures = Fixtures::build(&enclosure, |_| true, &mut |_| {});
    let right = Kernel::running(fixtures.sizes()).revision;
    let fixtures = Arc::new(Mutex::new(fixtures));
    let mut wrong: Vec<(String, Behaviors)> = Vec::new();
    for behavior in Behavior::ALL.iter().copied() {
        let is_here = |options: &Options| match options {
            Options::FullInfo => right.has_full_info(),
            Options::InfoOpt => right.info_opt,
            _ => true,
        };
        if !behavior.options().iter().any(is_here) {
            continue;
        }
        for (number, value) in (0..).zip(behavior.values()) {
            if number != right.behaviors.get(behavior)
                && !INVISIBLE.contains(&(behavior, value.name))
            {
                let name = format!("{}={}", behavior.name(), value.name);
                wrong.push((name, right.behaviors.with(behavior, number)));
            }
        }
    }
    let step = if std::env::var_os("ASSAY_INFER").is_some_and(|it| it == "all") { 1 } else { STEP };
    let wrong = wrong.into_iter().step_by(step);
    let named = several(&right).into_iter().map(|(name, wrong)| (name.to_owned(), wrong));
    let mut trials: Vec<Trial> = wrong
        .chain(named)
        .map(|(name, wrong)| {
            let (fixtures, hindrance) = (fixtures.clone(), available.clone().err());
            Trial::ignorable_test(name, move || match hindrance {
                Some(none) => Ok(Completion::ignored_with(none.what)),
                None => is_found(&fixtures, &right, wrong),
            })
        })
        .collect();
    let contents: [(&str, Wrong, &[&str]); 2] = [
        (
            "bytes-exchanged",
            bytes_exchanged,
            &["mptcp_info.mptcpi_bytes_sent", "mptcp_info.mptcpi_bytes_received"],
        ),
        ("no-remote-key", no_remote_key, &["mptcp_info.mptcpi_flags"]),
    ];
    for (name, wrong, names) in contents {
        let (fixtures, hindrance) = (fixtures.clone(), available.clone().err());
        trials.push(Trial::ignorable_test(name, move || match hindrance {
            Some(none) => Ok(Completion::ignored_with(none.what)),
            None => contents_are_found(&fixtures, &right, wrong, names),
        }));
    }
    let hindrance = available.err();
    trials.push(Trial::ignorable_test("nothing", move || match hindrance {
        Some(none) => Ok(Completion::ignored_with(none.what)),
        None => none_is_found(&fixtures, &right),
    }));
    libtest_mimic::run(&arguments, trials).exit();
}
