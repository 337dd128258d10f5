//! Brings one case to a verdict.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use mptcp_emulator::{Revision, RuleSet};

use crate::cases::boundary_values::BoundaryValues;
use crate::cases::shrink::shrink;
use crate::cases::{Case, Entry};
use crate::judge::contradictions::{self, Contradiction};
use crate::judge::evidence::{Evidence, Examination};
use crate::judge::finding::{Diagnosis, Finding, FindingRun};
use crate::judge::promises;
use crate::model::Model;
use crate::oracle::{CaseVerdict, Reason, Trusted};
use crate::run::compat::NoCompat;
use crate::run::runner::{Runner, Scope, Target};
use crate::run::scene_states::{SceneState, SceneStates};
use crate::scenes::{ExpectedState, Fixtures, Scene, by_id};
use crate::watch::Watch;

/// How often a changing scene is read before there is no verdict.
pub(super) const LOOKS: usize = 3;

/// Fixtures that several oracles share.
pub type SharedFixtures = Arc<Mutex<Fixtures>>;

/// A street, the scenes and a model: everything needed to judge cases.
pub struct Oracle {
    pub(super) runner: Runner,
    /// The scenes that the model is given.
    pub(super) states: SceneStates,
    /// The real scenes, if the model is given the promised ones.
    plain: Option<SceneStates>,
    pub(super) fixtures: SharedFixtures,
    pub(super) revision: Revision,
    values: BoundaryValues,
    model: Model,
    /// Scenes that have to be built again from time to time.
    aging: Vec<u8>,
    /// Kernel complaints that occurred while another finding was being shrunk.
    pub(super) met: Vec<Finding>,
    /// The contradictions found so far, once each.
    seen: Vec<Diagnosis>,
}

impl Oracle {
    /// An oracle on a street of its own.
    ///
    /// # Errors
    /// If the street could not be mapped, or if a scene has shorter structures than the revision.
    pub fn new(fixtures: &SharedFixtures, revision: Revision, model: Model) -> io::Result<Oracle> {
        let view = if model.is_promised() { promises::amended } else { Clone::clone };
        Oracle::viewing(fixtures, revision, model, view)
    }

    /// An oracle whose model is given what `view` makes of the scenes' states: what documents promise,
    /// or something wrong, to show that it is found.
    ///
    /// # Errors
    /// As [`Oracle::new`].
    pub fn viewing(
        fixtures: &SharedFixtures,
        revision: Revision,
        model: Model,
        view: fn(&ExpectedState) -> ExpectedState,
    ) -> io::Result<Oracle> {
        let (states, plain) = {
            let fixtures = lock(fixtures);
            let viewed =
                |view| SceneStates::viewed(&fixtures, &revision, view).map_err(io::Error::other);
            let plain = model.is_promised().then(|| viewed(Clone::clone)).transpose()?;
            (viewed(view)?, plain)
        };
        let mut values = BoundaryValues::new(states.scene_facts(), &revision);
        let ages = |scene: &u8| by_id(*scene).is_some_and(Scene::ages);
        let aging = values.scene_facts.iter().map(|facts| facts.scene).filter(ages).collect();
        let (runner, fixtures) = (Runner::new()?, fixtures.clone());
        values.compat = runner.compat().is_ok();
        let (met, seen) = (Vec::new(), Vec::new());
        Ok(Oracle { runner, states, plain, fixtures, revision, values, model, aging, met, seen })
    }

    /// Takes the findings that occurred during the shrinking of others.
    pub fn take_met(&mut self) -> Vec<Finding> {
        std::mem::take(&mut self.met)
    }

    /// Starts to watch the kernel: a complaint during a case is a finding.
    pub fn watch(&mut self, watch: Box<dyn Watch>) {
        self.runner.watch(watch);
    }

    /// The boundary values of this kernel and these scenes.
    pub fn boundary_values(&self) -> &BoundaryValues {
        &self.values
    }

    /// The scene with a number, if it came up.
    #[inline]
    pub fn scene_state(&self, scene: u8) -> Option<&SceneState> {
        self.states.get(scene)
    }

    /// Whether compat calls can be judged.
    ///
    /// # Errors
    /// What is missing.
    pub fn compat(&self) -> Result<(), NoCompat> {
        self.runner.compat()
    }

    /// How the kernel is modelled.
    pub fn revision(&self) -> &Revision {
        &self.revision
    }

    /// The runner, for measurements.
    pub fn runner(&mut self) -> &mut Runner {
        &mut self.runner
    }

    /// Builds scenes that age again, if they are too old. Call it from time to time: every few
    /// hundred cases, or before a single one.
    pub fn freshen(&mut self) {
        for scene in &self.aging {
            let mut fixtures = lock(&self.fixtures);
            // If a scene could not be built again, its next verdict shows it.
            let _ = fixtures.freshen(*scene);
            self.states.refresh(&fixtures, *scene);
            if let Some(plain) = &mut self.plain {
                plain.refresh(&fixtures, *scene);
            }
        }
        self.runner.forget();
    }

    /// [`Oracle::freshen`] for one scene, at little cost.
    #[inline]
    pub fn freshen_one(&mut self, scene: u8) {
        if self.aging.contains(&scene) {
            self.freshen();
        }
    }

    /// Judges one case. Compares what it concerns, and a margin; [`Oracle::sweep`] compares the
    /// rest of the street. Adds the rules that decided to `rules`. A disagreement with a `trusted`
    /// signature is accepted without confirmation; others are run again to confirm.
    #[inline]
    pub fn quick(&mut self, case: &Case, rules: &mut RuleSet, trusted: Trusted<'_>) -> CaseVerdict {
        self.judge(case, rules, Scope::Around, trusted)
    }

    /// Judges one case and compares the whole street.
    pub fn whole(&mut self, case: &Case, rules: &mut RuleSet) -> CaseVerdict {
        self.judge(case, rules, Scope::Whole, None)
    }

    /// Whether no case since the last sweep changed the rest of the street. If one did, it has to
    /// be found with [`Oracle::whole`].
    #[inline]
    pub fn sweep(&mut self) -> bool {
        self.runner.sweep()
    }

    #[inline]
    fn judge(
        &mut self,
        case: &Case,
        rules: &mut RuleSet,
        scope: Scope,
        trusted: Trusted<'_>,
    ) -> CaseVerdict {
        let Some(state) = self.states.get(case.scene) else {
            return CaseVerdict::Inconclusive(Reason::NoScene);
        };
        if !case.is_safe() {
            return CaseVerdict::Inconclusive(Reason::NotSafe);
        }
        if let Some(why) = self.hindrance(case) {
            return CaseVerdict::Inconclusive(Reason::NoCompat(why));
        }
        let subject = state.subject(&self.revision);
        let mut fired = RuleSet::EMPTY;
        let agreed = self.runner.run(case, &subject, self.model, &mut fired, scope).is_ok();
        rules.extend(fired);
        // The kernel may not complain again, so there is no confirmation.
        if let Some(finding) = self.complained(case) {
            return CaseVerdict::Disagree(Box::new(finding));
        }
        match agreed {
            true => CaseVerdict::Agree,
            false if self.model.is_promised() => match self.seen_before(case, fired, scope) {
                Some(finding) => CaseVerdict::Disagree(Box::new(finding)),
                None => self.held_to_promises(case, trusted, scope),
            },
            false => self.confirm(case, trusted),
        }
    }

    /// Whether a disagreement with the promised model breaks a promise. What the documented model
    /// explains is known, and is not examined further.
    #[cold]
    fn held_to_promises(&mut self, case: &Case, trusted: Trusted<'_>, scope: Scope) -> CaseVerdict {
        let diagnosis = match self.diagnosed(case) {
            Err(complaint) => return CaseVerdict::Disagree(complaint),
            Ok(None) => return CaseVerdict::Unspecified,
            Ok(Some(diagnosis)) => diagnosis,
        };
        let (found, sure) = self.identified(case, diagnosis);
        match found.contradiction {
            // In a long run other cases distinguish the candidates.
            Some(_) if !sure && scope == Scope::Around => CaseVerdict::Unspecified,
            Some(_) => {
                let is_new = self.seen.iter().all(|seen| seen.signature != found.signature);
                if sure && is_new {
                    self.seen.push(found.clone());
                }
                // Only the first finding of a signature is drawn.
                let again = if is_new { self.finding(case) } else { None };
                let again = again.filter(|again| again.diagnosis.signature == found.signature);
                let finding = again.unwrap_or_else(|| Finding::new(case, found));
                CaseVerdict::Disagree(Box::new(finding))
            }
            None => self.confirm(case, trusted),
        }
    }

    /// A contradiction that a rule shows and that was found before, with the diagnosis of the first
    /// one. For long runs, which keep only the first case.
    #[cold]
    fn seen_before(&mut self, case: &Case, fired: RuleSet, scope: Scope) -> Option<Finding> {
        if scope == Scope::Whole {
            return None;
        }
        let known = fired.iter().find_map(contradictions::of_rules)?;
        let named = |seen: &&Diagnosis| seen.contradiction.is_some_and(|it| it.name == known.name);
        let seen = self.seen.iter().find(named)?;
        let subject = self.plain.as_ref()?.get(case.scene)?.subject(&self.revision);
        let (model, mut rules) = (Model::documented(), RuleSet::EMPTY);
        let explained = self.runner.run(case, &subject, model, &mut rules, scope).is_ok();
        explained.then(|| Finding::new(case, seen.clone()))
    }

    /// A disagreement as the known contradiction that it shows, if the other model agrees with
    /// the kernel. The signature states whether a promise is broken or kept. The second value
    /// is whether the call shows enough to distinguish this contradiction from others.
    fn identified(&mut self, case: &Case, diagnosis: Diagnosis) -> (Diagnosis, bool) {
        let promises = self.model.is_promised();
        let plain = self.plain.as_ref().unwrap_or(&self.states).get(case.scene);
        let Some(state) = plain.filter(|_| promises || self.model.is_documented()) else {
            return (diagnosis, true);
        };
        let (expected, revision) = (state.expected(), self.revision);
        let runner = &mut self.runner;
        let known = promises::identify(promises, case, expected, |expected, model, rules| {
            let Ok(socket) = expected.socket(&revision) else {
                return false;
            };
            let subject =
                Target { revision: &revision, socket: socket.as_socket(), fd: expected.fd };
            // A write outside of the compared ranges is not part of any contradiction.
            runner.run(case, &subject, model, rules, Scope::Whole).is_ok()
        });
        let met = |known: &&&Contradiction| {
            let mut seen = self.seen.iter().filter_map(|seen| seen.contradiction);
            seen.any(|seen| seen.name == known.name)
        };
        let (known, sure) = match &known[..] {
            [] => return (diagnosis, true),
            [known] => (*known, true),
            [first, ..] => match known.iter().find(met) {
                Some(known) => (*known, true),
                None => (*first, false),
            },
        };
        let diagnosis = Diagnosis {
            signature: format!("{}/{}", if promises { "broken" } else { "kept" }, known.name),
            contradiction: Some(known),
            ..diagnosis
        };
        (diagnosis, sure)
    }

    /// How model and kernel differ, if they do. A kernel complaint is the error.
    fn diagnosed(&mut self, case: &Case) -> Result<Option<Diagnosis>, Box<Finding>> {
        let Some(state) = self.states.get(case.scene) else {
            return Ok(None);
        };
        let subject = state.subject(&self.revision);
        let diagnosis = self.runner.diagnose(case, &subject, state.subflows(), self.model);
        self.complained(case).map_or(Ok(diagnosis), |finding| Err(Box::new(finding)))
    }

    /// The kernel's complaint during the last call, as a finding.
    #[inline]
    pub(super) fn complained(&mut self, case: &Case) -> Option<Finding> {
        let complaint = self.runner.complaint()?;
        Some(Finding::new(case, Diagnosis::complained(case, complaint)))
    }

    /// What is missing for the entry of a case.
    #[inline]
    pub(super) fn hindrance(&self, case: &Case) -> Option<NoCompat> {
        if case.entry == Entry::Native { None } else { self.runner.compat().err() }
    }

    /// Confirms a disagreement. The scene may have changed, so it is read before the case is run
    /// again and after it. Meanwhile no other thread can build it again.
    #[cold]
    fn confirm(&mut self, case: &Case, trusted: Trusted<'_>) -> CaseVerdict {
        if let Some(trusted) = trusted
            && let Some(finding) = self.known(case, trusted)
        {
            return CaseVerdict::Disagree(Box::new(finding));
        }
        let fixtures = self.fixtures.clone();
        let mut fixtures = lock(&fixtures);
        let mut moved = self.look(&mut fixtures, case.scene);
        for _ in 0..LOOKS {
            let Some(finding) = self.finding(case) else {
                let reason = if moved { Reason::SceneMoved } else { Reason::NotRepeated };
                return CaseVerdict::Inconclusive(reason);
            };
            // The scene does not cause complaints, and a complaint may occur only once.
            let complained = finding.diagnosis.complaint.is_some();
            if complained || !self.look(&mut fixtures, case.scene) {
                return CaseVerdict::Disagree(Box::new(finding));
            }
            moved = true;
        }
        CaseVerdict::Inconclusive(Reason::SceneMoved)
    }

    /// A disagreement that is trusted, or about which the kernel complains, possibly only once.
    fn known(&mut self, case: &Case, trusted: &dyn Fn(&str) -> bool) -> Option<Finding> {
        let diagnosis = match self.diagnosed(case) {
            Err(complaint) => return Some(*complaint),
            Ok(diagnosis) => diagnosis?,
        };
        let (diagnosis, _) = self.identified(case, diagnosis);
        trusted(&diagnosis.signature).then(|| Finding::new(case, diagnosis))
    }

    /// Reads a scene again. Returns whether it is new to this oracle.
    pub(super) fn look(&mut self, fixtures: &mut Fixtures, scene: u8) -> bool {
        // A scene that `sock_diag` no longer shows keeps its old expected state. So does one that
        // is too old and cannot be built again.
        let _ = fixtures.freshen(scene);
        let _ = fixtures.retake(scene);
        self.runner.forget();
        if let Some(plain) = &mut self.plain {
            plain.refresh(fixtures, scene);
        }
        self.states.refresh(fixtures, scene)
    }

    /// The case as a finding, if model and kernel disagree on it now.
    pub fn finding(&mut self, case: &Case) -> Option<Finding> {
        let examination = self.examine(case, true)?;
        let subflows = self.states.get(case.scene)?.subflows();
        if let Some(finding) = self.complained(case) {
            return Some(finding);
        }
        let evidence = Evidence::of(&examination)?;
        let diagnosis = promises::diagnose(self.model, case, &self.revision, subflows, &evidence)?;
        let finding = Finding::new(case, self.identified(case, diagnosis).0);
        Some(Finding { run: Some(Arc::new(FindingRun { examination, subflows })), ..finding })
    }

    /// Runs a case and keeps everything; `None` if its scene did not come up. The call is not made
    /// if `call` is false, if it is not safe, or if its entry is not available.
    pub fn examine(&mut self, case: &Case, call: bool) -> Option<Examination> {
        let call = call && case.is_safe() && self.hindrance(case).is_none();
        let subject = self.states.get(case.scene)?.subject(&self.revision);
        Some(self.runner.examine(case, &subject, self.model, call))
    }

    /// A finding with the simplest case of the same signature, or the simplest one found before the
    /// time `until`.
    pub fn simplest(&mut self, finding: Finding, until: Instant) -> Finding {
        let values = self.values.clone();
        let same = |found: &Finding| found.diagnosis.signature == finding.diagnosis.signature;
        let case = shrink(finding.case, &values, |candidate| {
            if Instant::now() >= until {
                return false;
            }
            let found = self.finding(candidate);
            let shows = found.as_ref().is_some_and(same);
            // A complaint of another kind may occur only once.
            let complained = |found: &Finding| found.diagnosis.complaint.is_some();
            self.met.extend(found.filter(|found| !shows && complained(found)));
            shows
                // Scenes that age have to be read each time.
                && (!self.aging.contains(&candidate.scene)
                    || matches!(self.confirm(candidate, None), CaseVerdict::Disagree(_)))
        });
        let simplest = self.finding(&case).filter(same);
        simplest.map_or(finding.clone(), |simplest| Finding {
            cases: finding.cases,
            after: finding.after,
            ..simplest
        })
    }
}

pub(super) fn lock(fixtures: &SharedFixtures) -> MutexGuard<'_, Fixtures> {
    fixtures.lock().unwrap_or_else(PoisonError::into_inner)
}
