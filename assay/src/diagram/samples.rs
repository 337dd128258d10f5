//! Drawings for tests: stored cases on sockets that no kernel made.

use std::fs;
use std::path::{Path, PathBuf};

use mptcp_emulator::Revision;
use mptcp_harness::cases::Case;
use mptcp_harness::cases::codec;
use mptcp_harness::judge::evidence::{Examination, Observed};
use mptcp_harness::judge::{Observation, Prediction, judge};
use mptcp_harness::memory::layout as street_layout;
use mptcp_harness::model::Model;
use mptcp_harness::run::runner::{Runner, Target};
use mptcp_harness::scenes::by_id;

use super::elements::Drawing;
use crate::model_socket::ModelSocket;

fn seeds() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus/negotiate")
}

/// A stored case, by the name of its file.
pub(super) fn case(name: &str) -> Case {
    codec::decode(&fs::read(seeds().join(format!("{name}.case"))).unwrap()).unwrap()
}

/// All stored cases, with their names.
pub(super) fn all() -> Vec<(String, Case)> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(seeds()).unwrap().map(|entry| entry.unwrap().path()).collect();
    // A fuzzer leaves its own beside them.
    paths.retain(|path| path.extension().is_some_and(|end| end == "case"));
    paths.sort();
    let name = |path: &PathBuf| path.file_stem().unwrap().to_string_lossy().into_owned();
    let all: Vec<_> = paths.iter().map(|path| (name(path), case(&name(path)))).collect();
    assert!(all.len() > 100);
    all
}

/// Writes into a street.
type Change<'a> = &'a dyn Fn(&mut [u8]);

/// A case, examined without a kernel; then `change` may write into what one left
/// behind.
pub(super) fn examined(
    rig: &mut Runner,
    case: &Case,
    revision: &Revision,
    change: Option<Change<'_>>,
) -> Drawing {
    let socket = ModelSocket::named(by_id(case.scene).unwrap(), revision);
    socket.with(|socket, subflows| {
        let subject = Target { revision, socket, fd: -1 };
        let mut examination = rig.examine(case, &subject, Model::documented(), false);
        if let Some(change) = change {
            disagree(&mut examination, change);
        }
        Drawing::new(case, revision, subflows, &examination)
    })
}

fn disagree(examination: &mut Examination, change: Change<'_>) {
    let mut observed = examination.prediction.clone();
    change(&mut observed);
    let result = examination.predicted;
    let prediction = Prediction { result, bytes: &examination.prediction, mask: &examination.mask };
    let observation = Observation { result, bytes: &observed };
    let mismatch = judge(&prediction, &observation, std::iter::once(0..street_layout::LEN)).err();
    examination.observed = Some(Observed { result, bytes: observed, mismatch });
}

/// A stored case on a revision.
pub(super) fn drawn(name: &str, revision: Revision) -> Drawing {
    examined(&mut Runner::new().unwrap(), &case(name), &revision, None)
}
