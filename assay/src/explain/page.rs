//! An explanation as one picture: the whole page as SVG.

use crate::report::hexdump::Hexdump;
use maud::{Markup, PreEscaped, html};
use mptcp_harness::judge::finding::result_name;

use super::explanation::Explanation;
use super::{numbers, revisions};
use crate::diagram::{self, Drawing, STYLE, WIDTH, px};
use crate::spec::standing;
use crate::terminal::style::wrapped;

/// What the page has beside the drawing.
const PAGE_STYLE: &str = "\
.street .title { font: 600 18px system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif; }
.street .heading { font: 600 14px system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif; }
.street .paper { fill: var(--paper); }
";

/// Left and right of everything, and characters in between, in the font of 12 pixels.
const MARGIN: f64 = 24.0;
const CHARACTERS: usize = 112;

/// The page; nothing in it comes from elsewhere.
pub(crate) fn page(explanation: &Explanation) -> String {
    let case = explanation.case();
    let answer = &explanation.answer;
    let drawing = explanation.drawing();
    let scene = explanation.context.scene;
    let mut sheet = Sheet { y: 14.0, parts: Vec::new() };

    sheet.title(&format!("{} on {}", mptcp_harness::cases::option_name(case.option), scene.name));
    let (words, stands) = explanation.context.scene_in_words();
    sheet.text(if stands { "soft" } else { "bad" }, &format!("scene {}: {words}", scene.id));
    sheet.heading("Call");
    case.to_string().lines().for_each(|line| sheet.line("", line));

    sheet.heading("Memory, as the model predicts it");
    sheet.drawing(&drawing);

    sheet.heading(&format!("Model of {}", answer.name()));
    sheet.text("strong", &format!("predicted: {}", result_name(answer.examination.predicted)));
    if let Some(length) = answer.length(case) {
        sheet.text("strong", &length);
    }
    for (number, rule) in (1..).zip(&answer.examination.rules) {
        let here =
            numbers::decided(*rule, case, answer).map_or(String::new(), |here| format!(": {here}"));
        sheet.text("", &format!("{number:>3}. {} ({}){here}", rule.name(), standing(*rule)));
    }
    if !explanation.each.is_empty() {
        let table = revisions::table(case, &explanation.each);
        let (heads, lines) = table.lines();
        sheet.heading("Revisions, as the model has them");
        heads.iter().for_each(|line| sheet.line("strong", line));
        for line in lines {
            sheet.line(if line.differs { "strong" } else { "soft" }, &line.text);
        }
        table.notes().iter().for_each(|note| sheet.text("soft", note));
    }
    kernel(explanation, &mut sheet);
    sheet.finish(&drawing.title)
}

/// What the running kernel did.
fn kernel(explanation: &Explanation, sheet: &mut Sheet) {
    let Some(release) = &explanation.kernel else { return };
    let answer = &explanation.answer;
    let Some(observed) = answer.examination.result() else {
        sheet.heading(&format!("Linux {release} was not called"));
        return;
    };
    let diagnosis = explanation.diagnosis();
    let word = if diagnosis.is_none() { "agrees" } else { "disagrees" };
    sheet.heading(&format!("Linux {release} {word}"));
    sheet.text("strong", &format!("observed: {}", result_name(observed)));
    if let Some(length) = answer.length_observed(explanation.case()) {
        sheet.text("strong", &format!("*optlen is {length}"));
    }
    let Some(diagnosis) = diagnosis else {
        sheet.text("", "every byte of the street is as predicted");
        return;
    };
    sheet.text("bad", &diagnosis.summary);
    let picture = Hexdump::new(
        explanation.case(),
        &answer.revision,
        answer.subflows,
        &answer.examination,
        false,
    );
    picture.differences().lines().for_each(|line| sheet.line("", line));
}

/// A page on its way down.
struct Sheet {
    y: f64,
    parts: Vec<Markup>,
}

impl Sheet {
    fn put(&mut self, class: &str, height: f64, text: &str) {
        self.y += height;
        self.parts.push(html! { text class=(class) x=(px(MARGIN)) y=(px(self.y)) { (text) } });
    }

    fn title(&mut self, text: &str) {
        self.put("title", 20.0, text);
        self.y += 4.0;
    }

    fn heading(&mut self, text: &str) {
        self.put("heading", 32.0, text);
        self.y += 3.0;
    }

    /// A line that stays as it is.
    fn line(&mut self, class: &str, text: &str) {
        self.put(class, 17.0, text);
    }

    /// A text in as many lines as it takes.
    fn text(&mut self, class: &str, text: &str) {
        let indent = text.len() - text.trim_start().len();
        let lines = wrapped(text, &" ".repeat(indent), CHARACTERS);
        lines.lines().for_each(|line| self.line(class, line));
    }

    fn drawing(&mut self, drawing: &Drawing) {
        let place = format!("translate({} {})", px(MARGIN - 8.0), px(self.y + 4.0));
        self.parts.push(html! { g transform=(place) { (PreEscaped(diagram::svg(drawing))) } });
        self.y += diagram::height(drawing);
    }

    fn finish(self, title: &str) -> String {
        let (width, height) = (f64::from(WIDTH) + 2.0 * MARGIN - 16.0, self.y + 20.0);
        let markup = html! {
            svg.street xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="page-title"
                width=(px(width)) height=(px(height)) viewBox=(format!("0 0 {} {}", px(width), px(height))) {
                title id="page-title" { (title) }
                style { (PreEscaped(STYLE)) (PreEscaped(PAGE_STYLE)) }
                rect.paper width="100%" height="100%" {}
                @for part in &self.parts { "\n" (part) }
                "\n"
            }
        };
        markup.into_string() + "\n"
    }
}
