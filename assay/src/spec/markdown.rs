//! `SPEC.md`: the prose of `spec.md` beside this file, with tables and rules put in
//! where it says so.

use std::fmt::Write as _;

use mptcp_emulator::abi::{
    self, FULL_INFO_HEADER, Field, FullInfo, HOLE, InfoOpt, InfoOptPtr, MptcpInfo, SubflowAddrs,
    SubflowData, SubflowInfo, TcpInfo,
};
use mptcp_emulator::behaviors::ZeroLength;
use mptcp_emulator::rules::{Basis, Options, Step};
use mptcp_emulator::{Revision, Rule, Verification};
use mptcp_harness::judge::contradictions::{Contradiction, KNOWN, Shown};

use super::documents::{self, MEASURED, cited};
use super::exercise::Exercise;
use super::standing;
use crate::terminal::style::span;

const TEMPLATE: &str = include_str!("spec.md");

/// The structures, and the release since which fields that name none are there.
const STRUCTURES: [(&str, &[Field], &str); 8] = [
    ("mptcp_info", MptcpInfo::FIELDS, FIRST),
    ("tcp_info", TcpInfo::FIELDS, FIRST),
    ("mptcp_subflow_data", SubflowData::FIELDS, FIRST),
    ("mptcp_subflow_addrs", SubflowAddrs::FIELDS, FIRST),
    ("mptcp_subflow_info", SubflowInfo::FIELDS, "6.5"),
    ("mptcp_full_info", FullInfo::FIELDS, "6.5"),
    ("mptcp_info_opt", InfoOpt::FIELDS, "-"),
    ("mptcp_info_opt_ptr", InfoOptPtr::FIELDS, "-"),
];

/// The first release with these options.
const FIRST: &str = Revision::V5_16.name;

/// The whole page.
///
/// # Errors
/// Where the template has a mark that stands for nothing.
pub(crate) fn page(exercises: &[(Rule, Exercise)]) -> Result<String, String> {
    let mut text = String::new();
    for line in TEMPLATE.lines() {
        match line.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}")) {
            Some(mark) => text.push_str(
                &filled(mark, exercises)
                    .ok_or_else(|| format!("spec.md: nothing is called {mark}"))?,
            ),
            None => text.push_str(&line.replace("{{count}}", &Rule::ALL.len().to_string())),
        }
        text.push('\n');
    }
    Ok(text)
}

/// What stands for a mark, without the end of its last line.
fn filled(mark: &str, exercises: &[(Rule, Exercise)]) -> Option<String> {
    let words: Vec<&str> = mark.split(' ').collect();
    let text = match words[..] {
        ["rules", options, step] => {
            let (_, options) = Options::ALL.into_iter().find(|(name, _)| *name == options)?;
            let (_, step) = Step::ALL.into_iter().find(|(name, _)| *name == step)?;
            let exercise = |rule: Rule| exercises.iter().find(|(other, _)| *other == rule);
            let rules: Vec<String> = (Rule::ALL.iter().copied())
                .filter(|rule| rule.options() == options && rule.step() == step)
                .filter_map(exercise)
                .map(|(rule, exercise)| entry(*rule, exercise))
                .collect();
            Some(rules.join("\n")).filter(|rules| !rules.is_empty())?
        }
        ["structure", name] => {
            let (_, fields, since) = STRUCTURES.into_iter().find(|(other, ..)| *other == name)?;
            structure(fields, since)
        }
        ["standings"] => standings(),
        ["revisions"] => revisions(),
        ["sizes"] => sizes(),
        ["contradictions"] => contradictions(),
        ["documents"] => documents(),
        _ => return None,
    };
    Some(text.trim_end().to_owned())
}

/// One rule: its name, how firmly it stands and since when, the sentence, where it
/// comes from and what exercises it.
fn entry(rule: Rule, exercise: &Exercise) -> String {
    let mut text = format!("#### {}\n\n", rule.name());
    let standing = standing(rule);
    let _ = writeln!(text, "*{standing}, {}.* {}\n", exercise.when(rule), marked(rule.sentence()));
    let source = source(rule, exercise);
    let end = if source.ends_with(".\"") { "" } else { "." };
    let _ = writeln!(text, "- Source: {source}{end}");
    if let (Some(case), Some(revision)) = (exercise.case, exercise.newest()) {
        let _ = writeln!(text, "- Case: [{case}](corpus/negotiate/{case}.case), on {revision}.");
    }
    text
}

/// A rule's source, with links to the documents that it names.
fn source(rule: Rule, exercise: &Exercise) -> String {
    let source = rule.source();
    let (mut text, mut at) = (String::new(), 0);
    for (range, document) in cited(source) {
        let before = source.get(at..range.start).unwrap_or_default();
        let _ = write!(text, "{}[{}]({})", marked(before), document.name, document.url);
        at = range.end;
    }
    text.push_str(&marked(source.get(at..).unwrap_or_default()));
    if documents::is_measured(source) {
        let kernels = format!("{MEASURED} on {}", exercise.kernels().join(", "));
        text = text.replacen(MEASURED, &kernels, 1);
    }
    text
}

/// A text in which names of the interface stand as such.
fn marked(text: &str) -> String {
    let word = |word: &str| {
        let inside = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        match (word.find(inside), word.rfind(inside)) {
            (Some(start), Some(end)) if word.contains('_') => {
                let (before, rest) = word.split_at(start);
                let (inner, behind) = rest.split_at(end + 1 - start);
                let call = if behind.starts_with("()") { 2 } else { 0 };
                let closing = usize::from(inner.contains('(') && behind.contains(')'));
                let (name, behind) = rest.split_at(inner.len() + call.max(closing));
                format!("{before}`{name}`{behind}")
            }
            _ => word.to_owned(),
        }
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

fn table(heads: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut text = format!("| {} |\n|{}\n", heads.join(" | "), " --- |".repeat(heads.len()));
    for row in rows {
        let _ = writeln!(text, "| {} |", row.join(" | "));
    }
    text
}

fn standings() -> String {
    let all = [Basis::Promised, Basis::Implied, Basis::Accidental, Basis::Contrary, Basis::Chosen];
    let means = [
        "a document says so",
        "it follows from an example, a test or a comment in the interface",
        "only the behaviour of kernels says so: a later one may change it",
        "kernels do so, and a document or what they do elsewhere says otherwise: do not build on either",
        "no kernel shipped it, and the document is silent or contradicts itself: this project decided",
    ];
    let rows = all.into_iter().zip(means).map(|(kind, means)| {
        let rules: Vec<&Rule> = Rule::ALL.iter().filter(|rule| rule.basis() == kind).collect();
        let name = rules.first().map_or("", |rule| standing(**rule));
        vec![name.to_owned(), rules.len().to_string(), means.to_owned()]
    });
    table(&["standing", "rules", "meaning"], rows)
}

fn revisions() -> String {
    let rows = Revision::ALL.map(|revision| {
        vec![
            revision.name.to_owned(),
            if revision.has_full_info() { "yes" } else { "no" }.to_owned(),
            match revision.behaviors.zero_length {
                ZeroLength::Untouched => "nothing is touched",
                _ => "stored back as 0",
            }
            .to_owned(),
            match revision.verification {
                Verification::Compared(kernel) => format!("compared with {kernel}"),
                Verification::SourcesOnly => "read only".to_owned(),
            },
            revision.sources.to_owned(),
        ]
    });
    let heads =
        ["since", "`MPTCP_FULL_INFO`", "`MPTCP_INFO`, length 0", "evidence", "where it is from"];
    table(&heads, rows)
}

fn sizes() -> String {
    let of = |revision: &Revision| {
        let since_full = |size: usize| revision.has_full_info().then_some(size);
        let (info, tcp_info) = (revision.mptcp_info as usize, revision.tcp_info as usize);
        [
            ("mptcp_info", Some(info)),
            ("tcp_info", Some(tcp_info)),
            ("mptcp_subflow_data", Some(size_of::<SubflowData>())),
            ("mptcp_subflow_addrs", Some(size_of::<SubflowAddrs>())),
            ("mptcp_subflow_info", since_full(size_of::<SubflowInfo>())),
            ("mptcp_full_info", since_full(FULL_INFO_HEADER as usize + info)),
        ]
    };
    // Neighbours of the same sizes share a column.
    let mut names: Vec<Vec<&str>> = Vec::new();
    let mut columns = Vec::new();
    for revision in &Revision::ALL {
        let sizes = of(revision);
        match names.last_mut() {
            Some(names) if columns.last() == Some(&sizes) => names.push(revision.name),
            _ => {
                names.push(vec![revision.name]);
                columns.push(sizes);
            }
        }
    }
    let names: Vec<String> = names.iter().map(|names| span(names)).collect();
    let heads: Vec<&str> =
        ["structure"].into_iter().chain(names.iter().map(String::as_str)).collect();
    let told = |size: Option<usize>| size.map_or("-".to_owned(), |size| size.to_string());
    let row = |(number, (name, _)): (usize, &(&str, Option<usize>))| {
        let mut row = vec![format!("`{name}`")];
        row.extend(columns.iter().map(|column| told(column[number].1)));
        row
    };
    table(&heads, columns[0].iter().enumerate().map(row))
}

fn structure(fields: &[Field], first: &str) -> String {
    let row = |field: &Field| {
        let padding = field.name == HOLE;
        let name = field.name.replace(',', ", ");
        vec![
            field.offset.to_string(),
            field.size.to_string(),
            if padding { name } else { format!("`{name}`") },
            since(field).unwrap_or_else(|| first.to_owned()),
            about(field),
        ]
    };
    table(&["offset", "size", "field", "since", "meaning"], fields.iter().map(row))
}

/// The first release that has a field, as its structure's table has it.
fn since(field: &Field) -> Option<String> {
    field.since.map(|since| since.to_string())
}

/// A field's documentation, without the links of Rust's.
fn about(field: &Field) -> String {
    let plain = field.about.trim().replace("`]", "`");
    let mut parts = plain.split("[`");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        // `InfoOptPtr::nmemb_user` is its last part here.
        let (path, behind) = part.split_once('`').unwrap_or((part, ""));
        let name = match path.rsplit("::").next().unwrap_or(path) {
            "MptcpInfo" => "struct mptcp_info",
            "TcpInfo" => "struct tcp_info",
            "SubflowInfo" => "struct mptcp_subflow_info",
            "SubflowAddrs" => "struct mptcp_subflow_addrs",
            "InfoOptPtr" => "struct mptcp_info_opt_ptr",
            other => other,
        };
        let _ = write!(text, "`{name}`{behind}");
    }
    text.replace('|', "\\|")
}

fn contradictions() -> String {
    let rules = |rules: &[Rule]| {
        let link = |rule: &Rule| format!("[{}](#{})", rule.name(), rule.name().to_lowercase());
        rules.iter().map(link).collect::<Vec<_>>().join(", ")
    };
    let mut text = String::new();
    for known in KNOWN {
        let Contradiction { name, title, promised, source, observed, .. } = *known;
        let shown = match known.shown {
            Shown::Rules(of) => rules(of),
            Shown::Compat(_) => "calls by `int $0x80`".to_owned(),
            Shown::Scenes { scenes, .. } => {
                format!("scene `{}` and others", scenes.first().copied().unwrap_or_default())
            }
        };
        let _ = writeln!(
            text,
            "- *[{}](findings/{name}/README.md)*. Expected ({}): {}. What kernels do: {}. \
             See {shown}.",
            marked(title),
            marked(source),
            marked(promised),
            marked(observed),
        );
    }
    text
}

fn documents() -> String {
    let mut text = String::new();
    for document in &documents::ALL {
        let date = Some(document.date).filter(|date| !document.title.contains(date));
        let date = date.map(|date| format!(", {date}")).unwrap_or_default();
        let (name, title, url) = (document.name, marked(document.title), document.url);
        let _ = writeln!(text, "- *{name}*: {title}{date}. <{url}>");
    }
    let _ = writeln!(text, "- *{MEASURED}*: no document says so; kernels were seen to do it.");
    text
}

/// The numbers and names of the options, for programs.
pub(crate) fn options(rule: Rule) -> Vec<String> {
    let numbers: &[i32] = match rule.options() {
        Options::Any => {
            &[abi::MPTCP_INFO, abi::MPTCP_TCPINFO, abi::MPTCP_SUBFLOW_ADDRS, abi::MPTCP_FULL_INFO]
        }
        options => options.numbers(),
    };
    numbers.iter().map(|number| mptcp_harness::cases::option_name(*number)).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use std::path::Path;
    use std::{env, fs};

    use super::super::exercise;
    use super::*;

    /// With `ASSAY_BLESS` set the file is written instead.
    #[test]
    fn spec_is_fresh() {
        let page = page(&exercise::all().unwrap()).unwrap();
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../SPEC.md");
        if env::var_os("ASSAY_BLESS").is_some() {
            fs::write(&file, &page).unwrap();
        }
        let there = fs::read_to_string(&file).unwrap_or_default();
        for (number, (was, is)) in (1..).zip(there.lines().zip(page.lines())) {
            assert_eq!(
                was, is,
                "SPEC.md is stale at line {number}: assay rules --format md > SPEC.md"
            );
        }
        assert_eq!(there.lines().count(), page.lines().count(), "SPEC.md is stale");
    }

    #[test]
    fn every_rule_stands_in_it_once_with_a_source_and_a_case() {
        let page = page(&exercise::all().unwrap()).unwrap();
        for rule in Rule::ALL {
            let head = format!("\n#### {}\n", rule.name());
            let mut parts = page.split(&head);
            let entry = parts.nth(1).unwrap_or_default();
            assert!(parts.next().is_none() && !entry.is_empty(), "{head}");
            let entry = entry.split("\n#").next().unwrap();
            let line = |start: &str| entry.lines().find(|line| line.starts_with(start)).unwrap();
            let source = line("- Source: ");
            assert!(source.contains("](https://") || source.contains("measured on "), "{source}");
            let case = line("- Case: [").split(['(', ')']).nth(1).unwrap();
            let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
            assert!(root.join(case).is_file(), "{case}");
        }
    }

    #[test]
    fn names_of_the_interface_are_marked() {
        assert_eq!(
            marked("the _kernel members, \"a.b_c == 17\""),
            "the `_kernel` members, \"`a.b_c` == 17\""
        );
        assert_eq!(marked("sizeof(m_x) is"), "`sizeof(m_x)` is");
        assert_eq!(marked("in the do_x() function"), "in the `do_x()` function");
        let field = |about| Field { about, ..MptcpInfo::FIELDS[0] };
        assert_eq!(
            about(&field(" An [`MptcpInfo`]; of [`A::b`] and `c`.")),
            "An `struct mptcp_info`; of `b` and `c`."
        );
        let since = |name| {
            let field = MptcpInfo::FIELDS.iter().find(|field| field.name == name);
            since(field.unwrap())
        };
        assert_eq!(since("mptcpi_subflows_total").as_deref(), Some("6.8"));
        assert_eq!(since(HOLE), None);
    }
}
