//! A model of `getsockopt(fd, SOL_MPTCP, …)` as Linux answers it: which bytes
//! of the caller's memory change, to what, in which order, and what is left
//! behind where a copy fails half-way.
//!
//! It is for whoever writes a client of `MPTCP_INFO`, `MPTCP_TCPINFO`,
//! `MPTCP_SUBFLOW_ADDRS` and `MPTCP_FULL_INFO`, and would like to know what
//! that client does on a kernel older or newer than their own, with more
//! subflows than it has room for, or with a buffer that ends too soon. No
//! socket is opened for that, no namespace is made, and nobody has to be
//! root.
//!
//! What is *not* here: no input or output, no allocation, no unsafe code, no
//! standard library. The model never calls a kernel. That it agrees with real
//! ones, byte for byte, is for others to show (`mptcp-harness` in the same
//! repository does), and [`Revision::verification`] says for which it was shown.
//!
//! # Four ideas
//!
//! **A revision is data.** [`Revision`] holds what differs between releases:
//! the sizes of structures, whether an option exists, what a length of 0 does.
//! No algorithm here asks for a version.
//!
//! **Memory is part of the model.** A call reads and writes through
//! [`UserMemory`]; [`PagedMemory`] is one made of pages, each of which may be
//! written, be only read, or not be there. Buffers may overlap, end too soon,
//! be null. An `EFAULT` is not the same as "nothing happened".
//!
//! **Every decision is a rule.** [`Rule`] lists them, each with its sentence,
//! its source and how firmly it stands: what a document promises is told apart
//! from what kernels merely do. A [`Trace`] hears which rules decided a call;
//! `()` hears nothing and costs nothing. The functions behind the rules are
//! [`decisions::Decisions`], to be overridden by whoever needs a kernel that is wrong.
//!
//! **A byte is known or open.** Beside each byte of an answer stands a mask.
//! The few that nobody can foretell, clocks for the most part, say so and say
//! [`OpenReason`].
//!
//! # Testing a client
//!
//! A client of `MPTCP_TCPINFO` guesses how many subflows there are, and tries
//! again where there are more, as the [commit that introduced the
//! option][commit] tells it to. This one was compiled with the headers of 6.18
//! and takes any `getsockopt`, so that a test can hand it one of its own:
//!
//! ```
//! use mptcp_emulator::abi::MPTCP_TCPINFO;
//! use mptcp_emulator::Errno;
//!
//! /// `sizeof(struct mptcp_subflow_data)` and `sizeof(struct tcp_info)`.
//! const HEADER: usize = 16;
//! const TCP_INFO: usize = 280;
//!
//! /// The `tcp_info` of each subflow, as much of it as this kernel knows.
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
//!             // Elements stand as far apart as both sides agreed on, which
//!             // is not TCP_INFO on an older kernel.
//!             let size = word(12) as usize;
//!             let elements = &buffer[HEADER..length as usize];
//!             return Ok(elements.chunks(size).map(<[u8]>::to_vec).collect());
//!         }
//!         slots = subflows;
//!     }
//! }
//!
//! // A test of it, with three subflows, on two kernels.
//! use mptcp_emulator::{OwnedConnection, Revision, Socket, getsockopt_into};
//!
//! fn client_on(revision: &Revision) -> (usize, Result<Vec<Vec<u8>>, Errno>) {
//!     // What the kernel knows: made up, and different for each subflow.
//!     let mut connection = OwnedConnection::new(revision, 3);
//!     for (number, mut subflow) in (1..).zip(connection.subflows_mut()) {
//!         subflow.tcp_info.bytes.fill(number);
//!     }
//!     let socket = Socket::Mptcp(connection.as_connection());
//!
//!     let mut calls = 0;
//!     let found = tcp_infos(|option, optval, optlen| {
//!         calls += 1;
//!         getsockopt_into(revision, &socket, option, optval, optlen)
//!     });
//!     (calls, found)
//! }
//!
//! let (calls, found) = client_on(&Revision::V6_18);
//! assert_eq!(calls, 2);
//! assert_eq!(found, Ok(vec![vec![1; 280], vec![2; 280], vec![3; 280]]));
//!
//! // On 6.1 a tcp_info is 232 bytes: a client that stepped by its own 280
//! // would find the third in the middle of nowhere.
//! let (calls, found) = client_on(&Revision::V6_1);
//! assert_eq!(calls, 2);
//! assert_eq!(found, Ok(vec![vec![1; 232], vec![2; 232], vec![3; 232]]));
//! ```
//!
//! [commit]: https://git.kernel.org/torvalds/c/06f15cee3695
//!
//! # A buffer that ends too soon
//!
//! ```
//! use mptcp_emulator::abi::MPTCP_INFO;
//! use mptcp_emulator::{
//!     Access, Call, Connection, Content, Errno, PAGE, PagedMemory, Pages, Revision, Socket,
//!     UserMemory, getsockopt,
//! };
//!
//! // One page that can be written, and nothing behind it.
//! let pages = Pages::new([Access::ReadWrite, Access::Nothing]);
//! let (mut bytes, mut mask) = ([0; 2 * PAGE], [0; 2 * PAGE]);
//! let mut memory = PagedMemory::new(&pages, 0x10000, &mut bytes, &mut mask).unwrap();
//!
//! let (info, none) = (Content::exact(&[7; 96]), Content::exact(&[]));
//! let socket = Socket::Mptcp(Connection::new(&Revision::V6_18, info, none, none).unwrap());
//! let call = Call { option: MPTCP_INFO, optval: 0x10ff6, optlen: 0x10000 };
//! memory.store(call.optlen, 400).unwrap();
//! let result = getsockopt(&Revision::V6_18, &socket, &call, &mut memory, &mut ());
//!
//! // It failed, and yet the ten bytes before the edge are there, and the
//! // length says how many were meant to be.
//! assert_eq!(result, Err(Errno::EFAULT));
//! assert_eq!(memory.load(call.optlen), Ok(96));
//! assert_eq!(memory.bytes()[PAGE - 11..PAGE], [0, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7]);
//! ```
//!
//! # Why it answered so
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
//! let call = Call { option: MPTCP_INFO, optval: 0x10010, optlen: 0x10000 };
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
mod call;
mod content;
pub mod decisions;
mod errno;
mod full_info;
mod getsockopt;
mod info;
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

pub use call::Call;
pub use content::{Content, OpenReason};
pub use errno::Errno;
pub use getsockopt::{getsockopt, getsockopt_into, getsockopt_with};
pub use memory::{Access, Buffer, Fault, PAGE, PagedMemory, Pages, UserMemory};
#[cfg(feature = "alloc")]
pub use owned::{ContentMut, OwnedConnection, OwnedSocket, SubflowMut};
pub use release::Release;
pub use revision::{Revision, SocketBehavior, Verification, ZeroLength};
pub use rules::Rule;
pub use socket::{Connection, Family, SizeMismatch, Socket, Subflow};
pub use trace::{RuleLog, RuleSet, Trace};
