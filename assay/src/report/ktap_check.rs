//! A check as KTAP: a point for each option, of one for each group of scenes.

use mptcp_harness::scenes::{Group, catalogue};
use mptcp_harness::verdict::Verdict;

use crate::arguments::OptionName;
use crate::report::contradictions::ContradictionData;
use crate::report::coverage::{MissingComparison, Request};
use crate::report::data::{CheckReport, FindingData, TableRow};
use crate::report::ktap::{Ending, Point};
use crate::report::rule_coverage::RuleCoverage;
use crate::terminal::style::{counted, grouped};

/// What there is to say of the whole check.
pub(crate) fn comments(report: &CheckReport) -> Vec<String> {
    let mut comments = vec![format!(
        "Linux {} modelled as {}, {}, seed {}",
        report.kernel,
        report.revision.name,
        counted(report.cases, "case"),
        report.seed
    )];
    if report.compat > 0 {
        comments.push(format!("{} as 32-bit programs call", counted(report.compat, "case")));
    }
    comments.push(format!("{} came up", report.coverage.up_text()));
    for scene in &report.coverage.skipped_scenes {
        comments.push(format!("{} did not come up: {}", scene.name, scene.reason));
    }
    comments.extend(report.notes.iter().cloned());
    comments
}

/// The test points.
pub(crate) fn points(report: &CheckReport, rules: &RuleCoverage<'_>) -> Vec<Point> {
    let option = |option: OptionName| {
        let cells = groups().map(|group| cell(report, rules, option, group)).collect();
        let name = option.title();
        let findings = report.findings.iter().filter(|finding| belongs(finding, option, report));
        let point = Point::of(name, cells).unless_skipped(option, report);
        findings.fold(point, |point, finding| point.saying(finding_text(finding)))
    };
    let mut points: Vec<Point> = OptionName::ALL.iter().copied().map(option).collect();
    points.push(verdicts(report));
    if let Some(laws) = &report.laws {
        let ending = if laws.broken() { Ending::NotOk } else { Ending::Ok };
        let said = format!("{} on made-up sockets", counted(laws.cases, "case"));
        points.push(Point::new("laws-of-the-model", ending).saying(said));
    }
    points
}

impl Point {
    /// That a few refusals agree is no verdict on an option that was not compared.
    fn unless_skipped(self, option: OptionName, report: &CheckReport) -> Point {
        let is_of = |entry: &&MissingComparison| match entry.request {
            Request::AllOptions => true,
            Request::Option(other) => other == option,
            Request::Scenes(_) | Request::Case(_) => false,
        };
        match report.coverage.not_compared.iter().find(is_of) {
            Some(entry) if self.ending == Ending::Ok => {
                Point { ending: Ending::Skip(entry.reason.clone()), ..self }
            }
            _ => self,
        }
    }
}

/// The groups of scenes in the order of the catalogue.
pub(crate) fn groups() -> impl Iterator<Item = Group> {
    let mut groups: Vec<Group> = catalogue().iter().map(|scene| scene.group).collect();
    groups.dedup();
    groups.into_iter()
}

/// One option on one group of scenes.
fn cell(
    report: &CheckReport,
    rules: &RuleCoverage<'_>,
    argument: OptionName,
    group: Group,
) -> Point {
    let option = argument.title();
    let here = |row: &&TableRow| row.option == argument && row.group == group;
    let skip = |why: String| Point::new(group.name(), Ending::Skip(why));
    let row = match report.table.iter().find(here) {
        Some(row) if row.agree + row.disagree + row.unspecified > 0 => row,
        row => return skip(missing(report, rules, argument, group, row)),
    };
    let point = match row.disagree {
        0 if argument == OptionName::FullInfo && !report.revision.full_info => {
            let cases = counted(row.agree, "case");
            return skip(format!("{}; {cases} of it agree", absent(option)));
        }
        0 => Point::new(group.name(), Ending::Ok)
            .saying(format!("{} agree", counted(row.agree, "case"))),
        _ => Point::new(group.name(), Ending::NotOk).saying(format!(
            "{} of {} disagree",
            grouped(row.disagree),
            grouped(row.cases)
        )),
    };
    match row.inconclusive {
        0 => point,
        open => point.saying(format!("{} without a verdict", counted(open, "case"))),
    }
}

/// Why an option has no verdict on a group of scenes.
fn missing(
    report: &CheckReport,
    rules: &RuleCoverage<'_>,
    argument: OptionName,
    group: Group,
    row: Option<&TableRow>,
) -> String {
    let option = argument.title();
    if argument == OptionName::InfoOpt && !report.revision.info_opt {
        return absent(option);
    }
    let chosen = |number: &i32| argument.numbers().contains(number);
    if !rules.options.is_empty() && !rules.options.iter().any(chosen) {
        return "the option was not chosen (--option)".into();
    }
    if !rules.available.iter().any(|scene| scene.group == group) {
        let skipped = rules.skipped.iter().find(|(scene, _)| scene.group == group);
        return match skipped {
            Some((_, why)) => why.clone(),
            None => "none of these scenes was chosen (--scene)".into(),
        };
    }
    match row {
        Some(row) => format!("none of {} has a verdict", counted(row.inconclusive, "case")),
        None => "the run ended before the first case of it".into(),
    }
}

fn absent(option: &str) -> String {
    format!("this kernel has no {option}")
}

/// Whether a finding is about an option of the table. What the kernel does not know
/// is counted as unknown there, and so is what is found of it.
fn belongs(finding: &FindingData, option: OptionName, report: &CheckReport) -> bool {
    let own = OptionName::of(finding.option_number);
    let is_row = report.table.iter().any(|row| row.option == own);
    option == if is_row { own } else { OptionName::Unknown }
}

/// A finding in a few lines.
pub(crate) fn finding_text(finding: &FindingData) -> String {
    let FindingData { signature, summary, replay, console, contradiction, .. } = finding;
    let mut text = format!("finding: {signature} ({})\n", counted(finding.cases, "case"));
    text.push_str(&format!("  {summary}\n"));
    if let Some(known) = contradiction {
        let ContradictionData { promised, source, observed, page, .. } = known;
        text.push_str(&format!("  promised: {promised} ({source})\n"));
        text.push_str(&format!("  observed: {observed}\n  see {page}\n"));
    }
    for line in console.iter().flat_map(|console| console.lines()) {
        text.push_str(&format!("  console: {line}\n"));
    }
    text.push_str(&format!("  {replay}"));
    text
}

/// Whether everything that was asked for was compared, and every case had a verdict: a
/// difference that could not be reproduced belongs to no option.
fn verdicts(report: &CheckReport) -> Point {
    let ending = match report.verdict {
        Verdict::Agree | Verdict::Divergence => Ending::Ok,
        Verdict::Skipped => {
            Ending::Skip(report.coverage.not_compared_text().unwrap_or("no case was made".into()))
        }
        Verdict::Unreproduced | Verdict::Inconclusive | Verdict::Uneven | Verdict::Incomplete => {
            Ending::NotOk
        }
    };
    let reasons = &report.inconclusive_reasons;
    let said = reasons.iter().map(|(why, count)| format!("{}: {why}", counted(*count, "case")));
    said.fold(Point::new("every-case-has-a-verdict", ending), Point::saying)
}
