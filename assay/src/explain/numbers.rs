//! What a rule came to in one case, where that is a number.

use mptcp_emulator::abi::{FULL_INFO_HEADER, SUBFLOW_ADDRS, SUBFLOW_DATA};
use mptcp_emulator::{Rule, abi};
use mptcp_harness::cases::{Case, Data, Full, Input};

use super::explanation::ModelAnswer;

/// The numbers that went into a rule, and what came out.
pub(super) fn decided(rule: Rule, case: &Case, answer: &ModelAnswer) -> Option<String> {
    match &case.input {
        Input::Nothing => info(rule, case, answer),
        Input::Data(data) => self::data(rule, case, data, answer),
        Input::Full(full) => self::full(rule, case, full, answer),
        Input::Opt(_) => None,
    }
}

fn info(rule: Rule, case: &Case, answer: &ModelAnswer) -> Option<String> {
    let known = answer.revision.mptcp_info;
    match rule {
        Rule::InfoNegativeLengthIsHuge => {
            Some(format!("{} counts as {known} or more", case.length))
        }
        Rule::InfoWhole => Some(format!("{known} of room for {}", case.length)),
        Rule::InfoCut => Some(format!("{} of {known} bytes", case.length)),
        _ => None,
    }
}

fn data(rule: Rule, case: &Case, data: &Data, answer: &ModelAnswer) -> Option<String> {
    let kernel = match case.option {
        abi::MPTCP_TCPINFO => answer.revision.tcp_info,
        _ => SUBFLOW_ADDRS,
    };
    let (header, asked) = (data.size_subflow_data, data.size_user);
    let stride = asked.min(kernel);
    let room = u32::try_from(case.length).unwrap_or(0).saturating_sub(header);
    let all = answer.subflows;
    // Elements without a size all fit.
    let fit = room.checked_div(stride).map_or(all, |fit| all.min(fit as usize));
    match rule {
        Rule::DataLengthNegative | Rule::DataLengthTooShort => {
            Some(format!("optlen {}", case.length))
        }
        Rule::StrideClamped => Some(format!("the lesser of {asked} and {kernel}: {kernel}")),
        Rule::StrideAsAsked => Some(format!("the lesser of {asked} and {kernel}: {asked}")),
        Rule::ElementCopied => Some(format!("room of {room} for {fit} of {stride} bytes")),
        Rule::ElementLeftOut => Some(format!("{} of {all}", all - fit)),
        Rule::LengthWithElements => {
            let length = u64::from(header) + fit as u64 * u64::from(stride);
            Some(format!("{header} + {fit} × {stride} = {length}"))
        }
        Rule::LengthWithoutElements => answer.length_after(case).map(|length| length.to_string()),
        Rule::CountReported => Some(all.to_string()),
        Rule::SizesReported => Some(format!("{kernel} and {stride}")),
        Rule::HeaderTailLeftAlone => Some(format!("{} bytes", header - SUBFLOW_DATA)),
        _ => None,
    }
}

fn full(rule: Rule, case: &Case, full: &Full, answer: &ModelAnswer) -> Option<String> {
    let (all, slots) = (answer.subflows, full.size_arrays_user);
    let fit = all.min(slots as usize);
    let known = answer.revision.mptcp_info;
    let room = u32::try_from(case.length).unwrap_or(0).saturating_sub(FULL_INFO_HEADER);
    match rule {
        Rule::FullElementCopied => {
            Some(format!("{fit} of {all}, for which there are {slots} slots"))
        }
        Rule::FullElementLeftOut => Some(format!("{} of {all}", all - fit)),
        Rule::FullInfoCut => Some(format!("{room} of {known} bytes")),
        Rule::FullInfoWhole => Some(format!("{known} bytes")),
        Rule::FullCountsReported => Some(format!("num_subflows {all}")),
        _ => None,
    }
}
