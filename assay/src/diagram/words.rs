//! What is said about the places of a lane.

use std::ops::Range;

use mptcp_harness::cases::Input;
use mptcp_harness::judge::evidence::Examination;

use super::elements::{Ground, Kind, Lane, Mark, Run, Tone};
use super::layout::Plan;
use super::things::Anchor;

/// Differences of a lane that are marked one by one.
const MOST_DIFFERENCES: usize = 3;

/// Something to say about a place.
struct Word {
    at: usize,
    /// The pointer that the place is counted from.
    owner: Option<&'static str>,
    text: String,
    tone: Tone,
}

impl Plan<'_> {
    /// A place as a distance from the pointer that it belongs to, or from the
    /// nearest in front of it.
    fn place(&self, lane: &Lane, at: usize, owner: Option<&str>) -> String {
        let offset = |anchor: &Anchor| anchor.place.offset().filter(|at| lane.window.contains(at));
        let several = self.anchors.iter().filter_map(offset).count() > 1;
        let before = |anchor: &&Anchor| offset(anchor).is_some_and(|start| start <= at);
        let owns = |anchor: &&Anchor| Some(anchor.name) == owner;
        let owner = self.anchors.iter().filter(before).find(owns);
        let nearest = || self.anchors.iter().filter(before).max_by_key(|anchor| offset(anchor));
        match owner.or_else(nearest) {
            Some(anchor) => {
                let name = if several { anchor.name } else { "" };
                format!("{name}+{}", at - offset(anchor).unwrap_or(at))
            }
            None => format!("{at:#x}"),
        }
    }

    /// What there is to say, place by place.
    pub(super) fn marks(&self, lane: &Lane, span: &Range<usize>) -> Vec<Mark> {
        let mut words: Vec<Word> = Vec::new();
        let mut say = |at: usize, owner: Option<&'static str>, text: String, tone: Tone| {
            words.push(Word { at, owner, text, tone });
        };
        for run in lane.tracks.iter().flatten() {
            let text = match run.kind {
                Kind::Slack | Kind::Beyond => continue,
                Kind::Length => self.length(),
                Kind::Element if run.count > 1 => {
                    format!("{}, {} bytes each", run.named(0..run.count), run.each)
                }
                _ => format!("{}, {} bytes", run.named(0..1), run.each),
            };
            say(run.start, self.owner(run), text, Tone::Plain);
        }
        for room in lane.rooms.iter().filter(|room| !room.open) {
            let (owner, text) = match room.owner {
                "optval" => ("optval", "optlen ends here".to_owned()),
                name => (name, format!("room of {name} ends")),
            };
            say(room.range.end, Some(owner), text, Tone::Plain);
        }
        // What begins in front of everything, the picture shows well enough.
        for pages in lane.pages.iter().filter(|pages| pages.range.start > span.start) {
            let text = match pages.ground {
                Ground::Writable => "a writable page begins",
                Ground::ReadOnly => "a read-only page begins",
                Ground::NoAccess => "a page without access begins",
                Ground::Unmapped => "an unmapped page begins",
            };
            say(pages.range.start, None, text.to_owned(), Tone::Plain);
        }
        if let Some((at, why)) = self.fault.filter(|(at, _)| lane.window.contains(at)) {
            say(at, None, format!("EFAULT: {why}"), Tone::Fault);
        }
        for run in lane.differing.iter().take(MOST_DIFFERENCES) {
            say(run.start, None, self.difference(run), Tone::Differs);
        }
        let left = lane.differing.len().saturating_sub(MOST_DIFFERENCES);
        if let Some(run) = lane.differing.get(MOST_DIFFERENCES) {
            let text = match left {
                1 => "1 more place differs".to_owned(),
                _ => format!("{left} more places differ from here on"),
            };
            say(run.start, None, text, Tone::Differs);
        }
        self.joined(lane, words)
    }

    /// What the kernel did there, and should not have done.
    fn difference(&self, run: &Range<usize>) -> String {
        let Examination { before, prediction, .. } = self.examination;
        let stays = |image: &[u8]| image.get(run.clone()) == before.get(run.clone());
        let count = match run.len() {
            1 => "1 byte".to_owned(),
            bytes => format!("{bytes} bytes"),
        };
        match self.examination.observation() {
            _ if stays(prediction) => format!("{count} written that should not be"),
            Some(image) if stays(image) => format!("{count} not written that should be"),
            _ if run.len() == 1 => format!("{count} differs"),
            _ => format!("{count} differ"),
        }
    }

    /// The pointer by which the kernel comes to a thing.
    fn owner(&self, run: &Run) -> Option<&'static str> {
        Some(match (run.kind, self.case.input) {
            (Kind::Length, _) => "optlen",
            (Kind::Structure, Input::Opt(_)) => "mptcp_info",
            (Kind::Element, Input::Full(_) | Input::Opt(_)) => run.name.trim_end_matches('['),
            _ => "optval",
        })
    }

    /// One mark for each place and tone; the first of a place names it.
    fn joined(&self, lane: &Lane, mut words: Vec<Word>) -> Vec<Mark> {
        words.sort_by_key(|word| (word.at, word.tone));
        let mut marks: Vec<Mark> = Vec::new();
        for Word { at, owner, text, tone } in words {
            match marks.last_mut() {
                Some(mark) if mark.at == at && mark.tone == tone => mark.texts.push(text),
                Some(mark) if mark.at == at => marks.push(Mark { at, texts: vec![text], tone }),
                _ => {
                    let texts = vec![self.placed(lane, at, owner, text)];
                    marks.push(Mark { at, texts, tone });
                }
            }
        }
        marks
    }

    /// A text with its place.
    fn placed(&self, lane: &Lane, at: usize, owner: Option<&str>, text: String) -> String {
        let anchors = self.anchors.iter().filter(|anchor| anchor.place.offset() == Some(at));
        let names: Vec<&str> = anchors.map(|anchor| anchor.name).collect();
        match names.as_slice() {
            [] => format!("{} {text}", self.place(lane, at, owner)),
            ["optlen"] => text,
            [name] if text.starts_with(name) => text,
            names => format!("{}: {text}", names.join(", ")),
        }
    }

    fn length(&self) -> String {
        let before = self.case.length;
        let bytes =
            self.case.optlen.offset().and_then(|at| self.examination.prediction.get(at..at + 4));
        let after = bytes.and_then(|bytes| bytes.try_into().ok()).map(i32::from_ne_bytes);
        match after {
            Some(after) if after != before => format!("*optlen: {before}, then {after}"),
            _ => format!("*optlen: {before}"),
        }
    }
}
