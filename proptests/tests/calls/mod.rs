//! Calls on the two ends of a connection, judged.

use mptcp_emulator::abi::{
    MPTCP_FULL_INFO, MPTCP_INFO, MPTCP_SUBFLOW_ADDRS, MPTCP_TCPINFO, SUBFLOW_INFO,
};
use mptcp_emulator::{Revision, RuleSet};
use mptcp_harness::cases::boundary_values::{
    BoundaryValues, SceneFacts, WRITABLE, before_end, into_stretch,
};
use mptcp_harness::cases::generate;
use mptcp_harness::cases::shrink::shrink;
use mptcp_harness::cases::{Case, Data, Entry, Full, Input, POISONS};
use mptcp_harness::judge::finding::{Diagnosis, diagnose};
use mptcp_harness::kernel::Kernel;
use mptcp_harness::model::Model;
use mptcp_harness::run::runner::{Runner, Scope};
use mptcp_harness::run::scene_states::SceneStates;
use mptcp_harness::scenes::{Conversation, Group, Side};

/// Random cases of each option, at each end, after each step.
const RANDOM: u32 = 8;
/// How often an end may move between its expected state and the call.
const MOVES: u32 = 3;
/// The ends' numbers in a case; no scene of the catalogue has them.
const NUMBERS: [u8; 2] = [254, 255];

/// All that it takes to judge calls on a conversation.
pub struct Bench {
    runner: Runner,
    revision: Revision,
    model: Model,
}

impl Bench {
    /// A bench for the running kernel.
    pub fn new(model: Model) -> Result<Bench, String> {
        let runner = Runner::new().map_err(|error| error.to_string())?;
        Ok(Bench { runner, revision: Revision::NEWEST, model })
    }

    /// Makes calls of all options on both ends: one that fits exactly, and some
    /// at random.
    pub fn check(&mut self, conversation: &mut Conversation, seed: u64) -> Result<(), String> {
        self.revision = Kernel::running(Some(conversation.sizes())).revision;
        let mut random = fastrand::Rng::with_seed(seed);
        let values =
            BoundaryValues::new(states(conversation, &self.revision).scene_facts(), &self.revision);
        for facts in values.scene_facts.clone() {
            for option in [MPTCP_INFO, MPTCP_TCPINFO, MPTCP_SUBFLOW_ADDRS, MPTCP_FULL_INFO] {
                self.judge(conversation, &values, &exact(&values, facts, option))?;
                for number in 0..RANDOM {
                    let poison = (number % u32::from(POISONS)) as u8;
                    let case = generate::of(&mut random, &values, facts, option, poison);
                    self.judge(conversation, &values, &case)?;
                }
            }
        }
        Ok(())
    }

    fn judge(
        &mut self,
        conversation: &mut Conversation,
        values: &BoundaryValues,
        case: &Case,
    ) -> Result<(), String> {
        for _ in 0..MOVES {
            let states = states(conversation, &self.revision);
            let Some(state) = states.get(case.scene) else {
                return Err("a case of no end".into());
            };
            let subject = state.subject(&self.revision);
            let mut rules = RuleSet::default();
            if (self.runner.run(case, &subject, self.model, &mut rules, Scope::Whole)).is_ok() {
                return Ok(());
            }
            if !conversation.retake()? {
                return self.report(&states, values, case);
            }
        }
        Err("it moves with every call".into())
    }

    /// The disagreement on the simplest case, if it shows again.
    fn report(
        &mut self,
        states: &SceneStates,
        values: &BoundaryValues,
        case: &Case,
    ) -> Result<(), String> {
        let Some(found) = self.diagnosis(states, case) else {
            return Err(format!("a disagreement that did not show again:\n{case}"));
        };
        let simplest = shrink(*case, values, |candidate| {
            let same = |other: Diagnosis| other.signature == found.signature;
            candidate.scene == case.scene && self.diagnosis(states, candidate).is_some_and(same)
        });
        let end = match case.scene == NUMBERS[0] {
            true => Side::Client,
            false => Side::Server,
        };
        let summary = self.diagnosis(states, &simplest).unwrap_or(found);
        Err(format!("at the {end:?}: {}\n{}\n{simplest}", summary.signature, summary.summary))
    }

    fn diagnosis(&mut self, states: &SceneStates, case: &Case) -> Option<Diagnosis> {
        let state = states.get(case.scene)?;
        let subject = state.subject(&self.revision);
        let examination = self.runner.examine(case, &subject, self.model, true);
        diagnose(case, &self.revision, state.subflows(), &examination)
    }
}

#[expect(clippy::expect_used, reason = "tests fail by panicking")]
fn states(conversation: &Conversation, revision: &Revision) -> SceneStates {
    let ends = [Side::Client, Side::Server].map(|side| {
        let expected = conversation.expected(side).clone();
        (NUMBERS[side as usize], Group::Changed, expected)
    });
    SceneStates::of_expected(ends, revision).expect("a kernel has structures of its own sizes")
}

/// A call with room for everything and nothing more, at the end of its pages.
fn exact(values: &BoundaryValues, facts: SceneFacts, option: i32) -> Case {
    let [optvals, optlens, infos, ..] = WRITABLE;
    let bytes = values.whole(option, facts.subflows);
    let input = match option {
        MPTCP_INFO => Input::Nothing,
        MPTCP_FULL_INFO => Input::Full(Full {
            size_tcpinfo_kernel: 0,
            size_tcpinfo_user: values.tcp_info,
            size_sfinfo_kernel: 0,
            size_sfinfo_user: SUBFLOW_INFO,
            num_subflows: 0,
            size_arrays_user: facts.subflows,
            subflow_info: before_end(infos, facts.subflows * SUBFLOW_INFO),
            tcp_info: before_end(optlens, facts.subflows * values.tcp_info),
        }),
        _ => Input::Data(Data::asking(values.element(option))),
    };
    Case {
        scene: facts.scene,
        poison: 0,
        option,
        length: bytes.cast_signed(),
        optval: before_end(optvals, bytes),
        optlen: into_stretch(optlens, 0),
        input,
        entry: Entry::Native,
    }
}
