//! C source as text: comments, calls, the column at which a line ends.

use std::fmt::Write;

use mptcp_emulator::Rule;
use mptcp_harness::judge::contradictions::Contradiction;

use crate::spec::{DOCUMENTS, Document, cited, is_measured, standing};
use crate::terminal::style::wrapped;

/// Columns of a line.
const WIDTH: usize = 80;
/// Columns of a tab.
const TAB: usize = 8;

/// A comment of paragraphs, indented by tabs. What they quote does not end it.
pub(crate) fn comment(tabs: usize, paragraphs: &[String]) -> String {
    let indent = "\t".repeat(tabs);
    let paragraphs: Vec<String> =
        paragraphs.iter().map(|paragraph| paragraph.replace("*/", "* /")).collect();
    let [one] = &paragraphs[..] else {
        let mut text = format!("{indent}/*\n");
        for paragraph in &paragraphs {
            text.push_str(&lines(tabs, paragraph));
        }
        return text + &format!("{indent} */\n");
    };
    match one.contains('\n') || columns(&indent) + one.chars().count() + 6 > WIDTH {
        true => format!("{indent}/*\n{}{indent} */\n", lines(tabs, one)),
        false => format!("{indent}/* {one} */\n"),
    }
}

/// The lines of a paragraph. One that begins with a tab stands as it is.
fn lines(tabs: usize, paragraph: &str) -> String {
    let indent = "\t".repeat(tabs) + " *";
    let mut text = String::new();
    for line in paragraph.split('\n') {
        if line.is_empty() || line.starts_with('\t') {
            let _ = writeln!(text, "{indent}{}", line.trim_end());
        } else {
            // A tab takes more columns than `wrapped` counts.
            text.push_str(&wrapped(line, &(indent.clone() + " "), WIDTH - tabs * (TAB - 1)));
        }
    }
    text
}

/// A statement with a few words behind it, or above it where there is no room.
pub(crate) fn remarked(statement: &str, tabs: usize, words: &str) -> String {
    let line = format!("{}\t/* {words} */", statement.trim_end());
    if columns(&line) <= WIDTH {
        line + "\n"
    } else {
        comment(tabs, &[words.to_owned()]) + statement
    }
}

/// What a rule says, for a comment.
pub(crate) fn rule(rule: Rule) -> String {
    let source = rule.source();
    format!("{} ({}): {}\nSource: {source}", rule.name(), standing(rule), rule.sentence())
}

/// What is promised instead of what a contrary rule says.
pub(crate) fn promise(known: &Contradiction) -> String {
    let Contradiction { name, promised, source, observed, .. } = known;
    format!(
        "Promised: {promised}.\nSource: {source}\nObserved: {observed}. \
         (findings/{name}/README.md)"
    )
}

/// The sources that are named in short, in full: those of rules and of promises.
pub(crate) fn legend(rules: &[Rule], promises: &[&Contradiction]) -> Vec<String> {
    let sources = || {
        let rules = rules.iter().map(|rule| rule.source());
        rules.chain(promises.iter().map(|known| known.source))
    };
    let named = |document: &&Document| {
        sources().any(|source| cited(source).iter().any(|(_, other)| other == document))
    };
    let full = |document: &Document| format!("{}: {}", document.name, document.title);
    let mut lines: Vec<String> = DOCUMENTS.iter().filter(named).map(full).collect();
    if rules.iter().any(|rule| is_measured(rule.source())) {
        lines.push("measured: no document says so; kernels were seen to do it".to_owned());
    }
    lines
}

/// A call as a statement, its arguments broken as the kernel's style has it.
pub(crate) fn call(tabs: usize, function: &str, arguments: &[String]) -> String {
    statement(tabs, &format!("{function}("), arguments, ");")
}

/// A list behind some text, broken at its commas.
pub(crate) fn statement(tabs: usize, head: &str, items: &[String], tail: &str) -> String {
    let mut line = "\t".repeat(tabs) + head;
    let open = columns(&line);
    let mut text = String::new();
    for (at, item) in items.iter().enumerate() {
        let last = at + 1 == items.len();
        let end = if last { tail } else { "," };
        let space = usize::from(at > 0);
        if at > 0 && columns(&line) + space + item.chars().count() + end.len() > WIDTH {
            text.push_str(&line);
            text.push('\n');
            line = "\t".repeat(open / TAB) + &" ".repeat(open % TAB);
        } else if at > 0 {
            line.push(' ');
        }
        line.push_str(item);
        line.push_str(end);
    }
    text + &line + "\n"
}

fn columns(line: &str) -> usize {
    line.chars().fold(0, |at, c| if c == '\t' { (at / TAB + 1) * TAB } else { at + 1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_broken_below_its_parenthesis() {
        let arguments = ["optval + 16".into(), "a".repeat(50), "b".repeat(20)];
        let text = call(1, "expect", &arguments);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], format!("\texpect(optval + 16, {},", "a".repeat(50)));
        assert_eq!(lines[1], format!("\t       {});", "b".repeat(20)));
        assert!(lines.iter().all(|line| columns(line) <= WIDTH));
    }

    #[test]
    fn a_comment_is_as_wide_as_a_mail() {
        let text = comment(2, &["word ".repeat(60)]);
        assert!(text.starts_with("\t\t/*\n\t\t * word"));
        assert!(text.lines().all(|line| columns(line) <= WIDTH), "{text}");
        assert_eq!(comment(1, &["short".into()]), "\t/* short */\n");
        assert_eq!(comment(0, &["a */ b".into()]), "/* a * / b */\n");
    }
}
