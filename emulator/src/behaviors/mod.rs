//! How kernels behave, as data: each point at which a kernel could do otherwise, and its values.
//!
//! [`Behaviors`] is a vector of values. A [revision](crate::Revision) has one; what documents
//! promise is another, [`Behaviors::promised`]; a wrong kernel is one with a value changed. The
//! model branches on these values alone.

mod columns;
mod table;

pub use columns::{Check, Evidence, Value};
pub use table::*;

use crate::rules::{Options, Rule};

impl Behavior {
    /// The behavior's identifier, which is the name of its field in [`Behaviors`].
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// What the behavior decides.
    pub const fn question(self) -> &'static str {
        self.row().question
    }

    /// The options that depend on it.
    pub const fn options(self) -> &'static [Options] {
        self.row().options
    }

    /// The rules of the contract that another value breaks; none if no document speaks of it and
    /// no call shows it alone.
    pub const fn rules(self) -> &'static [Rule] {
        self.row().rules
    }

    /// What a check is about, to be put before the clause of its values; empty for others.
    pub const fn subject(self) -> &'static str {
        self.row().subject
    }

    /// Its values. The first one is what the newest kernels do.
    pub const fn values(self) -> &'static [Value] {
        self.row().values
    }

    /// The behavior of a name.
    pub fn named(name: &str) -> Option<Behavior> {
        Behavior::ALL.iter().copied().find(|behavior| behavior.name() == name)
    }
}

impl Behaviors {
    /// What the newest kernels do: the first value of each behavior.
    pub const NEWEST: Behaviors = NEWEST;

    /// The value of a behavior.
    pub fn value(&self, behavior: Behavior) -> &'static Value {
        &behavior.values()[usize::from(self.get(behavior))]
    }

    /// The behaviors in which two vectors differ.
    pub fn differences(&self, other: &Behaviors) -> impl Iterator<Item = Behavior> {
        let (one, other) = (*self, *other);
        Behavior::ALL.iter().copied().filter(move |it| one.get(*it) != other.get(*it))
    }

    /// These behaviors, but where a document promises a value that no released kernel has, that
    /// value. See [`Basis::Contrary`](crate::rules::Basis::Contrary).
    #[must_use]
    pub const fn promised(self) -> Behaviors {
        Behaviors {
            unknown_option: UnknownOption::Enoprotoopt,
            compat_subflow_info: CompatSubflowInfo::Declared,
            info_negative: InfoNegative::Refused,
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The model takes a shorter way for the newest kernels, and must not take it for others.
    #[test]
    fn only_the_newest_behaviors_are_newest() {
        assert!(Behaviors::NEWEST.is_newest());
        for behavior in Behavior::ALL.iter().copied() {
            for value in 1..u8::try_from(behavior.values().len()).unwrap() {
                let other = Behaviors::NEWEST.with(behavior, value);
                assert!(!other.is_newest(), "{}: {value}", behavior.name());
            }
        }
    }
}
