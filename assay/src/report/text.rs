//! A report as text, for at most 100 columns.

use mptcp_emulator::Family;
use mptcp_harness::scenes::{ExpectedState, Group, Kind};
use std::collections::BTreeMap;
use std::fmt::Write;

use mptcp_harness::verdict::Verdict;

use crate::arguments::OptionName;
use crate::report::causes;
use crate::report::contradictions::ContradictionData;
use crate::report::coverage::Coverage;
use crate::report::data::{CheckReport, EndedBy, FindingData, OopsReport, TableRow};
use crate::terminal::style::{bad, counted, dim, good, grouped, head, odd, wrapped};

/// Columns of running text.
pub(crate) const WIDTH: usize = 96;

/// Findings that are printed in full.
const MOST_IN_FULL: usize = 8;

/// Columns for the one with the longest name.
const WIDEST: usize = 15;

/// The whole report.
pub(crate) fn report(report: &CheckReport) -> String {
    let mut text = kernel(report);
    if report.causes.differing > 0 {
        text.push_str(&causes::text(&report.causes));
    }
    text.push_str(&table(&report.table));
    if report.compat > 0 {
        let cases = grouped(report.compat);
        let _ = writeln!(text, "  {cases} of them as 32-bit programs call, by int $0x80");
    }
    text.push_str(&rules(report));
    text.push_str(&contradictions(report));
    text.push_str(&undecided(report));
    text.push_str(&scenes(&report.coverage));
    text.push_str(&laws(report));
    for (number, finding) in (1..).zip(&report.findings) {
        let _ =
            writeln!(text, "\n{}", head(&format!("Finding {number} of {}", report.findings.len())));
        text.push_str(&self::finding(finding));
    }
    text.push_str(&verdict(report));
    text
}

fn kernel(report: &CheckReport) -> String {
    let revision = &report.revision;
    let mut text = format!(
        "{} {}, modelled as {} (tcp_info {}, mptcp_info {} bytes{})\n",
        head("Linux"),
        report.kernel,
        revision.name,
        revision.tcp_info,
        revision.mptcp_info,
        match (revision.full_info, revision.info_opt) {
            (false, _) => ", no MPTCP_FULL_INFO",
            (true, false) => "",
            (true, true) => ", with mptcp_info_opt",
        }
    );
    text.push_str(&notes(&report.notes));
    text
}

/// Which kernel was compared, as which revision, and notes.
pub(crate) fn heading(kernel: &str, revision: &str, of: &[String]) -> String {
    format!("{} {kernel}, modelled as {revision}\n{}", head("Linux"), notes(of))
}

fn notes(notes: &[String]) -> String {
    notes.iter().map(|note| odd(&wrapped(&format!("note: {note}"), "  ", WIDTH))).collect()
}

/// Groups of scenes by options; cells are cases, with what did not agree.
fn table(rows: &[TableRow]) -> String {
    let mut text = String::new();
    if rows.is_empty() {
        return text;
    }
    let mut groups: Vec<Group> = Vec::new();
    for row in rows {
        if !groups.contains(&row.group) {
            groups.push(row.group);
        }
    }
    // What no released kernel has gets a column where one has it.
    let shown = |option: &&OptionName| {
        **option != OptionName::InfoOpt || rows.iter().any(|row| row.option == **option)
    };
    let columns: Vec<OptionName> = OptionName::ALL.iter().filter(shown).copied().collect();
    let width = if columns.len() < OptionName::ALL.len() { 12 } else { 10 };
    let sum =
        |option: Option<OptionName>, group: Option<Group>, what: fn(&TableRow) -> u64| -> u64 {
            let there = |row: &&TableRow| {
                option.is_none_or(|option| row.option == option)
                    && group.is_none_or(|group| row.group == group)
            };
            rows.iter().filter(there).map(what).sum()
        };
    let mut line =
        |name: &str, group: Option<Group>, what: fn(&TableRow) -> u64, mark: fn(&str) -> String| {
            let _ = write!(text, "  {name:<19}");
            let options = columns.iter().map(|option| Some(*option)).chain([None]);
            for option in options {
                let count = sum(option, group, what);
                let cell = if count == 0 { "-".to_owned() } else { grouped(count) };
                let marked = format!("{cell:>width$}");
                let marked = match count {
                    0 => dim(&marked),
                    _ => mark(&marked),
                };
                let is_widest = option == Some(OptionName::SubflowAddrs);
                let wide = if is_widest { WIDEST - width } else { 0 };
                let _ = write!(text, "{:wide$}{marked}", "");
            }
            text.push('\n');
        };
    let plain = |cell: &str| cell.to_owned();
    for group in &groups {
        line(group.name(), Some(*group), |row| row.cases, plain);
    }
    line("all", None, |row| row.cases, plain);
    line("  agree", None, |row| row.agree, good);
    line("  disagree", None, |row| row.disagree, bad);
    if rows.iter().any(|row| row.unspecified > 0) {
        line("  unspecified", None, |row| row.unspecified, odd);
    }
    line("  inconclusive", None, |row| row.inconclusive, odd);
    let mut title = format!("\n  {:<19}", "cases");
    for option in &columns {
        let width = if *option == OptionName::SubflowAddrs { WIDEST } else { width };
        let _ = write!(title, "{:>width$}", option.title().trim_start_matches("MPTCP_"));
    }
    let _ = writeln!(title, "{:>width$}", "all");
    format!("{}{text}", head(&title))
}

fn rules(report: &CheckReport) -> String {
    let rules = &report.rules;
    let mut text =
        format!("\n{} {} of {} exercised\n", head("Rules:"), rules.exercised.len(), rules.total);
    let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for missing in &rules.missing {
        reasons.entry(&missing.reason).or_default().push(&missing.rule);
    }
    for (reason, names) in reasons {
        text.push_str(&wrapped(&format!("not {}", names.join(", ")), "  ", WIDTH));
        text.push_str(&dim(&wrapped(reason, "      ", WIDTH)));
    }
    text
}

fn contradictions(report: &CheckReport) -> String {
    let mut text = String::new();
    if report.contradictions.is_empty() {
        return text;
    }
    let _ = writeln!(
        text,
        "\n{} known, seen again, and part of the model",
        head("Where this kernel contradicts a document or itself:")
    );
    for known in &report.contradictions {
        let _ = writeln!(text, "  {}", known.title);
        text.push_str(&sides(known, "      "));
    }
    text
}

/// What is promised, by whom, and what happens.
fn sides(known: &ContradictionData, indent: &str) -> String {
    let source = format!("{} ({})", known.promised, known.source);
    let mut text = wrapped(&format!("promised: {source}"), indent, WIDTH);
    text.push_str(&wrapped(&format!("observed: {}", known.observed), indent, WIDTH));
    text.push_str(&dim(&wrapped(&format!("see {}", known.page), indent, WIDTH)));
    text
}

fn undecided(report: &CheckReport) -> String {
    let mut text = String::new();
    if report.inconclusive_reasons.is_empty() {
        return text;
    }
    let _ = writeln!(text, "\n{}", head("Inconclusive:"));
    for (reason, count) in &report.inconclusive_reasons {
        let _ = writeln!(text, "  {:>12}  {reason}", grouped(*count));
    }
    text
}

/// How many scenes came up, and which did not, by reason.
pub(crate) fn scenes(coverage: &Coverage) -> String {
    let mut text = String::new();
    let Coverage { scenes, skipped_scenes, impossible_scenes, .. } = coverage;
    let _ = writeln!(text, "\n{} {scenes} of {} came up", head("Scenes:"), coverage.chosen());
    let both = [("did not come up", skipped_scenes), ("not on this release", impossible_scenes)];
    for (what, list) in both {
        let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for scene in list {
            reasons.entry(&scene.reason).or_default().push(&scene.name);
        }
        for (reason, names) in reasons {
            let list = if names.len() > 8 {
                format!("{} and {} more", names[..6].join(", "), names.len() - 6)
            } else {
                names.join(", ")
            };
            text.push_str(&wrapped(&format!("{} {what}: {list}", names.len()), "  ", WIDTH));
            text.push_str(&odd(&wrapped(reason, "      ", WIDTH)));
        }
    }
    text
}

fn laws(report: &CheckReport) -> String {
    let Some(laws) = &report.laws else {
        return String::new();
    };
    let mut text = format!(
        "\n{} {} on made-up sockets\n",
        head("The model against its own laws:"),
        counted(laws.cases, "case")
    );
    for law in &laws.laws {
        let kept = if law.broken == 0 { good("kept") } else { bad("broken") };
        let _ = writeln!(text, "  {kept}  {}", law.sentence);
        if let Some(example) = &law.example {
            let _ = writeln!(text, "      {} times, as in --hex {example}", grouped(law.broken));
        }
    }
    text
}

/// Findings: some in full, all others in short.
pub(crate) fn findings(findings: &[FindingData]) -> String {
    let mut text = String::new();
    for (number, finding) in (1..).zip(findings).take(MOST_IN_FULL) {
        let title = head(&format!("Finding {number} of {}", findings.len()));
        let _ = writeln!(text, "\n{title}");
        text.push_str(&self::finding(finding));
    }
    let others = findings.get(MOST_IN_FULL..).unwrap_or_default();
    if !others.is_empty() {
        let title = head(&format!("And {} more, perhaps of the same cause", others.len()));
        let _ = writeln!(text, "\n{title}");
    }
    for finding in others {
        let signature = bad(&finding.signature);
        let _ = writeln!(text, "{signature}  ({})", counted(finding.cases, "case"));
        let _ = writeln!(text, "  {}\n  replay: {}", finding.summary, finding.replay);
    }
    text
}

/// One finding, from its signature to the command that replays it.
pub(crate) fn finding(finding: &FindingData) -> String {
    let first = match finding.after_seconds {
        0.0 => String::new(),
        after => format!(", first after {after:.3} s"),
    };
    let cases = counted(finding.cases, "case");
    let mut text = format!("{}  ({cases}{first})\n", bad(&finding.signature));
    text.push_str(&wrapped(&finding.summary, "  ", WIDTH));
    if let Some(known) = &finding.contradiction {
        let _ = writeln!(text, "\n  {}", head(&format!("Known: {}", known.title)));
        text.push_str(&sides(known, "    "));
    }
    if let Some(console) = &finding.console {
        let _ = writeln!(text, "\n  {}", head("The kernel's console"));
        for line in console.lines() {
            let _ = writeln!(text, "    {}", dim(line));
        }
    }
    if let Some(rule) = finding.rule.as_ref().filter(|_| finding.contradiction.is_none()) {
        let _ = writeln!(text, "\n  {}", head(&rule.name));
        text.push_str(&wrapped(&rule.sentence, "    ", WIDTH));
        text.push_str(&dim(&wrapped(&format!("Source: {}", rule.source), "    ", WIDTH)));
    }
    text.push('\n');
    for line in finding.call.lines() {
        let _ = writeln!(text, "    {line}");
    }
    if !finding.picture.is_empty() {
        text.push('\n');
        for line in finding.picture.lines() {
            let _ = writeln!(text, "  {line}");
        }
    }
    let _ = writeln!(text, "\n  replay: {}", finding.replay);
    text
}

/// The report of a command under which the kernel fell over.
pub(crate) fn oops(report: &OopsReport) -> String {
    let mut text = format!("{} {}\n{}", head("Linux"), report.kernel, notes(&report.notes));
    text.push_str(&findings(&report.findings));
    let _ = writeln!(text, "\n{}  after {}", bad("DIVERGENCE"), counted(report.cases, "case"));
    text
}

fn verdict(report: &CheckReport) -> String {
    let lattice = match report.lattice_seconds {
        Some(seconds) => format!("lattice complete after {seconds:.1} s"),
        None => "lattice not complete".into(),
    };
    let ended = match report.ended_by {
        EndedBy::Interrupted => ", interrupted",
        EndedBy::First => ", stopped at the first finding",
        EndedBy::Time | EndedBy::Cases | EndedBy::Kernel => "",
    };
    let jobs = counted(report.jobs as u64, "job");
    let counts = match report.verdict {
        Verdict::Divergence => format!(
            "{} of {} disagree, in {}",
            grouped(report.disagree),
            counted(report.cases, "case"),
            counted(report.findings.len() as u64, "finding")
        ),
        Verdict::Agree => {
            format!("{} of {} agree", grouped(report.agree), counted(report.cases, "case"))
        }
        Verdict::Unreproduced => {
            "a difference was seen that could not be reproduced: see above".into()
        }
        Verdict::Inconclusive => format!(
            "{} have no verdict, more than one in a thousand",
            counted(report.inconclusive, "case")
        ),
        Verdict::Uneven | Verdict::Incomplete => format!(
            "interrupted: {} of {} agree",
            grouped(report.agree),
            counted(report.cases, "case")
        ),
        Verdict::Skipped => {
            report.coverage.not_compared_text().unwrap_or("no case was made".into())
        }
    };
    // Of what was not compared there is nothing more to say.
    let scenes = match report.verdict {
        Verdict::Skipped => String::new(),
        _ => format!(", in {}", report.coverage.scenes_text()),
    };
    let headline = wrapped(&format!("{counts}{scenes}"), "", WIDTH);
    let word = self::word(report.verdict);
    format!(
        "\n{word}  {headline}  {:.1} s{ended}, {} cases/s, {jobs}, seed {}, {lattice}\n",
        report.seconds,
        grouped(report.cases_per_second as u64),
        report.seed,
    )
}

/// The word of a verdict, at the head of the last lines.
pub(crate) fn word(verdict: Verdict) -> String {
    match verdict {
        Verdict::Agree => good("AGREE"),
        Verdict::Divergence => bad("DIVERGENCE"),
        Verdict::Unreproduced => bad("NOT REPRODUCED"),
        Verdict::Uneven => bad("NOT COMPARABLE"),
        Verdict::Incomplete => bad("INCOMPLETE"),
        Verdict::Inconclusive => bad("INCONCLUSIVE"),
        Verdict::Skipped => odd("SKIPPED"),
    }
}

/// What a descriptor is, in a few words.
pub(crate) fn socket_kind(expected: &ExpectedState) -> &'static str {
    let by_family = |family: &Family, v4, v6| match family {
        Family::V4 => v4,
        Family::V6 => v6,
    };
    match &expected.kind {
        Kind::Mptcp { .. } => "MPTCP",
        Kind::FallenBack(family) => by_family(family, "fallen back, IPv4", "fallen back, IPv6"),
        Kind::Tcp(family) => by_family(family, "TCP, IPv4", "TCP, IPv6"),
        Kind::Udp(family) => by_family(family, "UDP, IPv4", "UDP, IPv6"),
        Kind::Unix => "unix",
        Kind::NotASocket => "not a socket",
        Kind::Closed => "not open",
    }
}
