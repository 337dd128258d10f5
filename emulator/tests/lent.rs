//! A buffer and its length, lent to the model as a safe wrapper lends them.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use mptcp_emulator::abi::{MPTCP_INFO, MPTCP_TCPINFO};
use mptcp_emulator::{
    Buffer, Connection, Content, Errno, Fault, OpenReason, OwnedConnection, OwnedSocket, Revision,
    SizeMismatch, Socket, Subflow, UserMemory, getsockopt_into,
};

/// The same socket for each: `mptcp_info` of 0x11, one subflow of 0x22.
fn ask(option: i32, optval: &mut [u8], optlen: &mut i32) -> Result<(), Errno> {
    let contents: [&[u8]; 3] = [&[0x11; 96], &[0x22; 280], &[0x33; 264]];
    let [info, tcp_infos, subflow_infos] = contents.map(Content::exact);
    let connection = Connection::new(&Revision::V6_18, info, tcp_infos, subflow_infos);
    let socket = Socket::Mptcp(connection.unwrap());
    getsockopt_into(&Revision::V6_18, &socket, option, optval, optlen)
}

#[test]
fn the_answer_is_in_the_buffer_and_its_length_in_the_length() {
    let (mut buffer, mut length) = ([0; 100], 100);
    assert_eq!(ask(MPTCP_INFO, &mut buffer, &mut length), Ok(()));
    assert_eq!(length, 96);
    assert_eq!(buffer[..96], [0x11; 96]);
    assert_eq!(buffer[96..], [0; 4]);
}

#[test]
fn a_header_is_read_from_the_buffer_and_written_back() {
    let (mut buffer, mut length) = (vec![0xee; 16 + 280], 16 + 280);
    for (at, word) in [16u32, 0, 0, 280].iter().enumerate() {
        buffer[4 * at..][..4].copy_from_slice(&word.to_ne_bytes());
    }
    assert_eq!(ask(MPTCP_TCPINFO, &mut buffer, &mut length), Ok(()));
    assert_eq!(length, 296);
    assert_eq!(buffer[4..8], 1u32.to_ne_bytes());
    assert_eq!(buffer[8..12], 280u32.to_ne_bytes());
    assert_eq!(buffer[16..], [0x22; 280]);
}

/// A length that says more than was lent: the copy stops at the end, as it
/// would at the end of a mapping.
#[test]
fn a_length_beyond_the_buffer_faults_where_the_buffer_ends() {
    let (mut buffer, mut length) = ([0; 10], 96);
    assert_eq!(ask(MPTCP_INFO, &mut buffer, &mut length), Err(Errno::EFAULT));
    assert_eq!(buffer, [0x11; 10]);
    assert_eq!(length, 96);
    assert_eq!(ask(MPTCP_TCPINFO, &mut buffer, &mut length), Err(Errno::EFAULT));
}

#[test]
fn nothing_but_the_two_can_be_reached() {
    let (mut buffer, mut length) = ([5; 8], 7);
    let mut memory = Buffer { optval: &mut buffer, optlen: &mut length };
    assert_eq!(memory.load(Buffer::OPTLEN), Ok(7));
    for elsewhere in [0, Buffer::OPTVAL, Buffer::OPTLEN + 1, u64::MAX] {
        assert_eq!(memory.load(elsewhere), Err(Fault));
        assert_eq!(memory.store(elsewhere, 1), Err(Fault));
    }
    assert_eq!(memory.store(Buffer::OPTLEN, -2), Ok(()));

    let mut into = [0; 3];
    assert_eq!(memory.copy_in(Buffer::OPTVAL + 5, &mut into), Ok(()));
    assert_eq!(into, [5; 3]);
    for outside in [Buffer::OPTVAL + 6, Buffer::OPTVAL - 1, 0, Buffer::OPTLEN] {
        assert_eq!(memory.copy_in(outside, &mut into), Err(Fault));
    }
    let two = Content::exact(&[9, 9]);
    assert_eq!(memory.copy_out(Buffer::OPTVAL + 6, two), Ok(()));
    assert_eq!(memory.copy_out(Buffer::OPTVAL + 7, Content::exact(&[8, 8])), Err(Fault));
    assert_eq!(memory.copy_out(Buffer::OPTVAL + 9, two), Err(Fault));
    assert_eq!(memory.copy_out(0, two), Err(Fault));
    assert_eq!(memory.copy_out(0, two.first(0)), Ok(()));
    assert_eq!((buffer, length), ([5, 5, 5, 5, 5, 5, 9, 8], -2));
}

/// Contents may be longer than a kernel of a revision has them, not shorter.
#[test]
fn a_connection_has_no_structure_that_is_too_short() {
    let bytes = [0; 600];
    let made = |info: usize, tcp_infos: usize, subflow_infos: usize| {
        let contents = [info, tcp_infos, subflow_infos].map(|len| Content::exact(&bytes[..len]));
        let [info, tcp_infos, subflow_infos] = contents;
        Connection::new(&Revision::V6_1, info, tcp_infos, subflow_infos)
    };
    let subflows = |connection: Connection<'_>| connection.subflows().len();
    assert_eq!(made(48, 0, 0).map(subflows), Ok(0));
    assert_eq!(made(48, 232, 264).map(subflows), Ok(1));
    assert_eq!(made(96, 2 * 280, 2 * 264).map(subflows), Ok(2));
    let wrong = |structure, bytes, count, size| Err(SizeMismatch { structure, bytes, count, size });
    assert_eq!(made(47, 232, 264), wrong("mptcp_info", 47, 1, 48));
    assert_eq!(made(48, 231, 264), wrong("tcp_info", 231, 1, 232));
    assert_eq!(made(48, 232, 263), wrong("mptcp_subflow_info", 263, 1, 264));
    assert_eq!(made(48, 465, 2 * 264), wrong("tcp_info", 465, 2, 232));
    assert_eq!(made(48, 1, 0), wrong("tcp_info", 1, 0, 232));
    let message = made(48, 231, 264).unwrap_err().to_string();
    assert_eq!(message, "231 bytes for 1 struct tcp_info of 232 bytes or more");
}

/// A connection is made for one revision. On a newer one it answers with the structures that it
/// has, and reports as many bytes as it copies.
#[test]
fn a_connection_of_an_older_revision_keeps_its_sizes() {
    let connection = OwnedConnection::new(&Revision::V6_1, 1);
    let socket = Socket::Mptcp(connection.as_connection());
    let ask = |option, first: &[u32], len: usize| {
        let (mut buffer, mut length) = (vec![0xee; 600], len as i32);
        for (at, word) in first.iter().enumerate() {
            buffer[4 * at..][..4].copy_from_slice(&word.to_ne_bytes());
        }
        let newest = &Revision::NEWEST;
        assert_eq!(getsockopt_into(newest, &socket, option, &mut buffer, &mut length), Ok(()));
        (length, buffer[len - 1], buffer)
    };
    let (length, last, _) = ask(MPTCP_INFO, &[], 96);
    assert_eq!((length, last), (48, 0xee));
    let (length, last, buffer) = ask(MPTCP_TCPINFO, &[16, 0, 0, 280], 16 + 280);
    assert_eq!((length, last), (16 + 232, 0xee));
    assert_eq!(buffer[8..12], 232u32.to_ne_bytes());
}

#[test]
fn a_connection_that_owns_its_contents() {
    let revision = Revision::V6_1;
    let bytes: Vec<u8> = (0..300).map(|at| at as u8).collect();
    let mask = vec![OpenReason::Clock as u8; 300];
    let open = Content::masked(&bytes, &mask).unwrap();
    let (info, subflow_info) = (Content::exact(&bytes), Content::exact(&bytes));
    let subflow = |len| Subflow { tcp_info: open.first(len), subflow_info };
    let owned =
        |lens: [usize; 2]| OwnedConnection::of(&revision, info, lens.map(subflow).into_iter());
    let whole = owned([232, 300]).unwrap();
    assert_eq!(whole.as_connection().info().bytes(), &bytes[..48]);
    assert_eq!(whole.as_connection().info().mask(), [0; 48]);
    let subflows: Vec<Subflow<'_>> = whole.as_connection().subflows().collect();
    assert_eq!(subflows[0], subflows[1]);
    assert_eq!(subflows[1].tcp_info, open.first(232));
    assert_eq!(subflows[1].subflow_info.bytes(), &bytes[..264]);
    let error = SizeMismatch { structure: "tcp_info", bytes: 231, count: 1, size: 232 };
    assert_eq!(owned([232, 231]), Err(error));
    let closed = OwnedSocket::Other(Socket::Closed);
    assert_eq!(closed.as_socket(), Socket::Closed);
    assert_eq!(OwnedSocket::Mptcp(whole.clone()).as_socket(), Socket::Mptcp(whole.as_connection()));
}
