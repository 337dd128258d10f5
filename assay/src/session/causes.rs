//! Infers the causes of what the running kernel does differently.

use std::collections::BTreeMap;

use mptcp_emulator::RuleSet;
use mptcp_harness::cases::{Case, codec};
use mptcp_harness::engines::case_list::CaseList;
use mptcp_harness::infer::{Effect, Inference, infer};
use mptcp_harness::judge::finding::hex;
use mptcp_harness::oracle::{CaseVerdict, Oracle};

use crate::report::causes::{Causes, UnexplainedData};

/// The least and the largest number of cases for an inference.
const CASES: [u64; 2] = [20_000, 200_000];

/// Unexplained cases that are diagnosed.
const MOST_DIAGNOSED: usize = 4_000;

/// The causes on this kernel, and the inference. The oracle's own model is not used.
pub(crate) fn causes(
    oracle: &mut Oracle,
    options: &[i32],
    cases: u64,
    seed: u64,
) -> (Causes, Inference) {
    let values = oracle.boundary_values().clone();
    let list = CaseList {
        boundary_values: vec![values],
        options: options.to_vec(),
        cases: cases.clamp(CASES[0], CASES[1]),
        seed,
        stored: Vec::new(),
    };
    let mut left = Vec::new();
    let inference = infer(oracle, || list.cases(), &mut |case, effect| {
        if effect == Effect::Unexplained && left.len() < MOST_DIAGNOSED {
            left.push(*case);
        }
    });
    let mut unexplained: BTreeMap<String, UnexplainedData> = BTreeMap::new();
    for case in left {
        if let Some((signature, summary)) = diagnosis(oracle, &case) {
            let group = unexplained.entry(signature.clone()).or_insert_with(|| UnexplainedData {
                signature,
                summary,
                cases: 0,
                simplest: hex(&codec::encode(&case)),
            });
            group.cases += 1;
        }
    }
    let mut unexplained: Vec<UnexplainedData> = unexplained.into_values().collect();
    unexplained.sort_by_key(|group| std::cmp::Reverse(group.cases));
    let causes = Causes::new(&inference, unexplained, |case| Some(diagnosis(oracle, case)?.1));
    (causes, inference)
}

/// The signature and the summary of a case on which the model disagrees.
fn diagnosis(oracle: &mut Oracle, case: &Case) -> Option<(String, String)> {
    match oracle.quick(case, &mut RuleSet::default(), Some(&|_| true)) {
        CaseVerdict::Disagree(finding) => {
            Some((finding.diagnosis.signature, finding.diagnosis.summary))
        }
        _ => None,
    }
}
