//! `struct mptcp_full_info`.

use core::mem::offset_of;

use super::field::abi_struct;
use super::mptcp_info::MptcpInfo;
#[cfg(doc)]
use super::{subflow::SubflowInfo, tcp_info::TcpInfo};

abi_struct! {
    /// The buffer of `MPTCP_FULL_INFO`: `struct mptcp_full_info` of `linux/mptcp.h`, since 6.5. 136
    /// bytes: a header of 40 that must be there, then an [`MptcpInfo`] of which any part may be
    /// missing.
    pub struct FullInfo, 136 bytes {
        /// In: 0. Out: the kernel's size of a [`TcpInfo`]. 4 bytes, bytes.
        pub size_tcpinfo_kernel: u32,
        /// In: the program's size of a [`TcpInfo`]. Out: the lesser of the two, which is the
        /// distance from element to element. 4 bytes, bytes.
        pub size_tcpinfo_user: u32,
        /// In: 0. Out: the kernel's size of a [`SubflowInfo`]. 4 bytes, bytes.
        pub size_sfinfo_kernel: u32,
        /// In: the program's size of a [`SubflowInfo`]. Out: the lesser of the two, the distance
        /// likewise. 4 bytes, bytes.
        pub size_sfinfo_user: u32,
        /// In: 0. Out: subflows of the connection, also where there was room for fewer. 4 bytes, a
        /// count.
        pub num_subflows: u32,
        /// In: elements that either array has room for. Not changed. 4 bytes, a count.
        pub size_arrays_user: u32,
        /// In: address of an array of [`SubflowInfo`]. Not changed. 8 bytes, for 32-bit programs
        /// too.
        pub subflow_info: u64,
        /// In: address of an array of [`TcpInfo`]. Not changed. 8 bytes, for 32-bit programs too.
        pub tcp_info: u64,
        /// Out: the connection's state, as far as there is room. 96 bytes in the newest layout.
        pub mptcp_info: MptcpInfo,
    }
}

impl FullInfo {
    /// Bytes of the header, which is all before [`FullInfo::mptcp_info`].
    pub const HEADER: usize = offset_of!(FullInfo, mptcp_info);
}

/// Bytes that `MPTCP_FULL_INFO` takes as input: all before `mptcp_info`.
pub const FULL_INFO_HEADER: u32 = FullInfo::HEADER as u32;

const _: () = {
    assert!(FullInfo::HEADER == 40);
    assert!(offset_of!(FullInfo, num_subflows) == 16);
    assert!(offset_of!(FullInfo, subflow_info) == 24);
    assert!(offset_of!(FullInfo, tcp_info) == 32);
};
