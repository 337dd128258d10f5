//! Whether two kernels were compared at all: on the same scenes, and on everything that was
//! asked for.

use std::collections::BTreeMap;

use mptcp_emulator::{Behaviors, Revision};
use mptcp_harness::scenes::{by_id, catalogue};
use mptcp_harness::verdict::{MOST_WITHOUT, Tally};

use super::guest_run::GuestRun;
use crate::report::coverage::{Coverage, SkippedScene};
use crate::terminal::style::counted;

/// The scenes that came up on both kernels, and those that did not on one of them. A scene
/// that one of the releases cannot have is not missing.
pub(crate) fn coverage(both: &[(&str, &GuestRun); 2]) -> Coverage {
    let mut coverage = Coverage::default();
    for scene in catalogue() {
        let find = |list: &[SkippedScene]| list.iter().find(|one| one.name == scene.name).cloned();
        let up = both.iter().all(|(_, survey)| survey.stands(scene.id));
        let impossible = both.iter().find_map(|(_, survey)| find(&survey.impossible));
        let missing: Vec<(&str, SkippedScene)> = both
            .iter()
            .filter_map(|(kernel, survey)| Some((*kernel, find(&survey.skipped)?)))
            .collect();
        match (&missing[..], impossible) {
            _ if up => coverage.scenes_up.push(scene.name.to_owned()),
            (_, Some(scene)) => coverage.impossible_scenes.push(scene),
            ([(_, one), (_, other)], _) if one == other => {
                coverage.skipped_scenes.push(one.clone());
            }
            ([(kernel, one), ..], _) => coverage.skipped_scenes.push(SkippedScene {
                reason: format!("on {kernel}: {}", one.reason),
                ..one.clone()
            }),
            ([], None) => {}
        }
    }
    coverage.scenes = coverage.scenes_up.len();
    coverage
}

/// Scenes that came up on one of the two kernels, although both can have them: each with
/// the kernel on which it did not.
pub(crate) fn uneven(both: &[(&str, &GuestRun); 2]) -> BTreeMap<String, Vec<String>> {
    let of = |survey: &GuestRun| Coverage {
        scenes_up: survey
            .scenes
            .iter()
            .filter_map(|one| Some(by_id(one.id)?.name.into()))
            .collect(),
        skipped_scenes: survey.skipped.clone(),
        impossible_scenes: survey.impossible.clone(),
        ..Coverage::default()
    };
    let [base, patched] = both.map(|(kernel, survey)| (kernel, of(survey)));
    crate::report::coverage::uneven(&[(base.0, &base.1), (patched.0, &patched.1)])
}

/// A revision that has every option that one of the two has.
pub(crate) fn newest([base, patched]: &[Revision; 2]) -> Revision {
    let options = if base.has_full_info() { base } else { patched };
    let full_info_option = options.behaviors.full_info_option;
    Revision {
        behaviors: Behaviors { full_info_option, ..patched.behaviors },
        info_opt: base.info_opt || patched.info_opt,
        ..*patched
    }
}

/// What prevents a verdict of agreement, the most serious first.
pub(crate) fn troubles(
    tally: &Tally,
    coverage: &Coverage,
    uneven: &BTreeMap<String, Vec<String>>,
) -> Vec<(String, String)> {
    let mut troubles = Vec::new();
    if tally.unreproduced > 0 {
        let what = format!("NOT REPRODUCED: {}", counted(tally.unreproduced, "difference"));
        let why = "seen once and not again; see below on which kernel";
        troubles.push((what, why.to_owned()));
    }
    if let Some(scene) = uneven.keys().next() {
        let what =
            format!("NOT COMPARABLE: {} on one kernel alone", counted(tally.uneven, "scene"));
        let why = coverage.skipped_scenes.iter().find(|one| one.name == *scene);
        let why = why.map_or("", |one| one.reason.as_str());
        // The reason begins with the kernel.
        troubles.push((what, format!("{scene} did not come up {why}")));
    }
    if tally.without * MOST_WITHOUT > tally.agree + tally.without {
        let what = format!("{} without a verdict", counted(tally.without, "case"));
        let why = "more than one in a thousand on scenes that came up; see below why";
        troubles.push((what, why.to_owned()));
    }
    if let Some(what) = coverage.not_compared_text() {
        troubles.push(("NOT COMPARED".to_owned(), what));
    } else if tally.agree + tally.disagree == 0 {
        let why = "there is nothing to say of the patch".to_owned();
        troubles.push(("no case was compared".to_owned(), why));
    }
    troubles
}
