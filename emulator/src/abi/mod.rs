//! The structures that `getsockopt(SOL_MPTCP, …)` exchanges with user space.
//!
//! Each is the *newest* layout (Linux 7.3). The kernel extends them only at the end, so the layout
//! of an older release is a prefix of the one here, and the size that a release uses is a number,
//! not another type. (One exception, marked at its field: the last word of [`TcpInfo`] changed its
//! meaning.)
//!
//! Every field is an integer or an array of bytes, and the padding of C is an explicit `_hole…`
//! field. Every structure has a table `FIELDS` of its bytes for reports about a single byte. One
//! macro declares both.
//!
//! The layouts are those of a 64-bit kernel, little or big endian. A 64-bit kernel uses them for
//! 32-bit programs too: see [`SubflowInfo`] for the consequences.

mod field;
mod full_info;
mod info_opt;
mod mptcp_info;
mod subflow;
mod tcp_info;

pub use field::{Field, HOLE, field_at};
pub use full_info::{FULL_INFO_HEADER, FullInfo};
pub use info_opt::{INFO_OPT, InfoOpt, InfoOptPtr};
pub use mptcp_info::MptcpInfo;
pub use subflow::{
    SOCKADDR, SUBFLOW_ADDRS, SUBFLOW_DATA, SUBFLOW_INFO, SUBFLOW_INFO_ADDRS, SubflowAddrs,
    SubflowData, SubflowInfo,
};
pub(crate) use subflow::{SUBFLOW_ID, SUBFLOW_INFO_HOLE};
pub use tcp_info::TcpInfo;

/// The protocol number to open an MPTCP socket with (`linux/in.h`, since 5.6).
pub const IPPROTO_MPTCP: i32 = 262;

/// The option level of the four options below (`linux/socket.h`, kernel-internal headers; since
/// 5.16).
pub const SOL_MPTCP: i32 = 284;

/// Option: one [`MptcpInfo`] of the connection (`linux/mptcp.h`, since 5.16).
pub const MPTCP_INFO: i32 = 1;

/// Option: a [`SubflowData`] header, then one [`TcpInfo`] for each subflow (`linux/mptcp.h`, since
/// 5.16).
pub const MPTCP_TCPINFO: i32 = 2;

/// Option: a [`SubflowData`] header, then one [`SubflowAddrs`] for each subflow (`linux/mptcp.h`,
/// since 5.16).
pub const MPTCP_SUBFLOW_ADDRS: i32 = 3;

/// Option: a [`FullInfo`], which points at arrays of [`SubflowInfo`] and [`TcpInfo`]
/// (`linux/mptcp.h`, since 6.5).
pub const MPTCP_FULL_INFO: i32 = 4;

/// Option: an [`InfoOpt`], which points at four buffers. The design of July 2021 in the module
/// `info_opt`, which no kernel shipped; the number is this project's own, for the kernel patch that
/// adds it.
pub const MPTCP_INFO_OPT: i32 = 2021;

/// Bit of [`MptcpInfo::mptcpi_flags`]: the connection fell back to TCP (`linux/mptcp.h`).
pub const MPTCP_INFO_FLAG_FALLBACK: u32 = 1 << 0;

/// Bit of [`MptcpInfo::mptcpi_flags`]: the peer's key is known (`linux/mptcp.h`).
pub const MPTCP_INFO_FLAG_REMOTE_KEY_RECEIVED: u32 = 1 << 1;
