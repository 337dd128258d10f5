//! Whether the cases of `mptcp_info_opt` would notice a wrong kernel.
//!
//! The kernels that tests run on do not have the option, so a wrong model is
//! held against the right one here, on the same images of the street: what the
//! two do not share, a comparison with a real kernel sees. (On the kernel that
//! has it, the lab runs the comparison itself.)
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::sync::LazyLock;

use mptcp_emulator::abi::MPTCP_INFO_OPT;
use mptcp_emulator::decisions::{Decisions, KernelDecisions, KernelSize, OptLen, Stride, UserSize};
use mptcp_emulator::{
    ContentMut, Errno, OwnedConnection, PagedMemory, Revision, Rule, RuleSet, Socket,
    getsockopt_with,
};
use mptcp_harness::cases::Case;
use mptcp_harness::cases::boundary_values::{BoundaryValues, SceneFacts};
use mptcp_harness::cases::codec::STREET;
use mptcp_harness::cases::{generate, lattice};
use mptcp_harness::memory::layout;

const KERNEL: Revision = Revision::V6_12.with_info_opt();

/// What a model makes of a case: the result, and the street.
struct Desk {
    bytes: Vec<u8>,
    mask: Vec<u8>,
}

impl Desk {
    fn answer<D: Decisions>(
        &mut self,
        case: &Case,
        socket: &Socket<'_>,
        rules: &mut RuleSet,
    ) -> Result<(), Errno> {
        static POISON: LazyLock<Vec<u8>> =
            LazyLock::new(|| (0..layout::LEN).map(|at| (at % 251) as u8).collect());
        self.bytes.copy_from_slice(&POISON);
        self.mask.fill(1);
        let (input, len) = case.input_bytes(STREET);
        let length = case.length.to_ne_bytes();
        for (place, bytes) in [(case.optval, &input[..len]), (case.optlen, &length[..])] {
            let at = place.offset().unwrap_or(layout::LEN);
            for (slot, byte) in self.bytes.iter_mut().skip(at).zip(bytes) {
                *slot = *byte;
            }
        }
        let memory = PagedMemory::new(&layout::PATTERN, STREET, &mut self.bytes, &mut self.mask);
        getsockopt_with::<D, _, _>(&KERNEL, socket, &case.call(STREET), &mut memory.unwrap(), rules)
    }
}

/// The subflows of the socket that all cases are run on.
const SUBFLOWS: u32 = 3;

/// The lattice, and as many random cases.
fn cases() -> Vec<Case> {
    let facts = SceneFacts { scene: 28, answers: true, subflows: SUBFLOWS };
    let values = BoundaryValues::new(vec![facts], &KERNEL);
    let mut random = fastrand::Rng::with_seed(11);
    let mut cases = lattice::of(&values, facts, MPTCP_INFO_OPT);
    let more = (0..cases.len())
        .map(|_| generate::of(&mut random, &values, facts, MPTCP_INFO_OPT, 0))
        .collect::<Vec<_>>();
    cases.extend(more);
    cases
}

/// Lends the socket, whose subflows differ in every byte.
fn with_socket<R>(act: impl FnOnce(&Socket<'_>) -> R) -> R {
    let fill = |content: &mut ContentMut<'_>, kind: u8, subflow: u32| {
        for (at, byte) in (0..).zip(&mut *content.bytes) {
            *byte = kind ^ (subflow * 29 + at * 3) as u8;
        }
    };
    let mut connection = OwnedConnection::new(&KERNEL, SUBFLOWS as usize);
    fill(&mut connection.info_mut(), 7, 0);
    for (number, mut subflow) in (0..).zip(connection.subflows_mut()) {
        fill(&mut subflow.tcp_info, 0x40, number);
        fill(&mut subflow.subflow_info, 0x80, number);
    }
    act(&Socket::Mptcp(connection.as_connection()))
}

/// Whether a model differs from the contract on some case.
fn differs<D: Decisions>(cases: &[Case]) -> bool {
    let desk = || Desk { bytes: vec![0; layout::LEN], mask: vec![0; layout::LEN] };
    let (mut right, mut wrong) = (desk(), desk());
    let rules = &mut RuleSet::default();
    with_socket(|socket| {
        cases.iter().any(|case| {
            right.answer::<KernelDecisions>(case, socket, rules)
                != wrong.answer::<D>(case, socket, rules)
                || right.bytes != wrong.bytes
        })
    })
}

macro_rules! canaries {
    ($( $name:ident { $($body:tt)* } )+) => {
        $( enum $name {} impl Decisions for $name { $($body)* } )+

        #[test]
        fn every_wrong_model_differs_on_some_case() {
            let cases = cases();
            $( assert!(differs::<$name>(&cases), stringify!($name)); )+
            // And the right one on none.
            assert!(!differs::<KernelDecisions>(&cases));
        }
    };
}

type D = KernelDecisions;

canaries! {
    LengthMayBeShorter {
        fn opt_length(length: OptLen) -> Result<u32, Rule> {
            if length.0 == 95 { Ok(95) } else { D::opt_length(length) }
        }
    }
    LengthMustBeLonger {
        fn opt_length(length: OptLen) -> Result<u32, Rule> {
            if length.0 == 96 { Err(Rule::OptLengthTooShort) } else { D::opt_length(length) }
        }
    }
    LengthMustBeExact {
        fn opt_length(length: OptLen) -> Result<u32, Rule> {
            if length.0 == 97 { Err(Rule::OptLengthTooShort) } else { D::opt_length(length) }
        }
    }
    LengthSignLost {
        fn opt_length(length: OptLen) -> Result<u32, Rule> {
            if length.0 < 0 { Ok(length.wrapped()) } else { D::opt_length(length) }
        }
    }
    NullIsAFault { fn opt_wanted(_: u64) -> bool { true } }
    CountsAreKept { fn opt_filled(asked: u32, _: u32) -> u32 { asked } }
    CountsAreTheKernels { fn opt_filled(_: u32, all: u32) -> u32 { all } }
    CountsAreSigned {
        fn opt_filled(asked: u32, all: u32) -> u32 {
            asked.cast_signed().min(all.cast_signed()).cast_unsigned()
        }
    }
    SlotTooMany { fn opt_slot(index: u32, count: u32) -> bool { index <= count } }
    SlotTooFew { fn opt_slot(index: u32, count: u32) -> bool { index + 1 < count } }
    SlotsAreSigned {
        fn opt_slot(index: u32, count: u32) -> bool { index.cast_signed() < count.cast_signed() }
    }
    ScalarNeedsACount { fn opt_scalar(count: u32) -> bool { count > 0 } }
    InfoLast { const OPT_INFO_FIRST: bool = false; }
    PeerFirst { const OPT_ORDER: [usize; 3] = [0, 2, 1]; }
    AddressesFirst { const OPT_ORDER: [usize; 3] = [1, 2, 0]; }
    LengthNotReturned { fn opt_returned(length: u32) -> u32 { length } }
    LengthOfTheBlocks { fn opt_returned(_: u32) -> u32 { 24 } }
    SizeUserKept { fn size_user(asked: UserSize, _: Stride) -> u32 { asked.0 } }
    SizeKernelNotTold { fn size_kernel(_: KernelSize) -> u32 { 0 } }
    NmembKernelIsWhatWasCopied { fn count(_: u32, copied: u32) -> u32 { copied } }
    StrideNotClamped { fn stride(asked: UserSize, _: KernelSize) -> Stride { Stride(asked.0) } }
    StepByTheUsersSize { fn step(asked: UserSize, _: Stride) -> u32 { asked.0 } }
    StepByTheKernelsSize {
        fn step(asked: UserSize, stride: Stride) -> u32 { if asked.0 < 128 { 128 } else { stride.0 } }
    }
    StructureBeforeLength { const LENGTH_BEFORE_HEADER: bool = false; }
    ReportsAfterAFault { const REPORT_AFTER_FAULT: bool = true; }
    FaultSwallowed { const ELEMENT_FAULT: Result<(), Errno> = Ok(()); }
    FaultIsInvalid { const ELEMENT_FAULT: Result<(), Errno> = Err(Errno::EINVAL); }
}

/// Every rule of the option is exercised by one of its cases.
#[test]
fn every_rule_of_the_option_fires() {
    let mut fired = RuleSet::EMPTY;
    let mut desk = Desk { bytes: vec![0; layout::LEN], mask: vec![0; layout::LEN] };
    with_socket(|socket| {
        for case in cases() {
            let _ = desk.answer::<KernelDecisions>(&case, socket, &mut fired);
        }
    });
    let mut of_it = Rule::ALL.iter().filter(|rule| rule.name().starts_with("Opt")).peekable();
    assert!(of_it.peek().is_some());
    let missing: Vec<&str> =
        of_it.filter(|rule| !fired.contains(**rule)).map(|rule| rule.name()).collect();
    assert_eq!(missing, [""; 0]);
}

/// No case of it can hand the kernel an address of this process's own.
#[test]
fn every_case_is_safe() {
    let cases = cases();
    assert!(cases.len() > 2_000, "only {}", cases.len());
    assert!(cases.iter().all(Case::is_safe));
}
