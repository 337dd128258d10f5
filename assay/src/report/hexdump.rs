//! What a call did to memory, as a person looks at it.
//!
//! Offsets are counted from the start of the street, as in a case's `Display`.
//! `..` is a byte that nobody touched, `??` one that the model leaves open.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::ops::Range;

use mptcp_emulator::{OpenReason, Revision};

use mptcp_harness::cases::Case;
use mptcp_harness::judge::evidence::Examination;
use mptcp_harness::judge::region::{Map, Region, Spot};
use mptcp_harness::memory::layout;

/// Bytes in a row.
const ROW: usize = 16;

/// Rows with differences that are drawn, in a mail fewer; what a reader has not
/// understood by then, more rows do not tell.
const MOST_ROWS: usize = 24;
const MOST_IN_A_MAIL: usize = 5;

/// Rows alike that are drawn, one below the other.
const MOST_ALIKE: usize = 2;

/// Columns of a row's offset, name and bytes; what is left is for names.
const BYTES: usize = 70;
/// Columns before names in a line of their own.
const INDENT: usize = 12;

const RED: &str = "\u{1b}[31m";
const GREEN: &str = "\u{1b}[32m";
const DIM: &str = "\u{1b}[2m";
const PLAIN: &str = "\u{1b}[0m";

/// One examination, ready to be drawn.
pub struct Hexdump<'a> {
    map: Map,
    examination: &'a Examination,
    input: [Range<usize>; 2],
    colour: bool,
    /// What the images are called.
    labels: [&'static str; 3],
    /// How wide it may be.
    columns: usize,
    /// Rows with differences that are drawn.
    rows: usize,
}

/// Which image of the street a row shows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Image {
    Before,
    Predicted,
    Observed,
}

impl<'a> Hexdump<'a> {
    /// A picture of a case's examination on a kernel, on a socket with so many
    /// subflows; with terminal colours if `colour` says so.
    pub fn new(
        case: &Case,
        revision: &Revision,
        subflows: usize,
        examination: &'a Examination,
        colour: bool,
    ) -> Hexdump<'a> {
        let range = |at: Option<usize>, len: usize| at.map_or(0..0, |at| at..at + len);
        let (_, input) = case.input_bytes(0);
        Hexdump {
            map: Map::new(case, revision, subflows),
            examination,
            input: [range(case.optval.offset(), input), range(case.optlen.offset(), 4)],
            colour,
            labels: ["before", "predicted", "observed"],
            columns: 100,
            rows: MOST_ROWS,
        }
    }

    /// The same for a mail, in which the images have other names: of no more than
    /// nine letters each.
    #[must_use]
    pub fn narrow(self, labels: [&'static str; 3]) -> Hexdump<'a> {
        Hexdump { labels, columns: 80, rows: MOST_IN_A_MAIL, ..self }
    }

    /// The rows around all bytes that differ, before, predicted and observed.
    /// Empty where no byte differs.
    pub fn differences(&self) -> String {
        let mismatch = self.examination.mismatch().into_iter();
        let bytes: BTreeSet<usize> =
            mismatch.flat_map(|mismatch| mismatch.bytes.iter().copied()).collect();
        let differing: BTreeSet<usize> = bytes.iter().map(|at| at / ROW).collect();
        let drawn = self.chosen(&differing, &bytes);
        let around: BTreeSet<usize> = drawn
            .iter()
            .flat_map(|row| row.saturating_sub(1)..row + 2)
            .filter(|row| row * ROW < layout::LEN)
            .filter(|row| drawn.contains(row) || !differing.contains(row))
            .collect();
        let mut text = String::new();
        let mut last = None;
        for row in around {
            if last.is_some_and(|last| last + 1 != row) {
                text.push_str("          …\n");
            }
            last = Some(row);
            self.edge(row * ROW, &mut text);
            if drawn.contains(&row) {
                self.differing_row(row * ROW, &bytes, &mut text);
            } else {
                self.common_row(row * ROW, &mut text);
            }
        }
        let left = bytes.iter().filter(|at| !drawn.contains(&(*at / ROW))).count();
        if left > 0 {
            let _ = writeln!(text, "          … {left} more differing bytes");
        }
        text
    }

    /// The rows to draw: not too many, and of rows with the same names, one
    /// below the other, only the first.
    fn chosen(&self, differing: &BTreeSet<usize>, bytes: &BTreeSet<usize>) -> BTreeSet<usize> {
        let mut alike = 0;
        let mut last: Option<(usize, String)> = None;
        let fresh = |row: &&usize| {
            let start = **row * ROW;
            let names =
                self.names((start..start + ROW).filter(|at| bytes.contains(at)), self.below());
            let same =
                last.as_ref().is_some_and(|(above, known)| above + 1 == **row && *known == names);
            alike = if same { alike + 1 } else { 0 };
            last = Some((**row, names));
            alike < MOST_ALIKE
        };
        let mut rows: Vec<usize> = differing.iter().filter(fresh).copied().collect();
        // What the negotiation is about says more than what is in a buffer.
        let tells = |row: &usize| {
            let regions = (row * ROW..(row + 1) * ROW).filter(|at| bytes.contains(at));
            let mut regions = regions.map(|at| self.map.spot(at).region);
            regions.any(|region| matches!(region, Region::Length | Region::Header))
        };
        rows.sort_by_key(|row| !tells(row));
        rows.into_iter().take(self.rows).collect()
    }

    /// Every field that was written, left open or given as input, a line each,
    /// no more than `most`; and what the kernel put there, where that is
    /// something else.
    pub fn written(&self, most: usize) -> String {
        let runs = self.runs();
        let mut text = String::new();
        for run in runs.iter().take(most) {
            self.field(run, &mut text);
        }
        let left: usize = runs.iter().skip(most).map(Range::len).sum();
        if left > 0 {
            let _ = writeln!(text, "  … {left} more bytes");
        }
        text
    }

    /// Says where the program's rights change.
    fn edge(&self, row: usize, text: &mut String) {
        let stretch = layout::stretch(row);
        if stretch.start == row {
            let _ = writeln!(text, "{row:#08x}  ──── here begins a {} ────", stretch.what());
        }
    }

    fn differing_row(&self, row: usize, bytes: &BTreeSet<usize>, text: &mut String) {
        let images = [Image::Before, Image::Predicted, Image::Observed];
        for (image, name) in images.into_iter().zip(self.labels) {
            let start = match image {
                Image::Before => format!("{row:#08x}"),
                _ => " ".repeat(8),
            };
            let _ = write!(text, "{start}  {name:<9} ");
            for at in row..row + ROW {
                let colour = match image {
                    Image::Before => DIM,
                    Image::Predicted => GREEN,
                    Image::Observed => RED,
                };
                let marked = bytes.contains(&at) || image == Image::Before;
                self.byte(image, at, marked.then_some(colour), text);
            }
            text.push('\n');
        }
        let mut marks = " ".repeat(20);
        for at in row..row + ROW {
            marks.push_str(if bytes.contains(&at) { " ^^" } else { "   " });
        }
        let names = self.names((row..row + ROW).filter(|at| bytes.contains(at)), self.below());
        if names.chars().count() <= self.columns - BYTES - 2 {
            let _ = writeln!(text, "{marks}  {names}");
        } else {
            let _ = writeln!(text, "{}\n{:INDENT$}{names}", marks.trim_end(), "");
        }
    }

    /// A row in which prediction and observation do not differ.
    fn common_row(&self, row: usize, text: &mut String) {
        let _ = write!(text, "{row:#08x}  both      ");
        for at in row..row + ROW {
            self.byte(Image::Predicted, at, None, text);
        }
        let written = (row..row + ROW).filter(|at| !self.untouched(Image::Predicted, *at));
        let names = self.names(written, self.columns - BYTES - 2);
        text.push_str(if names.is_empty() { "" } else { "  " });
        let _ = writeln!(text, "{names}");
    }

    fn byte(&self, image: Image, at: usize, colour: Option<&str>, text: &mut String) {
        let bytes = self.image(image);
        let open = image == Image::Predicted && self.open(at).is_some();
        let word = match bytes.get(at) {
            _ if open => "??".to_owned(),
            _ if image != Image::Before && self.untouched(image, at) => "..".to_owned(),
            Some(byte) => format!("{byte:02x}"),
            None => "--".to_owned(),
        };
        let _ = match colour {
            Some(colour) if self.colour => write!(text, " {colour}{word}{PLAIN}"),
            _ => write!(text, " {word}"),
        };
    }

    /// What stands at some offsets: names, each once, no more than there is
    /// room for, but one in any case.
    fn names(&self, offsets: impl Iterator<Item = usize>, room: usize) -> String {
        let mut names = String::new();
        let mut last: Option<Spot> = None;
        for at in offsets {
            let spot = self.map.spot(at);
            let known = |last: &Spot| last.region == spot.region && last.field == spot.field;
            if last.as_ref().is_some_and(known) || spot.region == Region::Elsewhere {
                continue;
            }
            // The region once, then the fields of it.
            let name = match spot.field {
                Some(field) if last.is_some_and(|last| last.region == spot.region) => {
                    format!(", {field}")
                }
                _ if names.is_empty() => spot.to_string(),
                _ => format!("; {spot}"),
            };
            if !names.is_empty() && names.len() + name.len() > room {
                names.push_str(", …");
                break;
            }
            names.push_str(&name);
            last = Some(spot);
        }
        names
    }

    /// Columns for names in a line of their own.
    fn below(&self) -> usize {
        self.columns - INDENT - 4
    }

    /// Neighbouring bytes worth showing, of one field each.
    fn runs(&self) -> Vec<Range<usize>> {
        let mut runs: Vec<Range<usize>> = Vec::new();
        let mut last: Option<Spot> = None;
        for at in 0..layout::LEN {
            let input = self.input.iter().any(|range| range.contains(&at));
            let still = self.untouched(Image::Predicted, at)
                && (self.examination.observed.is_none() || self.untouched(Image::Observed, at));
            if still && !input {
                // Fields that keep their old bytes by chance stay whole: they
                // are filled up below.
                continue;
            }
            let spot = self.map.spot(at);
            let same =
                last.is_some_and(|last| last.region == spot.region && last.field == spot.field);
            match runs.last_mut() {
                Some(run) if same && at - run.end < 8 => run.end = at + 1,
                _ => {
                    let start = if spot.field.is_some() { at - spot.byte } else { at };
                    runs.push(start..at + 1);
                }
            }
            last = Some(spot);
        }
        runs
    }

    fn field(&self, run: &Range<usize>, text: &mut String) {
        let spot = self.map.spot(run.start);
        for (start, first) in run.clone().step_by(ROW).zip((0..).map(|row| row == 0)) {
            let end = run.end.min(start + ROW);
            let name = if first { spot.to_string() } else { String::new() };
            let _ = write!(text, "  {start:#08x}  {name:<38}");
            let colour = (self.map.spot(start).region == Region::Length).then_some(GREEN);
            for at in start..end {
                self.shown(at, colour, text);
            }
            if first {
                self.remark(run, text);
            }
            text.push('\n');
            let differs = |at: &usize| self.differs(*at);
            if (start..end).any(|at| differs(&at)) {
                let _ = write!(text, "  {:8}  {:<38}", "", "  observed");
                for at in start..end {
                    self.byte(Image::Observed, at, differs(&at).then_some(RED), text);
                }
                text.push('\n');
            }
        }
    }

    /// A byte of the prediction; input that stays is shown, and not as `..`.
    fn shown(&self, at: usize, colour: Option<&str>, text: &mut String) {
        let input = self.input.iter().any(|range| range.contains(&at));
        if input && self.open(at).is_none() {
            let byte = self.examination.prediction.get(at).copied().unwrap_or(0);
            let _ = match colour {
                Some(colour) if self.colour => write!(text, " {colour}{byte:02x}{PLAIN}"),
                _ => write!(text, " {byte:02x}"),
            };
        } else {
            self.byte(Image::Predicted, at, colour, text);
        }
    }

    /// The value of a short field, what it was as input, why it is open.
    fn remark(&self, run: &Range<usize>, text: &mut String) {
        let region = self.map.spot(run.start).region;
        let number = |image: Image| -> Option<String> {
            let bytes = self.image(image).get(run.clone())?;
            let number = bytes.iter().rev().fold(0, |all, byte| all << 8 | u64::from(*byte));
            (bytes.len() <= 8).then(|| value(number, region))
        };
        if let Some(why) = run.clone().find_map(|at| self.open(at)) {
            let _ = write!(text, "  open: {}", why.text());
            if let Some(observed) = number(Image::Observed) {
                let _ = write!(text, "; here {observed}");
            }
            return;
        }
        let Some(after) = number(Image::Predicted) else {
            return;
        };
        let _ = write!(text, "  = {after}");
        let is_input = self.input.iter().any(|range| range.contains(&run.start));
        let before = number(Image::Before).filter(|before| is_input && *before != after);
        if let Some(before) = before {
            let _ = write!(text, ", was {before}");
        }
    }

    fn image(&self, image: Image) -> &[u8] {
        match image {
            Image::Before => &self.examination.before,
            Image::Predicted => &self.examination.prediction,
            Image::Observed => self.examination.observation().unwrap_or_default(),
        }
    }

    fn open(&self, at: usize) -> Option<OpenReason> {
        OpenReason::from_mask(self.examination.mask.get(at).copied().unwrap_or(0))
    }

    fn untouched(&self, image: Image, at: usize) -> bool {
        let open = image == Image::Predicted && self.open(at).is_some();
        !open && self.image(image).get(at) == self.examination.before.get(at)
    }

    fn differs(&self, at: usize) -> bool {
        let mismatch = self.examination.mismatch();
        mismatch.is_some_and(|mismatch| mismatch.bytes.binary_search(&at).is_ok())
    }
}

/// A number as a reader wants it: lengths with their sign, and what is too
/// long for a size, an address or a sequence number, in hexadecimal.
fn value(number: u64, region: Region) -> String {
    match u32::try_from(number) {
        Ok(short) if region == Region::Length => short.cast_signed().to_string(),
        Ok(short) => short.to_string(),
        Err(_) => format!("{number:#x}"),
    }
}

#[cfg(test)]
mod tests;
