//! One check on several kernels, side by side.

use std::collections::BTreeMap;
use std::fmt::Write;

use anstream::adapter::strip_str;
use mptcp_harness::scenes::Group;
use mptcp_harness::verdict::{Status, Verdict};
use serde::{Deserialize, Serialize};

use crate::arguments::OptionName;
use crate::report::coverage::Coverage;
use crate::report::data::{CheckReport, FindingData, OopsReport, TableRow};
use crate::report::text;
use crate::terminal::style::{bad, counted, dim, grouped, head};

/// What a check in a machine reports.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum GuestReport {
    Oops(OopsReport),
    Whole(Box<CheckReport>),
}

impl GuestReport {
    fn whole(&self) -> Option<&CheckReport> {
        match self {
            GuestReport::Whole(report) => Some(report),
            GuestReport::Oops(_) => None,
        }
    }

    fn verdict(&self) -> Verdict {
        match self {
            GuestReport::Whole(report) => report.verdict,
            GuestReport::Oops(report) => report.verdict,
        }
    }

    fn release(&self) -> &str {
        match self {
            GuestReport::Whole(report) => &report.kernel,
            GuestReport::Oops(report) => &report.kernel,
        }
    }

    fn notes(&self) -> &[String] {
        match self {
            GuestReport::Whole(report) => &report.notes,
            GuestReport::Oops(report) => &report.notes,
        }
    }

    fn findings(&self) -> &[FindingData] {
        match self {
            GuestReport::Whole(report) => &report.findings,
            GuestReport::Oops(report) => &report.findings,
        }
    }

    /// Cases, and how many of them disagree.
    fn counts(&self) -> [u64; 2] {
        match self {
            GuestReport::Whole(report) => [report.cases, report.disagree],
            GuestReport::Oops(report) => [report.cases, report.disagree],
        }
    }

    /// What the verdict is about.
    fn headline(&self) -> String {
        let [cases, disagree] = self.counts();
        let cases = counted(cases, "case");
        match (self.verdict(), self.whole()) {
            (Verdict::Agree | Verdict::Incomplete | Verdict::Uneven, Some(report)) => format!(
                "{} of {cases} agree, in {}",
                grouped(report.agree),
                report.coverage.scenes_text()
            ),
            (Verdict::Unreproduced, Some(report)) => {
                counted(report.unreproduced, "difference seen once")
            }
            (Verdict::Inconclusive, Some(report)) => {
                format!("{} of {cases} have no verdict", grouped(report.inconclusive))
            }
            (Verdict::Skipped, Some(report)) => {
                report.coverage.not_compared_text().unwrap_or_else(|| "no case was made".into())
            }
            (Verdict::Divergence, _) | (_, None) => {
                format!("{} of {cases} disagree", grouped(disagree))
            }
        }
    }
}

/// One kernel's check.
pub(crate) struct Column {
    /// As the command line has it.
    pub(crate) asked: String,
    pub(crate) name: String,
    /// `None` where none arrived.
    pub(crate) report: Option<GuestReport>,
    pub(crate) status: Result<Status, String>,
}

/// The same for programs.
#[derive(Serialize)]
pub(crate) struct ColumnData<'a> {
    name: &'a str,
    uneven: Option<&'a str>,
    trouble: Option<String>,
    report: &'a Option<GuestReport>,
}

impl<'a> ColumnData<'a> {
    /// `uneven` is what makes the kernels not comparable, if anything.
    pub(crate) fn new(column: &'a Column, uneven: Option<&'a str>) -> ColumnData<'a> {
        let trouble = column.status.as_ref().err().map(|trouble| strip_str(trouble).to_string());
        ColumnData { name: &column.name, uneven, trouble, report: &column.report }
    }
}

impl Column {
    fn whole(&self) -> Option<&CheckReport> {
        self.report.as_ref().and_then(GuestReport::whole)
    }

    fn release(&self) -> &str {
        self.report.as_ref().map_or("", GuestReport::release)
    }

    fn row(&self, option: OptionName, group: Group) -> Option<&TableRow> {
        self.whole()?.table.iter().find(|row| row.option == option && row.group == group)
    }

    /// What the cases of an option in a group of scenes came to.
    fn cell(&self, option: OptionName, group: Group) -> String {
        match self.row(option, group) {
            None => "-".into(),
            Some(row) if row.disagree > 0 => format!("{} WRONG", grouped(row.disagree)),
            Some(row) if row.inconclusive > 0 => {
                format!("{} ?{}", grouped(row.agree), grouped(row.inconclusive))
            }
            Some(row) => grouped(row.agree),
        }
    }

    /// Below the table: the verdict, the notes and the findings.
    fn details(&self) -> String {
        let mut name = head(&self.name);
        if self.asked != self.name {
            name.push_str(&format!(" ({})", self.asked));
        }
        let mut text = match (&self.status, &self.report) {
            (Err(trouble), _) => format!("{name}: {} {trouble}\n", bad("NO VERDICT")),
            (Ok(_), Some(report)) => {
                format!("{name}: {}  {}\n", text::word(report.verdict()), report.headline())
            }
            (Ok(_), None) => format!("{name}: {}\n", bad("NO VERDICT")),
        };
        let Some(report) = &self.report else { return text };
        for note in report.notes() {
            let _ = writeln!(text, "  {note}");
        }
        let coverage = report.whole().map(|report| &report.coverage);
        let is_partial = |coverage: &&Coverage| {
            !(coverage.skipped_scenes.is_empty() && coverage.impossible_scenes.is_empty())
        };
        if let Some(coverage) = coverage.filter(is_partial) {
            text.push_str(text::scenes(coverage).trim_start_matches('\n'));
        }
        for finding in report.findings() {
            let cases = counted(finding.cases, "case");
            let console = finding.console.as_deref().unwrap_or_default().lines();
            let console: String = console.map(|line| format!("\n      {}", dim(line))).collect();
            let replay = finding.replay.trim_start_matches("assay ");
            let replay = dim(&format!("assay vm --kernel {} -- {replay}", self.asked));
            let FindingData { summary, signature, .. } = finding;
            let _ = writeln!(text, "  {summary} ({cases}){console}\n    {signature}\n    {replay}");
        }
        text
    }
}

/// A number of a report.
type Count = fn(&CheckReport) -> u64;

/// Several kernels' checks as text.
pub(crate) fn text(columns: &[Column]) -> String {
    let reports = || columns.iter().filter_map(Column::whole);
    // By name.
    let rows: BTreeMap<(&str, &str), (OptionName, Group)> = reports()
        .flat_map(|report| &report.table)
        .map(|row| ((row.option.title(), row.group.name()), (row.option, row.group)))
        .collect();
    let widths = columns.iter().flat_map(|column| [column.name.len(), column.release().len()]);
    let width = widths.chain([14]).max().unwrap_or(14);
    let line = |what: &str, cell: &dyn Fn(&Column) -> String| {
        let cells: Vec<String> =
            columns.iter().map(|column| format!("{:>width$}", cell(column))).collect();
        format!("{what:<42} {}", cells.join("  "))
    };
    let mut text = format!("{}\n", head(&line("cases that agree", &|column| column.name.clone())));
    let _ = writeln!(text, "{}", dim(&line("", &|column| column.release().to_owned())));
    for ((title, name), (option, group)) in rows {
        let cells = line(&format!("{title:<22} {name}"), &|column| column.cell(option, group));
        let is_wrong =
            |column: &Column| column.row(option, group).is_some_and(|row| row.disagree > 0);
        let is_wrong = columns.iter().any(is_wrong);
        let _ = writeln!(text, "{}", if is_wrong { bad(&cells) } else { cells });
    }
    let totals: [(&str, Count); 3] = [
        ("agree", |report| report.agree),
        ("disagree", |report| report.disagree),
        ("inconclusive", |report| report.inconclusive),
    ];
    for (what, count) in totals {
        let cells = line(what, &|column| grouped(column.whole().map_or(0, count)));
        let _ = writeln!(text, "{}", head(&cells));
    }
    let scenes = |column: &Column| {
        let coverage = column.whole().map(|report| &report.coverage);
        let [up, chosen] = coverage.map_or([0, 0], |coverage| [coverage.scenes, coverage.chosen()]);
        format!("{up} of {chosen}")
    };
    let _ = writeln!(text, "{}", dim(&line("scenes that came up", &scenes)));
    for column in columns {
        text.push('\n');
        text.push_str(&column.details());
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::*;

    fn report(wrong: u64) -> GuestReport {
        let verdict = if wrong > 0 { "divergence" } else { "agree" };
        let json = serde_json::json!({
            "kernel": "6.1.0", "verdict": verdict, "agree": 7, "cases": 7, "disagree": wrong,
            "revision": {"name": "6.1", "tcp_info": 240, "mptcp_info": 52, "full_info": false,
                         "info_opt": false, "compared_with": null},
            "notes": [], "unspecified": 0, "inconclusive": 0, "compat": 0,
            "inconclusive_reasons": {}, "unreproduced": 0,
            "scenes": 1, "scenes_compared": 1, "scenes_up": ["fresh-v4"],
            "skipped_scenes": [{"name": "udp-v4", "reason": "no udp"}],
            "impossible_scenes": [], "not_compared": [],
            "rules": {"exercised": ["LengthRead"], "total": 2,
                      "missing": [{"rule": "SizeRead", "reason": "none"}]},
            "table": [{"option": "MPTCP_INFO", "group": "many", "cases": 7, "agree": 7,
                       "disagree": wrong, "unspecified": 0, "inconclusive": 0}],
            "findings": [], "causes": [], "unexplained": [], "differing": wrong, "explained": 0,
            "alternatives": [], "contradictions": [], "cases_per_second": 1.0, "seconds": 1.0,
            "seed": 1, "jobs": 1, "lattice_complete": false, "lattice_seconds": null,
            "ended_by": "cases", "laws": null
        });
        serde_json::from_value(json).unwrap()
    }

    fn column(name: &str, report: Option<GuestReport>, status: Result<Status, String>) -> Column {
        Column { asked: format!("path/{name}"), name: name.into(), report, status }
    }

    #[test]
    fn kernels_are_columns() {
        let columns = [
            column("one", Some(report(0)), Ok(Status::Agree)),
            column("two", Some(report(2)), Ok(Status::Divergence)),
            column("three", None, Err("panic".into())),
        ];
        let text = strip_str(&text(&columns)).to_string();
        let row = text.lines().find(|line| line.starts_with("MPTCP_INFO")).unwrap_or("");
        let cells: Vec<&str> = row.split_whitespace().collect();
        assert_eq!(cells, ["MPTCP_INFO", "many", "7", "2", "WRONG", "-"]);
        assert!(text.contains("three (path/three): NO VERDICT panic"), "{text}");
        let wanted = "one (path/one): AGREE  7 of 7 cases agree, in 1 of 2 scenes";
        assert!(text.contains(wanted), "{text}");
        assert!(text.contains("two (path/two): DIVERGENCE"), "{text}");
        assert!(text.contains("1 did not come up: udp-v4\n"), "{text}");
    }

    #[test]
    fn the_report_of_an_oops_is_read_as_such() {
        let json = r#"{"kernel": "6.1.0", "verdict": "divergence", "notes": ["fell"], "cases": 5,
                       "disagree": 1, "findings": [], "ended_by": "kernel"}"#;
        let report: GuestReport = serde_json::from_str(json).unwrap();
        assert!(report.whole().is_none());
        let text =
            strip_str(&text(&[column("one", Some(report), Ok(Status::Divergence))])).to_string();
        assert!(
            text.contains("one (path/one): DIVERGENCE  1 of 5 cases disagree\n  fell\n"),
            "{text}"
        );
    }
}
