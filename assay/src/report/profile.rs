//! How a kernel behaves, as data and as text.

use std::fmt::Write;

use mptcp_emulator::{Behavior, Revision};
use mptcp_harness::infer::{Inference, clause};
use mptcp_harness::judge::contradictions::{Contradiction, KNOWN, Shown};
use mptcp_harness::kernel::Kernel;
use mptcp_harness::model::Handler;
use mptcp_harness::scenes::{Fixtures, by_name};
use serde::{Deserialize, Serialize};

use crate::report::causes::{self, Causes};
use crate::report::contradictions::ContradictionData;
use crate::report::data::RevisionData;
use crate::report::datum::Datum;
use crate::terminal::style::{counted, grouped, head, wrapped};

/// Columns of the text.
const WIDTH: usize = 78;

/// The profile of a kernel.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Profile {
    /// The release, as `uname -r` has it.
    pub(crate) kernel: String,
    /// The revision of that release.
    pub(crate) revision: RevisionData,
    pub(crate) notes: Vec<String>,
    /// Cases that were run.
    pub(crate) cases: u64,
    /// The value of each behaviour in each part of the kernel that depends on it.
    pub(crate) behaviours: Vec<ProfileRow>,
    /// The revision that is most like the kernel.
    pub(crate) nearest: String,
    /// How the kernel differs from that revision.
    pub(crate) nearest_differences: Vec<String>,
    /// What newer kernels do otherwise, and since when.
    pub(crate) newer: Vec<String>,
    /// What the kernel does otherwise than the revision of its release.
    #[serde(flatten)]
    pub(crate) causes: Causes,
    /// The known contradictions that the kernel has.
    pub(crate) contradictions: Vec<ContradictionData>,
}

/// A behaviour of a part of the kernel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ProfileRow {
    pub(crate) behaviour: String,
    /// The option, "unknown options" or "sockets without MPTCP".
    pub(crate) option: String,
    pub(crate) value: String,
    pub(crate) clause: String,
}

impl Profile {
    /// Of a kernel, from an inference about it.
    pub(crate) fn new(
        kernel: &Kernel,
        inference: &Inference,
        causes: Causes,
        fixtures: &Fixtures,
    ) -> Profile {
        let revision = kernel.revision;
        let difference = |other: &Revision| differences(inference, &revision, other);
        let is_other = |other: &Revision| other.name != revision.name;
        let mut nearest: Vec<&Revision> = Revision::ALL.iter().rev().collect();
        nearest.sort_by_key(|other| (difference(other).len(), is_other(other)));
        let nearest = nearest.first().copied();
        Profile {
            kernel: kernel.release.clone(),
            revision: RevisionData::from(&revision),
            notes: kernel.notes.clone(),
            cases: inference.cases,
            behaviours: rows(inference),
            nearest: nearest.map_or_else(String::new, |other| other.name.to_owned()),
            nearest_differences: nearest.map_or_else(Vec::new, difference),
            newer: newer(inference, &revision),
            causes,
            contradictions: KNOWN
                .iter()
                .filter(|known| has(known, inference, fixtures))
                .map(ContradictionData::from)
                .collect(),
        }
    }
}

/// The behaviours of each handler.
fn rows(inference: &Inference) -> Vec<ProfileRow> {
    let of = |handler: Handler| {
        let own = *inference.behavior.of(handler);
        let concerns = move |behavior: &Behavior| handler.concerns(*behavior);
        Behavior::ALL.iter().copied().filter(concerns).map(move |behavior| {
            let value = own.value(behavior);
            ProfileRow {
                behaviour: behavior.name().to_owned(),
                option: handler.name().to_owned(),
                value: value.name.to_owned(),
                clause: clause(behavior, own.get(behavior)),
            }
        })
    };
    Handler::ALL.into_iter().flat_map(of).collect()
}

/// How the kernel differs from another revision.
fn differences(inference: &Inference, own: &Revision, other: &Revision) -> Vec<String> {
    let mut differences = Vec::new();
    let sizes = [
        ("tcp_info", own.tcp_info, other.tcp_info),
        ("mptcp_info", own.mptcp_info, other.mptcp_info),
    ];
    for (name, own, other) in sizes.into_iter().filter(|(_, own, other)| own != other) {
        differences.push(format!("struct {name} has {own} bytes, and {other} in that revision"));
    }
    for behavior in Behavior::ALL.iter().copied() {
        let differing: Vec<Handler> = Handler::ALL
            .into_iter()
            .filter(|handler| handler.concerns(behavior))
            .filter(|handler| {
                inference.behavior.of(*handler).get(behavior) != other.behaviors.get(behavior)
            })
            .collect();
        if let Some(first) = differing.first() {
            let names: Vec<&str> = differing.iter().map(|handler| handler.name()).collect();
            let clause = clause(behavior, inference.behavior.of(*first).get(behavior));
            differences.push(format!("{}: {clause}", names.join(", ")));
        }
    }
    let of_sockets = Datum::between(&[*other, *own]).into_iter().filter(|it| it.is_of_sockets());
    differences.extend(of_sockets.map(|datum| datum.clause(own)));
    differences
}

/// What the newest kernels do otherwise, and the commits that brought it.
fn newer(inference: &Inference, own: &Revision) -> Vec<String> {
    let newest = Revision::NEWEST;
    // A distribution may have taken a commit back to an older release.
    let is_here = |datum: &Datum| match datum {
        Datum::Behavior(behavior) => Handler::ALL
            .into_iter()
            .filter(|handler| handler.concerns(*behavior))
            .all(|it| inference.behavior.of(it).get(*behavior) == newest.behaviors.get(*behavior)),
        _ => false,
    };
    let line = |datum: Datum| {
        let has = |revision: &&Revision| !datum.differs(&[**revision, newest]);
        let since = Revision::ALL.iter().find(has);
        let since =
            since.map_or(String::new(), |it| format!(" (since {}: {})", it.name, it.sources));
        format!("{}{since}", datum.clause(&newest))
    };
    let differing = Datum::between(&[*own, newest]);
    differing.into_iter().filter(|datum| !is_here(datum)).map(line).collect()
}

/// Whether the kernel has a known contradiction.
fn has(known: &Contradiction, inference: &Inference, fixtures: &Fixtures) -> bool {
    let does = |handler: Handler, behavior: Behavior| {
        let own = inference.behavior.of(handler);
        own.get(behavior) != own.promised().get(behavior)
    };
    match known.shown {
        Shown::Rules(rules) => Behavior::ALL.iter().copied().any(|behavior| {
            let is_its_own = behavior.rules().iter().any(|rule| rules.contains(rule));
            let mut handlers = Handler::ALL.into_iter().filter(|it| it.concerns(behavior));
            is_its_own && handlers.any(|handler| does(handler, behavior))
        }),
        Shown::Compat(_) => does(Handler::FullInfo, Behavior::CompatSubflowInfo),
        Shown::Scenes { scenes, amend, .. } => scenes.iter().any(|name| {
            let expected = by_name(name).and_then(|scene| fixtures.expected(scene.id));
            expected.is_some_and(|expected| {
                let mut amended = expected.clone();
                amend(&mut amended);
                amended != *expected
            })
        }),
    }
}

/// The profile as text.
pub(crate) fn text(profile: &Profile) -> String {
    let revision = &profile.revision;
    let mut text = format!(
        "{} {}: tcp_info {}, mptcp_info {} bytes\n",
        head("Linux"),
        profile.kernel,
        revision.tcp_info,
        revision.mptcp_info
    );
    let mut line = |line: &str| text.push_str(&wrapped(line, "    ", WIDTH));
    let (release, nearest) = (&revision.name, &profile.nearest);
    line(&format!("  the revision of this release is {release}; the nearest one is {nearest}"));
    for note in &profile.notes {
        line(&format!("  note: {note}"));
    }
    if profile.nearest_differences.is_empty() {
        line(&format!("  the kernel does as {nearest} in {} cases", grouped(profile.cases)));
    } else {
        line(&format!("  it differs from {nearest}:"));
    }
    for difference in &profile.nearest_differences {
        line(&format!("  - {difference}"));
    }
    if profile.causes.differing > 0 {
        text.push_str(&causes::text(&profile.causes));
    }
    let mut list = |title: String, lines: Vec<String>| {
        if !lines.is_empty() {
            let _ = write!(text, "\n{}\n", head(&title));
            for line in lines {
                text.push_str(&wrapped(&format!("  - {line}"), "    ", WIDTH));
            }
        }
    };
    list("Newer kernels".to_owned(), profile.newer.clone());
    let known = &profile.contradictions;
    let page =
        |known: &ContradictionData| format!("{}: {} ({})", known.name, known.observed, known.page);
    list(counted(known.len() as u64, "known contradiction"), known.iter().map(page).collect());
    text
}

/// How two kernels differ, as text.
pub(crate) fn comparison(profiles: &[Profile; 2]) -> String {
    let [one, other] = profiles;
    let mut text = format!("{} {} and {}\n", head("Linux"), one.kernel, other.kernel);
    let mut lines = Vec::new();
    for (name, sizes) in [
        ("tcp_info", profiles.each_ref().map(|it| it.revision.tcp_info)),
        ("mptcp_info", profiles.each_ref().map(|it| it.revision.mptcp_info)),
    ] {
        if sizes[0] != sizes[1] {
            lines.push(format!("struct {name}: {} bytes, then {}", sizes[0], sizes[1]));
        }
    }
    for (row, then) in one.behaviours.iter().zip(&other.behaviours) {
        if row != then {
            lines.push(format!("{}: {}, then {}", row.option, row.clause, then.clause));
        }
    }
    if lines.is_empty() {
        lines.push("no behaviour differs".to_owned());
    }
    for line in lines {
        text.push_str(&wrapped(&format!("  - {line}"), "    ", WIDTH));
    }
    text
}
