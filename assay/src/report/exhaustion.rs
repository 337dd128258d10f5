//! What a walk over a small domain found, and a sentence that states what was covered.

use mptcp_emulator::abi;
use mptcp_harness::cases::option_name;
use mptcp_harness::engines::check::{Counts, Outcome};
use mptcp_harness::engines::exhaust::{Domain, Exhaustion};
use mptcp_harness::kernel::Kernel;
use mptcp_harness::verdict::{Tally, Verdict};
use serde::Serialize;

use crate::report::coverage::Coverage;
use crate::report::data::FindingData;
use crate::report::data::tally;
use crate::report::ktap::{Ending, Point};
use crate::report::serial::verdict_name;
use crate::report::{ktap, ktap_check, text};
use crate::terminal::style::{counted, grouped, head, wrapped};

/// Everything that a run reports.
#[derive(Serialize)]
pub(crate) struct ExhaustReport {
    #[serde(with = "verdict_name")]
    pub(crate) verdict: Verdict,
    kernel: String,
    revision: &'static str,
    notes: Vec<String>,
    domains: Vec<DomainResult>,
    combinations: u64,
    /// The first combination that was not judged.
    next: u64,
    judged: u64,
    agree: u64,
    disagree: u64,
    inconclusive: u64,
    /// Cases on which a difference was seen that could not be reproduced.
    unreproduced: u64,
    #[serde(flatten)]
    coverage: Coverage,
    findings: Vec<FindingData>,
    seconds: f64,
    cases_per_second: u64,
    jobs: usize,
}

/// The domain of one option, and what came of it.
#[derive(Serialize)]
pub(crate) struct DomainResult {
    option: String,
    dimensions: Vec<String>,
    combinations: u64,
    /// Those of this run: all but the ones before `--from`.
    wanted: u64,
    judged: u64,
    agree: u64,
    disagree: u64,
    inconclusive: u64,
    /// What can be said.
    sentence: String,
}

/// How a run was made.
pub(crate) struct Circumstances {
    pub(crate) notes: Vec<String>,
    pub(crate) jobs: usize,
    pub(crate) coverage: Coverage,
}

/// The option as a sentence has it.
pub(crate) fn named(option: i32) -> String {
    match option {
        abi::MPTCP_INFO..=abi::MPTCP_FULL_INFO | abi::MPTCP_INFO_OPT => option_name(option),
        _ => "options that nobody knows".into(),
    }
}

impl ExhaustReport {
    /// The report of an outcome.
    pub(crate) fn new(
        kernel: &Kernel,
        exhaustion: &Exhaustion,
        from: u64,
        outcome: &Outcome,
        findings: Vec<FindingData>,
        how: Circumstances,
    ) -> ExhaustReport {
        let mut start = 0;
        let part = |domain: &Domain| {
            let end = start + domain.combinations();
            // Of this domain; the ones before `from` were another run's.
            let wanted = end - from.clamp(start, end);
            start = end;
            part(domain, wanted, outcome)
        };
        let domains: Vec<DomainResult> = exhaustion.domains().iter().map(part).collect();
        let counts = outcome.counts();
        let seconds = outcome.elapsed.as_secs_f64();
        let wanted = exhaustion.all() - from;
        ExhaustReport {
            verdict: Tally {
                is_incomplete: counts.agree + counts.disagree != wanted,
                ..tally(outcome, &how.coverage)
            }
            .verdict(),
            kernel: kernel.release.clone(),
            revision: kernel.revision.name,
            notes: how.notes,
            domains,
            combinations: exhaustion.all(),
            next: exhaustion.next(),
            judged: counts.cases(),
            agree: counts.agree,
            disagree: counts.disagree,
            inconclusive: counts.inconclusive,
            unreproduced: outcome.unreproduced(),
            coverage: how.coverage,
            findings,
            seconds,
            cases_per_second: (counts.cases() as f64 / seconds.max(0.001)) as u64,
            jobs: how.jobs,
        }
    }
}

fn part(domain: &Domain, wanted: u64, outcome: &Outcome) -> DomainResult {
    let option = domain.option;
    let own = |number: i32| match number {
        0 => !matches!(option, abi::MPTCP_INFO..=abi::MPTCP_FULL_INFO | abi::MPTCP_INFO_OPT),
        number => number == option,
    };
    let mut counts = Counts::default();
    for (_, rows) in outcome.table.iter().filter(|((number, _), _)| own(*number)) {
        counts.agree += rows.agree;
        counts.disagree += rows.disagree;
        counts.inconclusive += rows.inconclusive;
    }
    let Counts { agree, disagree, inconclusive, .. } = counts;
    let (judged, all) = (counts.cases(), domain.combinations());
    let dimensions: Vec<String> = domain.dimensions.iter().map(|one| one.text()).collect();
    let what = format!("combinations of {}", dimensions.join("; "));
    // The claim is made only of what was counted.
    let sentence = match () {
        () if agree == all => format!("all {} {what} agree", grouped(all)),
        () if agree == wanted && wanted > 0 => {
            format!("the last {} of {} {what} agree", grouped(wanted), grouped(all))
        }
        () if wanted == 0 => format!("none of {} {what} was wanted (--from)", grouped(all)),
        () => format!(
            "of {} {what}, {} were judged: {} agree, {} disagree, {} have no verdict",
            grouped(wanted),
            grouped(judged),
            grouped(agree),
            grouped(disagree),
            grouped(inconclusive)
        ),
    };
    let option = named(option);
    let combinations = all;
    DomainResult {
        option,
        dimensions,
        combinations,
        wanted,
        judged,
        agree,
        disagree,
        inconclusive,
        sentence,
    }
}

/// As text.
pub(crate) fn text(report: &ExhaustReport, from: u64) -> String {
    let mut text = text::heading(&report.kernel, report.revision, &report.notes);
    text.push_str(&text::findings(&report.findings));
    for part in &report.domains {
        text.push_str(&format!("\n{}\n", head(&part.option)));
        text.push_str(&wrapped(&part.sentence, "  ", text::WIDTH));
    }
    let (all, judged) = (grouped(report.combinations), grouped(report.judged));
    let wanted = report.combinations - from;
    let what = match report.verdict {
        Verdict::Agree if from == 0 => format!("all {all} combinations agree"),
        Verdict::Agree => format!("{judged} of {all} combinations agree, those from {from} on"),
        Verdict::Divergence => format!(
            "{} of {} disagree, in {}",
            grouped(report.disagree),
            counted(report.judged, "case"),
            counted(report.findings.len() as u64, "finding")
        ),
        Verdict::Unreproduced => {
            format!("{} could not be reproduced", counted(report.unreproduced, "difference"))
        }
        Verdict::Inconclusive => {
            format!("{} have no verdict", counted(report.inconclusive, "case"))
        }
        Verdict::Incomplete | Verdict::Uneven => format!(
            "{judged} of {} judged, {} without a verdict",
            grouped(wanted),
            grouped(report.inconclusive)
        ),
        Verdict::Skipped => {
            report.coverage.not_compared_text().unwrap_or("there was no combination".into())
        }
    };
    let is_whole = report.coverage.skipped_scenes.is_empty();
    if !is_whole {
        text.push_str(&text::scenes(&report.coverage));
    }
    let word = text::word(report.verdict);
    // The sentences above have the scenes of each domain.
    let scenes = match is_whole {
        true => String::new(),
        false => format!("; {} came up", report.coverage.up_text()),
    };
    let what = wrapped(&format!("{what}{scenes}"), "", text::WIDTH);
    text.push_str(&format!(
        "\n{word}  {what}  {:.1} s, {} cases/s, {}\n",
        report.seconds,
        grouped(report.cases_per_second),
        counted(report.jobs as u64, "job")
    ));
    if report.next < report.combinations {
        text.push_str(&format!("  --from {} goes on\n", report.next));
    }
    text
}

/// As KTAP: a test point for each option.
pub(crate) fn ktap(report: &ExhaustReport) -> String {
    let point = |part: &DomainResult| {
        let ending = if part.disagree > 0 {
            Ending::NotOk
        } else if part.agree == part.wanted && part.wanted > 0 {
            Ending::Ok
        } else {
            Ending::Error("not all combinations have a verdict".into())
        };
        Point::new(&part.option, ending).saying(part.sentence.clone())
    };
    let mut points: Vec<Point> = report.domains.iter().map(point).collect();
    for entry in &report.coverage.not_compared {
        points.push(Point::new(&entry.request.to_string(), Ending::Skip(entry.reason.clone())));
    }
    if !report.findings.is_empty() {
        let findings = report.findings.iter().map(ktap_check::finding_text);
        points.push(findings.fold(Point::new("no-findings", Ending::NotOk), Point::saying));
    }
    let comments = [
        format!("Linux {} modelled as {}", report.kernel, report.revision),
        format!("{} came up", report.coverage.up_text()),
    ];
    ktap::document(&[comments.to_vec(), report.notes.clone()].concat(), &points)
}
