//! The small types: content and masks, rules and sets of them, addresses, tables
//! of fields.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::net::SocketAddr;

use mptcp_emulator::abi::{
    self, FULL_INFO_HEADER, FullInfo, MptcpInfo, SUBFLOW_ADDRS, SUBFLOW_DATA, SUBFLOW_INFO,
    SUBFLOW_INFO_ADDRS, SubflowAddrs, SubflowInfo, TcpInfo,
};
use mptcp_emulator::rules::{Basis, Options, Part, Step};
use mptcp_emulator::{Access, Content, OpenReason, Rule, RuleLog, RuleSet, Trace};

#[test]
fn sizes_of_headers_and_elements() {
    assert_eq!(SUBFLOW_DATA, 16);
    assert_eq!(SUBFLOW_ADDRS, 256);
    assert_eq!(SUBFLOW_INFO, 264);
    assert_eq!(SUBFLOW_INFO_ADDRS, 8);
    assert_eq!(FULL_INFO_HEADER, 40);
    assert_eq!(FullInfo::HEADER, 40);
}

#[test]
fn content_is_cut_with_its_mask() {
    let exact = Content::exact(&[1, 2, 3]);
    assert_eq!((exact.bytes(), exact.mask()), (&[1, 2, 3][..], &[][..]));
    assert_eq!((exact.len(), exact.is_empty()), (3, false));
    assert_eq!(exact.first(2), Content::exact(&[1, 2]));
    assert_eq!(exact.first(3), exact);
    assert_eq!(exact.first(4), exact);
    assert_eq!(exact.skip(1), Content::exact(&[2, 3]));
    assert!(exact.skip(3).is_empty());
    assert!(exact.skip(4).is_empty());
    assert!(exact.first(0).is_empty());

    let masked = Content::masked(&[1, 2, 3], &[0, 1, 2]).unwrap();
    assert_eq!(masked.first(2), Content::masked(&[1, 2], &[0, 1]).unwrap());
    assert_eq!(masked.first(9), masked);
    assert_eq!(masked.skip(2), Content::masked(&[3], &[2]).unwrap());
    assert_eq!(masked.skip(9).mask(), []);
    assert_eq!(Content::masked(&[1, 2, 3], &[0, 1]), None);
    assert_eq!(Content::masked(&[1], &[]), None);
    assert_eq!(Content::masked(&[], &[]), Some(Content::exact(&[])));
}

#[test]
fn why_a_byte_is_open() {
    assert_eq!(OpenReason::from_mask(0), None);
    assert_eq!(OpenReason::from_mask(1), Some(OpenReason::Clock));
    assert_eq!(OpenReason::from_mask(2), Some(OpenReason::NoWitness));
    // Whatever else stands there, the byte is not known.
    assert_eq!(OpenReason::from_mask(3), Some(OpenReason::NoWitness));
    assert_eq!(OpenReason::from_mask(255), Some(OpenReason::NoWitness));
    assert_eq!((OpenReason::Clock as u8, OpenReason::NoWitness as u8), (1, 2));
    assert!(OpenReason::Clock.text().contains("clock"));
    assert!(OpenReason::NoWitness.text().contains("witness"));
}

#[test]
fn sets_of_rules() {
    let mut set = RuleSet::EMPTY;
    assert!(set.is_empty());
    assert_eq!((set.len(), set.iter().count()), (0, 0));
    let (first, last) = (Rule::ALL[0], *Rule::ALL.last().unwrap());
    set.insert(last);
    set.fired(first);
    set.insert(last);
    assert!(!set.is_empty());
    assert_eq!(set.len(), 2);
    assert!(set.contains(first) && set.contains(last));
    assert!(!set.contains(Rule::ALL[1]));
    assert_eq!(set.iter().collect::<Vec<_>>(), [first, last], "as declared");

    let mut other = RuleSet::default();
    other.insert(Rule::ALL[1]);
    other.insert(first);
    set.extend(other);
    assert_eq!(set.iter().collect::<Vec<_>>(), [first, Rule::ALL[1], last]);
    set.extend(RuleSet::EMPTY);
    assert_eq!(set.len(), 3);

    // Every rule has a bit of its own.
    let mut all = RuleSet::EMPTY;
    for (number, rule) in Rule::ALL.iter().enumerate() {
        assert!(!all.contains(*rule));
        all.insert(*rule);
        assert_eq!(all.len(), number + 1);
    }
    assert_eq!(all.iter().collect::<Vec<_>>(), Rule::ALL);
}

#[test]
fn rules_in_order() {
    let mut order = RuleLog::default();
    assert_eq!(order.iter().count(), 0);
    for rule in [Rule::InfoWhole, Rule::NotASocket, Rule::InfoWhole] {
        order.fired(rule);
    }
    let rules: Vec<_> = order.iter().collect();
    assert_eq!(rules, [Rule::InfoWhole, Rule::NotASocket]);

    // There is room for 32; the rest is missing, and nothing breaks.
    let mut order = RuleLog::default();
    Rule::ALL.iter().for_each(|rule| order.fired(*rule));
    assert_eq!(order.iter().collect::<Vec<_>>(), Rule::ALL[..32]);
}

#[test]
fn what_a_rule_says_of_itself() {
    let rule = Rule::ElementLeftOut;
    assert_eq!(rule.name(), "ElementLeftOut");
    assert_eq!(
        rule.sentence(),
        "A subflow whose element does not fit whole is counted, and nothing of it is copied."
    );
    assert_eq!(
        rule.source(),
        "commit, 14th paragraph: olen is a number of whole elements; 15th: userspace detects it by \
         num_subflows; that no part of it is copied, measured"
    );
    // The commit says how a program notices, and not that no part of the element is copied.
    assert_eq!(rule.basis(), Basis::Implied);
    // The message of the merge says so in words.
    assert_eq!(Rule::CountReported.basis(), Basis::Promised);
    // The selftest asserts the sizes that come back.
    assert_eq!(Rule::StrideClamped.basis(), Basis::Implied);
    assert_eq!(Rule::FullStrideClamped.basis(), Basis::Implied);
    // The length is the size of a buffer, says getsockopt(2).
    assert_eq!(Rule::InfoNegativeLengthIsHuge.basis(), Basis::Contrary);

    for rule in Rule::ALL {
        assert_eq!(format!("{rule:?}"), rule.name());
        let sentence = rule.sentence();
        assert!(sentence.ends_with('.'), "{sentence:?}");
        assert_eq!(sentence.trim(), sentence);
        assert!(!rule.source().is_empty(), "{rule:?}");
        // What only kernels say has been measured, or is marked as order.
        if matches!(rule.basis(), Basis::Accidental | Basis::Contrary) {
            assert!(rule.source().contains("measured"), "{rule:?}");
        }
        // Only a rule about the socket or the option decides before the length is read.
        let refuses = rule.options() == Options::Any || *rule == Rule::FullInfoUnknown;
        assert_eq!(rule.step() == Step::Socket, refuses, "{rule:?}");
    }
    assert!(Step::ALL.is_sorted_by_key(|(_, step)| *step));
    assert_eq!(Step::Answer.name(), "answer");
}

#[test]
fn the_rule_that_decides_a_part_of_memory() {
    use Rule::*;
    let fired = [StrideAsAsked, ElementCopied, ElementLeftOut, CountReported];
    assert_eq!(Rule::deciding(Part::Element, &fired), Some(ElementCopied));
    assert_eq!(Rule::deciding(Part::Unused, &fired), Some(ElementLeftOut));
    assert_eq!(Rule::deciding(Part::Header, &fired), Some(CountReported));
    assert_eq!(Rule::deciding(Part::Length, &fired), None);
    // A fault counts most, although others are declared before it.
    let fired = [ElementCopied, ElementUnwritable];
    assert_eq!(Rule::deciding(Part::Element, &fired), Some(ElementUnwritable));
    assert_eq!(ElementUnwritable.fault(), Some((Part::Element, Access::ReadWrite)));
    assert!(ElementCopied.is_deciding(Part::Unused) && !ElementCopied.is_deciding(Part::Length));
}

#[test]
fn the_field_of_a_byte() {
    let name = |fields, offset| abi::field_at(fields, offset).map(|field| field.name);
    assert_eq!(name(MptcpInfo::FIELDS, 0), Some("mptcpi_subflows"));
    assert_eq!(name(MptcpInfo::FIELDS, 6), Some(abi::HOLE));
    assert_eq!(name(MptcpInfo::FIELDS, 7), Some(abi::HOLE));
    assert_eq!(name(MptcpInfo::FIELDS, 8), Some("mptcpi_flags"));
    assert_eq!(name(MptcpInfo::FIELDS, 11), Some("mptcpi_flags"));
    assert_eq!(name(MptcpInfo::FIELDS, 12), Some("mptcpi_token"));
    assert_eq!(name(MptcpInfo::FIELDS, 95), Some("mptcpi_last_ack_recv"));
    assert_eq!(name(MptcpInfo::FIELDS, 96), None);
    assert_eq!(
        name(TcpInfo::FIELDS, 279),
        Some("tcpi_ecn_mode:2,tcpi_accecn_opt_seen:2,tcpi_accecn_fail_mode:4,tcpi_options2:24")
    );
    assert_eq!(name(TcpInfo::FIELDS, 280), None);
    assert_eq!(name(SubflowInfo::FIELDS, 8), Some("addrs"));
    assert_eq!(name(SubflowAddrs::FIELDS, 128), Some("ss_remote"));
    assert_eq!(name(&[], 0), None);
}

#[test]
fn addresses_as_the_kernel_fills_them() {
    let address = |text: &str| text.parse::<SocketAddr>().unwrap();
    let both = SubflowAddrs::new(address("127.0.0.2:258"), address("[fe80::5%7]:80"));
    // sockaddr_in: family 2, port in network order, address, zeros.
    let mut local = [0; 128];
    local[..2].copy_from_slice(&2u16.to_ne_bytes());
    local[2..8].copy_from_slice(&[1, 2, 127, 0, 0, 2]);
    assert_eq!(both.local, local);
    // sockaddr_in6: family 10, port, no flow label, address at 8, and no
    // scope at 24, although the address has one.
    let mut remote = [0; 128];
    remote[..2].copy_from_slice(&10u16.to_ne_bytes());
    remote[2..4].copy_from_slice(&[0, 80]);
    remote[8..10].copy_from_slice(&[0xfe, 0x80]);
    remote[23] = 5;
    assert_eq!(both.remote, remote);
    // A mapped address is an IPv6 one.
    let mapped = SubflowAddrs::new(address("[::ffff:10.0.0.1]:1"), address("0.0.0.0:0"));
    assert_eq!(mapped.local[..2], 10u16.to_ne_bytes());
    assert_eq!(mapped.local[16..25], [0, 0, 255, 255, 10, 0, 0, 1, 0]);
    assert_eq!(mapped.remote[..2], 2u16.to_ne_bytes());
    assert_eq!(mapped.remote[2..], [0; 126]);
}
