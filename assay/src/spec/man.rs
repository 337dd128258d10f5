//! The page as a manual page: Markdown in, roff out.
//!
//! Headings become sections; a heading of a rule is a tag with its text behind it.

use std::mem;

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

/// What Markdown is written out as.
#[derive(Default)]
struct Roff {
    out: String,
    /// The text of the paragraph, heading or cell that is being read, escaped.
    text: String,
    /// How many lists we are in.
    depth: usize,
    /// Whether the next text begins an item of a list, and whether rules' tags are
    /// indented by now.
    item: bool,
    tagged: bool,
    code: bool,
    /// The cells of the row, and the rows of the table.
    row: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// A manual page of section 7; the page's title is "NAME: what it is".
pub(crate) fn page(markdown: &str) -> String {
    let mut roff = Roff::default();
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES) {
        roff.read(event);
    }
    // The first line has man(1) run tbl.
    format!("'\\\" t\n{}", roff.out)
}

impl Roff {
    fn read(&mut self, event: Event<'_>) {
        match event {
            Event::Start(Tag::List(_)) => {
                // An item's own text stands before the list in it.
                self.paragraph();
                self.depth += 1;
            }
            Event::End(TagEnd::List(_)) => self.depth -= 1,
            Event::Start(Tag::Item) => self.item = true,
            Event::Start(Tag::Emphasis) => self.text.push_str("\\fI"),
            Event::Start(Tag::Strong) => self.text.push_str("\\fB"),
            Event::End(TagEnd::Emphasis | TagEnd::Strong) => self.text.push_str("\\fR"),
            Event::Start(Tag::CodeBlock(_)) => self.code = true,
            Event::End(TagEnd::CodeBlock) => self.verbatim(),
            Event::Code(code) => {
                self.text.push_str("\\fB");
                self.text.push_str(&breakable(&escaped(&code, true)));
                self.text.push_str("\\fR");
            }
            Event::Text(text) if self.code => self.text.push_str(&text),
            Event::Text(text) => self.text.push_str(&breakable(&escaped(&text, false))),
            Event::SoftBreak | Event::HardBreak => self.text.push(' '),
            Event::End(TagEnd::Heading(level)) => self.heading(level),
            Event::End(TagEnd::Paragraph | TagEnd::Item) => self.paragraph(),
            Event::End(TagEnd::TableCell) => self.row.push(mem::take(&mut self.text)),
            Event::End(TagEnd::TableHead | TagEnd::TableRow) => {
                self.rows.push(mem::take(&mut self.row));
            }
            Event::End(TagEnd::Table) => self.table(),
            _ => {}
        }
    }

    fn heading(&mut self, level: HeadingLevel) {
        let text = mem::take(&mut self.text);
        self.tagged = false;
        match level {
            HeadingLevel::H1 => {
                let (name, what) = text.split_once(": ").unwrap_or((&text, ""));
                let version = env!("CARGO_PKG_VERSION");
                self.line(&format!(".TH {name} 7 \"\" \"mptcp-assay {version}\" Linux"));
                // Lines of code and long names make gaps where both margins are straight.
                self.line(".ad l\n.nh\n.SH NAME");
                self.line(&format!("{name} \\- {what}"));
                self.line(".SH DESCRIPTION");
            }
            HeadingLevel::H2 => self.line(&format!(".SH \"{}\"", quoted(&text))),
            HeadingLevel::H3 => self.line(&format!(".SS \"{}\"", quoted(&text))),
            _ => {
                self.line(".TP");
                self.line(&format!(".B \"{}\"", quoted(&text)));
                self.tagged = true;
            }
        }
    }

    fn paragraph(&mut self) {
        let text = mem::take(&mut self.text);
        if text.trim().is_empty() {
            return;
        }
        match (mem::take(&mut self.item), self.tagged, self.depth) {
            // What a rule's source and case are listed as, below its sentence.
            (true, true, _) => self.line(".br"),
            (true, false, _) => self.line(".IP \\(bu 2"),
            (false, true, _) | (false, false, 1..) => {}
            (false, false, 0) => self.line(".PP"),
        }
        self.line(&guarded(&text));
    }

    fn verbatim(&mut self) {
        self.code = false;
        let text = mem::take(&mut self.text);
        self.line(".PP\n.in +4n\n.nf");
        for line in text.lines() {
            self.line(&guarded(&escaped(line, true)));
        }
        self.line(".fi\n.in");
    }

    /// A table as tbl reads it; one that is too wide for a terminal as a list of its
    /// rows, each cell behind the head of its column.
    fn table(&mut self) {
        let rows = mem::take(&mut self.rows);
        let Some((heads, body)) = rows.split_first() else { return };
        let widths = (0..heads.len()).map(|column| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| plain(cell)).max().unwrap_or(0) + GAP
        });
        if widths.sum::<usize>() > WIDTH {
            for row in body {
                let told: Vec<String> =
                    heads.iter().zip(row).map(|(head, cell)| format!("{head}: {cell}")).collect();
                self.line(".IP \\(bu 2");
                self.line(&guarded(&told.join("; ")));
            }
            return;
        }
        self.line(&format!(".PP\n.TS\ntab(\t) nokeep;\n{}.", vec!["l"; heads.len()].join("2 ")));
        for (number, row) in rows.iter().enumerate() {
            let cells: Vec<String> = row.iter().map(|cell| guarded(cell)).collect();
            self.line(&cells.join("\t"));
            if number == 0 {
                self.line("_");
            }
        }
        self.line(".TE");
    }

    fn line(&mut self, line: &str) {
        self.out.push_str(line);
        self.out.push('\n');
    }
}

/// Columns that a table may take, and those between two of its own.
const WIDTH: usize = 73;
const GAP: usize = 2;

/// How many columns an escaped text takes, about.
fn plain(text: &str) -> usize {
    let text = text.replace("\\fB", "").replace("\\fR", "").replace("\\fI", "").replace("\\:", "");
    text.chars().filter(|letter| *letter != '\\').count()
}

/// A text as roff prints it as it is, in ASCII. A hyphen of code stays one that can
/// be copied into a terminal.
fn escaped(text: &str, code: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\\' => out.push_str("\\e"),
            '-' if code => out.push_str("\\-"),
            '\'' if code => out.push_str("\\(aq"),
            '^' => out.push_str("\\(ha"),
            '~' => out.push_str("\\(ti"),
            '`' => out.push_str("\\(ga"),
            '\t' => out.push_str("    "),
            letter if letter.is_ascii() => out.push(letter),
            letter => out.push_str(&format!("\\[u{:04X}]", u32::from(letter))),
        }
    }
    out
}

/// Lets long addresses and names be broken where they have a joint.
fn breakable(text: &str) -> String {
    let joints = |word: &str| match word.len() > 30 {
        true => word.replace('/', "/\\:").replace('_', "_\\:").replace('+', "+\\:"),
        false => word.to_owned(),
    };
    text.split(' ').map(joints).collect::<Vec<_>>().join(" ")
}

/// A text at the beginning of a line, where a dot or a quote would be a command.
fn guarded(text: &str) -> String {
    let text = text.trim();
    if text.starts_with(['.', '\'']) { format!("\\&{text}") } else { text.to_owned() }
}

/// A text as an argument between double quotes.
fn quoted(text: &str) -> String {
    text.replace('"', "\\(dq")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use std::io::Write;
    use std::process::{Command, Stdio};

    use super::super::{exercise, markdown};
    use super::*;

    #[test]
    fn nothing_in_a_text_is_a_command() {
        assert_eq!(guarded(&escaped(".TH \\x", false)), "\\&.TH \\ex");
        assert_eq!(guarded(&escaped("'quoted' - x", false)), "\\&'quoted' - x");
        assert_eq!(escaped("--option 'a' ^~`", true), "\\-\\-option \\(aqa\\(aq \\(ha\\(ti\\(ga");
        assert_eq!(escaped("1 … 2", false), "1 \\[u2026] 2");
        assert_eq!(quoted("a \"b\""), "a \\(dqb\\(dq");
    }

    #[test]
    fn headings_lists_tables_and_code_have_their_requests() {
        let long = "x ".repeat(WIDTH / 2) + "y";
        let roff = page(
            &"# A: what\n\ntext `x_y` [doc](https://a.b)\n\n## Two\n\n### Three\n\n#### Rule\n\n*so.* It.\n\n\
             - Source: s\n\n## More\n\n- one\n- two\n\n| a | b |\n| --- | --- |\n| .1 | c |\n\n| e | f |\n| --- | --- |\n| LONG | g |\n\n```\n.code -x\n```\n".replace("LONG", &long),
        );
        let expected = "'\\\" t\n.TH A 7 \"\" \"mptcp-assay VERSION\" Linux\n.ad l\n.nh\n.SH NAME\nA \\- what\n\
            .SH DESCRIPTION\n.PP\ntext \\fBx_y\\fR doc\n.SH \"Two\"\n.SS \"Three\"\n.TP\n.B \"Rule\"\n\
            \\fIso.\\fR It.\n.br\nSource: s\n.SH \"More\"\n.IP \\(bu 2\none\n.IP \\(bu 2\ntwo\n\
            .PP\n.TS\ntab(\t) nokeep;\nl2 l.\na\tb\n_\n\\&.1\tc\n.TE\n\
            .IP \\(bu 2\ne: LONG; f: g\n\
            .PP\n.in +4n\n.nf\n\\&.code \\-x\n.fi\n.in\n";
        let expected = expected.replace("VERSION", env!("CARGO_PKG_VERSION"));
        assert_eq!(roff, expected.replace("LONG", &long));
    }

    /// Where there is a `man`, it renders the page and complains of nothing.
    #[test]
    fn man_renders_it_without_a_warning() {
        let complaints = |page: &str| {
            let mut man = Command::new("man");
            man.args(["--warnings", "-E", "UTF-8", "-Tutf8", "-l", "-"]).env("MANWIDTH", "80");
            man.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
            let mut child = man.spawn().ok()?;
            let mut input = child.stdin.take()?;
            let bytes = page.to_owned();
            let writer = std::thread::spawn(move || input.write_all(bytes.as_bytes()));
            let output = child.wait_with_output().ok()?;
            writer.join().unwrap().unwrap();
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            Some((text, String::from_utf8_lossy(&output.stderr).into_owned()))
        };
        let Some((_, wrong)) = complaints(".TH A 7\n.SH NAME\n\\*[nothing]\n") else {
            // No man(1) here: the tests above have to do.
            return;
        };
        assert!(wrong.contains("warning"), "this man warns of nothing: {wrong:?}");
        let markdown = markdown::page(&exercise::all().unwrap()).unwrap();
        let (text, warnings) = complaints(&page(&markdown)).unwrap();
        assert_eq!(warnings, "");
        // A terminal's bold is a letter over itself.
        let mut seen = String::new();
        for letter in text.chars() {
            match letter {
                '\u{8}' => drop(seen.pop()),
                letter => seen.push(letter),
            }
        }
        let text = seen;
        assert!(text.contains("InfoCut") && text.contains("mptcpi_retransmits"));
    }
}
