//! What of all that was asked for was compared. No verdict is green without it: an option
//! or a scene of which nothing was compared makes a run skipped, whatever else agrees.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use clap::ValueEnum;
use mptcp_emulator::Revision;
use mptcp_harness::engines::check::Compared;
use mptcp_harness::scenes::{Fixtures, Scene, catalogue};
use serde::{Deserialize, Serialize};

use crate::arguments::OptionName;
use crate::arguments::selection::Selection;
use crate::terminal::out;
use crate::terminal::style::counted;

/// The variable that names the file to which a command in a machine writes its coverage,
/// for the host: see [`Coverage::leave`].
pub(crate) const VARIABLE: &str = "ASSAY_COVERAGE";

/// A scene that did not come up, or that cannot, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SkippedScene {
    pub(crate) name: String,
    pub(crate) reason: String,
}

/// Something that a command line asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Request {
    /// The options, where none is named.
    AllOptions,
    /// An option by name.
    Option(OptionName),
    /// Scenes, as `--scene` names them.
    Scenes(String),
    /// A stored case, by the name of its file.
    Case(String),
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Request::AllOptions => f.write_str("the options"),
            Request::Option(option) => f.write_str(option.title()),
            Request::Scenes(pattern) => write!(f, "--scene {pattern}"),
            Request::Case(name) => f.write_str(name),
        }
    }
}

/// Something that was asked for and of which nothing was compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MissingComparison {
    pub(crate) request: Request,
    pub(crate) reason: String,
}

/// Which of the chosen scenes came up, and what was not compared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Coverage {
    /// How many scenes came up.
    pub(crate) scenes: usize,
    /// On how many of them something was compared.
    pub(crate) scenes_compared: usize,
    /// The names of those that came up.
    pub(crate) scenes_up: Vec<String>,
    /// Chosen scenes that did not come up.
    pub(crate) skipped_scenes: Vec<SkippedScene>,
    /// Chosen scenes that the kernel's release cannot have: they are not missing.
    pub(crate) impossible_scenes: Vec<SkippedScene>,
    /// What was asked for and not compared.
    pub(crate) not_compared: Vec<MissingComparison>,
}

/// What the command line asks for; empty lists ask for everything.
#[derive(Clone, Copy)]
pub(crate) struct Choice<'a> {
    pub(crate) options: &'a [OptionName],
    pub(crate) scenes: &'a [Selection],
}

impl Coverage {
    /// The scenes of fixtures, before anything was compared.
    pub(crate) fn of(fixtures: &Fixtures) -> Coverage {
        let skipped = |name: &str, reason: &str| SkippedScene {
            name: name.to_owned(),
            reason: reason.to_owned(),
        };
        let up: Vec<String> = fixtures.scenes().map(|scene| scene.name.to_owned()).collect();
        let missing = fixtures.skipped().iter().map(|(scene, why)| skipped(scene.name, why));
        let impossible = fixtures.impossible().iter().map(|(scene, why)| skipped(scene.name, why));
        Coverage {
            scenes: up.len(),
            scenes_compared: 0,
            scenes_up: up,
            skipped_scenes: missing.collect(),
            impossible_scenes: impossible.collect(),
            not_compared: Vec::new(),
        }
    }

    /// How many scenes were chosen, without those that the release cannot have.
    pub(crate) fn chosen(&self) -> usize {
        self.scenes + self.skipped_scenes.len()
    }

    /// On how many scenes something was compared: "132 scenes", or "125 of 132 scenes".
    pub(crate) fn scenes_text(&self) -> String {
        self.of_chosen(self.scenes_compared)
    }

    /// How many scenes came up, in the same form.
    pub(crate) fn up_text(&self) -> String {
        self.of_chosen(self.scenes)
    }

    fn of_chosen(&self, some: usize) -> String {
        let chosen = counted(self.chosen() as u64, "scene");
        if some == self.chosen() { chosen } else { format!("{some} of {chosen}") }
    }

    /// Finds out what of all that was asked for was not compared.
    pub(crate) fn compare(&mut self, asked: Choice<'_>, revision: &Revision, compared: &Compared) {
        let taken = |scene: &Scene| {
            asked.scenes.is_empty() || asked.scenes.iter().any(|choice| choice.takes(scene))
        };
        let mut scenes: Vec<&Scene> = catalogue().iter().filter(|scene| taken(scene)).collect();
        // A refusal is a comparison where nothing but refusals was asked for.
        if scenes.iter().any(|scene| scene.subflows().is_some()) {
            scenes.retain(|scene| scene.subflows().is_some());
        }
        let is_compared = |option: i32| scenes.iter().any(|scene| compared.has(option, scene.id));
        let mut missing = Vec::new();
        let up = |scene: &&Scene| self.scenes_up.iter().any(|name| name == scene.name);
        let with_a_case = |scene: &&Scene| compared.has_any(scene.id);
        let of = catalogue().iter().filter(up).filter(with_a_case);
        self.scenes_compared = of.count();
        if asked.options.is_empty() {
            let all = OptionName::value_variants().iter().copied();
            let known = all.filter(|option| option.row() != 0 && option.is_known_to(revision));
            let (some, none): (Vec<_>, Vec<_>) =
                known.partition(|option| is_compared(option.row()));
            if some.is_empty() {
                missing.push((Request::AllOptions, self.reason(&scenes)));
            } else {
                let none = none.into_iter().map(Request::Option);
                missing.extend(none.map(|option| (option, self.reason(&scenes))));
            }
        }
        for option in asked.options {
            let name = option.title();
            if !option.is_known_to(revision) {
                let why = format!("this kernel has no {name}, and refuses its number");
                missing.push((Request::Option(*option), why));
            } else if !is_compared(option.row()) {
                missing.push((Request::Option(*option), self.reason(&scenes)));
            }
        }
        for choice in asked.scenes {
            let scenes: Vec<&Scene> =
                catalogue().iter().filter(|scene| choice.takes(scene)).collect();
            if !scenes.iter().any(|scene| compared.has_any(scene.id)) {
                missing.push((Request::Scenes(choice.to_string()), self.reason(&scenes)));
            }
        }
        let entry = |(request, reason)| MissingComparison { request, reason };
        self.not_compared = missing.into_iter().map(entry).collect();
    }

    /// Why nothing was compared on any of these scenes.
    pub(crate) fn reason(&self, scenes: &[&Scene]) -> String {
        let is_one = |name: &String| scenes.iter().any(|scene| scene.name == name);
        if self.scenes_up.iter().any(is_one) {
            return "the run ended before a case of it had a verdict".into();
        }
        let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
        let missing = self.skipped_scenes.iter().chain(&self.impossible_scenes);
        for scene in missing.filter(|scene| is_one(&scene.name)) {
            *reasons.entry(&scene.reason).or_default() += 1;
        }
        let most = reasons.into_iter().max_by_key(|(_, count)| *count);
        match (most, scenes) {
            (Some((why, _)), [scene]) => format!("{} did not come up: {why}", scene.name),
            (Some((why, _)), _) => {
                format!("none of {} came up: {why}", counted(scenes.len() as u64, "scene"))
            }
            (None, _) => "none of its scenes was chosen (--scene)".into(),
        }
    }

    /// What was not compared, in one line; `None` where that is nothing.
    pub(crate) fn not_compared_text(&self) -> Option<String> {
        let (first, more) = self.not_compared.split_first()?;
        // What has the same reason is named together.
        let (same, others): (Vec<_>, Vec<_>) =
            more.iter().partition(|other| other.reason == first.reason);
        let same = [first].into_iter().chain(same);
        let names: Vec<String> = same.map(|entry| entry.request.to_string()).collect();
        let is_one = names.len() == 1 && first.request != Request::AllOptions;
        let verb = if is_one { "was" } else { "were" };
        let others = match others.len() {
            0 => String::new(),
            count => format!("; and {count} more"),
        };
        Some(format!("{} {verb} not compared: {}{others}", names.join(", "), first.reason))
    }

    /// In a machine: leaves this for the host, which cannot read it off the output. A host
    /// that does not get it says so.
    pub(crate) fn leave(&self) {
        let Some(path) = std::env::var_os(VARIABLE).map(PathBuf::from) else {
            return;
        };
        let folder = path.parent().map_or(Ok(()), std::fs::create_dir_all);
        let text = serde_json::to_vec(self).map_err(std::io::Error::other);
        let written = folder.and(text).and_then(|text| std::fs::write(&path, text));
        if let Err(error) = written {
            out::note(format_args!("assay: {}: {error}", path.display()));
        }
    }
}

/// Scenes that came up on some kernels and not on others, although each can have them: by
/// name, with the names of the kernels on which they did not.
pub(crate) fn uneven(kernels: &[(&str, &Coverage)]) -> BTreeMap<String, Vec<String>> {
    let mut uneven: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (kernel, coverage) in kernels {
        for scene in &coverage.skipped_scenes {
            let is_up = |other: &Coverage| other.scenes_up.contains(&scene.name);
            if kernels.iter().any(|(_, other)| is_up(other)) {
                uneven.entry(scene.name.clone()).or_default().push((*kernel).to_owned());
            }
        }
    }
    uneven
}

#[cfg(test)]
mod tests;
