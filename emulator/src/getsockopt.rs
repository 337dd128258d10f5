//! The socket and the option of a call.

use crate::abi;
use crate::call::Call;
use crate::decisions::{Decisions, KernelDecisions};
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
    getsockopt_with::<KernelDecisions, M, T>(revision, socket, call, memory, trace)
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
    let call = Call { option, optval: Buffer::OPTVAL, optlen: Buffer::OPTLEN };
    getsockopt(revision, socket, &call, &mut Buffer { optval, optlen }, &mut ())
}

/// [`getsockopt`] with other decisions.
///
/// # Errors
/// As [`getsockopt`].
pub fn getsockopt_with<D: Decisions, M: UserMemory, T: Trace>(
    revision: &Revision,
    socket: &Socket<'_>,
    call: &Call,
    memory: &mut M,
    trace: &mut T,
) -> Result<(), Errno> {
    let (rule, errno) = match socket {
        Socket::Mptcp(connection) => match call.option {
            abi::MPTCP_INFO => {
                return info::fill::<D, _, _>(revision, connection, call, memory, trace);
            }
            abi::MPTCP_TCPINFO | abi::MPTCP_SUBFLOW_ADDRS => {
                return subflow_data::fill::<D, _, _>(revision, connection, call, memory, trace);
            }
            abi::MPTCP_FULL_INFO if revision.full_info => {
                return full_info::fill::<D, _, _>(revision, connection, call, memory, trace);
            }
            abi::MPTCP_FULL_INFO => (Rule::FullInfoUnknown, D::UNKNOWN_OPTION),
            #[cfg(feature = "info_opt")]
            abi::MPTCP_INFO_OPT if revision.info_opt => {
                return info_opt::fill::<D, _, _>(revision, connection, call, memory, trace);
            }
            _ => (Rule::UnknownOption, D::UNKNOWN_OPTION),
        },
        Socket::FallenBack(Family::V4) => (Rule::FallenBackV4Refuses, Errno::EOPNOTSUPP),
        Socket::FallenBack(Family::V6) => (Rule::FallenBackV6Refuses, Errno::ENOPROTOOPT),
        Socket::Tcp(Family::V4) => (Rule::TcpV4Refuses, Errno::EOPNOTSUPP),
        Socket::Tcp(Family::V6) => (Rule::TcpV6Refuses, Errno::ENOPROTOOPT),
        Socket::Udp(Family::V4) => (Rule::UdpV4Refuses, Errno::EOPNOTSUPP),
        Socket::Udp(Family::V6) => (Rule::UdpV6Refuses, Errno::ENOPROTOOPT),
        Socket::Unix => (Rule::UnixRefuses, Errno::EOPNOTSUPP),
        Socket::NotASocket => (Rule::NotASocket, Errno::ENOTSOCK),
        Socket::Closed => (Rule::ClosedDescriptor, Errno::EBADF),
    };
    trace.fired(rule);
    Err(errno)
}
