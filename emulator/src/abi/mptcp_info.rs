//! `struct mptcp_info`.

use core::mem::offset_of;

use super::field::{HOLE, abi_struct};

abi_struct! {
    /// State of one MPTCP connection: `struct mptcp_info` of `linux/mptcp.h`. 96 bytes.
    ///
    /// The header has it since 5.9, for `sock_diag` first. Upstream it was 40 bytes then, 48 from
    /// 5.12, 80 in 6.5, 88 in 6.8, 96 from 6.10. A release's size is here the end of its last
    /// field, rounded up to 8.
    ///
    /// Release 6.18 gave several fields a second, clearer name; both are given below.
    pub struct MptcpInfo, 96 bytes {
        /// Subflows besides the initial one; also named `mptcpi_extra_subflows`. 1 byte, a count.
        /// With the userspace path manager it is counted since 6.4, 6.3.8 and 6.1.34, and a failed
        /// `SUBFLOW_CREATE` takes it below 0, to 255, until 7.1.
        #[since(5, 9)]
        pub mptcpi_subflows: u8,
        /// Addresses announced to the peer with ADD_ADDR. 1 byte, a count; with the userspace path
        /// manager as the field before.
        #[since(5, 9)]
        pub mptcpi_add_addr_signal: u8,
        /// Announcements of the peer that were accepted. 1 byte, a count.
        #[since(5, 9)]
        pub mptcpi_add_addr_accepted: u8,
        /// The in-kernel path manager's limit of additional subflows; also
        /// `mptcpi_limit_extra_subflows`. 1 byte. This field, the two behind it and
        /// `mptcpi_local_addr_max` are 0 with the userspace path manager since 6.4, and for a
        /// socket that listens since 6.5.
        #[since(5, 9)]
        pub mptcpi_subflows_max: u8,
        /// Endpoints with the `signal` flag; also `mptcpi_endp_signal_max`. 1 byte, a count.
        #[since(5, 9)]
        pub mptcpi_add_addr_signal_max: u8,
        /// The in-kernel path manager's limit of accepted announcements; also
        /// `mptcpi_limit_add_addr_accepted`. 1 byte.
        #[since(5, 9)]
        pub mptcpi_add_addr_accepted_max: u8,
        /// Padding before `mptcpi_flags`: 2 bytes, zero; according to the header it can no longer
        /// be filled.
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
        /// Local addresses in use by subflows of this connection, besides the initial one's. 1
        /// byte.
        #[since(5, 12)]
        pub mptcpi_local_addr_used: u8,
        /// Endpoints with the `subflow` flag; also `mptcpi_endp_subflow_max`. 1 byte.
        #[since(5, 12)]
        pub mptcpi_local_addr_max: u8,
        /// 1 where data checksums are in use. 1 byte.
        #[since(5, 14)]
        pub mptcpi_csum_enabled: u8,
        /// Padding before `mptcpi_retransmits`: 1 byte, zero; according to the header it can no
        /// longer be filled.
        #[doc(hidden)]
        pub _hole43: [u8; 1] = HOLE,
        /// Retransmission timeouts at the MPTCP level in a row. 4 bytes. (Before 6.5 these bytes
        /// were the structure's tail padding.)
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
        /// Subflows, the initial one included while it is established or connecting, so not once
        /// either end has closed it (the `num_subflows` of the other options counts it then too). 1
        /// byte, a count. (6.8 and 6.9 had seven bytes of padding behind it, 6.10 to 6.17 three
        /// bytes named `reserved`, 6.18 two.)
        #[since(6, 8)]
        pub mptcpi_subflows_total: u8,
        /// Endpoints with the `laminar` flag. 1 byte, a count.
        #[since(6, 18, bytes 6, 8)]
        pub mptcpi_endp_laminar_max: u8,
        /// Endpoints with the `fullmesh` flag. 1 byte, a count; wrong after all endpoints were
        /// flushed, until 7.1.
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
