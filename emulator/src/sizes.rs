//! Sizes of the structures that have had one size ever since, in bytes, as
//! the 32-bit numbers that the headers carry.

use core::mem::{offset_of, size_of};

use crate::abi::{FullInfo, InfoOpt, SubflowAddrs, SubflowData, SubflowInfo};

/// The header of `MPTCP_TCPINFO` and `MPTCP_SUBFLOW_ADDRS`.
pub const SUBFLOW_DATA: u32 = size_of::<SubflowData>() as u32;

/// One element of `MPTCP_SUBFLOW_ADDRS`.
pub const SUBFLOW_ADDRS: u32 = size_of::<SubflowAddrs>() as u32;

/// One element of the array of addresses of `MPTCP_FULL_INFO`.
pub const SUBFLOW_INFO: u32 = size_of::<SubflowInfo>() as u32;

/// Padding between `id` and `addrs` of `struct mptcp_subflow_info`, in bytes.
pub(crate) const SUBFLOW_INFO_HOLE: u32 = SUBFLOW_INFO - SUBFLOW_ADDRS - SUBFLOW_ID;

/// `id` of `struct mptcp_subflow_info`, in bytes.
pub(crate) const SUBFLOW_ID: u32 = 4;

/// Where the addresses stand in one element of `MPTCP_FULL_INFO`.
pub const SUBFLOW_INFO_ADDRS: usize = offset_of!(SubflowInfo, addrs);

/// What `MPTCP_FULL_INFO` takes as input: all before `mptcp_info`.
pub const FULL_INFO_HEADER: u32 = offset_of!(FullInfo, mptcp_info) as u32;

/// The structure of `mptcp_info_opt`, all of it input.
pub const INFO_OPT: u32 = size_of::<InfoOpt>() as u32;

/// One element of the two arrays of addresses of `mptcp_info_opt`: the size of
/// a `sockaddr_storage`.
pub const SOCKADDR: u32 = 128;

/// Where the local address stands in one element of `MPTCP_FULL_INFO`.
pub(crate) const SUBFLOW_INFO_LOCAL: usize = SUBFLOW_INFO_ADDRS + offset_of!(SubflowAddrs, local);

/// Where the peer's address stands in one element of `MPTCP_FULL_INFO`.
pub(crate) const SUBFLOW_INFO_REMOTE: usize = SUBFLOW_INFO_ADDRS + offset_of!(SubflowAddrs, remote);
