//! How fast a case is judged, against what the kernel alone takes.
//!
//! The same mix of cases, over all options and scenes, three ways: the bare
//! call, the emulator alone, and the whole differential loop. The last lines
//! give the ratio of the first to the last, taken in turns in one run, since
//! single figures from a shared machine say little.

use std::hint::black_box;
use std::process::exit;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput};
use mptcp_emulator::{PagedMemory, RuleSet};
use mptcp_harness::cases::Case;
use mptcp_harness::cases::generate;
use mptcp_harness::kernel::Kernel;
use mptcp_harness::memory::layout;
use mptcp_harness::model::Model;
use mptcp_harness::oracle::{CaseVerdict, Oracle};
use mptcp_harness::scenes::{self, Fixtures};

/// Cases in the mix.
const MIX: usize = 4096;

/// Rounds of the comparison in turns.
const ROUNDS: usize = 101;

fn main() {
    let enclosure = scenes::enter();
    if let Err(none) = scenes::mptcp_available() {
        eprintln!("skipped: {}\n{}", none.what, none.advice);
        exit(4);
    }
    let fixtures = Fixtures::build(&enclosure, |_| true, &mut |_| {});
    let kernel = Kernel::running(fixtures.sizes());
    let fixtures = Arc::new(Mutex::new(fixtures));
    let Ok(mut oracle) = Oracle::new(&fixtures, kernel.revision, Model::documented()) else {
        eprintln!("the street could not be mapped");
        exit(2);
    };
    let mut random = fastrand::Rng::with_seed(1);
    let mix: Vec<Case> =
        (0..MIX).map(|_| generate::case(&mut random, oracle.boundary_values(), 0)).collect();

    let mut criterion =
        Criterion::default().measurement_time(Duration::from_secs(4)).configure_from_args();
    let mut group = criterion.benchmark_group("mix");
    group.throughput(Throughput::Elements(MIX as u64));
    group.bench_function("bare call", |bencher| bencher.iter(|| bare(&mut oracle, &mix)));
    group.bench_function("emulator alone", |bencher| {
        let mut image = vec![0; layout::LEN];
        let mut mask = vec![0; layout::LEN];
        bencher.iter(|| emulate(&oracle, &mix, &mut image, &mut mask));
    });
    oracle.sweep();
    group.bench_function("differential loop", |bencher| {
        bencher.iter(|| differential(&mut oracle, &mix));
    });
    group.finish();

    let mut ratios: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            oracle.freshen();
            let alone = time(|| bare(&mut oracle, &mix));
            oracle.sweep();
            let whole = time(|| differential(&mut oracle, &mix));
            alone / whole
        })
        .collect();
    ratios.sort_unstable_by(f64::total_cmp);
    println!(
        "rate of the differential loop as a part of the bare call's, {ROUNDS} rounds in turns: \
         median {:.2}, from {:.2} to {:.2}",
        ratios[ROUNDS / 2],
        ratios[0],
        ratios[ROUNDS - 1]
    );
}

fn time(run: impl FnOnce()) -> f64 {
    let start = Instant::now();
    run();
    start.elapsed().as_secs_f64()
}

fn bare(oracle: &mut Oracle, mix: &[Case]) {
    for case in mix {
        let fd = oracle.scene_state(case.scene).map_or(-1, |state| state.expected().fd);
        let _ = black_box(oracle.runner().bare(case, fd));
    }
}

fn emulate(oracle: &Oracle, mix: &[Case], image: &mut [u8], mask: &mut [u8]) {
    let street = 0x2000_0400_0000;
    for case in mix {
        let Some(state) = oracle.scene_state(case.scene) else {
            continue;
        };
        let (input, len) = case.input_bytes(street);
        for (place, bytes) in
            [(case.optval, &input[..len]), (case.optlen, &case.length.to_ne_bytes()[..])]
        {
            let slots = place.offset().and_then(|at| image.get_mut(at..));
            slots.into_iter().flatten().zip(bytes).for_each(|(slot, byte)| *slot = *byte);
        }
        let base = case.base(street);
        let Some(mut memory) = PagedMemory::new(&layout::PATTERN, base, image, mask) else {
            continue;
        };
        let (socket, call) = (state.socket(), case.call(street));
        let _ = black_box(mptcp_emulator::getsockopt(
            oracle.revision(),
            &socket,
            &call,
            &mut memory,
            &mut (),
        ));
    }
}

fn differential(oracle: &mut Oracle, mix: &[Case]) {
    oracle.freshen();
    let mut rules = RuleSet::EMPTY;
    for case in mix {
        let verdict = oracle.quick(case, &mut rules, None);
        if let CaseVerdict::Disagree(finding) = verdict {
            eprintln!("{finding}");
        }
    }
    oracle.sweep();
    black_box(rules);
}
