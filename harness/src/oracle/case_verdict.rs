//! The verdict on one case, or why there is none.

use crate::judge::finding::Finding;
use crate::run::compat::NoCompat;

/// The verdict on one case.
#[derive(Clone, Debug)]
pub enum CaseVerdict {
    /// Model and kernel agree.
    Agree,
    /// Model and kernel disagree.
    Disagree(Box<Finding>),
    /// They disagree, but no promise is broken; only if promises alone are judged.
    Unspecified,
    /// There is no verdict.
    Inconclusive(Reason),
}

impl CaseVerdict {
    /// See [`Reason::is_unreproduced`].
    #[inline]
    pub fn is_unreproduced(&self) -> bool {
        matches!(self, CaseVerdict::Inconclusive(reason) if reason.is_unreproduced())
    }
}

/// Why a case has no verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The scene of the case did not come up.
    NoScene,
    /// The case is not safe to run: see [`Case::is_safe`](crate::cases::Case::is_safe).
    NotSafe,
    /// The case is a compat call, and those cannot be made here.
    NoCompat(NoCompat),
    /// The socket changed between the reading of its expected state and the call.
    SceneMoved,
    /// A disagreement that could not be reproduced, on a socket that did not change.
    NotRepeated,
    /// Memory was written far from what any case concerns, and no case that could have done it does
    /// it again.
    Stray,
}

impl Reason {
    /// Whether a difference was seen that neither the model nor a changed scene explains. No run
    /// with such a case is green.
    pub fn is_unreproduced(self) -> bool {
        matches!(self, Reason::NotRepeated | Reason::Stray)
    }

    /// Whether something that the case needs is missing here, so that it was not compared at all.
    pub fn is_absent(self) -> bool {
        matches!(self, Reason::NoScene | Reason::NoCompat(_))
    }

    /// A clause for a report.
    pub fn text(self) -> &'static str {
        match self {
            Reason::NoScene => "the scene did not come up here",
            Reason::NotSafe => "the case would let the kernel write to memory of this process",
            Reason::NoCompat(why) => why.text(),
            Reason::SceneMoved => "the scene moved between its expected and the call",
            Reason::NotRepeated => "a difference that could not be reproduced",
            Reason::Stray => {
                "memory was written far from any buffer, by a case that does not repeat it"
            }
        }
    }
}

/// The signatures whose disagreements are accepted without confirmation; `None` if there are none.
pub type Trusted<'a> = Option<&'a dyn Fn(&str) -> bool>;
