//! An explanation in a terminal.

use std::fmt::Write;

use crate::report::hexdump::Hexdump;
use mptcp_emulator::Rule;
use mptcp_harness::judge::finding::result_name;

use super::explanation::Explanation;
use super::{numbers, revisions};
use crate::diagram;
use crate::spec::standing;
use crate::terminal::style::{bad, dim, good, head, odd, wrapped};

/// Fields of memory that are listed.
const MOST_FIELDS: usize = 240;

/// The whole explanation.
pub(crate) fn text(explanation: &Explanation) -> String {
    let mut text = introduction(explanation);
    text.push_str(&model(explanation));
    let _ = writeln!(text, "\n{}, as the model predicts it", head("Memory"));
    text.push_str(&diagram::terminal(&explanation.drawing()));
    if explanation.each.is_empty() {
        text.push_str(&bytes(explanation));
    } else {
        let table = revisions::table(explanation.case(), &explanation.each);
        let _ = writeln!(text, "\n{}, as the model has them", head("Revisions"));
        text.push_str(&table.text());
    }
    text.push_str(&kernel(explanation));
    text
}

fn introduction(explanation: &Explanation) -> String {
    let scene = explanation.context.scene;
    let (words, stands) = explanation.context.scene_in_words();
    let mut text = format!(
        "{} {} (number {}, group {}): {}\n\n{}\n",
        head("Scene"),
        scene.name,
        scene.id,
        scene.group.name(),
        if stands { words } else { odd(&words) },
        head("Call")
    );
    for line in explanation.case().to_string().lines() {
        let _ = writeln!(text, "  {line}");
    }
    text
}

fn model(explanation: &Explanation) -> String {
    let answer = &explanation.answer;
    let name = answer.name();
    let (model, sizes) = name.split_once(" (").unwrap_or((&name, ""));
    let mut text = format!(
        "\n{} ({sizes}: {}\n",
        head(&format!("Model of {model}")),
        result_name(answer.examination.predicted)
    );
    if let Some(length) = answer.length(explanation.case()) {
        let _ = writeln!(text, "  {length}");
    }
    text.push_str("  rules, in the order in which they fired:\n");
    for (number, rule) in (1..).zip(&answer.examination.rules) {
        let decided = numbers::decided(*rule, explanation.case(), answer);
        text.push_str(&self::rule(number, *rule, decided));
    }
    text
}

fn rule(number: usize, rule: Rule, decided: Option<String>) -> String {
    let here = decided.map_or(String::new(), |words| format!(": {words}"));
    let title = format!("  {number:>3}. {}  ({}){here}\n", head(rule.name()), standing(rule));
    let sentence = wrapped(rule.sentence(), "       ", 96);
    let source = dim(&wrapped(&format!("Source: {}", rule.source()), "       ", 96));
    title + &sentence + &source
}

fn bytes(explanation: &Explanation) -> String {
    let answer = &explanation.answer;
    let picture = Hexdump::new(
        explanation.case(),
        &answer.revision,
        answer.subflows,
        &answer.examination,
        true,
    );
    let rows = picture.written(MOST_FIELDS);
    if rows.is_empty() {
        return String::new();
    }
    let key = dim("  (.. untouched, ?? left open; offsets on the street)");
    format!("\n{}\n{key}\n{rows}", head("Bytes"))
}

/// What the running kernel did.
fn kernel(explanation: &Explanation) -> String {
    let Some(release) = &explanation.kernel else { return String::new() };
    let heading = head(&format!("Linux {release}"));
    let answer = &explanation.answer;
    let Some(observed) = answer.examination.result() else {
        let why = explanation.hindrance.map_or(String::new(), |why| format!(": {}", why.text()));
        return format!("\n{heading} {}", wrapped(&format!("was not called{why}"), "", 96));
    };
    let result = result_name(observed);
    let Some(diagnosis) = explanation.diagnosis() else {
        let word = good("agrees");
        return format!(
            "\n{heading} {word}: {result}, and every byte of the street as predicted\n"
        );
    };
    let mut text = format!("\n{heading} {}: {result}\n", bad("disagrees"));
    text.push_str(&wrapped(&diagnosis.summary, "  ", 98));
    let picture = Hexdump::new(
        explanation.case(),
        &answer.revision,
        answer.subflows,
        &answer.examination,
        true,
    );
    for line in picture.differences().lines() {
        let _ = writeln!(text, "  {line}");
    }
    text
}
