//! Tests hypotheses on records, without a kernel.

use std::ops::Range;

use mptcp_emulator::{Behaviors, Revision, Socket};

use crate::cases::Case;
use crate::contents::digits;
use crate::judge::image::Image;
use crate::oracle::Record;

/// Predicts records.
pub(super) struct Predictor {
    /// What the kernel did, and two predictions.
    observed: Image,
    image: Image,
    other: Image,
    revision: Revision,
}

impl Predictor {
    /// For a street at this address, and a kernel of a revision.
    pub(super) fn new(base: u64, revision: Revision) -> Predictor {
        let [observed, image, other] = [base; 3].map(Image::new);
        Predictor { observed, image, other, revision }
    }

    /// Whether behaviors predict a record.
    pub(super) fn fits(
        &mut self,
        record: &Record,
        socket: &Socket<'_>,
        behaviors: &Behaviors,
    ) -> bool {
        self.image.lay_out(&record.case);
        let result = self.image.predict(&record.case, &self.revision, behaviors, socket, &mut ());
        if result != record.result {
            return false;
        }
        self.observed.lay_out(&record.case);
        for change in &record.changes {
            self.observed.write(change.at, &change.bytes);
        }
        let Predictor { observed, image, .. } = self;
        image.ranges(observed).all(|range| {
            let (want, got) = (&image.bytes[range.clone()], &observed.bytes[range.clone()]);
            want == got || {
                let mask = &image.mask[range];
                want.iter().zip(got).zip(mask).all(|((want, got), mask)| want == got || *mask != 0)
            }
        })
    }

    /// Where a record differs from the prediction, if its result does not; `None` if that does.
    pub(super) fn mismatch(
        &mut self,
        record: &Record,
        socket: &Socket<'_>,
        behaviors: &Behaviors,
    ) -> Option<Vec<usize>> {
        self.image.lay_out(&record.case);
        let result = self.image.predict(&record.case, &self.revision, behaviors, socket, &mut ());
        if result != record.result {
            return None;
        }
        self.observed.lay_out(&record.case);
        for change in &record.changes {
            self.observed.write(change.at, &change.bytes);
        }
        let Predictor { observed, image, .. } = self;
        let differs = |at: &usize| image.mask[*at] == 0 && image.bytes[*at] != observed.bytes[*at];
        let mut all: Vec<usize> = image.ranges(observed).flatten().filter(differs).collect();
        all.sort_unstable();
        all.dedup();
        Some(all)
    }

    /// Bytes of the record that was tested last as digits: as predicted, and as observed.
    pub(super) fn digits(&self, street: Range<usize>) -> Option<[String; 2]> {
        let Predictor { observed, image, .. } = self;
        let predicted = digits(image.bytes.get(street.clone())?, &image.mask[street.clone()]);
        Some([predicted, digits(observed.bytes.get(street)?, &[])])
    }

    /// Whether two sets of behaviors predict something different for a case.
    pub(super) fn differ(
        &mut self,
        case: &Case,
        socket: &Socket<'_>,
        [one, other]: [&Behaviors; 2],
    ) -> bool {
        if one == other {
            return false;
        }
        self.image.lay_out(case);
        self.other.lay_out(case);
        let first = self.image.predict(case, &self.revision, one, socket, &mut ());
        let second = self.other.predict(case, &self.revision, other, socket, &mut ());
        let Predictor { image, other, .. } = self;
        first != second
            || !image.ranges(other).all(|range| {
                image.bytes[range.clone()] == other.bytes[range.clone()]
                    && image.mask[range.clone()] == other.mask[range]
            })
    }
}
