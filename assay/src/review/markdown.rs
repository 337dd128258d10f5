//! A review as text for a mail: Markdown that reads as it is, below 80 columns.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::answer::Answer;
use super::group::Class;
use super::report::{GroupData, KernelData, Review};
use super::words::{lattice, missing};
use crate::terminal::style::{counted, grouped};

/// Columns of running text.
const WIDTH: usize = 78;
/// The most that a mail's line may have.
const LINE: usize = 79;
/// Groups that are told with everything, and those of one known cause.
const MOST_IN_FULL: usize = 5;
const MOST_OF_A_CAUSE: usize = 1;
/// Groups that are listed of those which several known causes explain together.
const MOST_OF_SEVERAL: usize = 2;
/// Hexadecimal digits in a line of a command.
const DIGITS: usize = 72;

/// The whole report.
pub(crate) fn page(review: &Review) -> String {
    let mut text = String::from("# What changes in getsockopt(SOL_MPTCP, …)\n\n");
    text.push_str(&summary(review));
    text.push_str(&subjects(review));
    // What explains something is shown by one case; several of these together by none.
    let mut shown: BTreeSet<&str> = BTreeSet::new();
    for class in Class::ALL {
        for (cause, groups) in review.causes(class) {
            let because = groups.iter().flat_map(|(_, group)| &group.because);
            let new = because.filter(|datum| shown.insert(datum.as_str())).count() > 0;
            let (most, lines) = match (cause.is_empty(), new) {
                (true, _) => (MOST_IN_FULL, usize::MAX),
                (false, true) => (MOST_OF_A_CAUSE, usize::MAX),
                (false, false) => (0, MOST_OF_SEVERAL),
            };
            text.push_str(&self::cause(class, &cause, &groups, lines));
            for (number, group) in groups.iter().take(most) {
                text.push_str(&self::group(*number, group, review));
            }
        }
    }
    text.push_str(&contents(review));
    text.push_str(&tried(review));
    text
}

/// What came out, in a few lines.
pub(crate) fn summary(review: &Review) -> String {
    let mut text = String::new();
    for (what, meaning) in &review.troubles {
        text.push_str(&item(&format!("**{what}**: {meaning}")));
    }
    for loss in &review.losses {
        text.push_str(&item(&format!("**taken away**: {loss}: programs count on it")));
    }
    if !review.coverage.skipped_scenes.is_empty() && !review.shows_nothing() {
        text.push_str(&item(&format!("compared in {}", review.coverage.scenes_text())));
    }
    if review.shows_nothing() {
        let cases = counted(review.tried.compared, "case");
        let scenes = review.coverage.scenes_text();
        text.push_str(&match &review.troubles[..] {
            [] => format!("**NO DIFFERENCE** on {cases}, in {scenes}.\n"),
            _ => item(&format!("no difference on the {cases} that were compared, in {scenes}")),
        });
    }
    for class in Class::ALL {
        let count = review.groups().filter(|group| group.class == class).count();
        if count > 0 {
            let cases = review.groups().filter(|group| group.class == class);
            let cases: u64 = cases.map(|group| group.cases).sum();
            text.push_str(&item(&format!(
                "**{}** on {} of {}: {}",
                class.counted(count),
                grouped(cases),
                counted(review.tried.compared, "case"),
                class.meaning()
            )));
        }
    }
    if !review.contents.is_empty() {
        let count = counted(review.contents.len() as u64, "field");
        text.push_str(&item(&format!("**{count}** of the structures with other contents")));
    }
    text
}

fn subjects(review: &Review) -> String {
    let mut text = String::from("\n");
    for (what, kernel) in [("base", &review.base), ("patched", &review.patched)] {
        text.push_str(&item(&subject(what, kernel)));
        for note in &kernel.notes {
            text.push_str(&filled_with(note, "  ", "  "));
        }
    }
    for fact in &review.facts {
        text.push_str(&item(fact));
    }
    for datum in &review.data {
        text.push_str(&item(datum));
    }
    text
}

fn subject(what: &str, kernel: &KernelData) -> String {
    let revision = &kernel.revision;
    format!(
        "{what}: {} (Linux {}), modelled as {}: tcp_info {}, mptcp_info {} bytes{}",
        kernel.name,
        kernel.release,
        revision.name,
        revision.tcp_info,
        revision.mptcp_info,
        if revision.full_info { "" } else { ", no MPTCP_FULL_INFO" }
    )
}

/// On what a group shows.
fn on(group: &GroupData) -> String {
    let mut names = group.scene_names.join(", ");
    if group.scenes > group.scene_names.len() {
        names.push_str(", …");
    }
    let scenes = counted(group.scenes as u64, "scene");
    format!("{} on {scenes} ({names})", counted(group.cases, "case"))
}

/// The heading of what has one cause, and a line for each kind of difference.
fn cause(class: Class, cause: &str, groups: &[(usize, &GroupData)], most: usize) -> String {
    let of = if cause.is_empty() { String::new() } else { format!(": {cause}") };
    let heading = format!("## {}{of}", class.name());
    let mut text = if heading.chars().count() <= LINE {
        format!("\n{heading}\n\n")
    } else {
        format!("\n## {}\n\n{}\n", class.name(), filled(&format!("Because {cause}:")))
    };
    for (number, group) in groups.iter().take(most) {
        let told = format!("{number}. {} ({})", group.summary, counted(group.cases, "case"));
        text.push_str(&filled_with(&told, "", "   "));
    }
    let further = groups.get(most..).unwrap_or_default();
    if !further.is_empty() {
        let cases = further.iter().map(|(_, group)| group.cases).sum();
        let kinds = counted(further.len() as u64, "more kind");
        text.push_str(&item(&format!("{kinds} of difference ({})", counted(cases, "case"))));
    }
    text
}

fn group(number: usize, group: &GroupData, review: &Review) -> String {
    let mut text = format!("\n{}\n\n", cut(&format!("### {number}. {}", group.signature)));
    text.push_str(&filled(&format!("{}.", group.summary)));
    text.push('\n');
    text.push_str(&item(&on(group)));
    if let Some(rule) = &group.rule {
        let standing = group.standing.unwrap_or_default();
        text.push_str(&item(&format!("rule {} ({standing}): {}", rule.name, rule.sentence)));
        text.push_str(&filled_with(&format!("source: {}", rule.source), "  ", "  "));
    }
    text.push_str(&item(&format!("contract: {}", group.contract)));
    if let Some(console) = &group.console {
        let _ = writeln!(text, "\n```");
        console.lines().for_each(|line| text.push_str(&(cut(line) + "\n")));
        text.push_str("```\n");
    }
    let _ = writeln!(text, "\nThe simplest case:\n\n```c");
    for line in group.call.lines() {
        let _ = writeln!(text, "{}", cut(line));
    }
    text.push_str("```\n\n");
    for (what, answer) in [("base", &group.base), ("patched", &group.patched)] {
        text.push_str(&item(&match answer {
            Some(answer) => answered(what, answer, &group.signature),
            None => format!("{what}: {}", review.unanswered()),
        }));
    }
    if !group.picture.is_empty() {
        let _ = writeln!(text, "\n```");
        group.picture.lines().for_each(|line| text.push_str(&(cut(line) + "\n")));
        text.push_str("```\n");
    }
    let kernel = review.shown_on(group);
    let _ = writeln!(text, "\n```\nassay vm --kernel {kernel} -- explain --hex \\");
    let chunks: Vec<&str> = group
        .hex
        .as_bytes()
        .chunks(DIGITS)
        .filter_map(|chunk| std::str::from_utf8(chunk).ok())
        .collect();
    let _ = writeln!(text, "{}\n```", chunks.join("\\\n"));
    text
}

fn answered(what: &str, answer: &Answer, signature: &str) -> String {
    let optlen = match answer.optlen {
        Some(optlen) => format!(", *optlen {optlen}"),
        None => String::new(),
    };
    let word = match &answer.departs {
        Some((departs, _)) if departs == signature => "not as predicted".into(),
        Some((_, summary)) => format!("not as predicted: {summary}"),
        None => "as predicted".into(),
    };
    format!("{what}: {}{optlen}; {word}", answer.result)
}

fn contents(review: &Review) -> String {
    let mut text = String::new();
    if review.contents.is_empty() {
        return text;
    }
    text.push_str("\n## Contents\n\n");
    text.push_str(&filled(
        "Fields that are steady on either kernel, in every boot, and hold something else on the \
         other. The model takes contents from sock_diag, which fills them in by the same functions \
         as the options, and so does not contradict them: whether a change is meant is for the \
         reader.",
    ));
    text.push('\n');
    for content in &review.contents {
        text.push_str(&item(&format!(
            "{}: {} and now {} (on {}), at {} of {} places",
            content.field,
            content.base,
            content.patched,
            content.scene,
            content.places,
            content.steady
        )));
    }
    text
}

fn tried(review: &Review) -> String {
    let tried = &review.tried;
    let mut text = String::from("\n## What was tried\n\n");
    let lattice = lattice(tried.lattice_step);
    text.push_str(&item(&format!(
        "{} on {} that came up on both kernels: {} of boundary values ({lattice}), {} random (seed \
         {}), {} stored",
        counted(tried.cases, "case"),
        counted(review.coverage.scenes as u64, "scene"),
        grouped(tried.lattice),
        grouped(tried.random),
        tried.seed,
        grouped(tried.stored),
    )));
    text.push_str(&item(&format!(
        "compared: {}; without a verdict on one of them: {}",
        grouped(tried.compared),
        grouped(tried.undecided)
    )));
    for (what, kernel) in [("base", &review.base), ("patched", &review.patched)] {
        for (reason, count) in &kernel.reasons {
            let count = counted(*count, "case");
            text.push_str(&item(&format!("{what} without a verdict on {count}: {reason}")));
        }
        for (reason, names) in &kernel.skipped {
            text.push_str(&item(&format!("{}: {reason}", missing(what, names))));
        }
        text.push_str(&item(&format!(
            "{what} disagrees with the model on {}",
            counted(kernel.disagree, "case")
        )));
    }
    for (signature, cases) in &review.alike_wrong {
        text.push_str(&item(&format!(
            "both wrong by the same rule, their values not compared: {signature} ({})",
            counted(*cases, "case")
        )));
    }
    text.push_str(&item(&format!(
        "rules exercised: {} of {}{}",
        tried.rules_exercised,
        tried.rules,
        if tried.rules_missing.is_empty() {
            String::new()
        } else {
            format!("; not {}", tried.rules_missing.join(", "))
        }
    )));
    text.push('\n');
    text.push_str(&filled(
        "What this does not prove: nothing about calls that run at the same time, about memory \
         that is read and not written, about the kernel's own memory, or about clocks and random \
         numbers, which are not compared. A change of what the structures hold shows only in fields \
         that are steady from boot to boot.",
    ));
    text.push('\n');
    text.push_str(&filled(
        "Words: a scene is a socket in a known state (`assay scenes` lists them). The street is \
         the memory of the caller, stretches of pages that are writable, read-only or without \
         access; in its pictures, `..` is a byte as it was before the call. The lattice is all \
         combinations of boundary values. A prediction is the model's, from the rules that are \
         named (`assay rules`).",
    ));
    let _ = writeln!(
        text,
        "\nBuilt in {:.0} s, compared in {:.0} s.",
        review.build_seconds,
        review.seconds - review.build_seconds
    );
    text
}

/// An item of a list.
fn item(text: &str) -> String {
    filled_with(text, "- ", "  ")
}

/// Text in lines.
fn filled(text: &str) -> String {
    filled_with(text, "", "")
}

fn filled_with(text: &str, first: &str, others: &str) -> String {
    let mut lines = String::new();
    let mut line = first.to_owned();
    let mut empty = true;
    for word in text.split_whitespace() {
        if !empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push_str(&line);
            lines.push('\n');
            line = others.to_owned();
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(word);
        empty = false;
    }
    lines + &line + "\n"
}

/// A line that is not wrapped, cut where it is too long.
fn cut(line: &str) -> String {
    if line.chars().count() <= LINE {
        return line.to_owned();
    }
    line.chars().take(LINE - 1).chain(['…']).collect()
}
