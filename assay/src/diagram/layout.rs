//! From a case to lanes: which parts of the street are drawn, at what scale, and
//! what is said about them.

use std::ops::Range;

use mptcp_emulator::{Access, PAGE, Revision};
use mptcp_harness::cases::codec;
use mptcp_harness::cases::{Case, option_name};
use mptcp_harness::judge::evidence::Examination;
use mptcp_harness::judge::region::Map;
use mptcp_harness::memory::layout as street_layout;
use mptcp_harness::scenes;

use super::elements::{Drawing, Ground, Kind, Lane, Pages, Room, Run};
use super::things::{self, Anchor};
use super::trace;

/// Columns of a lane, and those of them in front of and behind what it shows.
pub(super) const COLUMNS: usize = 88;
const BEFORE: usize = 2;
const BEHIND: usize = 8;

/// Parts of the street with no more than this between them share a lane, in bytes.
const NEAR: usize = 256;

/// What is longer than this is drawn by its ends, in bytes.
const LONG: usize = 16 * 1024;
const END: usize = 64;

/// What is known of a case before it is cut into lanes.
pub(super) struct Plan<'a> {
    pub(super) case: &'a Case,
    pub(super) examination: &'a Examination,
    pub(super) anchors: Vec<Anchor>,
    pub(super) runs: Vec<Run>,
    pub(super) rooms: Vec<Room>,
    pub(super) changed: Vec<Range<usize>>,
    pub(super) differing: Vec<Range<usize>>,
    pub(super) fault: Option<(usize, &'static str)>,
}

impl Drawing {
    /// The drawing of a case that was examined on a revision, on a socket with so
    /// many subflows.
    pub(crate) fn new(
        case: &Case,
        revision: &Revision,
        subflows: usize,
        examination: &Examination,
    ) -> Drawing {
        let map = Map::new(case, revision, subflows);
        let anchors = things::anchors(case);
        let (runs, lost) = things::runs(case, &map);
        let plan = Plan {
            case,
            examination,
            rooms: anchors.iter().filter_map(things::room).collect(),
            anchors,
            runs,
            changed: trace::changed(&map, examination),
            differing: trace::differing(examination),
            fault: trace::fault(&map, examination),
        };
        let scene = scenes::by_id(case.scene).map_or("an unknown scene", |scene| scene.name);
        let remarks = plan.anchors.iter().filter_map(things::remark).chain(lost).collect();
        Drawing {
            id: format!("case-{:016x}", hash(&codec::encode(case))),
            title: format!(
                "{} with optlen {} on {scene}: memory on {}, to scale",
                option_name(case.option),
                case.length,
                revision.name
            ),
            lanes: plan.windows().into_iter().map(|span| plan.lane(span)).collect(),
            remarks,
        }
    }
}

/// FNV-1a: the same name for the same case, today and tomorrow.
fn hash(bytes: &[u8]) -> u64 {
    let mix = |sum: u64, byte: &u8| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, mix)
}

impl Plan<'_> {
    /// What has to be seen, joined where it is near: the buffer's part first, then
    /// the others as the call names them, then what is anywhere else.
    fn windows(&self) -> Vec<Range<usize>> {
        let mut spans: Vec<Range<usize>> = Vec::new();
        let mut see = |range: Range<usize>| {
            let range = range.start..range.end.min(street_layout::LEN);
            if range.is_empty() {
            } else if range.len() > LONG {
                spans.push(range.start..range.start + END);
                spans.push(range.end - END..range.end);
            } else {
                spans.push(range);
            }
        };
        self.runs.iter().for_each(|run| see(run.range()));
        self.changed.iter().chain(&self.differing).cloned().for_each(&mut see);
        self.fault.iter().for_each(|(at, _)| see(*at..at + 1));
        for room in &self.rooms {
            let far = room.open || room.range.len() > LONG;
            see(if far { room.range.start..room.range.start + END } else { room.range.clone() });
        }
        for at in self.anchors.iter().filter_map(|anchor| anchor.place.offset()) {
            see(at..at + 4);
        }
        spans.sort_by_key(|span| span.start);
        let mut joined: Vec<Range<usize>> = Vec::new();
        for span in spans {
            match joined.last_mut() {
                Some(last) if span.start <= last.end + NEAR => last.end = last.end.max(span.end),
                _ => joined.push(span),
            }
        }
        let named = |window: &Range<usize>| {
            let inside =
                |anchor: &Anchor| anchor.place.offset().is_some_and(|at| window.contains(&at));
            self.anchors.iter().position(inside).unwrap_or(self.anchors.len())
        };
        joined.sort_by_key(|window| (named(window), window.start));
        joined
    }

    fn lane(&self, span: Range<usize>) -> Lane {
        let scale = scale(span.len());
        // What comes first begins with a column, if the street has that many before.
        let start = span.start.saturating_sub(BEFORE * scale);
        let columns = (span.end - start).div_ceil(scale) + BEHIND;
        let window = start..(start + columns * scale).min(street_layout::LEN);
        let cut = |range: &Range<usize>| range.start.max(start)..range.end.min(window.end);
        let meets = |range: &Range<usize>| !cut(range).is_empty();
        let clipped = |ranges: &[Range<usize>]| -> Vec<Range<usize>> {
            ranges.iter().map(cut).filter(|range| !range.is_empty()).collect()
        };
        let rooms: Vec<Room> = self
            .rooms
            .iter()
            .filter(|room| meets(&room.range))
            .map(|room| Room {
                range: cut(&room.range),
                open: room.open || room.range.end > window.end,
                ..room.clone()
            })
            .collect();
        let runs: Vec<Run> = self.runs.iter().filter(|run| meets(&run.range())).cloned().collect();
        let rest = rest(&rooms, &runs, &window);
        let mut lane = Lane {
            title: self.title(&window),
            scale,
            pages: pages(&window),
            rooms,
            tracks: tracks(runs, rest),
            changed: clipped(&self.changed),
            differing: clipped(&self.differing),
            fault: self.fault.map(|(at, _)| at).filter(|at| window.contains(at)),
            marks: Vec::new(),
            window,
        };
        lane.marks = self.marks(&lane, &span);
        lane
    }

    fn title(&self, window: &Range<usize>) -> String {
        let inside =
            |anchor: &&Anchor| anchor.place.offset().is_some_and(|at| window.contains(&at));
        let one = |anchor: &Anchor| {
            let at = anchor.place.offset().unwrap_or(0);
            format!("{} at street+{at:#x}", anchor.name)
        };
        let names: Vec<String> = self.anchors.iter().filter(inside).map(one).collect();
        if names.is_empty() {
            return format!("street+{:#x}", window.start);
        }
        names.join(", ")
    }
}

/// Bytes in a column: few enough to see something, and so many that a lane has
/// room for all and its margins. Most sizes are multiples of 4.
fn scale(bytes: usize) -> usize {
    let room = COLUMNS - BEFORE - BEHIND;
    match bytes.div_ceil(room) {
        0 | 1 => 1,
        2 => 2,
        least => least.next_multiple_of(4),
    }
}

fn pages(window: &Range<usize>) -> Vec<Pages> {
    let all = street_layout::stretches().map(|stretch| Pages {
        range: stretch.start.max(window.start)..stretch.end.min(window.end),
        ground: match stretch.access {
            Access::ReadWrite => Ground::Writable,
            Access::Read => Ground::ReadOnly,
            Access::Nothing if stretch.start == street_layout::UNMAPPED * PAGE => Ground::Unmapped,
            Access::Nothing => Ground::NoAccess,
        },
    });
    all.filter(|pages| !pages.range.is_empty()).collect()
}

/// What is left of the declared rooms, and what comes behind all of it.
fn rest(rooms: &[Room], runs: &[Run], window: &Range<usize>) -> Vec<Run> {
    let free = |range: Range<usize>, kind| -> Vec<Run> {
        let mut free = vec![range];
        for taken in runs.iter().map(Run::range) {
            let around = |range: Range<usize>| {
                let before = range.start..range.end.min(taken.start);
                let behind = range.start.max(taken.end)..range.end;
                [before, behind].into_iter().filter(|range| !range.is_empty())
            };
            free = free.into_iter().flat_map(around).collect();
        }
        let name = Kind::name(kind);
        let run = |range: Range<usize>| Run {
            start: range.start,
            each: range.len(),
            count: 1,
            kind,
            name,
        };
        free.into_iter().map(run).collect()
    };
    if runs.iter().all(|run| run.kind == Kind::Length) && rooms.is_empty() {
        return Vec::new();
    }
    let mut covered: Vec<Range<usize>> = Vec::new();
    let mut rest = Vec::new();
    let mut ends: Vec<Range<usize>> = rooms.iter().map(|room| room.range.clone()).collect();
    ends.sort_by_key(|range| range.start);
    for room in ends {
        let start = covered.last().map_or(room.start, |last| last.end.max(room.start));
        if start < room.end {
            rest.extend(free(start..room.end, Kind::Slack));
            covered.push(start..room.end);
        }
    }
    let things = runs.iter().map(Run::end);
    let last = rooms.iter().map(|room| room.range.end).chain(things).max().unwrap_or(0);
    if last < window.end {
        rest.extend(free(last..window.end, Kind::Beyond));
    }
    rest
}

/// Puts what overlaps into different tracks; the first that stands anywhere is in
/// the first.
fn tracks(runs: Vec<Run>, rest: Vec<Run>) -> Vec<Vec<Run>> {
    let mut tracks: Vec<Vec<Run>> = Vec::new();
    for run in runs {
        let apart = |other: &Run| other.end() <= run.start || run.end() <= other.start;
        match tracks.iter_mut().find(|track| track.iter().all(apart)) {
            Some(track) => track.push(run),
            None => tracks.push(vec![run]),
        }
    }
    if tracks.is_empty() {
        tracks.push(Vec::new());
    }
    if let Some(first) = tracks.first_mut() {
        first.extend(rest);
        first.sort_by_key(|run| run.start);
    }
    tracks
}

#[cfg(test)]
mod tests;
