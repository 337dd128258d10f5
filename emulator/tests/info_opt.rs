//! `mptcp_info_opt`, the design of July 2021: four blocks, filled at one call.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod common;

use common::{Answer, Desk, EDGE, Known, READ_ONLY, ROOM, bytes_of, int};
use mptcp_emulator::abi::MPTCP_INFO_OPT;
use mptcp_emulator::behaviors::{LengthStored, OptOrder, OptScalar, Step};
use mptcp_emulator::{Behaviors, Errno, Revision, Rule};

const LENGTH: u64 = ROOM + 0x2c00;
const INFO: u64 = ROOM + 0x100;
const TCP_INFOS: u64 = ROOM + 0x200;
const LOCALS: u64 = ROOM + 0x1600;
const REMOTES: u64 = ROOM + 0x2000;

const KERNEL: Revision = Revision::V6_12.with_info_opt();

/// One block: address, then nmemb_user, size_user, nmemb_kernel, size_kernel.
type Block = (u64, [u32; 4]);

/// The sample's: 16 elements of each, and the kernel's sizes.
fn sample() -> [Block; 4] {
    [
        (INFO, [0, 96, 0, 0]),
        (TCP_INFOS, [16, 248, 0, 0]),
        (LOCALS, [16, 128, 0, 0]),
        (REMOTES, [16, 128, 0, 0]),
    ]
}

/// Nothing asked for: what memset leaves.
const NOTHING: Block = (0, [0; 4]);

fn bytes(blocks: [Block; 4]) -> Vec<u8> {
    let block = |(address, words): (u64, [u32; 4])| {
        [address.to_ne_bytes().to_vec(), bytes_of(&words)].concat()
    };
    blocks.map(block).concat()
}

fn known(subflows: usize) -> Known {
    Known::new(subflows, 248, 96)
}

fn ask(known: &Known, blocks: [Block; 4], length: i32) -> Answer {
    ask_of(&KERNEL, known, blocks, length)
}

fn ask_of(kernel: &Revision, known: &Known, blocks: [Block; 4], length: i32) -> Answer {
    let desk = Desk::new().put(ROOM, &bytes(blocks)).int(LENGTH, length);
    known.ask(desk, kernel, MPTCP_INFO_OPT, ROOM, LENGTH)
}

/// Of the first so many subflows: local and peer's addresses, 128 bytes each
/// from byte 8 of a `mptcp_subflow_info`.
fn addresses(known: &Known, count: usize) -> (Vec<u8>, Vec<u8>) {
    let part = |from: usize| {
        let infos = known.subflow_info[..count].iter();
        infos.flat_map(|info| info[from..from + 128].to_vec()).collect()
    };
    (part(8), part(136))
}

/// "So, in above example, if there are 17 subflows then socknames.nmemb_user
/// == 16 and socknames.nmemb_kernel == 17."
#[test]
fn the_sample_with_17_subflows() {
    let known = known(17);
    let (locals, remotes) = addresses(&known, 16);
    ask(&known, sample(), 96).succeeded().wrote(&[
        (INFO, &known.info),
        (TCP_INFOS, &known.tcp_info[..16].concat()),
        (LOCALS, &locals),
        (REMOTES, &remotes),
        (LENGTH, &int(96)),
        (
            ROOM,
            &bytes([
                (INFO, [0, 96, 1, 96]),
                (TCP_INFOS, [16, 248, 17, 248]),
                (LOCALS, [16, 128, 17, 128]),
                (REMOTES, [16, 128, 17, 128]),
            ]),
        ),
    ]);
}

/// "0 would happen in the 'no subflows' case, when nothing was filled in."
#[test]
fn the_sample_with_none() {
    let known = known(0);
    ask(&known, sample(), 96)
        .succeeded()
        .by(&[
            Rule::OptSizeKept,
            Rule::OptScalarFilled,
            Rule::OptScalarCount,
            Rule::OptCountShrunk,
            Rule::OptKernelReported,
            Rule::OptLengthReturned,
        ])
        .wrote(&[
            (INFO, &known.info),
            (LENGTH, &int(96)),
            (
                ROOM,
                &bytes([
                    (INFO, [0, 96, 1, 96]),
                    (TCP_INFOS, [0, 248, 0, 248]),
                    (LOCALS, [0, 128, 0, 128]),
                    (REMOTES, [0, 128, 0, 128]),
                ]),
            ),
        ]);
}

/// "only ask for tcp_info", the rest as memset leaves it.
#[test]
fn only_tcp_info() {
    let known = known(2);
    let blocks = [NOTHING, (TCP_INFOS, [3, 248, 0, 0]), NOTHING, NOTHING];
    ask(&known, blocks, 96)
        .succeeded()
        .by(&[
            Rule::OptSizeKept,
            Rule::OptBlockNull,
            Rule::OptElementCopied,
            Rule::OptCountShrunk,
            Rule::OptKernelReported,
            Rule::OptLengthReturned,
        ])
        .wrote(&[
            (TCP_INFOS, &known.tcp_info.concat()),
            (LENGTH, &int(96)),
            (
                ROOM,
                &bytes([
                    (0, [0, 0, 1, 96]),
                    (TCP_INFOS, [2, 248, 2, 248]),
                    (0, [0, 0, 2, 128]),
                    (0, [0, 0, 2, 128]),
                ]),
            ),
        ]);
}

#[test]
fn null_with_counts_is_not_asked_for_either() {
    let blocks = [1, 2, 3, 4].map(|n| (0, [n, 1000 + n, 7, u32::MAX]));
    ask(&known(2), blocks, 96)
        .succeeded()
        .by(&[
            Rule::OptKernelMembersIgnored,
            Rule::OptSizeShrunk,
            Rule::OptBlockNull,
            Rule::OptKernelReported,
            Rule::OptLengthReturned,
        ])
        .wrote(&[
            (LENGTH, &int(96)),
            (
                ROOM,
                &bytes([
                    (0, [0, 96, 1, 96]),
                    (0, [0, 248, 2, 248]),
                    (0, [0, 128, 2, 128]),
                    (0, [0, 128, 2, 128]),
                ]),
            ),
        ]);
}

/// "Not change, or shrink, size_user", and elements then stand at that size.
#[test]
fn sizes_below_and_above_the_kernels() {
    let known = known(3);
    let blocks = [
        (INFO, [5, 100, 0, 0]),
        (TCP_INFOS, [2, 280, 0, 0]),
        (LOCALS, [3, 16, 0, 0]),
        (REMOTES, [u32::MAX, 28, 0, 0]),
    ];
    let (locals, remotes) = addresses(&known, 3);
    let heads =
        |all: &[u8], size: usize| all.chunks(128).flat_map(|one| &one[..size]).copied().collect();
    let (locals, remotes): (Vec<u8>, Vec<u8>) = (heads(&locals, 16), heads(&remotes, 28));
    ask(&known, blocks, 97)
        .succeeded()
        .by(&[
            Rule::OptSizeShrunk,
            Rule::OptSizeKept,
            Rule::OptScalarFilled,
            Rule::OptElementCopied,
            Rule::OptStrideShrunk,
            Rule::OptElementLeftOut,
            Rule::OptScalarCount,
            Rule::OptCountKept,
            Rule::OptCountShrunk,
            Rule::OptKernelReported,
            Rule::OptLengthReturned,
            Rule::OptTailLeftAlone,
        ])
        .wrote(&[
            (INFO, &known.info),
            (TCP_INFOS, &known.tcp_info[..2].concat()),
            (LOCALS, &locals),
            (REMOTES, &remotes),
            (LENGTH, &int(96)),
            (
                ROOM,
                &bytes([
                    (INFO, [1, 96, 1, 96]),
                    (TCP_INFOS, [2, 248, 3, 248]),
                    (LOCALS, [3, 16, 3, 128]),
                    (REMOTES, [3, 28, 3, 128]),
                ]),
            ),
        ]);
}

/// An element of size 0 is counted and touches nothing, not even a bad address.
#[test]
fn elements_of_no_size() {
    let bad = 0xffff_ffff_ffff_fff8;
    let blocks = [INFO, bad, READ_ONLY, 8].map(|at| (at, [2, 0, 0, 0]));
    ask(&known(3), blocks, i32::MAX)
        .succeeded()
        .by(&[
            Rule::OptSizeKept,
            Rule::OptScalarFilled,
            Rule::OptElementEmpty,
            Rule::OptElementCopied,
            Rule::OptElementLeftOut,
            Rule::OptScalarCount,
            Rule::OptCountKept,
            Rule::OptKernelReported,
            Rule::OptLengthReturned,
            Rule::OptTailLeftAlone,
        ])
        .wrote(&[
            (LENGTH, &int(96)),
            (
                ROOM,
                &bytes([
                    (INFO, [1, 0, 1, 96]),
                    (bad, [2, 0, 3, 248]),
                    (READ_ONLY, [2, 0, 3, 128]),
                    (8, [2, 0, 3, 128]),
                ]),
            ),
        ]);
}

#[test]
fn lengths_that_are_refused() {
    let refused = [
        (i32::MIN, Rule::OptLengthNegative),
        (-1, Rule::OptLengthNegative),
        (0, Rule::OptLengthTooShort),
        (95, Rule::OptLengthTooShort),
    ];
    for (length, rule) in refused {
        let answer = ask(&known(1), sample(), length);
        answer.failed(Errno::EINVAL).by(&[rule]).wrote_nothing();
    }
}

/// A kernel without it does not know the number, and no released kernel has it.
#[test]
fn kernels_without_it() {
    for revision in Revision::ALL {
        let known = Known::new(1, revision.tcp_info, revision.mptcp_info);
        let desk = Desk::new().put(ROOM, &bytes(sample())).int(LENGTH, 96);
        known
            .ask(desk, &revision, MPTCP_INFO_OPT, ROOM, LENGTH)
            .failed(Errno::EOPNOTSUPP)
            .by(&[Rule::UnknownOption])
            .wrote_nothing();
    }
}

#[test]
fn unreadable_and_unwritable() {
    let known = known(1);
    let ask_at = |optval: u64, optlen: u64, blocks: [Block; 4]| {
        let desk = Desk::new().put(optval, &bytes(blocks)).int(optlen, 96);
        known.ask(desk, &KERNEL, MPTCP_INFO_OPT, optval, optlen)
    };
    // The page at EDGE cannot be read, though the desk has bytes there.
    ask_at(ROOM, EDGE, sample())
        .failed(Errno::EFAULT)
        .by(&[Rule::OptLengthUnreadable])
        .wrote_nothing();
    ask_at(EDGE - 95, LENGTH, sample())
        .failed(Errno::EFAULT)
        .by(&[Rule::OptStructureUnreadable])
        .wrote_nothing();
    let copied = |rules: &[Rule], last| [rules, &[last]].concat();
    let filled = [
        Rule::OptSizeKept,
        Rule::OptScalarFilled,
        Rule::OptElementCopied,
        Rule::OptScalarCount,
        Rule::OptCountShrunk,
    ];

    let (locals, remotes) = addresses(&known, 1);
    let parts: [(u64, &[u8]); 4] = [
        (INFO, &known.info),
        (TCP_INFOS, &known.tcp_info[0]),
        (LOCALS, &locals),
        (REMOTES, &remotes),
    ];
    ask_at(ROOM, READ_ONLY, sample())
        .failed(Errno::EFAULT)
        .by(&copied(&filled, Rule::OptLengthUnwritable))
        .wrote(&parts);
    let length = int(96);
    let with_length = [&parts[..], &[(LENGTH, &length)]].concat();
    ask_at(READ_ONLY, LENGTH, sample())
        .failed(Errno::EFAULT)
        .by(&copied(&filled, Rule::OptStructureUnwritable))
        .wrote(&with_length);

    // Each block in turn ends ten bytes before the edge.
    let rules = [
        Rule::OptInfoUnwritable,
        Rule::OptTcpInfoUnwritable,
        Rule::OptSocknameUnwritable,
        Rule::OptPeernameUnwritable,
    ];
    for (at, rule) in rules.into_iter().enumerate() {
        let mut blocks = sample();
        blocks[at].0 = EDGE - 10;
        let mut wrote = parts[..at].to_vec();
        wrote.push((EDGE - 10, &parts[at].1[..10]));
        let answer = ask(&known, blocks, 96);
        answer.failed(Errno::EFAULT).wrote(&wrote);
        assert_eq!(answer.rules.last(), Some(&rule));
    }
}

/// Blocks over each other: later copies win. Over the structure and the
/// length: those win, and the numbers are those that were read first.
#[test]
fn blocks_that_overlap() {
    let known = known(2);
    let blocks = [
        (INFO, [1, 96, 0, 0]),
        (INFO, [2, 248, 0, 0]),
        (ROOM + 20, [2, 128, 0, 0]),
        (LENGTH - 250, [2, 128, 0, 0]),
    ];
    let (locals, remotes) = addresses(&known, 2);
    ask(&known, blocks, 96).succeeded().wrote(&[
        (INFO, &known.info),
        (INFO, &known.tcp_info[0]),
        (ROOM + 20, &locals[..128]),
        (LENGTH - 250, &remotes[..128]),
        (INFO + 248, &known.tcp_info[1]),
        (ROOM + 148, &locals[128..]),
        (LENGTH - 122, &remotes[128..]),
        (LENGTH, &int(96)),
        (
            ROOM,
            &bytes([
                (INFO, [1, 96, 1, 96]),
                (INFO, [2, 248, 2, 248]),
                (ROOM + 20, [2, 128, 2, 128]),
                (LENGTH - 250, [2, 128, 2, 128]),
            ]),
        ),
    ]);
}

/// Elements `size_user` apart, as the sample's `tcpinfo[i]` expects.
#[test]
fn the_other_stride() {
    let kernel = KERNEL.with_behaviors(Behaviors { step: Step::Passed, ..KERNEL.behaviors });
    let known = known(2);
    let blocks = [NOTHING, (TCP_INFOS, [2, 280, 0, 0]), NOTHING, NOTHING];
    let answer = |blocks: [Block; 4]| {
        let [info, tcp_info, locals, remotes] = blocks;
        bytes([
            (info.0, [0, 0, 1, 96]),
            (tcp_info.0, [2, 248, 2, 248]),
            (locals.0, [0, 0, 2, 128]),
            (remotes.0, [0, 0, 2, 128]),
        ])
    };
    ask_of(&kernel, &known, blocks, 96).succeeded().wrote(&[
        (TCP_INFOS, &known.tcp_info[0]),
        (TCP_INFOS + 280, &known.tcp_info[1]),
        (LENGTH, &int(96)),
        (ROOM, &answer(blocks)),
    ]);
}

/// The peer's address before the local one, `mptcp_info` last, and the length behind the structure.
#[test]
fn the_other_order() {
    let kernel = KERNEL.with_behaviors(Behaviors {
        length_stored: LengthStored::AfterData,
        opt_order: OptOrder::TcpInfoPeerLocal,
        opt_scalar: OptScalar::Last,
        ..KERNEL.behaviors
    });
    let known = known(1);
    let (_, remotes) = addresses(&known, 1);
    let mut blocks = sample();
    blocks[2].0 = EDGE;
    let answer = ask_of(&kernel, &known, blocks, 96);
    answer.failed(Errno::EFAULT).wrote(&[(TCP_INFOS, &known.tcp_info[0]), (REMOTES, &remotes)]);
    let desk = Desk::new().put(ROOM, &bytes([NOTHING; 4])).int(READ_ONLY, 96);
    known.ask(desk, &kernel, MPTCP_INFO_OPT, ROOM, READ_ONLY).failed(Errno::EFAULT).wrote(&[(
        ROOM,
        &bytes([(0, [0, 0, 1, 96]), (0, [0, 0, 1, 248]), (0, [0, 0, 1, 128]), (0, [0, 0, 1, 128])]),
    )]);
}
