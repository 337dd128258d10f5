//! What two revisions may differ in, each by itself.

use mptcp_emulator::{Behavior, Revision, SocketBehavior};
use mptcp_harness::infer::clause;

/// What two revisions may differ in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Datum {
    TcpInfo,
    MptcpInfo,
    InfoOpt,
    Behavior(Behavior),
    SubflowWhenNew,
    AcceptedKeepsInitial,
    UserspaceCounts,
    UserspaceLimits,
    ListenerLimits,
    DisconnectClears,
}

impl Datum {
    pub(crate) fn all() -> impl Iterator<Item = Datum> {
        let sizes = [Datum::TcpInfo, Datum::MptcpInfo, Datum::InfoOpt];
        let sockets = [
            Datum::SubflowWhenNew,
            Datum::AcceptedKeepsInitial,
            Datum::UserspaceCounts,
            Datum::UserspaceLimits,
            Datum::ListenerLimits,
            Datum::DisconnectClears,
        ];
        let behaviors = Behavior::ALL.iter().copied().map(Datum::Behavior);
        sizes.into_iter().chain(behaviors).chain(sockets)
    }

    /// Those in which two revisions differ.
    pub(crate) fn between(revisions: &[Revision; 2]) -> Vec<Datum> {
        Datum::all().filter(|datum| datum.differs(revisions)).collect()
    }

    pub(crate) fn differs(self, [base, patched]: &[Revision; 2]) -> bool {
        let mut mixed = *base;
        self.take(&mut mixed, patched);
        mixed != *base
    }

    /// Whether the patched revision has less than the base: structures only ever grow,
    /// and options stay, for the sake of programs that are there.
    pub(crate) fn takes_away(self, [base, patched]: &[Revision; 2]) -> bool {
        match self {
            Datum::TcpInfo => patched.tcp_info < base.tcp_info,
            Datum::MptcpInfo => patched.mptcp_info < base.mptcp_info,
            Datum::Behavior(Behavior::FullInfoOption) => {
                base.has_full_info() && !patched.has_full_info()
            }
            Datum::InfoOpt => base.info_opt && !patched.info_opt,
            _ => false,
        }
    }

    /// The base revision with some of the patched one.
    pub(crate) fn mixed(
        [base, patched]: &[Revision; 2],
        data: impl Iterator<Item = Datum>,
    ) -> Revision {
        let mut mixed = *base;
        data.for_each(|datum| datum.take(&mut mixed, patched));
        mixed
    }

    /// Takes this from another revision.
    fn take(self, mixed: &mut Revision, from: &Revision) {
        let (to, other) = (&mut mixed.sockets, &from.sockets);
        match self {
            Datum::TcpInfo => mixed.tcp_info = from.tcp_info,
            Datum::MptcpInfo => mixed.mptcp_info = from.mptcp_info,
            Datum::InfoOpt => mixed.info_opt = from.info_opt,
            Datum::Behavior(behavior) => {
                mixed.behaviors = mixed.behaviors.with(behavior, from.behaviors.get(behavior));
            }
            Datum::SubflowWhenNew => to.subflow_when_new = other.subflow_when_new,
            Datum::AcceptedKeepsInitial => {
                to.accepted_keeps_initial = other.accepted_keeps_initial;
            }
            Datum::UserspaceCounts => to.userspace_counts = other.userspace_counts,
            Datum::UserspaceLimits => to.userspace_limits = other.userspace_limits,
            Datum::ListenerLimits => to.listener_limits = other.listener_limits,
            Datum::DisconnectClears => {
                to.disconnect_clears_rcv_nxt = other.disconnect_clears_rcv_nxt;
            }
        }
    }

    /// Its name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Datum::TcpInfo => "tcp_info_size",
            Datum::MptcpInfo => "mptcp_info_size",
            Datum::InfoOpt => "info_opt",
            Datum::Behavior(behavior) => behavior.name(),
            Datum::SubflowWhenNew => "subflow_when_new",
            Datum::AcceptedKeepsInitial => "accepted_keeps_initial",
            Datum::UserspaceCounts => "userspace_counts",
            Datum::UserspaceLimits => "userspace_limits",
            Datum::ListenerLimits => "listener_limits",
            Datum::DisconnectClears => "disconnect_clears_rcv_nxt",
        }
    }

    /// Its value: a size in bytes, a yes or a no, or the name of a behavior's value.
    pub(crate) fn value(self, revision: &Revision) -> String {
        let sockets = &revision.sockets;
        match self {
            Datum::TcpInfo => revision.tcp_info.to_string(),
            Datum::MptcpInfo => revision.mptcp_info.to_string(),
            Datum::InfoOpt => revision.info_opt.to_string(),
            Datum::Behavior(behavior) => revision.behaviors.value(behavior).name.to_owned(),
            Datum::SubflowWhenNew => sockets.subflow_when_new.to_string(),
            Datum::AcceptedKeepsInitial => sockets.accepted_keeps_initial.to_string(),
            Datum::UserspaceCounts => sockets.userspace_counts.to_string(),
            Datum::UserspaceLimits => sockets.userspace_limits.to_string(),
            Datum::ListenerLimits => sockets.listener_limits.to_string(),
            Datum::DisconnectClears => sockets.disconnect_clears_rcv_nxt.to_string(),
        }
    }

    /// What differs, in a clause.
    pub(crate) fn text(self, [base, patched]: &[Revision; 2]) -> String {
        let has = |which: bool| if which { "has" } else { "does not have" };
        if let Some((subject, is_so, [yes, no])) = self.holding() {
            let word = |revision: &Revision| if is_so(&revision.sockets) { yes } else { no };
            return format!("{subject}: patched {}, base {}", word(patched), word(base));
        }
        match self {
            Datum::TcpInfo => {
                format!("struct tcp_info has {} bytes, had {}", patched.tcp_info, base.tcp_info)
            }
            Datum::MptcpInfo => format!(
                "struct mptcp_info has {} bytes, had {}",
                patched.mptcp_info, base.mptcp_info
            ),
            Datum::InfoOpt => format!(
                "patched {} mptcp_info_opt, base {} it",
                has(patched.info_opt),
                has(base.info_opt)
            ),
            Datum::Behavior(behavior) => {
                let [before, after] = [base, patched]
                    .map(|revision| clause(behavior, revision.behaviors.get(behavior)));
                format!("patched: {after}; base: {before}")
            }
            _ => String::new(),
        }
    }

    /// What a kernel of a revision does, as a clause.
    pub(crate) fn clause(self, revision: &Revision) -> String {
        if let Some((subject, is_so, [yes, no])) = self.holding() {
            return format!("{subject}: {}", if is_so(&revision.sockets) { yes } else { no });
        }
        match self {
            Datum::TcpInfo => format!("struct tcp_info has {} bytes", revision.tcp_info),
            Datum::MptcpInfo => format!("struct mptcp_info has {} bytes", revision.mptcp_info),
            Datum::Behavior(behavior) => clause(behavior, revision.behaviors.get(behavior)),
            _ => String::new(),
        }
    }

    /// Whether it is a fact of sockets.
    pub(crate) fn is_of_sockets(self) -> bool {
        self.holding().is_some()
    }

    /// What sockets hold: the subject, whether it is so, and what it does if it is and if not.
    fn holding(self) -> Option<Holding> {
        Some(match self {
            Datum::SubflowWhenNew => {
                ("subflows of a new socket", |it| it.subflow_when_new, ["1", "none"])
            }
            Datum::AcceptedKeepsInitial => (
                "an accepted socket whose initial subflow is closed",
                |it| it.accepted_keeps_initial,
                ["keeps it", "drops it"],
            ),
            Datum::UserspaceCounts => (
                "subflows with the userspace path manager",
                |it| it.userspace_counts,
                ["counts them", "does not count them"],
            ),
            Datum::UserspaceLimits => (
                "limits with the userspace path manager",
                |it| it.userspace_limits,
                ["fills them in", "leaves them 0"],
            ),
            Datum::ListenerLimits => (
                "limits of a listener",
                |it| it.listener_limits,
                ["fills them in", "leaves them 0"],
            ),
            Datum::DisconnectClears => (
                "mptcpi_rcv_nxt of a disconnected socket",
                |it| it.disconnect_clears_rcv_nxt,
                ["has 0", "keeps it"],
            ),
            _ => return None,
        })
    }
}

/// A fact of sockets: see [`Datum::holding`].
type Holding = (&'static str, fn(&SocketBehavior) -> bool, [&'static str; 2]);
