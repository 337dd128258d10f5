//! Findings of a run as reports have them: each with the memory around it, and a file.

use std::cmp::Reverse;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use mptcp_harness::cases::codec;
use mptcp_harness::engines::check::Outcome;
use mptcp_harness::judge::finding::Finding;
use mptcp_harness::oracle::Oracle;
use mptcp_limits::files;

use crate::report::data::FindingData;
use crate::report::hexdump::Hexdump;
use crate::session::Session;
use crate::terminal::out;

/// What to do where findings cannot be saved.
pub(crate) const ELSEWHERE: &str = "name another folder with --save";

impl Session {
    /// The findings of a run, each with the memory around what differs.
    pub(crate) fn findings(
        &self,
        outcome: &Outcome,
        colour: bool,
    ) -> Result<Vec<FindingData>, String> {
        if outcome.findings.is_empty() {
            return Ok(Vec::new());
        }
        let mut oracle = self.oracle()?;
        let mut found: Vec<(Duration, usize, FindingData)> = Vec::new();
        for finding in outcome.findings.values() {
            let (bytes, picture) = picture(&mut oracle, finding, colour);
            found.push((finding.after, bytes, FindingData::new(finding, picture)));
        }
        // In the order in which they were seen; of those of one batch the plainest
        // first: a wrong length explains what a thousand wrong bytes after it do not.
        // What is known comes last.
        let known = |data: &FindingData| data.contradiction.is_some();
        found
            .sort_by_key(|(after, bytes, data)| (known(data), *after, *bytes, Reverse(data.cases)));
        Ok(found.into_iter().map(|(_, _, data)| data).collect())
    }
}

/// How many bytes differ, and the memory around them.
pub(crate) fn picture(trial: &mut Oracle, finding: &Finding, colour: bool) -> (usize, String) {
    // What the kernel said needs no picture, and would be said again.
    if finding.diagnosis.complaint.is_some() {
        return (0, String::new());
    }
    trial.freshen();
    let again = trial.examine(&finding.case, true);
    let Some((examination, mismatch)) =
        again.as_ref().and_then(|examination| Some((examination, examination.mismatch()?)))
    else {
        return (usize::MAX, "(run once more for this picture, the case agreed)".into());
    };
    let subflows = trial.scene_state(finding.case.scene).map_or(0, |actor| actor.subflows());
    let picture =
        Hexdump::new(&finding.case, trial.revision(), subflows, examination, colour).differences();
    (mismatch.bytes.len(), picture)
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
