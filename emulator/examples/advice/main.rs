//! What `getsockopt(SOL_MPTCP, …)` tells of the socket on standard input.
//!
//! ```text
//! cargo build --release -p mptcp-emulator --example advice
//! assay scenes --scene 'many-v?-client-17-after' --exec target/release/examples/advice
//! ```
//!
//! `ask.rs` has what matters, without any unsafe code; `emulator/tests/advice.rs` runs it
//! on each revision of the model. `lab/advice/advice.c` is the same in C, and both write
//! the same. Exit status: 0 if there was something to tell, 1 for an error, 4 where
//! standard input is no socket.

mod ask;

use std::io;
use std::mem::offset_of;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::process::ExitCode;

use ask::{Arrays, Connection, Kernel, Subflow, learn};
use mptcp_emulator::Errno;
use mptcp_emulator::abi::{FullInfo, MPTCP_FULL_INFO, MptcpInfo, SOL_MPTCP};
use zerocopy::IntoBytes;

/// The socket on standard input.
struct StandardInput;

impl Kernel for StandardInput {
    #[expect(unsafe_code, reason = "no crate has a safe getsockopt that takes an option's number")]
    fn ask(
        &mut self,
        option: i32,
        optval: &mut [u8],
        mut arrays: Option<Arrays<'_>>,
    ) -> Result<usize, Errno> {
        match (option, &mut arrays) {
            (MPTCP_FULL_INFO, Some(arrays)) => optval[..FullInfo::HEADER]
                .copy_from_slice(&arrays.head().as_bytes()[..FullInfo::HEADER]),
            (MPTCP_FULL_INFO, None) => return Err(Errno::EINVAL),
            _ => {}
        }
        let mut length = optval.len() as libc::socklen_t;
        let at = optval.as_mut_ptr().cast();
        // SAFETY: `optval` can be written for `length` bytes. Only MPTCP_FULL_INFO takes
        // pointers from it: those of `arrays`, borrowed until here, with their own sizes.
        let result =
            unsafe { libc::getsockopt(libc::STDIN_FILENO, SOL_MPTCP, option, at, &mut length) };
        match result {
            0 => Ok(length as usize),
            _ => Err(Errno(io::Error::last_os_error().raw_os_error().unwrap_or_default())),
        }
    }
}

fn main() -> ExitCode {
    match learn(&mut StandardInput) {
        Ok(Some(connection)) => tell(&connection),
        Ok(None) => println!("TCP: fell back, or never was MPTCP"),
        Err(Errno::EBADF | Errno::ENOTSOCK) => {
            println!("standard input is no socket");
            return ExitCode::from(4);
        }
        Err(errno) => {
            eprintln!("getsockopt: {}", io::Error::from_raw_os_error(errno.0));
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn tell(connection: &Connection) {
    let options =
        if connection.full { "MPTCP_FULL_INFO" } else { "MPTCP_TCPINFO and MPTCP_SUBFLOW_ADDRS" };
    println!("MPTCP, subflows: {}, told by {options}", connection.subflows.len());

    println!("mptcp_info, {} bytes of it", connection.info_length);
    let info = &connection.info;
    // A field is there if what came back reaches to its end.
    let field = |name: &str, end: usize, value: u64| {
        if end <= connection.info_length {
            println!("  {name} {value}");
        } else {
            println!("  {name} is not in this kernel");
        }
    };
    field("flags", offset_of!(MptcpInfo, mptcpi_flags) + 4, info.mptcpi_flags.into());
    field("bytes_sent", offset_of!(MptcpInfo, mptcpi_bytes_sent) + 8, info.mptcpi_bytes_sent);
    field(
        "bytes_received",
        offset_of!(MptcpInfo, mptcpi_bytes_received) + 8,
        info.mptcpi_bytes_received,
    );
    let total = info.mptcpi_subflows_total.into();
    field("subflows_total", offset_of!(MptcpInfo, mptcpi_subflows_total) + 1, total);

    println!("tcp_info, {} bytes in this kernel", connection.size_kernel);
    for Subflow { id, addrs, tcp_info } in &connection.subflows {
        let id = id.map_or("-".to_owned(), |id| id.to_string());
        println!(
            "  {id}: {} -> {}, state {}, rtt {} us",
            address(&addrs.local),
            address(&addrs.remote),
            tcp_info.tcpi_state,
            tcp_info.tcpi_rtt,
        );
    }
}

/// A `sockaddr_in` or `sockaddr_in6`.
fn address(bytes: &[u8; 128]) -> String {
    let [f0, f1, p0, p1, a, b, c, d, rest @ ..] = bytes;
    let v6: Option<&[u8; 16]> = rest.first_chunk();
    let address = match (i32::from(u16::from_ne_bytes([*f0, *f1])), v6) {
        (libc::AF_INET, _) => IpAddr::V4(Ipv4Addr::new(*a, *b, *c, *d)),
        (libc::AF_INET6, Some(v6)) => IpAddr::V6(Ipv6Addr::from(*v6)),
        _ => return "no address".to_owned(),
    };
    format!("{address} port {}", u16::from_be_bytes([*p0, *p1]))
}
