//! Mistakes of programs that call these options, each made by a small function and shown
//! going wrong by numbers worked out by hand. `docs/advice.md` lists them by these names.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use mptcp_emulator::abi::{MPTCP_FULL_INFO, MPTCP_INFO, MPTCP_SUBFLOW_ADDRS, MPTCP_TCPINFO};
use mptcp_emulator::{Connection, Content, Errno, Family, Revision, Socket, getsockopt_into};

/// A kernel with one socket. Byte `k` of each structure is `k`, but the first byte of a
/// `tcp_info`, its state, is 1: established.
struct Kernel {
    revision: Revision,
    subflows: usize,
}

impl Kernel {
    /// The error, or the length that comes back.
    fn ask(&self, option: i32, optval: &mut [u8], optlen: usize) -> Result<usize, Errno> {
        let bytes: [u8; 280] = std::array::from_fn(|k| if k == 0 { 1 } else { k as u8 });
        let (tcp_infos, subflow_infos) = (vec![bytes; self.subflows], &bytes[..264]);
        let subflow_infos = subflow_infos.repeat(self.subflows);
        let contents = [&bytes[..96], tcp_infos.as_flattened(), &subflow_infos];
        let [info, tcp_infos, subflow_infos] = contents.map(Content::exact);
        let connection = Connection::new(&self.revision, info, tcp_infos, subflow_infos);
        let socket = Socket::Mptcp(connection.unwrap());
        let mut length = optlen as i32;
        getsockopt_into(&self.revision, &socket, option, optval, &mut length)?;
        Ok(length as usize)
    }
}

const fn kernel(revision: Revision, subflows: usize) -> Kernel {
    Kernel { revision, subflows }
}

/// The question for elements of a size, with room for so many and 0x5a behind them.
fn question(header: u32, size_user: u32, slots: usize) -> Vec<u8> {
    let mut bytes = vec![0; header as usize + slots * size_user as usize];
    bytes[..4].copy_from_slice(&header.to_ne_bytes());
    bytes[12..16].copy_from_slice(&size_user.to_ne_bytes());
    bytes.extend([0x5a; 1024]);
    bytes
}

fn word(bytes: &[u8], at: usize) -> usize {
    u32::from_ne_bytes(std::array::from_fn(|i| bytes[at + i])) as usize
}

const NUM_SUBFLOWS: usize = 4;
const SIZE_KERNEL: usize = 8;

#[test]
fn an_array_of_two_indexed_up_to_num_subflows() {
    // struct { struct mptcp_subflow_data d; struct tcp_info ti[2]; }
    let mut bytes = question(16, 280, 2);
    let length = kernel(Revision::V6_18, 3).ask(MPTCP_TCPINFO, &mut bytes, 576);
    let num_subflows = word(&bytes, NUM_SUBFLOWS);
    let states: Vec<u8> = (0..num_subflows).map(|n| bytes[16 + n * 280]).collect();
    // The third is no element: it is what the program has behind its array.
    assert_eq!(states, [1, 1, 0x5a]);
    assert_eq!(length, Ok(576), "two elements: (576 - 16) / 280");
}

#[test]
fn a_stride_of_sizeof() {
    // 6.1 knows 232 bytes. The second element stands at 16 + 232 = 248.
    for (sizeof, into) in [(240, 8), (248, 16), (280, 48)] {
        let mut bytes = question(16, sizeof, 2);
        let optlen = 16 + 2 * sizeof as usize;
        let length = kernel(Revision::V6_1, 2).ask(MPTCP_TCPINFO, &mut bytes, optlen);
        assert_eq!(length, Ok(480));
        let second = 16 + sizeof as usize;
        // A state of 8, 16 or 48: the byte of the second element that is so far into it.
        assert_eq!(bytes[second], into);
        assert_eq!(bytes[248], 1);
    }
}

#[test]
fn size_kernel_for_a_stride() {
    // Compiled with headers of 6.1, on a kernel that knows 48 bytes more.
    let mut bytes = question(16, 232, 2);
    kernel(Revision::V6_18, 2).ask(MPTCP_TCPINFO, &mut bytes, 480).unwrap();
    let stride = word(&bytes, SIZE_KERNEL);
    assert_eq!(stride, 280);
    assert_eq!(bytes[16 + stride], 48);
}

#[test]
fn only_one_of_the_two_errors_checked() {
    let fell_back = |socket| {
        let (mut byte, mut length) = ([0], 1);
        match getsockopt_into(&Revision::V6_18, &socket, MPTCP_INFO, &mut byte, &mut length) {
            Ok(()) => Ok(false),
            Err(Errno::EOPNOTSUPP) => Ok(true),
            Err(errno) => Err(errno),
        }
    };
    assert_eq!(fell_back(Socket::FallenBack(Family::V4)), Ok(true));
    assert_eq!(fell_back(Socket::FallenBack(Family::V6)), Err(Errno::ENOPROTOOPT));
}

#[test]
fn the_length_compared_for_equality() {
    let accepting = |sizeof: usize| {
        let accepts = |revision: &&Revision| {
            let mut info = vec![0; sizeof];
            kernel(**revision, 1).ask(MPTCP_INFO, &mut info, sizeof) == Ok(sizeof)
        };
        Revision::ALL.iter().filter(accepts).map(|revision| revision.name).collect::<Vec<_>>()
    };
    let since = |first: &str| {
        let names = Revision::ALL.map(|revision| revision.name);
        let first = names.iter().position(|name| *name == first).unwrap();
        names[first..].to_vec()
    };
    // What the same source comes to with newer headers each time.
    assert_eq!(accepting(48), since("5.16"));
    assert_eq!(accepting(80), since("6.5"));
    assert_eq!(accepting(88), since("6.8"));
    assert_eq!(accepting(96), since("6.10"));
}

#[test]
fn a_structure_that_was_not_cleared() {
    // mptcpi_bytes_sent is at 56, and 6.1 writes 48 bytes.
    let mut info = [0xa5; 96];
    assert_eq!(kernel(Revision::V6_1, 1).ask(MPTCP_INFO, &mut info, 96), Ok(48));
    let bytes_sent = u64::from_ne_bytes(std::array::from_fn(|i| info[56 + i]));
    assert_eq!(bytes_sent, 11_936_128_518_282_651_045);
}

#[test]
fn a_length_shorter_than_the_header_of_the_program() {
    // A header of 24, as a later release may have one, and no subflow yet: 16.
    let mut bytes = question(24, 280, 2);
    let length = kernel(Revision::V6_18, 0).ask(MPTCP_TCPINFO, &mut bytes, 584).unwrap();
    assert_eq!(length, 16);
    // (length - size_subflow_data) / size_user, in 32 bits without a sign.
    let elements = (length as u32).wrapping_sub(24) / 280;
    assert_eq!(elements, 15_339_168);
}

#[test]
fn a_second_try_with_the_header_of_the_first() {
    let kernel = kernel(Revision::V6_18, 3);
    let mut bytes = question(16, 280, 2);
    assert_eq!(kernel.ask(MPTCP_TCPINFO, &mut bytes, 576), Ok(576));
    // More room, and the kernel's num_subflows and size_kernel still in the header.
    assert_eq!(kernel.ask(MPTCP_TCPINFO, &mut bytes, 856), Err(Errno::EINVAL));
    bytes[NUM_SUBFLOWS..12].fill(0);
    assert_eq!(kernel.ask(MPTCP_TCPINFO, &mut bytes, 856), Ok(856));
}

#[test]
fn a_count_asked_once() {
    let mut bytes = question(16, 0, 0);
    kernel(Revision::V6_18, 2).ask(MPTCP_TCPINFO, &mut bytes, 16).unwrap();
    let slots = word(&bytes, NUM_SUBFLOWS);
    // A third joins. The call succeeds, and has two.
    let mut bytes = question(16, 280, slots);
    let length = kernel(Revision::V6_18, 3).ask(MPTCP_TCPINFO, &mut bytes, 576);
    assert_eq!(length, Ok(576));
    assert_eq!(word(&bytes, NUM_SUBFLOWS), 3);
}

#[test]
fn a_missing_option_taken_for_a_fallback() {
    let mut full = [0; 136];
    let full_info = kernel(Revision::V6_1, 1).ask(MPTCP_FULL_INFO, &mut full, 136);
    assert_eq!(full_info, Err(Errno::EOPNOTSUPP), "what a fallback over IPv4 answers");
    let info = kernel(Revision::V6_1, 1).ask(MPTCP_INFO, &mut full, 96);
    assert_eq!(info, Ok(48), "and yet it is MPTCP");
}

#[test]
fn any_error_taken_for_a_fallback() {
    let (mut byte, mut length) = ([0], 0);
    let closed = Socket::Closed;
    let asked = getsockopt_into(&Revision::V6_18, &closed, MPTCP_INFO, &mut byte, &mut length);
    assert!(asked.is_err(), "a fallback, by a program that looks no further");
    assert_eq!(asked, Err(Errno::EBADF));
}

#[test]
fn an_input_left_to_chance() {
    let kernel = kernel(Revision::V6_18, 2);
    for (stale, full_info) in [(0, Ok(136)), (0x5a, Err(Errno::EINVAL))] {
        for option in [MPTCP_TCPINFO, MPTCP_SUBFLOW_ADDRS] {
            assert_eq!(kernel.ask(option, &mut [stale; 400], 400), Err(Errno::EINVAL));
        }
        let mut bytes = [stale; 400];
        assert_eq!(kernel.ask(MPTCP_FULL_INFO, &mut bytes, 400), full_info);
    }
    // Two subflows, and not a byte of either: the sizes of elements were 0 by chance.
    let mut bytes = [0; 400];
    kernel.ask(MPTCP_FULL_INFO, &mut bytes, 400).unwrap();
    assert_eq!((word(&bytes, 16), word(&bytes, 4), word(&bytes, 12)), (2, 0, 0));
}
