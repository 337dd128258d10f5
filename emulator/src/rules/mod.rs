//! The rules of the contract, each with what is known about it.

mod columns;
mod table;

pub use columns::{Basis, Options, Part, Requirement, Step};
pub use table::Rule;

use crate::memory::Access;

impl Rule {
    /// The rule's identifier.
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// What the rule says, in one or two sentences.
    pub const fn sentence(self) -> &'static str {
        self.row().sentence
    }

    /// Where the rule comes from.
    pub const fn source(self) -> &'static str {
        self.row().source
    }

    /// How firmly the rule stands.
    pub const fn basis(self) -> Basis {
        self.row().basis
    }

    /// The options that the rule is about.
    pub const fn options(self) -> Options {
        self.row().options
    }

    /// The step of a call in which the rule decides.
    pub const fn step(self) -> Step {
        self.row().step
    }

    /// What has to be so for the rule to decide any call.
    pub const fn requirement(self) -> Requirement {
        self.row().requirement
    }

    /// The part of memory whose access fails, and the access that it needs;
    /// `None` for a rule that is not an `EFAULT`.
    pub const fn fault(self) -> Option<(Part, Access)> {
        self.row().fault
    }

    /// Whether the rule decides the bytes of a part of memory.
    pub fn is_deciding(self, part: Part) -> bool {
        self.rank(part).is_some()
    }

    /// The rule that counts most for the bytes of a part of memory, among those that decided a
    /// call: a fault first, then the one of the lowest rank, then the one declared first.
    pub fn deciding(part: Part, fired: &[Rule]) -> Option<Rule> {
        let ranked = fired.iter().filter_map(|rule| Some((rule.rank(part)?, *rule)));
        ranked
            .min_by_key(|(rank, rule)| (rule.fault().is_none(), *rank, *rule))
            .map(|(_, rule)| rule)
    }

    fn rank(self, part: Part) -> Option<u8> {
        let mut decides = self.row().decides.iter();
        decides.find(|(decided, _)| *decided == part).map(|(_, rank)| *rank)
    }
}
