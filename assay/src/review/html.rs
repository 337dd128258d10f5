//! A review as a page for a browser: one file, no network, no script, light and dark.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::document::{self, Block, Item, TITLE};
use super::group::Class;
use super::group_data::GroupData;
use super::report::Review;
use crate::diagram::{self, Drawing};
use crate::terminal::style::counted;

const STYLE: &str = include_str!("page.css");

/// The whole page.
pub(crate) fn page(review: &Review) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (TITLE) }
                style { (PreEscaped(STYLE)) (PreEscaped(diagram::STYLE)) }
            }
            body { main { h1 { (TITLE) } (written(&document::blocks(review))) } }
        }
    };
    page.into_string()
}

fn written(blocks: &[Block<'_>]) -> Markup {
    html! { @for one in blocks { (block(one)) } }
}

fn block(block: &Block<'_>) -> Markup {
    match block {
        Block::Heading(text) => html! { h2 { (text) } },
        Block::Cause(class, cause) => html! {
            h2 { span class={ "class " (class.style()) } { (class.name()) } " " (cause) }
        },
        Block::Paragraph(text) => html! { p { (inline(text)) } },
        Block::List(items) => html! { ul { @for one in items { (item(one)) } } },
        Block::Appendix(title, blocks) => html! {
            details { summary { b { (title) } } div.group { (written(blocks)) } }
        },
        Block::Groups(groups) => html! {
            @for (number, group, blocks) in groups {
                details id={ "difference-" (number) } open[group.class != Class::Explained] {
                    summary {
                        b { (number) ". " } (group.summary)
                        span.count { " " (counted(group.cases, "case")) }
                    }
                    div.group { h3 { (group.signature) } (written(blocks)) }
                }
            }
        },
        Block::Code { text, .. } | Block::Command(text) => html! { pre { (text) } },
        Block::Memory(group) => memory(group),
    }
}

fn item(Item { class, number, lead, text, notes }: &Item) -> Markup {
    html! {
        li class=[Some(class).filter(|class| !class.is_empty())] {
            @if let Some(number) = number { b { (number) ". " } }
            @if !lead.is_empty() { b { (lead) } }
            (inline(text))
            @if !notes.is_empty() { ul { @for note in notes { li.note { (inline(note)) } } } }
        }
    }
}

/// Text, with what is between backticks as code.
fn inline(text: &str) -> Markup {
    html! {
        @for (at, part) in text.split('`').enumerate() {
            @if at % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

/// What the call did to memory on both kernels, to scale and byte by byte.
fn memory(group: &GroupData) -> Markup {
    html! {
        @for (what, answer) in [("base", &group.base), ("patched", &group.patched)] {
            @if let Some(answer) = answer {
                p.rules { "Rules, " (what) ": " (answer.rules.join(" → ")) }
                // What several data explain together is drawn where one of them does alone.
                @if group.because.len() < 2 {
                    @let drawing = Drawing::new(
                        &group.case, &answer.revision, answer.subflows, &answer.examination
                    );
                    @let id = format!("{what}-{}", drawing.id);
                    figure {
                        figcaption { "Memory, " (what) }
                        (PreEscaped(diagram::svg(&Drawing { id, ..drawing })))
                    }
                }
            }
        }
        @if !group.coloured.is_empty() { pre.memory { (PreEscaped(spans(&group.coloured))) } }
    }
}

/// Text with a terminal's colours as markup.
fn spans(text: &str) -> String {
    let mut markup = String::new();
    let mut open = false;
    for (at, part) in text.split("\u{1b}[").enumerate() {
        let (code, rest) =
            if at == 0 { ("", part) } else { part.split_once('m').unwrap_or(("", part)) };
        if at > 0 {
            if open {
                markup.push_str("</span>");
            }
            let class = match code {
                "31" => Some("red"),
                "32" => Some("green"),
                "2" => Some("dim"),
                _ => None,
            };
            open = class.is_some();
            if let Some(class) = class {
                markup.push_str(&format!("<span class=\"{class}\">"));
            }
        }
        markup.push_str(&html! { (rest) }.into_string());
    }
    if open {
        markup.push_str("</span>");
    }
    markup
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_become_markup_and_text_stays_text() {
        assert_eq!(
            spans("a<b \u{1b}[31mff\u{1b}[0m & \u{1b}[2m..\u{1b}[0m"),
            "a&lt;b <span class=\"red\">ff</span> &amp; <span class=\"dim\">..</span>"
        );
        assert_eq!(spans("plain"), "plain");
        assert_eq!(spans("\u{1b}[32munended"), "<span class=\"green\">unended</span>");
    }
}
