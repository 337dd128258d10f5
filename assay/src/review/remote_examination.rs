//! One case on one kernel with everything, in a form that leaves the machine.

use mptcp_emulator::{Errno, Rule};
use mptcp_harness::cases::Case;
use mptcp_harness::cases::poison_byte;
use mptcp_harness::judge::evidence::{Examination, Observed};
use mptcp_harness::judge::finding::Diagnosis;
use mptcp_harness::judge::{Observation, Prediction, judge};
use mptcp_harness::memory::layout;
use mptcp_harness::watch::Complaint;
use serde::{Deserialize, Serialize};

/// Bytes in a row.
const ROW: usize = 16;

/// An [`Examination`] as text: rows of the street that have anything in them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct RemoteExamination {
    /// The case.
    pub(crate) case: String,
    /// Whether its scene stood.
    pub(crate) stood: bool,
    pub(crate) subflows: usize,
    /// The predicted result: 0 for success, or the error's number.
    predicted: i32,
    observed: i32,
    rules: Vec<String>,
    rows: Vec<Row>,
    /// What differs, where model and kernel disagree.
    pub(crate) signature: Option<String>,
    pub(crate) summary: Option<String>,
    /// What the kernel complained of.
    pub(crate) console: Option<String>,
}

/// A row of each image, in hexadecimal digits.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Row {
    at: usize,
    before: String,
    prediction: String,
    mask: String,
    observation: String,
}

impl RemoteExamination {
    /// Of a case whose scene does not stand.
    pub(crate) fn absent(case: String) -> RemoteExamination {
        RemoteExamination { case, ..RemoteExamination::default() }
    }

    pub(crate) fn of(
        case: String,
        subflows: usize,
        examination: &Examination,
        diagnosis: Option<Diagnosis>,
        complaint: Option<Complaint>,
    ) -> RemoteExamination {
        let number = |result: Result<(), Errno>| result.err().map_or(0, |errno| errno.0);
        let observation = examination.observation().unwrap_or(&examination.before);
        let images = || {
            let both = examination.before.chunks(ROW).zip(examination.prediction.chunks(ROW));
            both.zip(examination.mask.chunks(ROW)).zip(observation.chunks(ROW))
        };
        let poison = images().map(|(((before, _), _), _)| before);
        let poison: Vec<&[u8]> = poison.collect();
        let rows = images()
            .enumerate()
            .filter(|(at, (((before, prediction), mask), observation))| {
                prediction != before
                    || observation != before
                    || mask.iter().any(|open| *open != 0)
                    || !is_poison(poison[*at], at * ROW)
            })
            .map(|(at, (((before, prediction), mask), observation))| Row {
                at: at * ROW,
                before: mptcp_harness::judge::finding::hex(before),
                prediction: mptcp_harness::judge::finding::hex(prediction),
                mask: mptcp_harness::judge::finding::hex(mask),
                observation: mptcp_harness::judge::finding::hex(observation),
            })
            .collect();
        let (signature, summary) = match diagnosis {
            Some(diagnosis) => (Some(diagnosis.signature), Some(diagnosis.summary)),
            None => (None, None),
        };
        RemoteExamination {
            case,
            stood: true,
            subflows,
            predicted: number(examination.predicted),
            observed: number(examination.result().unwrap_or(Ok(()))),
            rules: examination.rules.iter().map(|rule| rule.name().to_owned()).collect(),
            rows,
            signature,
            summary,
            console: complaint.map(|complaint| complaint.excerpt),
        }
    }

    /// The examination, as it was.
    pub(crate) fn examination(&self, case: &Case) -> Examination {
        let poison: Vec<u8> = (0..layout::LEN).map(|at| poison_byte(case.poison, at)).collect();
        let mut before = poison.clone();
        let (mut prediction, mut observation) = (before.clone(), before.clone());
        let mut mask = vec![0; layout::LEN];
        for row in &self.rows {
            for (image, digits) in [
                (&mut before, &row.before),
                (&mut prediction, &row.prediction),
                (&mut mask, &row.mask),
                (&mut observation, &row.observation),
            ] {
                for (at, byte) in (row.at..).zip(bytes(digits)) {
                    if let Some(slot) = image.get_mut(at) {
                        *slot = byte;
                    }
                }
            }
        }
        let result = |number: i32| if number == 0 { Ok(()) } else { Err(Errno(number)) };
        let (predicted, observed) = (result(self.predicted), result(self.observed));
        let mismatch = judge(
            &Prediction { result: predicted, bytes: &prediction, mask: &mask },
            &Observation { result: observed, bytes: &observation },
            std::iter::once(0..layout::LEN),
        )
        .err();
        Examination {
            predicted,
            observed: Some(Observed { result: observed, bytes: observation, mismatch }),
            rules: self.rules.iter().filter_map(|name| rule(name)).collect(),
            before,
            prediction,
            mask,
        }
    }
}

/// Whether a row is what the street is full of before anything is put there. Any
/// poison will do: it is only asked of rows that nobody wrote.
fn is_poison(row: &[u8], at: usize) -> bool {
    let full_of = |poison| row.iter().zip(at..).all(|(byte, at)| *byte == poison_byte(poison, at));
    (0..mptcp_harness::cases::POISONS).any(full_of)
}

fn bytes(digits: &str) -> impl Iterator<Item = u8> + '_ {
    let pairs = digits.as_bytes().chunks_exact(2);
    pairs.filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
}

/// The rule of a name.
pub(crate) fn rule(name: &str) -> Option<Rule> {
    Rule::ALL.iter().copied().find(|rule| rule.name() == name)
}
