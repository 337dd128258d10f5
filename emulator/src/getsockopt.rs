//! The socket and the option of a call.

use crate::abi;
use crate::behaviors::{
    Behaviors, FallenBack, FullInfoOption, LengthAfterError, LengthRead, LengthStored,
    UnknownOption,
};
use crate::call::{Answer, Call};
use crate::errno::Errno;
#[cfg(feature = "info_opt")]
use crate::info_opt;
use crate::memory::{Buffer, UserMemory};
use crate::revision::Revision;
use crate::rules::Rule;
use crate::socket::{Family, Socket};
use crate::trace::Trace;
use crate::{full_info, info, subflow_data};

/// Answers a call as a kernel of this revision does, and writes to `memory`.
///
/// # Errors
/// The `errno` of the real call. Memory may be written before an error: see the
/// rules.
pub fn getsockopt<M: UserMemory, T: Trace>(
    revision: &Revision,
    socket: &Socket<'_>,
    call: &Call,
    memory: &mut M,
    trace: &mut T,
) -> Result<(), Errno> {
    getsockopt_with(revision, &revision.behaviors, socket, call, memory, trace)
}

/// [`getsockopt`] for a program that passes a buffer and its length, as a safe
/// wrapper does. `MPTCP_FULL_INFO` and `mptcp_info_opt` have pointers, and need
/// memory that these point to: see [`crate::PagedMemory`].
///
/// # Errors
/// As [`getsockopt`].
pub fn getsockopt_into(
    revision: &Revision,
    socket: &Socket<'_>,
    option: i32,
    optval: &mut [u8],
    optlen: &mut i32,
) -> Result<(), Errno> {
    let call = Call::new(option, Buffer::OPTVAL, Buffer::OPTLEN);
    getsockopt(revision, socket, &call, &mut Buffer { optval, optlen }, &mut ())
}

/// [`getsockopt`] with other behaviors than the revision's.
///
/// # Errors
/// As [`getsockopt`].
pub fn getsockopt_with<M: UserMemory, T: Trace>(
    revision: &Revision,
    behaviors: &Behaviors,
    socket: &Socket<'_>,
    call: &Call,
    memory: &mut M,
    trace: &mut T,
) -> Result<(), Errno> {
    // With a constant the compiler omits the branches on behaviors: most calls are of this kind.
    match behaviors.is_newest() {
        true => answer(revision, &Behaviors::NEWEST, socket, call, memory, trace),
        false => answer_any(revision, behaviors, socket, call, memory, trace),
    }
}

/// [`answer`] with any behaviors, apart so that it does not slow down the other.
#[inline(never)]
fn answer_any<M: UserMemory, T: Trace>(
    revision: &Revision,
    behaviors: &Behaviors,
    socket: &Socket<'_>,
    call: &Call,
    memory: &mut M,
    trace: &mut T,
) -> Result<(), Errno> {
    answer(revision, behaviors, socket, call, memory, trace)
}

/// Answers the call.
#[inline(always)]
fn answer<M: UserMemory, T: Trace>(
    revision: &Revision,
    behaviors: &Behaviors,
    socket: &Socket<'_>,
    call: &Call,
    memory: &mut M,
    trace: &mut T,
) -> Result<(), Errno> {
    let mut answer = Answer::new(behaviors);
    let is_first = match behaviors.length_read {
        LengthRead::ByOption => false,
        LengthRead::BeforeOption => matches!(socket, Socket::Mptcp(_)),
        LengthRead::BeforeSocket => matches!(socket, Socket::Mptcp(_) | Socket::FallenBack(_)),
    };
    let mut passed = None;
    if is_first {
        let length = memory.load(call.optlen).map_err(|_| Errno::EFAULT)?;
        if length < 0 {
            return Err(Errno::EINVAL);
        }
        passed = Some(length.cast_unsigned());
    }
    let result = dispatch(revision, &mut answer, socket, call, memory, trace);
    let is_stored_here = matches!(socket, Socket::Mptcp(_)) || is_first;
    if !is_stored_here {
        return result;
    }
    let passed = || passed.or_else(|| memory.load(call.optlen).ok().map(i32::cast_unsigned));
    let stored = match (&result, behaviors.length_stored, behaviors.length_after_error) {
        (Ok(()), LengthStored::AfterCall, _) => answer.length.or_else(passed),
        (Err(_), _, LengthAfterError::Answered) => answer.length.or_else(passed),
        (Err(_), _, LengthAfterError::Passed) => passed(),
        _ => None,
    };
    if let Some(length) = stored {
        answer.store_length(call, length, answer.rule, memory, trace)?;
    }
    result
}

/// Answers the call, but for an optlen that is stored after it.
#[inline(always)]
fn dispatch<M: UserMemory, T: Trace>(
    revision: &Revision,
    answer: &mut Answer<'_>,
    socket: &Socket<'_>,
    call: &Call,
    memory: &mut M,
    trace: &mut T,
) -> Result<(), Errno> {
    let behaviors = answer.behaviors;
    let unknown = match behaviors.unknown_option {
        UnknownOption::Eopnotsupp => Err(Errno::EOPNOTSUPP),
        UnknownOption::Enoprotoopt => Err(Errno::ENOPROTOOPT),
        UnknownOption::Einval => Err(Errno::EINVAL),
        UnknownOption::Succeeds => Ok(()),
    };
    let (rule, result) = match socket {
        Socket::Mptcp(connection) => match call.option {
            abi::MPTCP_INFO => {
                return info::fill(revision, answer, connection, call, memory, trace);
            }
            abi::MPTCP_TCPINFO | abi::MPTCP_SUBFLOW_ADDRS => {
                return subflow_data::fill(revision, answer, connection, call, memory, trace);
            }
            abi::MPTCP_FULL_INFO if behaviors.full_info_option == FullInfoOption::Present => {
                return full_info::fill(revision, answer, connection, call, memory, trace);
            }
            abi::MPTCP_FULL_INFO => (Rule::FullInfoUnknown, unknown),
            #[cfg(feature = "info_opt")]
            abi::MPTCP_INFO_OPT if revision.info_opt => {
                return info_opt::fill(revision, answer, connection, call, memory, trace);
            }
            _ => (Rule::UnknownOption, unknown),
        },
        Socket::FallenBack(family) => {
            let by_family = match family {
                Family::V4 => Errno::EOPNOTSUPP,
                Family::V6 => Errno::ENOPROTOOPT,
            };
            let errno = match behaviors.fallen_back {
                FallenBack::ByFamily => by_family,
                FallenBack::Eopnotsupp => Errno::EOPNOTSUPP,
                FallenBack::Enoprotoopt => Errno::ENOPROTOOPT,
                FallenBack::Einval => Errno::EINVAL,
            };
            let rule = match family {
                Family::V4 => Rule::FallenBackV4Refuses,
                Family::V6 => Rule::FallenBackV6Refuses,
            };
            (rule, Err(errno))
        }
        Socket::Tcp(Family::V4) => (Rule::TcpV4Refuses, Err(Errno::EOPNOTSUPP)),
        Socket::Tcp(Family::V6) => (Rule::TcpV6Refuses, Err(Errno::ENOPROTOOPT)),
        Socket::Udp(Family::V4) => (Rule::UdpV4Refuses, Err(Errno::EOPNOTSUPP)),
        Socket::Udp(Family::V6) => (Rule::UdpV6Refuses, Err(Errno::ENOPROTOOPT)),
        Socket::Unix => (Rule::UnixRefuses, Err(Errno::EOPNOTSUPP)),
        Socket::NotASocket => (Rule::NotASocket, Err(Errno::ENOTSOCK)),
        Socket::Closed => (Rule::ClosedDescriptor, Err(Errno::EBADF)),
    };
    trace.fired(rule);
    result
}
