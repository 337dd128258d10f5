//! The configuration of a build: this project's requirements, then the user's fragments, then the
//! check of the result. Kconfig silently drops an option that no file defines, or that has an unmet
//! dependency.

use std::fs;

use super::kconfig::{Kconfig, Setting, merged, settings};
use super::order::Order;
use super::requirement::{self, Requirement, Weight, requirements};
use crate::error::context;

/// The configuration of a build order.
pub(crate) struct Configuration {
    /// The name of its build folder.
    pub name: String,
    /// The requirements of this project.
    required: Vec<Requirement>,
    /// The settings of the user's fragments.
    user: Vec<Setting>,
}

/// Runs Kconfig on a fragment and `allnoconfig`. Returns the resulting `.config`.
pub(crate) type Configure<'a> = dyn FnMut(&[Setting]) -> Result<Vec<Setting>, String> + 'a;

/// Why a requirement is not met.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cause {
    /// The source defines none of its names.
    NotDefined,
    /// An option that it depends on is off; or it has to be off, and another option selects it.
    Dependency,
    /// A user's fragment sets it to another value.
    UserSetting,
    /// A user's fragment changes another option, and with it Kconfig changes this one:
    /// a dependency, a `select`, or another member of the same choice.
    UserDependency,
}

impl Configuration {
    /// The configuration of an order. An error names the fragment.
    pub(crate) fn of(order: &Order) -> Result<Configuration, String> {
        let mut name = "plain".to_owned();
        let mut required = requirements(requirement::BASE)?;
        if order.kasan {
            name.push_str("+kasan");
            required.extend(requirements(requirement::KASAN)?);
        }
        if order.kcov {
            name.push_str("+kcov");
            required.extend(requirements(requirement::KCOV)?);
        }
        let mut user = Vec::new();
        for path in &order.fragments {
            let text = fs::read_to_string(path).map_err(context(path.display()))?;
            user.extend(settings(&text).map_err(context(path.display()))?);
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
            name.push('+');
            name.extend(stem.chars().map(plain));
        }
        Ok(Configuration { name, required, user: merged(user) })
    }

    /// Configures a source with Kconfig. Settings without effect and missing useful options are
    /// warnings. Missing needed options are warnings if a fragment of the user is the reason.
    ///
    /// # Errors
    /// If Kconfig failed, or if needed options are missing for another reason than the user's
    /// fragments.
    pub(crate) fn apply(
        &self,
        kconfig: &Kconfig,
        configure: &mut Configure<'_>,
        warn: &mut dyn FnMut(&str),
    ) -> Result<(), String> {
        // The setting under each name that the source has.
        let required = || {
            let all = self.required.iter().flat_map(Requirement::settings);
            all.filter(|setting| kconfig.defines(&setting.name))
        };
        let both = merged(required().chain(self.user.iter().cloned()));
        let config = configure(&both)?;
        let without_effect =
            self.user.iter().filter_map(|one| self.ineffective(one, kconfig, &config));
        without_effect.for_each(|text| warn(&text));

        let unmet = self.required.iter().filter(|requirement| !requirement.is_met(&config));
        let mut unmet: Vec<_> = unmet
            .filter_map(|requirement| Some((requirement, self.cause(requirement, kconfig)?)))
            .collect();
        if !self.user.is_empty() && unmet.iter().any(|(_, cause)| *cause == Cause::Dependency) {
            // The user's fragments are the reason if the option is on without them.
            let alone = configure(&merged(required()))?;
            configure(&both)?;
            for (requirement, cause) in &mut unmet {
                if *cause == Cause::Dependency && requirement.is_met(&alone) {
                    *cause = Cause::UserDependency;
                }
            }
        }
        let (errors, warnings): (Vec<_>, Vec<_>) = unmet.into_iter().partition(|(one, cause)| {
            one.weight == Weight::Needed && matches!(cause, Cause::NotDefined | Cause::Dependency)
        });
        for (requirement, cause) in warnings {
            let (text, purpose) = (cause.text(requirement), &requirement.purpose);
            warn(&format!("{text}; without it this is missing: {purpose}"));
        }
        if errors.is_empty() { Ok(()) } else { Err(refusal(&errors, kconfig)) }
    }

    /// Why a requirement is not met; `None` if this release need not define it.
    fn cause(&self, requirement: &Requirement, kconfig: &Kconfig) -> Option<Cause> {
        let overrides = |setting: &Setting| {
            requirement.is_named(&setting.name) && setting.value != requirement.setting.value
        };
        let is_gone = requirement.gone.is_some_and(|release| kconfig.release >= release);
        if self.user.iter().any(overrides) {
            Some(Cause::UserSetting)
        } else if requirement.settings().any(|setting| kconfig.defines(&setting.name)) {
            Some(Cause::Dependency)
        } else {
            (!is_gone).then_some(Cause::NotDefined)
        }
    }

    /// Why a user's setting has no effect; `None` if it has one.
    fn ineffective(
        &self,
        setting: &Setting,
        kconfig: &Kconfig,
        config: &[Setting],
    ) -> Option<String> {
        if kconfig.defines(&setting.name) {
            let why = if setting.is_off() {
                "another option selects it, or it is always on"
            } else {
                "an option that it depends on is off, or it does not take this value"
            };
            return (!setting.is_in(config))
                .then(|| format!("{setting}: no effect, because {why}"));
        }
        let mut hint = String::new();
        if let Some(requirement) = self.required.iter().find(|one| one.is_named(&setting.name)) {
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

impl Cause {
    /// A requirement with all its names, and why it is not met.
    fn text(self, requirement: &Requirement) -> String {
        let mut text = requirement.setting.to_string();
        for alias in &requirement.others {
            text.push_str(&format!(" (from {} CONFIG_{})", alias.since, alias.name));
        }
        let why = match self {
            Cause::NotDefined => "no Kconfig file of this source defines it",
            Cause::Dependency if requirement.setting.is_off() => {
                "another option selects it, or it is always on"
            }
            Cause::Dependency => "requested, but an option that it depends on is off",
            Cause::UserSetting => "a fragment (--config) sets it to another value",
            Cause::UserDependency => "a fragment (--config) changes an option that it depends on",
        };
        format!("{text}: {why}")
    }
}

/// The error for missing needed options, with what to do.
fn refusal(errors: &[(&Requirement, Cause)], kconfig: &Kconfig) -> String {
    let mut text = format!("this source (Linux {}) cannot be configured:\n", kconfig.release);
    for (requirement, cause) in errors {
        let (why, purpose) = (cause.text(requirement), &requirement.purpose);
        text.push_str(&format!("  {why}; it is needed for {purpose}\n"));
    }
    text.push_str(
        "Set what is missing in a fragment (--config): an option that it depends on, or its new \
         name in this source. To build without it, add there:",
    );
    for (Requirement { setting, .. }, _) in errors {
        let value = if setting.is_off() { "y" } else { "n" };
        text.push_str(&format!("\n  {}", Setting { value: value.into(), ..setting.clone() }));
    }
    text
}

#[cfg(test)]
mod tests;
