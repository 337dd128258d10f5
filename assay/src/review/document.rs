//! What a review reports, as a list of blocks: [`super::markdown`] and [`super::html`] write
//! the same ones.

use std::collections::BTreeMap;

pub(crate) use self::block::{Block, Item};
use super::answer::Answer;
use super::change_data::ChangeData;
use super::group::Class;
use super::group_data::GroupData;
use super::report::{KernelData, Review};
use super::words::{lattice, missing};
use crate::report::causes::{Standing, Who};
use crate::terminal::style::{counted, grouped};

mod block;
mod changes;

/// The title of a report.
pub(crate) const TITLE: &str = "What changes in getsockopt(SOL_MPTCP, …)";
/// Hexadecimal digits in a line of a command.
const DIGITS: usize = 72;

/// The whole report.
pub(crate) fn blocks(review: &Review) -> Vec<Block<'_>> {
    let mut blocks = vec![Block::List(summary(review))];
    blocks.extend(changes::blocks(review));
    blocks.push(Block::List(kernels(review)));
    let mut appendix = Vec::new();
    for class in Class::ALL {
        for (cause, groups) in review.causes(class) {
            let described =
                groups.iter().map(|(at, group)| (*at, *group, self::group(group, review)));
            let groups = described.collect();
            let to = if class == Class::Explained { &mut appendix } else { &mut blocks };
            to.push(Block::Cause(class, cause));
            to.push(Block::Groups(groups));
        }
    }
    blocks.extend(tried(review));
    if !appendix.is_empty() {
        blocks.push(Block::Appendix("Cases that the revisions explain", appendix));
    }
    blocks
}

/// The result, in a few lines.
pub(crate) fn summary(review: &Review) -> Vec<Item> {
    let mut items = Vec::new();
    for (what, meaning) in &review.troubles {
        items.push(Item::led("both-wrong", what, format!(": {meaning}")));
    }
    for loss in &review.losses {
        items.push(Item::led(
            "regression",
            "taken away",
            format!(": {loss}: programs count on it"),
        ));
    }
    let scenes = review.coverage.scenes_text();
    let cases = counted(review.tried.compared, "case");
    if review.shows_nothing() && review.troubles.is_empty() {
        items.push(Item::led("same", "NO DIFFERENCE", format!(" on {cases}, in {scenes}.")));
    } else if review.shows_nothing() {
        let text = format!("no difference on the {cases} that were compared, in {scenes}");
        items.push(Item::new(text));
    } else if !review.coverage.skipped_scenes.is_empty() {
        items.push(Item::new(format!("compared in {scenes}")));
    }
    if !review.causes.is_empty() {
        items.extend([headline(review), standings(review), affected(review)]);
    }
    for class in Class::ALL.into_iter().filter(|class| *class != Class::Explained) {
        let groups = || review.groups.iter().filter(|group| group.class == class);
        if groups().count() > 0 {
            let some = grouped(groups().map(|group| group.cases).sum());
            let text = format!(" on {some} of {cases}: {}", class.meaning());
            items.push(Item::led(class.style(), class.counted(groups().count()), text));
        }
    }
    items.extend(changes::contents_headline(review));
    items
}

/// The changes, one sentence each.
pub(crate) fn changes(review: &Review) -> Vec<Item> {
    changes::sentences(review)
}

/// How many causes explain how much.
fn headline(review: &Review) -> Item {
    let some = if review.causes.len() == 1 { "change" } else { "changes" };
    let lead = format!("{} {some} of behaviour", review.causes.len());
    let verb = if review.causes.len() == 1 { "explains" } else { "explain" };
    let text = format!(
        " {verb} {} of {} differing cases, of {} in {}",
        grouped(review.explained),
        grouped(review.differing),
        counted(review.tried.compared, "case"),
        review.coverage.scenes_text()
    );
    let is_bad = review.causes.iter().any(ChangeData::is_bad);
    Item::led(if is_bad { "regression" } else { "explained" }, lead, text)
}

/// Who can notice how many of the changes.
fn affected(review: &Review) -> Item {
    let noticed = |who: Who| {
        let count = review.causes.iter().filter(|cause| cause.data.who == who).count();
        (count > 0).then(|| format!("{} ({count})", who.text()))
    };
    let all = [Who::Ordinary, Who::UnusualMemory, Who::OtherOption].into_iter();
    Item::new(format!("noticed by {}", all.filter_map(noticed).collect::<Vec<_>>().join("; ")))
}

/// The verdict, and what the changes mean for the contract.
fn standings(review: &Review) -> Item {
    let mut counts: BTreeMap<(Standing, bool), usize> = BTreeMap::new();
    for cause in &review.causes {
        *counts.entry((cause.data.standing, cause.allowed)).or_default() += 1;
    }
    let text = |((standing, is_allowed), count): (&(Standing, bool), &usize)| {
        let accepted = if *is_allowed { ", accepted by --allow" } else { "" };
        format!("{}{accepted} ({count})", standing.text())
    };
    let counts = counts.iter().map(text).collect::<Vec<_>>().join("; ");
    let (verdict, status) = (review.verdict.name(), review.status().code());
    Item::new(format!("verdict: {verdict}, exit status {status}: {counts}"))
}

/// The kernels, and in what they are known to differ.
fn kernels(review: &Review) -> Vec<Item> {
    let kernel = |(what, kernel): (&str, &KernelData)| {
        let revision = &kernel.revision;
        let text = format!(
            "{what}: {} (Linux {}), modelled as {}: tcp_info {}, mptcp_info {} bytes{}",
            kernel.name,
            kernel.release,
            revision.name,
            revision.tcp_info,
            revision.mptcp_info,
            if revision.full_info { "" } else { ", no MPTCP_FULL_INFO" }
        );
        Item { notes: kernel.notes.clone(), ..Item::new(text) }
    };
    let facts = review.facts.iter().chain(&review.data_not_shown).cloned().map(Item::new);
    review.kernels().map(kernel).into_iter().chain(facts).collect()
}

/// The description of one kind of difference.
fn group<'a>(group: &'a GroupData, review: &Review) -> Vec<Block<'a>> {
    let more = if group.scenes > group.scene_names.len() { ", …" } else { "" };
    let mut facts = vec![Item::new(format!(
        "{} on {} ({}{more})",
        counted(group.cases, "case"),
        counted(group.scenes as u64, "scene"),
        group.scene_names.join(", ")
    ))];
    if let Some(rule) = &group.rule {
        let standing = group.standing.unwrap_or_default();
        let text = format!("rule {} ({standing}): {}", rule.name, rule.sentence);
        facts.push(Item { notes: vec![format!("source: {}", rule.source)], ..Item::new(text) });
    }
    facts.push(Item::new(format!("contract: {}", group.contract)));
    let mut blocks = vec![Block::Paragraph(format!("{}.", group.summary)), Block::List(facts)];
    if let Some(console) = &group.console {
        blocks.push(Block::Code { language: "", text: console.clone() });
    }
    let answered =
        [("base", &group.base), ("patched", &group.patched)].map(|(what, answer)| match answer {
            Some(answer) => answered(what, answer, &group.signature),
            None => Item::new(format!("{what}: {}", review.unanswered())),
        });
    let digits = group.hex.as_bytes().chunks(DIGITS);
    let digits: Vec<_> = digits.map(String::from_utf8_lossy).collect();
    blocks.extend([
        Block::Paragraph("The simplest case:".into()),
        Block::Code { language: "c", text: group.call.clone() },
        Block::List(answered.into()),
        Block::Memory(group),
        Block::Command(format!(
            "assay vm --kernel {} -- explain --hex \\\n{}",
            review.shown_on(group),
            digits.join("\\\n")
        )),
    ]);
    blocks
}

/// What a kernel did with the simplest case.
fn answered(what: &str, answer: &Answer, signature: &str) -> Item {
    let optlen = answer.optlen.map_or(String::new(), |optlen| format!(", *optlen {optlen}"));
    let (class, prediction) = match &answer.departs {
        None => ("good", "as predicted".to_owned()),
        Some((departs, _)) if departs == signature => ("bad", "not as predicted".to_owned()),
        Some((_, summary)) => ("bad", format!("not as predicted: {summary}")),
    };
    let text = format!("{what}: {}{optlen}; {prediction}", answer.result);
    Item { class, ..Item::new(text) }
}

fn tried(review: &Review) -> Vec<Block<'_>> {
    let tried = &review.tried;
    let mut lines = vec![
        format!(
            "{} on {} that came up on both kernels: {} of boundary values ({}), {} random (seed \
             {}), {} stored",
            counted(tried.cases, "case"),
            counted(review.coverage.scenes as u64, "scene"),
            grouped(tried.lattice),
            lattice(tried.lattice_step),
            grouped(tried.random),
            tried.seed,
            grouped(tried.stored),
        ),
        format!(
            "compared: {}; without a verdict on one of them: {}",
            grouped(tried.compared),
            grouped(tried.undecided)
        ),
    ];
    for (what, kernel) in review.kernels() {
        for (reason, count) in &kernel.reasons {
            let count = counted(*count, "case");
            lines.push(format!("{what} without a verdict on {count}: {reason}"));
        }
        for (reason, names) in &kernel.skipped {
            lines.push(format!("{}: {reason}", missing(what, names)));
        }
        let count = counted(kernel.disagree, "case");
        lines.push(format!("{what} disagrees with the model on {count}"));
    }
    for (signature, cases) in &review.alike_wrong {
        lines.push(format!(
            "both depart from the model in the same way, their values not compared: {signature} ({})",
            counted(*cases, "case")
        ));
    }
    let missing = match tried.rules_missing.join(", ") {
        none if none.is_empty() => none,
        missing => format!("; not {missing}"),
    };
    lines.push(format!("rules exercised: {} of {}{missing}", tried.rules_exercised, tried.rules));
    let limits = "What this does not prove: nothing about calls that run at the same time, about \
         memory that is read and not written, about the kernel's own memory, or about clocks and \
         random numbers, which are not compared. A change of what the structures hold shows only \
         in fields that are steady from boot to boot.";
    let words = "Words: a scene is a socket in a known state (`assay scenes` lists them). The \
         street is the memory of the caller, stretches of pages that are writable, read-only or \
         without access; in its pictures, `..` is a byte as it was before the call. The lattice is \
         all combinations of boundary values. A prediction is the model's, from the rules that are \
         named (`assay rules`).";
    let times = format!(
        "Built in {:.0} s, compared in {:.0} s.",
        review.build_seconds,
        review.seconds - review.build_seconds
    );
    let mut blocks = vec![
        Block::Heading("What was tried"),
        Block::List(lines.into_iter().map(Item::new).collect()),
    ];
    blocks.extend([limits.to_owned(), words.to_owned(), times].map(Block::Paragraph));
    blocks
}
