//! What the lab requires of a kernel, and why: the fragments in `lab/config`.
//!
//! A fragment is a valid fragment of Kconfig. Comments of a fixed form hold what
//! Kconfig has no syntax for:
//!
//! ```text
//! # needed for: /proc/sys, where scenes choose the path manager
//! # also named: SYSCTL (from 7.3)
//! CONFIG_PROC_SYSCTL=y
//! ```
//!
//! | comment | meaning | valid for |
//! | --- | --- | --- |
//! | `needed for: PURPOSE` | without it scenes are missing or a verdict is worth less: no build | the options up to the next empty line |
//! | `useful for: PURPOSE` | all scenes come up without it: a warning | the options up to the next empty line |
//! | `also named: NAME (from RELEASE)` | another name of the option; repeatable | the next option |
//! | `gone from: RELEASE (REASON)` | sources from RELEASE on need not define it | the next option |
//!
//! After the line with the purpose only these comments may follow, so that a
//! misspelled one is an error.

use super::kconfig::{Setting, at, is_name};
use crate::error::context;
use crate::release::Release;

/// The options of every kernel of the lab.
pub(crate) const BASE: &str = include_str!("../../config/mptcp.config");
/// The options that `--kasan` adds.
pub(crate) const KASAN: &str = include_str!("../../config/kasan.config");
/// The options that `--kcov` adds.
pub(crate) const KCOV: &str = include_str!("../../config/kcov.config");

/// One option, under all its names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Requirement {
    /// The first name and the value.
    pub setting: Setting,
    /// Its other names.
    pub others: Vec<Alias>,
    /// The effect on a build without it.
    pub weight: Weight,
    /// Its purpose: what is missing without it.
    pub purpose: String,
    /// From this release on, sources need not define it.
    pub gone: Option<Release>,
}

/// The effect on a build if a requirement is not met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    /// The build fails.
    Needed,
    /// The build has a warning.
    Useful,
}

/// Another name of an option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Alias {
    /// Without `CONFIG_`.
    pub name: String,
    /// The first release that has it.
    pub since: Release,
}

impl Requirement {
    /// The setting under each name, the first name first.
    pub(crate) fn settings(&self) -> impl Iterator<Item = Setting> {
        let others = self.others.iter().map(|alias| &alias.name);
        let value = &self.setting.value;
        let named = move |name: &String| Setting { name: name.clone(), value: value.clone() };
        std::iter::once(&self.setting.name).chain(others).map(named)
    }

    /// Whether this is one of its names.
    pub(crate) fn is_named(&self, name: &str) -> bool {
        self.settings().any(|setting| setting.name == name)
    }

    /// Whether a configuration has the option: the wanted value under one of its names. An option
    /// that has to be off must be off under all names.
    pub(crate) fn is_met(&self, config: &[Setting]) -> bool {
        let mut settings = self.settings();
        if self.setting.value == "n" {
            settings.all(|setting| setting.is_in(config))
        } else {
            settings.any(|setting| setting.is_in(config))
        }
    }
}

/// The requirements of a fragment, in order. An error has the number of its line.
pub(crate) fn requirements(text: &str) -> Result<Vec<Requirement>, String> {
    let mut all = Vec::new();
    let mut group = Group::default();
    for (number, line) in (1..).zip(text.lines().map(str::trim)) {
        all.extend(group.read(line).map_err(context(at(number)))?);
    }
    group.read("").map_err(context("the last line"))?;
    Ok(all)
}

/// Comments that apply to the options that follow.
#[derive(Default)]
struct Group {
    /// Of all options up to an empty line.
    purpose: Option<(Weight, String)>,
    /// Of the next option.
    others: Vec<Alias>,
    /// Of the next option.
    gone: Option<Release>,
}

impl Group {
    fn read(&mut self, line: &str) -> Result<Option<Requirement>, String> {
        if line.is_empty() {
            let Group { others, gone, .. } = std::mem::take(self);
            return match others.is_empty() && gone.is_none() {
                true => Ok(None),
                false => Err("no option follows \"also named\" or \"gone from\"".into()),
            };
        }
        if let Some(setting) = Setting::read(line)? {
            let (weight, purpose) = self.purpose.clone().ok_or_else(|| {
                format!("{setting}: no \"# needed for: …\" or \"# useful for: …\" above it")
            })?;
            let (others, gone) = (std::mem::take(&mut self.others), self.gone.take());
            return Ok(Some(Requirement { setting, others, weight, purpose, gone }));
        }
        let comment = line.trim_start_matches('#').trim();
        match comment.split_once(": ") {
            Some((kind @ ("needed for" | "useful for"), purpose)) => {
                let weight = if kind == "needed for" { Weight::Needed } else { Weight::Useful };
                if self.purpose.replace((weight, purpose.to_owned())).is_some() {
                    return Err("a second purpose; an empty line ends the options of one".into());
                }
            }
            Some(("also named", rest)) => {
                let (name, since) = parts(rest)?;
                let since = since.strip_prefix("from ").and_then(Release::read);
                let since = since.ok_or("the form is \"also named: NAME (from RELEASE)\"")?;
                let name = Some(name).filter(|name| is_name(name));
                let name = name.ok_or("no name of an option, without CONFIG_")?.to_owned();
                self.others.push(Alias { name, since });
            }
            Some(("gone from", rest)) => {
                let release = Release::read(parts(rest)?.0);
                self.gone = Some(release.ok_or("the form is \"gone from: RELEASE (REASON)\"")?);
            }
            _ if self.purpose.is_some() => {
                return Err(format!(
                    "{line:?} is none of needed for, useful for, also named, gone from; an empty \
                     line ends the options of one purpose"
                ));
            }
            _ => {}
        }
        Ok(None)
    }
}

/// The parts of `TEXT (REMARK)`.
fn parts(text: &str) -> Result<(&str, &str), String> {
    text.strip_suffix(')')
        .and_then(|text| text.split_once(" ("))
        .ok_or_else(|| format!("{text:?} has no remark in parentheses"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::kconfig::{merged, settings};

    const SAMPLE: &str = "\
# A heading
# of two lines

# Networks
# needed for: sockets
CONFIG_NET=y
CONFIG_INET=y

# useful for: speed
# also named: NEW (from 7.3)
# gone from: 8.0 (always on)
CONFIG_OLD=y
# CONFIG_DEBUG is not set
";

    #[test]
    fn comments_become_data() {
        let found = requirements(SAMPLE).unwrap();
        let names: Vec<&str> = found.iter().map(|found| found.setting.name.as_str()).collect();
        assert_eq!(names, ["NET", "INET", "OLD", "DEBUG"]);
        assert_eq!(found[1].purpose, "sockets");
        assert_eq!((found[0].weight, found[3].weight), (Weight::Needed, Weight::Useful));
        let alias = Alias { name: "NEW".into(), since: Release::read("7.3").unwrap() };
        assert_eq!(found[2].others, [alias]);
        assert_eq!(found[2].gone, Release::read("8.0"));
        assert!(found[3].others.is_empty() && found[3].gone.is_none());
        assert!(found[2].is_named("OLD") && found[2].is_named("NEW") && !found[2].is_named("NET"));
    }

    #[test]
    fn an_option_is_on_under_one_name_and_off_under_all() {
        let on = &requirements("# needed for: x\n# also named: B (from 7.3)\nCONFIG_A=y").unwrap();
        let off = on[0].setting.value.replace('y', "n");
        let off = Requirement {
            setting: Setting { value: off, ..on[0].setting.clone() },
            ..on[0].clone()
        };
        for (config, is_on) in [("CONFIG_A=y", true), ("CONFIG_B=y", true), ("CONFIG_C=y", false)] {
            let config = settings(config).unwrap();
            assert_eq!((on[0].is_met(&config), off.is_met(&config)), (is_on, !is_on));
        }
    }

    #[test]
    fn a_comment_that_would_be_without_effect_is_refused() {
        for (text, error) in [
            ("CONFIG_A=y", "line 1: CONFIG_A=y: no \"# needed for"),
            ("# needed for: x\n\nCONFIG_A=y", "line 3: "),
            ("# needed for: x\n# also namd: B (from 7.3)\nCONFIG_A=y", "line 2: "),
            ("# needed for: x\n# also named: B\nCONFIG_A=y", "line 2: \"B\" has no remark"),
            ("# needed for: x\n# also named: B (in 7.3)\nCONFIG_A=y", "line 2: the form is"),
            ("# needed for: x\n# also named: B C (from 7.3)\nCONFIG_A=y", "line 2: no name"),
            ("# needed for: x\n# gone from: always (y)\nCONFIG_A=y", "line 2: the form is"),
            ("# needed for: x\nCONFIG_A=y\n# gone from: 7.3 (y)\n\n", "line 4: no option"),
            ("# needed for: x\nCONFIG_A=y\n# gone from: 7.3 (y)", "the last line: no option"),
            ("# needed for: x\n# useful for: y\nCONFIG_A=y", "line 2: a second purpose"),
            ("# needed for: x\nA=y", "line 2: \"A=y\" is no setting"),
        ] {
            let found = requirements(text).unwrap_err();
            assert!(found.starts_with(error), "{text}: {found}");
        }
    }

    /// Every option of the three fragments has a purpose, which `requirements` enforces, and none
    /// is requested twice under any of its names.
    #[test]
    fn every_option_of_ours_has_a_stated_purpose() {
        let mut all = Vec::new();
        for text in [BASE, KASAN, KCOV] {
            let found = requirements(text).unwrap();
            assert_eq!(found.len(), settings(text).unwrap().len());
            assert!(found.iter().all(|found| found.purpose.len() > 8), "{found:?}");
            all.extend(found.iter().flat_map(Requirement::settings).collect::<Vec<_>>());
        }
        assert_eq!(merged(all.clone()), all);
    }

    #[test]
    fn sysctl_is_one_option_with_two_names() {
        let all = requirements(BASE).unwrap();
        let [sysctl] = &all.iter().filter(|one| one.is_named("SYSCTL")).collect::<Vec<_>>()[..]
        else {
            panic!("{all:?}");
        };
        assert!(sysctl.is_named("PROC_SYSCTL") && sysctl.weight == Weight::Needed);
    }
}
