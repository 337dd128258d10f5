//! From cases to causes.

use std::collections::BTreeMap;

use mptcp_emulator::RuleSet;

use super::hypothesis::Predictor;
use super::inference::{Effect, Inference};
use super::learn::Inferring;
use super::verify::Tally;
use crate::cases::Case;
use crate::model::{KernelBehavior, Model};
use crate::oracle::Oracle;

/// Infers how the kernel behind an oracle behaves. `cases` makes the cases; they are run a second time
/// if the kernel differs on any. `each` gets what each of them shows, in order. The oracle's own model
/// is not used.
pub fn infer<I: Iterator<Item = Case>>(
    oracle: &mut Oracle,
    cases: impl Fn() -> I,
    each: &mut dyn FnMut(&Case, Effect),
) -> Inference {
    let revision = *oracle.revision();
    let values = oracle.boundary_values().clone();
    let predictor = Predictor::new(oracle.runner().base(), revision);
    let expected = revision.behaviors;
    let behavior = KernelBehavior::uniform(expected);
    let model = Model::behaving(behavior);
    let known = BTreeMap::new();
    let rules = RuleSet::EMPTY;
    let contents = Vec::new();
    let mut inferring = Inferring {
        oracle,
        predictor,
        revision,
        values,
        expected,
        behavior,
        model,
        known,
        rules,
        contents,
    };
    let ran = inferring.learn(cases());
    if inferring.known.is_empty() {
        let mut run = 0;
        for (case, ran) in cases().zip(&ran) {
            run += u64::from(*ran);
            each(&case, if *ran { Effect::Expected } else { Effect::NotRun });
        }
        let tally = Tally { cases: run, ..Tally::new(expected, &behavior) };
        return inferring.inference(tally);
    }
    inferring.complete();
    inferring.unify();
    inferring.distinguish();
    inferring.choose();
    inferring.compare_handlers();
    inferring.audit();
    inferring.learn_contents();
    inferring.verify(cases(), each)
}
