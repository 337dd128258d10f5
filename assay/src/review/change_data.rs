//! A change of behavior, as data of a report.

use mptcp_emulator::Revision;
use mptcp_emulator::behaviors::Evidence;
use mptcp_harness::infer::Cause;
use serde::Serialize;

use super::answer::answers;
use super::material::Material;
use crate::report::causes::{CauseData, Standing};

/// A change, as data of a report.
#[derive(Serialize)]
pub(crate) struct ChangeData {
    #[serde(flatten)]
    pub(crate) data: CauseData,
    /// Whether `--allow` names it.
    pub(crate) allowed: bool,
    /// What the kernels did with the simplest case.
    pub(crate) base: Option<String>,
    pub(crate) patched: Option<String>,
}

impl ChangeData {
    /// Whether it is for the author of the patch to explain.
    pub(crate) fn is_bad(&self) -> bool {
        self.data.standing.is_bad() && !self.allowed
    }
}

/// All changes, those that an ordinary caller can notice first.
pub(crate) fn all(material: &Material<'_>) -> Vec<ChangeData> {
    let mut causes: Vec<&Cause> = material.comparison.changes.causes.values().collect();
    causes.sort_by_key(|cause| (cause.noticed, std::cmp::Reverse(cause.cases)));
    causes.into_iter().map(|cause| change(cause, material)).collect()
}

fn change(cause: &Cause, material: &Material<'_>) -> ChangeData {
    let Revision { behaviors, .. } = material.revisions[1];
    let mut data = CauseData::new(cause, None);
    // What was promised and is no longer kept is no correction.
    let value = &cause.behavior.values()[usize::from(cause.expected)];
    let was_promise = behaviors.promised().get(cause.behavior) == cause.expected
        || value.evidence == Evidence::Documents;
    if behaviors.get(cause.behavior) == cause.value {
        data.standing = if was_promise { Standing::BreaksPromise } else { Standing::Restores };
    }
    let shown =
        cause.simplest.and_then(|case| answers(&case, material.exhibits?, material.revisions));
    let text = |at: usize| {
        let answer = &shown.as_ref()?[at];
        let optlen = answer.optlen.map_or(String::new(), |optlen| format!(", *optlen {optlen}"));
        Some(format!("{}{optlen}", answer.result))
    };
    ChangeData {
        allowed: material.allowed.behaviors.contains(&(cause.behavior, cause.value)),
        base: text(0),
        patched: text(1),
        data,
    }
}
