//! A mismatch, told apart from others and put into words.

use std::fmt;

use mptcp_emulator::{Errno, Revision, Rule};

use crate::case::{Case, is_known, option_name};
use crate::codec;
use crate::region::{Map, Region, Spot};
use crate::rig::Examination;

/// What a mismatch amounts to.
#[derive(Clone, Debug)]
pub struct Diagnosis {
    /// Groups mismatches of one cause: the option, what differs and where,
    /// the rule that decided it.
    pub signature: String,
    /// One line for people.
    pub summary: String,
    /// The rule that decided what differs.
    pub rule: Option<Rule>,
}

/// One kind of mismatch, and the simplest case that shows it.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What it amounts to.
    pub diagnosis: Diagnosis,
    /// The simplest case.
    pub case: Case,
    /// How many cases showed it.
    pub cases: u64,
}

impl fmt::Display for Finding {
    /// What it is, the rule, the call, and how to look at it again.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Diagnosis { signature, summary, rule } = &self.diagnosis;
        writeln!(f, "finding {signature}\n{summary}")?;
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

/// Diagnoses an examination that found a mismatch; `None` where it agreed.
pub fn diagnose(
    case: &Case,
    revision: &Revision,
    subflows: usize,
    examination: &Examination,
) -> Option<Diagnosis> {
    let mismatch = examination.verdict.as_ref().err()?;
    let option = option_name(case.option);
    let named = if is_known(case.option) { option.as_str() } else { "unknown option" };
    if let Some((predicted, observed)) = mismatch.result {
        let rule = examination.rules.last().copied();
        let (predicted, observed) = (result_name(predicted), result_name(observed));
        return Some(Diagnosis {
            signature: signature(named, &format!("{predicted}->{observed}"), rule),
            summary: format!("{option}: predicted {predicted}, observed {observed}"),
            rule,
        });
    }

    let map = Map::new(case, revision, subflows);
    let spots: Vec<(usize, Spot)> = mismatch.bytes.iter().map(|at| (*at, map.spot(*at))).collect();
    let (at, first) = *spots.iter().min_by_key(|(at, spot)| (rank(spot.region), *at))?;
    let alike = || spots.iter().filter(|(_, spot)| spot.region.kind() == first.region.kind());
    let one_field = alike().all(|(_, spot)| spot.field == first.field);
    let field = match first.field {
        Some(field) if one_field => format!(".{field}"),
        Some(_) => ".several".into(),
        None => String::new(),
    };
    let rule = responsible(first.region, &examination.rules);
    let observation = examination.observation.as_deref().unwrap_or_default();
    let count = mismatch.bytes.len();
    let differ = if count == 1 { "byte differs" } else { "bytes differ" };
    let unforeseen = examination.before.get(at) == examination.prediction.get(at);
    let wanted = match examination.prediction.get(at) {
        Some(_) if unforeseen => "untouched".to_owned(),
        Some(byte) => format!("{byte:#04x}"),
        None => "nothing".to_owned(),
    };
    let got = match observation.get(at) {
        Some(byte) if examination.before.get(at) == Some(byte) => "untouched".to_owned(),
        Some(byte) => format!("{byte:#04x}"),
        None => "nothing".to_owned(),
    };
    let result = result_name(examination.predicted);
    Some(Diagnosis {
        signature: signature(named, &format!("{}{field}", first.region.kind()), rule),
        summary: format!(
            "{option} ({result}): {count} {differ}; {first}: predicted {wanted}, observed {got}"
        ),
        rule,
    })
}

fn signature(option: &str, what: &str, rule: Option<Rule>) -> String {
    let rule = rule.map_or("no rule", Rule::name);
    format!("{option}/{what}/{rule}")
}

/// What to tell first.
fn rank(region: Region) -> u8 {
    match region {
        Region::Length => 0,
        Region::Header | Region::Block(_) => 1,
        Region::Info
        | Region::Element(_)
        | Region::SubflowInfo(_)
        | Region::TcpInfo(_)
        | Region::Sockname(_)
        | Region::Peername(_) => 2,
        Region::HeaderTail => 3,
        Region::Slack => 4,
        Region::Beyond => 5,
        Region::Before => 6,
        Region::Elsewhere => 7,
    }
}

/// The rule that decided what stands in a region, among those that fired.
fn responsible(region: Region, fired: &[Rule]) -> Option<Rule> {
    use Rule::*;
    let candidates: &[Rule] = match region {
        Region::Length => &[
            InfoZeroLengthAsksNothing,
            InfoZeroLengthStored,
            InfoNegativeLengthIsHuge,
            InfoCut,
            InfoWhole,
            ElementUnwritable,
            LengthWithElements,
            LengthWithoutElements,
            FullInfoLeftOut,
            FullInfoCut,
            FullInfoWhole,
            OptLengthReturned,
        ],
        Region::Block(_) => &[
            OptInfoUnwritable,
            OptTcpInfoUnwritable,
            OptSocknameUnwritable,
            OptPeernameUnwritable,
            OptLengthUnwritable,
            OptBlockNull,
            OptKernelReported,
        ],
        Region::Header => &[
            ElementUnwritable,
            CountReported,
            SizesReported,
            FullSubflowInfoUnwritable,
            FullTcpInfoUnwritable,
            FullCountsReported,
        ],
        Region::Info => &[
            InfoDataUnwritable,
            InfoNegativeLengthIsHuge,
            InfoCut,
            InfoWhole,
            OptInfoUnwritable,
            OptScalarFilled,
        ],
        Region::Element(_) => &[ElementUnwritable, StrideClamped, ElementCopied, ElementLeftOut],
        Region::SubflowInfo(_) | Region::TcpInfo(_) => &[
            FullSubflowInfoUnwritable,
            FullTcpInfoUnwritable,
            FullStrideClamped,
            FullElementCopied,
            FullElementLeftOut,
            OptTcpInfoUnwritable,
            OptStrideShrunk,
            OptElementCopied,
            OptElementLeftOut,
        ],
        Region::Sockname(_) | Region::Peername(_) => &[
            OptSocknameUnwritable,
            OptPeernameUnwritable,
            OptStrideShrunk,
            OptElementCopied,
            OptElementLeftOut,
        ],
        Region::HeaderTail => &[HeaderTailLeftAlone],
        Region::Slack | Region::Beyond => &[
            InfoCut,
            InfoWhole,
            ElementLeftOut,
            FullElementLeftOut,
            ElementCopied,
            FullElementCopied,
            OptElementLeftOut,
            OptElementCopied,
            OptScalarFilled,
        ],
        Region::Before | Region::Elsewhere => &[],
    };
    let decided = candidates.iter().find(|rule| fired.contains(rule)).copied();
    decided.or_else(|| fired.last().copied())
}
