//! The structures that `getsockopt(SOL_MPTCP, …)` exchanges with user space, in our own declarations.
//!
//! Each is the *newest* layout (Linux 7.3). The kernel extends them only at the end, so the layout of an older
//! release is a prefix of the one here, and the size that a release uses is a number, not another type. (One
//! exception, marked at its field: the last word of [`TcpInfo`] changed its meaning.)
//!
//! Everything here is plain bytes: every field is an integer or an array of bytes, and what C leaves as padding is
//! an explicit `_hole…` field. Every structure has a table `FIELDS` of its bytes, made from the same declaration as
//! the structure, for reports about a single byte.
//!
//! The layouts are those of a 64-bit kernel, little or big endian. A 64-bit kernel uses them for 32-bit programs
//! too: [`SubflowInfo`] says where that matters.

use core::mem::{offset_of, size_of};
use core::net::SocketAddr;

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

use crate::release::Release;

/// The protocol number to open an MPTCP socket with (`linux/in.h`, since 5.6).
pub const IPPROTO_MPTCP: i32 = 262;

/// The option level of the four options below (`linux/socket.h`, kernel-internal headers; since 5.16).
pub const SOL_MPTCP: i32 = 284;

/// Option: one [`MptcpInfo`] of the connection (`linux/mptcp.h`, since 5.16).
pub const MPTCP_INFO: i32 = 1;

/// Option: a [`SubflowData`] header, then one [`TcpInfo`] for each subflow (`linux/mptcp.h`, since 5.16).
pub const MPTCP_TCPINFO: i32 = 2;

/// Option: a [`SubflowData`] header, then one [`SubflowAddrs`] for each subflow (`linux/mptcp.h`, since 5.16).
pub const MPTCP_SUBFLOW_ADDRS: i32 = 3;

/// Option: a [`FullInfo`], which points at arrays of [`SubflowInfo`] and [`TcpInfo`] (`linux/mptcp.h`, since 6.5).
pub const MPTCP_FULL_INFO: i32 = 4;

/// Option: an [`InfoOpt`], which points at four buffers. The design of July 2021 in [`crate::info_opt`], which no
/// kernel shipped; the number is this project's own, for the kernel patch that adds it.
pub const MPTCP_INFO_OPT: i32 = 2021;

/// Bit of [`MptcpInfo::mptcpi_flags`]: the connection fell back to TCP (`linux/mptcp.h`).
pub const MPTCP_INFO_FLAG_FALLBACK: u32 = 1 << 0;

/// Bit of [`MptcpInfo::mptcpi_flags`]: the peer's key is known (`linux/mptcp.h`).
pub const MPTCP_INFO_FLAG_REMOTE_KEY_RECEIVED: u32 = 1 << 1;

/// Where some bytes of a structure are, and what they are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// The field's name in the UAPI header; `(hole)` for padding; bit fields that share bytes stand together, each
    /// with its width in bits, lowest bits (on little endian) first: `a:4,b:4`.
    pub name: &'static str,
    /// Bytes from the start of the structure.
    pub offset: u16,
    /// Bytes.
    pub size: u16,
    /// The first release whose header has the field under this name with this meaning; an earlier one than 5.16, the
    /// first with `SOL_MPTCP`, where the structure came to other interfaces before. `None` for a field that is older
    /// still, or as old as its structure.
    pub since: Option<Release>,
    /// The first release whose structure reaches as far, where that is earlier than `since`: the bytes were padding or
    /// reserved, or had another meaning.
    pub bytes_since: Option<Release>,
    /// What the field holds, and in which unit: the text of its documentation.
    pub about: &'static str,
}

/// The [`Field::name`] of padding.
pub const HOLE: &str = "(hole)";

/// The field that the byte at `offset` belongs to; `None` past the end.
pub const fn field_at(fields: &'static [Field], offset: usize) -> Option<&'static Field> {
    let mut i = 0;
    while i < fields.len() {
        let start = fields[i].offset as usize;
        if offset >= start && offset < start + fields[i].size as usize {
            return Some(&fields[i]);
        }
        i += 1;
    }
    None
}

/// Whether the table covers `size` bytes, in order, without a gap.
const fn covers(fields: &[Field], size: usize) -> bool {
    let (mut i, mut end) = (0, 0);
    while i < fields.len() {
        if fields[i].offset as usize != end || fields[i].size == 0 {
            return false;
        }
        end += fields[i].size as usize;
        i += 1;
    }
    end == size
}

/// Declares a structure of a given size together with its table of fields. `field: type = "label"` gives a field
/// another name in the table than its own. `#[since(6, 5)]` is [`Field::since`]; `#[since(6, 5, bytes 5, 16)]` has
/// [`Field::bytes_since`] as well.
macro_rules! abi_struct {
    (
        $(#[$meta:meta])*
        pub struct $name:ident, $size:literal bytes {
            $(
                $(#[doc = $about:literal])+
                $(#[doc($hidden:ident)])?
                $(#[since($major:literal, $minor:literal $(, bytes $early_major:literal, $early_minor:literal)?)])?
                pub $field:ident : $type:ty $(= $label:expr)?
            ),* $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable)]
        #[repr(C)]
        pub struct $name { $(
            $(#[doc = $about])+
            $(#[doc = concat!(" Since ", $major, ".", $minor, ".")])?
            $(#[doc($hidden)])?
            pub $field: $type,
        )* }

        impl $name {
            /// Every byte of the structure, in order of offset.
            pub const FIELDS: &'static [Field] = &[ $( Field {
                name: abi_struct!(@label $field $($label)?),
                offset: offset_of!($name, $field) as u16,
                size: size_of::<$type>() as u16,
                since: abi_struct!(@release $($major, $minor)?),
                bytes_since: abi_struct!(@release $($($early_major, $early_minor)?)?),
                about: concat!($($about),+),
            } ),* ];
        }

        const _: () = assert!(size_of::<$name>() == $size);
        const _: () = assert!(covers($name::FIELDS, $size));
    };
    (@release) => { None };
    (@release $major:literal, $minor:literal) => { Some(Release::mainline($major, $minor)) };
    (@label $field:ident) => { stringify!($field) };
    (@label $field:ident $label:expr) => { $label };
}

abi_struct! {
    /// State of one MPTCP connection: `struct mptcp_info` of `linux/mptcp.h`. 96 bytes.
    ///
    /// The header has it since 5.9, for `sock_diag` first. Upstream it was 40 bytes then, 48 from 5.12, 80 in 6.5,
    /// 88 in 6.8, 96 from 6.10. A release's size is here the end of its last field, rounded up to 8.
    ///
    /// Release 6.18 gave several fields a second, clearer name; both are given below.
    pub struct MptcpInfo, 96 bytes {
        /// Subflows besides the initial one; also named `mptcpi_extra_subflows`. 1 byte, a count. With the userspace
        /// path manager it is counted since 6.4, 6.3.8 and 6.1.34, and a failed `SUBFLOW_CREATE` takes it below 0,
        /// to 255, until 7.1.
        #[since(5, 9)]
        pub mptcpi_subflows: u8,
        /// Addresses announced to the peer with ADD_ADDR. 1 byte, a count; with the userspace path manager as the
        /// field before.
        #[since(5, 9)]
        pub mptcpi_add_addr_signal: u8,
        /// Announcements of the peer that were accepted. 1 byte, a count.
        #[since(5, 9)]
        pub mptcpi_add_addr_accepted: u8,
        /// The in-kernel path manager's limit of additional subflows; also `mptcpi_limit_extra_subflows`. 1 byte.
        /// This field, the two behind it and `mptcpi_local_addr_max` are 0 with the userspace path manager since 6.4,
        /// and for a socket that listens since 6.5.
        #[since(5, 9)]
        pub mptcpi_subflows_max: u8,
        /// Endpoints with the `signal` flag; also `mptcpi_endp_signal_max`. 1 byte, a count.
        #[since(5, 9)]
        pub mptcpi_add_addr_signal_max: u8,
        /// The in-kernel path manager's limit of accepted announcements; also `mptcpi_limit_add_addr_accepted`.
        /// 1 byte.
        #[since(5, 9)]
        pub mptcpi_add_addr_accepted_max: u8,
        /// Padding before `mptcpi_flags`: 2 bytes, zero; the header says that they can no longer be filled.
        #[doc(hidden)]
        pub _hole6: [u8; 2] = HOLE,
        /// `MPTCP_INFO_FLAG_…` bits. 4 bytes.
        #[since(5, 9)]
        pub mptcpi_flags: u32,
        /// The local token of the connection; 0 before a connection is made. 4 bytes.
        #[since(5, 9)]
        pub mptcpi_token: u32,
        /// Data sequence number that the next byte written will get. 8 bytes.
        #[since(5, 9)]
        pub mptcpi_write_seq: u64,
        /// First data sequence number that the peer has not acknowledged. 8 bytes.
        #[since(5, 9)]
        pub mptcpi_snd_una: u64,
        /// Next data sequence number expected from the peer. 8 bytes.
        #[since(5, 9)]
        pub mptcpi_rcv_nxt: u64,
        /// Local addresses in use by subflows of this connection, besides the initial one's. 1 byte.
        #[since(5, 12)]
        pub mptcpi_local_addr_used: u8,
        /// Endpoints with the `subflow` flag; also `mptcpi_endp_subflow_max`. 1 byte.
        #[since(5, 12)]
        pub mptcpi_local_addr_max: u8,
        /// 1 where data checksums are in use. 1 byte.
        #[since(5, 14)]
        pub mptcpi_csum_enabled: u8,
        /// Padding before `mptcpi_retransmits`: 1 byte, zero; the header says that it can no longer be filled.
        #[doc(hidden)]
        pub _hole43: [u8; 1] = HOLE,
        /// Retransmission timeouts at the MPTCP level in a row. 4 bytes. (Before 6.5 these bytes were
        /// the structure's tail padding.)
        #[since(6, 5, bytes 5, 16)]
        pub mptcpi_retransmits: u32,
        /// Bytes retransmitted at the MPTCP level. 8 bytes.
        #[since(6, 5)]
        pub mptcpi_bytes_retrans: u64,
        /// Payload bytes sent, without retransmissions. 8 bytes.
        #[since(6, 5)]
        pub mptcpi_bytes_sent: u64,
        /// Payload bytes received in order. 8 bytes.
        #[since(6, 5)]
        pub mptcpi_bytes_received: u64,
        /// Payload bytes that the peer has acknowledged. 8 bytes.
        #[since(6, 5)]
        pub mptcpi_bytes_acked: u64,
        /// Subflows, the initial one included while it is established or connecting, so not once either end has
        /// closed it (the `num_subflows` of the other options counts it then too). 1 byte, a count. (6.8 and 6.9 had
        /// seven bytes of padding behind it, 6.10 to 6.17 three bytes named `reserved`, 6.18 two.)
        #[since(6, 8)]
        pub mptcpi_subflows_total: u8,
        /// Endpoints with the `laminar` flag. 1 byte, a count.
        #[since(6, 18, bytes 6, 8)]
        pub mptcpi_endp_laminar_max: u8,
        /// Endpoints with the `fullmesh` flag. 1 byte, a count; wrong after all endpoints were flushed, until 7.1.
        #[since(6, 19, bytes 6, 8)]
        pub mptcpi_endp_fullmesh_max: u8,
        /// Named `reserved` by the header too. 1 byte, zero; as one byte since 6.19.
        #[since(6, 10, bytes 6, 8)]
        pub reserved: u8,
        /// Time since data was last sent. 4 bytes, milliseconds.
        #[since(6, 10, bytes 6, 8)]
        pub mptcpi_last_data_sent: u32,
        /// Time since data was last received. 4 bytes, milliseconds.
        #[since(6, 10)]
        pub mptcpi_last_data_recv: u32,
        /// Time since the last data-level acknowledgement. 4 bytes, milliseconds.
        #[since(6, 10)]
        pub mptcpi_last_ack_recv: u32,
    }
}

const _: () = {
    assert!(offset_of!(MptcpInfo, mptcpi_flags) == 8);
    assert!(offset_of!(MptcpInfo, mptcpi_write_seq) == 16);
    assert!(offset_of!(MptcpInfo, mptcpi_local_addr_used) == 40);
    assert!(offset_of!(MptcpInfo, mptcpi_retransmits) == 44);
    assert!(offset_of!(MptcpInfo, mptcpi_subflows_total) == 80);
    assert!(offset_of!(MptcpInfo, mptcpi_last_data_sent) == 84);
};

abi_struct! {
    /// State of one TCP connection, so of one subflow: `struct tcp_info` of `linux/tcp.h`. 280 bytes.
    ///
    /// 232 bytes from 5.4 to 6.1, 240 from 6.2, 248 from 6.7 and in 6.6.57 and later 6.6, 280 from 6.18. Fields that
    /// carry no release number are in every release that has `SOL_MPTCP`.
    pub struct TcpInfo, 280 bytes {
        /// The TCP state, 1 (established) to 11 (closing). 1 byte. (The header's 12 and 13 are states of requests
        /// and of `inet_diag`, never a subflow's.)
        pub tcpi_state: u8,
        /// The congestion-avoidance state, 0 (open) to 4 (loss). 1 byte.
        pub tcpi_ca_state: u8,
        /// Retransmission timeouts in a row. 1 byte.
        pub tcpi_retransmits: u8,
        /// Unanswered window or keep-alive probes. 1 byte.
        pub tcpi_probes: u8,
        /// Exponent of the timer's backoff. 1 byte.
        pub tcpi_backoff: u8,
        /// `TCPI_OPT_…` bits: which TCP options were negotiated. 1 byte.
        pub tcpi_options: u8,
        /// Window scales: two bit fields of 4 bits, the peer's first (low bits on little endian). 1 byte.
        pub tcpi_wscale: u8 = "tcpi_snd_wscale:4,tcpi_rcv_wscale:4",
        /// Bit 0: the delivery rate was limited by the application; bits 1 and 2: why Fast Open failed (since 5.5);
        /// bits 3 to 7 without a meaning (bit numbers as on little endian). 1 byte. glibc's binding hides it.
        pub tcpi_byte7: u8 = "tcpi_delivery_rate_app_limited:1,tcpi_fastopen_client_fail:2",
        /// Retransmission timeout. 4 bytes, microseconds.
        pub tcpi_rto: u32,
        /// Delayed-acknowledgement timeout. 4 bytes, microseconds.
        pub tcpi_ato: u32,
        /// Segment size for sending. 4 bytes, bytes.
        pub tcpi_snd_mss: u32,
        /// Estimate of the peer's segment size. 4 bytes, bytes.
        pub tcpi_rcv_mss: u32,
        /// Segments in flight; on a listener, connections waiting for `accept`. 4 bytes.
        pub tcpi_unacked: u32,
        /// Segments acknowledged selectively; on a listener, the backlog's limit. 4 bytes.
        pub tcpi_sacked: u32,
        /// Segments held for lost. 4 bytes.
        pub tcpi_lost: u32,
        /// Retransmitted segments in flight. 4 bytes.
        pub tcpi_retrans: u32,
        /// Always 0 in the releases that have `SOL_MPTCP`. 4 bytes.
        pub tcpi_fackets: u32,
        /// Time since data was last sent. 4 bytes, milliseconds.
        pub tcpi_last_data_sent: u32,
        /// Never filled: 0. 4 bytes.
        pub tcpi_last_ack_sent: u32,
        /// Time since data was last received. 4 bytes, milliseconds.
        pub tcpi_last_data_recv: u32,
        /// Time since the last acknowledgement was received. 4 bytes, milliseconds.
        pub tcpi_last_ack_recv: u32,
        /// Path MTU. 4 bytes, bytes.
        pub tcpi_pmtu: u32,
        /// Threshold of the receive window. 4 bytes, bytes.
        pub tcpi_rcv_ssthresh: u32,
        /// Smoothed round-trip time. 4 bytes, microseconds.
        pub tcpi_rtt: u32,
        /// Mean deviation of the round-trip time. 4 bytes, microseconds.
        pub tcpi_rttvar: u32,
        /// Slow-start threshold. 4 bytes, segments.
        pub tcpi_snd_ssthresh: u32,
        /// Congestion window. 4 bytes, segments.
        pub tcpi_snd_cwnd: u32,
        /// Advertised segment size. 4 bytes, bytes.
        pub tcpi_advmss: u32,
        /// Assumed degree of reordering. 4 bytes, segments.
        pub tcpi_reordering: u32,
        /// Round-trip time as the receiver estimates it. 4 bytes, microseconds.
        pub tcpi_rcv_rtt: u32,
        /// Size of the receive space's tuning. 4 bytes, bytes.
        pub tcpi_rcv_space: u32,
        /// Segments retransmitted in all. 4 bytes.
        pub tcpi_total_retrans: u32,
        /// Pacing rate. 8 bytes, bytes a second; all ones for no limit.
        pub tcpi_pacing_rate: u64,
        /// Upper limit of the pacing rate. 8 bytes, bytes a second; all ones for no limit.
        pub tcpi_max_pacing_rate: u64,
        /// Bytes that the peer has acknowledged. 8 bytes.
        pub tcpi_bytes_acked: u64,
        /// Bytes received in order. 8 bytes.
        pub tcpi_bytes_received: u64,
        /// Segments sent. 4 bytes.
        pub tcpi_segs_out: u32,
        /// Segments received. 4 bytes.
        pub tcpi_segs_in: u32,
        /// Bytes written and not yet sent. 4 bytes.
        pub tcpi_notsent_bytes: u32,
        /// Lowest round-trip time seen; all ones before the first measurement. 4 bytes, microseconds.
        pub tcpi_min_rtt: u32,
        /// Segments with data received. 4 bytes.
        pub tcpi_data_segs_in: u32,
        /// Segments with data sent. 4 bytes.
        pub tcpi_data_segs_out: u32,
        /// Latest goodput sample. 8 bytes, bytes a second.
        pub tcpi_delivery_rate: u64,
        /// Time busy sending. 8 bytes, microseconds.
        pub tcpi_busy_time: u64,
        /// Time held up by the receive window. 8 bytes, microseconds.
        pub tcpi_rwnd_limited: u64,
        /// Time held up by the send buffer. 8 bytes, microseconds.
        pub tcpi_sndbuf_limited: u64,
        /// Segments delivered. 4 bytes.
        pub tcpi_delivered: u32,
        /// Segments delivered with congestion marks. 4 bytes.
        pub tcpi_delivered_ce: u32,
        /// Bytes sent, retransmissions included. 8 bytes.
        pub tcpi_bytes_sent: u64,
        /// Bytes retransmitted. 8 bytes.
        pub tcpi_bytes_retrans: u64,
        /// Duplicate selective acknowledgements received. 4 bytes.
        pub tcpi_dsack_dups: u32,
        /// Times that reordering was seen. 4 bytes.
        pub tcpi_reord_seen: u32,
        /// Segments received out of order. 4 bytes.
        pub tcpi_rcv_ooopack: u32,
        /// The peer's receive window, scaled. 4 bytes, bytes.
        pub tcpi_snd_wnd: u32,
        /// The local receive window, scaled. 4 bytes, bytes.
        #[since(6, 2)]
        pub tcpi_rcv_wnd: u32,
        /// Changes of the flow label or hash, after timeouts or for protective load balancing (PLB). 4 bytes.
        #[since(6, 2)]
        pub tcpi_rehash: u32,
        /// Retransmission timeouts in all. 2 bytes. This field and the two behind it are in 6.6.57 and later 6.6 too.
        #[since(6, 7)]
        pub tcpi_total_rto: u16,
        /// Recoveries from retransmission timeouts. 2 bytes.
        #[since(6, 7)]
        pub tcpi_total_rto_recoveries: u16,
        /// Time spent in such recoveries, a running one included. 4 bytes, milliseconds.
        #[since(6, 7)]
        pub tcpi_total_rto_time: u32,
        /// Segments received with congestion marks. 4 bytes.
        #[since(6, 18)]
        pub tcpi_received_ce: u32,
        /// Bytes delivered with the mark ECT(1). 4 bytes.
        #[since(6, 18)]
        pub tcpi_delivered_e1_bytes: u32,
        /// Bytes delivered with the mark ECT(0). 4 bytes.
        #[since(6, 18)]
        pub tcpi_delivered_e0_bytes: u32,
        /// Bytes delivered with the mark CE. 4 bytes.
        #[since(6, 18)]
        pub tcpi_delivered_ce_bytes: u32,
        /// Bytes received with the mark ECT(1). 4 bytes.
        #[since(6, 18)]
        pub tcpi_received_e1_bytes: u32,
        /// Bytes received with the mark ECT(0). 4 bytes.
        #[since(6, 18)]
        pub tcpi_received_e0_bytes: u32,
        /// Bytes received with the mark CE. 4 bytes.
        #[since(6, 18)]
        pub tcpi_received_ce_bytes: u32,
        /// Accurate ECN, as bit fields (bit numbers as on little endian): bits 0 and 1 `tcpi_ecn_mode`, 2 and 3
        /// `tcpi_accecn_opt_seen`, 4 to 7 `tcpi_accecn_fail_mode`, 8 to 31 `tcpi_options2`. 4 bytes.
        ///
        /// In 6.18 and 6.19 the same bytes were two fields of 16 bits: `tcpi_accecn_fail_mode`, then
        /// `tcpi_accecn_opt_seen`; `tcpi_ecn_mode` and `tcpi_options2` did not exist. The only bytes here whose
        /// meaning depends on the release.
        #[since(7, 0, bytes 6, 18)]
        pub tcpi_ecn_bits: u32 =
            "tcpi_ecn_mode:2,tcpi_accecn_opt_seen:2,tcpi_accecn_fail_mode:4,tcpi_options2:24",
    }
}

const _: () = {
    assert!(offset_of!(TcpInfo, tcpi_rto) == 8);
    assert!(offset_of!(TcpInfo, tcpi_last_data_sent) == 44);
    assert!(offset_of!(TcpInfo, tcpi_pacing_rate) == 104);
    assert!(offset_of!(TcpInfo, tcpi_delivery_rate) == 160);
    assert!(offset_of!(TcpInfo, tcpi_bytes_sent) == 200);
    assert!(offset_of!(TcpInfo, tcpi_rcv_wnd) == 232);
    assert!(offset_of!(TcpInfo, tcpi_total_rto) == 240);
    assert!(offset_of!(TcpInfo, tcpi_received_ce) == 248);
    assert!(offset_of!(TcpInfo, tcpi_ecn_bits) == 276);
};

abi_struct! {
    /// What stands before the elements of `MPTCP_TCPINFO` and `MPTCP_SUBFLOW_ADDRS`: `struct mptcp_subflow_data`
    /// of `linux/mptcp.h`, since 5.16. 16 bytes, in C aligned to 8.
    pub struct SubflowData, 16 bytes {
        /// In: the size of this header as the program has it, 16 or more; the elements start there. 4 bytes.
        pub size_subflow_data: u32,
        /// In: 0. Out: subflows of the connection, also where there was room for fewer. 4 bytes, a count.
        pub num_subflows: u32,
        /// In: 0. Out: the size of one element as the kernel has it. 4 bytes, bytes.
        pub size_kernel: u32,
        /// In: the size of one element as the program has it. Out: the lesser of that and the kernel's, which is
        /// the distance from element to element. 4 bytes, bytes.
        pub size_user: u32,
    }
}

const _: () =
    assert!(offset_of!(SubflowData, num_subflows) == 4 && offset_of!(SubflowData, size_user) == 12);

/// `AF_INET` as a `sockaddr`'s family.
const AF_INET: u16 = 2;
/// `AF_INET6` as a `sockaddr`'s family.
const AF_INET6: u16 = 10;

abi_struct! {
    /// The two addresses of a subflow: `struct mptcp_subflow_addrs` of `linux/mptcp.h`, since 5.16. 256 bytes, in C
    /// aligned as a pointer is.
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

impl SubflowAddrs {
    /// The structure as the kernel fills it: family, port and address of either end, everything else zero.
    ///
    /// The flow label and the scope of an IPv6 address are left out, because the kernel never fills them here: not
    /// even the scope of a link-local address. An IPv4-mapped address keeps the family of the [`SocketAddr`] that it
    /// is given as.
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
    /// On i386 C has no hole here, and the structure is 260 bytes; but a 64-bit kernel answers a 32-bit program
    /// with the layout below all the same. Such a program finds 0 for the family of each local address, and all
    /// that follows four bytes too far on.
    pub struct SubflowInfo, 264 bytes {
        /// Number of the subflow within the connection: 1 for the initial one, then counting up, never the number of
        /// an earlier one. Except 0, for an initial subflow that was disconnected or refused: it stays in the list,
        /// and keeps the 0 when the socket is connected again. 4 bytes.
        pub id: u32,
        /// Padding before `addrs`: 4 bytes, zero.
        #[doc(hidden)]
        pub _hole4: [u8; 4] = HOLE,
        /// The subflow's addresses. 256 bytes.
        pub addrs: SubflowAddrs,
    }
}

const _: () = assert!(offset_of!(SubflowInfo, addrs) == 8);

abi_struct! {
    /// The buffer of `MPTCP_FULL_INFO`: `struct mptcp_full_info` of `linux/mptcp.h`, since 6.5. 136 bytes: a header
    /// of 40 that must be there, then an [`MptcpInfo`] of which any part may be missing.
    pub struct FullInfo, 136 bytes {
        /// In: 0. Out: the kernel's size of a [`TcpInfo`]. 4 bytes, bytes.
        pub size_tcpinfo_kernel: u32,
        /// In: the program's size of a [`TcpInfo`]. Out: the lesser of the two, which is the distance from element
        /// to element. 4 bytes, bytes.
        pub size_tcpinfo_user: u32,
        /// In: 0. Out: the kernel's size of a [`SubflowInfo`]. 4 bytes, bytes.
        pub size_sfinfo_kernel: u32,
        /// In: the program's size of a [`SubflowInfo`]. Out: the lesser of the two, the distance likewise. 4 bytes,
        /// bytes.
        pub size_sfinfo_user: u32,
        /// In: 0. Out: subflows of the connection, also where there was room for fewer. 4 bytes, a count.
        pub num_subflows: u32,
        /// In: elements that either array has room for. Not changed. 4 bytes, a count.
        pub size_arrays_user: u32,
        /// In: address of an array of [`SubflowInfo`]. Not changed. 8 bytes, for 32-bit programs too.
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

const _: () = {
    assert!(FullInfo::HEADER == 40);
    assert!(offset_of!(FullInfo, num_subflows) == 16);
    assert!(offset_of!(FullInfo, subflow_info) == 24);
    assert!(offset_of!(FullInfo, tcp_info) == 32);
};

abi_struct! {
    /// One block of an [`InfoOpt`]: `struct mptcp_info_opt_ptr` of the design of July 2021. 24 bytes.
    pub struct InfoOptPtr, 24 bytes {
        /// In: where the elements go; null if they are not wanted. Not changed. 8 bytes, for 32-bit programs too.
        pub address: u64,
        /// In: elements that there is room for. Out: those that were filled. 4 bytes, a count.
        pub nmemb_user: u32,
        /// In: the program's size of an element. Out: the lesser of that and the kernel's, which is the distance from
        /// element to element. 4 bytes, bytes.
        pub size_user: u32,
        /// Out: elements that would have been filled, had there been room. 4 bytes, a count.
        pub nmemb_kernel: u32,
        /// Out: the kernel's size of an element. 4 bytes, bytes.
        pub size_kernel: u32,
    }
}

abi_struct! {
    /// The buffer of [`MPTCP_INFO_OPT`]: `struct mptcp_info_opt` of the design of July 2021. 96 bytes.
    pub struct InfoOpt, 96 bytes {
        /// One [`MptcpInfo`]; what [`InfoOptPtr::nmemb_user`] says of it does not matter.
        pub mptcp_info: InfoOptPtr,
        /// An array of [`TcpInfo`], one for each subflow.
        pub tcp_info: InfoOptPtr,
        /// An array of local addresses, each a `sockaddr_storage` of 128 bytes, as [`SubflowAddrs::local`].
        pub socknames: InfoOptPtr,
        /// An array of peers' addresses, as [`SubflowAddrs::remote`].
        pub peernames: InfoOptPtr,
    }
}

const _: () =
    assert!(offset_of!(InfoOptPtr, size_kernel) == 20 && offset_of!(InfoOpt, peernames) == 72);
