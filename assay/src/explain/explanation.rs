//! What there is to say about one case: the model on each revision, and the running kernel.

use mptcp_emulator::{Revision, abi};
use mptcp_harness::cases::{Case, Entry};
use mptcp_harness::judge::evidence::Examination;
use mptcp_harness::judge::finding::{Diagnosis, diagnose};
use mptcp_harness::model::Model;
use mptcp_harness::run::compat::NoCompat;
use mptcp_harness::run::runner::{Runner, Target};
use mptcp_harness::scenes::{self, ExpectedState, Scene};
use mptcp_harness::verdict::Status;

use crate::arguments::Revisions;
use crate::diagram::Drawing;
use crate::model_socket::ModelSocket;
use crate::report::text::socket_kind;
use crate::session::Session;

/// A case, and what its scene is here.
pub(super) struct CaseContext {
    pub(super) case: Case,
    pub(super) scene: &'static Scene,
    pub(super) expected: Option<ExpectedState>,
    /// Why the scene did not come up here.
    pub(super) skipped: Option<String>,
}

/// All that there is to say about a case, for a terminal, a picture or a program.
pub(crate) struct Explanation {
    pub(super) context: CaseContext,
    /// The model on the revision that was asked for, and on the running kernel
    /// otherwise; with what that did.
    pub(super) answer: ModelAnswer,
    /// The running kernel's release, where the scene came up on it and the question
    /// is about it.
    pub(super) kernel: Option<String>,
    /// Why the running kernel cannot be called as the case has it.
    pub(super) hindrance: Option<NoCompat>,
    /// The model on all revisions; empty where that was not asked for.
    pub(super) each: Vec<ModelAnswer>,
}

/// What the model predicts on one revision.
pub(super) struct ModelAnswer {
    pub(super) revision: Revision,
    pub(super) subflows: usize,
    pub(super) examination: Examination,
}

impl Explanation {
    /// Explains a case: `revisions` are those to predict on, and `call` is whether the
    /// running kernel is called.
    ///
    /// # Errors
    /// No memory for the street.
    pub(crate) fn new(
        case: Case,
        scene: &'static Scene,
        revisions: Revisions,
        call: bool,
    ) -> Result<Explanation, String> {
        let session = Session::of_scene(scene, Model::documented());
        let expected = session.fixtures().expected(scene.id).cloned();
        let skipped = session.skipped.first().map(|(_, why)| why.clone());
        CaseContext { case, scene, expected, skipped }.explanation(&session, revisions, call)
    }

    pub(super) fn case(&self) -> &Case {
        &self.context.case
    }

    pub(super) fn drawing(&self) -> Drawing {
        let ModelAnswer { revision, subflows, examination } = &self.answer;
        Drawing::new(self.case(), revision, *subflows, examination)
    }

    pub(super) fn diagnosis(&self) -> Option<Diagnosis> {
        let ModelAnswer { revision, subflows, examination } = &self.answer;
        diagnose(self.case(), revision, *subflows, examination)
    }

    /// The exit status.
    pub(crate) fn status(&self, asked: Revisions) -> Status {
        match (asked, &self.kernel) {
            (Revisions::Running | Revisions::All, None) => Status::Skipped,
            (Revisions::Running | Revisions::All, _) if self.hindrance.is_some() => Status::Skipped,
            _ if self.answer.examination.mismatch().is_some() => Status::Divergence,
            _ => Status::Agree,
        }
    }
}

impl CaseContext {
    fn explanation(
        self,
        session: &Session,
        revisions: Revisions,
        call: bool,
    ) -> Result<Explanation, String> {
        let running = self.expected.is_some() && !matches!(revisions, Revisions::Named(_));
        let mut hindrance = None;
        let answer = match revisions {
            Revisions::Named(revision) => self.modelled(&revision)?,
            _ if running => {
                let (answer, why) = self.running(session, call)?;
                hindrance = why.filter(|_| call);
                answer
            }
            _ => self.modelled(&session.kernel.revision)?,
        };
        let each = match revisions {
            Revisions::All => {
                let each = Revision::ALL
                    .iter()
                    .map(|revision| self.modelled(&self.with_option(*revision)));
                each.collect::<Result<Vec<ModelAnswer>, String>>()?
            }
            _ => Vec::new(),
        };
        let kernel = running.then(|| session.kernel.release.clone());
        Ok(Explanation { context: self, answer, kernel, hindrance, each })
    }

    /// A revision on which the option that the case asks for exists, if it is the
    /// one that no kernel shipped.
    pub(super) fn with_option(&self, revision: Revision) -> Revision {
        if self.case.option == abi::MPTCP_INFO_OPT { revision.with_info_opt() } else { revision }
    }

    /// The running kernel, called if `call` says so and it takes such calls.
    fn running(
        &self,
        session: &Session,
        call: bool,
    ) -> Result<(ModelAnswer, Option<NoCompat>), String> {
        let mut oracle = session.oracle()?;
        oracle.freshen();
        let gone = || format!("{} is no longer as it was", self.scene.name);
        let examination = oracle.examine(&self.case, call).ok_or_else(gone)?;
        let subflows = oracle.scene_state(self.case.scene).map_or(0, |state| state.subflows());
        let hindrance = oracle.compat().err().filter(|_| self.case.entry == Entry::Compat);
        let revision = session.kernel.revision;
        Ok((ModelAnswer { revision, subflows, examination }, hindrance))
    }

    /// The model's prediction alone, on another revision or without a scene.
    pub(super) fn modelled(&self, revision: &Revision) -> Result<ModelAnswer, String> {
        // The expected state has as many subflows as the running kernel.
        let subflows = |revision: &Revision| self.scene.subflows_holding(&revision.sockets);
        let depends = subflows(&Revision::V5_16) != subflows(&Revision::NEWEST);
        let fits = |expected: &&ExpectedState| {
            !depends || u32::try_from(expected.subflows()).ok() == subflows(revision)
        };
        let socket = match self.expected.as_ref().filter(fits) {
            Some(expected) => ModelSocket::of(expected, revision),
            None => ModelSocket::named(self.scene, revision),
        };
        let mut runner = Runner::new().map_err(|error| error.to_string())?;
        Ok(socket.with(|socket, subflows| {
            let target = Target { revision, socket, fd: -1 };
            let examination = runner.examine(&self.case, &target, Model::documented(), false);
            ModelAnswer { revision: *revision, subflows, examination }
        }))
    }

    /// What the scene is here, and whether it came up.
    pub(super) fn scene_in_words(&self) -> (String, bool) {
        let Some(expected) = &self.expected else {
            let why = self.skipped.as_deref().unwrap_or("no reason was given");
            return (format!("it does not stand here ({why})"), false);
        };
        let mut words = socket_kind(expected).to_owned();
        if let scenes::Kind::Mptcp { subflows, .. } = &expected.kind {
            let plural = if subflows.len() == 1 { "" } else { "s" };
            words += &format!(", {} subflow{plural}", subflows.len());
        }
        (words, true)
    }
}

impl ModelAnswer {
    /// The length before and after the call, where it is on the street.
    pub(super) fn length_after(&self, case: &Case) -> Option<i32> {
        let at = case.optlen.offset()?;
        let bytes = self.examination.prediction.get(at..at + 4)?;
        bytes.try_into().ok().map(i32::from_ne_bytes)
    }

    /// The same in words; nothing where the length cannot be read.
    pub(super) fn length(&self, case: &Case) -> Option<String> {
        self.length_after(case).map(|length| match length {
            length if length == case.length => format!("*optlen stays {length}"),
            length => format!("*optlen becomes {length}, was {}", case.length),
        })
    }

    /// What the kernel left in the length, where it was called.
    pub(super) fn length_observed(&self, case: &Case) -> Option<i32> {
        let at = case.optlen.offset()?;
        let bytes = self.examination.observation()?.get(at..at + 4)?;
        bytes.try_into().ok().map(i32::from_ne_bytes)
    }

    /// The revision as a heading names it.
    pub(super) fn name(&self) -> String {
        let with = if self.revision.info_opt { " with mptcp_info_opt" } else { "" };
        let Revision { name, tcp_info, mptcp_info, .. } = self.revision;
        format!("{name}{with} (tcp_info {tcp_info}, mptcp_info {mptcp_info} bytes)")
    }
}
