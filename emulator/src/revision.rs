//! Kernel revisions as data: no algorithm asks for a version.

use crate::abi::SUBFLOW_INFO;
use crate::behaviors::{Behaviors, FullInfoOption, ZeroLength};
use crate::content::Content;
use crate::length::KernelSize;
use crate::release::Release;
use crate::socket::{Connection, SizeMismatch};

/// Whether the model of a revision was compared with a kernel of that revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verification {
    /// Compared byte for byte with a real kernel of this release. It does not apply to other
    /// releases: [`Revision::of_release`] does not pass it on.
    Compared(&'static str),
    /// Derived from sources alone.
    SourcesOnly,
}

/// The behaviour of sockets that decides the contents of the structures, as far as it differs
/// between kernels.
///
/// The model takes the contents from its caller. A caller that describes the sockets of a kernel
/// needs these facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SocketBehavior {
    /// Whether a new socket has its first subflow. Since commit ddb1a072f858 (6.4) the first call
    /// that needs the subflow creates it.
    pub subflow_when_new: bool,
    /// Whether an accepted socket keeps its initial subflow on the list once that is closed, as a
    /// socket that connected does. Since commit 39880bd808ad (6.6; 7857e35ef10e in 6.1.79).
    pub accepted_keeps_initial: bool,
    /// Whether subflows and announced addresses are counted with the userspace path manager. Since
    /// commit 77e4b94a3de6 (6.4; also in 6.1.34 and 6.3.8).
    pub userspace_counts: bool,
    /// Whether the limits of the in-kernel path manager are filled in with the userspace path
    /// manager. Not since commit e925a0322ada (6.4).
    pub userspace_limits: bool,
    /// Whether these limits are filled in for a socket that listens. Not since 6.5, which returns
    /// early for `TCP_LISTEN`.
    pub listener_limits: bool,
    /// Whether a disconnected socket has 0 in `mptcpi_rcv_nxt`, and not what it had before. Since
    /// commit 2834f8edd74d (6.19; also in 6.12.93, and in 6.18.44 or before).
    pub disconnect_clears_rcv_nxt: bool,
}

/// The differences between kernels that these options depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revision {
    /// The first release of the revision as text: see [`Revision::since`].
    pub name: &'static str,
    /// The first release of the revision. A stable release represents the later ones of its own
    /// series only.
    pub since: Release,
    /// Bytes in `struct tcp_info`.
    pub tcp_info: u32,
    /// Bytes in `struct mptcp_info`.
    pub mptcp_info: u32,
    /// Whether `mptcp_info_opt` exists, which takes the feature `info_opt`. No released
    /// kernel has it.
    pub info_opt: bool,
    /// How it behaves.
    pub behaviors: Behaviors,
    /// The behaviour of its sockets.
    pub sockets: SocketBehavior,
    /// The sources of the data.
    pub sources: &'static str,
    /// Whether the model was compared with a kernel of this revision.
    pub verification: Verification,
}

/// Declares the revisions after the first one. A row is the name, the release, the revision that it
/// is based on, the fields of [`Revision`], of [`Behaviors`] and of [`SocketBehavior`] that differ
/// from that one, and the sources.
macro_rules! revisions {
    ($(
        $(#[doc = $doc:literal])+
        $name:ident ($major:literal, $minor:literal $(, $patch:literal)?): $base:ident,
        {$($field:ident: $value:expr),*} ($($behavior:ident: $chosen:expr),*)
        [$($fact:ident: $holds:literal),*], $sources:literal;
    )+) => {
        impl Revision {
            $(
                $(#[doc = $doc])+
                pub const $name: Revision = Revision {
                    name: concat!($major, ".", $minor $(, ".", $patch)?),
                    since: Release { patch: Some(0 $(+ $patch)?), ..Release::mainline($major, $minor) },
                    sources: $sources,
                    $($field: $value,)*
                    behaviors: Behaviors { $($behavior: $chosen,)* ..Revision::$base.behaviors },
                    sockets: SocketBehavior { $($fact: $holds,)* ..Revision::$base.sockets },
                    ..Revision::$base
                };
            )+

            /// All revisions, the oldest first; those of a stable series follow the series' first
            /// release.
            pub const ALL: [Revision; 1 + [$(Revision::$name.tcp_info),+].len()] =
                [Revision::V5_16, $(Revision::$name),+];
        }
    };
}

revisions! {
    /// Linux 6.1, a long-term series: as 5.16.
    V6_1 (6, 1): V5_16, {} () [],
        "iproute2's copy of the headers at 6.1, compiled";

    /// Linux 6.1.34: the userspace path manager counts.
    V6_1_34 (6, 1, 34): V6_1, {} () [userspace_counts: true],
        "ChangeLog-6.1.34: \"mptcp: update userspace pm infos\"";

    /// Linux 6.1.79: an accepted socket keeps its initial subflow.
    V6_1_79 (6, 1, 79): V6_1_34, {verification: Verification::Compared("6.1.192")} () [accepted_keeps_initial: true],
        "ChangeLog-6.1.79: \"mptcp: get rid of msk->subflow\"; include/uapi of Debian's 6.1.192, compiled";

    /// Linux 6.2: `tcpi_rcv_wnd` and `tcpi_rehash`.
    V6_2 (6, 2): V6_1, {tcp_info: 240} () [],
        "commit 71fc704768f6";

    /// Linux 6.3.8: the userspace path manager counts.
    V6_3_8 (6, 3, 8): V6_2, {} () [userspace_counts: true],
        "ChangeLog-6.3.8: \"mptcp: update userspace pm infos\"";

    /// Linux 6.4: a new socket has no subflow; limits are those of the in-kernel path manager
    /// alone.
    V6_4 (6, 4): V6_2, {} () [subflow_when_new: false, userspace_counts: true, userspace_limits: false],
        "commits ddb1a072f858, e925a0322ada and 77e4b94a3de6";

    /// Linux 6.5: `MPTCP_FULL_INFO`; byte counters in `mptcp_info`; a listener's limits are 0.
    V6_5 (6, 5): V6_4, {mptcp_info: 80} (full_info_option: FullInfoOption::Present) [listener_limits: false],
        "commits 492432074e4f and 38967f424b5b";

    /// Linux 6.6, a long-term series: an accepted socket keeps its initial subflow.
    V6_6 (6, 6): V6_5, {} () [accepted_keeps_initial: true],
        "commit 39880bd808ad";

    /// Linux 6.6.57: `tcpi_total_rto` and the two fields behind it, as 6.7 has them.
    V6_6_57 (6, 6, 57): V6_6, {tcp_info: 248} () [],
        "ChangeLog-6.6.57: \"tcp: new TCP_INFO stats for RTO events\"";

    /// Linux 6.7: `tcpi_total_rto` and the two fields behind it.
    V6_7 (6, 7): V6_6, {tcp_info: 248} () [],
        "commit 3868ab0f1925";

    /// Linux 6.8: `mptcpi_subflows_total`.
    V6_8 (6, 8): V6_7, {mptcp_info: 88} () [],
        "commit 6ebf6f90ab4a; mptcp.dev's commented structure";

    /// Linux 6.10: clocks in `mptcp_info`; a length of 0 ends the call early.
    V6_10 (6, 10): V6_8, {mptcp_info: 96} (zero_length: ZeroLength::Untouched) [],
        "commits 18d82cde7432 and ce5f6f71b029; mptcp.dev's commented structure";

    /// Linux 6.12, a long-term series: as 6.10.
    V6_12 (6, 12): V6_10, {} () [],
        "iproute2's copy of the headers at 6.12, compiled";

    /// Linux 6.12.93: a disconnected socket has 0 in `mptcpi_rcv_nxt`.
    V6_12_93 (6, 12, 93): V6_12, {verification: Verification::Compared("6.12.117")} () [disconnect_clears_rcv_nxt: true],
        "ChangeLog-6.12.93: \"mptcp: cleanup fallback dummy mapping generation\"; include/uapi of Debian's 6.12.117, compiled";

    /// Linux 6.18: counters of accurate ECN in `tcp_info`; `mptcpi_endp_laminar_max`.
    V6_18 (6, 18): V6_12, {tcp_info: 280} () [],
        "iproute2's copy of the headers at 6.18, compiled";

    /// Linux 6.18.44: a disconnected socket has 0 in `mptcpi_rcv_nxt`, since this release or one of
    /// those between it and 6.18.
    V6_18_44 (6, 18, 44): V6_18, {verification: Verification::Compared("6.18.44")} () [disconnect_clears_rcv_nxt: true],
        "sizes of the attributes of sock_diag dumps on a 6.18.44";

    /// Linux 6.19: `mptcpi_endp_fullmesh_max`.
    V6_19 (6, 19): V6_18, {} () [disconnect_clears_rcv_nxt: true],
        "commits f88191c7f361 and 2834f8edd74d; iproute2's copy of the headers at 6.19, compiled";

    /// Linux 7.0: `tcp_info`'s last word is bit fields.
    V7_0 (7, 0): V6_19, {} () [],
        "commit 4fa4ac5e5848; iproute2's copy of the headers at 7.0, compiled";

    /// Linux 7.1: as 7.0, but for what two counters hold: `mptcpi_endp_fullmesh_max` after a flush
    /// of the endpoints, and `mptcpi_subflows` after a join that failed. Both are contents of a
    /// socket, which the caller passes to the model.
    V7_1 (7, 1): V7_0, {} () [],
        "commits 1774d3cf3cf1 and 14e9fea30b68; iproute2's copy of the headers at 7.1, compiled";

    /// Linux 7.2: as 7.0.
    V7_2 (7, 2): V7_0, {verification: Verification::Compared("7.2.13")} () [],
        "include/uapi of Debian's 7.2.13, compiled";

    /// Linux 7.3: as 7.0.
    V7_3 (7, 3): V7_0, {verification: Verification::Compared("7.3-rc7")} () [],
        "include/uapi of Debian's 7.3-rc7, compiled";
}

impl Revision {
    /// Linux 5.16, the first with `SOL_MPTCP`.
    pub const V5_16: Revision = Revision {
        name: "5.16",
        since: Release::mainline(5, 16),
        tcp_info: 232,
        mptcp_info: 48,
        info_opt: false,
        behaviors: Behaviors {
            full_info_option: FullInfoOption::Absent,
            zero_length: ZeroLength::Stored,
            ..Behaviors::NEWEST
        },
        sockets: SocketBehavior {
            subflow_when_new: true,
            accepted_keeps_initial: false,
            userspace_counts: false,
            userspace_limits: true,
            listener_limits: true,
            disconnect_clears_rcv_nxt: false,
        },
        sources: "commits 55c42fa7fa33, 06f15cee3695 and c11c5906bc0a; iproute2's copy of the headers at 5.16, compiled",
        verification: Verification::SourcesOnly,
    };

    /// The newest revision with data.
    pub const NEWEST: Revision = Revision::V7_3;

    /// The revision of a release: the newest one that is not newer, of its own stable series or of
    /// mainline. If the stable level is not known, the newest level of the series is assumed.
    /// `None` before 5.16.
    ///
    /// [`Revision::verification`] is that of the release: [`Verification::SourcesOnly`] unless this
    /// very release was compared.
    pub fn of_release(release: Release) -> Option<Revision> {
        let speaks_for = |revision: &&Revision| {
            let same_series = revision.since.series() == release.series();
            if revision.since.is_stable() {
                same_series && release.patch.is_none_or(|patch| revision.since.patch <= Some(patch))
            } else {
                revision.since.series() <= release.series()
            }
        };
        let revision = Revision::ALL.iter().rev().find(speaks_for)?;
        Some(match revision.verification {
            Verification::Compared(run) if Release::parse(run) == Some(release) => *revision,
            _ => revision.unverified(),
        })
    }

    /// The revision of a name in [`Revision::ALL`].
    pub fn named(name: &str) -> Option<Revision> {
        Revision::ALL.into_iter().find(|revision| revision.name == name)
    }

    /// This revision for a kernel that was not compared.
    #[must_use]
    pub const fn unverified(self) -> Revision {
        Revision { verification: Verification::SourcesOnly, ..self }
    }

    /// This revision with other sizes, in bytes, such as those of the attributes of
    /// `sock_diag` dumps. If they are not its own, the result is not verified.
    #[must_use]
    pub const fn with_sizes(self, tcp_info: u32, mptcp_info: u32) -> Revision {
        if self.tcp_info == tcp_info && self.mptcp_info == mptcp_info {
            return self;
        }
        Revision { tcp_info, mptcp_info, ..self.unverified() }
    }

    /// This revision with other behaviors. If they are not its own, the result is not verified.
    #[must_use]
    pub fn with_behaviors(self, behaviors: Behaviors) -> Revision {
        if self.behaviors == behaviors { self } else { Revision { behaviors, ..self.unverified() } }
    }

    /// Whether `MPTCP_FULL_INFO` exists.
    pub const fn has_full_info(&self) -> bool {
        matches!(self.behaviors.full_info_option, FullInfoOption::Present)
    }

    /// This revision with `mptcp_info_opt` added.
    #[cfg(feature = "info_opt")]
    #[must_use]
    pub const fn with_info_opt(self) -> Revision {
        Revision { info_opt: true, ..self }
    }
}

impl<'a> Connection<'a> {
    /// A connection on a kernel of a revision, from the bytes of its structures: a `struct
    /// mptcp_info`, and one `struct tcp_info` and one `struct mptcp_subflow_info` for each
    /// subflow, one behind the other. The initial subflow is first, then the others in the
    /// order in which they joined.
    ///
    /// A `struct mptcp_subflow_info` has 264 bytes: see [`crate::abi::SubflowInfo`]. The other
    /// two structures may be longer than the revision has them.
    ///
    /// # Errors
    /// [`SizeMismatch`] if a structure is shorter than the revision has it, or if the bytes are
    /// not a whole number of structures.
    pub fn new(
        revision: &Revision,
        info: Content<'a>,
        tcp_infos: Content<'a>,
        subflow_infos: Content<'a>,
    ) -> Result<Connection<'a>, SizeMismatch> {
        let (each, all) = (SUBFLOW_INFO as usize, subflow_infos.len());
        let subflows = all / each;
        let mismatch =
            |structure, bytes, count, size| Err(SizeMismatch { structure, bytes, count, size });
        if info.len() < revision.mptcp_info as usize {
            return mismatch("mptcp_info", info.len(), 1, revision.mptcp_info);
        }
        if all % each != 0 {
            return mismatch("mptcp_subflow_info", all, subflows + 1, SUBFLOW_INFO);
        }
        let tcp_info = tcp_infos.len().checked_div(subflows).unwrap_or(revision.tcp_info as usize);
        if tcp_info < revision.tcp_info as usize || tcp_info * subflows != tcp_infos.len() {
            return mismatch("tcp_info", tcp_infos.len(), subflows, revision.tcp_info);
        }
        Ok(Connection { info, tcp_infos, tcp_info, subflow_infos })
    }

    /// The size of `struct mptcp_info`: that of the revision, or of the contents if these were
    /// made for a revision with a shorter structure.
    #[inline]
    pub(crate) fn info_size(&self, revision: &Revision) -> KernelSize {
        KernelSize(revision.mptcp_info.min(self.info.len() as u32))
    }

    /// The size of `struct tcp_info`, likewise.
    #[inline]
    pub(crate) fn tcp_info_size(&self, revision: &Revision) -> KernelSize {
        KernelSize(revision.tcp_info.min(self.tcp_info as u32))
    }
}
