//! Kernels with other behaviors: what each of these values does, where the behavior of
//! kernels cannot show it. And the table of behaviors.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod common;

use std::collections::BTreeSet;

use common::{Answer, Desk, EDGE, Known, READ_ONLY, ROOM, bytes_of, int};
use mptcp_emulator::abi::{MPTCP_FULL_INFO, MPTCP_INFO, MPTCP_TCPINFO};
use mptcp_emulator::behaviors::{Count, ElementFault, Evidence, FullOrder, LengthStored, Step};
use mptcp_emulator::rules::Basis;
use mptcp_emulator::{Behavior, Behaviors, Errno, Revision};

const LENGTH: u64 = ROOM + 0x2800;
const ADDRESSES: u64 = ROOM + 0x400;
const TCP_INFOS: u64 = ROOM + 0x1400;

/// What the newest kernels do.
const RIGHT: Behaviors = Behaviors::NEWEST;

fn ask(
    behaviors: Behaviors,
    known: &Known,
    desk: Desk,
    option: i32,
    at: u64,
    optlen: u64,
) -> Answer {
    known.ask(desk, &Revision::V6_18.with_behaviors(behaviors), option, at, optlen)
}

/// The 40 bytes of `MPTCP_FULL_INFO`.
fn full(kernel: [u32; 2], subflows: u32, arrays: u32, tcp_infos: u64) -> Vec<u8> {
    let words = bytes_of(&[kernel[0], 280, kernel[1], 264, subflows, arrays]);
    let pointers = [ADDRESSES, tcp_infos].map(u64::to_ne_bytes).concat();
    [words, pointers].concat()
}

#[test]
fn info_data_before_length() {
    let wrong = Behaviors { length_stored: LengthStored::AfterData, ..RIGHT };
    let known = Known::new(0, 280, 96);
    let ask = |optval, optlen| {
        let desk = Desk::new().int(optlen, 96);
        ask(wrong, &known, desk, MPTCP_INFO, optval, optlen)
    };
    ask(ROOM, LENGTH).succeeded().wrote(&[(ROOM, &known.info), (LENGTH, &int(96))]);
    ask(EDGE - 10, LENGTH).failed(Errno::EFAULT).wrote(&[(EDGE - 10, &known.info[..10])]);
    ask(ROOM, READ_ONLY).failed(Errno::EFAULT).wrote(&[(ROOM, &known.info)]);
}

#[test]
fn header_before_length() {
    let wrong = Behaviors { length_stored: LengthStored::AfterData, ..RIGHT };
    let known = Known::new(1, 280, 96);
    let desk = Desk::new().words(ROOM, &[16, 0, 0, 280]).int(READ_ONLY, 16);
    ask(wrong, &known, desk, MPTCP_TCPINFO, ROOM, READ_ONLY)
        .failed(Errno::EFAULT)
        .wrote(&[(ROOM, &bytes_of(&[16, 1, 280, 280]))]);
    let desk = Desk::new().put(ROOM, &full([0, 0], 0, 0, TCP_INFOS)).int(READ_ONLY, 40);
    ask(wrong, &known, desk, MPTCP_FULL_INFO, ROOM, READ_ONLY)
        .failed(Errno::EFAULT)
        .wrote(&[(ROOM, &full([280, 264], 1, 0, TCP_INFOS))]);
}

#[test]
fn counts_of_what_was_copied() {
    let wrong = Behaviors { count: Count::Copied, ..RIGHT };
    let known = Known::new(3, 280, 96);
    let desk = Desk::new().words(ROOM, &[16, 0, 0, 280]).int(LENGTH, 576);
    ask(wrong, &known, desk, MPTCP_TCPINFO, ROOM, LENGTH).succeeded().wrote(&[
        (ROOM + 16, &known.tcp_info[..2].concat()),
        (LENGTH, &int(576)),
        (ROOM, &bytes_of(&[16, 2, 280, 280])),
    ]);
    let desk = Desk::new().put(ROOM, &full([0, 0], 0, 2, TCP_INFOS)).int(LENGTH, 40);
    ask(wrong, &known, desk, MPTCP_FULL_INFO, ROOM, LENGTH).succeeded().wrote(&[
        (ADDRESSES, &known.subflow_info[..2].concat()),
        (TCP_INFOS, &known.tcp_info[..2].concat()),
        (LENGTH, &int(40)),
        (ROOM, &full([280, 264], 2, 2, TCP_INFOS)),
    ]);
}

#[test]
fn a_report_after_a_fault() {
    let wrong = Behaviors { element_fault: ElementFault::AnsweredFirst, ..RIGHT };
    // 20 bytes before the edge: the header and 4 bytes of the element.
    let (known, at) = (Known::new(1, 280, 96), EDGE - 20);
    let desk = Desk::new().words(at, &[16, 0, 0, 280]).int(LENGTH, 296);
    ask(wrong, &known, desk, MPTCP_TCPINFO, at, LENGTH).failed(Errno::EFAULT).wrote(&[
        (at + 16, &known.tcp_info[0][..4]),
        (LENGTH, &int(16)),
        (at, &bytes_of(&[16, 1, 280, 280])),
    ]);
    let desk = Desk::new().put(ROOM, &full([0, 0], 0, 1, EDGE - 4)).int(LENGTH, 40);
    ask(wrong, &known, desk, MPTCP_FULL_INFO, ROOM, LENGTH).failed(Errno::EFAULT).wrote(&[
        (ADDRESSES, &known.subflow_info[0]),
        (EDGE - 4, &known.tcp_info[0][..4]),
        (LENGTH, &int(40)),
        (ROOM, &full([280, 264], 1, 1, EDGE - 4)),
    ]);
}

#[test]
fn another_error_is_never_reported_after() {
    let wrong = Behaviors { element_fault: ElementFault::Einval, ..RIGHT };
    let (known, at) = (Known::new(1, 280, 96), EDGE - 20);
    let desk = Desk::new().words(at, &[16, 0, 0, 280]).int(LENGTH, 296);
    ask(wrong, &known, desk, MPTCP_TCPINFO, at, LENGTH)
        .failed(Errno::EINVAL)
        .wrote(&[(at + 16, &known.tcp_info[0][..4])]);
    let desk = Desk::new().put(ROOM, &full([0, 0], 0, 1, EDGE - 4)).int(LENGTH, 40);
    ask(wrong, &known, desk, MPTCP_FULL_INFO, ROOM, LENGTH)
        .failed(Errno::EINVAL)
        .wrote(&[(ADDRESSES, &known.subflow_info[0]), (EDGE - 4, &known.tcp_info[0][..4])]);
}

#[test]
fn tcp_infos_before_addresses() {
    let wrong = Behaviors { full_order: FullOrder::TcpInfoFirst, ..RIGHT };
    let known = Known::new(2, 280, 96);
    let desk = Desk::new().put(ROOM, &full([0, 0], 0, 2, EDGE - 281)).int(LENGTH, 40);
    ask(wrong, &known, desk, MPTCP_FULL_INFO, ROOM, LENGTH).failed(Errno::EFAULT).wrote(&[
        (EDGE - 281, &known.tcp_info[0]),
        (ADDRESSES, &known.subflow_info[0]),
        (EDGE - 1, &known.tcp_info[1][..1]),
    ]);
}

/// Half of each element, and the elements as far apart as whole ones.
#[test]
fn a_step_of_its_own() {
    let wrong = Behaviors { step: Step::Kernel, ..RIGHT };
    let known = Known::new(3, 280, 96);
    let desk = Desk::new().words(ROOM, &[16, 0, 0, 140]).int(LENGTH, 296);
    ask(wrong, &known, desk, MPTCP_TCPINFO, ROOM, LENGTH).succeeded().wrote(&[
        (ROOM + 16, &known.tcp_info[0][..140]),
        (ROOM + 296, &known.tcp_info[1][..140]),
        (LENGTH, &int(296)),
        (ROOM, &bytes_of(&[16, 3, 280, 140])),
    ]);
}

/// Each value has a number, and changing one behavior changes no other.
#[test]
fn every_value_can_be_chosen_alone() {
    for behavior in Behavior::ALL.iter().copied() {
        assert_eq!(RIGHT.get(behavior), 0, "{behavior:?}");
        let values = behavior.values();
        assert!(values.len() > 1, "{behavior:?}");
        for (number, value) in (0..).zip(values) {
            let chosen = RIGHT.with(behavior, number);
            assert_eq!((chosen.get(behavior), chosen.value(behavior).name), (number, value.name));
            let differing: Vec<Behavior> = chosen.differences(&RIGHT).collect();
            assert_eq!(differing, [behavior; 1][..usize::from(number > 0)]);
            assert_eq!(chosen.with(behavior, 0), RIGHT);
        }
        assert_eq!(RIGHT.with(behavior, values.len() as u8), RIGHT, "no such value");
    }
}

#[test]
fn what_a_behavior_says_of_itself() {
    let mut names = BTreeSet::new();
    for behavior in Behavior::ALL.iter().copied() {
        assert!(names.insert(behavior.name()), "{behavior:?}");
        assert_eq!(Behavior::named(behavior.name()), Some(behavior));
        let question = behavior.question();
        assert!(question.ends_with('?') && question.trim() == question, "{question:?}");
        assert!(!behavior.options().is_empty(), "{behavior:?}");
        let mut values = BTreeSet::new();
        for value in behavior.values() {
            assert!(values.insert(value.name), "{behavior:?}: {}", value.name);
            assert!(!value.clause.is_empty() && !value.source.is_empty(), "{behavior:?}");
            // A clause is no sentence: reports put it behind other words.
            assert!(!value.clause.ends_with('.'), "{}", value.clause);
        }
        // The first value is what kernels do, or what the design of an option that none has says.
        let first = behavior.values()[0].evidence;
        assert!(matches!(first, Evidence::Kernels | Evidence::Documents), "{behavior:?}");
    }
    assert_eq!(Behavior::named("version"), None);
}

/// Documents and kernels differ in the values that documents promise and no kernel has, each of
/// which belongs to a rule that contradicts a document, if to any.
#[test]
fn what_documents_promise() {
    let promised = RIGHT.promised();
    let contrary: Vec<Behavior> = promised.differences(&RIGHT).collect();
    assert_eq!(
        contrary,
        [Behavior::UnknownOption, Behavior::CompatSubflowInfo, Behavior::InfoNegative],
    );
    for behavior in contrary {
        let is_contrary = |rule: &mptcp_emulator::Rule| rule.basis() == Basis::Contrary;
        assert!(behavior.rules().is_empty() || behavior.rules().iter().any(is_contrary));
    }
}

#[test]
fn a_revision_with_other_behaviors_is_not_verified() {
    let run = Revision::V6_12_93;
    assert_eq!(run.with_behaviors(run.behaviors), run);
    let wrong = Behaviors { count: Count::Zero, ..run.behaviors };
    assert_eq!(run.with_behaviors(wrong), Revision { behaviors: wrong, ..run.unverified() });
}
