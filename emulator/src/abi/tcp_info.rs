//! `struct tcp_info`.

use core::mem::offset_of;

use super::field::abi_struct;

abi_struct! {
    /// State of one TCP connection, so of one subflow: `struct tcp_info` of `linux/tcp.h`. 280
    /// bytes.
    ///
    /// 232 bytes from 5.4 to 6.1, 240 from 6.2, 248 from 6.7 and in 6.6.57 and later 6.6, 280 from
    /// 6.18. Fields that carry no release number are in every release that has `SOL_MPTCP`.
    pub struct TcpInfo, 280 bytes {
        /// The TCP state, 1 (established) to 11 (closing). 1 byte. (The header's 12 and 13 are
        /// states of requests and of `inet_diag`, never a subflow's.)
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
        /// Window scales: two bit fields of 4 bits, the peer's first (low bits on little endian). 1
        /// byte.
        pub tcpi_wscale: u8 = "tcpi_snd_wscale:4,tcpi_rcv_wscale:4",
        /// Bit 0: the delivery rate was limited by the application; bits 1 and 2: why Fast Open
        /// failed (since 5.5); bits 3 to 7 without a meaning (bit numbers as on little endian). 1
        /// byte. glibc's binding hides it.
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
        /// Lowest round-trip time seen; all ones before the first measurement. 4 bytes,
        /// microseconds.
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
        /// Changes of the flow label or hash, after timeouts or for protective load balancing
        /// (PLB). 4 bytes.
        #[since(6, 2)]
        pub tcpi_rehash: u32,
        /// Retransmission timeouts in all. 2 bytes. This field and the two behind it are in 6.6.57
        /// and later 6.6 too.
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
        /// Accurate ECN, as bit fields (bit numbers as on little endian): bits 0 and 1
        /// `tcpi_ecn_mode`, 2 and 3 `tcpi_accecn_opt_seen`, 4 to 7 `tcpi_accecn_fail_mode`, 8 to 31
        /// `tcpi_options2`. 4 bytes.
        ///
        /// In 6.18 and 6.19 the same bytes were two fields of 16 bits: `tcpi_accecn_fail_mode`,
        /// then `tcpi_accecn_opt_seen`; `tcpi_ecn_mode` and `tcpi_options2` did not exist. The only
        /// bytes here whose meaning depends on the release.
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
