//! Connections that change: after each step, both ends are what a reference
//! says, and model and kernel agree about them.
//!
//! The reference knows what the documents promise: which subflows there are,
//! in which order, with which ids and addresses. Where the kernel keeps closed
//! subflows listed it knows what was measured, and says so.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::thread;

use libtest_mimic::{Failed, Trial as Test};
use mptcp_emulator::Behaviors;
use mptcp_emulator::behaviors::ElementOf;
use mptcp_harness::kernel::Kernel;
use mptcp_harness::model::{KernelBehavior, Model};
use mptcp_harness::scenes::{Addresses, Conversation, ExpectedState, ExpectedSubflow, Kind, Side};
use proptest::prelude::*;
use proptest::strategy::Union;
use proptest::test_runner::{Config, TestError, TestRunner};
use proptest_state_machine::strategy::Sequential;

mod calls;
mod live;

use calls::Bench;

/// Connections for each kind of addresses, all at once.
const AT_ONCE: u32 = 4;
/// One after another in each of these threads.
const SEQUENCES: u32 = 2;
/// The most that is done to a connection.
const STEPS: usize = 8;
/// Where the client has addresses to join from.
const ADDRESSES: u8 = 6;
/// A failing sequence is run again, a second each time, so often at most.
const SHRINKS: u32 = 16;

fn main() -> ExitCode {
    live::run(|| {
        vec![
            agrees("v4", Addresses::V4),
            agrees("v6", Addresses::V6),
            agrees("mapped", Addresses::Mapped),
            notices_a_wrong_reference(),
            notices_a_wrong_model(),
        ]
    })
}

const SIDES: [Side; 2] = [Side::Client, Side::Server];

/// What is done to a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Op {
    /// Nothing: look again.
    Look,
    /// Join from the client's address of this number.
    Add(u8),
    /// Remove the subflow that is listed at this place.
    Remove(usize),
    Send(Side, usize),
    ShutDown(Side),
    Disconnect,
}

/// An operation, and where the random calls after it start from.
#[derive(Clone, Debug)]
struct Step {
    op: Op,
    seed: u64,
}

/// A subflow as the reference knows it.
#[derive(Clone, Debug)]
struct Expected {
    address: u8,
    /// `None` where the kernel made it forget.
    id: Option<u32>,
    open: bool,
}

/// What the ends of a connection must look like.
#[derive(Clone)]
struct Reference {
    over: Addresses,
    /// The client's subflows, then the server's.
    ends: [Vec<Expected>; 2],
    next_id: u32,
    shut: Vec<Side>,
    disconnected: bool,
    /// Wrong on purpose: takes ids for given again.
    forgetful: bool,
}

/// Proptest has to show the state where a run begins: that is what it is over.
impl fmt::Debug for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a connection over {:?}", self.over)
    }
}

impl Reference {
    fn new(over: Addresses) -> Reference {
        let initial = Expected { address: 0, id: Some(1), open: true };
        Reference {
            over,
            ends: [vec![initial.clone()], vec![initial]],
            next_id: 2,
            shut: vec![],
            disconnected: false,
            forgetful: false,
        }
    }

    /// Whether it makes sense now, and is promised to work.
    fn allows(&self, op: &Op) -> bool {
        let open = || self.ends[0].iter().filter(|subflow| subflow.open);
        let talks = !self.disconnected && self.shut.is_empty();
        match *op {
            Op::Look => true,
            // A connection that is being closed takes no more joins.
            Op::Add(address) => talks && open().all(|subflow| subflow.address != address),
            // Nor does the server of one follow when the client removes.
            Op::Remove(at) => {
                let there = self.ends[0].get(at).is_some_and(|subflow| subflow.open);
                talks && there && open().count() > 1
            }
            Op::Send(side, _) | Op::ShutDown(side) => {
                !self.disconnected && !self.shut.contains(&side)
            }
            Op::Disconnect => !self.disconnected,
        }
    }

    fn after(mut self, op: &Op) -> Reference {
        match *op {
            Op::Look | Op::Send(..) => {}
            Op::Add(address) => {
                let in_use =
                    |end: &Vec<Expected>| end.iter().filter_map(|subflow| subflow.id).max();
                let id = match in_use(&self.ends[0]) {
                    Some(most) if self.forgetful => most + 1,
                    _ => self.next_id,
                };
                for end in &mut self.ends {
                    end.push(Expected { address, id: Some(id), open: true });
                }
                self.next_id += 1;
            }
            // Measured: the initial subflow stays listed, closed.
            Op::Remove(0) => self.ends.iter_mut().for_each(|end| end[0].open = false),
            Op::Remove(at) => self.ends.iter_mut().for_each(|end| {
                end.remove(at);
            }),
            Op::ShutDown(side) => {
                self.shut.push(side);
                if let [first, last] = self.shut[..] {
                    // Measured: who began keeps all of them, closed.
                    let all = &mut self.ends[first as usize];
                    all.iter_mut().for_each(|subflow| subflow.open = false);
                    keep_the_first(&mut self.ends[last as usize]);
                }
            }
            Op::Disconnect => {
                self.disconnected = true;
                self.ends[0][0].open = true;
                keep_the_first(&mut self.ends[0]);
                if self.shut.len() < 2 {
                    keep_the_first(&mut self.ends[1]);
                }
            }
        }
        self
    }

    /// What may be done now, the more telling the more often.
    fn steps(&self) -> BoxedStrategy<Step> {
        let sides = || prop::sample::select(SIDES.to_vec());
        let listed = self.ends[0].len();
        let bytes = prop_oneof![3 => 1..3_000_usize, 1 => 3_000..40_000_usize];
        let kinds: Vec<(u32, BoxedStrategy<Op>)> = vec![
            (1, Just(Op::Look).boxed()),
            (8, (0..ADDRESSES).prop_map(Op::Add).boxed()),
            (5, (0..listed).prop_map(Op::Remove).boxed()),
            (5, (sides(), bytes).prop_map(|(from, bytes)| Op::Send(from, bytes)).boxed()),
            (1, sides().prop_map(Op::ShutDown).boxed()),
            (1, Just(Op::Disconnect).boxed()),
        ];
        let op = Union::new_weighted(kinds);
        (op, any::<u64>().no_shrink()).prop_map(|(op, seed)| Step { op, seed }).boxed()
    }

    /// Compares what the fixtures expect of this end with the reference.
    fn check(&self, side: Side, expected: &ExpectedState) -> Result<(), String> {
        let Kind::Mptcp { info, subflows } = &expected.kind else {
            return Err("it is no MPTCP socket any more".into());
        };
        let expected = &self.ends[side as usize];
        let found: Vec<_> = subflows.iter().map(|subflow| seen(side, subflow)).collect();
        let wanted: Vec<_> = expected
            .iter()
            .map(|subflow| (subflow.id, address(self.over, subflow.address)))
            .collect();
        if found != wanted {
            return Err(format!("subflows {found:?}, expected {wanted:?}"));
        }
        if self.disconnected || self.shut.len() == 2 {
            return Ok(());
        }
        // mptcpi_subflows counts those beside the initial one, and since 6.8
        // mptcpi_subflows_total all; neither counts a closed one.
        let open = expected.iter().filter(|subflow| subflow.open).count();
        let extra = expected.iter().skip(1).filter(|subflow| subflow.open).count();
        let count = |at: usize| info.bytes().get(at).map(|count| usize::from(*count));
        if count(0) != Some(extra) || count(80).is_some_and(|total| total != open) {
            return Err(format!(
                "mptcp_info counts {:?} and {:?} subflows, expected {extra} and {open}",
                count(0),
                count(80)
            ));
        }
        Ok(())
    }
}

/// Unless it was closed before, the kernel makes it forget its id (to 0,
/// measured), and that is left open.
fn keep_the_first(end: &mut Vec<Expected>) {
    end.truncate(1);
    if end[0].open {
        end[0].id = None;
        end[0].open = false;
    }
}

/// The id of a subflow, where it is known, and the client's address of it.
fn seen(side: Side, subflow: &ExpectedSubflow) -> (Option<u32>, IpAddr) {
    let info = &subflow.subflow_info;
    let known = info.mask()[..4] == [0; 4];
    let [a, b, c, d, ..] = *info.bytes() else {
        return (None, IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    };
    let client = match side {
        Side::Client => subflow.local,
        Side::Server => subflow.remote,
    };
    let id = known.then(|| u32::from_ne_bytes([a, b, c, d]));
    (id, client.ip().to_canonical())
}

/// The client's addresses: 127.0.0.1 and on, or ::1 and then fd00::2 and on.
fn address(over: Addresses, number: u8) -> IpAddr {
    match (over, number) {
        (Addresses::V6, 0) => Ipv6Addr::LOCALHOST.into(),
        (Addresses::V6, _) => Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, u16::from(number) + 1).into(),
        _ => Ipv4Addr::new(127, 0, 0, number + 1).into(),
    }
}

/// Sequences of steps over one kind of addresses, several at once.
fn agrees(name: &str, over: Addresses) -> Test {
    live::test(format!("agrees::{name}"), move || {
        let failed = thread::scope(|scope| {
            let running: Vec<_> =
                (0..AT_ONCE).map(|_| scope.spawn(|| disagreement(Reference::new(over)))).collect();
            let ended = running.into_iter().map(|thread| match thread.join() {
                Ok(result) => result,
                Err(panic) => std::panic::resume_unwind(panic),
            });
            ended.collect::<Vec<_>>()
        });
        let reports: HashSet<String> = failed.into_iter().filter_map(Result::err).collect();
        match reports.into_iter().next() {
            None => Ok(()),
            Some(report) => Err(report.into()),
        }
    })
}

/// Runs sequences until one disagrees, and says which.
fn disagreement(start: Reference) -> Result<(), String> {
    let config = Config { max_shrink_iters: SHRINKS, ..live::config(SEQUENCES) };
    let sequences = Sequential::new(
        (4..=STEPS).into(),
        move || Just(start.clone()),
        |state: &Reference, step: &Step| state.allows(&step.op),
        Reference::steps,
        |state: Reference, step: &Step| state.after(&step.op),
    );
    let bench = RefCell::new(Bench::new(Model::documented())?);
    let result = TestRunner::new(config).run(&sequences, |(start, steps, seen)| {
        let tell = |_: usize| {
            if let Some(seen) = &seen {
                seen.fetch_add(1, Ordering::SeqCst);
            }
        };
        walk(start, &steps, &mut bench.borrow_mut(), tell).map_err(TestCaseError::fail)
    });
    match result {
        Ok(()) => Ok(()),
        Err(TestError::Fail(why, (start, steps, _))) => {
            let ops: Vec<String> = steps.iter().map(|step| format!("  {:?}", step.op)).collect();
            Err(format!("{start:?}:\n{}\n{why}", ops.join("\n")))
        }
        Err(error) => Err(error.to_string()),
    }
}

/// Takes a new connection through its steps.
fn walk(
    mut reference: Reference,
    steps: &[Step],
    bench: &mut Bench,
    tell: impl Fn(usize),
) -> Result<(), String> {
    let mut conversation = Conversation::new(reference.over)?;
    bench.check(&mut conversation, 0)?;
    for (at, Step { op, seed }) in steps.iter().enumerate() {
        tell(at);
        let done = match *op {
            Op::Look => Ok(()),
            Op::Add(address) => conversation.add_subflow(address),
            Op::Remove(at) => conversation.remove_subflow(at),
            Op::Send(from, bytes) => conversation.send(from, bytes),
            Op::ShutDown(side) => conversation.shut_down(side),
            Op::Disconnect => conversation.disconnect(),
        };
        let at = at + 1;
        done.map_err(|why| format!("step {at}, {op:?}: {why}"))?;
        reference = reference.after(op);
        for side in SIDES {
            let fits = reference.check(side, conversation.expected(side));
            fits.map_err(|why| format!("after step {at}, {op:?}, at the {side:?}: {why}"))?;
        }
        let agreed = bench.check(&mut conversation, *seed);
        agreed.map_err(|why| format!("after step {at}, {op:?}, {why}"))?;
    }
    Ok(())
}

/// A subflow joins, leaves, and another joins.
fn joins_and_leaves() -> [Step; 3] {
    [Op::Add(1), Op::Remove(1), Op::Add(2)].map(|op| Step { op, seed: 0 })
}

/// A reference that takes ids for given again fails; the true one does not.
fn notices_a_wrong_reference() -> Test {
    live::test("notices::ids_given_again".into(), || {
        let mut bench = Bench::new(Model::documented())?;
        let reference = Reference::new(Addresses::V4);
        walk(reference.clone(), &joins_and_leaves(), &mut bench, |_| ())?;
        let wrong = Reference { forgetful: true, ..reference };
        must_fail(walk(wrong, &joins_and_leaves(), &mut bench, |_| ()))
    })
}

/// So does a model that takes every subflow for the first one. With one subflow it is right.
fn notices_a_wrong_model() -> Test {
    live::test("notices::first_subflow_repeated".into(), || {
        let right = Kernel::running(None).revision.behaviors;
        let wrong = Behaviors { element_of: ElementOf::First, ..right };
        let mut bench = Bench::new(Model::behaving(KernelBehavior::uniform(wrong)))?;
        let reference = Reference::new(Addresses::V4);
        walk(reference.clone(), &[], &mut bench, |_| ())?;
        must_fail(walk(reference, &joins_and_leaves(), &mut bench, |_| ()))
    })
}

fn must_fail(result: Result<(), String>) -> Result<(), Failed> {
    match result {
        Err(_) => Ok(()),
        Ok(()) => Err("what is wrong agrees with the kernel".into()),
    }
}
