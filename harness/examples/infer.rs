//! A scratch measurement of the inference.
use mptcp_emulator::*;
use mptcp_harness::engines::case_list::{CaseList, scene_facts};
use mptcp_harness::kernel::Kernel;
use mptcp_harness::model::*;
use mptcp_harness::oracle::Oracle;
use mptcp_harness::scenes::{self, Fixtures};
use std::sync::{Arc, Mutex};
fn main() {
    // The kernel is right; the expected behaviors are wrong, so that the inference has to find the way back.
    let enclosure = scenes::enter();
    let fixtures = Fixtures::build(&enclosure, |_| true, &mut |_| {});
    let kernel = Kernel::running(fixtures.sizes());
    let fixtures = Arc::new(Mutex::new(fixtures));
    let args: Vec<String> = std::env::args().skip(1).collect();
    let n: u64 = args.first().and_then(|a| a.parse().ok()).unwrap_or(20000);
    let wanted = args.get(1).cloned();
    let right = kernel.revision;
    let (mut all, mut ok) = (0, 0);
    for b in Behavior::ALL.iter().copied() {
        for (v, value) in (0u8..).zip(b.values()) {
            if v == right.behaviors.get(b) {
                continue;
            }
            let name = format!("{}={}", b.name(), value.name);
            if wanted.as_ref().is_some_and(|w| !name.contains(w.as_str())) {
                continue;
            }
            let wrong = Revision { behaviors: right.behaviors.with(b, v), ..right };
            let mut oracle = Oracle::new(&fixtures, wrong, Model::documented()).unwrap();
            let list = CaseList {
                boundary_values: CaseList::boundary_values(&scene_facts(|_| true), &[right]),
                options: vec![],
                cases: n,
                seed: 1,
                stored: vec![],
            };
            let t = std::time::Instant::now();
            let found = mptcp_harness::infer::infer(&mut oracle, || list.cases(), &mut |_, _| {});
            let right_one = found.causes.len() == 1
                && found.causes[0].behavior == b
                && found.unexplained() == 0;
            all += 1;
            if right_one {
                ok += 1;
            }
            println!(
                "{} {name}: {} differing, {} explained, {:?}",
                if right_one {
                    "ok"
                } else if found.causes.is_empty() && found.differing == 0 {
                    "unseen"
                } else {
                    "WRONG"
                },
                found.differing,
                found.explained,
                t.elapsed()
            );
            for c in &found.causes {
                println!(
                    "     {} {} -> {} [{}] {:?} {}",
                    c.behavior.name(),
                    c.expected,
                    c.value,
                    c.subject(),
                    c.noticed,
                    c.cases
                );
            }
            if !found.alternatives.is_empty() {
                println!("     alternatives {:?}", found.alternatives.len());
            }
        }
    }
    println!("{ok} of {all}");
}
