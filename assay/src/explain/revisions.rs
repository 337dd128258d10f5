//! What the model predicts on each revision, side by side.

use std::collections::BTreeMap;
use std::ops::Range;

use mptcp_emulator::Rule;
use mptcp_emulator::abi::{self, FULL_INFO_HEADER, Field, FullInfo, InfoOptPtr, SubflowData};
use mptcp_harness::cases::{BLOCKS, Case, Input};
use mptcp_harness::judge::evidence::Examination;
use mptcp_harness::judge::finding::result_name;
use mptcp_harness::judge::region::Map;

use super::explanation::ModelAnswer;
use crate::diagram;
use crate::terminal::style::{dim, head, odd, span};

/// A column for each group of neighbouring revisions that are alike in everything.
pub(super) struct Table {
    heads: Vec<String>,
    rows: Vec<Row>,
    /// How many rules fired everywhere.
    common: usize,
    info_opt: bool,
}

struct Row {
    name: String,
    cells: Vec<String>,
}

impl Row {
    fn differs(&self) -> bool {
        self.cells.windows(2).any(|pair| pair[0] != pair[1])
    }
}

/// What is known of one revision: names and values, in the order of the rows.
type Facts = Vec<(String, String)>;

/// The table of a case.
pub(super) fn table(case: &Case, each: &[ModelAnswer]) -> Table {
    let fired =
        |rule: &Rule| each.iter().filter(|answer| answer.examination.rules.contains(rule)).count();
    let some: Vec<Rule> =
        Rule::ALL.iter().copied().filter(|rule| (1..each.len()).contains(&fired(rule))).collect();
    let mut groups: Vec<(Vec<&'static str>, Facts)> = Vec::new();
    for answer in each {
        let facts = facts(case, answer, &some);
        match groups.last_mut() {
            Some((names, known)) if *known == facts => names.push(answer.revision.name),
            _ => groups.push((vec![answer.revision.name], facts)),
        }
    }
    let mut names: Vec<&String> = Vec::new();
    for (name, _) in groups.iter().flat_map(|(_, facts)| facts) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let cell = |facts: &Facts, name: &String| {
        facts
            .iter()
            .find(|(other, _)| other == name)
            .map_or("-".to_owned(), |(_, value)| value.clone())
    };
    let rows = names.iter().map(|name| Row {
        name: (*name).clone(),
        cells: groups.iter().map(|(_, facts)| cell(facts, name)).collect(),
    });
    Table {
        rows: rows.collect(),
        heads: groups.iter().map(|(names, _)| span(names)).collect(),
        common: Rule::ALL.iter().filter(|rule| fired(rule) == each.len()).count(),
        info_opt: each.iter().any(|answer| answer.revision.info_opt),
    }
}

fn facts(case: &Case, answer: &ModelAnswer, some: &[Rule]) -> Facts {
    let ModelAnswer { revision, subflows, examination } = answer;
    let mut facts: Facts = Vec::new();
    // The size of a structure that the option does not copy makes no difference to it.
    if !matches!(case.option, abi::MPTCP_INFO | abi::MPTCP_SUBFLOW_ADDRS) {
        facts.push(("tcp_info, bytes".into(), revision.tcp_info.to_string()));
    }
    if !matches!(case.option, abi::MPTCP_TCPINFO | abi::MPTCP_SUBFLOW_ADDRS) {
        facts.push(("mptcp_info, bytes".into(), revision.mptcp_info.to_string()));
    }
    facts.push(("result".into(), result_name(examination.predicted)));
    if let Some(at) = case.optlen.offset() {
        facts.push(("*optlen".into(), word(examination, at, true)));
    }
    for (name, at) in fields(case) {
        facts.push((name, word(examination, at, false)));
    }
    let map = Map::new(case, revision, *subflows);
    for (kind, count) in diagram::copied(&map, examination) {
        facts.push((format!("{kind} copied"), format!("{count} of {subflows}")));
    }
    facts.extend(by_region(&map, diagram::changed(&map, examination)));
    for rule in some {
        let fired = examination.rules.contains(rule);
        facts.push((format!("rule {}", rule.name()), if fired { "fired" } else { "-" }.into()));
    }
    facts
}

/// A word of memory after the call; in parentheses, if that is what was there.
fn word(examination: &Examination, at: usize, signed: bool) -> String {
    let number = |image: &[u8]| {
        let bytes = image.get(at..at + 4)?.try_into().ok()?;
        Some(if signed {
            i64::from(i32::from_ne_bytes(bytes))
        } else {
            i64::from(u32::from_ne_bytes(bytes))
        })
    };
    match (number(&examination.before), number(&examination.prediction)) {
        (Some(before), Some(after)) if before == after => format!("({after})"),
        (_, Some(after)) => after.to_string(),
        _ => "-".to_owned(),
    }
}

/// The words that a kernel answers in the buffer, and where they stand.
fn fields(case: &Case) -> Vec<(String, usize)> {
    let Some(optval) = case.optval.offset() else { return Vec::new() };
    let words = |fields: &'static [Field], end: usize, at: usize, prefix: &str| {
        let short =
            fields.iter().filter(move |field| field.size == 4 && usize::from(field.offset) < end);
        let answer =
            short.filter(|field| !matches!(field.name, "size_subflow_data" | "size_arrays_user"));
        answer
            .map(|field| (format!("{prefix}{}", field.name), at + usize::from(field.offset)))
            .collect::<Vec<_>>()
    };
    match &case.input {
        Input::Nothing => Vec::new(),
        Input::Data(_) => words(SubflowData::FIELDS, usize::MAX, optval, ""),
        Input::Full(_) => words(FullInfo::FIELDS, FULL_INFO_HEADER as usize, optval, ""),
        Input::Opt(_) => (0..)
            .zip(BLOCKS)
            .flat_map(|(number, name)| {
                let at = optval + number * size_of::<InfoOptPtr>();
                words(InfoOptPtr::FIELDS, usize::MAX, at, &format!("{name}."))
            })
            .collect(),
    }
}

/// How many bytes of each region changed.
fn by_region(map: &Map, changed: Vec<Range<usize>>) -> Facts {
    let mut sums: BTreeMap<&'static str, usize> = BTreeMap::new();
    for at in changed.into_iter().flatten() {
        *sums.entry(map.spot(at).region.kind()).or_default() += 1;
    }
    sums.into_iter().map(|(kind, bytes)| (format!("changed: {kind}"), bytes.to_string())).collect()
}

/// A line of the table, and whether it is one in which revisions differ.
pub(super) struct Line {
    pub(super) text: String,
    pub(super) differs: bool,
}

impl Table {
    /// The rows with their heads, columns below each other. A head that names
    /// two revisions takes two lines.
    pub(super) fn lines(&self) -> (Vec<String>, Vec<Line>) {
        let parts = |head: &String| match head.find(['-', ' ']) {
            Some(at) => [head[..=at].trim_end().to_owned(), head[at + 1..].to_owned()],
            None => [String::new(), head.clone()],
        };
        let heads: Vec<[String; 2]> = self.heads.iter().map(parts).collect();
        let longest = self.rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..self.heads.len())
            .map(|column| {
                let cells = self.rows.iter().filter_map(|row| row.cells.get(column));
                cells.chain(&heads[column]).map(|cell| cell.chars().count()).max().unwrap_or(0)
            })
            .collect();
        let line = |mark: &str, name: &str, cells: &[String]| {
            let mut text = format!("  {mark} {name:<longest$}");
            for (cell, width) in cells.iter().zip(&widths) {
                text += &format!("  {cell:>width$}");
            }
            text
        };
        let rows = self.rows.iter().map(|row| Line {
            text: line(if row.differs() { "≠" } else { " " }, &row.name, &row.cells),
            differs: row.differs(),
        });
        let head =
            |at: usize| -> Vec<String> { heads.iter().map(|parts| parts[at].clone()).collect() };
        let spans = heads.iter().any(|[first, _]| !first.is_empty());
        let heads = (usize::from(!spans)..2).map(|at| line(" ", "", &head(at)));
        (heads.collect(), rows.collect())
    }

    /// What a reader has to know of it.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = vec![
            "≠ differs between revisions; numbers in parentheses are as before the call".to_owned(),
            "changed: bytes of that part of memory".to_owned(),
            match self.common {
                1 => "1 rule fires on all of them".to_owned(),
                rules => format!("{rules} rules fire on all of them"),
            },
        ];
        if self.heads.len() == 1 {
            notes.push("all revisions are alike".into());
        }
        if self.info_opt {
            notes.push(
                "each with mptcp_info_opt added; without it the option is an unknown number".into(),
            );
        }
        notes
    }

    /// The table in a terminal.
    pub(crate) fn text(&self) -> String {
        let (heads, lines) = self.lines();
        let mut text = String::new();
        heads.iter().for_each(|line| text += &format!("{}\n", head(line)));
        for Line { text: line, differs } in lines {
            text += &format!("{}\n", if differs { odd(&line) } else { dim(&line) });
        }
        self.notes().iter().for_each(|note| text += &format!("{}\n", dim(&format!("  {note}"))));
        text
    }
}

#[cfg(test)]
mod tests;
