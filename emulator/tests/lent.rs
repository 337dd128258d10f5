//! A buffer and its length, lent to the model as a safe wrapper lends them.

use mptcp_emulator::abi::{MPTCP_INFO, MPTCP_TCPINFO};
use mptcp_emulator::{
    Connection, Content, Errno, Fault, Lent, Revision, Socket, Subflow, UserMemory, getsockopt_into,
};

/// The same socket for each: `mptcp_info` of 0x11, one subflow of 0x22.
fn ask(option: i32, optval: &mut [u8], optlen: &mut i32) -> Result<(), Errno> {
    let subflows = [Subflow {
        tcp_info: Content::exact(&[0x22; 280]),
        subflow_info: Content::exact(&[0x33; 264]),
    }];
    let connection = Connection { info: Content::exact(&[0x11; 96]), subflows: &subflows };
    let socket = Socket::Mptcp(connection);
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
    let mut memory = Lent { optval: &mut buffer, optlen: &mut length };
    assert_eq!(memory.load(Lent::OPTLEN), Ok(7));
    for elsewhere in [0, Lent::OPTVAL, Lent::OPTLEN + 1, u64::MAX] {
        assert_eq!(memory.load(elsewhere), Err(Fault));
        assert_eq!(memory.store(elsewhere, 1), Err(Fault));
    }
    assert_eq!(memory.store(Lent::OPTLEN, -2), Ok(()));

    let mut into = [0; 3];
    assert_eq!(memory.copy_in(Lent::OPTVAL + 5, &mut into), Ok(()));
    assert_eq!(into, [5; 3]);
    for outside in [Lent::OPTVAL + 6, Lent::OPTVAL - 1, 0, Lent::OPTLEN] {
        assert_eq!(memory.copy_in(outside, &mut into), Err(Fault));
    }
    let two = Content::exact(&[9, 9]);
    assert_eq!(memory.copy_out(Lent::OPTVAL + 6, two), Ok(()));
    assert_eq!(memory.copy_out(Lent::OPTVAL + 7, Content::exact(&[8, 8])), Err(Fault));
    assert_eq!(memory.copy_out(Lent::OPTVAL + 9, two), Err(Fault));
    assert_eq!(memory.copy_out(0, two), Err(Fault));
    assert_eq!(memory.copy_out(0, two.first(0)), Ok(()));
    assert_eq!((buffer, length), ([5, 5, 5, 5, 5, 5, 9, 8], -2));
}

/// Contents may be longer than a kernel of a revision has them, not shorter.
#[test]
fn a_connection_fits_where_nothing_is_too_short() {
    let fits = |info: usize, tcp_info: usize, subflow_info: usize| {
        let bytes = [0; 300];
        let subflows = [Subflow {
            tcp_info: Content::exact(&bytes[..tcp_info]),
            subflow_info: Content::exact(&bytes[..subflow_info]),
        }];
        let info = Content::exact(&bytes[..info]);
        Connection { info, subflows: &subflows }.fits(&Revision::V6_1)
    };
    assert!(fits(48, 232, 264));
    assert!(fits(96, 280, 264));
    assert!(!fits(47, 232, 264));
    assert!(!fits(48, 231, 264));
    assert!(!fits(48, 232, 263));
}
