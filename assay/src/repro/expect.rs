//! What is expected of each byte, as checks by name.

use std::collections::BTreeSet;
use std::mem::discriminant;
use std::ops::Range;

use mptcp_harness::cases::{BLOCKS, Case, Input};
use mptcp_harness::judge::evidence::Examination;
use mptcp_harness::judge::region::{Laid, Map, Region, Spot};

use super::dependency::Dependency;
use super::pages::touched;
use super::source::{call, remarked};
use super::steady::{ADDRESS, PORT};
use super::value::Value;

/// Bytes of one name, within one thing that is laid out.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Piece {
    /// From the start of the thing, in bytes.
    at: usize,
    len: usize,
    name: String,
    value: Value,
}

/// Checks of one kind of thing.
pub(crate) struct Section {
    /// The first of them.
    pub region: Region,
    pub text: String,
}

/// The checks of a case, thing by thing.
pub(crate) fn sections(
    case: &Case,
    map: &Map,
    over: &[Examination; 2],
    used: &mut BTreeSet<Dependency>,
) -> Vec<Section> {
    let reader = Reader { case, map, over };
    let section = |laid: &Laid| {
        let elements: Vec<Vec<Piece>> = (0..laid.count).map(|at| reader.pieces(laid, at)).collect();
        let values = elements.iter().flatten().map(|piece| piece.value.dependencies(piece.len));
        used.extend(values.flatten());
        let text = section(case, laid, &elements);
        (!text.is_empty()).then(|| Section { region: laid.region(0), text })
    };
    map.laid().iter().filter_map(section).collect()
}

struct Reader<'a> {
    case: &'a Case,
    map: &'a Map,
    over: &'a [Examination; 2],
}

impl Reader<'_> {
    /// What there is to say of one thing, in the order of its bytes.
    fn pieces(&self, laid: &Laid, index: usize) -> Vec<Piece> {
        let region = laid.region(index);
        let start = laid.start + index * laid.each;
        let mut pieces: Vec<Piece> = Vec::new();
        let mut run: Option<(Range<usize>, Spot, Part, u8)> = None;
        for at in start..start + laid.each + 1 {
            let spot = self.map.spot(at);
            let ours = at < start + laid.each && spot.region == region && self.said(at, spot);
            let mask = if ours { self.over[0].mask[at] } else { 0 };
            let part = part(spot);
            match &mut run {
                Some((range, first, known, was))
                    if ours && same(first, &spot) && *known == part && *was == mask =>
                {
                    range.end = at + 1;
                }
                _ => {
                    if let Some((range, first, part, mask)) = run.take() {
                        self.put(&mut pieces, range, start, first, part, mask);
                    }
                    run = ours.then_some((at..at + 1, spot, part, mask));
                }
            }
        }
        pieces
    }

    /// Whether a line speaks of a byte: one that is written, or that is part of
    /// what the kernel tells where it succeeds.
    fn said(&self, at: usize, spot: Spot) -> bool {
        if at >= self.over[0].mask.len() {
            return false;
        }
        let tells = match (spot.region, &self.case.input) {
            (Region::Length, _) => true,
            (Region::Header, Input::Data(_)) => true,
            (Region::Header, Input::Full(_)) => spot
                .field
                .is_some_and(|field| field.starts_with("size_") || field == "num_subflows"),
            (Region::Block(_), _) => spot.field != Some("address"),
            _ => false,
        };
        let written = |at: usize| self.over.iter().any(|examination| touched(examination, at));
        if !tells {
            return written(at);
        }
        // A number of the input is told as a whole, also where a part of it stays.
        let mut number = (at - spot.byte.min(at)..).take_while(|near| {
            *near < at + 4 && same(&self.map.spot(*near), &spot) && *near < self.over[0].mask.len()
        });
        self.over[0].predicted.is_ok() || number.any(written)
    }

    fn put(
        &self,
        pieces: &mut Vec<Piece>,
        range: Range<usize>,
        start: usize,
        spot: Spot,
        part: Part,
        mask: u8,
    ) {
        let name = name(spot, &part, self.family(&range, spot));
        let mut piece = |range: Range<usize>, value| {
            let (at, len) = (range.start - start, range.len());
            match (pieces.last_mut(), value) {
                (Some(last), Value::Open)
                    if last.value == Value::Open && last.at + last.len == at =>
                {
                    last.len += len;
                    let from = last.name.split(" to ").next().unwrap_or_default();
                    last.name = format!("{from} to {name}");
                }
                (Some(last), Value::Number(0) | Value::Zeros) if joins(last, &name, at) => {
                    last.len += len;
                    last.value = if last.len > 8 { Value::Zeros } else { Value::Number(0) };
                }
                _ => pieces.push(Piece { at, len, name: name.clone(), value }),
            }
        };
        let bytes = self.over[0].prediction.get(range.clone()).unwrap_or_default();
        if mask == PORT && range.len() == 2 {
            piece(range, Value::Port);
        } else if mask != 0 {
            piece(range, Value::Open);
        } else if range.len() > 8 && bytes.iter().all(|byte| *byte == 0) {
            piece(range, Value::Zeros);
        } else {
            for (at, chunk) in range.step_by(8).zip(bytes.chunks(8)) {
                let little = chunk.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
                let big = chunk.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
                let whole = matches!(chunk.len(), 2 | 4 | 8);
                let value = if part.is_network && whole && big != 0 {
                    Value::Network(big)
                } else {
                    Value::Number(little)
                };
                piece(at..at + chunk.len(), value);
            }
        }
    }

    /// The family of the address that a byte is part of, as predicted.
    fn family(&self, range: &Range<usize>, spot: Spot) -> u8 {
        range.start.checked_sub(spot.byte).map_or(0, |start| self.over[0].prediction[start])
    }
}

/// Whether zeros of a name, at an offset, go on what was before: padding that is in
/// several parts.
fn joins(last: &Piece, name: &str, at: usize) -> bool {
    let zero = matches!(last.value, Value::Number(0) | Value::Zeros);
    zero && last.name == name && name.ends_with("padding") && last.at + last.len == at
}

/// A part of an address; all else is one part.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Part {
    index: usize,
    is_network: bool,
}

fn is_address(spot: &Spot) -> bool {
    matches!(spot.field, Some("ss_local" | "ss_remote"))
        || matches!(spot.region, Region::Sockname(_) | Region::Peername(_))
}

fn part(spot: Spot) -> Part {
    let found = ADDRESS.iter().position(|part| part.contains(&spot.byte));
    let index = if is_address(&spot) { found.unwrap_or(0) } else { 0 };
    Part { index, is_network: is_address(&spot) && (1..=4).contains(&index) }
}

fn same(one: &Spot, other: &Spot) -> bool {
    one.region == other.region && one.field == other.field
}

/// The name of a part of a thing; empty where the thing has no parts.
fn name(spot: Spot, part: &Part, family: u8) -> String {
    let field = match spot.field.and_then(|field| field.split(':').next()) {
        Some("(hole)") => "padding",
        field => field.unwrap_or_default(),
    };
    if !is_address(&spot) {
        return field.to_owned();
    }
    let dot = if field.is_empty() { "" } else { "." };
    let v4 = i32::from(family) == 2;
    let part = match (part.index, v4) {
        (0, _) => "ss_family",
        (1, true) => "sin_port",
        (1, false) => "sin6_port",
        (2, true) => "sin_addr",
        (2, false) => "sin6_flowinfo",
        (3 | 4, false) => "sin6_addr",
        (5, false) => "sin6_scope_id",
        _ => "padding",
    };
    format!("{field}{dot}{part}")
}

/// A pointer of the program, and bytes from there.
type Pointer = (&'static str, usize);

/// Where a kind of thing begins.
fn base(case: &Case, region: Region) -> Pointer {
    match (region, &case.input) {
        (Region::Length, _) => ("optlen", 0),
        (Region::Element(_), Input::Data(data)) => ("optval", data.size_subflow_data as usize),
        (Region::HeaderTail, _) => ("optval", 16),
        (Region::Info, Input::Opt(_)) => ("mptcp_info", 0),
        (Region::TcpInfo(_), _) => ("tcp_info", 0),
        (Region::SubflowInfo(_), _) => ("subflow_info", 0),
        (Region::Sockname(_), _) => ("socknames", 0),
        (Region::Peername(_), _) => ("peernames", 0),
        _ => ("optval", 0),
    }
}

/// What a thing is called: a format for its number where it has one.
fn title(region: Region) -> String {
    match region {
        Region::Length => "*optlen".into(),
        Region::Info => "mptcp_info".into(),
        Region::Element(_) => "element %d".into(),
        Region::SubflowInfo(_) => "subflow_info[%d]".into(),
        Region::TcpInfo(_) => "tcp_info[%d]".into(),
        Region::Sockname(_) => "socknames[%d]".into(),
        Region::Peername(_) => "peernames[%d]".into(),
        Region::Block(index) => BLOCKS.get(index as usize).map_or("block", |name| name).into(),
        other => other.kind().into(),
    }
}

/// Elements of one shape stand in one loop.
fn section(case: &Case, laid: &Laid, elements: &[Vec<Piece>]) -> String {
    let is_alike = |one: &Piece, other: &Piece| {
        (one.at, one.len, &one.name) == (other.at, other.len, &other.name)
            && discriminant(&one.value) == discriminant(&other.value)
    };
    let have_one_shape = |one: &[Piece], other: &[Piece]| {
        one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_alike(one, other))
    };
    let mut text = String::new();
    let mut first = 0;
    while first < elements.len() {
        let alike = |at: &usize| {
            have_one_shape(&elements[*at], &elements[first])
                && (laid.region(0) == laid.region(1)
                    || !matches!(laid.region(0), Region::Block(_))
                    || *at == first)
        };
        let count = (first..elements.len()).take_while(alike).count();
        text.push_str(&group(case, laid, elements, first..first + count));
        first += count;
    }
    text
}

/// A run of elements, and what is expected of one piece in all of them.
type Run = (Range<usize>, Piece, u64);

fn group(case: &Case, laid: &Laid, elements: &[Vec<Piece>], all: Range<usize>) -> String {
    let mut runs: Vec<Run> = Vec::new();
    for which in 0..elements[all.start].len() {
        let mut from = all.start;
        while from < all.end {
            let (end, step) = stretch(elements, which, from..all.end);
            runs.push((from..end, elements[from][which].clone(), step));
            from = end;
        }
    }
    let mut ranges: Vec<Range<usize>> = runs.iter().map(|(range, ..)| range.clone()).collect();
    ranges.sort_by_key(|range| (range.start, usize::MAX - range.end));
    ranges.dedup();
    let mut text = String::new();
    for range in ranges {
        let these: Vec<&Run> = runs.iter().filter(|run| run.0 == range).collect();
        text.push_str(&looped(case, laid, &range, &these));
    }
    text
}

/// How far a piece has one value, or values at one distance; and that distance.
fn stretch(elements: &[Vec<Piece>], which: usize, all: Range<usize>) -> (usize, u64) {
    let value = |at: usize| match elements[at][which].value {
        Value::Number(number) | Value::Network(number) => number,
        _ => 0,
    };
    let reach = |step: u64| {
        let next = |at: &usize| value(*at) == value(*at - 1).wrapping_add(step);
        all.start + 1 + (all.start + 1..all.end).take_while(next).count()
    };
    let equal = reach(0);
    if equal > all.start + 1 || all.len() < 3 {
        return (equal, 0);
    }
    let step = value(all.start + 1).wrapping_sub(value(all.start));
    match reach(step) {
        // Two values are always at some distance.
        end if step < 1 << 16 && end > all.start + 2 => (end, step),
        _ => (equal, 0),
    }
}

fn looped(case: &Case, laid: &Laid, range: &Range<usize>, runs: &[&Run]) -> String {
    let (name, start) = base(case, laid.region(0));
    let (tabs, base, index) = match range.len() {
        1 => (1, (name, start + range.start * laid.each), range.start.to_string()),
        _ => (2, ("e", 0), "i".to_owned()),
    };
    let mut text = String::new();
    for (_, piece, step) in runs {
        let mut arguments = vec![pointer((base.0, base.1 + piece.at)), piece.len.to_string()];
        if piece.value == Value::Open {
            let left = call(tabs, "left_open", &arguments);
            text.push_str(&remarked(&left, tabs, &piece.name));
            continue;
        }
        let mut name = title(laid.region(range.start));
        if index != "i" {
            name = name.replace("%d", &index);
        }
        if !piece.name.is_empty() {
            name = format!("{name}.{}", piece.name);
        }
        let function = if piece.value == Value::Zeros { "expect_zeros" } else { "expect" };
        if piece.value != Value::Zeros {
            arguments.push(piece.value.text(piece.len, *step, range.start));
        }
        arguments.push(format!("\"{name}\""));
        if name.contains("%d") {
            arguments.push(index.clone());
        }
        text.push_str(&call(tabs, function, &arguments));
    }
    if tabs == 1 {
        return text;
    }
    format!(
        "\tfor (int i = {}; i < {}; i++) {{\n\t\tconst unsigned char *e = {} + {} * i;\n\n{text}\t}}\n",
        range.start,
        range.end,
        pointer((name, start)),
        laid.each
    )
}

fn pointer((name, offset): Pointer) -> String {
    if offset == 0 { name.to_owned() } else { format!("{name} + {offset}") }
}
