//! The work of a fuzz target; the target itself is glue.
//!
//! The fuzzer's input is a stored case (see [`crate::cases::codec`]), so every other engine can
//! read the corpus, and crashes can be replayed. Bytes that are not a case are refused and do not
//! enter the corpus. The mutator makes cases from cases, with `arbitrary`.

use std::process::exit;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use arbitrary::Unstructured;
use mptcp_emulator::RuleSet;

use crate::cases::boundary_values::BoundaryValues;
use crate::cases::codec;
use crate::cases::generate::{self, Choose};
use crate::cases::input::BLOCK_FIELDS;
use crate::cases::{Case, Entry, Input};
use crate::kernel::Kernel;
use crate::model::Model;
use crate::oracle::{CaseVerdict, Oracle, Reason};
use crate::scenes::{self, Fixtures};
use crate::verdict::{MOST_WITHOUT, Status, Tally, Verdict};

/// What the fuzzer should do with an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It was a case, and model and kernel agreed: keep it.
    Judged,
    /// It was not a case; the fuzzer need not keep it.
    Refused,
}

/// From this number of cases on, too many without a verdict end the run.
const ENOUGH: u64 = 10_000;

/// Time limit for shrinking one finding.
const SHRINKING: Duration = Duration::from_secs(3);

/// Inputs between two sweeps of the whole street.
const BETWEEN_SWEEPS: usize = 64;

struct Engine {
    oracle: Oracle,
    rules: RuleSet,
    /// The judged inputs. `not_compared` counts inputs that are not a case, or whose case needs
    /// something that is missing here.
    tally: Tally,
    /// The inputs since the last sweep.
    recent: Vec<Case>,
}

static ENGINE: OnceLock<Mutex<Engine>> = OnceLock::new();

/// Makes the scenes. Call it once, before anything else, while the process has one thread. It ends
/// the process, with the exit status of a check, if no scene came up in which a kernel answers the
/// options: a fuzzer that compares nothing finds nothing.
pub fn start() {
    let enclosure = scenes::enter();
    if let Err(none) = scenes::mptcp_available() {
        end(Status::Skipped, &format!("no MPTCP here: {}. {}", none.what, none.advice));
    }
    let fixtures = Fixtures::build(&enclosure, |_| true, &mut |_| {});
    for (scene, why) in fixtures.skipped() {
        eprintln!("scene {} did not come up: {why}", scene.name);
    }
    let kernel = Kernel::running(fixtures.sizes());
    let up = fixtures.scenes().count();
    eprintln!(
        "kernel {}, modelled as {}; {up} of {} scenes",
        kernel.release,
        kernel.revision.name,
        up + fixtures.skipped().len()
    );
    if !fixtures.scenes().any(|scene| scene.subflows().is_some()) {
        let why = "no scene came up in which a kernel answers the options";
        end(Status::Skipped, why);
    }
    let fixtures = Arc::new(Mutex::new(fixtures));
    let oracle = Oracle::new(&fixtures, kernel.revision, Model::documented());
    let oracle = oracle.unwrap_or_else(|error| end(Status::Trouble, &error.to_string()));
    let engine = Engine {
        oracle,
        rules: RuleSet::EMPTY,
        tally: Tally::default(),
        recent: Vec::with_capacity(BETWEEN_SWEEPS),
    };
    if ENGINE.set(Mutex::new(engine)).is_err() {
        end(Status::Trouble, "the fuzzing engine was started twice");
    }
    AT_THE_END.with(|_| ());
}

thread_local! {
    /// Dropped when the process ends: libFuzzer ends the process itself, without a callback.
    static AT_THE_END: AtTheEnd = const { AtTheEnd };
}

/// Ends the process with a status other than 0 if no input was judged.
struct AtTheEnd;

impl Drop for AtTheEnd {
    fn drop(&mut self) {
        let Some(Ok(engine)) = ENGINE.get().map(Mutex::try_lock) else {
            return;
        };
        let tally = engine.tally;
        drop(engine);
        if tally.agree == 0 && tally.without + tally.not_compared > 0 {
            let why = format!(
                "none of {} inputs was compared: they are no cases, or what they need is not \
                 available here",
                tally.without + tally.not_compared
            );
            end(tally.verdict().status(), &why);
        }
    }
}

/// Ends the process with a reason. During a run libFuzzer replaces the status with its own.
fn end(status: Status, why: &str) -> ! {
    let word = if status == Status::Skipped { "skipped: " } else { "" };
    eprintln!("{word}{why}");
    exit(status.code().into())
}

fn engine() -> MutexGuard<'static, Engine> {
    let Some(engine) = ENGINE.get() else {
        end(Status::Trouble, "the fuzzing engine was not started");
    };
    engine.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Judges one input.
///
/// # Panics
/// If model and kernel disagree: a panic is how a fuzzer learns of it. A kernel that writes far
/// outside its buffers is noticed up to 63 inputs later. The message then names the case, because
/// the fuzzer's own file does not hold it.
#[expect(clippy::panic, reason = "a fuzzer is told of a finding by a crash")]
pub fn judge(bytes: &[u8]) -> Fate {
    let mut engine = engine();
    let Engine { oracle, rules, tally, recent } = &mut *engine;
    let case = codec::decode(bytes).ok().filter(|case| oracle.scene_state(case.scene).is_some());
    let Some(case) = case else {
        // libFuzzer begins with an empty input of its own.
        tally.not_compared += u64::from(!bytes.is_empty());
        return Fate::Refused;
    };
    oracle.freshen_one(case.scene);
    let verdict = oracle.quick(&case, rules, None);
    recent.push(case);
    let due = recent.len() == BETWEEN_SWEEPS || verdict.is_unreproduced();
    let clean = !due || oracle.sweep();
    let verdict = if !clean || verdict.is_unreproduced() {
        let mut verdicts = recent.iter().map(|suspect| oracle.whole(suspect, rules));
        let found = verdicts.find(|verdict| matches!(verdict, CaseVerdict::Disagree(_)));
        found.unwrap_or(CaseVerdict::Inconclusive(Reason::Stray))
    } else {
        verdict
    };
    if due {
        recent.clear();
    }
    match verdict {
        CaseVerdict::Agree | CaseVerdict::Unspecified => {
            tally.agree += 1;
            Fate::Judged
        }
        CaseVerdict::Disagree(finding) => {
            let finding = oracle.simplest(*finding, Instant::now() + SHRINKING);
            panic!("{finding}")
        }
        CaseVerdict::Inconclusive(reason) if reason.is_unreproduced() => {
            panic!("{}", reason.text())
        }
        // A seed for calls that this kernel does not accept.
        CaseVerdict::Inconclusive(reason) if reason.is_absent() => {
            tally.not_compared += 1;
            Fate::Refused
        }
        CaseVerdict::Inconclusive(reason) => {
            tally.without += 1;
            without(reason, *tally);
            Fate::Refused
        }
    }
}

/// Reports a case without a verdict, at each power of two. Too many of them end the run, which must
/// not look like agreement.
fn without(reason: Reason, tally: Tally) {
    if tally.without.is_power_of_two() {
        eprintln!("cases without a verdict so far: {}; the last: {}", tally.without, reason.text());
    }
    if tally.agree + tally.without >= ENOUGH && tally.verdict() == Verdict::Inconclusive {
        let what = format!(
            "{} of {} cases have no verdict, more than one in {MOST_WITHOUT}; the last: {}",
            tally.without,
            tally.agree + tally.without,
            reason.text()
        );
        end(Verdict::Inconclusive.status(), &what);
    }
}

/// Makes a case from an input, which is in the first `size` bytes of `data`, and writes it there.
/// Returns its number of bytes. `bytes` is the fuzzer's own mutation of bytes.
pub fn mutate(
    data: &mut [u8],
    size: usize,
    seed: u32,
    bytes: impl FnOnce(&mut [u8], usize, usize) -> usize,
) -> usize {
    let engine = engine();
    let values = engine.oracle.boundary_values();
    let mut random = fastrand::Rng::with_seed(u64::from(seed));
    let case = match codec::decode(data.get(..size).unwrap_or_default()) {
        Ok(case) => match random.below(8) {
            0 => fresh(&mut random, values),
            1..3 => {
                let len = bytes(data, size, data.len().min(codec::SIZE_OPT));
                let mutated = codec::decode(data.get(..len).unwrap_or_default());
                mutated.unwrap_or_else(|_| crossed(case, &mut random, values))
            }
            _ => crossed(case, &mut random, values),
        },
        // The fuzzer's bytes serve as choices.
        Err(_) => {
            let choices = data.get(..size).unwrap_or_default();
            generate::case(&mut Unstructured::new(choices), values, 0)
        }
    };
    let case = if case.is_safe() { case } else { fresh(&mut random, values) };
    let stored = codec::encode(&case);
    match data.get_mut(..stored.len()) {
        Some(slot) => {
            slot.copy_from_slice(&stored);
            stored.len()
        }
        None => 0,
    }
}

fn fresh(random: &mut fastrand::Rng, values: &BoundaryValues) -> Case {
    generate::case(random, values, 0)
}

/// The case with one of its parts taken from another case.
fn crossed(case: Case, random: &mut fastrand::Rng, values: &BoundaryValues) -> Case {
    let Some(facts) = values.scene(case.scene) else {
        return fresh(random, values);
    };
    let other = generate::of(random, values, facts, case.option, case.poison);
    let mut crossed = case;
    match random.below(8) {
        0 => crossed.scene = fresh(random, values).scene,
        1 => crossed.length = other.length,
        2 => crossed.optval = other.optval,
        3 => crossed.optlen = other.optlen,
        4 => crossed.poison = (case.poison + 1) % 2,
        5 if values.compat && random.below(4) == 0 => {
            crossed.entry = match case.entry {
                Entry::Native => Entry::Compat,
                Entry::Compat => Entry::Native,
            }
        }
        _ => {
            let fields = other.input.fields();
            let field = match (&mut crossed.input, other.input) {
                (Input::Data(_), Input::Data(_)) => random.below(4) as usize,
                // All but `size_tcpinfo_kernel`.
                (Input::Full(_), Input::Full(_)) => [1, 3, 5, 6, 7, 4, 2][random.below(7) as usize],
                (Input::Opt(this), Input::Opt(other)) => {
                    let block = random.below(4) as usize;
                    let field = random.below(1 + BLOCK_FIELDS as u32) as usize;
                    if field == BLOCK_FIELDS {
                        this.blocks[block] = other.blocks[block];
                    }
                    block * BLOCK_FIELDS + field.min(BLOCK_FIELDS - 1)
                }
                (_, _) => return other,
            };
            fields.get(field).iter().for_each(|(_, value)| crossed.input.set(field, *value));
        }
    }
    crossed
}
