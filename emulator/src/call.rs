//! One call, and the steps that all options share: the input is read, and the
//! answer is written.

use crate::behaviors::{
    AnswerUnwritable, Behaviors, Check, CompatAddress, HeaderUnreadable, LengthStored,
    LengthUnreadable, LengthUnwritable, OverRead, ShortLength,
};
use crate::content::Content;
use crate::errno::Errno;
use crate::length::OptLen;
use crate::memory::{Fault, UserMemory};
use crate::rules::Rule;
use crate::trace::Trace;

/// `getsockopt(fd, SOL_MPTCP, option, optval, optlen)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Call {
    /// The option's number: [`crate::abi::MPTCP_INFO`] or another one of
    /// [`crate::abi`], or an unknown one.
    pub option: i32,
    /// Address of the buffer.
    pub optval: u64,
    /// Address of the length.
    pub optlen: u64,
    /// Whether a 32-bit program calls.
    pub is_compat: bool,
}

impl Call {
    /// The call of a native program.
    pub const fn new(option: i32, optval: u64, optlen: u64) -> Call {
        Call { option, optval, optlen, is_compat: false }
    }

    /// The call of a 32-bit program with these registers: the kernel takes the
    /// lower half of each address.
    ///
    /// Nothing else is different. All numbers of these options have the same size
    /// in both ABIs, and the pointers within their structures have 64 bits. One
    /// structure has another layout than the C of such a program has, which is
    /// undocumented: see [`crate::abi::SubflowInfo`].
    #[inline]
    pub fn compat(self) -> Call {
        self.compat_with(CompatAddress::LowerHalf)
    }

    /// As [`Call::compat`], with this value of the behavior.
    #[inline]
    #[must_use]
    pub fn compat_with(self, address: CompatAddress) -> Call {
        let [optval, optlen] = match address {
            CompatAddress::LowerHalf => {
                [self.optval, self.optlen].map(|at| at & u64::from(u32::MAX))
            }
            CompatAddress::Whole => [self.optval, self.optlen],
        };
        Call { optval, optlen, is_compat: true, ..self }
    }
}

/// The end of a call that a check refused.
pub(crate) struct Refusal {
    /// The rule.
    pub(crate) rule: Rule,
    /// How the call ends.
    pub(crate) result: Result<(), Errno>,
    /// Whether it is because of a short length, and the least one then.
    pub(crate) least: Option<u32>,
}

impl Refusal {
    /// `Err` if this check ends a call, in which case `rule` decided.
    #[inline(always)]
    pub(crate) fn by(check: Check, rule: Rule) -> Result<(), Refusal> {
        match check.ends() {
            Some(result) => Err(Refusal { rule, result, least: None }),
            None => Ok(()),
        }
    }
}

/// An answer on its way: how the kernel behaves, and what becomes of the length.
pub(crate) struct Answer<'a> {
    pub(crate) behaviors: &'a Behaviors,
    /// The length that the option returns, once it is known.
    pub(crate) length: Option<u32>,
    /// The rule of a length that cannot be written.
    pub(crate) rule: Option<Rule>,
}

impl<'a> Answer<'a> {
    #[inline(always)]
    pub(crate) fn new(behaviors: &'a Behaviors) -> Answer<'a> {
        Answer { behaviors, length: None, rule: None }
    }

    /// The length, or `unreadable` with `EFAULT`.
    #[inline(always)]
    pub(crate) fn load_length<M: UserMemory, T: Trace>(
        &self,
        call: &Call,
        memory: &M,
        unreadable: Rule,
        trace: &mut T,
    ) -> Result<OptLen, Errno> {
        let errno = match self.behaviors.length_unreadable {
            LengthUnreadable::Efault => Errno::EFAULT,
            LengthUnreadable::Einval => Errno::EINVAL,
        };
        memory.load(call.optlen).map(OptLen).map_err(|_| refuse(trace, unreadable, errno))
    }

    /// Stores the length, or `unwritable` with `EFAULT`.
    #[inline(always)]
    pub(crate) fn store_length<M: UserMemory, T: Trace>(
        &self,
        call: &Call,
        length: u32,
        unwritable: Option<Rule>,
        memory: &mut M,
        trace: &mut T,
    ) -> Result<(), Errno> {
        if memory.store(call.optlen, length.cast_signed()).is_ok() {
            return Ok(());
        }
        unwritable.into_iter().for_each(|rule| trace.fired(rule));
        match self.behaviors.length_unwritable {
            LengthUnwritable::Efault => Err(Errno::EFAULT),
            LengthUnwritable::Ignored => Ok(()),
            LengthUnwritable::Einval => Err(Errno::EINVAL),
        }
    }

    /// Reads the length, then `input` from the buffer, and returns the length. The rules
    /// are those of a length and of an input that cannot be read. If `input_first`, the input is
    /// read before the length is checked, as far as the length goes.
    ///
    /// # Errors
    /// How the call ends, which may be a success.
    #[inline(always)]
    #[expect(clippy::too_many_arguments, reason = "a step of each option")]
    pub(crate) fn read<M: UserMemory, T: Trace>(
        &self,
        call: &Call,
        input: &mut [u8],
        input_first: bool,
        check: impl FnOnce(OptLen) -> Result<u32, Refusal>,
        [length_unreadable, unreadable]: [Rule; 2],
        memory: &mut M,
        trace: &mut T,
    ) -> Result<u32, Result<(), Errno>> {
        let length = self.load_length(call, memory, length_unreadable, trace).map_err(Err)?;
        let fault = match self.behaviors.header_unreadable {
            HeaderUnreadable::Efault => Errno::EFAULT,
            HeaderUnreadable::Einval => Errno::EINVAL,
        };
        if input_first {
            let len = input.len().min(length.wrapped() as usize);
            let copied = memory.copy_in(call.optval, &mut input[..len]);
            copied.map_err(|_| Err(refuse(trace, unreadable, fault)))?;
        }
        let length = match check(length) {
            Ok(length) => length,
            Err(Refusal { rule, result, least }) => {
                trace.fired(rule);
                if let (Some(least), ShortLength::Hint) = (least, self.behaviors.short_length) {
                    self.store_length(call, least, None, memory, trace).map_err(Err)?;
                }
                return Err(result);
            }
        };
        let copied = memory.copy_in(call.optval, input);
        copied.map_err(|_| Err(refuse(trace, unreadable, fault)))?;
        Ok(length)
    }

    /// Stores the length, and writes the parts to the buffer, each at its offset. The
    /// rules are those of a length and of a part that cannot be written.
    #[inline(always)]
    pub(crate) fn write<M: UserMemory, T: Trace>(
        &mut self,
        call: &Call,
        length: u32,
        parts: &[(u32, Content<'_>)],
        [length_unwritable, unwritable]: [Rule; 2],
        memory: &mut M,
        trace: &mut T,
    ) -> Result<(), Errno> {
        self.length = Some(length);
        self.rule = Some(length_unwritable);
        let stored = self.behaviors.length_stored;
        if stored == LengthStored::BeforeData {
            self.store_length(call, length, self.rule, memory, trace)?;
        }
        for (offset, part) in parts {
            if memory.copy_out(call.optval.wrapping_add(u64::from(*offset)), *part).is_err() {
                trace.fired(unwritable);
                match self.behaviors.answer_unwritable {
                    AnswerUnwritable::Efault => return Err(Errno::EFAULT),
                    AnswerUnwritable::Ignored => {}
                    AnswerUnwritable::Einval => return Err(Errno::EINVAL),
                }
            }
        }
        if stored == LengthStored::AfterData {
            self.store_length(call, length, self.rule, memory, trace)?;
        }
        Ok(())
    }
}

/// Bytes of the kernel's memory behind a structure, which nobody knows.
static UNKNOWN: ([u8; 256], [u8; 256]) = ([0; 256], [crate::OpenReason::NoWitness as u8; 256]);

/// Copies `len` bytes, of which `content` may have fewer.
#[inline(always)]
pub(crate) fn copy_out<M: UserMemory>(
    behaviors: &Behaviors,
    at: u64,
    content: Content<'_>,
    len: u32,
    memory: &mut M,
) -> Result<(), Fault> {
    if len as usize <= content.len() {
        return memory.copy_out(at, content.first(len as usize));
    }
    copy_beyond(behaviors, at, content, len, memory)
}

#[cold]
fn copy_beyond<M: UserMemory>(
    behaviors: &Behaviors,
    at: u64,
    content: Content<'_>,
    len: u32,
    memory: &mut M,
) -> Result<(), Fault> {
    if behaviors.over_read == OverRead::Refused {
        return Err(Fault);
    }
    memory.copy_out(at, content)?;
    let mut at = at.wrapping_add(content.len() as u64);
    let mut rest = len as usize - content.len();
    while rest > 0 {
        let part = rest.min(UNKNOWN.0.len());
        let unknown = Content::masked(&UNKNOWN.0[..part], &UNKNOWN.1[..part]);
        memory.copy_out(at, unknown.unwrap_or(Content::exact(&[])))?;
        at = at.wrapping_add(part as u64);
        rest -= part;
    }
    Ok(())
}

/// Ends a call by `rule` with `errno`.
#[inline(always)]
pub(crate) fn refuse<T: Trace>(trace: &mut T, rule: Rule, errno: Errno) -> Errno {
    trace.fired(rule);
    errno
}
