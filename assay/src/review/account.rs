//! Which of the data in which two revisions differ account for a difference in a case: in
//! what the model predicts, and in what two kernels did.

use std::collections::BTreeMap;

use mptcp_emulator::Revision;
use mptcp_harness::cases::Case;
use mptcp_harness::cases::shrink::shrink;
use mptcp_harness::engines::case_list::CaseList;
use mptcp_harness::judge::Mismatch;
use mptcp_harness::judge::finding::Diagnosis;
use mptcp_harness::judge::model_diff::{Foreseen, ModelDiff, Side};
use mptcp_harness::scenes::by_id;

use super::answer::Answer;
use super::group::Group;
use super::memory::{contrasted, foreseen};
use crate::model_socket::ModelSocket;
use crate::report::datum::Datum;

/// What two revisions' data make of a case.
pub(crate) struct DataDifference {
    revisions: [Revision; 2],
    /// What they differ in.
    pub(crate) data: Vec<Datum>,
    contrast: ModelDiff,
    /// Sockets by scene, for the base revision with some of `data` of the patched one, each
    /// datum a bit.
    sockets: BTreeMap<(u8, u32), ModelSocket>,
}

impl DataDifference {
    /// `None` where the revisions do not differ.
    pub(crate) fn between(revisions: [Revision; 2]) -> Option<DataDifference> {
        let data = Datum::between(&revisions);
        (!data.is_empty()).then(|| DataDifference {
            revisions,
            data,
            contrast: ModelDiff::default(),
            sockets: BTreeMap::new(),
        })
    }

    /// How the two revisions differ in a case, and because of which data; `None` for these
    /// where all of them together do not account for it.
    pub(crate) fn diagnose(&mut self, case: &Case) -> Option<(Diagnosis, Option<Vec<Datum>>)> {
        let diagnosis =
            self.on(case, 0, PATCHED, |contrast, sides| contrast.compare(case, sides))??;
        Some((diagnosis, self.causes(case)))
    }

    /// The least of the data with which the base revision does what the patched one does: one
    /// alone where that is enough, and otherwise what is left when all is taken away that can
    /// be.
    fn causes(&mut self, case: &Case) -> Option<Vec<Datum>> {
        let all = (1 << self.data.len()) - 1;
        let mut enough = all;
        if !self.is_enough(case, enough)? {
            return None;
        }
        let bits = (0..self.data.len()).map(|bit| 1 << bit);
        let mut alone = bits.clone();
        match alone.find(|bit| self.is_enough(case, *bit) == Some(true)) {
            Some(bit) => enough = bit,
            None => {
                for bit in bits {
                    if self.is_enough(case, enough & !bit) == Some(true) {
                        enough &= !bit;
                    }
                }
            }
        }
        let taken = self.data.iter().enumerate().filter(|(bit, _)| enough & (1 << bit) != 0);
        Some(taken.map(|(_, datum)| *datum).collect())
    }

    /// Whether the base revision with these data does what the patched one does.
    pub(crate) fn is_enough(&mut self, case: &Case, data: u32) -> Option<bool> {
        self.on(case, data, PATCHED, |contrast, sides| !contrast.differ(case, sides))
    }

    /// Does something with the sides of two sets of data; `None` for an unknown scene.
    fn on<R>(
        &mut self,
        case: &Case,
        one: u32,
        other: u32,
        act: impl FnOnce(&mut ModelDiff, [Side<'_>; 2]) -> R,
    ) -> Option<R> {
        let scene = by_id(case.scene)?;
        let revisions = [one, other].map(|data| self.mixed(data));
        for (data, revision) in [one, other].into_iter().zip(&revisions) {
            let socket = self.sockets.entry((case.scene, data));
            socket.or_insert_with(|| ModelSocket::marked(scene, revision));
        }
        let socket = |data| self.sockets.get(&(case.scene, data));
        let (first, second) = (socket(one)?, socket(other)?);
        let contrast = &mut self.contrast;
        Some(first.with(|one, subflows| {
            second.with(|other, others| {
                let side = |revision, socket, subflows| Side { revision, socket, subflows };
                let [first, second] = &revisions;
                act(contrast, [side(first, one, subflows), side(second, other, others)])
            })
        }))
    }

    /// The base revision with some of the data, or the patched one.
    fn mixed(&self, data: u32) -> Revision {
        if data == PATCHED {
            return self.revisions[1];
        }
        let taken = self.data.iter().enumerate().filter(|(bit, _)| data & (1 << bit) != 0);
        Datum::mixed(&self.revisions, taken.map(|(_, datum)| *datum))
    }

    /// Finds the simplest case of a group.
    pub(crate) fn simplify(&mut self, group: &mut Group, agenda: &CaseList) {
        let Some(palette) = agenda.boundary_values.first() else {
            return;
        };
        let (signature, causes) = (group.signature.clone(), group.causes.clone());
        let simplest = shrink(group.first, palette, |candidate| {
            let found = self.diagnose(candidate);
            found.is_some_and(|(found, because)| {
                found.signature == signature && because.unwrap_or_default() == causes
            })
        });
        if let Some((diagnosis, _)) = self.diagnose(&simplest) {
            group.summary = diagnosis.summary;
        }
        group.simplest = simplest;
    }
}

/// The patched revision, in the place of a set of data.
const PATCHED: u32 = u32::MAX;

/// What explains a group, held against what two kernels did.
pub(crate) struct Account<'a> {
    pub(crate) revisions: [Revision; 2],
    pub(crate) causes: &'a [Datum],
}

impl Account<'_> {
    /// Whether the kernels' answers to a case differ in anything that the causes do not
    /// account for: a result or a byte of which the base revision predicts something else
    /// than the base kernel did, or with the causes something else than the patched kernel.
    /// What a socket holds is another boot's, and not compared.
    pub(crate) fn is_contradicted_by(&self, case: &Case, answers: &[Answer; 2]) -> bool {
        let [base, patched] = answers;
        let explained = Datum::mixed(&self.revisions, self.causes.iter().copied());
        let Some(foreseen) = foreseen(case, [&self.revisions[0], &explained]) else {
            return true;
        };
        let contrasted = contrasted(case, base, patched);
        let Some(Mismatch { result, bytes }) = contrasted.mismatch() else {
            return false;
        };
        let fits = |foreseen: &Foreseen, answer: &Answer, at: usize| {
            let seen = answer.examination.observation().unwrap_or_default();
            foreseen.mask[at] != 0 || seen.get(at) == Some(&foreseen.bytes[at])
        };
        let [first, second] = &foreseen;
        result.is_some_and(|results| results != (first.result, second.result))
            || !bytes.iter().all(|at| fits(first, base, *at) && fits(second, patched, *at))
    }
}
