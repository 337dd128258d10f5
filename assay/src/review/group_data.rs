//! One kind of difference, as data of a report.

use mptcp_harness::cases::{Case, codec, is_known, option_name};
use mptcp_harness::judge::finding::{diagnose, hex};
use mptcp_harness::scenes::by_id;
use serde::Serialize;

use super::answer::{Answer, answers};
use super::group::{Class, Group};
use super::material::Material;
use super::memory::{contrasted, drawn, larger};
use super::words::{contract, of_kernels};
use crate::report::data::RuleData;
use crate::spec::standing;

/// Scenes that are named where a difference shows on more.
const MOST_SCENES: usize = 4;

/// Cases that differ in one way.
#[derive(Serialize)]
pub(crate) struct GroupData {
    pub(crate) class: Class,
    pub(crate) signature: String,
    pub(crate) summary: String,
    pub(crate) cases: u64,
    /// On how many scenes, and the first of them.
    pub(crate) scenes: usize,
    pub(crate) scene_names: Vec<&'static str>,
    #[serde(skip)]
    pub(crate) scene_ids: Vec<u8>,
    /// As a table names it.
    pub(crate) option: String,
    pub(crate) rule: Option<RuleData>,
    /// How firm the rule is.
    pub(crate) standing: Option<&'static str>,
    /// Whether what the patched kernel does is what the contract says.
    pub(crate) contract: String,
    pub(crate) because: Vec<String>,
    pub(crate) console: Option<String>,
    /// The simplest case, in hexadecimal digits.
    pub(crate) hex: String,
    pub(crate) call: String,
    pub(crate) scene: &'static str,
    pub(crate) base: Option<Answer>,
    pub(crate) patched: Option<Answer>,
    /// The memory around what differs, before and after.
    pub(crate) picture: String,
    /// The same with a terminal's colours.
    #[serde(skip)]
    pub(crate) coloured: String,
    #[serde(skip)]
    pub(crate) case: Case,
}

impl GroupData {
    pub(super) fn new(group: &Group, material: &Material<'_>) -> GroupData {
        let answers = |case: &Case| {
            let answers = answers(case, material.exhibits?, material.revisions)?;
            let [base, patched] = [0, 1].map(|at: usize| answers[at].departs.is_some());
            let shows = match group.class {
                Class::Regression if group.kept.is_some() => base && !patched,
                Class::Regression | Class::Promise => !base && patched,
                Class::Fixed => base && !patched,
                Class::BothWrong => base && patched,
                Class::Explained | Class::Unexplained => {
                    contrasted(case, &answers[0], &answers[1]).mismatch().is_some()
                        && !base
                        && !patched
                }
            };
            shows.then_some(answers)
        };
        let (case, answers) = match answers(&group.simplest) {
            Some(answers) => (group.simplest, Some(answers)),
            None => (group.first, answers(&group.first)),
        };
        let memory = |colour| match &answers {
            Some([base, patched]) => drawn(&case, base, patched, colour),
            None => String::new(),
        };
        let (picture, coloured) = (memory(false), memory(true));
        // What was found with made-up contents is reported with those of the sockets.
        let real = answers
            .as_ref()
            .filter(|_| matches!(group.class, Class::Explained | Class::Unexplained))
            .and_then(|[base, patched]| {
                let seen = contrasted(&case, base, patched);
                let larger = larger(base, patched);
                let told = diagnose(&case, &larger.revision, larger.subflows, &seen)?;
                (told.signature == group.signature).then_some(told.summary)
            });
        let [base, patched] = match answers {
            Some([base, patched]) => [Some(base), Some(patched)],
            None => [None, None],
        };
        let names = group.scenes.iter().filter_map(|id| Some(by_id(*id)?.name));
        let rule = group.rule();
        GroupData {
            class: group.class,
            signature: group.signature.clone(),
            summary: of_kernels(group.class, real.as_ref().unwrap_or(&group.summary)),
            cases: group.cases,
            scenes: group.scenes.len(),
            scene_names: names.take(MOST_SCENES).collect(),
            scene_ids: group.scenes.iter().copied().collect(),
            option: table_name(case.option),
            rule: rule.map(RuleData::from),
            standing: rule.map(standing),
            contract: contract(group, rule),
            because: group.because.clone(),
            console: group.console.clone(),
            hex: hex(&codec::encode(&case)),
            call: case.to_string(),
            scene: by_id(case.scene).map_or("an unknown scene", |scene| scene.name),
            base,
            patched,
            picture,
            coloured,
            case,
        }
    }
}

/// An option as a table names it.
pub(super) fn table_name(option: i32) -> String {
    if is_known(option) { option_name(option) } else { "unknown".to_owned() }
}
