//! `struct mptcp_info_opt`, of the design of July 2021.

use core::mem::offset_of;

use super::field::abi_struct;
#[cfg(doc)]
use super::{mptcp_info::MptcpInfo, subflow::SubflowAddrs, tcp_info::TcpInfo};

abi_struct! {
    /// One block of an [`InfoOpt`]: `struct mptcp_info_opt_ptr` of the design of July 2021. 24
    /// bytes.
    pub struct InfoOptPtr, 24 bytes {
        /// In: where the elements go; null if they are not wanted. Not changed. 8 bytes, for 32-bit
        /// programs too.
        pub address: u64,
        /// In: elements that there is room for. Out: those that were filled. 4 bytes, a count.
        pub nmemb_user: u32,
        /// In: the program's size of an element. Out: the lesser of that and the kernel's, which is
        /// the distance from element to element. 4 bytes, bytes.
        pub size_user: u32,
        /// Out: elements that would have been filled, had there been room. 4 bytes, a count.
        pub nmemb_kernel: u32,
        /// Out: the kernel's size of an element. 4 bytes, bytes.
        pub size_kernel: u32,
    }
}

abi_struct! {
    /// The buffer of [`MPTCP_INFO_OPT`](crate::abi::MPTCP_INFO_OPT): `struct mptcp_info_opt` of the
    /// design of July 2021. 96 bytes.
    pub struct InfoOpt, 96 bytes {
        /// One [`MptcpInfo`]; what [`InfoOptPtr::nmemb_user`] says of it does not matter.
        pub mptcp_info: InfoOptPtr,
        /// An array of [`TcpInfo`], one for each subflow.
        pub tcp_info: InfoOptPtr,
        /// An array of local addresses, each a `sockaddr_storage` of 128 bytes, as
        /// [`SubflowAddrs::local`].
        pub socknames: InfoOptPtr,
        /// An array of peers' addresses, as [`SubflowAddrs::remote`].
        pub peernames: InfoOptPtr,
    }
}

/// Bytes in an [`InfoOpt`], all of which are input.
pub const INFO_OPT: u32 = size_of::<InfoOpt>() as u32;

const _: () =
    assert!(offset_of!(InfoOptPtr, size_kernel) == 20 && offset_of!(InfoOpt, peernames) == 72);
