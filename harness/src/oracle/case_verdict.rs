//! The verdict on one case, or why there is none.

use crate::judge::finding::Finding;
use crate::run::compat::NoCompat;

/// The verdict on one case.
#[derive(Clone, Debug)]
pub enum CaseVerdict {
    /// Model and kernel agree.
    Agree,
    /// They do not.
    Disagree(Box<Finding>),
    /// They do not, but where promises alone are judged no promise is broken.
    Unspecified,
    /// There is none.
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
    /// The scene of the case does not stand.
    NoScene,
    /// The kernel cannot be given the case: see [`Case::is_safe`](crate::cases::Case::is_safe).
    NotSafe,
    /// The case is a call of a 32-bit program, and those cannot be made here.
    NoCompat(NoCompat),
    /// The socket changed between its expected state and the call.
    SceneMoved,
    /// A disagreement that did not show again on a socket that did not move.
    NotRepeated,
    /// Memory far from where any case had business was written, and none of
    /// the cases that could have done it does it again.
    Stray,
}

impl Reason {
    /// Whether something was seen that neither the model nor a moved scene
    /// explains: no run with this in it is green.
    pub fn is_unreproduced(self) -> bool {
        matches!(self, Reason::NotRepeated | Reason::Stray)
    }

    /// Whether something that the case needs is not available here, so that the case was
    /// not compared at all.
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

/// Which signatures are known so well that a disagreement with one of them is
/// accepted without confirmation; `None` where none is.
pub type Trusted<'a> = Option<&'a dyn Fn(&str) -> bool>;
