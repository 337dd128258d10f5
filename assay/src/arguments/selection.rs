//! Which scenes are meant by a name on the command line.

use std::fmt;
use std::str::FromStr;

use mptcp_harness::scenes::{Scene, catalogue};

/// A scene's name, a group's name, or a pattern with `*` and `?` over either.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Selection {
    pattern: String,
}

impl Selection {
    /// Whether a scene is meant.
    pub(crate) fn takes(&self, scene: &Scene) -> bool {
        matches(&self.pattern, scene.name) || matches(&self.pattern, scene.group.name())
    }
}

impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.pattern)
    }
}

impl FromStr for Selection {
    type Err = String;

    fn from_str(pattern: &str) -> Result<Selection, String> {
        let selection = Selection { pattern: pattern.to_owned() };
        if catalogue().iter().any(|scene| selection.takes(scene)) {
            return Ok(selection);
        }
        let like = |scene: &&Scene| scene.name.contains(pattern) && !pattern.is_empty();
        let near: Vec<&str> =
            catalogue().iter().filter(like).take(4).map(|scene| scene.name).collect();
        let hint = if near.is_empty() {
            "`assay scenes` lists them".to_owned()
        } else {
            format!("there are {}, … ('*{pattern}*' takes them all)", near.join(", "))
        };
        Err(format!("no scene and no group of scenes has that name; {hint}"))
    }
}

/// Whether a pattern, in which `*` is any run of bytes and `?` any one, fits.
fn matches(pattern: &str, name: &str) -> bool {
    fn fits(pattern: &[u8], name: &[u8]) -> bool {
        match (pattern, name) {
            ([], []) => true,
            ([b'*', rest @ ..], _) => {
                fits(rest, name) || matches!(name, [_, later @ ..] if fits(pattern, later))
            }
            ([b'?', pattern @ ..], [_, name @ ..]) => fits(pattern, name),
            ([one, pattern @ ..], [other, name @ ..]) => one == other && fits(pattern, name),
            _ => false,
        }
    }
    fits(pattern.as_bytes(), name.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(pattern: &str) -> Vec<&'static str> {
        let selection: Result<Selection, String> = pattern.parse();
        let all = catalogue().iter();
        all.filter(|scene| selection.as_ref().is_ok_and(|selection| selection.takes(scene)))
            .map(|scene| scene.name)
            .collect()
    }

    #[test]
    fn a_name_takes_one_scene_and_a_group_all_of_its() {
        assert_eq!(names("fresh-v4"), ["fresh-v4"]);
        assert_eq!(names("unconnected").len(), 8);
        assert_eq!(names("many-v?-client-17-before").len(), 2);
        assert_eq!(names("*").len(), catalogue().len());
    }

    #[test]
    fn what_takes_nothing_is_an_error_with_a_hint() {
        let error = "fresh".parse::<Selection>().err().unwrap_or_default();
        assert!(error.contains("fresh-v4, fresh-v6"), "{error}");
        assert!("".parse::<Selection>().is_err());
    }
}
