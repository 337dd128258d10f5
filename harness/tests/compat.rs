//! The calls of 32-bit programs: that they are made, that the kernel cuts their
//! registers, and that it answers them as it answers others.

use std::sync::{Arc, Mutex};

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use mptcp_emulator::{Errno, RuleSet, abi};
use mptcp_harness::cases::{Case, Data, Entry, Input, Place};
use mptcp_harness::cases::{generate, lattice};
use mptcp_harness::judge::evidence::Observed;
use mptcp_harness::kernel::Kernel;
use mptcp_harness::model::Model;
use mptcp_harness::oracle::{self, CaseVerdict, Reason};
use mptcp_harness::run::compat;
use mptcp_harness::scenes::{self, Fixtures};

/// Scenes with one and three subflows, a listener, a connection that fell back, what
/// is no MPTCP.
const SCENES: [&str; 6] = [
    "established-v4-client-1-after",
    "established-v6-client-3-after",
    "listening-v4",
    "fallen-back-v6-client",
    "tcp-v4-connected",
    "closed-descriptor",
];

type Test = fn(&mut oracle::Oracle) -> Result<(), Failed>;

fn main() {
    let arguments = Arguments::from_args();
    let enclosure = scenes::enter();
    let hindrance = scenes::mptcp_available().err().map(|none| none.what);
    let fixtures = Fixtures::build(&enclosure, |scene| SCENES.contains(&scene.name), &mut |_| {});
    let kernel = Kernel::running(fixtures.sizes());
    let fixtures = Arc::new(Mutex::new(fixtures));
    let no_compat = compat::available().err().map(|why| why.text().to_owned());
    let tests: [(&str, Test, bool); 4] = [
        ("both_entries_give_the_same_answer", same_answer, true),
        ("the_registers_are_cut", cut, true),
        ("what_a_register_holds_above_is_not_looked_at", above, true),
        ("cases_are_made_where_they_can_be_judged", only_where_judged, false),
    ];
    let tests = tests.map(|(name, test, needs_compat)| {
        let no_compat = no_compat.clone().filter(|_| needs_compat);
        let (hindrance, fixtures) = (hindrance.clone().or(no_compat), fixtures.clone());
        let revision = kernel.revision;
        Trial::ignorable_test(name, move || {
            if let Some(why) = hindrance {
                return Ok(Completion::ignored_with(why));
            }
            let mut oracle = oracle::Oracle::new(&fixtures, revision, Model::documented())?;
            oracle.freshen();
            test(&mut oracle).map(|()| Completion::Completed)
        })
    });
    libtest_mimic::run(&arguments, tests.into()).exit();
}

/// What came of a case: the result, and the street with what is open left out.
fn answer(
    oracle: &mut oracle::Oracle,
    case: &Case,
) -> Result<(Result<(), Errno>, Vec<u8>), Failed> {
    let seen = oracle.examine(case, true).ok_or("no scene")?;
    let Some(Observed { result, mut bytes, mismatch }) = seen.observed else {
        return Err(format!("not called: {case}").into());
    };
    mismatch.map_or(Ok(()), |mismatch| Err(format!("{mismatch:?}\n{case}")))?;
    let open = bytes.iter_mut().zip(&seen.mask).filter(|(_, mask)| **mask != 0);
    open.for_each(|(byte, _)| *byte = 0);
    // Pointers are the program's own, and each has the street elsewhere.
    let places = case.input.pointers().filter_map(|(at, _)| Some(case.optval.offset()? + at));
    for at in places.flat_map(|at| at..at + 8) {
        if let Some(byte) = bytes.get_mut(at) {
            *byte = 0;
        }
    }
    Ok((result, bytes))
}

/// The lattice, thinned, and random cases: the kernel does the same for both.
fn same_answer(oracle: &mut oracle::Oracle) -> Result<(), Failed> {
    let values = oracle.boundary_values().clone();
    let mut random = fastrand::Rng::with_seed(11);
    let mut cases: Vec<Case> = Vec::new();
    for facts in &values.scene_facts {
        cases.extend(lattice::of_all(&values, *facts).step_by(97));
    }
    cases.extend((0..2000).map(|_| generate::case(&mut random, &values, 0)));
    let (mut compared, mut refused) = (0, 0);
    for case in cases {
        let native = Case { entry: Entry::Native, ..case };
        let compat = Case { entry: Entry::Compat, ..case };
        if !compat.is_safe() {
            continue;
        }
        oracle.freshen_one(case.scene);
        let (one, other) = (answer(oracle, &native)?, answer(oracle, &compat)?);
        if one != other {
            return Err(format!("{:?} and {:?}, or memory: {compat}", one.0, other.0).into());
        }
        compared += 1;
        refused += usize::from(one.0.is_err());
    }
    match (compared, refused) {
        (1000.., 100..) if refused + 100 < compared => Ok(()),
        _ => Err(format!("{compared} cases, of which {refused} were refused").into()),
    }
}

fn plain(oracle: &oracle::Oracle) -> Case {
    Case {
        scene: oracle
            .boundary_values()
            .scene_facts
            .iter()
            .find(|facts| facts.answers)
            .map_or(0, |facts| facts.scene),
        poison: 0,
        option: abi::MPTCP_TCPINFO,
        length: 16,
        optval: Place::Street(0x1000),
        optlen: Place::Street(0x14000),
        input: Input::Data(Data::asking(8)),
        entry: Entry::Compat,
    }
}

/// The registers of a call that succeeds hold addresses that no machine has, and
/// without their upper halves those of the alias.
fn cut(oracle: &mut oracle::Oracle) -> Result<(), Failed> {
    let (case, base) = (plain(oracle), oracle.runner().base());
    let (registers, call) = (case.registers(base), case.call(base));
    for (register, address, place) in
        [(registers.optval, call.optval, 0x1000), (registers.optlen, call.optlen, 0x14000)]
    {
        // Canonical addresses have all bits from 56 on alike, with five levels of tables.
        if matches!(register >> 56, 0 | 0xff) || register as u32 as u64 != address {
            return Err(format!("{register:#x} for {address:#x}").into());
        }
        if address >= 1 << 32 || address != (base & 0xffff_ffff) + place {
            return Err(format!("{address:#x} is not on the alias of {base:#x}").into());
        }
    }
    match answer(oracle, &case)?.0 {
        Ok(()) => Ok(()),
        // Had the call been a native one with these registers, it would be this.
        Err(errno) => Err(format!("{errno} for {registers:x?}").into()),
    }
}

/// Wild addresses of which the lower halves are in the page at null.
fn above(oracle: &mut oracle::Oracle) -> Result<(), Failed> {
    let case = plain(oracle);
    for address in [0, 1 << 63, 0xffff_8000_0000_0000, 0x0000_8000_0000_0ff8] {
        let wild = Place::wild(address).ok_or("a place that somebody may have")?;
        for case in [Case { optval: wild, ..case }, Case { optlen: wild, ..case }] {
            if answer(oracle, &case)?.0 != Err(Errno::EFAULT) {
                return Err(format!("{address:#x} is no fault: {case}").into());
            }
        }
    }
    Ok(())
}

/// The boundary values have such cases exactly where there is a verdict on them.
fn only_where_judged(oracle: &mut oracle::Oracle) -> Result<(), Failed> {
    let mut random = fastrand::Rng::with_seed(3);
    let mut values = oracle.boundary_values().clone();
    if values.compat != oracle.compat().is_ok() {
        return Err("boundary values and oracle differ".into());
    }
    let made = |values: &_, random: &mut fastrand::Rng| {
        let cases = (0..2000).map(|_| generate::case(random, values, 0));
        cases.filter(|case| case.entry == Entry::Compat).count()
    };
    values.compat = true;
    let with = made(&values, &mut random);
    values.compat = false;
    let without = made(&values, &mut random);
    if !(20..200).contains(&with) || without != 0 {
        return Err(format!("{with} of 2000, and {without} where there should be none").into());
    }
    let case = plain(oracle);
    match (oracle.compat(), oracle.whole(&case, &mut RuleSet::default())) {
        (Ok(()), CaseVerdict::Agree) => Ok(()),
        (Err(why), CaseVerdict::Inconclusive(Reason::NoCompat(told))) if why == told => Ok(()),
        (available, verdict) => Err(format!("{available:?}, and yet {verdict:?}").into()),
    }
}
