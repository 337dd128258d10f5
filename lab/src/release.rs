//! Releases of the kernel.

use std::fmt;

/// A release of the kernel by its first two numbers, such as 7.3. Also a series of Debian's
/// packages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Release {
    pub(crate) major: u32,
    pub(crate) minor: u32,
}

impl Release {
    /// The release of a text such as `7.3`; `None` for all others, such as `7.3-rt`.
    pub(crate) fn read(text: &str) -> Option<Release> {
        let (major, minor) = text.split_once('.')?;
        let number = |text: &str| {
            text.starts_with(|c: char| c.is_ascii_digit()).then(|| text.parse().ok()).flatten()
        };
        Some(Release { major: number(major)?, minor: number(minor)? })
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_ordered_by_number() {
        let release = |text| Release::read(text).unwrap();
        assert!(release("6.2") < release("6.12") && release("6.12") < release("7.0"));
        assert!(release("7.3") < release("7.10"));
        assert_eq!(release("6.12").to_string(), "6.12");
        for other in ["7", "6.12-rt", "6.12.1", "all", "", "6.", "+6.12", "6.+12"] {
            assert_eq!(Release::read(other), None, "{other}");
        }
    }
}
