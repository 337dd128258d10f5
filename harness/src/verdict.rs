//! The verdict of a run: the same for all commands, with one exit status each.
//!
//! A verdict needs a comparison that took place. A [`Tally`] therefore counts what was compared,
//! and what was requested and not compared. [`Tally::verdict`] is the only place that maps it to a
//! verdict. README.md has the resulting table of commands, situations and statuses.

/// The verdict of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// At least one requested comparison took place, and all of them agree.
    Agree,
    /// At least one comparison disagrees.
    Divergence,
    /// A difference was seen that could not be reproduced.
    Unreproduced,
    /// Different scenes came up on two kernels, so they were not compared on the same sockets.
    Uneven,
    /// The run ended before everything that it promises was compared, or part of its input could
    /// not be read.
    Incomplete,
    /// More than one case in [`MOST_WITHOUT`] has no verdict.
    Inconclusive,
    /// Nothing was compared for part of the request.
    Skipped,
}

/// One of this many cases may have no verdict, because a socket may change between the reading and
/// the call.
pub const MOST_WITHOUT: u64 = 1000;

/// The result of a command, for a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Everything that was compared agrees. Exit status 0.
    Agree,
    /// Part of the request could not be compared here. Exit status 4, as in kselftest.
    Skipped,
    /// Wrong usage, or something prevented a verdict. Exit status 2.
    Trouble,
    /// A divergence. Exit status 1.
    Divergence,
}

impl Status {
    /// The exit status of the process.
    pub const fn code(self) -> u8 {
        match self {
            Status::Agree => 0,
            Status::Divergence => 1,
            Status::Trouble => 2,
            Status::Skipped => 4,
        }
    }

    /// The exit status of a command that runs several times: 1 takes precedence over 2, 2 over 4,
    /// and 4 over 0. No run at all is not a success.
    pub fn worst(all: impl IntoIterator<Item = Status>) -> Status {
        all.into_iter().max().unwrap_or(Status::Skipped)
    }
}

impl Verdict {
    /// All of them.
    pub const ALL: [Verdict; 7] = [
        Verdict::Agree,
        Verdict::Divergence,
        Verdict::Unreproduced,
        Verdict::Uneven,
        Verdict::Incomplete,
        Verdict::Inconclusive,
        Verdict::Skipped,
    ];

    /// The exit status of a command with this verdict.
    pub const fn status(self) -> Status {
        match self {
            Verdict::Agree => Status::Agree,
            Verdict::Divergence | Verdict::Unreproduced => Status::Divergence,
            Verdict::Uneven | Verdict::Incomplete | Verdict::Inconclusive => Status::Trouble,
            Verdict::Skipped => Status::Skipped,
        }
    }

    /// Its name in JSON, in lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Verdict::Agree => "agree",
            Verdict::Divergence => "divergence",
            Verdict::Unreproduced => "unreproduced",
            Verdict::Uneven => "uneven",
            Verdict::Incomplete => "incomplete",
            Verdict::Inconclusive => "inconclusive",
            Verdict::Skipped => "skipped",
        }
    }
}

/// The counts of a run, which determine its verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Comparisons that agree. If promises alone are judged, also those that break no promise.
    pub agree: u64,
    /// Comparisons that disagree.
    pub disagree: u64,
    /// Cases without a verdict, including those with `unreproduced` differences. Cases on a scene
    /// that did not come up belong to `not_compared`.
    pub without: u64,
    /// Cases on which a difference was seen that could not be reproduced.
    pub unreproduced: u64,
    /// Requested options, scenes or stored cases of which nothing was compared.
    pub not_compared: u64,
    /// Scenes that came up on only one of two kernels.
    pub uneven: u64,
    /// Whether the run is incomplete: a domain that was interrupted, or files that hold no case.
    pub is_incomplete: bool,
}

impl Tally {
    /// The verdict. Worse results take precedence: 1 over 2, 2 over 4, 4 over 0.
    pub const fn verdict(&self) -> Verdict {
        let compared = self.agree + self.disagree;
        if self.disagree > 0 {
            Verdict::Divergence
        } else if self.unreproduced > 0 {
            Verdict::Unreproduced
        } else if self.uneven > 0 {
            Verdict::Uneven
        } else if self.is_incomplete {
            Verdict::Incomplete
        } else if self.without * MOST_WITHOUT > compared + self.without {
            Verdict::Inconclusive
        } else if self.not_compared > 0 || compared == 0 {
            Verdict::Skipped
        } else {
            Verdict::Agree
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: Tally = Tally {
        agree: 5000,
        disagree: 0,
        without: 5,
        unreproduced: 0,
        not_compared: 0,
        uneven: 0,
        is_incomplete: false,
    };

    #[test]
    fn nothing_that_was_compared_is_no_agreement() {
        assert_eq!(SOUND.verdict(), Verdict::Agree);
        assert_eq!(Tally::default().verdict(), Verdict::Skipped);
        assert_eq!(Tally { not_compared: 1, ..SOUND }.verdict(), Verdict::Skipped);
    }

    #[test]
    fn one_case_in_a_thousand_may_be_without_a_verdict() {
        let tally = |agree, without| Tally { agree, without, ..SOUND }.verdict();
        assert_eq!(tally(999, 1), Verdict::Agree);
        assert_eq!(tally(998, 1), Verdict::Inconclusive);
        assert_eq!(tally(0, 1), Verdict::Inconclusive);
    }

    #[test]
    fn what_is_worse_takes_precedence() {
        let mut tally = SOUND;
        let mut statuses = vec![tally.verdict()];
        tally.not_compared = 1;
        statuses.push(tally.verdict());
        tally.without = 1000;
        statuses.push(tally.verdict());
        tally.is_incomplete = true;
        statuses.push(tally.verdict());
        tally.uneven = 1;
        statuses.push(tally.verdict());
        tally.unreproduced = 1;
        statuses.push(tally.verdict());
        tally.disagree = 1;
        statuses.push(tally.verdict());
        let wanted = [
            Verdict::Agree,
            Verdict::Skipped,
            Verdict::Inconclusive,
            Verdict::Incomplete,
            Verdict::Uneven,
            Verdict::Unreproduced,
            Verdict::Divergence,
        ];
        assert_eq!(statuses, wanted);
        let codes: Vec<u8> = wanted.iter().map(|verdict| verdict.status().code()).collect();
        assert_eq!(codes, [0, 4, 2, 2, 2, 1, 1]);
    }

    #[test]
    fn the_worst_of_several_decides_and_none_is_no_success() {
        use Status::{Agree, Divergence, Skipped, Trouble};
        assert_eq!(Status::worst([Agree, Skipped, Trouble, Divergence, Agree]), Divergence);
        assert_eq!(Status::worst([Agree, Skipped, Trouble]), Trouble);
        assert_eq!(Status::worst([Skipped, Agree]), Skipped);
        assert_eq!(Status::worst([Agree]), Agree);
        assert_eq!(Status::worst([]), Skipped);
    }
}
