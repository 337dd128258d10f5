//! A review as a page for a browser: one file, no network, no script, light and dark.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::answer::Answer;
use super::group::Class;
use super::report::{GroupData, KernelData, Review};
use super::words::{lattice, missing};
use crate::diagram::{self, Drawing};
use crate::terminal::style::{counted, grouped};

/// Groups of one known cause that are open when the page is.
const OPEN_OF_A_CAUSE: usize = 1;

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
                title { "What changes in getsockopt(SOL_MPTCP)" }
                style { (PreEscaped(STYLE)) (PreEscaped(diagram::STYLE)) }
            }
            body {
                main {
                    h1 { "What changes in " code { "getsockopt(SOL_MPTCP, …)" } }
                    (verdict(review))
                    (subjects(review))
                    @for class in Class::ALL {
                        @for (cause, groups) in review.causes(class) {
                            (self::cause(class, &cause, &groups, review))
                        }
                    }
                    (contents(review))
                    (tried(review))
                }
            }
        }
    };
    page.into_string()
}

/// The class as a name in the style sheet.
fn word(class: Class) -> &'static str {
    match class {
        Class::Regression => "regression",
        Class::BothWrong => "both-wrong",
        Class::Unexplained => "unexplained",
        Class::Explained => "explained",
        Class::Promise => "kept",
        Class::Fixed => "fixed",
    }
}

fn verdict(review: &Review) -> Markup {
    html! {
        ul.verdict {
            @for (what, meaning) in &review.troubles {
                li.both-wrong { b { (what) } ": " (meaning) }
            }
            @for loss in &review.losses {
                li.regression { b { "Taken away" } ": " (loss) ": programs count on it" }
            }
            @if review.shows_nothing() {
                li.same[review.troubles.is_empty()] {
                    b { "No difference" }
                    " on " (counted(review.tried.compared, "case"))
                    ", in " (review.coverage.scenes_text())
                }
            }
            @for class in Class::ALL {
                @let groups = || review.groups().filter(|group| group.class == class);
                @if groups().count() > 0 {
                    li class=(word(class)) {
                        b { (class.counted(groups().count())) }
                        " on " (grouped(groups().map(|group| group.cases).sum()))
                        " of " (counted(review.tried.compared, "case")) ": " (class.meaning())
                    }
                }
            }
            @if !review.contents.is_empty() {
                li.contents {
                    b { (counted(review.contents.len() as u64, "field")) }
                    " of the structures with other contents"
                }
            }
        }
    }
}

fn subjects(review: &Review) -> Markup {
    let row = |what: &str, of: &dyn Fn(&KernelData) -> String| {
        let (base, patched) = (of(&review.base), of(&review.patched));
        let other = if base == patched { "" } else { "differs" };
        html! { tr class=(other) { th { (what) } td { (base) } td { (patched) } } }
    };
    html! {
        table.subjects {
            tr { th {} th { "base" } th { "patched" } }
            (row("kernel", &|kernel| kernel.name.clone()))
            (row("release", &|kernel| kernel.release.clone()))
            (row("modelled as", &|kernel| kernel.revision.name.to_string()))
            (row("struct tcp_info", &|kernel| format!("{} bytes", kernel.revision.tcp_info)))
            (row("struct mptcp_info", &|kernel| format!("{} bytes", kernel.revision.mptcp_info)))
            (row("MPTCP_FULL_INFO", &|kernel| yes(kernel.revision.full_info)))
            (row("cases not as modelled", &|kernel| grouped(kernel.disagree)))
        }
        @for fact in &review.facts { p.patch { (sentence(fact)) } }
        @for kernel in [&review.base, &review.patched] {
            @for note in &kernel.notes { p.note { (kernel.name) ": " (note) } }
        }
    }
}

fn yes(whether: bool) -> String {
    if whether { "yes" } else { "no" }.to_owned()
}

fn cause(class: Class, cause: &str, groups: &[(usize, &GroupData)], review: &Review) -> Markup {
    html! {
        section {
            h2 {
                span class={ "class " (word(class)) } { (class.name()) }
                @if !cause.is_empty() { " " (cause) }
            }
            @for (at, (number, group)) in groups.iter().enumerate() {
                details open[cause.is_empty() || at < OPEN_OF_A_CAUSE] {
                    summary {
                        b { (number) ". " } (group.summary)
                        span.count { " " (counted(group.cases, "case")) }
                    }
                    (self::group(group, review))
                }
            }
        }
    }
}

fn group(group: &GroupData, review: &Review) -> Markup {
    html! {
        div.group {
            p.where {
                "On " (counted(group.scenes as u64, "scene")) ": "
                (group.scene_names.join(", "))
                @if group.scenes > group.scene_names.len() { ", …" }
            }
            @if let Some(rule) = &group.rule {
                p.rule {
                    b { (rule.name) } " "
                    span.standing { (group.standing.unwrap_or_default()) } " "
                    (rule.sentence)
                    br;
                    span.source { "Source: " (rule.source) }
                }
            }
            p.contract { (sentence(&group.contract)) }
            @if let Some(console) = &group.console { pre.console { (console) } }
            pre.call { (group.call) }
            div.sides {
                (side("base", group.base.as_ref(), group, review))
                (side("patched", group.patched.as_ref(), group, review))
            }
            @for (what, answer) in [("base", &group.base), ("patched", &group.patched)] {
                // What several data explain together is drawn where one of them does alone.
                @if let Some(answer) = answer.as_ref().filter(|_| group.because.len() < 2) {
                    (picture(what, answer, group))
                }
            }
            @if !group.coloured.is_empty() { pre.memory { (PreEscaped(spans(&group.coloured))) } }
            details.replay {
                summary { "Look at this case" }
                pre { "assay vm --kernel " (review.shown_on(group)) " -- explain --hex " (group.hex) }
            }
        }
    }
}

fn side(what: &str, answer: Option<&Answer>, group: &GroupData, review: &Review) -> Markup {
    html! {
        div class={ "side " (what) } {
            h3 { (what) }
            @match answer {
                None => p { (sentence(review.unanswered())) },
                Some(answer) => {
                    p.result {
                        b { (answer.result) }
                        @if let Some(optlen) = answer.optlen { ", " code { "*optlen" } " " (optlen) }
                        br;
                        @match &answer.departs {
                            None => span.good { "as predicted" },
                            Some((signature, _)) if *signature == group.signature => {
                                span.bad { "not as predicted" }
                            },
                            Some((_, summary)) => span.bad { "not as predicted: " (summary) },
                        }
                    }
                    p.rules { (answer.rules.join(" → ")) }
                }
            }
        }
    }
}

/// What the call did to memory, to scale.
fn picture(what: &str, answer: &Answer, group: &GroupData) -> Markup {
    let Answer { examination, revision, subflows, .. } = answer;
    let mut drawing = Drawing::new(&group.case, revision, *subflows, examination);
    drawing.id = format!("{what}-{}", drawing.id);
    html! {
        figure {
            figcaption { "Memory, " (what) }
            (PreEscaped(diagram::svg(&drawing)))
        }
    }
}

fn contents(review: &Review) -> Markup {
    html! {
        @if !review.contents.is_empty() {
            section {
                h2 { span.class.contents { "CONTENTS" } }
                p {
                    "Fields that are steady on either kernel, in every boot, and hold something "
                    "else on the other. The model takes contents from sock_diag, which fills them "
                    "in by the same functions as the options, and so does not contradict them: "
                    "whether a change is meant is for the reader."
                }
                table {
                    tr { th { "field" } th { "base" } th { "patched" } th { "on" } th { "places" } }
                    @for content in &review.contents {
                        tr {
                            td { code { (content.field) } }
                            td { code { (content.base) } }
                            td { code { (content.patched) } }
                            td { (content.scene) }
                            td { (content.places) " of " (content.steady) }
                        }
                    }
                }
            }
        }
    }
}

fn tried(review: &Review) -> Markup {
    let tried = &review.tried;
    html! {
        section {
            h2 { "What was tried" }
            ul {
                li {
                    (counted(tried.cases, "case")) " on "
                    (counted(review.coverage.scenes as u64, "scene"))
                    " that came up on both kernels: " (grouped(tried.lattice))
                    " of boundary values (" (lattice(tried.lattice_step)) "), "
                    (grouped(tried.random)) " random (seed " (tried.seed) "), "
                    (grouped(tried.stored)) " stored."
                }
                li {
                    "Compared: " (grouped(tried.compared))
                    "; without a verdict on one of them: " (grouped(tried.undecided)) "."
                }
                @for kernel in [&review.base, &review.patched] {
                    @for (reason, count) in &kernel.reasons {
                        li {
                            (kernel.name) " without a verdict on " (counted(*count, "case")) ": "
                            (reason) "."
                        }
                    }
                    @for (reason, names) in &kernel.skipped {
                        li { (missing(&kernel.name, names)) ": " (reason) }
                    }
                }
                @for (signature, cases) in &review.alike_wrong {
                    li { "Both wrong by the same rule, their values not compared: " (signature) " (" (counted(*cases, "case")) ")." }
                }
                li {
                    "Rules exercised: " (tried.rules_exercised) " of " (tried.rules) "."
                    @if !tried.rules_missing.is_empty() {
                        details { summary { "The others" } p { (tried.rules_missing.join(", ")) } }
                    }
                }
            }
            p {
                "What this does not prove: nothing about calls that run at the same time, about "
                "memory that is read and not written, about the kernel's own memory, or about "
                "clocks and random numbers, which are not compared. A change of what the "
                "structures hold shows only in fields that are steady from boot to boot."
            }
            p.times {
                "Built in " (format!("{:.0}", review.build_seconds)) " s, compared in "
                (format!("{:.0}", review.seconds - review.build_seconds)) " s."
            }
        }
    }
}

/// A clause with a capital and a full stop.
fn sentence(clause: &str) -> String {
    let mut letters = clause.chars();
    match letters.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), letters.as_str()),
        None => String::new(),
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

    #[test]
    fn a_clause_becomes_a_sentence() {
        assert_eq!(sentence("both keep it"), "Both keep it.");
        assert_eq!(sentence(""), "");
    }
}
