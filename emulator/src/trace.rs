//! The rules that decided a call.

use crate::rules::Rule;

/// A collector of the rules that decide a call.
pub trait Trace {
    /// Adds a rule; called in the order of the decisions.
    fn fired(&mut self, rule: Rule);
}

/// Collects nothing, and costs nothing.
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

    /// Inserts a rule.
    #[inline(always)]
    pub const fn insert(&mut self, rule: Rule) {
        self.0 |= 1 << rule as u8;
    }

    /// Inserts all rules of another set.
    #[inline(always)]
    pub const fn extend(&mut self, other: RuleSet) {
        self.0 |= other.0;
    }

    /// Whether the rule is in the set.
    pub const fn contains(self, rule: Rule) -> bool {
        self.0 & (1 << rule as u8) != 0
    }

    /// The number of rules.
    pub const fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Whether the set is empty.
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
    /// The rules, first to last. No call has more than 32 different ones; a log
    /// drops those behind.
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
