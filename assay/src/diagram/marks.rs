//! Where the words about single places go: below the lane, each on a line that
//! leads up to its place, no two over each other.
//!
//! ```text
//! ^   ^        ^
//! │   │        └ +304 the buffer ends
//! │   └ +16 rest of the header
//! └ optval: header
//! ```

use super::elements::{Mark, Tone};

/// Lines that are tried for a text.
const MOST_ROWS: usize = 12;

/// Places that are tried before a text is given up.
const MOST_TRIES: usize = 20_000;

/// Characters of a line after which several texts of one place go on below.
const BROAD: usize = 40;

/// What is said about one column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Words {
    pub(super) at: usize,
    pub(super) lines: Vec<(String, Tone)>,
}

/// Words with their place, in characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Placement {
    pub(super) words: Words,
    /// The first line below the lane, from 0.
    pub(super) row: usize,
    /// The first column of the text, its corner included.
    pub(super) start: usize,
}

impl Placement {
    /// Whether the text stands to the left of its line.
    pub(super) fn is_left(&self) -> bool {
        self.start < self.words.at
    }

    /// The line behind the last.
    pub(super) fn bottom(&self) -> usize {
        self.row + self.words.lines.len()
    }

    fn end(&self) -> usize {
        self.start + self.words.width()
    }

    /// Whether both can be drawn.
    fn is_clear_of(&self, other: &Placement) -> bool {
        // One more, so that neighbours on a line do not read as one.
        let beside = self.end() < other.start || other.end() < self.start;
        let below = self.bottom() <= other.row || other.bottom() <= self.row;
        let crossed = |line: &Placement, text: &Placement| {
            text.row < line.row && (text.start..text.end()).contains(&line.words.at)
        };
        (beside || below) && !crossed(self, other) && !crossed(other, self)
    }
}

impl Words {
    /// Characters of the longest line, with the corner and the space behind it.
    fn width(&self) -> usize {
        self.lines.iter().map(|(line, _)| line.chars().count()).max().unwrap_or(0) + 2
    }

    /// The loudest of them.
    pub(super) fn tone(&self) -> Tone {
        self.lines.iter().map(|(_, tone)| *tone).max().unwrap_or(Tone::Plain)
    }
}

/// Marks of one column together, in order.
pub(super) fn by_column(marks: &[Mark], column: impl Fn(usize) -> usize) -> Vec<Words> {
    let mut columns: Vec<Words> = Vec::new();
    for mark in marks {
        let at = column(mark.at);
        if columns.last().is_none_or(|last| last.at != at) {
            columns.push(Words { at, lines: Vec::new() });
        }
        let Some(words) = columns.last_mut() else { continue };
        for text in &mark.texts {
            match words.lines.last_mut() {
                Some((line, tone))
                    if *tone == mark.tone
                        && line.chars().count() + 2 + text.chars().count() <= BROAD =>
                {
                    *line += &format!("; {text}");
                }
                _ => words.lines.push((text.clone(), mark.tone)),
            }
        }
    }
    columns
}

/// Places all words within so many columns; those for which there is no place are
/// apart, to be listed.
pub(super) fn place(mut columns: Vec<Words>, most: usize) -> (Vec<Placement>, Vec<Words>) {
    let mut listed = Vec::new();
    loop {
        let mut placed = Vec::new();
        let mut tries = MOST_TRIES;
        if settle(&columns, most, &mut placed, &mut tries) {
            placed.reverse();
            return (placed, listed);
        }
        // The broadest is in the way most.
        let broadest = (0..columns.len()).max_by_key(|index| columns[*index].width());
        listed.extend(broadest.map(|index| columns.remove(index)));
    }
}

/// Places the last of some words and then those before it. From the right: a text
/// reads to the right of its place, over what is there no more.
fn settle(columns: &[Words], most: usize, placed: &mut Vec<Placement>, tries: &mut usize) -> bool {
    let Some((words, before)) = columns.split_last() else { return true };
    let right = Some(words.at).filter(|at| at + words.width() <= most);
    let left = (words.at + 1).checked_sub(words.width());
    let starts = [right, left].into_iter().flatten();
    for (start, row) in starts.flat_map(|start| (0..MOST_ROWS).map(move |row| (start, row))) {
        if *tries == 0 {
            return false;
        }
        *tries -= 1;
        let candidate = Placement { words: words.clone(), row, start };
        if placed.iter().all(|other| candidate.is_clear_of(other)) {
            placed.push(candidate);
            if settle(before, most, placed, tries) {
                return true;
            }
            placed.pop();
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(at: usize, text: &str) -> Words {
        Words { at, lines: text.split('|').map(|line| (line.into(), Tone::Plain)).collect() }
    }

    fn placed(columns: &[(usize, &str)], most: usize) -> Vec<(usize, usize, bool)> {
        let columns = columns.iter().map(|(at, text)| words(*at, text));
        let (placed, listed) = place(columns.collect(), most);
        assert_eq!(listed, []);
        placed.iter().map(|one| (one.words.at, one.row, one.is_left())).collect()
    }

    #[test]
    fn the_last_text_is_on_top_and_others_make_way() {
        // "+16 header" from column 4 ends at 16, before 30; "optval" from 2 on
        // would lie over the line at 4.
        let all = placed(&[(2, "optval"), (4, "+16 header"), (30, "+304 end")], 50);
        assert_eq!(all, [(2, 1, false), (4, 0, false), (30, 0, false)]);
    }

    #[test]
    fn a_text_without_room_to_the_right_goes_to_the_left() {
        assert_eq!(placed(&[(45, "a page begins")], 50), [(45, 0, true)]);
        // The one before it cannot cross its line to the right, so it turns too;
        // both end where their lines are, one below the other.
        let two = placed(&[(41, "the buffer ends"), (45, "a page begins")], 50);
        assert_eq!(two.iter().map(|one| one.2).collect::<Vec<_>>(), [true, true]);
        assert_ne!(two[0].1, two[1].1);
    }

    #[test]
    fn a_text_on_the_left_makes_way_for_what_is_below_it() {
        // "the room ends" fits only to the left of 45, over 35. On the first line it
        // would be in the way of what 35 has to say, which is too long for the left.
        let all =
            placed(&[(2, &"x".repeat(20)), (35, "a page without"), (45, "the room ends")], 50);
        let (page, room) = (all[1], all[2]);
        assert!(room.2 && page.1 < room.1, "{all:?}");
    }

    #[test]
    fn two_lines_take_the_place_of_two() {
        let all = placed(&[(2, "optval"), (4, "+8 header|and more"), (30, "end")], 50);
        assert_eq!(all, [(2, 2, false), (4, 0, false), (30, 0, false)]);
    }

    #[test]
    fn a_text_that_is_too_long_is_listed() {
        let long = words(3, &"x".repeat(60));
        assert_eq!(place(vec![long.clone()], 50), (vec![], vec![long]));
    }

    #[test]
    fn what_is_in_one_column_stands_together() {
        let mark = |at, text: &str, tone| Mark { at, texts: vec![text.into()], tone };
        let long = "a text that fills a line nearly by itself";
        let marks = [
            mark(8, "a", Tone::Plain),
            mark(9, "b", Tone::Plain),
            mark(10, "wrong", Tone::Differs),
            mark(11, long, Tone::Plain),
            mark(12, "c", Tone::Plain),
        ];
        let columns = by_column(&marks, |at| at / 4);
        let plain = |text: &str| (text.to_owned(), Tone::Plain);
        let first = vec![plain("a; b"), ("wrong".into(), Tone::Differs), plain(long)];
        assert_eq!(columns, [Words { at: 2, lines: first }, words(3, "c")]);
        assert_eq!(columns[0].tone(), Tone::Differs);
    }
}
