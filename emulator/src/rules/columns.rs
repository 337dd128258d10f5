//! The columns of the table of rules.

use crate::abi;
use crate::memory::Access;
use crate::socket::Socket;

/// The basis of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Basis {
    /// A document promises it.
    Promised,
    /// It follows from an example, a test or a comment in the interface.
    Implied,
    /// Only the behaviour of kernels shows it.
    Accidental,
    /// Kernels do it, but a document or their behaviour elsewhere contradicts it.
    Contrary,
    /// No kernel has the option, and its document is silent or contradicts itself:
    /// this project decided.
    Chosen,
}

/// The options that a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Options {
    /// Any option, or an unknown one.
    Any,
    /// `MPTCP_INFO`.
    Info,
    /// `MPTCP_TCPINFO` and `MPTCP_SUBFLOW_ADDRS`.
    Data,
    /// `MPTCP_FULL_INFO`.
    FullInfo,
    /// `mptcp_info_opt`.
    InfoOpt,
}

impl Options {
    /// All of them, each with a name.
    pub const ALL: [(&'static str, Options); 5] = [
        ("socket", Options::Any),
        ("info", Options::Info),
        ("data", Options::Data),
        ("full_info", Options::FullInfo),
        ("info_opt", Options::InfoOpt),
    ];

    /// The options' numbers; none for [`Options::Any`].
    pub const fn numbers(self) -> &'static [i32] {
        match self {
            Options::Any => &[],
            Options::Info => &[abi::MPTCP_INFO],
            Options::Data => &[abi::MPTCP_TCPINFO, abi::MPTCP_SUBFLOW_ADDRS],
            Options::FullInfo => &[abi::MPTCP_FULL_INFO],
            Options::InfoOpt => &[abi::MPTCP_INFO_OPT],
        }
    }
}

/// A step of a call, in the order in which a kernel takes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Find the socket and the option.
    Socket,
    /// Read the length.
    Length,
    /// Read the header or the structure.
    Header,
    /// Check the input.
    Checks,
    /// Agree on the sizes.
    Sizes,
    /// Copy the elements.
    Elements,
    /// Store the length and the structure.
    Answer,
}

impl Step {
    /// All of them, each with its name.
    pub const ALL: [(&'static str, Step); 7] = [
        ("socket", Step::Socket),
        ("length", Step::Length),
        ("header", Step::Header),
        ("checks", Step::Checks),
        ("sizes", Step::Sizes),
        ("elements", Step::Elements),
        ("answer", Step::Answer),
    ];

    /// The step's name.
    pub const fn name(self) -> &'static str {
        Step::ALL[self as usize].0
    }
}

/// A part of the program's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// The length.
    Length,
    /// A `struct mptcp_info`.
    Info,
    /// The header or the structure that `optval` points at.
    Header,
    /// The part of a larger header behind the 16 bytes that the kernel knows.
    HeaderTail,
    /// An element of `MPTCP_TCPINFO` or `MPTCP_SUBFLOW_ADDRS`.
    Element,
    /// An element of the addresses of `MPTCP_FULL_INFO`.
    SubflowInfo,
    /// An element of the `tcp_info` of `MPTCP_FULL_INFO` or `mptcp_info_opt`.
    TcpInfo,
    /// A block of the structure of `mptcp_info_opt`.
    Block,
    /// An element of the local addresses of `mptcp_info_opt`.
    Sockname,
    /// An element of the peers' addresses of `mptcp_info_opt`.
    Peername,
    /// The rest of the buffer, and the bytes behind it.
    Unused,
}

/// What a rule requires to decide any call of its options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requirement {
    /// An MPTCP socket.
    Nothing,
    /// An MPTCP socket with a subflow.
    Subflow,
    /// This socket, which is not an MPTCP socket.
    Socket(Socket<'static>),
    /// A kernel without `MPTCP_FULL_INFO`.
    NoFullInfo,
    /// A kernel on which `MPTCP_INFO` does not store a length of 0.
    ZeroLengthUntouched,
    /// A kernel on which it does.
    ZeroLengthStored,
}

/// One row of the table.
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) sentence: &'static str,
    pub(super) options: Options,
    pub(super) step: Step,
    pub(super) requirement: Requirement,
    /// Parts of memory, each with the rule's rank there.
    pub(super) decides: &'static [(Part, u8)],
    pub(super) fault: Option<(Part, Access)>,
    pub(super) basis: Basis,
    pub(super) source: &'static str,
}

macro_rules! rules {
    ($(
        #[doc = $sentence:literal] $name:ident : $options:ident $step:ident,
        $required:ident $(($argument:expr))?,
        [$($part:ident $($rank:literal)?),*], [$($access:ident $fault:ident)?],
        $basis:ident, $source:literal;
    )+) => {
        /// One decision of the contract; the sentence is its documentation.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Rule {
            $( #[doc = $sentence] #[doc = concat!("\n\nSource: ", $source)] $name, )+
        }

        impl Rule {
            /// All rules, in the order in which they are declared.
            pub const ALL: &'static [Rule] = &[$( Rule::$name, )+];

            pub(super) const fn row(self) -> &'static Row {
                static ROWS: &[Row] = &[$( Row {
                    name: stringify!($name),
                    sentence: $sentence.trim_ascii_start(),
                    options: Options::$options,
                    step: Step::$step,
                    requirement: Requirement::$required $(($argument))?,
                    decides: &[$((Part::$part, rules!(@rank $($rank)?))),*],
                    fault: rules!(@fault $($access $fault)?),
                    basis: Basis::$basis,
                    source: $source,
                }, )+];
                &ROWS[self as usize]
            }
        }
    };
    (@rank) => { 0 };
    (@rank $rank:literal) => { $rank };
    (@fault) => { None };
    (@fault $access:ident $part:ident) => { Some((Part::$part, Access::$access)) };
}

pub(super) use rules;
