//! The arithmetic of the negotiation: one small function for every point at which
//! a kernel could decide differently.
//!
//! [`KernelDecisions`] is the contract. A deliberately wrong model overrides one
//! function: a checker that is built on this crate has to notice it.

use crate::abi::{
    FULL_INFO_HEADER, FullInfo, INFO_OPT, SUBFLOW_DATA, SUBFLOW_INFO_HOLE, SubflowData,
};
use crate::errno::Errno;
pub use crate::length::{KernelSize, OptLen, Stride, UserSize};
use crate::revision::{Revision, ZeroLength};
use crate::rules::Rule;

/// A size in a header that is larger than any length can be (2^31 - 1).
const SIZE_MAX: u32 = i32::MAX.cast_unsigned();

/// The decisions of a kernel. All sizes are in bytes.
pub trait Decisions {
    /// The error of an MPTCP socket for an option that it does not know.
    const UNKNOWN_OPTION: Errno = Errno::EOPNOTSUPP;

    /// A 32-bit program's call: the address in a register of 64 bits.
    #[inline]
    fn compat_address(register: u64) -> u64 {
        register & u64::from(u32::MAX)
    }

    /// `MPTCP_FULL_INFO`, a 32-bit program's call: the padding between `id` and `addrs`
    /// of `struct mptcp_subflow_info`. The C of such a program has none.
    const COMPAT_SUBFLOW_INFO_HOLE: u32 = SUBFLOW_INFO_HOLE;

    /// `MPTCP_INFO`: whether the call succeeds at once with this length, and nothing is
    /// written.
    #[inline]
    fn info_asks_nothing(revision: &Revision, length: OptLen) -> bool {
        length.0 == 0 && revision.zero_length == ZeroLength::Untouched
    }

    /// `MPTCP_INFO`: whether this length is refused.
    #[inline]
    fn info_refuses(_length: OptLen) -> bool {
        false
    }

    /// `MPTCP_INFO`: how much of the structure is copied.
    #[inline]
    fn info_length(length: OptLen, kernel: KernelSize) -> u32 {
        length.wrapped().min(kernel.0)
    }

    /// `MPTCP_INFO`: whether the length is stored before the data is copied.
    const INFO_LENGTH_FIRST: bool = true;

    /// `MPTCP_TCPINFO`, `MPTCP_SUBFLOW_ADDRS`: whether a header fits in a
    /// length.
    #[inline]
    fn data_length(length: OptLen) -> Result<u32, Rule> {
        match length.bytes() {
            None => Err(Rule::DataLengthNegative),
            Some(bytes) if bytes < SUBFLOW_DATA => Err(Rule::DataLengthTooShort),
            Some(bytes) => Ok(bytes),
        }
    }

    /// `MPTCP_TCPINFO`, `MPTCP_SUBFLOW_ADDRS`: whether a header is valid.
    #[inline]
    fn header(header: &SubflowData, length: u32) -> Result<(), Rule> {
        if header.size_subflow_data > SIZE_MAX {
            Err(Rule::HeaderSizeAboveMax)
        } else if header.size_user > SIZE_MAX {
            Err(Rule::ElementSizeAboveMax)
        } else if header.size_subflow_data < SUBFLOW_DATA {
            Err(Rule::HeaderSizeTooSmall)
        } else if header.size_subflow_data > length {
            Err(Rule::HeaderSizeAboveLength)
        } else if header.num_subflows != 0 {
            Err(Rule::NumSubflowsNotZero)
        } else if header.size_kernel != 0 {
            Err(Rule::SizeKernelNotZero)
        } else {
            Ok(())
        }
    }

    /// `MPTCP_TCPINFO`, `MPTCP_SUBFLOW_ADDRS`: the offset of the first
    /// element in the buffer.
    #[inline]
    fn first_element(header: &SubflowData) -> u32 {
        header.size_subflow_data
    }

    /// All but `MPTCP_INFO`: the lesser of both sizes of an element.
    #[inline]
    fn stride(asked: UserSize, kernel: KernelSize) -> Stride {
        Stride(asked.0.min(kernel.0))
    }

    /// The distance from one element to the next.
    #[inline]
    fn step(_asked: UserSize, stride: Stride) -> u32 {
        stride.0
    }

    /// `MPTCP_TCPINFO`, `MPTCP_SUBFLOW_ADDRS`: how much of an element is
    /// copied into the remaining room, if any of it is.
    #[inline]
    fn element(room: u32, stride: Stride) -> Option<u32> {
        (room >= stride.0).then_some(stride.0)
    }

    /// `MPTCP_TCPINFO`, `MPTCP_SUBFLOW_ADDRS`: the value of `num_subflows`.
    #[inline]
    fn count(all: u32, _copied: u32) -> u32 {
        all
    }

    /// All but `MPTCP_INFO`: the value of `size_user`.
    #[inline]
    fn size_user(_asked: UserSize, stride: Stride) -> u32 {
        stride.0
    }

    /// All but `MPTCP_INFO`: the value of `size_kernel`.
    #[inline]
    fn size_kernel(kernel: KernelSize) -> u32 {
        kernel.0
    }

    /// `MPTCP_TCPINFO`, `MPTCP_SUBFLOW_ADDRS`: the length that is stored,
    /// `copied` being the bytes of all elements.
    #[inline]
    fn data_returned(header: &SubflowData, copied: u32) -> u32 {
        if copied > 0 {
            header.size_subflow_data.wrapping_add(copied)
        } else {
            header.size_subflow_data.min(SUBFLOW_DATA)
        }
    }

    /// `MPTCP_TCPINFO`, `MPTCP_SUBFLOW_ADDRS`: how much of the header is
    /// written.
    #[inline]
    fn header_written(header: &SubflowData) -> u32 {
        header.size_subflow_data.min(SUBFLOW_DATA)
    }

    /// All but `MPTCP_INFO`: whether the length is stored before the header.
    const LENGTH_BEFORE_HEADER: bool = true;

    /// All but `MPTCP_INFO`: whether header and length are stored although
    /// an element could not be copied.
    const REPORT_AFTER_FAULT: bool = false;

    /// All but `MPTCP_INFO`: the result if an element cannot be copied.
    const ELEMENT_FAULT: Result<(), Errno> = Err(Errno::EFAULT);

    /// `MPTCP_FULL_INFO`: whether the input fits in a length.
    #[inline]
    fn full_length(length: OptLen) -> Result<u32, Rule> {
        match length.bytes() {
            None => Err(Rule::FullLengthNegative),
            Some(bytes) if bytes < FULL_INFO_HEADER => Err(Rule::FullLengthTooShort),
            Some(bytes) => Ok(bytes),
        }
    }

    /// `MPTCP_FULL_INFO`: whether the structure is valid.
    #[inline]
    fn full_header(full: &FullInfo) -> Result<(), Rule> {
        if full.num_subflows != 0 {
            Err(Rule::FullNumSubflowsNotZero)
        } else if full.size_tcpinfo_kernel != 0 || full.size_sfinfo_kernel != 0 {
            Err(Rule::FullSizeKernelNotZero)
        } else if full.size_tcpinfo_user > SIZE_MAX || full.size_sfinfo_user > SIZE_MAX {
            Err(Rule::FullElementSizeAboveMax)
        } else {
            Ok(())
        }
    }

    /// `MPTCP_FULL_INFO`: whether the subflow of this index, from 0, gets an
    /// element in each array.
    #[inline]
    fn full_slot(index: u32, size_arrays_user: u32) -> bool {
        index < size_arrays_user
    }

    /// `MPTCP_FULL_INFO`: whether the addresses of a subflow are copied
    /// before its `tcp_info`.
    const FULL_ADDRESSES_FIRST: bool = true;

    /// `MPTCP_FULL_INFO`: how much of `mptcp_info` is copied.
    #[inline]
    fn full_info_length(length: u32, kernel: KernelSize) -> u32 {
        length.saturating_sub(FULL_INFO_HEADER).min(kernel.0)
    }

    /// `MPTCP_FULL_INFO`: the length that is stored, `info` being the bytes
    /// of `mptcp_info` that are copied.
    #[inline]
    fn full_returned(info: u32) -> u32 {
        FULL_INFO_HEADER.wrapping_add(info)
    }

    /// `mptcp_info_opt`: whether the structure fits in a length.
    #[inline]
    fn opt_length(length: OptLen) -> Result<u32, Rule> {
        match length.bytes() {
            None => Err(Rule::OptLengthNegative),
            Some(bytes) if bytes < INFO_OPT => Err(Rule::OptLengthTooShort),
            Some(bytes) => Ok(bytes),
        }
    }

    /// `mptcp_info_opt`: whether a block with this address is requested.
    #[inline]
    fn opt_wanted(address: u64) -> bool {
        address != 0
    }

    /// `mptcp_info_opt`: the value of `nmemb_user` of a block of which the
    /// kernel has `all` elements.
    #[inline]
    fn opt_filled(asked: u32, all: u32) -> u32 {
        asked.min(all)
    }

    /// `mptcp_info_opt`: whether the subflow of this index, from 0, gets an
    /// element in a block.
    #[inline]
    fn opt_slot(index: u32, nmemb_user: u32) -> bool {
        index < nmemb_user
    }

    /// `mptcp_info_opt`: whether `mptcp_info` is filled for a program that passes
    /// this `nmemb_user`.
    #[inline]
    fn opt_scalar(_nmemb_user: u32) -> bool {
        true
    }

    /// `mptcp_info_opt`: whether `mptcp_info` is copied before the elements.
    const OPT_INFO_FIRST: bool = true;

    /// `mptcp_info_opt`: the order in which a subflow's elements are copied:
    /// 0 is its `tcp_info`, 1 its local address, 2 its peer's.
    const OPT_ORDER: [usize; 3] = [0, 1, 2];

    /// `mptcp_info_opt`: the length that is stored.
    #[inline]
    fn opt_returned(_length: u32) -> u32 {
        INFO_OPT
    }
}

/// The contract of kernels: documented where a document exists, else measured. If kernels
/// and a document differ, kernels decide.
#[derive(Clone, Copy, Debug)]
pub enum KernelDecisions {}

impl Decisions for KernelDecisions {}

/// As [`KernelDecisions`], but if kernels contradict a document or themselves, the document
/// decides: see [`Basis::Contrary`](crate::rules::Basis::Contrary).
#[derive(Clone, Copy, Debug)]
pub enum DocumentDecisions {}

impl Decisions for DocumentDecisions {
    const UNKNOWN_OPTION: Errno = Errno::ENOPROTOOPT;
    const COMPAT_SUBFLOW_INFO_HOLE: u32 = 0;

    fn info_refuses(length: OptLen) -> bool {
        length.0 < 0
    }
}
