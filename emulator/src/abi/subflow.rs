//! The structures of one subflow, and the header in front of them.

use core::mem::offset_of;
use core::net::SocketAddr;

use super::field::{HOLE, abi_struct};
#[cfg(doc)]
use super::full_info::FullInfo;

abi_struct! {
    /// The header before the elements of `MPTCP_TCPINFO` and `MPTCP_SUBFLOW_ADDRS`: `struct
    /// mptcp_subflow_data` of `linux/mptcp.h`, since 5.16. 16 bytes, in C aligned to 8.
    pub struct SubflowData, 16 bytes {
        /// In: the size of this header as the program has it, 16 or more; the elements start there.
        /// 4 bytes.
        pub size_subflow_data: u32,
        /// In: 0. Out: subflows of the connection, also where there was room for fewer. 4 bytes, a
        /// count.
        pub num_subflows: u32,
        /// In: 0. Out: the size of one element as the kernel has it. 4 bytes, bytes.
        pub size_kernel: u32,
        /// In: the size of one element as the program has it. Out: the lesser of that and the
        /// kernel's, which is the distance from element to element. 4 bytes, bytes.
        pub size_user: u32,
    }
}

const _: () =
    assert!(offset_of!(SubflowData, num_subflows) == 4 && offset_of!(SubflowData, size_user) == 12);

/// Bytes in a [`SubflowData`], the header of `MPTCP_TCPINFO` and `MPTCP_SUBFLOW_ADDRS`.
pub const SUBFLOW_DATA: u32 = size_of::<SubflowData>() as u32;

/// `AF_INET` as a `sockaddr`'s family.
const AF_INET: u16 = 2;
/// `AF_INET6` as a `sockaddr`'s family.
const AF_INET6: u16 = 10;

abi_struct! {
    /// The two addresses of a subflow: `struct mptcp_subflow_addrs` of `linux/mptcp.h`, since 5.16.
    /// 256 bytes, in C aligned as a pointer is.
    ///
    /// In C each half is a union of the socket address types, `sockaddr_storage` being the largest.
    pub struct SubflowAddrs, 256 bytes {
        /// The local address: a `sockaddr_in` or `sockaddr_in6`, then zeroes. 128 bytes.
        pub local: [u8; 128] = "ss_local",
        /// The peer's address, the same. 128 bytes.
        pub remote: [u8; 128] = "ss_remote",
    }
}

const _: () = assert!(offset_of!(SubflowAddrs, remote) == 128);

/// Bytes in a [`SubflowAddrs`], one element of `MPTCP_SUBFLOW_ADDRS`.
pub const SUBFLOW_ADDRS: u32 = size_of::<SubflowAddrs>() as u32;

/// Bytes in one address, a `sockaddr_storage`: one element of the two arrays of addresses of
/// `mptcp_info_opt`.
pub const SOCKADDR: u32 = 128;

impl SubflowAddrs {
    /// The structure as the kernel fills it: family, port and address of either end, everything
    /// else zero.
    ///
    /// The flow label and the scope of an IPv6 address are left out, because the kernel never fills
    /// them here: not even the scope of a link-local address. An IPv4-mapped address keeps the
    /// family of the [`SocketAddr`] that it is given as.
    pub const fn new(local: SocketAddr, remote: SocketAddr) -> Self {
        Self { local: sockaddr(local), remote: sockaddr(remote) }
    }
}

/// A `sockaddr_in` or `sockaddr_in6`, padded with zeroes to the size of a `sockaddr_storage`.
const fn sockaddr(addr: SocketAddr) -> [u8; 128] {
    let mut out = [0; 128];
    let (family, _) = match addr {
        SocketAddr::V4(v4) => (AF_INET, put(&mut out, 4, &v4.ip().octets())),
        // Bytes 4 to 7 are the flow label, 24 to 27 the scope.
        SocketAddr::V6(v6) => (AF_INET6, put(&mut out, 8, &v6.ip().octets())),
    };
    put(&mut out, 0, &family.to_ne_bytes());
    put(&mut out, 2, &addr.port().to_be_bytes());
    out
}

/// Writes `bytes` at `offset`.
const fn put(out: &mut [u8; 128], offset: usize, bytes: &[u8]) {
    let mut i = 0;
    while i < bytes.len() {
        out[offset + i] = bytes[i];
        i += 1;
    }
}

abi_struct! {
    /// One element of the first array that a [`FullInfo`] points at: `struct mptcp_subflow_info` of
    /// `linux/mptcp.h`, since 6.5. 264 bytes, in C aligned as a pointer is.
    ///
    /// On i386 C has no hole here, and the structure is 260 bytes; but a 64-bit kernel answers a
    /// 32-bit program with the layout below all the same. Such a program finds 0 for the family of
    /// each local address, and all that follows four bytes too far on.
    pub struct SubflowInfo, 264 bytes {
        /// Number of the subflow within the connection: 1 for the initial one, then counting up,
        /// never the number of an earlier one. Except 0, for an initial subflow that was
        /// disconnected or refused: it stays in the list, and keeps the 0 when the socket is
        /// connected again. 4 bytes.
        pub id: u32,
        /// Padding before `addrs`: 4 bytes, zero.
        #[doc(hidden)]
        pub _hole4: [u8; 4] = HOLE,
        /// The subflow's addresses. 256 bytes.
        pub addrs: SubflowAddrs,
    }
}

const _: () = assert!(offset_of!(SubflowInfo, addrs) == 8);

/// Bytes in a [`SubflowInfo`], one element of the array of addresses of `MPTCP_FULL_INFO`.
pub const SUBFLOW_INFO: u32 = size_of::<SubflowInfo>() as u32;

/// Offset of the addresses in a [`SubflowInfo`], in bytes.
pub const SUBFLOW_INFO_ADDRS: usize = offset_of!(SubflowInfo, addrs);

/// Bytes in [`SubflowInfo::id`].
pub(crate) const SUBFLOW_ID: u32 = 4;

/// Bytes of padding between `id` and `addrs` of a [`SubflowInfo`].
pub(crate) const SUBFLOW_INFO_HOLE: u32 = SUBFLOW_INFO - SUBFLOW_ADDRS - SUBFLOW_ID;
