//! A drawing in characters: no more than 100 columns, readable without colour.

use std::collections::BTreeSet;
use std::ops::Range;

use anstyle::{AnsiColor, Style};

use super::elements::{Drawing, Ground, Kind, Lane, Run, Tone};
use super::layout::COLUMNS;
use super::marks;
use crate::terminal::style::{dim, head, odd, styled, wrapped};

/// Columns for the names of rows.
const NAMES: usize = 10;

/// The drawing, with its legend.
pub(crate) fn terminal(drawing: &Drawing) -> String {
    let mut text = String::new();
    for lane in &drawing.lanes {
        if !text.is_empty() {
            text.push('\n');
        }
        self::lane(lane, &mut text);
    }
    for remark in &drawing.remarks {
        text.push_str(&odd(&wrapped(remark, "  ", 96)));
    }
    text.push('\n');
    text.push_str(&legend(drawing));
    text
}

fn lane(lane: &Lane, text: &mut String) {
    let scale = match lane.scale {
        1 => "one column is 1 byte".to_owned(),
        bytes => format!("one column is {bytes} bytes"),
    };
    text.push_str(&format!("  {}{}\n", head(&lane.title), dim(&format!("; {scale}"))));
    let row = |name: &str, canvas: Canvas, text: &mut String| {
        text.push_str(&format!(
            "  {}{}\n",
            dim(&format!("{name:<width$}", width = NAMES - 2)),
            canvas.line()
        ));
    };
    for (number, room) in lane.rooms.iter().enumerate() {
        let name = if number == 0 { "declared" } else { "" };
        row(name, lane.room(room), text);
    }
    for (number, track) in lane.tracks.iter().enumerate() {
        row(if number == 0 { "memory" } else { "" }, lane.track(track), text);
    }
    if !lane.changed.is_empty() || lane.fault.is_some() {
        row("changed", lane.changes(), text);
    }
    if !lane.differing.is_empty() {
        let mut canvas = Canvas::new();
        lane.differing.iter().for_each(|range| canvas.fill(lane.columns(range), '!', red()));
        row("differs", canvas, text);
    }
    row("pages", lane.ground(), text);
    lane.callouts(text);
}

impl Lane {
    fn column(&self, at: usize) -> usize {
        at.saturating_sub(self.window.start) / self.scale
    }

    /// All columns that bytes of a range are in.
    fn columns(&self, range: &Range<usize>) -> Range<usize> {
        if range.is_empty() {
            return 0..0;
        }
        self.column(range.start)..(self.column(range.end - 1) + 1).min(COLUMNS)
    }

    /// The columns that begin in a range: those that share none with a neighbour.
    fn whole_columns(&self, range: &Range<usize>) -> Range<usize> {
        let first = range.start.saturating_sub(self.window.start).div_ceil(self.scale);
        let end = range.end.saturating_sub(self.window.start).div_ceil(self.scale);
        first..end.min(COLUMNS)
    }

    fn room(&self, room: &super::elements::Room) -> Canvas {
        let mut canvas = Canvas::new();
        let columns = self.columns(&room.range);
        canvas.fill(columns.clone(), '─', Style::new());
        canvas.put(columns.start, '├');
        if columns.len() > 1 {
            canvas.put(columns.end - 1, if room.open { '→' } else { '┤' });
        }
        let name = format!(" {} ", room.name);
        if name.chars().count() + 2 <= columns.len() {
            canvas.centre(columns, &name, Style::new());
        } else {
            canvas.text(columns.end, &name, Style::new());
        }
        canvas
    }

    fn track(&self, track: &[Run]) -> Canvas {
        let mut canvas = Canvas::new();
        // What is smaller than a column must not be lost below its neighbours.
        let mut runs: Vec<&Run> = track.iter().collect();
        runs.sort_by_key(|run| std::cmp::Reverse(run.range().len()));
        for run in runs {
            for number in 0..run.count.min(1 + self.window.len()) {
                let columns = match self.whole_columns(&run.one(number)) {
                    columns if columns.is_empty() && run.count == 1 => {
                        self.columns(&run.one(number))
                    }
                    columns => columns,
                };
                canvas.fill(columns, fill(run, number), look(run.kind));
            }
            let chars = |range: &Range<usize>| self.whole_columns(range).len();
            for (range, label) in self.labels(run, chars) {
                canvas.centre(
                    self.whole_columns(&range),
                    &format!(" {label} "),
                    look(run.kind).bold(),
                );
            }
        }
        canvas
    }

    fn changes(&self) -> Canvas {
        let mut canvas = Canvas::new();
        self.changed.iter().for_each(|range| {
            canvas.fill(self.columns(range), '█', AnsiColor::Green.on_default());
        });
        if let Some(at) = self.fault {
            canvas.fill(self.columns(&(at..at + 1)), 'X', red());
        }
        canvas
    }

    fn ground(&self) -> Canvas {
        let mut canvas = Canvas::new();
        for pages in &self.pages {
            let columns = self.whole_columns(&pages.range);
            let style = match pages.ground {
                Ground::Writable => Style::new().dimmed(),
                _ => AnsiColor::Yellow.on_default(),
            };
            canvas.fill(columns.clone(), texture(pages.ground), style);
            let name = format!(" {} ", pages.ground.name());
            if name.len() <= columns.len() {
                canvas.centre(columns, &name, style);
            }
        }
        canvas
    }

    fn callouts(&self, text: &mut String) {
        let columns = marks::by_column(&self.marks, |at| self.column(at).min(COLUMNS - 1));
        let (placed, listed) = marks::place(columns, COLUMNS + 2);
        let rows = placed.iter().map(marks::Placement::bottom).max().unwrap_or(0);
        for row in 0..rows {
            let mut canvas = Canvas::new();
            for one in &placed {
                let (at, style) = (one.words.at, tone(one.words.tone()));
                let Some(number) = row.checked_sub(one.row) else {
                    canvas.fill(at..at + 1, '│', style);
                    continue;
                };
                let Some((line, loud)) = one.words.lines.get(number) else { continue };
                let corner = if number > 0 {
                    ' '
                } else if one.is_left() {
                    '┘'
                } else {
                    '└'
                };
                canvas.fill(at..at + 1, corner, style);
                let start = if one.is_left() { at - 1 - line.chars().count() } else { at + 2 };
                canvas.text(start, line, tone(*loud));
            }
            text.push_str(&format!("{:NAMES$}{}\n", "", canvas.line()));
        }
        for words in listed {
            for (line, loud) in &words.lines {
                text.push_str(&format!("{:NAMES$}{}\n", "", styled(tone(*loud), line)));
            }
        }
    }
}

/// What only occurs in this drawing, with its sign.
fn legend(drawing: &Drawing) -> String {
    let lanes = || drawing.lanes.iter();
    let runs = || lanes().flat_map(|lane| lane.tracks.iter().flatten());
    let mut words: Vec<String> = Vec::new();
    for kind in Kind::ALL {
        let Some(run) = runs().find(|run| run.kind == kind) else { continue };
        let several = runs().any(|run| run.kind == kind && run.count > 1);
        let signs = match several {
            true => format!("{}{}", fill(run, 0), fill(run, 1)),
            false => fill(run, 0).to_string(),
        };
        words.push(format!("{signs} {}", kind.name()));
    }
    if lanes().any(|lane| !lane.changed.is_empty()) {
        words.push("█ changed".into());
    }
    if lanes().any(|lane| lane.fault.is_some()) {
        words.push("X fault".into());
    }
    if lanes().any(|lane| !lane.differing.is_empty()) {
        words.push("! model and kernel differ".into());
    }
    let grounds: BTreeSet<Ground> =
        lanes().flat_map(|lane| &lane.pages).map(|pages| pages.ground).collect();
    words.extend(grounds.iter().map(|ground| format!("{} {}", texture(*ground), ground.name())));
    let mut lines = vec![String::new()];
    for word in words {
        let (used, len) =
            (lines.last().map_or(0, |line| line.chars().count()), word.chars().count());
        match lines.last_mut() {
            Some(line) if used == 0 => line.push_str(&word),
            Some(line) if used + 3 + len <= 96 => *line += &format!("   {word}"),
            _ => lines.push(word),
        }
    }
    lines.iter().map(|line| format!("  {}\n", dim(line))).collect()
}

/// The character of a thing: neighbours of one kind differ.
fn fill(run: &Run, number: usize) -> char {
    match run.kind {
        Kind::Length => 'L',
        Kind::Header => '#',
        Kind::HeaderTail => '~',
        Kind::Structure => '%',
        Kind::Element if number.is_multiple_of(2) => '=',
        Kind::Element => '-',
        Kind::Slack => '.',
        Kind::Beyond => ':',
    }
}

fn texture(ground: Ground) -> char {
    match ground {
        Ground::Writable => '─',
        Ground::ReadOnly => '▒',
        Ground::NoAccess => '░',
        Ground::Unmapped => '╳',
    }
}

fn look(kind: Kind) -> Style {
    match kind {
        Kind::Length => AnsiColor::Magenta.on_default(),
        Kind::Header => AnsiColor::Cyan.on_default(),
        Kind::HeaderTail => AnsiColor::Cyan.on_default().dimmed(),
        Kind::Structure => AnsiColor::Blue.on_default(),
        Kind::Element => AnsiColor::Green.on_default(),
        Kind::Slack | Kind::Beyond => Style::new().dimmed(),
    }
}

fn tone(tone: Tone) -> Style {
    match tone {
        Tone::Plain => Style::new(),
        Tone::Fault | Tone::Differs => red(),
    }
}

fn red() -> Style {
    AnsiColor::Red.on_default().bold()
}

/// One line of styled characters.
struct Canvas(Vec<(char, Style)>);

impl Canvas {
    fn new() -> Canvas {
        Canvas(Vec::new())
    }

    fn fill(&mut self, columns: Range<usize>, sign: char, style: Style) {
        for column in columns {
            if self.0.len() <= column {
                self.0.resize(column + 1, (' ', Style::new()));
            }
            self.0[column] = (sign, style);
        }
    }

    fn put(&mut self, column: usize, sign: char) {
        self.fill(column..column + 1, sign, Style::new());
    }

    fn text(&mut self, start: usize, text: &str, style: Style) {
        for (column, sign) in (start..).zip(text.chars()) {
            self.fill(column..column + 1, sign, style);
        }
    }

    /// A label in the middle of some columns, if there is room for it.
    fn centre(&mut self, columns: Range<usize>, text: &str, style: Style) {
        let len = text.chars().count();
        if len <= columns.len() {
            self.text(columns.start + (columns.len() - len) / 2, text, style);
        }
    }

    /// The line, characters of one style together, without spaces at its end.
    fn line(&self) -> String {
        let end = self.0.iter().rposition(|(sign, _)| *sign != ' ').map_or(0, |last| last + 1);
        let mut line = String::new();
        for group in self.0[..end].chunk_by(|one, next| one.1 == next.1) {
            let signs: String = group.iter().map(|(sign, _)| sign).collect();
            let style = group[0].1;
            if style == Style::new() {
                line.push_str(&signs);
            } else {
                line.push_str(&styled(style, &signs));
            }
        }
        line
    }
}

#[cfg(test)]
mod tests;
