//! What a kernel does with a case, apart from any model.

use mptcp_emulator::{Behaviors, Errno, RuleSet};

use super::oracle::{LOOKS, Oracle, lock};
use crate::cases::Case;
use crate::model::Model;
use crate::run::runner::{Change, Scope};
use crate::run::scene_states::SceneStates;

/// What a kernel did with a case.
#[derive(Clone, Debug)]
pub struct Record {
    /// The case.
    pub case: Case,
    /// What the call came to.
    pub result: Result<(), Errno>,
    /// What it changed on the street.
    pub changes: Vec<Change>,
}

impl Oracle {
    /// Whether a model agrees with the kernel on a case; `None` if the case cannot be run here.
    /// Nothing is confirmed. A kernel complaint is kept for [`Oracle::take_met`].
    #[inline]
    pub fn agrees(
        &mut self,
        case: &Case,
        model: Model,
        scope: Scope,
        rules: &mut RuleSet,
    ) -> Option<bool> {
        let state = self.states.get(case.scene)?;
        if !case.is_safe() || self.hindrance(case).is_some() {
            return None;
        }
        let subject = state.subject(&self.revision);
        let agrees = self.runner.run(case, &subject, model, rules, scope).is_ok();
        if let Some(finding) = self.complained(case) {
            self.met.push(finding);
        }
        Some(agrees)
    }

    /// What the kernel does with a case, on a scene that may have changed since it was read; `None` if
    /// the case cannot be run here. It costs a fraction of [`Oracle::record`].
    pub fn glance(&mut self, case: &Case) -> Option<Record> {
        if !case.is_safe() || self.hindrance(case).is_some() {
            return None;
        }
        let fd = self.states.get(case.scene)?.expected().fd;
        let (result, changes) = self.runner.record(case, fd);
        self.runner.complaint();
        Some(Record { case: *case, result, changes })
    }

    /// What the kernel does with a case, on a scene that does not change meanwhile; `None` if it
    /// changes, or if the case cannot be run here.
    pub fn record(&mut self, case: &Case) -> Option<Record> {
        let fixtures = self.fixtures.clone();
        let mut fixtures = lock(&fixtures);
        for _ in 0..LOOKS {
            self.look(&mut fixtures, case.scene);
            let record = self.glance(case)?;
            if !self.look(&mut fixtures, case.scene) {
                return Some(record);
            }
        }
        None
    }

    /// All scenes that came up.
    pub fn scene_states(&self) -> &SceneStates {
        &self.states
    }

    /// Expects other behaviors than those of the kernel's revision.
    pub fn expect(&mut self, behaviors: Behaviors) {
        self.revision = self.revision.with_behaviors(behaviors);
    }
}
