//! An explanation for programs.

use mptcp_emulator::Rule;
use mptcp_harness::cases::codec;
use mptcp_harness::cases::{Entry, Place, option_name};
use mptcp_harness::judge::finding::{hex, result_name};
use serde::Serialize;

use super::explanation::{Explanation, ModelAnswer};
use super::numbers;
use crate::diagram::{Drawing, Kind};
use crate::report::data::RevisionData;
use crate::spec::standing;

/// One case, and what is to be said of it. Offsets are bytes from the start of
/// the street.
#[derive(Serialize)]
pub(crate) struct Data {
    case: CaseData,
    /// The model's word: one revision's, or with `--revision all` each one's.
    models: Vec<ModelData>,
    /// `null` where the running kernel was not asked about or the scene does not
    /// stand on it.
    kernel: Option<KernelData>,
}

#[derive(Serialize)]
struct CaseData {
    hex: String,
    scene: &'static str,
    option: String,
    option_number: i32,
    /// `native` or `compat`, as 32-bit programs call.
    entry: &'static str,
    length: i32,
    optval: PlaceData,
    optlen: PlaceData,
    /// The call as C.
    call: String,
}

/// Either of both.
#[derive(Serialize)]
struct PlaceData {
    street: Option<u32>,
    address: Option<u64>,
}

impl From<Place> for PlaceData {
    fn from(place: Place) -> PlaceData {
        match place {
            Place::Street(offset) => PlaceData { street: Some(offset), address: None },
            Place::Wild(address) => PlaceData { street: None, address: Some(address) },
        }
    }
}

#[derive(Serialize)]
struct ModelData {
    revision: RevisionData,
    subflows: usize,
    /// `success`, or the error's name.
    result: String,
    /// `null` where the length stands off the street.
    length: Option<i32>,
    rules: Vec<RuleData>,
    regions: Vec<RegionData>,
    changed: Vec<Extent>,
}

#[derive(Serialize)]
struct RuleData {
    name: &'static str,
    standing: &'static str,
    source: &'static str,
    /// The numbers that it came to, where there are some.
    here: Option<String>,
}

#[derive(Serialize)]
struct RegionData {
    name: String,
    /// `header`, `tail`, `structure`, `element`, `length`, `slack` or `beyond`.
    kind: &'static str,
    offset: usize,
    length: usize,
}

#[derive(Serialize)]
struct Extent {
    offset: usize,
    length: usize,
}

#[derive(Serialize)]
struct KernelData {
    release: String,
    /// `agree`, `disagree` or `not called`.
    verdict: &'static str,
    result: Option<String>,
    length: Option<i32>,
    /// Why it was not called, where it could not be.
    hindrance: Option<&'static str>,
    /// What differs, in a line.
    summary: Option<String>,
    differing: Vec<Extent>,
}

/// The explanation as data.
pub(crate) fn data(explanation: &Explanation) -> Data {
    let case = explanation.case();
    let answer = match explanation.each.as_slice() {
        [] => std::slice::from_ref(&explanation.answer),
        each => each,
    };
    Data {
        case: CaseData {
            hex: hex(&codec::encode(case)),
            scene: explanation.context.scene.name,
            option: option_name(case.option),
            option_number: case.option,
            entry: match case.entry {
                Entry::Native => "native",
                Entry::Compat => "compat",
            },
            length: case.length,
            optval: case.optval.into(),
            optlen: case.optlen.into(),
            call: case.to_string(),
        },
        models: answer.iter().map(|answer| model(explanation, answer)).collect(),
        kernel: explanation.kernel.as_ref().map(|release| kernel(explanation, release)),
    }
}

fn model(explanation: &Explanation, answer: &ModelAnswer) -> ModelData {
    let case = explanation.case();
    let drawing = Drawing::new(case, &answer.revision, answer.subflows, &answer.examination);
    let rule = |rule: &Rule| RuleData {
        name: rule.name(),
        standing: standing(*rule),
        source: rule.source(),
        here: numbers::decided(*rule, case, answer),
    };
    let runs = drawing.lanes.iter().flat_map(|lane| {
        let seen = lane.tracks.iter().flatten().filter(|run| run.kind != Kind::Beyond);
        seen.flat_map(|run| (0..run.count.min(lane.window.len())).map(move |number| (run, number)))
    });
    let mut regions: Vec<RegionData> = runs
        .map(|(run, number)| RegionData {
            name: run.named(number..number + 1),
            kind: run.kind.class(),
            offset: run.one(number).start,
            length: run.each,
        })
        .collect();
    // What is long has two lanes.
    regions.dedup_by(|one, next| one.offset == next.offset && one.name == next.name);
    let changed = drawing.lanes.iter().flat_map(|lane| lane.changed.iter().map(extent));
    ModelData {
        revision: RevisionData::from(&answer.revision),
        subflows: answer.subflows,
        result: result_name(answer.examination.predicted),
        length: answer.length_after(case),
        rules: answer.examination.rules.iter().map(rule).collect(),
        regions,
        changed: changed.collect(),
    }
}

fn kernel(explanation: &Explanation, release: &str) -> KernelData {
    let answer = &explanation.answer;
    let lanes = explanation.drawing().lanes;
    KernelData {
        release: release.to_owned(),
        verdict: match (&answer.examination.observed, answer.examination.mismatch()) {
            (None, _) => "not called",
            (Some(_), None) => "agree",
            (Some(_), Some(_)) => "disagree",
        },
        result: answer.examination.result().map(result_name),
        length: answer.length_observed(explanation.case()),
        hindrance: explanation.hindrance.map(|why| why.text()),
        summary: explanation.diagnosis().map(|diagnosis| diagnosis.summary),
        differing: lanes.iter().flat_map(|lane| lane.differing.iter().map(extent)).collect(),
    }
}

fn extent(range: &std::ops::Range<usize>) -> Extent {
    Extent { offset: range.start, length: range.len() }
}
