//! All that a program is made of.

use mptcp_emulator::Revision;
use mptcp_harness::cases::{Case, Entry, POISONS};
use mptcp_harness::judge::contradictions::{Contradiction, KNOWN, Shown};
use mptcp_harness::judge::evidence::Examination;
use mptcp_harness::kernel::Kernel;
use mptcp_harness::model::Model;
use mptcp_harness::run::runner::{Runner, Target};
use mptcp_harness::scenes::Scene;

use super::finding::ReportedCase;
use crate::model_socket::ModelSocket;

/// All that a program is made of.
pub(crate) struct ProgramInput {
    pub(crate) found: ReportedCase,
    pub(crate) scene: &'static Scene,
    pub(crate) kernel: Kernel,
    pub(crate) revision: Revision,
    pub(crate) subflows: usize,
    /// The prediction over two poisons: what it says of a byte that nobody writes
    /// differs between them.
    pub(crate) over: [Examination; 2],
    /// Whether it is what documents promise.
    pub(crate) contract: bool,
}

impl ProgramInput {
    pub(super) fn case(&self) -> &Case {
        &self.found.case
    }

    /// Known contradictions in which what is expected is not what kernels do.
    pub(super) fn promises(&self) -> Vec<&'static Contradiction> {
        let rules = &self.over[0].rules;
        let shown = |known: &&Contradiction| {
            known.scenes().contains(&self.scene.name)
                || matches!(known.shown, Shown::Compat(of)
                    if of.iter().any(|rule| rules.contains(rule))
                        && self.case().entry == Entry::Compat)
                || known.rules().iter().any(|rule| rules.contains(rule))
        };
        KNOWN.iter().filter(|_| self.contract).filter(shown).collect()
    }
}

/// The prediction over two poisons, and the number of subflows.
pub(crate) fn predict(
    case: &Case,
    socket: &ModelSocket,
    revision: &Revision,
    model: Model,
) -> Result<([Examination; 2], usize), String> {
    let mut rig = Runner::new().map_err(|error| error.to_string())?;
    Ok(socket.with(|socket, subflows| {
        let subject = Target { revision, socket, fd: -1 };
        let mut over = |poison| {
            let case = Case { poison, ..*case };
            rig.examine(&case, &subject, model, false)
        };
        ([over(case.poison), over((case.poison + 1) % POISONS)], subflows)
    }))
}
