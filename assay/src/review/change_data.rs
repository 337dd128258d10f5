//! A change of behavior, or of what is known of two revisions, as data of a report.

use mptcp_emulator::Revision;
use mptcp_emulator::behaviors::Evidence;
use mptcp_harness::cases::{Case, codec};
use mptcp_harness::infer::{Cause, Noticed, clause};
use mptcp_harness::judge::finding::{contrast, hex};
use mptcp_harness::model::Handler;
use mptcp_harness::scenes::by_id;
use serde::Serialize;

use super::answer::answers;
use super::changes::{handler, simplest};
use super::group::{Class, Group};
use super::material::Material;
use super::memory::{contrasted, larger};
use crate::report::causes::{BehaviorData, CauseData, Standing, memory};
use crate::report::datum::Datum;

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
    let causes = material.comparison.changes.causes.values();
    let data = Datum::between(&material.revisions).into_iter();
    let known = data.filter_map(|datum| known(datum, material));
    let contents = material.comparison.changes.contents.values();
    let mut all: Vec<ChangeData> = causes
        .map(|cause| change(cause, material))
        .chain(contents.map(|cause| contents_change(cause, material)))
        .chain(known)
        .collect();
    all.sort_by_key(|one| (one.data.who, std::cmp::Reverse(one.data.cases)));
    all
}

/// A datum of the revisions that explains cases.
fn known(datum: Datum, material: &Material<'_>) -> Option<ChangeData> {
    let revisions = &material.revisions;
    let [base, patched] = revisions;
    let has_info_opt = revisions.iter().any(|revision| revision.info_opt);
    let is_by_it =
        |group: &&Group| group.class == Class::Explained && group.causes.contains(&datum);
    let groups = || material.comparison.groups.iter().filter(is_by_it);
    let noticed = |group: &&Group| {
        let case = &group.simplest;
        let subflows = by_id(case.scene)
            .and_then(|scene| scene.subflows_holding(&patched.sockets))
            .and_then(|subflows| usize::try_from(subflows).ok());
        Noticed::by(case, handler(case, has_info_opt), patched, subflows.unwrap_or(0))
    };
    // One that no other datum has a part in shows it best.
    let best = groups().min_by_key(|group| (group.causes.len(), noticed(group)))?;
    let case = best.simplest;
    let mut handlers: Vec<Handler> =
        groups().map(|group| handler(&group.simplest, has_info_opt)).collect();
    handlers.sort_unstable();
    handlers.dedup();
    let (summary, expected_clause) = match datum {
        Datum::Behavior(behavior) => {
            let clause = |revision: &Revision| clause(behavior, revision.behaviors.get(behavior));
            (clause(patched), clause(base))
        }
        _ => (datum.text(revisions), String::new()),
    };
    let data = CauseData {
        summary,
        behaviours: vec![BehaviorData {
            name: datum.name().to_owned(),
            value: datum.value(patched),
            expected: datum.value(base),
            expected_clause,
            source: format!("base: {}; patched: {}", base.sources, patched.sources),
        }],
        options: handlers.iter().map(|handler| handler.name().to_owned()).collect(),
        rules: Vec::new(),
        standing: Standing::OfRevision,
        who: groups().map(|group| noticed(&group)).min().unwrap_or(Noticed::OtherOption).into(),
        cases: groups().map(|group| group.cases).sum(),
        simplest: Some(hex(&codec::encode(&case))),
        call: Some(case.to_string()),
        memory: memory(&case),
        notice: None,
    };
    Some(shown(data, Some(case), material))
}

/// Adds what the kernels did with the simplest case.
fn shown(mut data: CauseData, case: Option<Case>, material: &Material<'_>) -> ChangeData {
    let shown = case.zip(material.exhibits).and_then(|(case, exhibits)| {
        let [base, patched] = answers(&case, exhibits, material.revisions)?;
        let seen = contrasted(&case, &base, &patched);
        let larger = larger(&base, &patched);
        let notice = contrast(&case, &larger.revision, larger.subflows, &seen);
        data.notice = notice.or(data.notice.take());
        Some([base, patched])
    });
    let [base, patched] = [0, 1].map(|at: usize| {
        let answer = &shown.as_ref()?[at];
        let optlen = answer.optlen.map_or(String::new(), |optlen| format!(", *optlen {optlen}"));
        Some(format!("{}{optlen}", answer.result))
    });
    ChangeData { data, allowed: false, base, patched }
}

/// Fields that hold something else on one of the kernels.
fn contents_change(cause: &CauseData, material: &Material<'_>) -> ChangeData {
    let mut data = cause.clone();
    if data.standing == Standing::Restores {
        data.summary = format!("corrected: {}", data.summary);
    }
    let is_meant = |field: &BehaviorData| material.allowed.contents.contains(&field.value);
    let allowed = data.behaviours.iter().all(is_meant);
    let case = simplest(cause);
    ChangeData { allowed, ..shown(data, case, material) }
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
    let allowed = material.allowed.behaviors.contains(&(cause.behavior, cause.value));
    ChangeData { allowed, ..shown(data, cause.simplest, material) }
}
