//! Compares two predictions of one case, of two revisions or of two sockets. No kernel is involved.

use mptcp_emulator::{Errno, Revision, Rule, RuleLog, Socket};

use crate::cases::Case;
use crate::judge::Mismatch;
use crate::judge::evidence::Evidence;
use crate::judge::finding::{Diagnosis, diagnose_evidence};
use crate::judge::image::Image;
use crate::memory::street;

/// The address of the street in predictions, which is that of a process's first one. Pointers that
/// a call copies back then have the same bytes as on a kernel.
const BASE: u64 = street::FIRST;

/// One side: a kernel, and a socket on it.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// The kernel.
    pub revision: &'a Revision,
    /// The socket. Its parts should all have different contents.
    pub socket: Socket<'a>,
    /// Its subflows.
    pub subflows: usize,
}

/// Two images of the street.
#[derive(Debug)]
pub struct ModelDiff {
    images: [Image; 2],
}

impl Default for ModelDiff {
    fn default() -> ModelDiff {
        ModelDiff { images: [BASE; 2].map(Image::new) }
    }
}

impl ModelDiff {
    /// How the second prediction differs from the first, as a finding in which the first is
    /// predicted and the second observed. `None` if they are equal.
    pub fn compare(&mut self, case: &Case, sides: [Side<'_>; 2]) -> Option<Diagnosis> {
        self.predict(case, sides, |predicted| predicted.diagnosis(case, &sides))
    }

    /// Whether the two predictions differ, in the result or in any byte.
    pub fn differ(&mut self, case: &Case, sides: [Side<'_>; 2]) -> bool {
        self.predict(case, sides, |predicted| predicted.mismatch().is_some())
    }

    /// The prediction of each side for the whole street.
    pub fn foresee(&mut self, case: &Case, sides: [Side<'_>; 2]) -> [Foreseen; 2] {
        self.predict(case, sides, |Predicted { images, results, .. }| {
            [0, 1].map(|at| Foreseen {
                result: results[at],
                bytes: images[at].bytes.clone(),
                mask: images[at].mask.clone(),
            })
        })
    }

    /// Makes both predictions and calls a function with them.
    fn predict<R>(
        &mut self,
        case: &Case,
        sides: [Side<'_>; 2],
        look: impl FnOnce(&Predicted<'_>) -> R,
    ) -> R {
        let mut results = [Ok(()); 2];
        let mut rules: Vec<Rule> = Vec::new();
        for (at, (image, side)) in self.images.iter_mut().zip(&sides).enumerate() {
            let mut order = RuleLog::default();
            image.lay_out(case);
            let Side { revision, socket, .. } = side;
            results[at] = image.predict(case, revision, &revision.behaviors, socket, &mut order);
            if at == 0 {
                rules = order.iter().collect();
            }
        }
        look(&Predicted { images: &self.images, results, rules: &rules })
    }
}

/// The prediction of one side for the whole street.
#[derive(Clone, Debug)]
pub struct Foreseen {
    /// The result of the call.
    pub result: Result<(), Errno>,
    /// The bytes, where `mask` is 0.
    pub bytes: Box<[u8]>,
    /// Not 0 at bytes that hold open contents of the socket.
    pub mask: Box<[u8]>,
}

/// Two predictions.
struct Predicted<'a> {
    images: &'a [Image; 2],
    results: [Result<(), Errno>; 2],
    /// The rules of the first prediction.
    rules: &'a [Rule],
}

impl Predicted<'_> {
    fn mismatch(&self) -> Option<Mismatch> {
        let [one, other] = self.images;
        let differs =
            |at: &usize| one.bytes[*at] != other.bytes[*at] || one.mask[*at] != other.mask[*at];
        let mut bytes: Vec<usize> = one.ranges(other).flatten().filter(differs).collect();
        bytes.sort_unstable();
        bytes.dedup();
        let [first, second] = self.results;
        let result = (first != second).then_some((first, second));
        (result.is_some() || !bytes.is_empty()).then_some(Mismatch { result, bytes })
    }

    fn diagnosis(&self, case: &Case, sides: &[Side<'_>; 2]) -> Option<Diagnosis> {
        let mismatch = self.mismatch()?;
        let [one, other] = self.images;
        let evidence = Evidence {
            mismatch: &mismatch,
            predicted: self.results[0],
            rules: self.rules,
            before: one.poison(),
            prediction: &one.bytes,
            mask: &one.mask,
            observation: &other.bytes,
        };
        // The larger structure has more names.
        let larger = usize::from(
            (sides[1].revision.tcp_info, sides[1].revision.mptcp_info)
                > (sides[0].revision.tcp_info, sides[0].revision.mptcp_info),
        );
        diagnose_evidence(case, sides[larger].revision, sides[larger].subflows, &evidence)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::*;
    use crate::cases::{Data, Input, Place};
    use mptcp_emulator::{Connection, Content, abi};

    fn case() -> Case {
        Case {
            scene: 22,
            poison: 1,
            option: abi::MPTCP_TCPINFO,
            length: 2000,
            optval: Place::Street(0x1040),
            optlen: Place::Street(0x14000),
            input: Input::Data(Data::asking(2000)),
            entry: crate::cases::Entry::Native,
        }
    }

    fn model_diff(revisions: [&Revision; 2], case: &Case) -> Option<String> {
        let bytes: Vec<u8> = (0..400_u32).map(|at| at as u8 | 1).collect();
        let connections = revisions.map(|revision| {
            let content = Content::exact(&bytes);
            Connection::new(revision, content, content, content.first(264)).unwrap()
        });
        let side = |at: usize| Side {
            revision: revisions[at],
            socket: Socket::Mptcp(connections[at]),
            subflows: 1,
        };
        let mut model_diff = ModelDiff::default();
        let first = model_diff.compare(case, [side(0), side(1)]);
        let again = model_diff.compare(case, [side(0), side(1)]);
        let signature = |found: &Option<Diagnosis>| found.clone().map(|found| found.signature);
        assert_eq!(signature(&first), signature(&again), "nothing is left behind");
        signature(&first)
    }

    #[test]
    fn a_larger_structure_shows_first_in_the_length() {
        let found = model_diff([&Revision::V6_1, &Revision::V6_12], &case());
        assert_eq!(found.as_deref(), Some("MPTCP_TCPINFO/optlen/LengthWithElements"));
    }

    #[test]
    fn an_option_that_one_does_not_have_shows_in_the_result() {
        // Without input the buffer holds poison, and no count in it is 0.
        let case = Case { option: abi::MPTCP_FULL_INFO, input: Input::Nothing, ..case() };
        let found = model_diff([&Revision::V6_1, &Revision::V6_12], &case);
        assert_eq!(found.as_deref(), Some("MPTCP_FULL_INFO/EOPNOTSUPP->EINVAL/FullInfoUnknown"));
    }

    #[test]
    fn revisions_alike_do_not_differ() {
        assert_eq!(model_diff([&Revision::V6_10, &Revision::V6_12], &case()), None);
        // Others do not differ either if the differing part is not requested.
        let asked = Input::Data(Data::asking(0));
        let short = Case { length: 16, input: asked, option: abi::MPTCP_SUBFLOW_ADDRS, ..case() };
        assert_eq!(model_diff([&Revision::V6_1, &Revision::V6_12], &short), None);
    }
}
