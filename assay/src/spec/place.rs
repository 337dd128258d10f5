//! Where a rule stands: its options, and its step of the negotiation.

use mptcp_emulator::{Rule, abi};

use crate::report::rule_coverage;

/// Rules of the same options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chapter {
    /// What refuses any option, or an option that nobody knows.
    Socket,
    Info,
    /// `MPTCP_TCPINFO` and `MPTCP_SUBFLOW_ADDRS`.
    Data,
    FullInfo,
    InfoOpt,
}

/// A step of the negotiation, in the order in which they are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    Socket,
    Length,
    Header,
    Checks,
    Sizes,
    Elements,
    Answer,
}

/// The first rule of each run of rules of one step, as they are declared: from
/// here on, until the next.
const STEPS: &[(Rule, Step)] = &[
    (Rule::ClosedDescriptor, Step::Socket),
    (Rule::InfoLengthUnreadable, Step::Length),
    (Rule::InfoZeroLengthAsksNothing, Step::Sizes),
    (Rule::InfoLengthUnwritable, Step::Answer),
    (Rule::DataLengthUnreadable, Step::Length),
    (Rule::HeaderUnreadable, Step::Header),
    (Rule::HeaderSizeTooSmall, Step::Checks),
    (Rule::StrideAsAsked, Step::Sizes),
    (Rule::ElementCopied, Step::Elements),
    (Rule::CountReported, Step::Answer),
    (Rule::FullLengthUnreadable, Step::Length),
    (Rule::FullHeaderUnreadable, Step::Header),
    (Rule::FullNumSubflowsNotZero, Step::Checks),
    (Rule::FullStrideAsAsked, Step::Sizes),
    (Rule::FullElementCopied, Step::Elements),
    (Rule::FullCountsReported, Step::Answer),
    (Rule::OptLengthUnreadable, Step::Length),
    (Rule::OptStructureUnreadable, Step::Header),
    (Rule::OptKernelMembersIgnored, Step::Sizes),
    (Rule::OptStrideShrunk, Step::Elements),
    (Rule::OptBlockNull, Step::Sizes),
    (Rule::OptScalarFilled, Step::Elements),
    (Rule::OptScalarCount, Step::Answer),
    (Rule::OptInfoUnwritable, Step::Elements),
    (Rule::OptCountKept, Step::Answer),
    (Rule::OptTcpInfoUnwritable, Step::Elements),
    (Rule::OptKernelReported, Step::Answer),
];

impl Chapter {
    pub(crate) const ALL: [(&str, Chapter); 5] = [
        ("socket", Chapter::Socket),
        ("info", Chapter::Info),
        ("data", Chapter::Data),
        ("full_info", Chapter::FullInfo),
        ("info_opt", Chapter::InfoOpt),
    ];

    pub(crate) fn of(rule: Rule) -> Chapter {
        match rule_coverage::options(rule) {
            [abi::MPTCP_INFO] => Chapter::Info,
            [abi::MPTCP_FULL_INFO] => Chapter::FullInfo,
            [abi::MPTCP_INFO_OPT] => Chapter::InfoOpt,
            [] => Chapter::Socket,
            _ => Chapter::Data,
        }
    }
}

impl Step {
    pub(crate) const ALL: [(&str, Step); 7] = [
        ("socket", Step::Socket),
        ("length", Step::Length),
        ("header", Step::Header),
        ("checks", Step::Checks),
        ("sizes", Step::Sizes),
        ("elements", Step::Elements),
        ("answer", Step::Answer),
    ];

    pub(crate) fn of(rule: Rule) -> Step {
        let runs = STEPS.iter().take_while(|(first, _)| *first <= rule);
        runs.last().map_or(Step::Socket, |(_, step)| *step)
    }

    pub(crate) fn name(self) -> &'static str {
        let mut all = Step::ALL.iter();
        all.find(|(_, step)| *step == self).map_or("", |(name, _)| name)
    }
}

/// The rules of a chapter's step, as they are declared.
pub(crate) fn rules(chapter: Chapter, step: Step) -> impl Iterator<Item = Rule> {
    let here = move |rule: &Rule| Chapter::of(*rule) == chapter && Step::of(*rule) == step;
    Rule::ALL.iter().copied().filter(here)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_in_the_order_of_the_rules() {
        assert!(STEPS.is_sorted_by(|one, next| one.0 < next.0));
    }

    #[test]
    fn only_what_has_a_socket_step_is_refused_there() {
        for rule in Rule::ALL {
            let refused = Chapter::of(*rule) == Chapter::Socket || *rule == Rule::FullInfoUnknown;
            assert_eq!(Step::of(*rule) == Step::Socket, refused, "{}", rule.name());
        }
    }
}
