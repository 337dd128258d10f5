//! The known contradictions: places where kernels contradict a document or themselves.

use mptcp_emulator::{Rule, RuleSet};

use crate::scenes::{ExpectedState, Kind};

/// A known contradiction. It has a page, `findings/NAME/README.md`.
#[derive(Clone, Copy, Debug)]
pub struct Contradiction {
    /// Its name, which is that of its folder in `findings/`.
    pub name: &'static str,
    /// Its subject, in a few words.
    pub title: &'static str,
    /// What a document promises, in a sentence.
    pub promised: &'static str,
    /// The documents that promise it, as named in [`Rule::source`].
    pub source: &'static str,
    /// What kernels do instead.
    pub observed: &'static str,
    /// How it is recognised.
    pub shown: Shown,
}

/// How a contradiction is recognised.
#[derive(Clone, Copy, Debug)]
pub enum Shown {
    /// Any of these rules, which are [`Contrary`](mptcp_emulator::rules::Basis::Contrary), decided.
    Rules(&'static [Rule]),
    /// The contents returned in certain scenes.
    Scenes {
        /// The scenes, by name.
        scenes: &'static [&'static str],
        /// Whether the documented model predicts these bytes exactly. If it leaves them open, its
        /// agreement does not show the contradiction.
        compared: bool,
        /// Changes an expected state to what the documents promise.
        amend: fn(&mut ExpectedState),
    },
    /// In calls of 32-bit programs in which any of these rules decides.
    Compat(&'static [Rule]),
}

impl Contradiction {
    /// The rules that show it.
    pub fn rules(&self) -> &'static [Rule] {
        match self.shown {
            Shown::Rules(rules) => rules,
            Shown::Scenes { .. } | Shown::Compat(_) => &[],
        }
    }

    /// The scenes that show it.
    pub fn scenes(&self) -> &'static [&'static str] {
        match self.shown {
            Shown::Rules(_) | Shown::Compat(_) => &[],
            Shown::Scenes { scenes, .. } => scenes,
        }
    }
}

/// The contradiction in calls of 32-bit programs.
pub(crate) fn of_compat(rules: RuleSet) -> Option<&'static Contradiction> {
    let fired = |of: &[Rule]| of.iter().any(|rule| rules.contains(*rule));
    KNOWN.iter().find(|known| matches!(known.shown, Shown::Compat(of) if fired(of)))
}

/// The contradiction that a rule shows.
pub fn of_rules(rule: Rule) -> Option<&'static Contradiction> {
    KNOWN.iter().find(|known| known.rules().contains(&rule))
}

/// All known contradictions.
pub const KNOWN: &[Contradiction] = &[
    Contradiction {
        name: "negative-optlen",
        title: "a negative optlen of MPTCP_INFO",
        promised: "a length that is no size of a buffer is refused: EINVAL, as the three other options answer",
        source: "man: optlen initially contains the size of the buffer; selftest: an optlen that is too short fails; optlen commit: TCP_INFO had the same bug",
        observed: "MPTCP_INFO succeeds, copies the whole structure and stores its size",
        shown: Shown::Rules(&[Rule::InfoNegativeLengthIsHuge]),
    },
    Contradiction {
        name: "unknown-option",
        title: "an option number that the kernel does not know",
        promised: "ENOPROTOOPT: the option is unknown at the level indicated",
        source: "man, ERRORS",
        observed: "EOPNOTSUPP; so does MPTCP_FULL_INFO on a kernel that is older than it",
        shown: Shown::Rules(&[Rule::UnknownOption, Rule::FullInfoUnknown]),
    },
    Contradiction {
        name: "closed-subflows-counted",
        title: "subflows in state CLOSE are counted and listed",
        promised: "num_subflows is the number of active subflows, and each has an element",
        source: "commit, 6th paragraph, and against it the 11th: \"subflows that exist on the kernel side\"; addrs commit: \"all subflows currently active\"; merge commit: \"one struct for each active subflow\"; mptcp.dev: \"mptcpi_subflows_total and num_subflows do include the initial one if it is still attached to the MPTCP connection\"",
        observed: "subflows in state CLOSE are counted and listed: on a socket that is bound and not connected; the initial one, after its removal from a connection that goes on, which on the accepting side is so since 6.6 and 6.1.79; after the end of a connection, all subflows on the end that closed first and the initial one on the other end. mptcpi_subflows_total does not count the initial one then, and on the end that closed first still counts those that joined",
        shown: Shown::Scenes {
            scenes: &[
                "bound-v4",
                "bound-v6",
                "fully-closed-v4-client-1",
                "fully-closed-v4-server-1",
                "fully-closed-v6-client-1",
                "fully-closed-v6-server-1",
                "disconnected-v4-client-1",
                "disconnected-v6-client-1",
                "initial-removed-v4-client-2",
                "initial-removed-v4-server-2",
                "initial-removed-v6-client-2",
                "initial-removed-v6-server-2",
            ],
            compared: true,
            amend: without_closed,
        },
    },
    Contradiction {
        name: "subflow-id-zero",
        title: "the id of an initial subflow becomes 0",
        promised: "the initial subflow of a connection has the id 1",
        source: "subflow-id commit",
        observed: "once the kernel has taken an initial subflow apart its id is 0, and stays 0 when the socket connects again",
        shown: Shown::Scenes {
            scenes: &["reconnected-v4-client-1", "reconnected-v6-client-1"],
            compared: false,
            amend: first_is_1,
        },
    },
    Contradiction {
        name: "compat-subflow-info",
        title: "struct mptcp_subflow_info of a 32-bit program",
        promised: "struct mptcp_subflow_info is 260 bytes with addrs at 4, as the header has it for a 32-bit program",
        source: "uapi, struct mptcp_subflow_info",
        observed: "264 bytes with addrs at 8, whoever calls: a 32-bit program finds family 0 and all else four bytes off",
        shown: Shown::Compat(&[
            Rule::FullElementCopied,
            Rule::FullCountsReported,
            Rule::FullStructureUnwritable,
        ]),
    },
    Contradiction {
        name: "listener-counts-no-subflow",
        title: "a listener's mptcpi_subflows_total leaves out the subflow that listens",
        promised: "mptcpi_subflows_total and num_subflows are both the total number of subflows: 1, the one that listens",
        source: "mptcp.dev, Number of subflows",
        observed: "on a socket that listens mptcpi_subflows_total is 0 and num_subflows is 1",
        shown: Shown::Scenes {
            scenes: &["listening-v4", "listening-v6"],
            compared: true,
            amend: listener_counted,
        },
    },
    Contradiction {
        name: "local-addr-used-kept",
        title: "an address that was removed counts as used",
        promised: "mptcpi_local_addr_used is 0 while no address is in the list that it counts: SUBFLOW_CREATE adds the address and 1, SUBFLOW_DESTROY takes both back",
        source: "the kernel against itself, no document speaks of this field; userspace-infos commit, by its code: its message names two other counters",
        observed: "MPTCP_PM_CMD_REMOVE removes the address from the list and closes its subflow, and mptcpi_local_addr_used stays 1; it grows by 1 with each address that is used and then removed",
        shown: Shown::Scenes {
            scenes: &["address-removed-v4-client-2"],
            compared: true,
            amend: none_used,
        },
    },
];

/// `TCP_CLOSE` and `TCP_LISTEN`, in `tcpi_state`.
const TCP_CLOSE: u8 = 7;
const TCP_LISTEN: u8 = 10;
/// `mptcpi_subflows_total` (since 6.8), in `struct mptcp_info`.
const SUBFLOWS_TOTAL: usize = 80;
/// `mptcpi_local_addr_used`, in `struct mptcp_info`; `mptcpi_subflows` comes first.
const LOCAL_ADDR_USED: usize = 40;

fn without_closed(expected: &mut ExpectedState) {
    if let Kind::Mptcp { subflows, .. } = &mut expected.kind {
        subflows.retain(|subflow| subflow.tcp_info.bytes().first() != Some(&TCP_CLOSE));
    }
}

/// An initial subflow that is in use, and whose id is unknown, has the promised id.
fn first_is_1(expected: &mut ExpectedState) {
    if let Kind::Mptcp { subflows, .. } = &mut expected.kind
        && let Some(first) = subflows.first_mut()
        && first.subflow_info.mask().first() != Some(&0)
        && first.tcp_info.bytes().first() != Some(&TCP_CLOSE)
    {
        first.subflow_info.tell(0, &1_u32.to_ne_bytes());
    }
}

/// The listening subflow is counted, if there is a field for it.
fn listener_counted(expected: &mut ExpectedState) {
    if let Kind::Mptcp { info, subflows } = &mut expected.kind
        && let [only] = &subflows[..]
        && only.tcp_info.bytes().first() == Some(&TCP_LISTEN)
    {
        info.tell(SUBFLOWS_TOTAL, &[1]);
    }
}

/// If no subflow joined, no address is in use, because no scene announces an address.
fn none_used(expected: &mut ExpectedState) {
    if let Kind::Mptcp { info, .. } = &mut expected.kind
        && info.bytes().first() == Some(&0)
        && info.bytes().get(LOCAL_ADDR_USED).is_some_and(|used| *used > 0)
    {
        info.tell(LOCAL_ADDR_USED, &[0]);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use mptcp_emulator::rules::Basis;

    use super::*;

    #[test]
    fn scenes_are_in_the_catalogue() {
        for scene in KNOWN.iter().flat_map(|known| known.scenes()) {
            assert!(crate::scenes::by_name(scene).is_some(), "{scene}");
        }
    }

    #[test]
    fn each_contrary_rule_has_one_contradiction_and_no_other_rule_has() {
        for rule in Rule::ALL {
            let known = KNOWN.iter().filter(|known| known.rules().contains(rule)).count();
            assert_eq!(known, usize::from(rule.basis() == Basis::Contrary), "{rule:?}");
        }
    }
}
