//! What a drawing is made of: lanes of the street, and in them pages, room, runs and marks.

use std::ops::Range;

/// One case, ready to be drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Drawing {
    /// Tells this drawing from others of the same page.
    pub(crate) id: String,
    /// The call in a line, for readers who see no picture.
    pub(crate) title: String,
    /// The parts of the street that the call has to do with, in its order.
    pub(crate) lanes: Vec<Lane>,
    /// What cannot be drawn: addresses off the street, lengths without an end.
    pub(crate) remarks: Vec<String>,
}

/// One part of the street. Everything in it is true to one scale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lane {
    /// What it shows, and where that is.
    pub(crate) title: String,
    /// Offsets on the street; the first column begins with it.
    pub(crate) window: Range<usize>,
    /// Bytes in a column of the terminal.
    pub(crate) scale: usize,
    /// The pages below, side by side.
    pub(crate) pages: Vec<Pages>,
    /// What the program says it has room for.
    pub(crate) rooms: Vec<Room>,
    /// What stands there; what overlaps is in different tracks.
    pub(crate) tracks: Vec<Vec<Run>>,
    /// What the call changes, as the model predicts it.
    pub(crate) changed: Vec<Range<usize>>,
    /// Where the kernel did something else.
    pub(crate) differing: Vec<Range<usize>>,
    /// The byte at which the kernel could not read or write.
    pub(crate) fault: Option<usize>,
    /// What is to be said about single places, in their order.
    pub(crate) marks: Vec<Mark>,
}

/// Neighbouring pages with which a program may do the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pages {
    pub(crate) range: Range<usize>,
    pub(crate) ground: Ground,
}

/// What a program may do with a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ground {
    Writable,
    ReadOnly,
    NoAccess,
    Unmapped,
}

impl Ground {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Ground::Writable => "writable",
            Ground::ReadOnly => "read-only",
            Ground::NoAccess => "no access",
            Ground::Unmapped => "unmapped",
        }
    }

    /// The pattern over its colour, if it has one.
    pub(super) fn hatch(self) -> Option<&'static str> {
        match self {
            Ground::Writable => None,
            Ground::ReadOnly => Some("read-only"),
            Ground::NoAccess => Some("no-access"),
            Ground::Unmapped => Some("unmapped"),
        }
    }
}

/// Bytes that the program declares: `optlen` of them from `optval`, or slots of
/// an array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Room {
    /// The pointer at which it begins.
    pub(crate) owner: &'static str,
    pub(crate) name: String,
    pub(crate) range: Range<usize>,
    /// Whether it goes on behind the lane.
    pub(crate) open: bool,
}

/// Things of one kind and size, one behind the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) start: usize,
    /// Bytes from one to the next; not 0.
    pub(crate) each: usize,
    pub(crate) count: usize,
    pub(crate) kind: Kind,
    /// The name of one; of an element in the form that its number follows.
    pub(crate) name: &'static str,
}

/// What a run is, as far as its looks go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// The length.
    Length,
    /// What the program fills in and the kernel answers.
    Header,
    /// The rest of a header that is larger than the kernel's.
    HeaderTail,
    /// One structure of the connection.
    Structure,
    /// One for each subflow.
    Element,
    /// Inside the declared room, where nothing belongs.
    Slack,
    /// Behind it.
    Beyond,
}

impl Kind {
    /// All of them, as a legend lists them.
    pub(crate) const ALL: [Kind; 7] = [
        Kind::Header,
        Kind::HeaderTail,
        Kind::Structure,
        Kind::Element,
        Kind::Length,
        Kind::Slack,
        Kind::Beyond,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Length => "*optlen",
            Kind::Header => "header",
            Kind::HeaderTail => "rest of the header",
            Kind::Structure => "structure",
            Kind::Element => "elements",
            Kind::Slack => "slack",
            Kind::Beyond => "beyond the end",
        }
    }

    /// The pattern over its colour, if it has one.
    pub(super) fn hatch(self) -> Option<&'static str> {
        match self {
            Kind::HeaderTail => Some("tail"),
            Kind::Slack => Some("slack"),
            _ => None,
        }
    }

    /// Its class in the style sheet.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Kind::Length => "length",
            Kind::Header => "header",
            Kind::HeaderTail => "tail",
            Kind::Structure => "structure",
            Kind::Element => "element",
            Kind::Slack => "slack",
            Kind::Beyond => "beyond",
        }
    }
}

impl Run {
    pub(crate) fn end(&self) -> usize {
        self.start.saturating_add(self.each.saturating_mul(self.count))
    }

    pub(crate) fn range(&self) -> Range<usize> {
        self.start..self.end()
    }

    /// The thing of a number.
    pub(crate) fn one(&self, index: usize) -> Range<usize> {
        let start = self.start.saturating_add(self.each.saturating_mul(index));
        start..start.saturating_add(self.each)
    }

    /// "element 3", "elements 3..40", "tcp_info[3..40]", "header".
    pub(crate) fn named(&self, numbers: Range<usize>) -> String {
        let several = numbers.len() > 1;
        let which = if several {
            format!("{}..{}", numbers.start, numbers.end - 1)
        } else {
            numbers.start.to_string()
        };
        match self.name {
            name if self.kind != Kind::Element => name.to_owned(),
            name if name.ends_with('[') => format!("{name}{which}]"),
            name if several => format!("{}s {which}", name.trim_end()),
            name => format!("{name}{which}"),
        }
    }
}

/// Something to be said about one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) at: usize,
    /// One or more; the first of a place tells where it is.
    pub(crate) texts: Vec<String>,
    pub(crate) tone: Tone,
}

/// How loud a mark is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tone {
    Plain,
    Fault,
    Differs,
}

impl Lane {
    /// The labels that fit into the things of a run, where `room` tells how many
    /// characters there are for some bytes: each thing's name, or its number, or
    /// one name for several.
    pub(crate) fn labels(
        &self,
        run: &Run,
        room: impl Fn(&Range<usize>) -> usize,
    ) -> Vec<(Range<usize>, String)> {
        let seen = |range: Range<usize>| {
            range.start.max(self.window.start)..range.end.min(self.window.end)
        };
        let fits = |(range, text): &(Range<usize>, String)| {
            !range.is_empty() && text.chars().count() + 2 <= room(range)
        };
        let numbers = 0..run.count.min(1 + self.window.len());
        let one = |number: usize| seen(run.one(number));
        let names: Vec<_> =
            numbers.clone().map(|number| (one(number), run.named(number..number + 1))).collect();
        if names.iter().all(fits) {
            return names;
        }
        let digits = numbers.clone().map(|number| (one(number), number.to_string()));
        // Higher numbers are broader: those that do not fit come last.
        let mut labels: Vec<_> = digits.take_while(fits).filter(|_| run.count > 1).collect();
        if labels.len() < run.count {
            let rest = run.one(labels.len()).start..run.end();
            labels.extend(Some((seen(rest), run.named(labels.len()..run.count))).filter(fits));
        }
        labels
    }
}
