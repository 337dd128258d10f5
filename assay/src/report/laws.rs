//! The model compared with its laws ([`mptcp_harness::laws`]): what can be checked on a machine
//! without MPTCP.

use mptcp_emulator::Revision;
use mptcp_harness::cases::boundary_values::{BoundaryValues, SceneFacts};
use mptcp_harness::cases::codec;
use mptcp_harness::cases::generate;
use mptcp_harness::judge::finding::hex;
use mptcp_harness::laws::{Law, ModelStreet};
use mptcp_harness::scenes::by_name;
use serde::{Deserialize, Serialize};

use crate::model_socket::ModelSocket;
use crate::report::serial::Text;

/// Cases to hold against the laws.
const CASES: u64 = 1_000_000;

/// Scenes from nothing to more subflows than any table has room for.
const SCENES: [&str; 7] = [
    "fresh-v4",
    "established-v4-client-1-after",
    "established-v4-client-2-after",
    "established-v4-client-3-after",
    "many-v4-client-9-after",
    "many-v4-client-17-after",
    "many-v4-client-41-after",
];

/// Which laws the model keeps.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Laws {
    pub(crate) cases: u64,
    pub(crate) laws: Vec<LawCount>,
}

/// How often one law was broken.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct LawCount {
    pub(crate) sentence: Text,
    /// How many cases broke it.
    pub(crate) broken: u64,
    /// The first of them.
    pub(crate) example: Option<String>,
}

impl Laws {
    /// Whether any was broken.
    pub(crate) fn broken(&self) -> bool {
        self.laws.iter().any(|law| law.broken > 0)
    }
}

/// Holds the model of a revision against the laws.
pub(crate) fn hold(revision: &Revision, seed: u64) -> Laws {
    hold_cases(revision, seed, CASES)
}

fn hold_cases(revision: &Revision, seed: u64, cases: u64) -> Laws {
    let scenes: Vec<_> = SCENES.iter().filter_map(|name| by_name(name)).collect();
    let sockets: Vec<ModelSocket> =
        scenes.iter().map(|scene| ModelSocket::named(scene, revision)).collect();
    let cue = |(scene, socket): (&&mptcp_harness::scenes::Scene, &ModelSocket)| SceneFacts {
        scene: scene.id,
        answers: true,
        subflows: socket.with(|_, subflows| u32::try_from(subflows).unwrap_or(0)),
    };
    let scene_facts: Vec<SceneFacts> = scenes.iter().zip(&sockets).map(cue).collect();
    let mut random = fastrand::Rng::with_seed(seed);
    let count = |law: Law| LawCount { sentence: law.sentence().into(), broken: 0, example: None };
    let mut counts = Law::ALL.map(count);
    let mut street = ModelStreet::new(0);
    let each = cases / sockets.len().max(1) as u64;
    for (cue, socket) in scene_facts.iter().zip(&sockets) {
        let values = BoundaryValues::new(vec![*cue], revision);
        socket.with(|socket, _| {
            for _ in 0..each {
                let case = generate::case(&mut random, &values, 0);
                let record = street.call(revision, &socket, &case);
                for (law, count) in Law::ALL.into_iter().zip(&mut counts) {
                    if !law.is_kept(&record) {
                        count.broken += 1;
                        count.example.get_or_insert_with(|| hex(&codec::encode(&case)));
                    }
                }
            }
        });
    }
    Laws { cases: each * scene_facts.len() as u64, laws: counts.into() }
}

#[cfg(test)]
mod tests {
    use mptcp_emulator::Behaviors;
    use mptcp_emulator::behaviors::ElementFits;

    use super::*;

    #[test]
    fn every_revision_keeps_the_laws() {
        for revision in Revision::ALL.into_iter().flat_map(|known| [known, known.with_info_opt()]) {
            let laws = hold_cases(&revision, 1, 20_000);
            assert!(laws.cases > 19_000);
            assert!(!laws.broken(), "{}: {laws:?}", revision.name);
        }
    }

    #[test]
    fn a_wrong_model_breaks_a_law() {
        // An element is written past the end of the buffer.
        let wrong = Behaviors { element_fits: ElementFits::AnyRoom, ..Behaviors::NEWEST };
        let laws = hold_cases(&Revision::NEWEST.with_behaviors(wrong), 1, 20_000);
        let broken = |law: &LawCount| law.broken > 0 && law.example.is_some();
        let broken: Vec<bool> = laws.laws.iter().map(broken).collect();
        assert_eq!(broken, [true, true, false, false, false], "{laws:?}");
    }
}
