//! The grammar of KTAP, for tests: written from Documentation/dev-tools/ktap.rst, and
//! stricter, since what this program writes has no reason for unknown lines.

/// What a test point came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Result {
    Ok,
    NotOk,
    Skip,
}

/// A test point of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestPoint {
    pub name: String,
    pub result: Result,
    /// What follows the directive.
    pub reason: String,
    pub comments: Vec<String>,
    pub points: Vec<TestPoint>,
}

/// Reads a document; an error names its line.
pub fn read(text: &str) -> std::result::Result<Vec<TestPoint>, String> {
    if text.contains('\u{1b}') {
        return Err("colours".into());
    }
    let mut lines = Lines { lines: text.lines().collect(), at: 0 };
    let (points, rest) = lines.document("", None)?;
    match lines.lines.get(lines.at) {
        None if rest.is_empty() => Ok(points),
        _ => Err(lines.error("something behind the last result")),
    }
}

struct Lines<'a> {
    lines: Vec<&'a str>,
    at: usize,
}

impl Lines<'_> {
    fn error(&self, what: &str) -> String {
        let line = self.lines.get(self.at).copied().unwrap_or("the end");
        format!("line {}: {what}: {line}", self.at + 1)
    }

    /// The next line without its indentation, if it has just this one.
    fn peek(&self, indent: &str) -> Option<&str> {
        let line = self.lines.get(self.at)?.strip_prefix(indent)?;
        (!line.starts_with(' ')).then_some(line)
    }

    fn comments(&mut self, indent: &str) -> Vec<String> {
        let mut comments = Vec::new();
        while let Some(comment) = self.peek(indent).and_then(|line| line.strip_prefix('#')) {
            comments.push(comment.trim_start().to_owned());
            self.at += 1;
        }
        comments
    }

    /// Version, plan and points; then the comments that follow the last of them, which
    /// belong to whoever holds the document.
    fn document(
        &mut self,
        indent: &str,
        name: Option<&mut String>,
    ) -> std::result::Result<(Vec<TestPoint>, Vec<String>), String> {
        if self.peek(indent) != Some("KTAP version 1") {
            return Err(self.error("no version"));
        }
        self.at += 1;
        let comments = self.comments(indent);
        if let Some(name) = name {
            let header = comments.first().and_then(|comment| comment.strip_prefix("Subtest: "));
            *name = header.ok_or_else(|| self.error("no name of the subtest"))?.to_owned();
        }
        let plan = self.peek(indent).and_then(|line| line.strip_prefix("1.."));
        let plan = plan.and_then(|count| count.parse::<usize>().ok());
        let plan = plan.ok_or_else(|| self.error("no plan"))?;
        if plan == 0 {
            return Err(self.error("a plan of nothing"));
        }
        self.at += 1;
        let points = (1..=plan).map(|number| self.point(indent, number));
        let points = points.collect::<std::result::Result<Vec<_>, _>>()?;
        let rest = if indent.is_empty() { self.comments(indent) } else { Vec::new() };
        Ok((points, rest))
    }

    fn point(&mut self, indent: &str, number: usize) -> std::result::Result<TestPoint, String> {
        let mut comments = self.comments(indent);
        let inner = format!("{indent}  ");
        let (mut header, mut points) = (None, Vec::new());
        if self.peek(&inner).is_some() {
            let mut name = String::new();
            points = self.document(&inner, Some(&mut name))?.0;
            header = Some(name);
            comments.extend(self.comments(indent));
        }
        let line = self.peek(indent).ok_or_else(|| self.error("no result"))?;
        let (good, rest) = match (line.strip_prefix("ok "), line.strip_prefix("not ok ")) {
            (Some(rest), _) => (true, rest),
            (_, Some(rest)) => (false, rest),
            _ => return Err(self.error("no result")),
        };
        let (counted, rest) = rest.split_once(' ').ok_or_else(|| self.error("no name"))?;
        if counted.parse() != Ok(number) {
            return Err(self.error(&format!("not number {number}")));
        }
        let (name, directive) = rest.split_once(" # ").unwrap_or((rest, ""));
        if name.is_empty() || name.contains(['#', ' ']) {
            return Err(self.error("no name"));
        }
        if header.is_some_and(|header| header != name) {
            return Err(self.error("the name of another subtest"));
        }
        let (word, reason) = directive.split_once(' ').unwrap_or((directive, ""));
        let result = match (good, word) {
            (true, "") => Result::Ok,
            (false, "" | "ERROR") => Result::NotOk,
            (true, "SKIP") if !reason.is_empty() => Result::Skip,
            _ => return Err(self.error("no directive that goes with the result")),
        };
        if good && points.iter().any(|point| point.result == Result::NotOk) {
            return Err(self.error("ok, with a subtest that is not"));
        }
        let (name, reason) = (name.to_owned(), reason.to_owned());
        self.at += 1;
        Ok(TestPoint { name, result, reason, comments, points })
    }
}
