//! The model that predicts: the contract, the contract as promises alone, or other behaviors.

use mptcp_emulator::{
    Behaviors, Call, Errno, PagedMemory, Revision, Socket, Trace, abi, getsockopt_with,
};

use crate::cases::Entry;
use crate::memory::layout;
use crate::memory::ranges::Recording;

/// The model's access to the street.
pub type ModelMemory<'a> = Recording<'a, PagedMemory<'a, { layout::PAGES }>>;

/// The part of a kernel that answers a call. Each may behave in its own way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Handler {
    /// `MPTCP_INFO`.
    Info,
    /// `MPTCP_TCPINFO`.
    TcpInfo,
    /// `MPTCP_SUBFLOW_ADDRS`.
    SubflowAddrs,
    /// `MPTCP_FULL_INFO`.
    FullInfo,
    /// `mptcp_info_opt`.
    InfoOpt,
    /// Any option that the kernel does not know.
    UnknownOption,
    /// A socket that is not an MPTCP connection, whatever the option.
    OtherSocket,
}

impl Handler {
    /// All of them.
    pub const ALL: [Handler; 7] = [
        Handler::Info,
        Handler::TcpInfo,
        Handler::SubflowAddrs,
        Handler::FullInfo,
        Handler::InfoOpt,
        Handler::UnknownOption,
        Handler::OtherSocket,
    ];

    /// The handler of a call.
    #[inline]
    pub fn of(option: i32, socket: &Socket<'_>) -> Handler {
        match (socket, option) {
            (Socket::Mptcp(_), abi::MPTCP_INFO) => Handler::Info,
            (Socket::Mptcp(_), abi::MPTCP_TCPINFO) => Handler::TcpInfo,
            (Socket::Mptcp(_), abi::MPTCP_SUBFLOW_ADDRS) => Handler::SubflowAddrs,
            (Socket::Mptcp(_), abi::MPTCP_FULL_INFO) => Handler::FullInfo,
            (Socket::Mptcp(_), abi::MPTCP_INFO_OPT) => Handler::InfoOpt,
            (Socket::Mptcp(_), _) => Handler::UnknownOption,
            _ => Handler::OtherSocket,
        }
    }

    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Handler::Info => "MPTCP_INFO",
            Handler::TcpInfo => "MPTCP_TCPINFO",
            Handler::SubflowAddrs => "MPTCP_SUBFLOW_ADDRS",
            Handler::FullInfo => "MPTCP_FULL_INFO",
            Handler::InfoOpt => "mptcp_info_opt",
            Handler::UnknownOption => "unknown options",
            Handler::OtherSocket => "sockets without MPTCP",
        }
    }
}

/// How each handler of a kernel behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KernelBehavior([Behaviors; Handler::ALL.len()]);

impl KernelBehavior {
    /// All handlers behave alike.
    pub const fn uniform(behaviors: Behaviors) -> KernelBehavior {
        KernelBehavior([behaviors; Handler::ALL.len()])
    }

    /// The behaviors of a handler.
    #[inline]
    pub const fn of(&self, handler: Handler) -> &Behaviors {
        &self.0[handler as usize]
    }

    /// Changes the behaviors of a handler.
    pub fn set(&mut self, handler: Handler, behaviors: Behaviors) {
        self.0[handler as usize] = behaviors;
    }
}

/// What a model states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Everything that the kernel does, as documented: [`Model::documented`].
    Documented,
    /// Promises alone. Undocumented behaviour is not checked: see
    /// [`promises`](crate::judge::promises).
    Promises,
    /// The behaviour of a kernel with other behaviors.
    Other,
}

/// A model of the call: the contract, or a wrong one.
#[derive(Clone, Copy, Debug)]
pub struct Model {
    kind: Kind,
    /// Instead of the revision's behaviors. Models are few, and are needed until the process ends.
    behavior: Option<&'static KernelBehavior>,
}

impl Model {
    /// The contract.
    pub const fn documented() -> Model {
        Model { kind: Kind::Documented, behavior: None }
    }

    /// The contract as promises alone: see [`promises`](crate::judge::promises).
    pub const fn promised() -> Model {
        Model { kind: Kind::Promises, behavior: None }
    }

    /// [`Model::promised`] with other behaviors than the revision's. The value lives until the
    /// process ends.
    pub fn promising(behaviors: Behaviors) -> Model {
        let behaviors = KernelBehavior::uniform(behaviors.promised());
        Model { kind: Kind::Promises, ..Model::behaving(behaviors) }
    }

    /// A kernel with other behaviors than the revision's. The value lives until the process ends.
    pub fn behaving(behavior: KernelBehavior) -> Model {
        Model { kind: Kind::Other, behavior: Some(Box::leak(Box::new(behavior))) }
    }

    /// Whether it is the documented contract, and not a wrong one.
    pub(crate) fn is_documented(&self) -> bool {
        self.kind == Kind::Documented
    }

    /// Whether promises alone are judged.
    pub fn is_promised(&self) -> bool {
        self.kind == Kind::Promises
    }

    /// Predicts a call.
    #[inline]
    pub(crate) fn answer<T: Trace>(
        self,
        revision: &Revision,
        socket: &Socket<'_>,
        (entry, registers): (Entry, &Call),
        memory: &mut ModelMemory<'_>,
        trace: &mut T,
    ) -> Result<(), Errno> {
        let promised;
        let behaviors = match (self.behavior, self.kind) {
            (Some(behavior), _) => behavior.of(Handler::of(registers.option, socket)),
            (None, Kind::Promises) => {
                promised = revision.behaviors.promised();
                &promised
            }
            (None, _) => &revision.behaviors,
        };
        predict(revision, behaviors, socket, (entry, registers), memory, trace)
    }
}

/// Predicts a call of a kernel with these behaviors.
#[inline]
pub(crate) fn predict<T: Trace>(
    revision: &Revision,
    behaviors: &Behaviors,
    socket: &Socket<'_>,
    (entry, registers): (Entry, &Call),
    memory: &mut ModelMemory<'_>,
    trace: &mut T,
) -> Result<(), Errno> {
    let call = match entry {
        Entry::Native => *registers,
        Entry::Compat => registers.compat_with(behaviors.compat_address),
    };
    getsockopt_with(revision, behaviors, socket, &call, memory, trace)
}
