//! The case of a file, of digits, or of a finding in a report.

use std::fs;
use std::path::Path;

use mptcp_harness::cases::Case;
use serde_json::Value;

use crate::session::stored_cases;

/// A case, and what a report says of it.
pub(crate) struct ReportedCase {
    pub case: Case,
    /// One line for people, and the kernel that it was seen on.
    pub summary: Option<String>,
    /// What the kernel complained of during the call.
    pub console: Option<String>,
}

/// Reads what the command line names.
pub(crate) fn read(
    file: Option<&Path>,
    hex: Option<&str>,
    finding: Option<&str>,
) -> Result<ReportedCase, String> {
    let stored = match (file, hex) {
        (Some(path), _) => match report(path)? {
            Some(report) => return choose(&report, finding, path),
            None if finding.is_some() => {
                return Err(format!(
                    "{}: --finding takes a report of `assay check --format json`; this is none",
                    path.display()
                ));
            }
            None => stored_cases::file(path),
        },
        (None, Some(digits)) => stored_cases::from_hex(digits),
        (None, None) => return Err("a file or --hex is wanted".into()),
    };
    let case = stored.case.map_err(|why| format!("{}: {why}", stored.name))?;
    Ok(ReportedCase { case, summary: None, console: None })
}

/// A file that begins as JSON does; a stored case begins with its version.
fn report(path: &Path) -> Result<Option<Value>, String> {
    let wrong = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let bytes = fs::read(path).map_err(|error| wrong(&error))?;
    if !matches!(bytes.trim_ascii_start().first(), Some(b'{' | b'[')) {
        return Ok(None);
    }
    let report = serde_json::from_slice(&bytes).map(Some);
    report.map_err(|error| wrong(&format!("it begins as a report in JSON does, but {error}")))
}

fn choose(report: &Value, wanted: Option<&str>, path: &Path) -> Result<ReportedCase, String> {
    // Of several kernels there is a list, with a report in each.
    let one = std::slice::from_ref(report);
    let reports = report.as_array().map_or(one, Vec::as_slice).iter();
    let reports = reports.map(|each| each.get("report").unwrap_or(each));
    let findings: Vec<(&Value, &Value)> = reports
        .flat_map(|report| {
            let list = report["findings"].as_array().map(Vec::as_slice).unwrap_or_default();
            list.iter().map(move |finding| (report, finding))
        })
        .collect();
    let at = match wanted.map(|wanted| (wanted, wanted.parse::<usize>())) {
        None => Some(0),
        Some((_, Ok(number))) => number.checked_sub(1),
        Some((signature, Err(_))) => {
            findings.iter().position(|(_, finding)| finding["signature"] == signature)
        }
    };
    let (report, finding) = at.and_then(|at| findings.get(at)).ok_or_else(|| {
        let signatures = (1..).zip(&findings).map(|(number, (_, finding))| {
            format!("\n  {number}  {}", finding["signature"].as_str().unwrap_or_default())
        });
        match findings.len() {
            0 if report.get("groups").is_some() => format!(
                "{}: a report of `assay review`; its cases are the files N.case that -o DIR leaves",
                path.display()
            ),
            0 => format!("{}: a report without findings: nothing to reproduce", path.display()),
            _ => format!(
                "{}: no such finding; there are{}",
                path.display(),
                signatures.collect::<String>()
            ),
        }
    })?;
    let word = |of: &Value, name: &str| of[name].as_str().map(str::to_owned);
    let digits = word(finding, "case").ok_or_else(|| {
        format!("{}: the finding has no \"case\" of hexadecimal digits", path.display())
    })?;
    let case = stored_cases::from_hex(&digits).case;
    let kernel = word(report, "kernel").unwrap_or_else(|| "?".into());
    Ok(ReportedCase {
        case: case.map_err(|why| format!("{}: {why}", path.display()))?,
        summary: word(finding, "summary").map(|summary| format!("Linux {kernel}: {summary}")),
        console: word(finding, "console"),
    })
}
