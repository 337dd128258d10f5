//! What the patched kernel does otherwise, by name: changes of behavior, and of what the
//! structures hold.

use mptcp_harness::contents::FieldChange;

use super::block::{Block, Item};
use crate::report::causes::{BehaviorData, CONTENTS};
use crate::review::change_data::ChangeData;
use crate::review::contents::Content;
use crate::review::report::Review;
use crate::terminal::style::counted;

/// Scenes that are named of those in which a field differs.
const MOST_SCENES: usize = 4;

/// All changes, below the result.
pub(super) fn blocks(review: &Review) -> Vec<Block<'_>> {
    if review.causes.is_empty() && review.contents.is_empty() {
        return Vec::new();
    }
    let mut blocks = vec![Block::Heading("Changes of behaviour"), Block::List(items(review))];
    if !review.alternatives.is_empty() {
        let text = |other| format!("no case distinguishes what is stated from: {other}");
        let items = review.alternatives.iter().map(|other| Item::new(text(other)));
        blocks.push(Block::List(items.collect()));
    }
    if !review.contents.is_empty() {
        let meaning = "Contents are compared in fields that are steady on each kernel, in every \
             boot. The model takes contents from sock_diag, which fills them in by the same \
             functions as the options, and so does not contradict them: whether a change of \
             contents is meant is for the reader.";
        blocks.push(Block::Paragraph(meaning.into()));
    }
    blocks
}

/// All changes, with numbers.
fn items(review: &Review) -> Vec<Item> {
    let changes = review.causes.iter().map(behavior).chain(review.contents.iter().map(content));
    (1..).zip(changes).map(|(at, item)| Item { number: Some(at), ..item }).collect()
}

/// All changes, one sentence each.
pub(super) fn sentences(review: &Review) -> Vec<Item> {
    items(review).into_iter().map(|item| Item { notes: Vec::new(), ..item }).collect()
}

/// How many fields hold something else, and which.
pub(super) fn contents_headline(review: &Review) -> Option<Item> {
    let count = review.contents.len();
    let names: Vec<&str> = review.contents.iter().map(|content| &*content.change.field).collect();
    let holds = if count == 1 { "holds" } else { "hold" };
    let accepted = match review.contents.iter().filter(|content| content.allowed).count() {
        0 => String::new(),
        all if all == count => ", accepted by --allow".to_owned(),
        some => format!(", {some} of them accepted by --allow"),
    };
    let text = format!(" {holds} something else{accepted}: {}", names.join(", "));
    let is_bad = review.contents.iter().any(|content| !content.allowed);
    let lead = format!("{} of the structures", counted(count as u64, "field"));
    (count > 0).then(|| Item::led(class(is_bad), lead, text))
}

fn class(is_bad: bool) -> &'static str {
    if is_bad { "regression" } else { "explained" }
}

fn behavior(ChangeData { data, allowed, base, patched }: &ChangeData) -> Item {
    let mut notes = Vec::new();
    let clauses = data.behaviours.iter().map(|behavior| &behavior.expected_clause);
    notes.extend(
        clauses.filter(|clause| !clause.is_empty()).map(|clause| format!("before: {clause}")),
    );
    let is_allowed = if *allowed { ", accepted by --allow" } else { "" };
    notes.push(format!(
        "{}{is_allowed}; noticed by {} ({})",
        data.standing.text(),
        data.who.text(),
        counted(data.cases, "case")
    ));
    if let Some(rule) = data.rules.first() {
        notes.push(format!("rule {} ({})", rule.name, rule.standing));
    }
    if let Some(notice) = &data.notice {
        notes.push(format!("e.g. {notice}"));
    } else if let (Some(call), Some(base), Some(patched)) = (&data.call, base, patched) {
        let call = call.lines().last().unwrap_or_default().trim();
        notes.push(format!("e.g. `{call}`: base {base}; patched {patched}"));
    }
    notes.extend(data.memory.iter().map(|line| format!("where {line}")));
    if data.standing.is_bad() {
        let options: Vec<String> = data.behaviours.iter().map(allow).collect();
        notes.push(format!("if it is meant: `{}`", options.join(" ")));
    }
    let class = class(data.standing.is_bad() && !allowed);
    Item { notes, ..Item::led(class, data.summary.clone(), String::new()) }
}

fn allow(behavior: &BehaviorData) -> String {
    option(&behavior.name, &behavior.value)
}

/// The option of the command line that accepts a change.
fn option(name: &str, value: &str) -> String {
    // The name that is printed for a field without one has a space.
    match value.contains(' ') {
        true => format!("--allow '{name}={value}'"),
        false => format!("--allow {name}={value}"),
    }
}

fn content(content: &Content) -> Item {
    let Content { change, allowed } = content;
    let FieldChange { field, places, steady, scenes, scene, expected, observed, .. } = change;
    let is_allowed = if *allowed { ", accepted by --allow" } else { "" };
    let some = scenes.get(..MOST_SCENES).unwrap_or(scenes).join(", ");
    let more = if scenes.len() > MOST_SCENES { ", …" } else { "" };
    let scenes = counted(scenes.len() as u64, "scene");
    let option = option(CONTENTS, field);
    let notes = vec![
        format!(
            "changes contents{is_allowed}; at {places} of {steady} places, on {scenes} \
             ({some}{more})"
        ),
        format!("e.g. on {scene}: base {expected}; patched {observed}"),
        format!("if it is meant: `{option}`"),
    ];
    Item { notes, ..Item::led(class(!allowed), change.clause(), String::new()) }
}
