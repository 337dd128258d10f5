//! Releases of Linux as numbers.

use core::fmt;

/// A release of Linux, by its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Release {
    /// The number before the first dot.
    pub major: u32,
    /// The number after the first dot.
    pub minor: u32,
    /// The stable level: 0 for the first release of a series, `None` where it is not known.
    pub patch: Option<u32>,
    /// The number of a release candidate, `None` for a release.
    pub candidate: Option<u32>,
}

impl Release {
    /// The first release of a series, such as 6.5.
    pub const fn mainline(major: u32, minor: u32) -> Release {
        Release { major, minor, patch: Some(0), candidate: None }
    }

    /// A stable release of a series, such as 6.6.57.
    pub const fn stable(major: u32, minor: u32, patch: u32) -> Release {
        Release { major, minor, patch: Some(patch), candidate: None }
    }

    /// The release at the start of a text such as `6.18.44-fc` or `7.3.0-rc7`; `None` if the text
    /// does not begin with two numbers and a dot between them.
    ///
    /// Some distributions always have 0 as the third number, and append a number of their own
    /// (`6.1.0-56-cloud-amd64`). The stable level of such a release is not known.
    pub fn parse(text: &str) -> Option<Release> {
        let (major, rest) = number(text)?;
        let (minor, rest) = number(rest.strip_prefix('.')?)?;
        let third = rest.strip_prefix('.').and_then(number);
        let (patch, rest) = third.map_or((0, rest), |(patch, rest)| (patch, rest));
        let behind = rest.strip_prefix('-').unwrap_or("");
        let candidate = behind.strip_prefix("rc").and_then(number).map(|(candidate, _)| candidate);
        let hidden = patch == 0 && number(behind).is_some();
        Some(Release { major, minor, patch: if hidden { None } else { Some(patch) }, candidate })
    }

    /// The two numbers that every release of a series has.
    pub const fn series(self) -> (u32, u32) {
        (self.major, self.minor)
    }

    /// Whether this is a stable release, not the first one of its series.
    pub const fn is_stable(self) -> bool {
        matches!(self.patch, Some(patch) if patch > 0)
    }
}

/// The name of the revision: without the stable level if that is 0 or not known.
impl fmt::Display for Release {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}.{}", self.major, self.minor)?;
        match self.patch {
            Some(patch) if patch > 0 => write!(out, ".{patch}")?,
            _ => {}
        }
        match self.candidate {
            Some(candidate) => write!(out, "-rc{candidate}"),
            None => Ok(()),
        }
    }
}

/// The decimal number at the start of a text, and what follows it.
fn number(text: &str) -> Option<(u32, &str)> {
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    Some((digits.parse().ok()?, rest))
}
