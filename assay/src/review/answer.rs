//! What a kernel did with one case that was run once more.

use mptcp_emulator::Revision;
use mptcp_harness::cases::{Case, codec};
use mptcp_harness::judge::evidence::Examination;
use mptcp_harness::judge::finding::{hex, result_name};
use serde::Serialize;

use super::guest_run::GuestRun;
use super::remote_examination::RemoteExamination;

/// What a kernel did with the simplest case.
#[derive(Serialize)]
pub(crate) struct Answer {
    pub(crate) result: String,
    /// `*optlen` after the call, where it can be read.
    pub(crate) optlen: Option<i32>,
    /// The rules of the prediction, in the order in which they fired.
    pub(crate) rules: Vec<&'static str>,
    /// How it departs from the model, if it does: signature and summary.
    pub(crate) departs: Option<(String, String)>,
    #[serde(skip)]
    pub(crate) examination: Examination,
    #[serde(skip)]
    pub(crate) revision: Revision,
    #[serde(skip)]
    pub(crate) subflows: usize,
}

/// What both kernels did with a case that was run once more.
pub(crate) fn answers(
    case: &Case,
    exhibits: &[GuestRun; 2],
    revisions: [Revision; 2],
) -> Option<[Answer; 2]> {
    let digits = hex(&codec::encode(case));
    let of = |at: usize| {
        let exhibit =
            exhibits[at].exhibits.iter().find(|exhibit| exhibit.case == digits && exhibit.stood)?;
        Some(Answer::new(case, exhibit, revisions[at]))
    };
    Some([of(0)?, of(1)?])
}

impl Answer {
    fn new(case: &Case, exhibit: &RemoteExamination, revision: Revision) -> Answer {
        let examination = exhibit.examination(case);
        let observation = examination.observation().unwrap_or_default();
        let at = case.optlen.offset();
        let bytes = at.and_then(|at| observation.get(at..at + 4)?.try_into().ok());
        Answer {
            result: result_name(examination.result().unwrap_or(Ok(()))),
            optlen: bytes.map(i32::from_ne_bytes),
            rules: examination.rules.iter().map(|rule| rule.name()).collect(),
            departs: exhibit.signature.clone().zip(exhibit.summary.clone()).or_else(|| {
                let said = "the kernel complained during the call".to_owned();
                exhibit.console.as_ref().map(|_| ("complaint".to_owned(), said))
            }),
            examination,
            revision,
            subflows: exhibit.subflows,
        }
    }
}
