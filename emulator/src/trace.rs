//! Which rules decided a call.

use crate::rules::Rule;

/// Something that wants to know which rules fired.
pub trait Trace {
    /// `rule` decided something; called in the order of the decisions.
    fn fired(&mut self, rule: Rule);
}

/// Wants to know nothing, and costs nothing.
impl Trace for () {
    #[inline(always)]
    fn fired(&mut self, _: Rule) {}
}

/// A set of rules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleSet(u128);

const _: () = assert!(Rule::ALL.len() <= 128, "RuleSet has a bit for each rule");

impl RuleSet {
    /// No rule.
    pub const EMPTY: RuleSet = RuleSet(0);

    /// Puts a rule into the set.
    #[inline(always)]
    pub const fn insert(&mut self, rule: Rule) {
        self.0 |= 1 << rule as u8;
    }

    /// Puts all rules of another set into this one.
    #[inline(always)]
    pub const fn extend(&mut self, other: RuleSet) {
        self.0 |= other.0;
    }

    /// Whether the rule is in the set.
    pub const fn contains(self, rule: Rule) -> bool {
        self.0 & (1 << rule as u8) != 0
    }

    /// How many rules there are in the set.
    pub const fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Whether the set holds no rule.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The rules, in the order in which they are declared.
    pub fn iter(self) -> impl Iterator<Item = Rule> {
        Rule::ALL.iter().copied().filter(move |rule| self.contains(*rule))
    }
}

impl Trace for RuleSet {
    #[inline(always)]
    fn fired(&mut self, rule: Rule) {
        self.insert(rule);
    }
}

/// Rules in the order in which they fired, each once.
#[derive(Clone, Debug, Default)]
pub struct RuleLog {
    seen: RuleSet,
    rules: [Option<Rule>; 32],
    len: usize,
}

impl RuleLog {
    /// The rules, first to last. A call that fires more than 32 different
    /// ones does not exist; were there one, the last would be missing.
    pub fn iter(&self) -> impl Iterator<Item = Rule> {
        self.rules.iter().flatten().copied()
    }
}

impl Trace for RuleLog {
    fn fired(&mut self, rule: Rule) {
        if self.seen.contains(rule) {
            return;
        }
        self.seen.insert(rule);
        if let Some(slot) = self.rules.get_mut(self.len) {
            *slot = Some(rule);
            self.len += 1;
        }
    }
}
