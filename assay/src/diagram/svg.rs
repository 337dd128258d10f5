//! A drawing as an `<svg>` element, in the colours of the page that it is part of.

use std::collections::BTreeSet;
use std::ops::Range;

use maud::{Markup, html};

use super::elements::{Drawing, Ground, Kind, Lane, Pages, Room, Run, Tone};
use super::marks;
use crate::terminal::style::wrapped;

/// Width of a drawing, in pixels.
pub(crate) const WIDTH: u32 = 900;

/// Where lanes begin, and how wide they are.
const LEFT: f64 = 84.0;
const ROOM: f64 = 800.0;

/// The most that one byte takes.
const WIDEST_BYTE: f64 = 8.0;

/// A character of 12 pixels, with some air for fonts that run wide.
const CHARACTER: f64 = 7.4;

/// What is narrower has no border, in pixels.
const NARROW: f64 = 6.0;

/// Heights of rows, in pixels.
const TITLE: f64 = 24.0;
const LINE: f64 = 17.0;
const BAR: f64 = 26.0;
const THIN: f64 = 10.0;
const GAP: f64 = 5.0;

/// The looks of all drawings of a page, in a light and in a dark scheme.
pub(crate) const STYLE: &str = "\
.street { --ink: #1b1f24; --soft: #59636e; --line: #8b949e; --paper: #ffffff;
  --header: #54aeff; --tail: #b6e3ff; --structure: #c297ff; --even: #4ac26b; --odd: #aceebb;
  --length: #ff80c8; --slack: #d8dee4; --ground: #f3f5f7; --warn: #d4a72c; --bad: #cf222e;
  --on: #0b1a2b; color: var(--ink); background: var(--paper); }
@media (prefers-color-scheme: dark) {
.street { --ink: #e6edf3; --soft: #9198a1; --line: #6e7681; --paper: #0d1117;
  --header: #1f6feb; --tail: #1f4a7a; --structure: #7d4fd1; --even: #1f7a37; --odd: #124d26;
  --length: #b83b80; --slack: #30363d; --ground: #161b22; --warn: #9e7a1f; --bad: #ff7b72;
  --on: #ffffff; }
}
.street text { font: 12px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace;
  fill: var(--ink); white-space: pre; }
.street .strong { font-weight: 700; }
.street .soft { fill: var(--soft); }
.street .middle { text-anchor: middle; }
.street .right { text-anchor: end; }
.street text.on { fill: var(--on); font-weight: 600; }
.street text.bad { fill: var(--bad); font-weight: 700; }
.street text.fault { font-size: 15px; }
.street rect { shape-rendering: crispEdges; }
.street path { fill: none; stroke: var(--line); }
.street path.bad { stroke: var(--bad); stroke-width: 1.5; }
.street path.hatch { stroke: var(--warn); stroke-width: 2; }
.street path.faint { stroke: var(--line); stroke-width: 1.5; }
.street .header { fill: var(--header); } .street .tail { fill: var(--tail); }
.street .structure { fill: var(--structure); } .street .length { fill: var(--length); }
.street .element { fill: var(--even); } .street .element.odd { fill: var(--odd); }
.street .thing { stroke: var(--paper); } .street .thing.narrow { stroke: none; } .street .slack { fill: var(--slack); }
.street .beyond { fill: none; stroke: var(--line); stroke-dasharray: 3 3; }
.street .ground { fill: var(--ground); stroke: var(--line); }
.street .changed { fill: var(--ink); } .street rect.bad { fill: var(--bad); }
";

/// The drawing alone, to stand in a page that has [`STYLE`].
pub(crate) fn svg(drawing: &Drawing) -> String {
    element(drawing).0.into_string()
}

/// How high it is, in pixels.
pub(crate) fn height(drawing: &Drawing) -> f64 {
    element(drawing).1
}

fn element(drawing: &Drawing) -> (Markup, f64) {
    let mut at = 0.0;
    let mut lanes = Vec::new();
    for lane in &drawing.lanes {
        let sheet = Sheet::new(lane, &drawing.id, at);
        let (markup, end) = sheet.lane();
        lanes.push(markup);
        at = end + 12.0;
    }
    let mut remarks = Vec::new();
    for remark in &drawing.remarks {
        for line in wrapped(remark, "", 112).lines() {
            at += LINE;
            remarks.push(html! { text.soft x="8" y=(px(at)) { (line) } });
        }
    }
    let (legend, height) = legend(drawing, at + 8.0);
    let title = format!("{}-title", drawing.id);
    let markup = html! {
        svg.street xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby=(title)
            width=(WIDTH) height=(px(height)) viewBox=(format!("0 0 {WIDTH} {}", px(height))) {
            title id=(title) { (drawing.title) }
            (patterns(&drawing.id))
            @for lane in &lanes { (lane) }
            @for remark in &remarks { (remark) }
            (legend)
        }
    };
    (markup, height)
}

/// Patterns, so that nothing is distinguished by its colour alone.
fn patterns(id: &str) -> Markup {
    let pattern = |name: &str, class: &str, path: &str| {
        html! {
            pattern id=(format!("{id}-{name}")) width="8" height="8" patternUnits="userSpaceOnUse" {
                path class=(class) d=(path) {}
            }
        }
    };
    html! {
        defs {
            (pattern("read-only", "hatch", "M0 8 L8 0 M-2 2 L2 -2 M6 10 L10 6"))
            (pattern("no-access", "hatch", "M0 0 L8 8 M0 8 L8 0"))
            (pattern("unmapped", "hatch", "M4 0 V4 M0 6 H4"))
            (pattern("tail", "faint", "M0 8 L8 0 M-2 2 L2 -2 M6 10 L10 6"))
            (pattern("slack", "faint", "M3 4 H5"))
        }
    }
}

/// One lane on its way down the page.
struct Sheet<'a> {
    lane: &'a Lane,
    id: &'a str,
    top: f64,
    /// Pixels of a byte.
    byte: f64,
}

impl<'a> Sheet<'a> {
    fn new(lane: &'a Lane, id: &'a str, top: f64) -> Sheet<'a> {
        let byte = (ROOM / lane.window.len().max(1) as f64).min(WIDEST_BYTE);
        Sheet { lane, id, top, byte }
    }

    fn x(&self, at: usize) -> f64 {
        LEFT + at.saturating_sub(self.lane.window.start) as f64 * self.byte
    }

    /// Left end and width of a range, at least so many pixels.
    fn across(&self, range: &Range<usize>, least: f64) -> (f64, f64) {
        let end = range.end.min(self.lane.window.end);
        let (left, right) = (self.x(range.start.max(self.lane.window.start)), self.x(end));
        (left, (right - left).max(least))
    }

    /// The lane, and where it ends.
    fn lane(&self) -> (Markup, f64) {
        let lane = self.lane;
        let mut y = self.top + 16.0;
        let mut rows = vec![html! { text x="8" y=(px(y)) {
            tspan.strong { (lane.title) }
            tspan.soft { "; " (scale(lane, self.byte)) }
        } }];
        y = self.top + TITLE;
        for (number, room) in lane.rooms.iter().enumerate() {
            rows.push(self.name(if number == 0 { "declared" } else { "" }, y + 12.0));
            rows.push(self.room(room, y));
            y += LINE;
        }
        for (number, track) in lane.tracks.iter().enumerate() {
            rows.push(self.name(if number == 0 { "memory" } else { "" }, y + 17.0));
            // What is small must not be lost below its neighbours.
            let mut runs: Vec<&Run> = track.iter().collect();
            runs.sort_by_key(|run| std::cmp::Reverse(run.range().len()));
            rows.extend(runs.into_iter().map(|run| self.run(run, y)));
            y += BAR + 2.0;
        }
        if !lane.changed.is_empty() || lane.fault.is_some() {
            y += 2.0;
            rows.push(self.name("changed", y + 9.0));
            rows.extend(lane.changed.iter().map(|range| self.bar(range, "changed", y, THIN, 1.5)));
            if let Some(at) = lane.fault {
                let x = px(self.x(at));
                rows.push(html! { text.bad.fault x=(x) y=(px(y + 10.5)) { "✗" } });
            }
            y += THIN + GAP;
        }
        if !lane.differing.is_empty() {
            rows.push(self.name("differs", y + 10.0));
            let bars = lane.differing.iter();
            rows.extend(bars.map(|range| self.bar(range, "bad", y, THIN + 2.0, 3.0)));
            y += THIN + 2.0 + GAP;
        }
        rows.push(self.name("pages", y + 12.0));
        rows.extend(lane.pages.iter().map(|pages| self.pages(pages, y)));
        y += LINE;
        let (words, end) = self.callouts(y + 1.0);
        (html! { g { @for row in &rows { (row) } (words) } }, end)
    }

    fn name(&self, name: &str, y: f64) -> Markup {
        html! { text.soft.right x=(px(LEFT - 10.0)) y=(px(y)) { (name) } }
    }

    fn bar(&self, range: &Range<usize>, class: &str, y: f64, height: f64, least: f64) -> Markup {
        let (x, width) = self.across(range, least);
        html! { rect class=(class) x=(px(x)) y=(px(y)) width=(px(width)) height=(px(height)) {} }
    }

    fn room(&self, room: &Room, y: f64) -> Markup {
        let (x, width) = self.across(&room.range, 1.0);
        let (end, middle) = (x + width, y + 8.0);
        let close = if room.open {
            format!("M{} {} l-6 -4 m6 4 l-6 4", px(end), px(middle))
        } else {
            format!("M{} {} v8", px(end), px(middle - 4.0))
        };
        let path = format!(
            "M{} {} v8 M{} {} H{} {close}",
            px(x),
            px(middle - 4.0),
            px(x),
            px(middle),
            px(end)
        );
        let text = CHARACTER * room.name.chars().count() as f64;
        html! {
            path d=(path) {}
            @if text + 24.0 < width {
                // A gap in the line, for its name.
                rect x=(px(x + width / 2.0 - text / 2.0 - 4.0)) y=(px(y)) width=(px(text + 8.0)) height="16"
                    style="fill: var(--paper)" {}
                text.middle x=(px(x + width / 2.0)) y=(px(y + 12.0)) { (room.name) }
            } @else if end + 8.0 + text < LEFT + ROOM + 8.0 {
                text x=(px(end + 8.0)) y=(px(y + 12.0)) { (room.name) }
            }
        }
    }

    fn run(&self, run: &Run, y: f64) -> Markup {
        let chars = |range: &Range<usize>| (self.across(range, 0.0).1 / CHARACTER) as usize;
        let numbers = 0..run.count.min(1 + self.lane.window.len());
        let seen = numbers.filter(|number| {
            let one = run.one(*number);
            one.start < self.lane.window.end && one.end > self.lane.window.start
        });
        let odd = |number: usize| run.kind == Kind::Element && number % 2 == 1;
        // A border would be all there is to see of what is narrow.
        let narrow = if self.across(&run.one(0), 0.0).1 < NARROW { " narrow" } else { "" };
        let class = |number| {
            let odd = if odd(number) { " odd" } else { "" };
            format!("thing {}{odd}{narrow}", run.kind.class())
        };
        let on = match run.kind {
            Kind::Slack | Kind::Beyond => "middle",
            _ => "middle on",
        };
        html! {
            @for number in seen { (self.bar(&run.one(number), &class(number), y, BAR, NARROW / 2.0)) }
            @if let Some(name) = run.kind.hatch() { (self.hatched(&run.range(), name, y, BAR)) }
            @for (range, label) in self.lane.labels(run, chars) {
                @let (x, width) = self.across(&range, 0.0);
                text class=(on) x=(px(x + width / 2.0)) y=(px(y + 17.0)) { (label) }
            }
        }
    }

    fn hatched(&self, range: &Range<usize>, name: &str, y: f64, height: f64) -> Markup {
        let (x, width) = self.across(range, 0.0);
        html! {
            rect style=(format!("fill: url(#{}-{name})", self.id))
                x=(px(x)) y=(px(y)) width=(px(width)) height=(px(height)) {}
        }
    }

    fn pages(&self, pages: &Pages, y: f64) -> Markup {
        let (x, width) = self.across(&pages.range, 1.0);
        let name = pages.ground.name();
        let text = CHARACTER * name.len() as f64;
        html! {
            (self.bar(&pages.range, "ground", y, LINE, 1.0))
            @if let Some(hatch) = pages.ground.hatch() { (self.hatched(&pages.range, hatch, y, LINE)) }
            @if text + 12.0 < width {
                rect x=(px(x + width / 2.0 - text / 2.0 - 4.0)) y=(px(y + 1.0)) width=(px(text + 8.0)) height="15"
                    style="fill: var(--ground)" {}
                text.middle x=(px(x + width / 2.0)) y=(px(y + 12.5)) { (name) }
            }
        }
    }

    fn callouts(&self, top: f64) -> (Markup, f64) {
        let most = ((ROOM + 12.0) / CHARACTER) as usize;
        let column = |at: usize| ((self.x(at) - LEFT) / CHARACTER) as usize;
        let columns = marks::by_column(&self.lane.marks, column);
        let (placed, listed) = marks::place(columns, most);
        // Lines start at the true place; their texts go by whole characters.
        let place = |column_of: usize| {
            let mut marks = self.lane.marks.iter();
            marks.find(|mark| column(mark.at) == column_of).map_or(LEFT, |mark| self.x(mark.at))
        };
        let rows = placed.iter().map(marks::Placement::bottom).max().unwrap_or(0);
        let below = top + rows as f64 * LINE;
        let loud = |tone: Tone| if tone == Tone::Plain { "" } else { "bad" };
        let spare: Vec<_> = listed.iter().flat_map(|words| &words.lines).collect();
        let end = below + spare.len() as f64 * LINE;
        let markup = html! {
            @for one in &placed {
                @let x = place(one.words.at);
                @let y = top + one.row as f64 * LINE + 10.0;
                @let class = loud(one.words.tone());
                @let (corner, left) = if one.is_left() { ("-5", "right ") } else { ("5", "") };
                path class=(class) d=(format!("M{} {} V{} h{corner}", px(x), px(top), px(y))) {}
                @for (number, (line, tone)) in one.words.lines.iter().enumerate() {
                    @let x = if one.is_left() { x - 8.0 } else { x + 8.0 };
                    @let y = y + 4.0 + number as f64 * LINE;
                    text class=(format!("{left}{}", loud(*tone))) x=(px(x)) y=(px(y)) { (line) }
                }
            }
            @for (number, (text, tone)) in spare.iter().enumerate() {
                @let y = below + number as f64 * LINE + 13.0;
                text class=(loud(*tone)) x=(px(LEFT)) y=(px(y)) { (text) }
            }
        };
        (markup, end)
    }
}

fn scale(lane: &Lane, byte: f64) -> String {
    let window = lane.window.len();
    match byte {
        wide if wide >= 1.0 => format!("{window} bytes shown, {byte:.1} pixels each"),
        _ => format!("{window} bytes shown, {:.1} to a pixel", 1.0 / byte),
    }
}

/// What occurs in this drawing, with its looks; and where it ends.
fn legend(drawing: &Drawing, top: f64) -> (Markup, f64) {
    let lanes = || drawing.lanes.iter();
    let has =
        |kind| lanes().flat_map(|lane| lane.tracks.iter().flatten()).any(|run| run.kind == kind);
    let mut entries: Vec<(&str, Option<&str>, &str)> = Vec::new();
    for kind in Kind::ALL.into_iter().filter(|kind| has(*kind)) {
        entries.push((kind.class(), kind.hatch(), kind.name()));
    }
    if lanes().any(|lane| !lane.changed.is_empty()) {
        entries.push(("changed", None, "changed, as predicted"));
    }
    if lanes().any(|lane| !lane.differing.is_empty()) {
        entries.push(("bad", None, "model and kernel differ"));
    }
    let grounds: BTreeSet<Ground> =
        lanes().flat_map(|lane| &lane.pages).map(|pages| pages.ground).collect();
    let hatched = grounds.into_iter().filter(|ground| ground.hatch().is_some());
    entries.extend(hatched.map(|ground| ("ground", ground.hatch(), ground.name())));
    let (mut x, mut y) = (8.0, top);
    let mut placed = Vec::new();
    for (class, hatch, name) in entries {
        let width = 32.0 + CHARACTER * name.chars().count() as f64;
        if x + width > f64::from(WIDTH) {
            (x, y) = (8.0, y + 20.0);
        }
        placed.push((x, y, class, hatch, name));
        x += width;
    }
    let markup = html! {
        @for (x, y, class, hatch, name) in &placed {
            rect class=(class) x=(px(*x)) y=(px(*y)) width="14" height="12" {}
            @if let Some(hatch) = hatch {
                rect style=(format!("fill: url(#{}-{hatch})", drawing.id)) x=(px(*x)) y=(px(*y)) width="14" height="12" {}
            }
            text.soft x=(px(*x + 20.0)) y=(px(*y + 10.5)) { (name) }
        }
    };
    (markup, y + 24.0)
}

/// A length as SVG has it: tenths of a pixel are enough.
pub(crate) fn px(length: f64) -> String {
    let text = format!("{length:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

#[cfg(test)]
mod tests;
