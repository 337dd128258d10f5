//! A cause: a behavior with another value, who can notice it, and the simplest case that shows it.

use mptcp_emulator::{Access, Behavior, Revision, abi};

use super::search::options;
use crate::cases::{Case, Input};
use crate::judge::promises;
use crate::judge::region::Map;
use crate::memory::layout;
use crate::model::Handler;

/// Who can notice a cause, the most ordinary first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Noticed {
    /// A caller with valid, separate, writable buffers and a known option, on an MPTCP socket.
    Ordinary,
    /// Only a caller whose optlen or buffer cannot be read or written, or overlaps another one.
    UnusualMemory,
    /// Only a caller that asks for an unknown option, or on a socket that is not an MPTCP
    /// connection.
    OtherOption,
}

impl Noticed {
    /// Who can notice what a case shows.
    pub fn by(case: &Case, handler: Handler, revision: &Revision, subflows: usize) -> Noticed {
        if matches!(handler, Handler::UnknownOption | Handler::OtherSocket) {
            return Noticed::OtherOption;
        }
        let map = Map::new(case, revision, subflows);
        let is_writable = |start: usize, end: usize| {
            let stretch = layout::stretch(start);
            start == end || stretch.access == Access::ReadWrite && end <= stretch.end
        };
        let declared = usize::try_from(case.length).unwrap_or(0);
        let buffer = case.optval.offset().map(|at| (at, at.saturating_add(declared)));
        let mut all = map.laid().iter().map(|laid| {
            (laid.start, laid.start.saturating_add(laid.each.saturating_mul(laid.count)))
        });
        let arrays = match &case.input {
            Input::Full(full) => {
                full.tcp_info.offset().is_some() && full.subflow_info.offset().is_some()
            }
            _ => true,
        };
        let is_ordinary = case.optlen.offset().is_some()
            && arrays
            && buffer.is_some_and(|(start, end)| is_writable(start, end))
            && all.all(|(start, end)| is_writable(start, end))
            && !promises::overlaps(case, &map);
        if is_ordinary { Noticed::Ordinary } else { Noticed::UnusualMemory }
    }

    /// Who it is, in a clause.
    pub const fn text(self) -> &'static str {
        match self {
            Noticed::Ordinary => "an ordinary caller: valid, separate, writable buffers",
            Noticed::UnusualMemory => {
                "only a caller whose optlen or buffer is unreadable, read-only or overlapping"
            }
            Noticed::OtherOption => "only a caller of an unknown option, or on another socket",
        }
    }
}

/// What a kernel with a value of a behavior does, as a clause.
pub fn clause(behavior: Behavior, value: u8) -> String {
    let clause = behavior.values()[usize::from(value)].clause;
    format!("{} {clause}", behavior.subject()).trim_start().to_owned()
}

/// A behavior with another value than expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// The behavior.
    pub behavior: Behavior,
    /// The number of the expected value.
    pub expected: u8,
    /// The number of the value that the kernel has.
    pub value: u8,
    /// The handlers that have it.
    pub handlers: Vec<Handler>,
    /// The number of cases in which it makes a difference.
    pub cases: u64,
    /// Who can notice it.
    pub noticed: Noticed,
    /// The simplest case that shows it.
    pub simplest: Option<Case>,
}

impl Cause {
    /// What the kernel does, as a clause.
    pub fn clause(&self) -> String {
        clause(self.behavior, self.value)
    }

    /// What was expected, as a clause.
    pub fn expected_clause(&self) -> String {
        clause(self.behavior, self.expected)
    }

    /// The handlers, as a subject.
    pub fn subject(&self) -> String {
        subject(&self.handlers)
    }
}

/// Handlers as a subject: "MPTCP_TCPINFO, MPTCP_SUBFLOW_ADDRS".
pub(super) fn subject(handlers: &[Handler]) -> String {
    let options: Vec<Handler> =
        Handler::ALL.into_iter().filter(|handler| handler.is_released_option()).collect();
    if options.iter().all(|option| handlers.contains(option)) {
        return match handlers.contains(&Handler::UnknownOption) {
            true => "every option".to_owned(),
            false => "every option that the kernel knows".to_owned(),
        };
    }
    let names: Vec<&str> = handlers.iter().map(|handler| handler.name()).collect();
    names.join(", ")
}

impl Handler {
    /// Whether it is one of the four options of released kernels.
    pub const fn is_released_option(self) -> bool {
        matches!(self, Handler::Info | Handler::TcpInfo | Handler::SubflowAddrs | Handler::FullInfo)
    }

    /// Whether a behavior decides anything in it.
    pub fn concerns(self, behavior: Behavior) -> bool {
        behavior.options().contains(&options(self))
    }

    /// The number of its option; `None` if it has none of its own.
    pub const fn option(self) -> Option<i32> {
        Some(match self {
            Handler::Info => abi::MPTCP_INFO,
            Handler::TcpInfo => abi::MPTCP_TCPINFO,
            Handler::SubflowAddrs => abi::MPTCP_SUBFLOW_ADDRS,
            Handler::FullInfo => abi::MPTCP_FULL_INFO,
            Handler::InfoOpt => abi::MPTCP_INFO_OPT,
            Handler::UnknownOption | Handler::OtherSocket => return None,
        })
    }
}
