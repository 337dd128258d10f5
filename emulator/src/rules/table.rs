//! The contract, one row for each decision.
//!
//! Each row is the sentence, then: the rule's name, [`Options`] and [`Step`], its [`Requirement`],
//! the [`Part`]s of memory that it decides (a number is the rank there: 0 if there is none, and the
//! lowest rank counts most), where it faults and the access that is missing there, its [`Basis`],
//! and its source.
//!
//! Sources, as they are cited below:
//! - *commit*: the message of Linux commit 06f15cee3695, "mptcp: add
//!   MPTCP_TCPINFO getsockopt support" (September 2021), by paragraph; a structure or a program
//!   counts with the line above it.
//! - *addrs commit*: Linux commit c11c5906bc0a, "mptcp: add MPTCP_SUBFLOW_ADDRS
//!   getsockopt support" (September 2021).
//! - *merge commit*: the message of 983e59a27b92, which merged these two and the
//!   *info commit* (September 2021).
//! - *uapi*: the comments of `include/uapi/linux/mptcp.h`.
//! - *selftest*: `tools/testing/selftests/net/mptcp/mptcp_sockopt.c`.
//! - *info commit*: Linux commit 55c42fa7fa33, "mptcp: add MPTCP_INFO
//!   getsockopt" (September 2021).
//! - *mptcp.dev*: the project's page for developers of programs.
//! - *full-info commit*: Linux commit 492432074e4f, "mptcp: introduce
//!   MPTCP_FULL_INFO getsockopt" (June 2023).
//! - *early-stop commit*: Linux commit ce5f6f71b029, "mptcp: sockopt: info: stop
//!   early if no buffer" (May 2024).
//! - *fallback commit*: Linux commit c084ebd77a00, "tcp: socket option to check
//!   for MPTCP fallback to TCP" (May 2024).
//! - *optlen commit*: Linux commit 716edc9706de, "tcp: fix incorrect parameter
//!   validation in the do_tcp_getsockopt() function" (March 2024).
//! - *mptcp.rst*: `Documentation/networking/mptcp.rst`, "Socket options" (since 6.11).
//! - *issue 358* of the kernel project's tracker (February 2023).
//! - *design*: the mail "Revised mptcp_info sockopt and selftests" of 29 July
//!   2021, by its numbered points; see the module `info_opt`.
//! - *man*: `getsockopt(2)`.
//! - *measured*: undocumented, but observed on kernels.

use super::columns::{Basis, Options, Part, Requirement, Row, Step, rules};
use crate::memory::Access;
use crate::socket::Family::{V4, V6};
use crate::socket::Socket::{Closed, FallenBack, NotASocket, Tcp, Udp, Unix};

rules! {
    // The descriptor and the socket.

    /// A descriptor that is not open gives EBADF, and nothing is touched.
    ClosedDescriptor: Any Socket, Socket(Closed), [], [], Promised, "man, ERRORS";
    /// A descriptor that is not a socket gives ENOTSOCK, and nothing is touched.
    NotASocket: Any Socket, Socket(NotASocket), [], [], Promised, "man, ERRORS";
    /// A plain TCP socket over IPv4 does not support SOL_MPTCP: EOPNOTSUPP, and nothing is touched.
    TcpV4Refuses: Any Socket, Socket(Tcp(V4)), [], [], Implied, "issue 358: plain TCP sockets of both families answer so; fallback commit: the same errors if the kernel does not support the option";
    /// A plain TCP socket over IPv6 does not support SOL_MPTCP: ENOPROTOOPT, and nothing is touched.
    TcpV6Refuses: Any Socket, Socket(Tcp(V6)), [], [], Implied, "issue 358: plain TCP sockets of both families answer so; fallback commit: the same errors if the kernel does not support the option";
    /// An IPv4 connection that fell back to TCP answers like TCP: EOPNOTSUPP, and nothing is touched.
    FallenBackV4Refuses: Any Socket, Socket(FallenBack(V4)), [], [], Promised, "fallback commit: EOPNOTSUPP (IPv4) and ENOPROTOOPT (IPv6) if there was a fallback; mptcp.dev";
    /// An IPv6 connection that fell back to TCP answers like TCP: ENOPROTOOPT, and nothing is touched.
    FallenBackV6Refuses: Any Socket, Socket(FallenBack(V6)), [], [], Promised, "fallback commit: EOPNOTSUPP (IPv4) and ENOPROTOOPT (IPv6) if there was a fallback; mptcp.dev";
    /// A UDP socket over IPv4 gives EOPNOTSUPP, and nothing is touched.
    UdpV4Refuses: Any Socket, Socket(Udp(V4)), [], [], Accidental, "measured";
    /// A UDP socket over IPv6 gives ENOPROTOOPT, and nothing is touched.
    UdpV6Refuses: Any Socket, Socket(Udp(V6)), [], [], Accidental, "measured";
    /// A unix socket gives EOPNOTSUPP, and nothing is touched.
    UnixRefuses: Any Socket, Socket(Unix), [], [], Accidental, "measured";
    /// An MPTCP socket refuses an option number that it does not know with EOPNOTSUPP, and nothing is touched.
    UnknownOption: Any Socket, Nothing, [], [], Contrary, "measured; man, ERRORS promises ENOPROTOOPT";
    /// A kernel without MPTCP_FULL_INFO treats it as any option number that it does not know: EOPNOTSUPP, and nothing is touched.
    FullInfoUnknown: FullInfo Socket, NoFullInfo, [], [], Contrary, "full-info commit: the option came with 6.5; the error, measured; man, ERRORS promises ENOPROTOOPT";

    // MPTCP_INFO.

    /// MPTCP_INFO reads the length first; if it cannot be read, EFAULT, and nothing is touched.
    InfoLengthUnreadable: Info Length, Nothing, [], [Read Length], Implied, "man, ERRORS: EFAULT may be returned if optlen cannot be read; that the length is read first, measured";
    /// With a length of 0 the program only asks whether the connection fell back: success, and nothing is touched, not even the length.
    InfoZeroLengthAsksNothing: Info Sizes, ZeroLengthUntouched, [Length], [], Implied, "early-stop commit: only the returned value is of interest; that the length is not stored, measured";
    /// On kernels before the early stop, a length of 0 is stored back as 0 and no data is copied.
    InfoZeroLengthStored: Info Sizes, ZeroLengthStored, [Length], [], Promised, "info commit: updated to contain the number of bytes that it copied";
    /// A negative length counts as one larger than any structure: the whole structure is copied.
    InfoNegativeLengthIsHuge: Info Sizes, Nothing, [Length, Info], [], Contrary, "measured; man: optlen is the size of the buffer, and the other options answer EINVAL";
    /// With room for the kernel's whole structure, all of it is copied, and the length becomes its size.
    InfoWhole: Info Sizes, Nothing, [Length, Info, Unused], [], Promised, "info commit: updated to contain the number of bytes that it copied";
    /// With less room than the kernel's structure, its first bytes that fit are copied.
    InfoCut: Info Sizes, Nothing, [Length, Info, Unused], [], Promised, "info commit: userspace sets optlen to the size of the structure it expects; this allows to append more information later";
    /// MPTCP_INFO stores the length before it copies data: if the length cannot be written, EFAULT, and no data is copied.
    InfoLengthUnwritable: Info Answer, Nothing, [], [ReadWrite Length], Accidental, "order measured; EFAULT: man, ERRORS";
    /// If the data cannot be copied whole, EFAULT: the bytes before the first one that faults are written, and the length is stored already.
    InfoDataUnwritable: Info Answer, Nothing, [Info], [ReadWrite Info], Accidental, "measured; EFAULT: man, ERRORS";

    // MPTCP_TCPINFO and MPTCP_SUBFLOW_ADDRS: the header.

    /// The length is read first; if it cannot be read, EFAULT, and nothing is touched.
    DataLengthUnreadable: Data Length, Nothing, [], [Read Length], Implied, "man, ERRORS: EFAULT may be returned if optlen cannot be read; that the length is read first, measured";
    /// A negative length gives EINVAL, and nothing is touched.
    DataLengthNegative: Data Length, Nothing, [], [], Implied, "man, ERRORS: EINVAL, optlen invalid, but it says so of setsockopt()";
    /// A length smaller than the header of 16 bytes gives EINVAL, and nothing is touched.
    DataLengthTooShort: Data Length, Nothing, [], [], Implied, "commit, 2nd paragraph: the header has to be prepended to the data; selftest: a shorter optlen fails and is unchanged";
    /// The 16 bytes of the header are read next; if they cannot be read, EFAULT, and nothing is touched.
    HeaderUnreadable: Data Header, Nothing, [], [Read Header], Promised, "man, ERRORS";
    /// A size_subflow_data smaller than the 16 bytes of the first version gives EINVAL.
    HeaderSizeTooSmall: Data Checks, Nothing, [], [], Implied, "commit, 4th paragraph: has to be set to sizeof(struct mptcp_subflow_data); selftest: 0 fails; man, ERRORS: EINVAL for an invalid value in optval";
    /// A size_subflow_data larger than the length gives EINVAL: the header must lie inside the buffer.
    HeaderSizeAboveLength: Data Checks, Nothing, [], [], Implied, "commit, 5th paragraph: the kernel knows where the header ends";
    /// A size_subflow_data above 2^31 - 1 gives EINVAL.
    HeaderSizeAboveMax: Data Checks, Nothing, [], [], Accidental, "measured; it would be larger than any length";
    /// A size_user above 2^31 - 1 gives EINVAL.
    ElementSizeAboveMax: Data Checks, Nothing, [], [], Accidental, "measured; no document bounds it";
    /// A num_subflows that is not 0 gives EINVAL.
    NumSubflowsNotZero: Data Checks, Nothing, [], [], Implied, "commit, 6th paragraph: num_subflows must be set to 0; selftest: 1 fails; man, ERRORS: EINVAL for an invalid value in optval";
    /// A size_kernel that is not 0 gives EINVAL.
    SizeKernelNotZero: Data Checks, Nothing, [], [], Implied, "commit, 7th paragraph: size_kernel must be set to 0; selftest: 1 fails; man, ERRORS: EINVAL for an invalid value in optval";

    // MPTCP_TCPINFO and MPTCP_SUBFLOW_ADDRS: the elements.

    /// An element has the size that the program asked for, if the kernel knows that much.
    StrideAsAsked: Data Sizes, Nothing, [], [], Promised, "commit, 9th paragraph: the kernel only fills the space expected by userspace; selftest: with a size_user of 2, only the family of an address is copied";
    /// If the program asks for larger elements than the kernel knows, each has the kernel's size, and the next one follows at that distance.
    StrideClamped: Data Sizes, Nothing, [Element], [], Implied, "selftest: size_user is the lesser of size_kernel and the size that was asked for; that elements are that far apart, measured";
    /// While there is room for a whole element, that of the next subflow is copied: the first at size_subflow_data, each other directly behind the one before.
    ElementCopied: Data Elements, Subflow, [Element, Unused 1], [], Promised, "commit, 14th paragraph: olen is the header plus one element for each subflow with room; addrs commit: elements follow the header; selftest: behind a header of 17 bytes";
    /// A subflow whose element does not fit whole is counted, and nothing of it is copied.
    ElementLeftOut: Data Elements, Subflow, [Element, Unused], [], Implied, "commit, 14th paragraph: olen is a number of whole elements; 15th: userspace detects it by num_subflows; that no part of it is copied, measured";
    /// A size_user of 0 asks for the number of subflows only: no byte is copied for any.
    ElementEmpty: Data Elements, Subflow, [], [], Implied, "selftest: size_user 0 succeeds, and reports num_subflows and size_kernel";
    /// If an element cannot be copied whole, EFAULT: the bytes before the first one that faults are written, the header and the length are not.
    ElementUnwritable: Data Elements, Subflow, [Length, Header, Element], [ReadWrite Element], Accidental, "measured; EFAULT: man, ERRORS";
    /// num_subflows reports all subflows of the connection, whether or not there was room.
    CountReported: Data Answer, Nothing, [Header], [], Promised, "commit, 6th paragraph: the number of active subflows; merge commit: also if there is not enough room for the requested info";
    /// size_kernel reports the size of the element as the kernel has it, and size_user the lesser of that and the size that was asked for.
    SizesReported: Data Answer, Nothing, [Header], [], Implied, "commit, 7th paragraph: size_kernel; selftest: size_user is the lesser of size_kernel and the size that was asked for";
    /// The length becomes size_subflow_data plus the bytes of all elements copied.
    LengthWithElements: Data Answer, Subflow, [Length], [], Promised, "commit, 13th paragraph: the number of bytes that have been copied; 14th: olen is sizeof(header) + sizeof(element) times the count; addrs commit: check it";
    /// If no byte of an element was copied, the length becomes the part of the header that the kernel knows, 16, even if size_subflow_data is larger.
    LengthWithoutElements: Data Answer, Nothing, [Length], [], Implied, "selftest: a header of 24 bytes on an old kernel, olen must be truncated to real data size filled by kernel";
    /// The length is stored after the elements and before the header: if it cannot be written, EFAULT, and the header stays as it was.
    DataLengthUnwritable: Data Answer, Nothing, [], [ReadWrite Length], Accidental, "order measured; EFAULT: man, ERRORS";
    /// The header is written last, the 16 bytes that the kernel knows; if they cannot all be written, EFAULT: the bytes before the first one that faults are written.
    HeaderUnwritable: Data Answer, Nothing, [], [ReadWrite Header], Accidental, "order measured; EFAULT: man, ERRORS";
    /// Bytes of the header past the 16 that the kernel knows are not written.
    HeaderTailLeftAlone: Data Answer, Nothing, [HeaderTail], [], Implied, "commit, 5th paragraph: kernel knows where the userspace-provided meta header ends; selftest: the 17th byte of a header of 17 stays 0";

    // MPTCP_FULL_INFO.

    /// The length is read first; if it cannot be read, EFAULT, and nothing is touched.
    FullLengthUnreadable: FullInfo Length, Nothing, [], [Read Length], Implied, "man, ERRORS: EFAULT may be returned if optlen cannot be read; that the length is read first, measured";
    /// A negative length gives EINVAL, and nothing is touched.
    FullLengthNegative: FullInfo Length, Nothing, [], [], Implied, "man, ERRORS: EINVAL, optlen invalid, but it says so of setsockopt()";
    /// A length smaller than the 40 bytes before mptcp_info gives EINVAL, and nothing is touched.
    FullLengthTooShort: FullInfo Length, Nothing, [], [], Implied, "uapi: the sizes and the pointers are input";
    /// The 40 bytes before mptcp_info are read next; if they cannot be read, EFAULT, and nothing is touched.
    FullHeaderUnreadable: FullInfo Header, Nothing, [], [Read Header], Promised, "man, ERRORS";
    /// A num_subflows that is not 0 gives EINVAL.
    FullNumSubflowsNotZero: FullInfo Checks, Nothing, [], [], Implied, "uapi, struct mptcp_full_info: must be 0, set by kernel; man, ERRORS: EINVAL for an invalid value in optval";
    /// A size_tcpinfo_kernel or size_sfinfo_kernel that is not 0 gives EINVAL.
    FullSizeKernelNotZero: FullInfo Checks, Nothing, [], [], Implied, "uapi, struct mptcp_full_info: must be 0, set by kernel; man, ERRORS: EINVAL for an invalid value in optval";
    /// A size_tcpinfo_user or size_sfinfo_user above 2^31 - 1 gives EINVAL.
    FullElementSizeAboveMax: FullInfo Checks, Nothing, [], [], Accidental, "measured; no document bounds it";
    /// size_tcpinfo_user and size_sfinfo_user are kept if the kernel knows that much.
    FullStrideAsAsked: FullInfo Sizes, Nothing, [], [], Implied, "uapi, struct mptcp_full_info: the arrays are size_arrays_user elements of that size";
    /// size_tcpinfo_user and size_sfinfo_user are lowered to the kernel's sizes, and elements are the lowered size apart.
    FullStrideClamped: FullInfo Sizes, Nothing, [SubflowInfo, TcpInfo], [], Implied, "selftest: each size is the lesser of what the kernel has and what was asked for; that elements are that far apart, measured";
    /// For each subflow below size_arrays_user one element goes into each array.
    FullElementCopied: FullInfo Elements, Subflow, [SubflowInfo, TcpInfo, Unused 1], [], Promised, "uapi, struct mptcp_full_info, size_arrays_user; mptcp.rst: one pointer to an array of each structure";
    /// Subflows from size_arrays_user on are counted, and nothing of them is copied; no number is too large for size_arrays_user.
    FullElementLeftOut: FullInfo Elements, Subflow, [SubflowInfo, TcpInfo, Unused], [], Implied, "uapi, struct mptcp_full_info: size_arrays_user is the maximum that userspace is interested in, num_subflows the real subflow count; that no value of size_arrays_user is refused, measured";
    /// An array whose elements have size 0 is not touched, whatever its address.
    FullArrayEmpty: FullInfo Elements, Subflow, [], [], Accidental, "measured; follows from the arithmetic";
    /// The addresses of a subflow are copied before its tcp_info; if they cannot be copied whole, EFAULT: the bytes before the first one that faults are written, the structure and the length stay as they were.
    FullSubflowInfoUnwritable: FullInfo Elements, Subflow, [Header, SubflowInfo, TcpInfo], [ReadWrite SubflowInfo], Accidental, "order measured; EFAULT: man, ERRORS";
    /// If a tcp_info cannot be copied whole, EFAULT: what was copied stays, the structure and the length stay as they were.
    FullTcpInfoUnwritable: FullInfo Elements, Subflow, [Header, SubflowInfo, TcpInfo], [ReadWrite TcpInfo], Accidental, "order measured; EFAULT: man, ERRORS";
    /// num_subflows reports all subflows, the kernel sizes what the kernel has, and the user sizes the lesser of that and what was asked for.
    FullCountsReported: FullInfo Answer, Nothing, [Header], [], Implied, "uapi, struct mptcp_full_info: num_subflows and the kernel sizes are set by kernel; selftest: each user size is the lesser of the two";
    /// With a length of 40 nothing of mptcp_info is copied.
    FullInfoLeftOut: FullInfo Answer, Nothing, [Length], [], Accidental, "measured; follows from the arithmetic";
    /// With less room than the whole mptcp_info its first bytes are copied, and the length does not change.
    FullInfoCut: FullInfo Answer, Nothing, [Length], [], Implied, "uapi and mptcp.rst: mptcp_info is the last member of the structure; info commit: it grows at its end";
    /// With room for the whole mptcp_info, all of it is copied, and the length reports where it ends.
    FullInfoWhole: FullInfo Answer, Nothing, [Length], [], Implied, "info commit, which says so of MPTCP_INFO: updated to contain the number of bytes that it copied; selftest: olen is no more than sizeof(struct mptcp_full_info)";
    /// The length is stored after the arrays and before the structure: if it cannot be written, EFAULT, and the structure stays as it was.
    FullLengthUnwritable: FullInfo Answer, Nothing, [], [ReadWrite Length], Accidental, "order measured; EFAULT: man, ERRORS";
    /// The structure is written last; if it cannot all be written, EFAULT: the bytes before the first one that faults are written.
    FullStructureUnwritable: FullInfo Answer, Nothing, [], [ReadWrite Header], Accidental, "order measured; EFAULT: man, ERRORS";

    // mptcp_info_opt, the design of July 2021.

    /// The length is read first; if it cannot be read, EFAULT, and nothing is touched.
    OptLengthUnreadable: InfoOpt Length, Nothing, [], [Read Length], Implied, "man, ERRORS: EFAULT may be returned if optlen cannot be read; that the length is read first: as in the options that shipped";
    /// A negative length gives EINVAL, and nothing is touched.
    OptLengthNegative: InfoOpt Length, Nothing, [], [], Implied, "man, ERRORS: EINVAL, optlen invalid, but it says so of setsockopt()";
    /// A length smaller than the 96 bytes of the structure gives EINVAL, and nothing is touched.
    OptLengthTooShort: InfoOpt Length, Nothing, [], [], Chosen, "design, sample: \"optlen = sizeof(m)\" is the only length that it shows; half a structure would be a half-answered question";
    /// The 96 bytes are read next, once; if they cannot be read, EFAULT, and nothing is touched.
    OptStructureUnreadable: InfoOpt Header, Nothing, [], [Read Block], Promised, "man, ERRORS; once: no sentence, but what is checked must be what is used";
    /// nmemb_kernel and size_kernel of the input are ignored, whatever they are.
    OptKernelMembersIgnored: InfoOpt Sizes, Nothing, [], [], Promised, "design, in short: \"The _kernel members are only filled by kernel, the value provided by userspace are ignored.\"";
    /// size_user is kept if the kernel knows that much, and that number of bytes of each element is copied.
    OptSizeKept: InfoOpt Sizes, Nothing, [], [], Promised, "design, 2: \"Not change, or shrink, size_user.\"";
    /// size_user is lowered to the kernel's size, and the whole of what the kernel knows is copied.
    OptSizeShrunk: InfoOpt Sizes, Nothing, [], [], Promised, "design, 2: \"size_user is updated to reflect the real element size\"";
    /// Elements are as far apart as size_user states after it was lowered.
    OptStrideShrunk: InfoOpt Elements, Subflow, [SubflowInfo, TcpInfo, Sockname, Peername], [], Chosen, "design: \"ptr += size_user\", with size_user \"the real element size\" by then (2); but the sample, which takes tcpinfo for an array in C, would need the size that was asked for";
    /// A block whose address is null is not requested: nothing is copied, its nmemb_user becomes 0, the rest is reported.
    OptBlockNull: InfoOpt Sizes, Nothing, [Block], [], Chosen, "design, at the end: \"only ask for tcp_info\", and a structure cleared by memset, as the sample's is, has null there; null with a count is not spoken of, and 0 is for \"when nothing was filled in\" (1)";
    /// The block mptcp_info is one structure, and is filled whatever its nmemb_user.
    OptScalarFilled: InfoOpt Elements, Nothing, [Info, Unused 2], [], Chosen, "design, sample: memset leaves mptcp_info.nmemb_user 0, and mptcp_info is printed after the call";
    /// nmemb_user of the block mptcp_info is kept, or lowered to 1: a 0 stays 0 although one structure was filled.
    OptScalarCount: InfoOpt Answer, Nothing, [], [], Chosen, "design, 1: \"not change, or shrink\", against \"updates it to reflect how much it ended up\": 0 cannot shrink to 1";
    /// If mptcp_info cannot be copied whole, EFAULT: the bytes before the first one that faults are written, and nothing else is.
    OptInfoUnwritable: InfoOpt Elements, Nothing, [Info, Block], [ReadWrite Info], Chosen, "EFAULT: man, ERRORS; that it comes first: its place in the structure";
    /// While nmemb_user has room, a subflow's element is copied into the block.
    OptElementCopied: InfoOpt Elements, Subflow, [SubflowInfo, TcpInfo, Sockname, Peername, Unused 1], [], Promised, "design: \"the number of structures it has allocated\"; \"remaining--\" and \"ptr += size_user\"";
    /// A subflow for which nmemb_user has no room is counted, and nothing of it is copied into the block.
    OptElementLeftOut: InfoOpt Elements, Subflow, [SubflowInfo, TcpInfo, Sockname, Peername, Unused], [], Promised, "design, 4 and example: \"if there are 17 subflows then socknames.nmemb_user == 16 and socknames.nmemb_kernel == 17\"";
    /// An element of size 0 takes no byte, whatever the address, and counts as filled.
    OptElementEmpty: InfoOpt Elements, Nothing, [], [], Chosen, "design, silent; follows from the arithmetic of 1 and 2";
    /// nmemb_user is kept if there is that number of subflows or more.
    OptCountKept: InfoOpt Answer, Subflow, [], [], Promised, "design, 1: \"not change, or shrink the number of structures\"";
    /// nmemb_user is lowered to the number of subflows, 0 if there is none.
    OptCountShrunk: InfoOpt Answer, Nothing, [], [], Promised, "design, 1: \"0 would happen in the 'no subflows' case, when nothing was filled in\"";
    /// A subflow's tcp_info is copied first of its elements; if it cannot be copied whole, EFAULT: what was copied stays, the structure and the length stay as they were.
    OptTcpInfoUnwritable: InfoOpt Elements, Subflow, [SubflowInfo, TcpInfo, Block], [ReadWrite TcpInfo], Chosen, "EFAULT: man, ERRORS; order: that of the structure, subflow by subflow, for the sample prints each local address and its peer's as a pair";
    /// A subflow's local address is copied next; if it cannot be copied whole, EFAULT, with the same consequences.
    OptSocknameUnwritable: InfoOpt Elements, Subflow, [Block, Sockname, Peername], [ReadWrite Sockname], Chosen, "EFAULT: man, ERRORS; order: design, silent, as OptTcpInfoUnwritable";
    /// A subflow's peer address is copied last; if it cannot be copied whole, EFAULT, with the same consequences.
    OptPeernameUnwritable: InfoOpt Elements, Subflow, [Block, Sockname, Peername], [ReadWrite Peername], Chosen, "EFAULT: man, ERRORS; order: design, silent, as OptTcpInfoUnwritable";
    /// nmemb_kernel reports the number of elements that there would have been, 1 of mptcp_info and the number of subflows of the others; size_kernel the size of one as the kernel knows it.
    OptKernelReported: InfoOpt Answer, Nothing, [Block], [], Promised, "design, 3 and 4, which have the two names exchanged: \"nmemb_kernel to reflect the structure size\", \"size_kernel with the number of elements\"; the example, nmemb_kernel == 17, decides";
    /// The length becomes 96, whatever the program passed.
    OptLengthReturned: InfoOpt Answer, Nothing, [Length], [], Chosen, "design, silent; as the options that shipped: what the kernel knows of the structure";
    /// The length is stored after all copies and before the structure: if it cannot be written, EFAULT, and the structure stays as it was.
    OptLengthUnwritable: InfoOpt Answer, Nothing, [Block], [ReadWrite Length], Chosen, "design, silent; the order of the options that shipped";
    /// The structure is written last, from the one copy that was read; if it cannot all be written, EFAULT; it overwrites an array at the same place.
    OptStructureUnwritable: InfoOpt Answer, Nothing, [], [ReadWrite Block], Chosen, "design, silent; last, so that its members are true where it can be read";
    /// Bytes past the 96 that the kernel knows are not written.
    OptTailLeftAlone: InfoOpt Answer, Nothing, [], [], Chosen, "design, silent; room for more blocks is the program's";
}
