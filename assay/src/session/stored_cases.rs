//! Stored cases: from files, from folders, from the command line.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use mptcp_emulator::RuleSet;
use mptcp_harness::cases::Case;
use mptcp_harness::cases::codec;
use mptcp_harness::judge::finding::Finding;
use mptcp_harness::oracle::{CaseVerdict, Oracle, Reason};
use mptcp_harness::scenes::by_id;
use mptcp_limits::files;

use crate::report::coverage::Coverage;

/// A case and where it came from, or why there is none.
pub(crate) struct StoredCase {
    /// The path, or the first digits.
    pub(crate) name: String,
    /// Whether it comes from a file.
    pub(crate) is_file: bool,
    pub(crate) case: Result<Case, String>,
}

/// All cases of some paths, folders in order.
pub(crate) fn read(paths: &[PathBuf], hex: &[String]) -> Vec<StoredCase> {
    let mut all = Vec::new();
    for path in paths {
        if path.is_dir() {
            let before = all.len();
            folder(path, &mut all);
            if all.len() == before {
                let why = "no case in this folder (*.md and *.txt are no cases)".to_owned();
                all.push(StoredCase {
                    name: path.display().to_string(),
                    is_file: true,
                    case: Err(why),
                });
            }
        } else {
            all.push(file(path));
        }
    }
    all.extend(hex.iter().map(|digits| from_hex(digits)));
    all
}

/// The case of one file.
pub(crate) fn file(path: &Path) -> StoredCase {
    let case = beginning(path).map_err(|error| error.to_string());
    StoredCase {
        name: path.display().to_string(),
        is_file: true,
        case: case.and_then(|bytes| codec::decode(&bytes).map_err(|error| error.to_string())),
    }
}

/// The case of some hexadecimal digits.
pub(crate) fn from_hex(digits: &str) -> StoredCase {
    let name: String = digits.chars().take(12).collect();
    StoredCase {
        name: format!("--hex {name}…"),
        is_file: false,
        case: bytes(digits)
            .and_then(|bytes| codec::decode(&bytes).map_err(|error| error.to_string())),
    }
}

/// What judging a stored case came to.
pub(crate) enum StoredVerdict {
    /// Model and kernel agree, or no promise is broken where promises alone are judged.
    Agree {
        unspecified: bool,
    },
    Disagree(Box<Finding>),
    /// There is no verdict, and why: the first is the kind of reason.
    Inconclusive(Reason, String),
    /// Something that the case needs is not available here.
    Absent(Reason, String),
    /// There is no case.
    NoCase(String),
}

/// Writes cases into files with numbers for names, behind `name`. Those of an earlier run with higher
/// numbers are removed.
pub(crate) fn write(
    folder: &Path,
    name: &str,
    cases: impl ExactSizeIterator<Item = Option<Case>>,
    advice: &str,
) -> Result<(), String> {
    let path = |number: usize| folder.join(format!("{name}{number}.case"));
    let further = cases.len() + 1..;
    for (number, case) in (1..).zip(cases) {
        if let Some(case) = case {
            files::write(&path(number), &codec::encode(&case), advice)?;
        }
    }
    for stale in further.map(path).take_while(|path| path.is_file()) {
        fs::remove_file(&stale).map_err(|error| format!("{}: {error}", stale.display()))?;
    }
    Ok(())
}

impl StoredCase {
    /// Judges the case on a fixture as new. `coverage` has why a scene did not come up.
    pub(crate) fn judge(&self, oracle: &mut Oracle, coverage: &Coverage) -> StoredVerdict {
        let case = match &self.case {
            Ok(case) => case,
            Err(why) => return StoredVerdict::NoCase(why.clone()),
        };
        oracle.freshen();
        match oracle.whole(case, &mut RuleSet::default()) {
            CaseVerdict::Agree => StoredVerdict::Agree { unspecified: false },
            CaseVerdict::Unspecified => StoredVerdict::Agree { unspecified: true },
            CaseVerdict::Disagree(finding) => StoredVerdict::Disagree(finding),
            CaseVerdict::Inconclusive(reason) => {
                let why = match (reason, by_id(case.scene)) {
                    (Reason::NoScene, Some(scene)) => coverage.reason(&[scene]),
                    _ => reason.text().to_owned(),
                };
                if reason.is_absent() {
                    StoredVerdict::Absent(reason, why)
                } else {
                    StoredVerdict::Inconclusive(reason, why)
                }
            }
        }
    }
}

/// A file, up to the first byte that is too many for a case.
fn beginning(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(codec::SIZE_OPT as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn folder(path: &Path, all: &mut Vec<StoredCase>) {
    let entries = fs::read_dir(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let mut paths: Vec<PathBuf> = match entries {
        Ok(entries) => entries.into_iter().map(|entry| entry.path()).collect(),
        Err(error) => {
            all.push(StoredCase {
                name: path.display().to_string(),
                is_file: true,
                case: Err(error.to_string()),
            });
            return;
        }
    };
    paths.sort();
    for path in paths {
        if path.is_dir() {
            folder(&path, all);
        } else if !is_text(&path) {
            all.push(file(&path));
        }
    }
}

/// Whether a file in a folder of cases is there for people or for git.
fn is_text(path: &Path) -> bool {
    let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    hidden || path.extension().is_some_and(|extension| extension == "md" || extension == "txt")
}

fn bytes(digits: &str) -> Result<Vec<u8>, String> {
    let digit = |byte: &u8| {
        char::from(*byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
            .ok_or_else(|| format!("{:?} is no hexadecimal digit", char::from(*byte)))
    };
    let values = digits.as_bytes().iter().map(digit).collect::<Result<Vec<u8>, String>>()?;
    if values.len() % 2 != 0 {
        return Err("an odd number of hexadecimal digits".into());
    }
    Ok(values.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use mptcp_harness::cases::{Entry, Input, Place};
    use mptcp_harness::judge::finding::hex;

    #[test]
    fn a_case_survives_as_digits() {
        let case = Case {
            scene: 0,
            poison: 1,
            option: 1,
            length: -1,
            optval: Place::Street(0x1000),
            optlen: Place::NULL,
            input: Input::Nothing,
            entry: Entry::Native,
        };
        let digits = hex(&codec::encode(&case));
        assert_eq!(digits.len(), 136);
        assert_eq!(from_hex(&digits).case, Ok(case));
    }

    #[test]
    fn what_is_no_case_is_told() {
        let error = |digits| from_hex(digits).case.err().unwrap_or_default();
        assert_eq!(error("0g"), "'g' is no hexadecimal digit");
        assert_eq!(error("012"), "an odd number of hexadecimal digits");
        assert!(error("0102").contains("this has 2"));
    }
}
