//! Describes a mismatch and distinguishes it from others.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use mptcp_emulator::{Errno, Revision, Rule};

use crate::cases::codec;
use crate::cases::{Case, Entry, Input, is_known, option_name};
use crate::judge::contradictions::Contradiction;
use crate::judge::evidence::{Evidence, Examination};
use crate::judge::region::{Map, Region, Spot};
use crate::watch::Complaint;

/// The diagnosis of a mismatch.
#[derive(Clone, Debug)]
pub struct Diagnosis {
    /// Groups mismatches of one cause: the option, what differs and where, and the rule that
    /// decided it.
    pub signature: String,
    /// One line in readable form.
    pub summary: String,
    /// The rule that decided the differing bytes or result.
    pub rule: Option<Rule>,
    /// The kernel's complaint, if any; model and kernel need not differ then.
    pub complaint: Option<Complaint>,
    /// The known contradiction that it concerns. If promises alone are judged, the kernel breaks a
    /// promise as known. Otherwise the kernel keeps a promise that the documented model expects
    /// kernels to break.
    pub contradiction: Option<&'static Contradiction>,
}

impl Diagnosis {
    fn new(signature: String, summary: String, rule: Option<Rule>) -> Diagnosis {
        Diagnosis { signature, summary, rule, complaint: None, contradiction: None }
    }

    /// The kernel complained while it answered a case.
    pub fn complained(case: &Case, complaint: Complaint) -> Diagnosis {
        let Complaint { kind, place, title, .. } = &complaint;
        let signature = format!("{}/{kind}/{place}", group_name(case.option));
        let summary = format!("{}: {kind} in {place} during the call: {title}", asked(case));
        Diagnosis { complaint: Some(complaint), ..Diagnosis::new(signature, summary, None) }
    }
}

/// One kind of mismatch, and the simplest case that shows it.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Its diagnosis.
    pub diagnosis: Diagnosis,
    /// The simplest case.
    pub case: Case,
    /// The number of cases that showed it.
    pub cases: u64,
    /// When it was first seen, since the start of the check.
    pub after: Duration,
    /// The run of the simplest case, for a report to draw. `None` if there is only a kernel
    /// complaint, or if the finding only counts cases of a known one.
    pub run: Option<Arc<FindingRun>>,
}

/// One run of a finding's case.
#[derive(Debug)]
pub struct FindingRun {
    /// What was predicted and observed.
    pub examination: Examination,
    /// Subflows of the socket.
    pub subflows: usize,
}

impl Finding {
    /// Adds the count of a finding with the same signature.
    pub fn add(&mut self, other: &Finding) {
        self.cases += other.cases;
        self.after = self.after.min(other.after);
    }

    /// A finding of one case.
    pub fn new(case: &Case, diagnosis: Diagnosis) -> Finding {
        Finding { diagnosis, case: *case, cases: 1, after: Duration::ZERO, run: None }
    }
}

impl fmt::Display for Finding {
    /// Prints the summary, the rule, the call, and how to explain the case.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Diagnosis { signature, summary, rule, complaint, .. } = &self.diagnosis;
        writeln!(f, "finding {signature}\n{summary}")?;
        if let Some(complaint) = complaint {
            writeln!(f, "{}", complaint.excerpt)?;
        }
        if let Some(rule) = rule {
            writeln!(f, "rule {}: {}", rule.name(), rule.sentence())?;
            writeln!(f, "  source: {}", rule.source())?;
        }
        writeln!(f, "{}", self.case)?;
        write!(f, "assay explain --hex {}", hex(&codec::encode(&self.case)))
    }
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// "success", or the error's name.
pub fn result_name(result: Result<(), Errno>) -> String {
    match result {
        Ok(()) => "success".into(),
        Err(errno) => errno.to_string(),
    }
}

/// Diagnoses an examination that found a mismatch; `None` if it agreed.
pub fn diagnose(
    case: &Case,
    revision: &Revision,
    subflows: usize,
    examination: &Examination,
) -> Option<Diagnosis> {
    diagnose_evidence(case, revision, subflows, &Evidence::of(examination)?)
}

/// How two kernels differ, in a sentence without its period; `None` if they do not. The prediction
/// is what the base kernel did, the observation what the patched one did.
pub fn contrast(
    case: &Case,
    revision: &Revision,
    subflows: usize,
    examination: &Examination,
) -> Option<String> {
    let words = Words { result: "on both", sides: ["base", "patched"], has_rule: false };
    let evidence = Evidence::of(examination)?;
    diagnose_in(&words, case, revision, subflows, &evidence).map(|diagnosis| diagnosis.summary)
}

/// [`diagnose`] from separate parts.
pub fn diagnose_evidence(
    case: &Case,
    revision: &Revision,
    subflows: usize,
    examination: &Evidence<'_>,
) -> Option<Diagnosis> {
    let words = Words { result: "as predicted", sides: ["predicted", "observed"], has_rule: true };
    diagnose_in(&words, case, revision, subflows, examination)
}

/// The words of a summary.
struct Words {
    /// What a result is that does not differ.
    result: &'static str,
    /// What the two sides are called.
    sides: [&'static str; 2],
    /// Whether the rule that decided is named.
    has_rule: bool,
}

fn diagnose_in(
    words: &Words,
    case: &Case,
    revision: &Revision,
    subflows: usize,
    examination: &Evidence<'_>,
) -> Option<Diagnosis> {
    let [one, other] = words.sides;
    let mismatch = examination.mismatch;
    let (asked, named) = (asked(case), group_name(case.option));
    let decided = |rule: Option<Rule>| match rule.filter(|_| words.has_rule) {
        Some(rule) => format!("; decided by {}", rule.name()),
        None => String::new(),
    };
    if let Some((predicted, observed)) = mismatch.result {
        let rule = examination.rules.last().copied();
        let (predicted, observed) = (result_name(predicted), result_name(observed));
        let signature = signature(&named, &format!("{predicted}->{observed}"), rule);
        let decided = decided(rule);
        let summary = format!("{asked}: {one} {predicted}, {other} {observed}{decided}");
        return Some(Diagnosis::new(signature, summary, rule));
    }

    let map = Map::new(case, revision, subflows);
    let spots: Vec<(usize, Spot)> = mismatch.bytes.iter().map(|at| (*at, map.spot(*at))).collect();
    let (at, first) = *spots.iter().min_by_key(|(at, spot)| (spot.region.rank(), *at))?;
    let alike = || spots.iter().filter(|(_, spot)| spot.region.kind() == first.region.kind());
    let one_field = alike().all(|(_, spot)| spot.field == first.field);
    let field = match first.field {
        Some(field) if one_field => format!(".{field}"),
        Some(_) => ".several".into(),
        None => String::new(),
    };
    let rule = responsible(first.region, examination.rules);
    let number = thing(&map, at, first);
    let open =
        examination.mask.get(number.clone()).is_none_or(|mask| mask.iter().any(|why| *why != 0));
    let (wanted, got) = values(examination, if open { at..at + 1 } else { number });
    let result = result_name(examination.predicted);
    let others = match mismatch.bytes.len() - 1 {
        0 => String::new(),
        1 => "; 1 more byte differs".into(),
        more => format!("; {more} more bytes differ"),
    };
    let signature = signature(&named, &format!("{}{field}", first.region.kind()), rule);
    let (distance, decided) = (distance(case, first.region, at), decided(rule));
    let summary = format!(
        "{asked}, {result} {}: {first}{distance}: {one} {wanted}, {other} {got}{others}{decided}",
        words.result
    );
    Some(Diagnosis::new(signature, summary, rule))
}

/// The option in a signature: all unknown options are equal.
fn group_name(option: i32) -> String {
    if is_known(option) { option_name(option) } else { "unknown option".into() }
}

/// The request, in short.
fn asked(case: &Case) -> String {
    let entry = if case.entry == Entry::Compat { " by int $0x80" } else { "" };
    format!("{}{entry} with optlen {}", option_name(case.option), case.length)
}

/// The range of the number that the byte at an offset belongs to, or that byte alone.
fn thing(map: &Map, at: usize, spot: Spot) -> Range<usize> {
    let one = at..at + 1;
    if spot.field.is_none() && spot.region != Region::Length {
        return one;
    }
    let Some(start) = at.checked_sub(spot.byte) else {
        return one;
    };
    let belongs = |other: usize| map.spot(other) == Spot { byte: other - start, ..spot };
    let len = (0..16).take_while(|byte| belongs(start + byte)).count();
    let is_number = matches!(len, 2 | 4 | 8) && (start..start + len).contains(&at);
    if is_number { start..start + len } else { one }
}

/// The predicted and the observed value of some bytes.
fn values(examination: &Evidence<'_>, bytes: Range<usize>) -> (String, String) {
    let before = examination.before.get(bytes.clone());
    let tell = |after: Option<&[u8]>| match after {
        Some(after) if Some(after) == before => "untouched".to_owned(),
        Some(after) => {
            let number = after.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
            if number < 10 { number.to_string() } else { format!("{number} ({number:#x})") }
        }
        None => "nothing".to_owned(),
    };
    let Evidence { prediction, observation, .. } = examination;
    (tell(prediction.get(bytes.clone())), tell(observation.get(bytes)))
}

/// The distance of a byte from the pointer by which the kernel reached it.
fn distance(case: &Case, region: Region, at: usize) -> String {
    let (name, place) = match (region, case.input) {
        (Region::Length | Region::Before | Region::Elsewhere, _) => return String::new(),
        (Region::SubflowInfo(_), Input::Full(full)) => ("subflow_info", full.subflow_info),
        (Region::TcpInfo(_), Input::Full(full)) => ("tcp_info", full.tcp_info),
        (Region::Info, Input::Opt(opt)) => ("mptcp_info", opt.blocks[0].address),
        (Region::TcpInfo(_), Input::Opt(opt)) => ("tcp_info", opt.blocks[1].address),
        (Region::Sockname(_), Input::Opt(opt)) => ("socknames", opt.blocks[2].address),
        (Region::Peername(_), Input::Opt(opt)) => ("peernames", opt.blocks[3].address),
        (Region::Slack | Region::Beyond, Input::Full(_) | Input::Opt(_)) => return String::new(),
        _ => ("optval", case.optval),
    };
    match place.offset().and_then(|start| at.checked_sub(start)) {
        Some(distance) => format!(" (at {name}+{distance})"),
        None => String::new(),
    }
}

fn signature(option: &str, what: &str, rule: Option<Rule>) -> String {
    let rule = rule.map_or("no rule", Rule::name);
    format!("{option}/{what}/{rule}")
}

/// The rule that decided the bytes of a region, among those of the prediction.
fn responsible(region: Region, fired: &[Rule]) -> Option<Rule> {
    let deciding = region.part().and_then(|part| Rule::deciding(part, fired));
    deciding.or_else(|| fired.last().copied())
}
