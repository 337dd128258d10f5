//! Findings of a run as reports have them: each with the memory around it, and a file.

use std::cmp::Reverse;
use std::fs;
use std::path::{Path, PathBuf};

use mptcp_emulator::Revision;
use mptcp_harness::cases::codec;
use mptcp_harness::engines::check::Outcome;
use mptcp_harness::judge::finding::{Finding, FindingRun};
use mptcp_limits::files;

use crate::report::data::FindingData;
use crate::report::hexdump::Hexdump;
use crate::session::Session;
use crate::terminal::out;

/// What to do where findings cannot be saved.
pub(crate) const ELSEWHERE: &str = "name another folder with --save";

impl Session {
    /// The findings of a run, each with the memory around what differs.
    pub(crate) fn findings(&self, outcome: &Outcome, colour: bool) -> Vec<FindingData> {
        let mut findings: Vec<&Finding> = outcome.findings.values().collect();
        // In the order in which they were seen; of those of one batch the simplest first: a
        // wrong length explains a thousand wrong bytes behind it. Known ones come last.
        findings.sort_by_key(|finding| {
            let is_known = finding.diagnosis.contradiction.is_some();
            let mismatch = finding.run.as_ref().and_then(|run| run.examination.mismatch());
            let bytes = mismatch.map_or(0, |mismatch| mismatch.bytes.len());
            (is_known, finding.after, bytes, Reverse(finding.cases))
        });
        let data = |finding: &Finding| finding_data(finding, &self.kernel.revision, colour);
        findings.into_iter().map(data).collect()
    }
}

/// A finding with the memory around what differs.
pub(crate) fn finding_data(finding: &Finding, revision: &Revision, colour: bool) -> FindingData {
    let picture = finding.run.as_ref().map_or_else(String::new, |run| {
        let FindingRun { examination, subflows } = &**run;
        Hexdump::new(&finding.case, revision, *subflows, examination, colour).differences()
    });
    FindingData::new(finding, picture)
}

/// Writes the simplest case of each finding into a file of its own.
pub(crate) fn save(
    folder: &Path,
    outcome: &Outcome,
    findings: &mut [FindingData],
) -> Result<(), String> {
    for data in findings {
        let Some(finding) = outcome.findings.get(&data.signature) else {
            continue;
        };
        store(Path::new(""), folder, finding, data)?;
    }
    Ok(())
}

/// Reports that findings could not be saved.
pub(crate) fn note_unsaved(error: Option<String>) {
    if let Some(error) = error {
        out::note(format_args!("assay: the findings could not be saved: {error}"));
    }
}

/// Writes a finding's case into a file of its own; a relative folder is one in
/// `root`.
pub(crate) fn store(
    root: &Path,
    folder: &Path,
    finding: &Finding,
    data: &mut FindingData,
) -> Result<(), String> {
    let path: PathBuf = folder.join(format!("{}.case", slug(&data.signature)));
    let (above, file) = (root.join(folder), root.join(&path));
    fs::create_dir_all(&above).map_err(|error| files::refused(&above, 0, &error, ELSEWHERE))?;
    files::write(&file, &codec::encode(&finding.case), ELSEWHERE)?;
    data.replay = format!("assay replay {}", path.display());
    data.file = Some(path.display().to_string());
    Ok(())
}

/// A signature as a file's name.
fn slug(signature: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' };
    let mut slug: String = signature.chars().map(plain).collect();
    while slug.contains("--") {
        slug = slug.replace("--", "-");
    }
    slug
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_a_file_name() {
        assert_eq!(
            slug("MPTCP_TCPINFO/success->EFAULT/no rule"),
            "MPTCP_TCPINFO-success-EFAULT-no-rule"
        );
    }
}
