//! placeholder
#![no_std]
#![forbid(unsafe_code)]

pub mod abi;
mod call;
mod content;
mod decisions;
mod errno;
mod full_info;
mod info;
mod length;
mod memory;
mod revision;
mod rules;
mod sizes;
mod socket;
mod subflow_data;
mod trace;

pub use call::{Call, getsockopt, getsockopt_deciding};
pub use content::{Content, Why};
pub use decisions::{Decisions, Documented};
pub use errno::Errno;
pub use length::{AskedSize, KernelSize, OptLen, Stride};
pub use memory::{Access, Fault, PAGE, Paged, Pages, UserMemory};
pub use revision::{Evidence, Revision, ZeroLength};
pub use rules::{Rule, Standing};
pub use sizes::{FULL_INFO_HEADER, SUBFLOW_ADDRS, SUBFLOW_DATA, SUBFLOW_INFO, SUBFLOW_INFO_ADDRS};
pub use socket::{Connection, Family, Socket, Subflow};
pub use trace::{Order, RuleSet, Trace};
