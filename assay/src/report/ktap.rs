//! Results as KTAP, the format of the kernel's own tests.
//!
//! Source: Documentation/dev-tools/ktap.rst of Linux 6.12. The kernel's parser of it
//! wants a line `# Subtest: NAME` in front of nested points as well; that is a comment
//! to all others.

use std::fmt::Write;

/// What a document begins with, a nested one as well.
const VERSION: &str = "KTAP version 1";

/// One level of nesting.
const INDENT: &str = "  ";

/// How a test point ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Ok,
    NotOk,
    /// There is no verdict, and why.
    Skip(String),
    /// There is no verdict where there should have been one, and why.
    Error(String),
}

/// A test point, with those that it consists of.
#[derive(Clone, Debug)]
pub(crate) struct Point {
    pub(super) name: String,
    pub(super) ending: Ending,
    pub(super) comments: Vec<String>,
    pub(super) points: Vec<Point>,
}

impl Point {
    /// A point of its own.
    pub(crate) fn new(name: &str, ending: Ending) -> Point {
        Point { name: plain(name), ending, comments: Vec::new(), points: Vec::new() }
    }

    /// A point that consists of others, at least one: not ok where one of them is not,
    /// skipped where all are.
    pub(crate) fn of(name: &str, points: Vec<Point>) -> Point {
        let skip = |point: &Point| match &point.ending {
            Ending::Skip(why) => Some(why.clone()),
            _ => None,
        };
        let ending = if points.iter().any(Point::failed) {
            Ending::NotOk
        } else if let Some(reasons) = points.iter().map(skip).collect::<Option<Vec<_>>>() {
            Ending::Skip(reasons.into_iter().next().unwrap_or_default())
        } else {
            Ending::Ok
        };
        Point { points, ..Point::new(name, ending) }
    }

    /// The same with one more thing to say; each line becomes a comment.
    pub(crate) fn saying(mut self, comment: impl Into<String>) -> Point {
        self.comments.push(comment.into());
        self
    }

    fn failed(&self) -> bool {
        matches!(self.ending, Ending::NotOk | Ending::Error(_))
    }

    fn write(&self, number: usize, indent: &str, text: &mut String) {
        if !self.points.is_empty() {
            let inner = format!("{indent}{INDENT}");
            let _ = writeln!(text, "{inner}{VERSION}\n{inner}# Subtest: {}", self.name);
            write_all(&self.points, &inner, text);
        }
        write_comments(&self.comments, indent, text);
        let _ = write!(text, "{indent}");
        write_result(&self.name, &self.ending, number, text);
    }
}

/// A whole document: what there is to say about all of it, and its points.
pub(crate) fn document(comments: &[String], points: &[Point]) -> String {
    let mut text = format!("{VERSION}\n");
    write_comments(comments, "", &mut text);
    write_all(points, "", &mut text);
    text
}

/// Documents as the points of another one, each with how it ended; one that did not
/// arrive is empty.
pub(crate) fn nested(documents: &[(String, String, Ending)]) -> String {
    let mut text = format!("{VERSION}\n1..{}\n", documents.len());
    for (number, (name, document, ending)) in (1..).zip(documents) {
        let name = plain(name);
        for line in document.lines() {
            let _ = writeln!(text, "{INDENT}{line}");
            if line == VERSION {
                let _ = writeln!(text, "{INDENT}# Subtest: {name}");
            }
        }
        write_result(&name, ending, number, &mut text);
    }
    text
}

fn write_all(points: &[Point], indent: &str, text: &mut String) {
    let _ = writeln!(text, "{indent}1..{}", points.len());
    for (number, point) in (1..).zip(points) {
        point.write(number, indent, text);
    }
}

fn write_result(name: &str, ending: &Ending, number: usize, text: &mut String) {
    let _ = match ending {
        Ending::Ok => writeln!(text, "ok {number} {name}"),
        Ending::NotOk => writeln!(text, "not ok {number} {name}"),
        Ending::Skip(why) => writeln!(text, "ok {number} {name} # SKIP {}", one_line(why)),
        Ending::Error(why) => writeln!(text, "not ok {number} {name} # ERROR {}", one_line(why)),
    };
}

fn write_comments(comments: &[String], indent: &str, text: &mut String) {
    for line in comments.iter().flat_map(|comment| comment.lines()) {
        let _ = writeln!(text, "{}", format!("{indent}# {line}").trim_end());
    }
}

/// A name as a result line can have it: `#` begins a directive.
fn plain(name: &str) -> String {
    name.chars().map(|c| if c.is_whitespace() || c == '#' { '_' } else { c }).collect()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod grammar;
#[cfg(test)]
mod tests;
