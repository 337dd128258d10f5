//! A model of how Linux answers `getsockopt(fd, SOL_MPTCP, …)`: which bytes of
//! the caller's memory it writes, in which order, and what remains if a copy
//! fails half-way.
//!
//! It is for authors of programs that use `MPTCP_INFO`, `MPTCP_TCPINFO`,
//! `MPTCP_SUBFLOW_ADDRS` and `MPTCP_FULL_INFO`. A test can run such a program
//! on an older or newer kernel, with more subflows than it has room for, or with
//! a buffer that is too short. The test needs no socket, no network namespace
//! and no privileges.
//!
//! The crate does no input or output and has no unsafe code. It is `no_std`.
//! It never calls a kernel. `mptcp-harness`, in the
//! same repository, compares the model with real kernels byte for byte;
//! [`Revision::verification`] names the kernel that each revision was compared
//! with.
//!
//! # Features
//!
//! Both are off by default.
//!
//! - `alloc`: sockets that own their contents, `OwnedConnection` and `OwnedSocket`.
//!   Without it the crate allocates nothing.
//! - `info_opt`: the option `mptcp_info_opt` of a design of July 2021, which no
//!   kernel shipped, with a review of the design. Its structures and its rules are
//!   declared without the feature, too.
//!
//! # Concepts
//!
//! **A revision is data.** [`Revision`] holds the differences between releases:
//! the sizes of structures, whether an option exists, the effect of a length of
//! 0. No algorithm in this crate asks for a version.
//!
//! **Memory is part of the model.** A call reads and writes through
//! [`UserMemory`]. [`PagedMemory`] consists of pages, each of which is writable,
//! read-only or not mapped. Buffers may overlap, be too short, or be null. After
//! an `EFAULT`, some bytes may have been written.
//!
//! **Every decision is a rule.** [`Rule`] lists them, each with a sentence, its
//! source and its basis: whether a document promises it, or whether kernels
//! merely do it. A [`Trace`] collects the rules that decided a call; `()`
//! collects nothing and costs nothing.
//!
//! **Every behavior is a value.** [`behaviors`] lists the points at which a kernel
//! could do otherwise. Change one in [`Revision::behaviors`] to model a wrong
//! kernel.
//!
//! **A byte is known or open.** A mask belongs to the bytes of each answer. It
//! marks the bytes that cannot be predicted, most of which are clocks, with an
//! [`OpenReason`].
//!
//! # Testing a client
//!
//! A client of `MPTCP_TCPINFO` guesses the number of subflows, and calls again
//! if there are more. The [commit that introduced the option][commit] recommends
//! this. The client below was compiled with the headers of 6.18. It takes any
//! `getsockopt`, so that a test can pass its own:
//!
//! ```
//! use mptcp_emulator::abi::MPTCP_TCPINFO;
//! use mptcp_emulator::Errno;
//!
//! /// `sizeof(struct mptcp_subflow_data)` and `sizeof(struct tcp_info)`.
//! const HEADER: usize = 16;
//! const TCP_INFO: usize = 280;
//!
//! /// The `tcp_info` of each subflow, as far as this kernel knows it.
//! fn tcp_infos(
//!     mut getsockopt: impl FnMut(i32, &mut [u8], &mut i32) -> Result<(), Errno>,
//! ) -> Result<Vec<Vec<u8>>, Errno> {
//!     let mut slots = 2;
//!     loop {
//!         let mut buffer = vec![0; HEADER + slots * TCP_INFO];
//!         buffer[0..4].copy_from_slice(&(HEADER as u32).to_ne_bytes());
//!         buffer[12..16].copy_from_slice(&(TCP_INFO as u32).to_ne_bytes());
//!         let mut length = buffer.len() as i32;
//!         getsockopt(MPTCP_TCPINFO, &mut buffer, &mut length)?;
//!
//!         let word = |at| u32::from_ne_bytes(std::array::from_fn(|i| buffer[at + i]));
//!         let subflows = word(4) as usize;
//!         if subflows <= slots {
//!             // The distance between elements is the lesser of both sizes,
//!             // which is less than TCP_INFO on an older kernel.
//!             let size = word(12) as usize;
//!             let elements = &buffer[HEADER..length as usize];
//!             return Ok(elements.chunks(size).map(<[u8]>::to_vec).collect());
//!         }
//!         slots = subflows;
//!     }
//! }
//!
//! // A test of it, with three subflows, on two kernels.
//! use mptcp_emulator::{OwnedConnection, Revision, getsockopt_into};
//!
//! fn client_on(revision: &Revision) -> (usize, Result<Vec<Vec<u8>>, Errno>) {
//!     // Each subflow has other contents.
//!     let mut connection = OwnedConnection::new(revision, 3);
//!     for (number, mut subflow) in (1..).zip(connection.subflows_mut()) {
//!         subflow.tcp_info.bytes.fill(number);
//!     }
//!
//!     let mut calls = 0;
//!     let found = tcp_infos(|option, optval, optlen| {
//!         calls += 1;
//!         getsockopt_into(revision, &connection.as_socket(), option, optval, optlen)
//!     });
//!     (calls, found)
//! }
//!
//! let (calls, found) = client_on(&Revision::V6_18);
//! assert_eq!(calls, 2);
//! assert_eq!(found, Ok(vec![vec![1; 280], vec![2; 280], vec![3; 280]]));
//!
//! // On 6.1 a tcp_info has 232 bytes. A client that expects its own 280 would
//! // read the third at the wrong place.
//! let (calls, found) = client_on(&Revision::V6_1);
//! assert_eq!(calls, 2);
//! assert_eq!(found, Ok(vec![vec![1; 232], vec![2; 232], vec![3; 232]]));
//! ```
//!
//! [commit]: https://git.kernel.org/torvalds/c/06f15cee3695
//!
//! # A buffer that is too short
//!
//! ```
//! use mptcp_emulator::abi::MPTCP_INFO;
//! use mptcp_emulator::{
//!     Access, Call, Connection, Content, Errno, PAGE, PagedMemory, Pages, Revision, Socket,
//!     UserMemory, getsockopt,
//! };
//!
//! // One writable page, and nothing mapped behind it.
//! let pages = Pages::new([Access::ReadWrite, Access::Nothing]);
//! let (mut bytes, mut mask) = ([0; 2 * PAGE], [0; 2 * PAGE]);
//! let mut memory = PagedMemory::new(&pages, 0x10000, &mut bytes, &mut mask).unwrap();
//!
//! let (info, none) = (Content::exact(&[7; 96]), Content::exact(&[]));
//! let socket = Socket::Mptcp(Connection::new(&Revision::V6_18, info, none, none).unwrap());
//! let call = Call::new(MPTCP_INFO, 0x10ff6, 0x10000);
//! memory.store(call.optlen, 400).unwrap();
//! let result = getsockopt(&Revision::V6_18, &socket, &call, &mut memory, &mut ());
//!
//! // The call failed. The ten bytes before the end of the page are written all
//! // the same, and the length is the number of bytes that were to follow.
//! assert_eq!(result, Err(Errno::EFAULT));
//! assert_eq!(memory.load(call.optlen), Ok(96));
//! assert_eq!(memory.bytes()[PAGE - 11..PAGE], [0, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7]);
//! ```
//!
//! # The rules behind an answer
//!
//! ```
//! # use mptcp_emulator::abi::MPTCP_INFO;
//! # use mptcp_emulator::{Access, PAGE, PagedMemory, Pages, Connection, Content, UserMemory};
//! use mptcp_emulator::rules::Basis;
//! use mptcp_emulator::{Call, Revision, Rule, RuleLog, Socket, getsockopt};
//!
//! # let pages = Pages::new([Access::ReadWrite]);
//! # let (mut bytes, mut mask) = ([0; PAGE], [0; PAGE]);
//! # let mut memory = PagedMemory::new(&pages, 0x10000, &mut bytes, &mut mask).unwrap();
//! # let (info, none) = (Content::exact(&[7; 48]), Content::exact(&[]));
//! # let socket = Socket::Mptcp(Connection::new(&Revision::V6_1, info, none, none).unwrap());
//! let mut rules = RuleLog::default();
//! let call = Call::new(MPTCP_INFO, 0x10010, 0x10000);
//! memory.store(call.optlen, -1).unwrap();
//! assert!(getsockopt(&Revision::V6_1, &socket, &call, &mut memory, &mut rules).is_ok());
//!
//! let fired: Vec<Rule> = rules.iter().collect();
//! assert_eq!(fired, [Rule::InfoNegativeLengthIsHuge]);
//! assert_eq!(
//!     fired[0].sentence(),
//!     "A negative length counts as one larger than any structure: the whole structure is copied.",
//! );
//! assert_eq!(fired[0].basis(), Basis::Contrary);
//! assert_eq!(
//!     fired[0].source(),
//!     "measured; man: optlen is the size of the buffer, and the other options answer EINVAL",
//! );
//! ```
#![no_std]
#![forbid(unsafe_code)]

#[cfg(feature = "alloc")]
extern crate alloc;

pub mod abi;
mod array;
pub mod behaviors;
mod call;
mod content;
mod elements;
mod errno;
mod full_info;
mod getsockopt;
mod info;
#[cfg(feature = "info_opt")]
pub mod info_opt;
mod length;
mod memory;
#[cfg(feature = "alloc")]
mod owned;
mod release;
mod revision;
pub mod rules;
mod socket;
mod subflow_data;
mod trace;

pub use behaviors::{Behavior, Behaviors};
pub use call::Call;
pub use content::{Content, OpenReason};
pub use errno::Errno;
pub use getsockopt::{getsockopt, getsockopt_into, getsockopt_with};
pub use memory::{Access, Buffer, Fault, PAGE, PagedMemory, Pages, UserMemory};
#[cfg(feature = "alloc")]
pub use owned::{ContentMut, OwnedConnection, OwnedSocket, SubflowMut};
pub use release::Release;
pub use revision::{Revision, SocketBehavior, Verification};
pub use rules::Rule;
pub use socket::{Connection, Family, SizeMismatch, Socket, Subflow};
pub use trace::{RuleLog, RuleSet, Trace};
