//! Whether the cases of `mptcp_info_opt` would notice a wrong kernel.
//!
//! The kernels that tests run on do not have the option, so each wrong model is
//! compared with the right one here, on the same images of the street. What differs
//! between the two, a comparison with a real kernel notices. (On the kernel that
//! has it, the lab runs the comparison itself.)
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::sync::LazyLock;

use mptcp_emulator::abi::MPTCP_INFO_OPT;
use mptcp_emulator::rules::Options;
use mptcp_emulator::{
    Behavior, ContentMut, Errno, OwnedConnection, PagedMemory, Revision, Rule, RuleSet, Socket,
    getsockopt,
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
    fn answer(
        &mut self,
        revision: &Revision,
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
        getsockopt(revision, socket, &case.call(STREET), &mut memory.unwrap(), rules)
    }
}

/// The subflows of the socket that all cases are run on.
const SUBFLOWS: u32 = 3;

/// `tcpi_state`, the first byte of `struct tcp_info`, of a closed subflow.
const TCP_CLOSE: u8 = 7;

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

/// Lends the socket, whose subflows differ in every byte. The second one is closed.
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
        if number == 1 {
            subflow.tcp_info.bytes[0] = TCP_CLOSE;
        }
        fill(&mut subflow.subflow_info, 0x80, number);
    }
    act(&Socket::Mptcp(connection.as_connection()))
}

/// Values that none of these cases shows, with the reason.
const INVISIBLE: [(Behavior, &[&str], &str); 4] = [
    (
        Behavior::LengthRead,
        &["BeforeOption", "BeforeSocket"],
        "the option itself refuses such an optlen, with the same error",
    ),
    (Behavior::CompatAddress, &["Whole"], "no case here is the call of a 32-bit program"),
    (Behavior::ElementSize, &["OtherArray"], "it is a mistake of MPTCP_FULL_INFO alone"),
    (
        Behavior::OverRead,
        &["Leaked"],
        "a copy is never larger than the structure unless another value is wrong",
    ),
];

/// Whether a kernel differs from the contract on some case.
fn differs(wrong: &Revision, cases: &[Case], socket: &Socket<'_>) -> bool {
    let desk = || Desk { bytes: vec![0; layout::LEN], mask: vec![0; layout::LEN] };
    let (mut right, mut other) = (desk(), desk());
    let rules = &mut RuleSet::default();
    cases.iter().any(|case| {
        right.answer(&KERNEL, case, socket, rules) != other.answer(wrong, case, socket, rules)
            || right.bytes != other.bytes
    })
}

#[test]
fn every_wrong_model_differs_on_some_case() {
    let cases = cases();
    let mut unexpected = Vec::new();
    let of_it = |behavior: &Behavior| behavior.options().contains(&Options::InfoOpt);
    with_socket(|socket| {
        for behavior in Behavior::ALL.iter().copied().filter(of_it) {
            let right = KERNEL.behaviors.get(behavior);
            for (number, value) in (0..).zip(behavior.values()) {
                let wrong = KERNEL.with_behaviors(KERNEL.behaviors.with(behavior, number));
                let is_listed = |(other, values, _): &(Behavior, &[&str], &str)| {
                    *other == behavior && values.contains(&value.name)
                };
                let is_visible = number != right && !INVISIBLE.iter().any(is_listed);
                if differs(&wrong, &cases, socket) != is_visible {
                    unexpected.push(format!("{}={}", behavior.name(), value.name));
                }
            }
        }
    });
    assert_eq!(unexpected, [""; 0]);
}

/// Every rule of the option is exercised by one of its cases.
#[test]
fn every_rule_of_the_option_fires() {
    let mut fired = RuleSet::EMPTY;
    let mut desk = Desk { bytes: vec![0; layout::LEN], mask: vec![0; layout::LEN] };
    with_socket(|socket| {
        for case in cases() {
            let _ = desk.answer(&KERNEL, &case, socket, &mut fired);
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
