//! The rules of the contract, and the columns of their table.

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

    /// The rule in one or two sentences.
    pub const fn sentence(self) -> &'static str {
        self.row().sentence
    }

    /// The source of the rule.
    pub const fn source(self) -> &'static str {
        self.row().source
    }

    /// The basis of the rule.
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

    /// What the rule requires to decide any call.
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
