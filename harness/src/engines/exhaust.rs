//! Every combination over a small domain, for a statement without a gap.
//!
//! A [`Domain`] is data: for one option, a list of named [`Dimension`]s with their values. The
//! cases and the statement in the report both come from it, so they cannot differ. Combinations are
//! numbered, and made only when needed. Jobs take the next few hundred numbers. An interrupted run
//! reports the first number that was not judged.

mod domains;

use std::sync::atomic::{AtomicU64, Ordering};

use crate::cases::boundary_values::{BoundaryValues, Places, READABLE, WRITABLE, before_end};
use crate::cases::{Case, Entry, Input, POISONS, Place, Value};
use crate::engines::check::{Source, Sources};
use crate::scenes;

pub use domains::{Extent, domain};

/// What a dimension decides in a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The scene, by number.
    Scene,
    /// The option's number.
    Option,
    /// `*optlen`, in bytes.
    Length,
    /// The number of bytes between the end of what the call may fill and the end of its stretch of
    /// pages. If negative, that many bytes lie behind the stretch.
    Margin,
    /// What is behind the end of that stretch: 0 no access, 1 read-only pages.
    Behind,
    /// The place of the length: 0 writable, 1 read-only, 2 across an edge to pages without access,
    /// 3 without access.
    LengthAt,
    /// A number of the input, by its index in [`Input::fields`].
    Number(usize),
    /// As [`Field::Margin`], for the array of `tcp_info`.
    TcpInfoMargin,
    /// `nmemb_user` of all blocks of `mptcp_info_opt` that are arrays.
    BlockCount,
}

/// One thing that varies, and all its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dimension {
    /// Its name in the interface, or a clause.
    pub name: &'static str,
    /// What it decides.
    pub field: Field,
    /// INVARIANT: not empty; each of them once.
    pub values: Vec<i64>,
}

impl Dimension {
    /// Its name and its values, as part of a sentence.
    pub fn text(&self) -> String {
        let words = |words: &[&str]| {
            let word = |value: &i64| usize::try_from(*value).ok().and_then(|at| words.get(at));
            self.values.iter().filter_map(word).copied().collect::<Vec<_>>().join(", ")
        };
        let values = match self.field {
            Field::Scene if self.values.len() > MOST_NAMED => {
                return format!("{} scenes", self.values.len());
            }
            Field::Scene => {
                let by_id = |id: &i64| scenes::by_id(u8::try_from(*id).ok()?);
                let names = self.values.iter().filter_map(by_id).map(|scene| scene.name);
                names.collect::<Vec<_>>().join(", ")
            }
            Field::Behind => words(&["no access", "read-only pages"]),
            Field::LengthAt => words(&["writable", "read-only", "across no access", "at null"]),
            _ => runs(&self.values),
        };
        format!("{} ({values})", self.name)
    }
}

/// Up to this number scenes are named, above it counted.
const MOST_NAMED: usize = 20;

/// Numbers in ascending order; of three or more consecutive ones, the first and the last.
fn runs(values: &[i64]) -> String {
    let mut parts = Vec::new();
    let mut rest = values;
    while let Some(first) = rest.first() {
        let run = (*first..).zip(rest).take_while(|(wanted, value)| wanted == *value).count();
        let run = if run < 3 { 1 } else { run };
        parts.push(match rest.get(run - 1) {
            Some(last) if run > 1 => format!("{first} to {last}"),
            _ => first.to_string(),
        });
        rest = rest.get(run..).unwrap_or_default();
    }
    parts.join(", ")
}

/// Dimensions whose combinations are all compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domain {
    /// The option's number, or any number that no kernel knows.
    pub option: i32,
    /// The dimensions; at least the scene.
    pub dimensions: Vec<Dimension>,
}

impl Domain {
    /// How many combinations there are.
    pub fn combinations(&self) -> u64 {
        self.dimensions.iter().map(|dimension| dimension.values.len() as u64).product()
    }

    /// The values of one combination, in the order of the dimensions; the last one varies fastest.
    fn values(&self, index: u64) -> impl Iterator<Item = (Field, i64)> {
        let mut rest = index;
        let mut values = [(Field::Scene, 0); DIMENSIONS];
        for (slot, dimension) in values.iter_mut().zip(&self.dimensions).rev() {
            let len = dimension.values.len() as u64;
            let at = usize::try_from(rest % len).unwrap_or(0);
            *slot = (dimension.field, dimension.values[at]);
            rest /= len;
        }
        values.into_iter().take(self.dimensions.len())
    }

    /// The case of one combination.
    pub fn case(&self, index: u64, values: &BoundaryValues, poison: u8) -> Case {
        let mut plan = Plan::new(self.option, values);
        self.values(index).for_each(|(field, value)| plan.set(field, value));
        plan.case(values, poison)
    }
}

/// The maximum number of dimensions of a domain.
const DIMENSIONS: usize = 12;

/// An incomplete case: numbers that have no places yet.
struct Plan {
    scene: u8,
    option: i32,
    length: i32,
    margin: i64,
    behind: i64,
    length_at: i64,
    input: Input,
    tcp_info_margin: Option<i64>,
}

/// 32-bit numbers as their bytes in memory; [`Dimension`]s have no others.
fn number(value: i64) -> u32 {
    value as u32
}

impl Plan {
    fn new(option: i32, values: &BoundaryValues) -> Plan {
        let input = values.usual(&Input::blank(option), option, 0, &PLACES);
        let (margin, tcp_info_margin) = (64, None);
        Plan {
            scene: 0,
            option,
            length: 0,
            margin,
            behind: 0,
            length_at: 0,
            input,
            tcp_info_margin,
        }
    }

    fn set(&mut self, field: Field, value: i64) {
        let bits = number(value);
        match field {
            Field::Scene => self.scene = u8::try_from(value).unwrap_or(0),
            Field::Option => self.option = bits.cast_signed(),
            Field::Length => self.length = bits.cast_signed(),
            Field::Margin => self.margin = value,
            Field::Behind => self.behind = value,
            Field::LengthAt => self.length_at = value,
            Field::Number(index) => self.input.set(index, Value::Number(bits)),
            Field::TcpInfoMargin => self.tcp_info_margin = Some(value),
            Field::BlockCount => {
                if let Input::Opt(opt) = &mut self.input {
                    opt.blocks.iter_mut().for_each(|block| block.nmemb_user = bits);
                }
            }
        }
    }

    fn case(mut self, values: &BoundaryValues, poison: u8) -> Case {
        let subflows = values.scene(self.scene).map_or(0, |facts| facts.subflows);
        let filled = self.length.max(0).cast_unsigned().min(values.whole(self.option, subflows));
        let stretch = if self.behind == 0 { WRITABLE[0] } else { WRITABLE[3] };
        if let (Some(margin), Input::Full(full)) = (self.tcp_info_margin, &mut self.input) {
            let stride = full.size_tcpinfo_user.min(values.tcp_info);
            let elements = full.size_arrays_user.min(subflows);
            full.tcp_info = behind(WRITABLE[1], stride * elements, margin);
        }
        let optlen = match self.length_at {
            0 => OPTLEN,
            1 => before_end(READABLE[3], 8),
            2 => before_end(WRITABLE[4], 2),
            _ => Place::NULL,
        };
        Case {
            scene: self.scene,
            poison,
            option: self.option,
            length: self.length,
            optval: behind(stretch, filled, self.margin),
            optlen,
            input: self.input,
            entry: Entry::Native,
        }
    }
}

/// An ordinary place for the length.
const OPTLEN: Place = Place::Street(0x22000);

/// Ordinary places for arrays and blocks.
const PLACES: Places = Places::new([0x2000, 0x14000], [0x1400, 0x2000, 0x6000, 0x8000]);

/// The place at which a buffer of a number of bytes ends `margin` before the end of a stretch.
fn behind(stretch: (usize, usize), bytes: u32, margin: i64) -> Place {
    let end = i64::try_from(stretch.1).unwrap_or(i64::MAX);
    let start = end - i64::from(bytes) - margin;
    usize::try_from(start).ok().and_then(Place::street).unwrap_or(Place::NULL)
}

/// Combinations of several domains, in sequence, shared between jobs.
#[derive(Debug)]
pub struct Exhaustion {
    domains: Vec<Domain>,
    all: u64,
    next: AtomicU64,
}

impl Exhaustion {
    /// All combinations of some domains, starting at number `from`.
    pub fn new(domains: Vec<Domain>, from: u64) -> Exhaustion {
        let all = domains.iter().map(Domain::combinations).sum();
        Exhaustion { domains, all, next: AtomicU64::new(from.min(all)) }
    }

    /// The domains.
    pub fn domains(&self) -> &[Domain] {
        &self.domains
    }

    /// How many combinations there are.
    pub fn all(&self) -> u64 {
        self.all
    }

    /// The first combination that no job has taken. After the jobs have ended, all combinations
    /// before it have been judged.
    pub fn next(&self) -> u64 {
        self.next.load(Ordering::Relaxed).min(self.all)
    }

    fn case(&self, mut index: u64, values: &BoundaryValues, poison: u8) -> Option<Case> {
        for domain in &self.domains {
            let combinations = domain.combinations();
            if index < combinations {
                return Some(domain.case(index, values, poison));
            }
            index -= combinations;
        }
        None
    }
}

impl Sources for Exhaustion {
    fn source<'a>(
        &'a self,
        values: &'a BoundaryValues,
        _job: u64,
        _jobs: u64,
    ) -> Box<dyn Source + 'a> {
        Box::new(Part { all: self, values })
    }
}

/// The part of one job.
struct Part<'a> {
    all: &'a Exhaustion,
    values: &'a BoundaryValues,
}

impl Source for Part<'_> {
    fn fill(&mut self, size: usize, batch: &mut Vec<Case>) {
        let first = self.all.next.fetch_add(size as u64, Ordering::Relaxed);
        // The poison stays the same for a while, because a change takes time.
        let poison = u8::try_from((first >> 16) % u64::from(POISONS)).unwrap_or(0);
        let numbers = first..first.saturating_add(size as u64).min(self.all.all);
        batch.extend(numbers.filter_map(|index| self.all.case(index, self.values, poison)));
    }
}

#[cfg(test)]
mod tests;
