//! What all arrays of elements share: which subflows are listed, how large an element is, and what
//! follows if one cannot be copied.

use crate::behaviors::{
    Behaviors, ElementFault, ElementOf, ElementSize, SizeKernelReturned, SizeUserReturned, Step,
    SubflowsListed,
};
use crate::errno::Errno;
use crate::socket::Connection;

/// `TCP_CLOSE`, in `tcpi_state`, the first byte of `struct tcp_info`.
const TCP_CLOSE: u8 = 7;

/// Whether a subflow is counted and listed.
#[inline(always)]
pub(crate) fn is_listed(behaviors: &Behaviors, connection: &Connection<'_>, index: u32) -> bool {
    behaviors.subflows_listed == SubflowsListed::All
        || connection.tcp_infos.bytes().get(index as usize * connection.tcp_info)
            != Some(&TCP_CLOSE)
}

/// Whose structure the element of a subflow is.
#[inline(always)]
pub(crate) fn of(behaviors: &Behaviors, index: u32, subflows: u32) -> u32 {
    match behaviors.element_of {
        ElementOf::Own => index,
        ElementOf::First => 0,
        ElementOf::Reversed => subflows - 1 - index,
        ElementOf::Next => (index + 1).min(subflows - 1),
    }
}

/// The size of an element, of which the program asks for `asked` bytes and the kernel has `kernel`.
/// `other` is the size of the structure that it may be mistaken for.
#[inline(always)]
pub(crate) fn size(behaviors: &Behaviors, asked: u32, kernel: u32, other: u32) -> u32 {
    match behaviors.element_size {
        ElementSize::Lesser | ElementSize::OtherArray => asked.min(kernel),
        ElementSize::Passed => asked,
        ElementSize::Kernel => kernel,
        ElementSize::RoundedDown => asked.min(kernel) & !7,
        ElementSize::OtherStructure => asked.min(other),
        ElementSize::EightMore => asked.min(kernel + 8),
    }
}

/// The distance from one element to the next.
#[inline(always)]
pub(crate) fn step(
    behaviors: &Behaviors,
    asked: u32,
    size: u32,
    kernel: u32,
    is_tcp_info: bool,
) -> u32 {
    match behaviors.step {
        Step::Passed => asked,
        Step::Kernel => kernel,
        Step::KernelTcpInfo if is_tcp_info => kernel,
        Step::Size | Step::KernelTcpInfo => size,
        Step::RoundedUp => size.next_multiple_of(8),
    }
}

/// The `size_user` that is returned.
#[inline(always)]
pub(crate) fn size_user(behaviors: &Behaviors, asked: u32, size: u32, kernel: u32) -> u32 {
    match behaviors.size_user_returned {
        SizeUserReturned::Size => size,
        SizeUserReturned::Passed => asked,
        SizeUserReturned::Kernel => kernel,
    }
}

/// The `size_kernel` that is returned.
#[inline(always)]
pub(crate) fn size_kernel(behaviors: &Behaviors, asked: u32, size: u32, kernel: u32) -> u32 {
    match behaviors.size_kernel_returned {
        SizeKernelReturned::Kernel => kernel,
        SizeKernelReturned::Size => size,
        SizeKernelReturned::Passed => asked,
        SizeKernelReturned::Zero => 0,
    }
}

/// Whether the next element is tried after one that could not be written. `fault` becomes the error
/// with which the call ends after its answer.
///
/// # Errors
/// If the call ends at once.
#[cold]
pub(crate) fn walk_goes_on(
    behaviors: &Behaviors,
    fault: &mut Result<(), Errno>,
) -> Result<bool, Errno> {
    match behaviors.element_fault {
        ElementFault::Efault => Err(Errno::EFAULT),
        ElementFault::Einval => Err(Errno::EINVAL),
        ElementFault::Ignored => Ok(true),
        ElementFault::EndsWalk => Ok(false),
        ElementFault::EfaultLast => {
            *fault = Err(Errno::EFAULT);
            Ok(true)
        }
        ElementFault::AnsweredFirst => {
            *fault = Err(Errno::EFAULT);
            Ok(false)
        }
    }
}
