//! Rules that fired, and that naming them changes nothing.

use std::cell::Cell;

use mptcp_emulator::{Rule, RuleSet, Trace};
use mptcp_proptests::{Answer, any_case, any_sound_case, ask, each_of, holds, without_trace};
use proptest::prelude::*;

/// A call that succeeds fired no rule of failure, and one that failed ended
/// with the rule that says why.
#[test]
fn the_last_rule_tells_why_a_call_failed() {
    holds(any_case(), |(revision, socket, case)| {
        let answer = ask(&revision, &socket.as_socket(), &case);
        // The room for an order of rules is never exhausted.
        prop_assert!(answer.rules.len() < 20, "{:?}", answer.rules);
        let last = answer.rules.last().map_or("", |rule| rule.sentence());
        // Rules of failure name the error, except for size limits that are
        // told as one with FULL_INFO's absence.
        match answer.result {
            Err(errno) if last.contains("any option number") => {
                prop_assert_eq!(errno.to_string(), "EOPNOTSUPP");
            }
            Err(errno) => prop_assert!(last.contains(&errno.to_string()), "{errno}: {last}"),
            Ok(()) => {
                for rule in &answer.rules {
                    prop_assert!(!rule.sentence().contains("gives E"), "{rule:?}");
                }
            }
        }
        Ok(())
    });
}

/// A trace only listens: result and memory are the same with one that wants
/// to know nothing.
#[test]
fn a_trace_changes_nothing() {
    holds(any_case(), |(revision, socket, case)| {
        let socket = &socket.as_socket();
        let traced = ask(&revision, socket, &case);
        let plain = without_trace(&revision, socket, &case);
        prop_assert!(plain.rules.is_empty());
        let mut traced_plain = traced.clone();
        traced_plain.record.rules.clear();
        prop_assert!(traced_plain == plain, "memory or result differ");
        // A set holds what an order holds.
        let mut set = RuleSet::EMPTY;
        traced.rules.iter().for_each(|rule| set.fired(*rule));
        prop_assert_eq!(set.len(), traced.rules.len());
        Ok(())
    });
}

/// The same call has the same answer: nothing is kept between two.
#[test]
fn a_call_has_one_answer() {
    holds(any_case(), |(revision, socket, case)| {
        let run = || ask(&revision, &socket.as_socket(), &case);
        prop_assert!(run() == run());
        Ok(())
    });
}

/// The laws are about something: generated calls fire every rule that there
/// is, and a good part of them succeeds.
#[test]
fn generated_calls_reach_every_rule() {
    let seen = Cell::new((RuleSet::EMPTY, 0));
    let count = |answer: Answer| {
        let (mut rules, mut successes) = seen.get();
        answer.rules.iter().for_each(|rule| rules.insert(*rule));
        successes += u32::from(answer.result.is_ok());
        seen.set((rules, successes));
    };
    each_of(16_000, any_case(), |(revision, socket, case)| {
        count(ask(&revision, &socket.as_socket(), &case));
    });
    let (_, successes) = seen.get();
    assert!(successes > 4000, "only {successes} of 16000 calls succeed");

    // Rare among those: a length of 0, and one of exactly the 40 bytes before
    // mptcp_info.
    each_of(100, any_sound_case(), |(revision, connection, case)| {
        count(ask(&revision, &connection.as_socket(), &case));
    });
    let (rules, _) = seen.get();
    let missing: Vec<_> = (Rule::ALL.iter()).filter(|rule| !rules.contains(**rule)).collect();
    assert!(missing.is_empty(), "never fired: {missing:?}");
}
