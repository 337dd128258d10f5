//! Kernel revisions as data: no algorithm asks for a version.

use crate::decisions::Decisions;
use crate::sizes::SUBFLOW_INFO_HOLE;

/// What MPTCP_INFO does with a length of 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ZeroLength {
    /// Stores it back and copies nothing.
    Stored,
    /// Touches nothing.
    Untouched,
}

/// Whether the model of a revision has met a kernel of that revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Evidence {
    /// Compared byte for byte with a real kernel, the one named.
    Ran(&'static str),
    /// Read from sources only.
    ReadOnly,
}

/// A kernel as far as these options can tell one from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revision {
    /// The first upstream release that behaves so.
    pub name: &'static str,
    /// Bytes in `struct tcp_info`.
    pub tcp_info: u32,
    /// Bytes in `struct mptcp_info`.
    pub mptcp_info: u32,
    /// Whether `MPTCP_FULL_INFO` exists.
    pub full_info: bool,
    /// Whether the `mptcp_info_opt` of [`crate::info_opt`] exists, which it does
    /// on no kernel that was released.
    pub info_opt: bool,
    /// Bytes of padding between `id` and `addrs` of `struct mptcp_subflow_info`: 4, whoever
    /// calls. A kernel that kept to the layout of 32-bit programs would have none for them.
    pub subflow_info_hole: u32,
    /// What MPTCP_INFO does with a length of 0.
    pub zero_length: ZeroLength,
    /// Where the figures come from.
    pub sources: &'static str,
    /// Whether a real kernel of this revision was compared.
    pub evidence: Evidence,
}

impl Revision {
    /// Linux 5.16, the first with `SOL_MPTCP`.
    pub const V5_16: Revision = Revision {
        name: "5.16",
        tcp_info: 232,
        mptcp_info: 48,
        full_info: false,
        info_opt: false,
        subflow_info_hole: SUBFLOW_INFO_HOLE,
        zero_length: ZeroLength::Stored,
        sources: "commits 55c42fa7fa33, 06f15cee3695 and c11c5906bc0a; sizes as in 6.1, by the dates of what was added",
        evidence: Evidence::ReadOnly,
    };

    /// Linux 6.1, a long-term series: as 5.16.
    pub const V6_1: Revision = Revision {
        name: "6.1",
        sources: "include/uapi of Debian's 6.1.192, compiled",
        evidence: Evidence::Ran("6.1.192"),
        ..Revision::V5_16
    };

    /// Linux 6.5: `MPTCP_FULL_INFO`; byte counters in `mptcp_info`;
    /// `tcp_info` grew in 6.2.
    pub const V6_5: Revision = Revision {
        name: "6.5",
        tcp_info: 240,
        mptcp_info: 80,
        full_info: true,
        sources: "commits 492432074e4f, 38967f424b5b and 71fc704768f6",
        evidence: Evidence::ReadOnly,
        ..Revision::V6_1
    };

    /// Linux 6.8: `mptcpi_subflows_total`; `tcp_info` grew in 6.7.
    pub const V6_8: Revision = Revision {
        name: "6.8",
        tcp_info: 248,
        mptcp_info: 88,
        sources: "mptcp.dev's table of fields; commit 3868ab0f1925",
        ..Revision::V6_5
    };

    /// Linux 6.10: clocks in `mptcp_info`; a length of 0 ends the call early.
    pub const V6_10: Revision = Revision {
        name: "6.10",
        mptcp_info: 96,
        zero_length: ZeroLength::Untouched,
        sources: "mptcp.dev's table of fields; commit ce5f6f71b029",
        ..Revision::V6_8
    };

    /// Linux 6.12, a long-term series: as 6.10.
    pub const V6_12: Revision = Revision {
        name: "6.12",
        sources: "include/uapi of Debian's 6.12.117, compiled",
        evidence: Evidence::Ran("6.12.117"),
        ..Revision::V6_10
    };

    /// Linux 6.18: counters of accurate ECN in `tcp_info`.
    pub const V6_18: Revision = Revision {
        name: "6.18",
        tcp_info: 280,
        sources: "sizes of the attributes of sock_diag dumps on a 6.18.44",
        evidence: Evidence::Ran("6.18.44"),
        ..Revision::V6_12
    };

    /// Linux 7.2 and 7.3: as 6.18; `tcp_info`'s last word is read otherwise.
    pub const V7_2: Revision = Revision {
        name: "7.2",
        sources: "include/uapi of Debian's 7.2.13 and 7.3-rc7, compiled",
        evidence: Evidence::Ran("7.2.13"),
        ..Revision::V6_18
    };

    /// All revisions, the oldest first.
    pub const ALL: [Revision; 8] = [
        Revision::V5_16,
        Revision::V6_1,
        Revision::V6_5,
        Revision::V6_8,
        Revision::V6_10,
        Revision::V6_12,
        Revision::V6_18,
        Revision::V7_2,
    ];

    /// The newest revision that there is data for.
    pub const NEWEST: Revision = Revision::V7_2;

    /// The revision of a release, by the numbers before and behind its first
    /// dot: the newest one that is not newer. `None` before 5.16.
    pub fn of_release(major: u32, minor: u32) -> Option<Revision> {
        let mut found = None;
        for revision in Revision::ALL {
            if revision.release() <= (major, minor) {
                found = Some(revision);
            }
        }
        found
    }

    /// The numbers in the revision's name.
    fn release(&self) -> (u32, u32) {
        let number = |part: Option<&str>| part.and_then(|digits| digits.parse().ok()).unwrap_or(0);
        let mut parts = self.name.split('.');
        (number(parts.next()), number(parts.next()))
    }

    /// This revision with sizes that were found out otherwise: those of the
    /// attributes of `sock_diag` dumps, in bytes.
    #[must_use]
    pub const fn with_sizes(self, tcp_info: u32, mptcp_info: u32) -> Revision {
        Revision { tcp_info, mptcp_info, ..self }
    }

    /// This revision as it answers 32-bit programs.
    #[must_use]
    pub const fn compat<D: Decisions>(self) -> Revision {
        Revision { subflow_info_hole: D::COMPAT_SUBFLOW_INFO_HOLE, ..self }
    }

    /// This revision with `mptcp_info_opt` added.
    #[must_use]
    pub const fn with_info_opt(self) -> Revision {
        Revision { info_opt: true, ..self }
    }
}
