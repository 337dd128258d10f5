//! The causes of what a kernel does differently, as data and as text.

use std::fmt::Write;

use mptcp_emulator::Access;
use mptcp_emulator::behaviors::Evidence;
use mptcp_emulator::rules::Basis;
use mptcp_harness::cases::{Case, Place, codec};
use mptcp_harness::contents::{FieldChange, FieldId};
use mptcp_harness::infer::{Cause, Change, ContentsCause, Inference, Noticed, clause};
use mptcp_harness::judge::finding::hex;
use mptcp_harness::memory::layout::stretch;
use serde::{Deserialize, Serialize};

use crate::terminal::style::{counted, dim, grouped, head, wrapped};

/// The name of the behaviour for what a field holds; its value is the field.
pub(crate) const CONTENTS: &str = "contents";

/// Columns of the text.
const WIDTH: usize = 78;

/// A cause: a behavior with another value than expected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CauseData {
    /// What the kernel does, in a sentence without its period.
    pub(crate) summary: String,
    pub(crate) behaviours: Vec<BehaviorData>,
    /// The options, "unknown options" or "sockets without MPTCP".
    pub(crate) options: Vec<String>,
    /// The rules that the kernel breaks with it.
    pub(crate) rules: Vec<BrokenRule>,
    pub(crate) standing: Standing,
    pub(crate) who: Who,
    /// The number of cases in which it makes a difference.
    pub(crate) cases: u64,
    /// The simplest case, in hexadecimal digits.
    pub(crate) simplest: Option<String>,
    /// The call of that case, in C.
    pub(crate) call: Option<String>,
    /// Where the buffers of that case are, if that matters.
    pub(crate) memory: Vec<String>,
    /// What a program notices.
    pub(crate) notice: Option<String>,
}

/// A behavior and its values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BehaviorData {
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) expected: String,
    /// What was expected, as a clause.
    pub(crate) expected_clause: String,
    /// Where the value is known from.
    pub(crate) source: String,
}

/// A rule, and who says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BrokenRule {
    pub(crate) name: String,
    pub(crate) standing: String,
}

/// What a cause means for the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Standing {
    /// It breaks what a document states, or what follows from one.
    BreaksPromise,
    /// It changes what only the behaviour of kernels shows.
    ChangesUndocumented,
    /// It keeps a promise that other kernels break.
    KeepsPromise,
    /// It does again what kernels of its revision do.
    Restores,
    /// It is known of the two revisions.
    OfRevision,
}

impl Standing {
    /// Whether it is for the author of a patch to explain.
    pub(crate) const fn is_bad(self) -> bool {
        matches!(self, Standing::BreaksPromise | Standing::ChangesUndocumented)
    }

    pub(crate) const fn text(self) -> &'static str {
        match self {
            Standing::BreaksPromise => "breaks a documented promise",
            Standing::ChangesUndocumented => "changes undocumented behaviour",
            Standing::KeepsPromise => "keeps a promise that other kernels break",
            Standing::Restores => "does again what kernels of this revision do",
            Standing::OfRevision => "is known of the two revisions",
        }
    }
}

/// Who can notice a cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Who {
    Ordinary,
    UnusualMemory,
    OtherOption,
}

impl From<Noticed> for Who {
    fn from(noticed: Noticed) -> Who {
        match noticed {
            Noticed::Ordinary => Who::Ordinary,
            Noticed::UnusualMemory => Who::UnusualMemory,
            Noticed::OtherOption => Who::OtherOption,
        }
    }
}

impl Who {
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Who::Ordinary => Noticed::Ordinary.text(),
            Who::UnusualMemory => Noticed::UnusualMemory.text(),
            Who::OtherOption => Noticed::OtherOption.text(),
        }
    }
}

/// Cases that no cause explains, of one signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct UnexplainedData {
    pub(crate) signature: String,
    pub(crate) summary: String,
    pub(crate) cases: u64,
    pub(crate) simplest: String,
}

/// The causes of all differences that were found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Causes {
    /// Those that an ordinary caller can notice come first.
    pub(crate) causes: Vec<CauseData>,
    pub(crate) unexplained: Vec<UnexplainedData>,
    /// Cases that differ, and those of them that the causes explain.
    pub(crate) differing: u64,
    pub(crate) explained: u64,
    /// Explanations that no case distinguishes from the stated ones.
    pub(crate) alternatives: Vec<String>,
}

impl CauseData {
    pub(crate) fn new(cause: &Cause, notice: Option<String>) -> CauseData {
        let behavior = cause.behavior;
        let [value, expected] =
            [cause.value, cause.expected].map(|number| behavior.values()[usize::from(number)]);
        CauseData {
            summary: format!("{}: {}", cause.subject(), cause.clause()),
            behaviours: vec![BehaviorData {
                name: behavior.name().to_owned(),
                value: value.name.to_owned(),
                expected: expected.name.to_owned(),
                expected_clause: cause.expected_clause(),
                source: value.source.to_owned(),
            }],
            options: cause.handlers.iter().map(|handler| handler.name().to_owned()).collect(),
            rules: rules(cause),
            standing: standing(cause),
            who: cause.noticed.into(),
            cases: cause.cases,
            simplest: cause.simplest.map(|case| hex(&codec::encode(&case))),
            call: cause.simplest.map(|case| case.to_string()),
            memory: cause.simplest.map(|case| memory(&case)).unwrap_or_default(),
            notice,
        }
    }
}

impl CauseData {
    /// Of a field that holds something else.
    pub(crate) fn of_contents(cause: &ContentsCause) -> CauseData {
        let case = &cause.simplest;
        let FieldChange { places, steady, scene, scenes, expected, observed, .. } = &cause.change;
        let scenes = counted(scenes.len() as u64, "scene");
        let behavior = |(at, field): (usize, &FieldId)| BehaviorData {
            name: CONTENTS.to_owned(),
            value: field.to_string(),
            expected: if at == 0 { expected.clone() } else { String::new() },
            expected_clause: format!("{field} is what sock_diag and the scene say"),
            source: "the contents of the socket".to_owned(),
        };
        CauseData {
            summary: format!("{}: {}, on {scenes}", cause.subject(), cause.clause()),
            behaviours: cause.fields.iter().enumerate().map(behavior).collect(),
            options: cause.handlers.iter().map(|handler| handler.name().to_owned()).collect(),
            rules: Vec::new(),
            standing: Standing::BreaksPromise,
            who: Who::Ordinary,
            cases: cause.cases,
            simplest: Some(hex(&codec::encode(case))),
            call: Some(case.to_string()),
            memory: Vec::new(),
            notice: Some(format!(
                "on {scene}: expected {expected}, observed {observed}; at {places} of {steady} places"
            )),
        }
    }
}

fn rules(cause: &Cause) -> Vec<BrokenRule> {
    let of_option = |rule: &&mptcp_emulator::Rule| {
        let numbers = rule.options().numbers();
        numbers.is_empty()
            || cause.handlers.iter().any(|it| it.option().is_some_and(|it| numbers.contains(&it)))
    };
    let standing = |basis: Basis| match basis {
        Basis::Promised => "promised",
        Basis::Implied => "implied",
        Basis::Accidental => "accidental",
        Basis::Contrary => "contrary",
        Basis::Chosen => "chosen",
    };
    let of = |rule: &mptcp_emulator::Rule| BrokenRule {
        name: rule.name().to_owned(),
        standing: standing(rule.basis()).to_owned(),
    };
    cause.behavior.rules().iter().filter(of_option).map(of).collect()
}

/// What a cause means for the contract.
pub(crate) fn standing(cause: &Cause) -> Standing {
    let behavior = cause.behavior;
    let expected = mptcp_emulator::Behaviors::NEWEST.with(behavior, cause.expected);
    let promised = expected.promised().get(behavior);
    let is_promise =
        |rule: &mptcp_emulator::Rule| matches!(rule.basis(), Basis::Promised | Basis::Implied);
    let evidence = |value: u8| behavior.values()[usize::from(value)].evidence;
    let is_document = evidence(cause.value) == Evidence::Documents
        && evidence(cause.expected) != Evidence::Documents;
    if promised != cause.expected && promised == cause.value || is_document {
        Standing::KeepsPromise
    } else if behavior.rules().iter().any(is_promise) {
        Standing::BreaksPromise
    } else {
        Standing::ChangesUndocumented
    }
}

/// Where the buffers of a case are, if that is out of the ordinary.
pub(crate) fn memory(case: &Case) -> Vec<String> {
    let mut lines = Vec::new();
    let access = |at: usize| match stretch(at).access {
        Access::Nothing => Some("memory that cannot be read"),
        Access::Read => Some("read-only memory"),
        Access::ReadWrite => None,
    };
    let declared = usize::try_from(case.length).unwrap_or(0);
    match case.optlen {
        Place::Wild(_) => lines.push("optlen points outside of the program's memory".to_owned()),
        Place::Street(at) => {
            let at = at as usize;
            if let Some(what) = access(at) {
                lines.push(format!("optlen points at {what}"));
            }
            if let Some(start) = case.optval.offset()
                && (start..start + declared.clamp(1, 4096)).contains(&at)
            {
                let into = at - start;
                lines.push(format!(
                    "optlen lies {into} bytes inside the buffer: one overwrites the other"
                ));
            }
        }
    }
    match case.optval {
        Place::Wild(_) => lines.push("the buffer is outside of the program's memory".to_owned()),
        Place::Street(at) => {
            let (at, found) = (at as usize, stretch(at as usize));
            if let Some(what) = access(at) {
                lines.push(format!("the buffer is in {what}"));
            } else if declared > 0 && at + declared > found.end {
                let room = found.end - at;
                lines.push(format!("only the first {room} bytes of the buffer can be written"));
            }
        }
    }
    lines
}

impl Causes {
    /// Of an inference; `notice` is what a program notices of a case.
    pub(crate) fn new(
        inference: &Inference,
        unexplained: Vec<UnexplainedData>,
        mut notice: impl FnMut(&Case) -> Option<String>,
    ) -> Causes {
        let mut causes: Vec<&Cause> =
            inference.causes.iter().filter(|cause| cause.cases > 0).collect();
        causes.sort_by_key(|cause| (cause.noticed, std::cmp::Reverse(cause.cases)));
        let contents = inference.contents.iter().filter(|cause| cause.cases > 0);
        Causes {
            causes: causes
                .into_iter()
                .map(|cause| CauseData::new(cause, cause.simplest.as_ref().and_then(&mut notice)))
                .chain(contents.map(CauseData::of_contents))
                .collect(),
            unexplained,
            differing: inference.differing,
            explained: inference.explained,
            alternatives: alternatives(inference),
        }
    }

    /// One line: how many causes explain how much.
    pub(crate) fn headline(&self) -> String {
        let Causes { causes, differing, explained, .. } = self;
        let number = match causes.len() {
            0 => "no known cause explains any of".to_owned(),
            1 => format!("1 cause explains {} of", grouped(*explained)),
            some => format!("{some} causes explain {} of", grouped(*explained)),
        };
        format!("{number} {} differing cases", grouped(*differing))
    }
}

pub(crate) fn alternatives(inference: &Inference) -> Vec<String> {
    let one = |(handler, changes): &(mptcp_harness::model::Handler, Vec<_>)| {
        let clauses = changes.iter().map(|(behavior, value): &Change| clause(*behavior, *value));
        format!("{}: {}", handler.name(), clauses.collect::<Vec<_>>().join("; "))
    };
    inference.alternatives.iter().map(one).collect()
}

/// The causes as text.
pub(crate) fn text(causes: &Causes) -> String {
    let mut text = format!("\n{}\n", head(&causes.headline()));
    for (number, cause) in (1..).zip(&causes.causes) {
        text.push_str(&wrapped(&format!("({number}) {}", cause.summary), "    ", WIDTH));
        for behavior in &cause.behaviours {
            let line = format!("    expected: {}", behavior.expected_clause);
            text.push_str(&wrapped(&line, "              ", WIDTH));
        }
        let who = cause.who.text();
        let line = format!(
            "    {}; noticed by {who}; {} cases",
            cause.standing.text(),
            grouped(cause.cases)
        );
        text.push_str(&wrapped(&line, "    ", WIDTH));
        if let Some(notice) = &cause.notice {
            text.push_str(&wrapped(&format!("    e.g. {notice}"), "         ", WIDTH));
        }
        for line in &cause.memory {
            text.push_str(&wrapped(&format!("    where {line}"), "          ", WIDTH));
        }
        if let Some(simplest) = &cause.simplest {
            let _ = writeln!(text, "    {}", dim(&format!("assay explain --hex {simplest}")));
        }
    }
    for alternative in &causes.alternatives {
        let line = format!("  no case distinguishes this from: {alternative}");
        text.push_str(&wrapped(&line, "    ", WIDTH));
    }
    let unexplained: u64 = causes.unexplained.iter().map(|group| group.cases).sum();
    if unexplained > 0 {
        let _ = writeln!(
            text,
            "\n{}",
            head(&format!("{} cases are unexplained", grouped(unexplained)))
        );
        for group in causes.unexplained.iter().take(8) {
            let line = format!("  {} ({} cases)", group.summary, grouped(group.cases));
            text.push_str(&wrapped(&line, "    ", WIDTH));
        }
    }
    text
}
