//! Values of the command line that several commands share.

pub(crate) mod selection;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use mptcp_emulator::{Revision, abi};
use serde::{Deserialize, Serialize};

/// Who reads the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Text
    Human,
    /// One JSON object on standard output, and nothing else there
    Json,
    /// KTAP, as the kernel's own tests print their results: see docs/kselftest.md
    Ktap,
}

/// The formats of what is a list and no test.
pub(crate) fn listing() -> impl TypedValueParser<Value = Format> {
    let name = |name: String| if name == "json" { Format::Json } else { Format::Human };
    PossibleValuesParser::new(["human", "json"]).map(name)
}

/// The options, as the command line names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[value(rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub(crate) enum OptionName {
    /// MPTCP_INFO: one structure of the connection
    Info,
    /// MPTCP_TCPINFO: a header, and a tcp_info for each subflow
    #[value(name = "tcpinfo")]
    #[serde(rename = "tcpinfo")]
    TcpInfo,
    /// MPTCP_SUBFLOW_ADDRS: a header, and the addresses of each subflow
    SubflowAddrs,
    /// MPTCP_FULL_INFO: all of that at once, in arrays of the program's own
    FullInfo,
    /// mptcp_info_opt: the design of July 2021, under the number that the kernel
    /// patch in lab/patches gives it; without the patch, an unknown number
    InfoOpt,
    /// Numbers that no kernel knows
    Unknown,
}

impl OptionName {
    /// All of them, in the order of tables and test points, whose numbers stay what they are.
    pub(crate) const ALL: &[OptionName] = &[
        OptionName::Info,
        OptionName::TcpInfo,
        OptionName::SubflowAddrs,
        OptionName::FullInfo,
        OptionName::InfoOpt,
        OptionName::Unknown,
    ];

    /// The numbers to try for this name.
    pub(crate) fn numbers(self) -> &'static [i32] {
        match self {
            OptionName::Info => &[abi::MPTCP_INFO],
            OptionName::TcpInfo => &[abi::MPTCP_TCPINFO],
            OptionName::SubflowAddrs => &[abi::MPTCP_SUBFLOW_ADDRS],
            OptionName::FullInfo => &[abi::MPTCP_FULL_INFO],
            OptionName::InfoOpt => &[abi::MPTCP_INFO_OPT],
            OptionName::Unknown => &[5, 0, -1, 6, 284, i32::MAX, i32::MIN],
        }
    }

    /// The name for an option's number.
    pub(crate) fn of(number: i32) -> OptionName {
        let named = OptionName::value_variants().iter().find(|name| name.row() == number);
        named.copied().unwrap_or(OptionName::Unknown)
    }

    /// Its row in tables.
    pub(crate) fn title(self) -> &'static str {
        match self {
            OptionName::Info => "MPTCP_INFO",
            OptionName::TcpInfo => "MPTCP_TCPINFO",
            OptionName::SubflowAddrs => "MPTCP_SUBFLOW_ADDRS",
            OptionName::FullInfo => "MPTCP_FULL_INFO",
            OptionName::InfoOpt => "MPTCP_INFO_OPT",
            OptionName::Unknown => "unknown",
        }
    }

    /// Its number, or 0 for all that no kernel knows.
    pub(crate) fn row(self) -> i32 {
        match self {
            OptionName::Unknown => 0,
            known => known.numbers().first().copied().unwrap_or(0),
        }
    }

    /// Whether a kernel has it; a number that no kernel has is as it should be on all.
    pub(crate) fn is_known_to(self, revision: &Revision) -> bool {
        match self {
            OptionName::FullInfo => revision.has_full_info(),
            OptionName::InfoOpt => revision.info_opt,
            _ => true,
        }
    }
}

/// The revisions that `explain` speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Revisions {
    Running,
    Named(Revision),
    All,
}

pub(crate) fn revisions(name: &str) -> Result<Revisions, String> {
    match name {
        "running" => Ok(Revisions::Running),
        "all" => Ok(Revisions::All),
        _ => {
            let plain = name.strip_suffix("+info_opt");
            let wanted = plain.unwrap_or(name);
            let found = Revision::ALL.into_iter().find(|known| known.name == wanted);
            let found = match plain {
                Some(_) => found.map(Revision::with_info_opt),
                None => found,
            };
            let known = || Revision::ALL.map(|known| known.name).join(", ");
            found
                .map(Revisions::Named)
                .ok_or_else(|| format!("no such revision; there are {}, running, all", known()))
        }
    }
}

#[derive(Args, Clone, Debug)]
pub(crate) struct MachineArgs {
    /// How the machine is made: in software, or by this machine's own processor
    #[arg(long, value_enum, default_value_t = Accelerator::Tcg)]
    pub(crate) accel: Accelerator,

    /// Memory of the machine, in MiB
    #[arg(long, value_name = "M", default_value_t = 1024, value_parser = clap::value_parser!(u32).range(64..))]
    pub(crate) memory: u32,

    /// The most that each kernel may take, in seconds
    #[arg(long, value_name = "S", default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..1_000_000))]
    pub(crate) timeout: u64,
}

/// What qemu calls `-accel`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Accelerator {
    /// In software: slow, and works everywhere
    Tcg,
    /// By the processor itself: takes a /dev/kvm that works
    Kvm,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revision_is_named_with_or_without_the_design_of_2021() {
        assert_eq!(revisions("6.12"), Ok(Revisions::Named(Revision::V6_12)));
        let with = Revisions::Named(Revision::V6_12.with_info_opt());
        assert_eq!(revisions("6.12+info_opt"), Ok(with));
        assert!(revisions("6.99+info_opt").is_err());
        assert!(revisions("+info_opt").is_err());
    }
}
