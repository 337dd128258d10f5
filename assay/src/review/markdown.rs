//! A review as text for a mail: Markdown that reads as it is, below 80 columns.

use super::document::{self, Block, Item, TITLE};
use super::group_data::GroupData;
use super::report::Review;
use crate::terminal::style::counted;

/// Columns of running text.
const WIDTH: usize = 78;
/// Kinds of difference that are shown in full.
const MOST_IN_FULL: usize = 5;
/// The most that a mail's line may have.
const LINE: usize = 79;

/// How much of a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// The causes, and some groups of each kind.
    Usual,
    /// Everything.
    Full,
}

/// The report.
pub(crate) fn page(review: &Review, extent: Extent) -> String {
    format!("# {TITLE}\n\n{}", written(&document::blocks(review), extent))
}

/// The result, in a few lines.
pub(crate) fn summary(review: &Review) -> String {
    list(&document::summary(review))
}

/// The result and the changes, in at most ten lines.
pub(crate) fn ten_lines(review: &Review) -> String {
    const MOST: usize = 10;
    let change = |(number, item): (usize, Item)| cut(&format!("{number}. {}", item.lead));
    let changes = (1..).zip(document::changes(review)).map(change);
    let result = list(&document::summary(review));
    let lines: Vec<String> = result.lines().map(str::to_owned).chain(changes).collect();
    let more = lines.len().saturating_sub(MOST);
    let shown = if more > 0 { MOST - 1 } else { lines.len() };
    let mut text: String = lines.iter().take(shown).map(|line| format!("{line}\n")).collect();
    if more > 0 {
        text.push_str(&format!("… and {} more lines without --summary\n", more + 1));
    }
    text
}

/// Blocks with empty lines between them.
fn written(blocks: &[Block<'_>], extent: Extent) -> String {
    let texts = blocks.iter().map(|one| block(one, extent)).filter(|text| !text.is_empty());
    texts.collect::<Vec<_>>().join("\n")
}

fn block(block: &Block<'_>, extent: Extent) -> String {
    match block {
        Block::Heading(text) => format!("## {text}\n"),
        Block::Cause(class, cause) if cause.is_empty() => format!("## {}\n", class.name()),
        Block::Cause(class, cause) => {
            let heading = format!("## {}: {cause}\n", class.name());
            if heading.chars().count() <= LINE + 1 {
                return heading;
            }
            format!("## {}\n\n{}", class.name(), filled(&format!("Because {cause}:"), "", ""))
        }
        Block::Paragraph(text) => filled(text, "", ""),
        Block::List(items) => list(items),
        Block::Groups(some) => groups(some, extent),
        Block::Appendix(..) if extent == Extent::Usual => String::new(),
        Block::Appendix(title, blocks) => format!("## {title}\n\n{}", written(blocks, extent)),
        Block::Code { language, text } => fence(language, text),
        Block::Command(text) => format!("```\n{text}\n```\n"),
        Block::Memory(group) if group.picture.is_empty() => String::new(),
        Block::Memory(group) => fence("", &group.picture),
    }
}

fn list(items: &[Item]) -> String {
    let item = |Item { number, lead, text, notes, .. }: &Item| {
        let mark = match (number, &lead[..]) {
            (Some(number), _) => format!("{number}. "),
            // Good news needs no list.
            (None, "NO DIFFERENCE") => String::new(),
            (None, _) => "- ".to_owned(),
        };
        let indent = " ".repeat(mark.len().max(2));
        let lead = match &lead[..] {
            "" => String::new(),
            lead => format!("**{}**", lead.replace('*', "\\*")),
        };
        let (first, others) = (format!("{indent}- "), format!("{indent}  "));
        let notes: String = notes.iter().map(|note| filled(note, &first, &others)).collect();
        filled(&format!("{lead}{text}"), &mark, &indent) + &notes
    };
    items.iter().map(item).collect()
}

/// A line for each kind of difference, and the first of them in full.
fn groups(groups: &[(usize, &GroupData, Vec<Block<'_>>)], extent: Extent) -> String {
    let mut text = String::new();
    for (number, group, _) in groups {
        let line = format!("{number}. {} ({})", group.summary, counted(group.cases, "case"));
        text.push_str(&filled(&line, "", "   "));
    }
    let most = if extent == Extent::Full { groups.len() } else { MOST_IN_FULL };
    for (number, group, blocks) in groups.iter().take(most) {
        let heading = cut(&format!("### {number}. {}", group.signature));
        text.push_str(&format!("\n{heading}\n\n{}", written(blocks, extent)));
    }
    text
}

fn fence(language: &str, text: &str) -> String {
    let lines: String = text.lines().map(|line| cut(line) + "\n").collect();
    format!("```{language}\n{lines}```\n")
}

/// Text in lines, the first of which begins otherwise than the others.
fn filled(text: &str, first: &str, others: &str) -> String {
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
