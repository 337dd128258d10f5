//! A stored case, predicted, made and compared with the running kernel.
#![no_main]

use libfuzzer_sys::{Corpus, fuzz_mutator, fuzz_target, fuzzer_mutate};
use mptcp_harness::engines::fuzz::{self, Fate};

fuzz_target!(init: fuzz::start(), |data: &[u8]| -> Corpus {
    match fuzz::judge(data) {
        Fate::Judged => Corpus::Keep,
        Fate::Refused => Corpus::Reject,
    }
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let room = max_size.min(data.len());
    fuzz::mutate(&mut data[..room], size, seed, fuzzer_mutate)
});
