//! A list of cases that is the same on every kernel: the lattice, random cases, and stored cases.
//!
//! The list depends on nothing that is measured during the run, so a number means the same case on
//! every kernel. Its scenes are those of the catalogue, whether or not they came up.

use std::collections::BTreeMap;

use mptcp_emulator::Revision;

use crate::cases::boundary_values::{BoundaryValues, SceneFacts};
use crate::cases::generate;
use crate::cases::lattice;
use crate::cases::{Case, POISONS};
use crate::oracle::BATCH;
use crate::scenes::{Scene, catalogue};

/// Consecutive cases with one poison.
const WITH_ONE_POISON: u64 = 64 * BATCH as u64;

/// The list of cases, as data.
#[derive(Clone, Debug)]
pub struct CaseList {
    /// Boundary values of each kernel that the cases are for. The boundaries of one kernel are
    /// tried on all.
    pub boundary_values: Vec<BoundaryValues>,
    /// Options by number; empty means all.
    pub options: Vec<i32>,
    /// The number of generated cases; stored cases come in addition.
    pub cases: u64,
    /// Random seed.
    pub seed: u64,
    /// Stored cases.
    pub stored: Vec<Case>,
}

/// The sources of a list's cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    /// Cases of the lattice.
    pub lattice: u64,
    /// One of this many lattice cases is taken; 1 means all of them.
    pub step: u64,
    /// Random cases.
    pub random: u64,
    /// Stored cases.
    pub stored: u64,
}

impl Parts {
    /// All cases.
    pub fn all(&self) -> u64 {
        self.lattice + self.random + self.stored
    }
}

/// The facts of scenes, from the catalogue.
pub fn scene_facts(wanted: impl Fn(&Scene) -> bool) -> Vec<SceneFacts> {
    let facts = |scene: &Scene| SceneFacts {
        scene: scene.id,
        answers: scene.subflows().is_some(),
        subflows: scene.subflows().unwrap_or(0),
    };
    catalogue().iter().filter(|scene| wanted(scene)).map(facts).collect()
}

impl CaseList {
    /// The boundary values of these kernels, without duplicates.
    pub fn boundary_values(
        scene_facts: &[SceneFacts],
        revisions: &[Revision],
    ) -> Vec<BoundaryValues> {
        let mut boundary_values: Vec<BoundaryValues> = Vec::new();
        for revision in revisions {
            let values = BoundaryValues::new(scene_facts.to_vec(), revision);
            let sizes =
                |values: &BoundaryValues| (values.tcp_info, values.mptcp_info, values.info_opt);
            if !boundary_values.iter().any(|known| sizes(known) == sizes(&values)) {
                boundary_values.push(values);
            }
        }
        boundary_values
    }

    /// The number of cases from each source. The lattice gets at most two thirds, and is thinned if
    /// it does not fit.
    pub fn parts(&self) -> Parts {
        let whole = self.lattice(1).map(|(_, len)| len).sum::<u64>();
        let room = self.cases - self.cases / 3;
        let step = whole.div_ceil(room.max(1)).max(1);
        let lattice = match step {
            1 => whole,
            _ => self.lattice(step).map(|(_, len)| len).sum(),
        };
        let lattice = lattice.min(self.cases);
        let stored = self.stored.len() as u64;
        Parts { lattice, step, random: self.cases - lattice, stored }
    }

    /// The lattices in order, each as boundary values, scene facts, option, the first case to take,
    /// and the number of cases. If several scenes have equal lattices, each is thinned to different
    /// cases, so that together they have all of them.
    fn lattice(
        &self,
        step: u64,
    ) -> impl Iterator<Item = ((usize, SceneFacts, i32, u64), u64)> + '_ {
        let mut lengths: BTreeMap<(usize, bool, u32, i32), u64> = BTreeMap::new();
        let order = self.boundary_values.first().map(lattice::order).unwrap_or_default();
        (0..).zip(order).flat_map(move |(turn, facts): (u64, SceneFacts)| {
            let mut parts = Vec::new();
            for (index, values) in self.boundary_values.iter().enumerate() {
                for option in lattice::OPTIONS {
                    if !self.options.is_empty() && !self.options.contains(&option) {
                        continue;
                    }
                    let shape = (index, facts.answers, facts.subflows, option);
                    let len = *lengths
                        .entry(shape)
                        .or_insert_with(|| lattice::of(values, facts, option).len() as u64);
                    let first = turn % step;
                    let taken = len.saturating_sub(first).div_ceil(step);
                    parts.push(((index, facts, option, first), taken));
                }
            }
            parts
        })
    }

    /// The cases, always in the same order.
    pub fn cases(&self) -> impl Iterator<Item = Case> + '_ {
        let parts = self.parts();
        let step = usize::try_from(parts.step).unwrap_or(usize::MAX);
        let lattice =
            self.lattice(parts.step).flat_map(move |((index, facts, option, first), _)| {
                let cases = lattice::of(&self.boundary_values[index], facts, option);
                cases.into_iter().skip(usize::try_from(first).unwrap_or(usize::MAX)).step_by(step)
            });
        let lattice = lattice.take(usize::try_from(parts.lattice).unwrap_or(usize::MAX));
        let mut random = fastrand::Rng::with_seed(self.seed);
        let made = (0..parts.random).filter_map(move |at| {
            let values =
                self.boundary_values.get(at as usize % self.boundary_values.len().max(1))?;
            Some(generate::any_of(&mut random, values, &self.options, 0))
        });
        let poison = |at: u64| u8::try_from(at / WITH_ONE_POISON % u64::from(POISONS)).unwrap_or(0);
        let made = (0..).zip(lattice.chain(made));
        made.map(move |(at, case)| Case { poison: poison(at), ..case })
            .chain(self.stored.iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case_list(cases: u64) -> CaseList {
        let scene_facts = scene_facts(|scene| [0, 20, 24, 60, 120].contains(&scene.id));
        let revisions = [Revision::V6_1, Revision::V6_12];
        CaseList {
            boundary_values: CaseList::boundary_values(&scene_facts, &revisions),
            options: Vec::new(),
            cases,
            seed: 7,
            stored: vec![],
        }
    }

    #[test]
    fn there_are_as_many_cases_as_the_parts_say() {
        for cases in [0, 1, 1000, 50_000, 3_000_000] {
            let case_list = case_list(cases);
            let parts = case_list.parts();
            assert_eq!(parts.all(), cases);
            assert_eq!(case_list.cases().count() as u64, cases, "{parts:?}");
        }
        assert_eq!(case_list(3_000_000).parts().step, 1);
        assert!(case_list(50_000).parts().step > 1);
    }

    #[test]
    fn the_same_agenda_has_the_same_cases() {
        let all = |seed| -> Vec<Case> { CaseList { seed, ..case_list(20_000) }.cases().collect() };
        assert_eq!(all(1), all(1));
        assert_ne!(all(1), all(2));
    }

    #[test]
    fn every_scene_and_option_has_its_cases_even_where_the_lattice_is_thinned() {
        let case_list = case_list(30_000);
        for facts in &case_list.boundary_values[0].scene_facts {
            for option in lattice::OPTIONS {
                let mut cases = case_list.cases().take(case_list.parts().lattice as usize);
                assert!(
                    cases.any(|case| case.scene == facts.scene && case.option == option),
                    "scene {} option {option}",
                    facts.scene
                );
            }
        }
    }

    #[test]
    fn kernels_with_the_same_sizes_share_a_palette() {
        let boundary_values =
            |revisions: &[Revision]| CaseList::boundary_values(&[], revisions).len();
        assert_eq!(boundary_values(&[Revision::V6_10, Revision::V6_12]), 1);
        assert_eq!(boundary_values(&[Revision::V6_1, Revision::V6_12]), 2);
        assert_eq!(boundary_values(&[Revision::V6_12, Revision::V6_12.with_info_opt()]), 2);
    }
}
