//! The configuration of a build: this project's requirements, the user's fragments
//! after them, and the check of what Kconfig made of both. Kconfig drops without a
//! word what no file defines and what has an unmet dependency.

use std::fs;

use super::kconfig::{Kconfig, Setting, merged, settings};
use super::order::Order;
use super::requirement::{self, Requirement, Weight, requirements};
use crate::error::context;

/// A configuration that is asked for.
pub(crate) struct Configuration {
    /// The name of its build folder.
    pub name: String,
    /// What this project requires.
    ours: Vec<Requirement>,
    /// What the user's fragments ask for.
    theirs: Vec<Setting>,
}

/// Runs Kconfig on a fragment over nothing: the resulting `.config`.
pub(crate) type Configure<'a> = dyn FnMut(&[Setting]) -> Result<Vec<Setting>, String> + 'a;

/// Why a requirement is not met.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cause {
    /// The source defines none of its names.
    Undefined,
    /// An option that it depends on is off, or for one that has to be off: another
    /// option selects it.
    Dropped,
    /// A user's fragment sets it to another value.
    Overridden,
    /// A user's fragment changes another option, and with it Kconfig changes this one:
    /// a dependency, a `select`, or another member of the same choice.
    Follows,
}

impl Configuration {
    /// The configuration of an order.
    ///
    /// # Errors
    /// A fragment that cannot be read.
    pub(crate) fn of(order: &Order) -> Result<Configuration, String> {
        let mut name = vec!["plain".to_owned()];
        let mut ours = requirements(requirement::BASE)?;
        for (wanted, word, text) in
            [(order.kasan, "kasan", requirement::KASAN), (order.kcov, "kcov", requirement::KCOV)]
        {
            if wanted {
                name.push(word.into());
                ours.extend(requirements(text)?);
            }
        }
        let mut theirs = Vec::new();
        for path in &order.fragments {
            let text = fs::read_to_string(path).map_err(context(path.display()))?;
            theirs.extend(settings(&text).map_err(context(path.display()))?);
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
            name.push(stem.chars().map(plain).collect());
        }
        Ok(Configuration { name: name.join("+"), ours, theirs: merged(theirs) })
    }

    /// Configures a source, and reports what of the configuration is not so.
    ///
    /// # Errors
    /// What Kconfig answered, or which of this project's requirements are not met
    /// although no fragment of the user's is the reason.
    pub(crate) fn apply(
        &self,
        kconfig: &Kconfig,
        configure: &mut Configure<'_>,
        warn: &mut dyn FnMut(&str),
    ) -> Result<(), String> {
        // Under each name that the source has.
        let ours = || {
            let all = self.ours.iter().flat_map(Requirement::settings);
            all.filter(|setting| kconfig.defines(&setting.name))
        };
        let both: Vec<Setting> = merged(ours().chain(self.theirs.iter().cloned()));
        let config = configure(&both)?;
        for setting in &self.theirs {
            if let Some(why) = self.ineffective(setting, kconfig, &config) {
                warn(&why);
            }
        }

        let mut causes = Vec::new();
        for requirement in &self.ours {
            causes.extend(Some(requirement).zip(self.cause(requirement, kconfig, &config)));
        }
        if !self.theirs.is_empty() && causes.iter().any(|(_, cause)| *cause == Cause::Dropped) {
            // What is there without the user's fragments was dropped because of them.
            let alone = configure(&merged(ours()))?;
            configure(&both)?;
            for (requirement, cause) in &mut causes {
                if *cause == Cause::Dropped && requirement.is_met(&alone) {
                    *cause = Cause::Follows;
                }
            }
        }
        let mut errors = Vec::new();
        for (requirement, cause) in causes {
            let by_user = matches!(cause, Cause::Overridden | Cause::Follows);
            match requirement.weight {
                Weight::Needed if !by_user => errors.push((requirement, cause)),
                _ => warn(&format!(
                    "{}: {}; without it this is missing: {}",
                    title(requirement),
                    reason(requirement, cause),
                    requirement.purpose
                )),
            }
        }
        if errors.is_empty() { Ok(()) } else { Err(refusal(&errors, kconfig)) }
    }

    /// Why a requirement is not met, if it is not.
    fn cause(
        &self,
        requirement: &Requirement,
        kconfig: &Kconfig,
        config: &[Setting],
    ) -> Option<Cause> {
        if requirement.is_met(config) {
            return None;
        }
        let overrides = |setting: &Setting| {
            requirement.is_named(&setting.name) && setting.value != requirement.setting.value
        };
        let is_defined = requirement.settings().any(|setting| kconfig.defines(&setting.name));
        let is_gone = requirement.gone.is_some_and(|release| kconfig.release >= release);
        match (self.theirs.iter().any(overrides), is_defined) {
            (true, _) => Some(Cause::Overridden),
            (false, true) => Some(Cause::Dropped),
            (false, false) if is_gone => None,
            (false, false) => Some(Cause::Undefined),
        }
    }

    /// Why a user's setting has no effect, if it has none.
    fn ineffective(
        &self,
        setting: &Setting,
        kconfig: &Kconfig,
        config: &[Setting],
    ) -> Option<String> {
        if kconfig.defines(&setting.name) {
            let why = if setting.value == "n" {
                "another option selects it, or it is always on"
            } else {
                "an option that it depends on is off, or it does not take this value"
            };
            return (!setting.is_in(config)).then(|| format!("{setting}: not so, because {why}"));
        }
        let mut hint = String::new();
        if let Some(requirement) = self.ours.iter().find(|one| one.is_named(&setting.name)) {
            let mut names = requirement.settings().map(|setting| setting.name);
            match names.find(|name| kconfig.defines(name)) {
                Some(name) => hint = format!("; here its name is CONFIG_{name}"),
                // The requirement is reported with its purpose.
                None if setting.value != requirement.setting.value => return None,
                None => {}
            }
        }
        Some(format!("{setting}: this source has no such option{hint}"))
    }
}

/// A requirement with all its names.
fn title(requirement: &Requirement) -> String {
    let mut text = requirement.setting.to_string();
    for alias in &requirement.others {
        text.push_str(&format!(" (from {} CONFIG_{})", alias.since, alias.name));
    }
    text
}

fn reason(requirement: &Requirement, cause: Cause) -> &'static str {
    match (cause, requirement.setting.value.as_str()) {
        (Cause::Undefined, _) => "no Kconfig file of this source defines it",
        (Cause::Dropped, "n") => "another option selects it, or it is always on",
        (Cause::Dropped, _) => "requested, but an option that it depends on is off",
        (Cause::Overridden, _) => "a fragment (--config) sets it otherwise",
        (Cause::Follows, _) => "a fragment (--config) changes an option that it follows",
    }
}

/// The error for requirements that are not met, with what to do.
fn refusal(errors: &[(&Requirement, Cause)], kconfig: &Kconfig) -> String {
    let mut text = format!("this source (Linux {}) cannot be configured:\n", kconfig.release);
    for (requirement, cause) in errors {
        text.push_str(&format!(
            "  {}: {}; it is needed for {}\n",
            title(requirement),
            reason(requirement, *cause),
            requirement.purpose
        ));
    }
    text.push_str(
        "Set what is missing in a fragment (--config): an option that it depends on, or ",
    );
    text.push_str("its new name in this source. To build without it, add there:");
    for (requirement, _) in errors {
        let name = requirement.setting.name.clone();
        let value = if requirement.setting.value == "n" { "y" } else { "n" };
        text.push_str(&format!("\n  {}", Setting { name, value: value.into() }));
    }
    text
}

#[cfg(test)]
mod tests;
