//! One command on several kernels: each compares on its own scenes, and only kernels with
//! the same scenes are comparable.

use std::path::Path;

use mptcp_harness::verdict::Verdict;
use mptcp_lab::guest::Errand;
use mptcp_lab::kernels::Kernel;
use mptcp_lab::machine::Run;

use crate::report::coverage::{self, Coverage};
use crate::terminal::out;
use crate::terminal::style::{bad, counted};
use mptcp_harness::verdict::Status;

/// Where a command in a machine leaves its coverage: a folder in its working folder, and a
/// file in it.
const FOLDER: &str = ".assay";
const FILE: &str = "coverage.json";

/// Has the command leave its coverage, and the machine bring it back.
pub(crate) fn ask_for_coverage(errand: &mut Errand) {
    errand.environment.push((coverage::VARIABLE.into(), format!("{FOLDER}/{FILE}")));
    errand.wanted.push(FOLDER.into());
}

/// Whether a file that a machine brings is a coverage, which is not saved here.
pub(crate) fn is_coverage(path: &Path) -> bool {
    path.starts_with(FOLDER)
}

/// What several kernels' runs of one command came to.
#[derive(Default)]
pub(crate) struct Runs {
    pub(crate) kernels: Vec<(String, Status, Option<Coverage>)>,
}

impl Runs {
    /// Adds a run. A command that compares something (`has_coverage`) has to say on which
    /// scenes.
    pub(crate) fn add(&mut self, has_coverage: bool, kernel: &Kernel, status: Status, run: &Run) {
        let path = Path::new(FOLDER).join(FILE);
        let file = run.report.files.iter().find(|(at, _)| *at == path);
        let coverage = file.and_then(|(_, bytes)| serde_json::from_slice(bytes).ok());
        let is_green = matches!(status, Status::Agree | Status::Skipped);
        let status = if has_coverage && coverage.is_none() && is_green {
            let why = "which scenes came up there did not arrive";
            out::note(format_args!("{}: {}: {why}", bad("assay"), kernel.name));
            Status::Trouble
        } else {
            status
        };
        self.kernels.push((kernel.name.clone(), status, coverage));
    }

    /// What the kernels differ in that makes them not comparable, if anything.
    pub(crate) fn uneven(&self) -> Option<String> {
        let known: Vec<(&str, &Coverage)> = self
            .kernels
            .iter()
            .filter_map(|(name, _, coverage)| Some((name.as_str(), coverage.as_ref()?)))
            .collect();
        uneven_text(&known)
    }

    /// The status of all of them.
    pub(crate) fn status(&self) -> Status {
        let uneven = self.uneven().map(|_| Verdict::Uneven.status());
        Status::worst(self.kernels.iter().map(|(_, status, _)| *status).chain(uneven))
    }
}

/// A sentence on scenes that came up on some of several kernels alone; `None` where there
/// are none.
fn uneven_text(kernels: &[(&str, &Coverage)]) -> Option<String> {
    let uneven = coverage::uneven(kernels);
    let (scene, missing) = uneven.first_key_value()?;
    let reason = kernels.iter().filter(|(name, _)| missing.iter().any(|one| one == name));
    let mut reasons = reason.flat_map(|(_, coverage)| &coverage.skipped_scenes);
    let reason = reasons.find(|one| one.name == *scene).map_or("", |one| one.reason.as_str());
    Some(format!(
        "the kernels differ in {}, such as {scene}, which did not come up on {}: {reason}",
        counted(uneven.len() as u64, "scene"),
        missing.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::coverage::SkippedScene;

    fn coverage(up: &[&str], missing: &[&str], impossible: &[&str]) -> Coverage {
        let list = |names: &[&str]| {
            let one =
                |name: &&str| SkippedScene { name: (*name).into(), reason: "no sysctl".into() };
            names.iter().map(one).collect()
        };
        Coverage {
            scenes: up.len(),
            scenes_compared: up.len(),
            scenes_up: up.iter().map(|name| (*name).to_owned()).collect(),
            skipped_scenes: list(missing),
            impossible_scenes: list(impossible),
            not_compared: Vec::new(),
        }
    }

    fn status(kernels: Vec<(Status, Option<Coverage>)>) -> (Status, Option<String>) {
        let named = (1..).zip(kernels);
        let kernels = named.map(|(at, (status, coverage))| (format!("k{at}"), status, coverage));
        let runs = Runs { kernels: kernels.collect() };
        (runs.status(), runs.uneven())
    }

    /// Each kernel agrees on what it has, and the two were compared on different sockets.
    #[test]
    fn kernels_that_differ_in_their_scenes_are_not_comparable() {
        use Status::{Agree, Divergence, Trouble};
        let all = || Some(coverage(&["a", "b"], &[], &[]));
        let some = || Some(coverage(&["a"], &["b"], &[]));
        assert_eq!(status(vec![(Agree, all()), (Agree, all())]), (Agree, None));
        let (worst, why) = status(vec![(Agree, all()), (Agree, some())]);
        assert_eq!(worst, Trouble);
        let why = why.unwrap_or_default();
        assert!(
            why.contains("1 scene, such as b, which did not come up on k2: no sysctl"),
            "{why}"
        );
        // A divergence is worse.
        assert_eq!(status(vec![(Divergence, all()), (Agree, some())]).0, Divergence);
        // What is missing on both is no difference; nor is what a release cannot have.
        assert_eq!(status(vec![(Agree, some()), (Agree, some())]), (Agree, None));
        let older = Some(coverage(&["a"], &[], &["b"]));
        assert_eq!(status(vec![(Agree, all()), (Agree, older)]), (Agree, None));
    }
}
