//! `assay triage`: a folder of a fuzzer's crash files, as a list of distinct findings.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;
use mptcp_emulator::Revision;
use mptcp_harness::judge::finding::Finding;
use mptcp_harness::model::Model;
use mptcp_harness::oracle::Oracle;
use mptcp_harness::verdict::{Status, Tally, Verdict};
use serde::Serialize;

use crate::arguments::{Format, listing};
use crate::report::coverage::{Coverage, MissingComparison, Request};
use crate::report::data::FindingData;
use crate::report::serial::verdict_name;
use crate::report::text;
use crate::session::findings::{finding_data, note_unsaved, store};
use crate::session::stored_cases::{StoredCase, StoredVerdict};
use crate::session::{Session, canary, stored_cases};
use crate::terminal::out;
use crate::terminal::progress::ProgressLine;
use crate::terminal::style::{counted, dim, head, odd, wrapped};

/// How long one finding may be shrunk.
const SHRINKING: Duration = Duration::from_secs(3);

/// How many files of one kind are named.
const NAMED: usize = 4;

#[derive(Args, Debug)]
pub(crate) struct TriageArgs {
    /// Files of one case each, such as those that a fuzzer leaves (crash-…, oom-…,
    /// timeout-…, slow-unit-…); folders with such files, which are searched
    /// recursively (*.md and *.txt are ignored)
    #[arg(value_name = "FILE|DIR", required = true)]
    pub(crate) paths: Vec<PathBuf>,

    /// Write the simplest case of each finding to DIR, one file each
    #[arg(long, value_name = "DIR", overrides_with = "save")]
    pub(crate) save: Option<PathBuf>,

    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "human", value_parser = listing())]
    pub(crate) format: Format,

    /// Judge by a model with a planted mistake instead, as `check --canary` does
    #[arg(long)]
    pub(crate) canary: bool,
}

/// Everything that a triage reports.
#[derive(Serialize)]
struct Triage {
    #[serde(with = "verdict_name")]
    verdict: Verdict,
    kernel: String,
    revision: &'static str,
    notes: Vec<String>,
    files: usize,
    /// The most frequent first.
    findings: Vec<FindingFiles>,
    /// Findings that one mistake may explain.
    causes: Vec<Cause>,
    /// Files on which model and kernel agree.
    agree: Vec<String>,
    /// Files that are no case.
    no_case: Vec<FileReason>,
    /// Files whose case has no verdict.
    inconclusive: Vec<FileReason>,
    /// The scenes, and the files whose case was not compared.
    #[serde(flatten)]
    coverage: Coverage,
}

/// A finding and the files that show it.
#[derive(Serialize)]
struct FindingFiles {
    #[serde(flatten)]
    finding: FindingData,
    /// None where it was met while another finding was shrunk.
    files: Vec<String>,
}

/// What several findings have in common.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Cause {
    /// A rule, or what the kernel complained of and where.
    what: String,
    signatures: Vec<String>,
}

/// A file without a verdict, and why.
#[derive(Serialize)]
struct FileReason {
    file: String,
    why: String,
}

/// Runs the command.
pub(crate) fn run(args: &TriageArgs) -> Result<Status, String> {
    let stored = stored_cases::read(&args.paths, &[]);
    // All of them: the simplest case may be one on another scene.
    let model = if args.canary { canary::model() } else { Model::documented() };
    let session = Session::open(model, None, &ProgressLine::quiet(), |_| true)?;
    let mut oracle = session.oracle()?;
    let Session { kernel, mut coverage, .. } = session;

    let mut piles = Piles::default();
    for one in &stored {
        piles.sort(one, &mut oracle, &coverage);
    }
    let mut findings = piles.simplest(&mut oracle);
    let unsaved = args.save.as_ref().and_then(|folder| save(folder, &mut findings).err());
    let colour = args.format == Format::Human;
    coverage.not_compared = piles.absent;
    coverage.leave();
    let tally = Tally {
        agree: piles.agree.len() as u64,
        disagree: findings.len() as u64,
        without: piles.inconclusive.len() as u64,
        unreproduced: piles.unreproduced,
        not_compared: coverage.not_compared.len() as u64,
        is_incomplete: !piles.no_case.is_empty(),
        ..Tally::default()
    };
    let triage = Triage {
        verdict: tally.verdict(),
        kernel: kernel.release.clone(),
        revision: kernel.revision.name,
        notes: args.canary.then(|| canary::NOTE.to_owned()).into_iter().collect(),
        files: stored.len(),
        causes: causes(&findings),
        findings: data(findings, &kernel.revision, colour),
        agree: piles.agree,
        no_case: piles.no_case,
        inconclusive: piles.inconclusive,
        coverage,
    };
    match args.format {
        Format::Json => out::line(out::json(&triage)?)?,
        Format::Human | Format::Ktap => out::put(text(&triage))?,
    }
    note_unsaved(unsaved);
    Ok(triage.verdict.status())
}

/// A finding with its files, and where it was saved.
struct TriagedFinding {
    finding: Finding,
    files: Vec<String>,
    saved: Option<FindingData>,
}

/// The files by what they are.
#[derive(Default)]
struct Piles {
    /// By signature.
    found: BTreeMap<String, TriagedFinding>,
    agree: Vec<String>,
    no_case: Vec<FileReason>,
    inconclusive: Vec<FileReason>,
    /// How many of those could not be reproduced.
    unreproduced: u64,
    /// Files for whose case something is not available here.
    absent: Vec<MissingComparison>,
}

impl Piles {
    fn sort(&mut self, stored: &StoredCase, oracle: &mut Oracle, coverage: &Coverage) {
        let file = stored.name.clone();
        match stored.judge(oracle, coverage) {
            StoredVerdict::Agree { .. } => self.agree.push(file),
            StoredVerdict::Disagree(finding) => self.find(*finding, Some(file)),
            StoredVerdict::Inconclusive(reason, why) => {
                self.unreproduced += u64::from(reason.is_unreproduced());
                self.inconclusive.push(FileReason { file, why });
            }
            StoredVerdict::Absent(_, reason) => {
                self.absent.push(MissingComparison { request: Request::Case(file), reason });
            }
            StoredVerdict::NoCase(why) => self.no_case.push(FileReason { file, why }),
        }
    }

    fn find(&mut self, finding: Finding, file: Option<String>) {
        let signature = finding.diagnosis.signature.clone();
        let found = self.found.entry(signature);
        let found = found.or_insert(TriagedFinding { finding, files: Vec::new(), saved: None });
        found.files.extend(file);
    }

    /// The simplest case of each finding, the most frequent first.
    fn simplest(&mut self, oracle: &mut Oracle) -> Vec<TriagedFinding> {
        let shrunk: Vec<TriagedFinding> = std::mem::take(&mut self.found)
            .into_values()
            .map(|found| {
                let until = Instant::now() + SHRINKING;
                let cases = found.files.len() as u64;
                let finding = Finding { cases, ..oracle.simplest(found.finding, until) };
                TriagedFinding { finding, ..found }
            })
            .collect();
        for found in shrunk {
            self.found.insert(found.finding.diagnosis.signature.clone(), found);
        }
        for met in oracle.take_met() {
            self.find(met, None);
        }
        let mut all: Vec<TriagedFinding> = std::mem::take(&mut self.found).into_values().collect();
        all.sort_by_key(|found| std::cmp::Reverse(found.files.len()));
        all
    }
}

fn save(folder: &Path, findings: &mut [TriagedFinding]) -> Result<(), String> {
    for found in findings {
        let mut data = FindingData::new(&found.finding, String::new());
        store(Path::new(""), folder, &found.finding, &mut data)?;
        found.saved = Some(data);
    }
    Ok(())
}

/// Findings that have their rule in common, or the place of a complaint.
fn causes(findings: &[TriagedFinding]) -> Vec<Cause> {
    let mut causes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for TriagedFinding { finding, .. } in findings {
        let diagnosis = &finding.diagnosis;
        let what = match (&diagnosis.complaint, diagnosis.rule) {
            (Some(said), _) => format!("{} in {}", said.kind, said.place),
            (None, Some(rule)) => rule.name().to_owned(),
            (None, None) => continue,
        };
        causes.entry(what).or_default().push(diagnosis.signature.clone());
    }
    let several = causes.into_iter().filter(|(_, signatures)| signatures.len() > 1);
    several.map(|(what, signatures)| Cause { what, signatures }).collect()
}

fn data(findings: Vec<TriagedFinding>, revision: &Revision, colour: bool) -> Vec<FindingFiles> {
    let one = |found: TriagedFinding| {
        let mut finding = finding_data(&found.finding, revision, colour);
        if let Some(FindingData { replay, file, .. }) = found.saved {
            (finding.replay, finding.file) = (replay, file);
        }
        FindingFiles { finding, files: found.files }
    };
    findings.into_iter().map(one).collect()
}

fn text(triage: &Triage) -> String {
    let mut text = text::heading(&triage.kernel, triage.revision, &triage.notes);
    for (number, FindingFiles { finding, files }) in (1..).zip(&triage.findings) {
        let title = format!("Finding {number} of {}", triage.findings.len());
        let shown = match files.len() {
            0 => "met while another finding was shrunk".to_owned(),
            count => format!("in {}", counted(count as u64, "file")),
        };
        let _ = writeln!(text, "\n{}, {shown}", head(&title));
        text.push_str(&dim(&list(files.iter().map(String::as_str))));
        text.push_str(&text::finding(finding));
        let explain = finding.replay.replacen("replay", "explain", 1);
        let _ = writeln!(text, "  explain: {explain}");
    }
    for Cause { what, signatures } in &triage.causes {
        let _ = writeln!(text, "\n{} {what}", head("Probably one cause:"));
        signatures.iter().for_each(|signature| text.push_str(&format!("  {signature}\n")));
    }
    if !triage.agree.is_empty() {
        let count = counted(triage.agree.len() as u64, "file");
        let _ = writeln!(text, "\n{} on this kernel", head(&format!("{count} without a finding")));
        text.push_str(&list(triage.agree.iter().map(String::as_str)));
        let why = "model and kernel agree: it was mended, or another kernel's, or the case is not \
                   the one that did it; the fuzz target notices a write far from any buffer up to \
                   63 inputs later, and its message then has the case";
        text.push_str(&dim(&wrapped(why, "      ", text::WIDTH)));
    }
    others(&mut text, "no case", &triage.no_case);
    others(&mut text, "inconclusive", &triage.inconclusive);
    let absent = triage.coverage.not_compared.iter();
    let absent = absent.map(|entry| (entry.request.to_string(), entry.reason.clone()));
    let absent: Vec<FileReason> = absent.map(|(file, why)| FileReason { file, why }).collect();
    others(&mut text, "not compared", &absent);
    let word = text::word(triage.verdict);
    let findings = counted(triage.findings.len() as u64, "finding");
    let _ = writeln!(text, "\n{word}  {}: {findings}", counted(triage.files as u64, "file"));
    text
}

/// Files without a verdict, by reason.
fn others(text: &mut String, what: &str, others: &[FileReason]) {
    let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for FileReason { file, why } in others {
        reasons.entry(why).or_default().push(file);
    }
    for (why, files) in reasons {
        let count = counted(files.len() as u64, "file");
        let _ = writeln!(text, "\n{}", head(&format!("{count}, {what}")));
        text.push_str(&list(files.into_iter()));
        text.push_str(&odd(&wrapped(why, "      ", text::WIDTH)));
    }
}

/// The first few of some files.
fn list<'a>(files: impl ExactSizeIterator<Item = &'a str>) -> String {
    let more = files.len().saturating_sub(NAMED);
    let named: Vec<&str> = files.take(NAMED).collect();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    if named.is_empty() {
        return String::new();
    }
    wrapped(&format!("{}{more}", named.join(", ")), "  ", text::WIDTH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use mptcp_emulator::Rule;
    use mptcp_harness::cases::{Case, Entry, Input, Place};
    use mptcp_harness::judge::finding::Diagnosis;
    use mptcp_harness::watch::Complaint;

    fn found(signature: &str, rule: Option<Rule>, said: Option<(&str, &str)>) -> TriagedFinding {
        let case = Case {
            scene: 0,
            poison: 0,
            option: 1,
            length: 0,
            optval: Place::NULL,
            optlen: Place::NULL,
            input: Input::Nothing,
            entry: Entry::Native,
        };
        let complaint = said.map(|(kind, place)| Complaint {
            kind: kind.into(),
            place: place.into(),
            title: String::new(),
            excerpt: String::new(),
        });
        let (signature, summary) = (signature.to_owned(), String::new());
        let diagnosis = Diagnosis { signature, summary, rule, complaint, contradiction: None };
        TriagedFinding { finding: Finding::new(&case, diagnosis), files: vec![], saved: None }
    }

    #[test]
    fn what_shares_a_rule_or_a_place_is_probably_one_cause() {
        let all = [
            found("a", Some(Rule::StrideClamped), None),
            found("b", Some(Rule::SizesReported), None),
            found("c", Some(Rule::StrideClamped), None),
            found("d", None, Some(("warning", "f"))),
            found("e", None, Some(("warning", "f"))),
            found("f", None, Some(("warning", "g"))),
            found("g", None, None),
            found("h", None, None),
        ];
        let cause = |what: &str, signatures: [&str; 2]| Cause {
            what: what.into(),
            signatures: signatures.map(str::to_owned).to_vec(),
        };
        let wanted = [cause("StrideClamped", ["a", "c"]), cause("warning in f", ["d", "e"])];
        assert_eq!(causes(&all), wanted);
    }
}
