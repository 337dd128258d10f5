//! The model that predicts: the contract, the contract as promises alone, or a wrong one.

use mptcp_emulator::decisions::{Decisions, DocumentDecisions, KernelDecisions};
use mptcp_emulator::{Call, Errno, PagedMemory, Revision, RuleLog, RuleSet, Socket, Trace};

use crate::cases::Entry;
use crate::memory::layout;
use crate::memory::ranges::Recording;

/// The model's access to the street.
pub type ModelMemory<'a> = Recording<'a, PagedMemory<'a, { layout::PAGES }>>;

/// The signature of a model of the call.
pub(crate) type Answering<T> = for<'a, 'b> fn(
    &Revision,
    &Socket<'_>,
    (Entry, &Call),
    &'b mut ModelMemory<'a>,
    &mut T,
) -> Result<(), Errno>;

/// A model of the call: the contract, or a wrong one.
#[derive(Clone, Copy, Debug)]
pub struct Model {
    pub(crate) quick: Answering<RuleSet>,
    pub(crate) ordered: Answering<RuleLog>,
    kind: Kind,
}

/// What a model states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Everything that the kernel does, as documented: [`Model::documented`].
    Documented,
    /// Promises alone. Undocumented behaviour is not checked: see
    /// [`promises`](crate::judge::promises).
    Promises,
    /// The behaviour of a kernel with other decisions.
    Other,
}

impl Model {
    /// The contract.
    pub fn documented() -> Model {
        Model { kind: Kind::Documented, ..Model::deciding::<KernelDecisions>() }
    }

    /// The contract as promises alone: see [`promises`](crate::judge::promises).
    pub fn promised() -> Model {
        Model::promising::<DocumentDecisions>()
    }

    /// [`Model::promised`] with other decisions.
    pub fn promising<D: Decisions>() -> Model {
        Model { kind: Kind::Promises, ..Model::deciding::<D>() }
    }

    /// Whether it is the documented contract, and not a wrong one.
    pub(crate) fn is_documented(&self) -> bool {
        self.kind == Kind::Documented
    }

    /// Whether promises alone are judged.
    pub fn is_promised(&self) -> bool {
        self.kind == Kind::Promises
    }

    /// A kernel with other decisions.
    pub fn deciding<D: Decisions>() -> Model {
        fn answer<D: Decisions, T: Trace>(
            revision: &Revision,
            socket: &Socket<'_>,
            (entry, registers): (Entry, &Call),
            memory: &mut ModelMemory<'_>,
            trace: &mut T,
        ) -> Result<(), Errno> {
            let (call, revision) = match entry {
                Entry::Native => (*registers, *revision),
                Entry::Compat => (
                    registers.compat_with::<D>(),
                    Revision { subflow_info_hole: D::COMPAT_SUBFLOW_INFO_HOLE, ..*revision },
                ),
            };
            mptcp_emulator::getsockopt_with::<D, _, T>(&revision, socket, &call, memory, trace)
        }
        Model { quick: answer::<D, RuleSet>, ordered: answer::<D, RuleLog>, kind: Kind::Other }
    }
}
