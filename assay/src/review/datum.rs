//! What two revisions may differ in, each by itself.

use mptcp_emulator::behaviors::ZeroLength;
use mptcp_emulator::{Revision, SocketBehavior};

/// What two revisions may differ in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Datum {
    TcpInfo,
    MptcpInfo,
    FullInfo,
    InfoOpt,
    ZeroLength,
    SubflowWhenNew,
    AcceptedKeepsInitial,
    UserspaceCounts,
    UserspaceLimits,
    ListenerLimits,
    DisconnectClears,
}

impl Datum {
    pub(crate) const ALL: [Datum; 11] = [
        Datum::TcpInfo,
        Datum::MptcpInfo,
        Datum::FullInfo,
        Datum::InfoOpt,
        Datum::ZeroLength,
        Datum::SubflowWhenNew,
        Datum::AcceptedKeepsInitial,
        Datum::UserspaceCounts,
        Datum::UserspaceLimits,
        Datum::ListenerLimits,
        Datum::DisconnectClears,
    ];

    /// Those in which two revisions differ.
    pub(crate) fn between(revisions: &[Revision; 2]) -> Vec<Datum> {
        Datum::ALL.into_iter().filter(|datum| datum.differs(revisions)).collect()
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
            Datum::FullInfo => base.has_full_info() && !patched.has_full_info(),
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
            Datum::FullInfo => mixed.behaviors.full_info_option = from.behaviors.full_info_option,
            Datum::InfoOpt => mixed.info_opt = from.info_opt,
            Datum::ZeroLength => mixed.behaviors.zero_length = from.behaviors.zero_length,
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

    /// What differs, in a clause.
    pub(crate) fn text(self, [base, patched]: &[Revision; 2]) -> String {
        let has = |which: bool| if which { "has" } else { "does not have" };
        let zero = |revision: &Revision| match revision.behaviors.zero_length {
            ZeroLength::Untouched => "touches nothing",
            _ => "stores the length",
        };
        // Of the patched revision, then of the base.
        let holding = |what: fn(&SocketBehavior) -> bool, subject: &str, yes: &str, no: &str| {
            let word = |revision: &Revision| if what(&revision.sockets) { yes } else { no };
            format!("{subject}: patched {}, base {}", word(patched), word(base))
        };
        match self {
            Datum::TcpInfo => {
                format!("struct tcp_info has {} bytes, had {}", patched.tcp_info, base.tcp_info)
            }
            Datum::MptcpInfo => format!(
                "struct mptcp_info has {} bytes, had {}",
                patched.mptcp_info, base.mptcp_info
            ),
            Datum::FullInfo => format!(
                "patched {} MPTCP_FULL_INFO, base {} it",
                has(patched.has_full_info()),
                has(base.has_full_info())
            ),
            Datum::InfoOpt => format!(
                "patched {} mptcp_info_opt, base {} it",
                has(patched.info_opt),
                has(base.info_opt)
            ),
            Datum::ZeroLength => {
                format!("MPTCP_INFO with optlen 0: patched {}, base {}", zero(patched), zero(base))
            }
            Datum::SubflowWhenNew => {
                holding(|holding| holding.subflow_when_new, "subflows of a new socket", "1", "none")
            }
            Datum::AcceptedKeepsInitial => holding(
                |holding| holding.accepted_keeps_initial,
                "an accepted socket whose initial subflow is closed",
                "keeps it",
                "drops it",
            ),
            Datum::UserspaceCounts => holding(
                |holding| holding.userspace_counts,
                "subflows with the userspace path manager",
                "counts them",
                "does not count them",
            ),
            Datum::UserspaceLimits => holding(
                |holding| holding.userspace_limits,
                "limits with the userspace path manager",
                "fills them in",
                "leaves them 0",
            ),
            Datum::ListenerLimits => holding(
                |holding| holding.listener_limits,
                "limits of a listener",
                "fills them in",
                "leaves them 0",
            ),
            Datum::DisconnectClears => holding(
                |holding| holding.disconnect_clears_rcv_nxt,
                "mptcpi_rcv_nxt of a disconnected socket",
                "has 0",
                "keeps it",
            ),
        }
    }
}
