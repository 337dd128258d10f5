//! Fields of the structures that hold something else than expected.

use std::collections::{BTreeMap, BTreeSet};

use mptcp_emulator::abi::{
    Field, FullInfo, MptcpInfo, SubflowAddrs, SubflowInfo, TcpInfo, field_at,
};
use mptcp_emulator::{Revision, Socket};

use crate::cases::Case;
use crate::judge::region::{Map, Region};
use crate::model::Handler;
use crate::oracle::Record;

/// The largest number of fields of one structure that are named.
const MOST_FIELDS: usize = 8;

/// The factors by which a value may differ that lost its unit.
const FACTORS: [u64; 8] = [1000, 1_000_000, 1024, 250, 100, 10, 8, 4];

/// A structure whose fields can hold something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Structure {
    /// `struct mptcp_info`.
    MptcpInfo,
    /// `struct tcp_info`.
    TcpInfo,
    /// `struct mptcp_subflow_addrs`.
    SubflowAddrs,
    /// `struct mptcp_subflow_info`, its id and padding.
    SubflowInfo,
}

impl Structure {
    /// Its name without `struct`.
    pub const fn name(self) -> &'static str {
        match self {
            Structure::MptcpInfo => "mptcp_info",
            Structure::TcpInfo => "tcp_info",
            Structure::SubflowAddrs => "mptcp_subflow_addrs",
            Structure::SubflowInfo => "mptcp_subflow_info",
        }
    }

    const fn fields(self) -> &'static [Field] {
        match self {
            Structure::MptcpInfo => MptcpInfo::FIELDS,
            Structure::TcpInfo => TcpInfo::FIELDS,
            Structure::SubflowAddrs => SubflowAddrs::FIELDS,
            Structure::SubflowInfo => SubflowInfo::FIELDS,
        }
    }
}

/// How a field differs from what is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentsChange {
    /// It holds what another field is expected to hold.
    HoldsOther(&'static str),
    /// It is the same number everywhere.
    Constant(u64),
    /// It is this many times as large.
    Times(u64),
    /// It is this part.
    Part(u64),
    /// It is larger by a number, which may be negative.
    Plus(i64),
    /// Its bytes are in reverse order.
    Reversed,
    /// None of these.
    Other,
}

/// A field that holds something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentsCause {
    /// The handler that returns it.
    pub handler: Handler,
    /// The structure.
    pub structure: Structure,
    /// The field.
    pub field: &'static str,
    /// How it differs.
    pub change: ContentsChange,
    /// What was expected and what was observed in one case, as numbers in native byte order.
    pub example: (u64, u64),
    /// The number of cases that show it.
    pub cases: u64,
    /// A case that shows it.
    pub simplest: Case,
}

/// A place in a structure: the structure, the element and the field.
type Spot = (Structure, usize, &'static Field);

/// The observed bytes of a field, and the structure as it is expected.
pub(super) struct Sample {
    element: usize,
    expected: Vec<u8>,
    observed: Vec<u8>,
    case: Case,
}

impl Sample {
    /// The scene that it is of.
    pub(super) const fn scene(&self) -> u8 {
        self.case.scene
    }

    /// Whether it is of this element on this scene.
    pub(super) fn is_at(&self, scene: u8, element: usize) -> bool {
        (self.case.scene, self.element) == (scene, element)
    }
}

/// A field of a structure, by its offset.
type Key = (Handler, Structure, u16);

/// Samples by field.
pub(super) type Samples = BTreeMap<Key, Vec<Sample>>;

/// The fields that a mismatch is in; `None` if it is in anything else.
pub(super) fn spots(
    case: &Case,
    revision: &Revision,
    subflows: usize,
    mismatch: &[usize],
) -> Option<Vec<(Spot, usize)>> {
    let map = Map::new(case, revision, subflows);
    let mut spots: Vec<(Spot, usize)> = Vec::new();
    for at in mismatch {
        let (spot, start) = spot(&map, *at)?;
        if !spots.iter().any(|(known, _)| *known == spot) {
            spots.push((spot, start));
        }
    }
    Some(spots)
}

/// The fields that a call wrote in whole: the element, and whether it differs from what is expected.
pub(super) fn written(
    handler: Handler,
    record: &Record,
    revision: &Revision,
    subflows: usize,
    mismatch: &[usize],
) -> BTreeSet<(Key, usize, bool)> {
    let map = Map::new(&record.case, revision, subflows);
    // By where fields start.
    let wrong: BTreeSet<usize> =
        mismatch.iter().filter_map(|at| spot(&map, *at)).map(|(_, start)| start).collect();
    let changes = record.changes.iter();
    let changed = changes.flat_map(|change| change.at..change.at + change.bytes.len());
    let field = |at| {
        let (written, start) = spot(&map, at)?;
        let (structure, element, field) = written;
        let last = start + usize::from(field.size) - 1;
        let is_whole = spot(&map, last).is_some_and(|(last, _)| last == written);
        let key = (handler, structure, field.offset);
        is_whole.then_some((key, element, wrong.contains(&start)))
    };
    changed.filter_map(field).collect()
}

/// The field at an offset of the street, and where it starts there.
fn spot(map: &Map, at: usize) -> Option<(Spot, usize)> {
    let laid = map.laid().iter().find(|laid| {
        at >= laid.start && laid.each > 0 && at < laid.start + laid.each * laid.count
    })?;
    let index = (at - laid.start) / laid.each;
    let into = (at - laid.start) % laid.each;
    let info = size_of::<FullInfo>() - size_of::<MptcpInfo>();
    let addrs = size_of::<SubflowInfo>() - size_of::<SubflowAddrs>();
    let (structure, element, into) = match laid.region(index) {
        Region::Info => (Structure::MptcpInfo, 0, into),
        Region::Header if into >= info => (Structure::MptcpInfo, 0, into - info),
        Region::TcpInfo(element) => (Structure::TcpInfo, element, into),
        Region::Element(element) => {
            let tcp_info = map.is_tcp_info();
            let structure = if tcp_info { Structure::TcpInfo } else { Structure::SubflowAddrs };
            (structure, element, into)
        }
        Region::SubflowInfo(element) if into >= addrs => {
            (Structure::SubflowAddrs, element, into - addrs)
        }
        Region::SubflowInfo(element) => (Structure::SubflowInfo, element, into),
        _ => return None,
    };
    let field = field_at(structure.fields(), into)?;
    let start = at - (into - usize::from(field.offset));
    Some(((structure, element as usize, field), start))
}

/// Adds what a record shows of fields.
pub(super) fn sample(
    samples: &mut Samples,
    handler: Handler,
    socket: &Socket<'_>,
    case: &Case,
    spots: &[(Spot, usize)],
    observed: &[u8],
) {
    for ((structure, element, field), start) in spots {
        let Some(expected) = expected(socket, *structure, *element) else { continue };
        let bytes = *start..*start + usize::from(field.size);
        let Some(observed) = observed.get(bytes) else { continue };
        let key = (handler, *structure, field.offset);
        samples.entry(key).or_default().push(Sample {
            element: *element,
            expected,
            observed: observed.to_vec(),
            case: *case,
        });
    }
}

/// A structure as it is expected.
fn expected(socket: &Socket<'_>, structure: Structure, element: usize) -> Option<Vec<u8>> {
    let Socket::Mptcp(connection) = socket else { return None };
    let addrs = size_of::<SubflowInfo>() - size_of::<SubflowAddrs>();
    let subflow = || connection.subflows().nth(element);
    Some(match structure {
        Structure::MptcpInfo => connection.info().bytes().to_vec(),
        Structure::TcpInfo => subflow()?.tcp_info.bytes().to_vec(),
        Structure::SubflowAddrs => subflow()?.subflow_info.bytes().get(addrs..)?.to_vec(),
        Structure::SubflowInfo => subflow()?.subflow_info.bytes().to_vec(),
    })
}

/// The fields that samples show to hold something else; none of a structure of which too many do.
pub(super) fn causes(samples: &Samples) -> Vec<ContentsCause> {
    let mut causes = Vec::new();
    for ((handler, structure, offset), samples) in samples {
        let Some(field) = field_at(structure.fields(), usize::from(*offset)) else { continue };
        let of =
            |sample: &Sample| field_value(&sample.expected, field).zip(number(&sample.observed));
        let values: Vec<(u64, u64)> = samples.iter().filter_map(of).collect();
        let Some(first) = samples.first() else { continue };
        causes.push(ContentsCause {
            handler: *handler,
            structure: *structure,
            field: field.name,
            change: change(*structure, field, samples, &values),
            example: values.first().copied().unwrap_or_default(),
            cases: 0,
            simplest: first.case,
        });
    }
    let all: Vec<(Handler, Structure)> =
        causes.iter().map(|cause| (cause.handler, cause.structure)).collect();
    causes.retain(|cause| {
        let same = |other: &&(Handler, Structure)| **other == (cause.handler, cause.structure);
        all.iter().filter(same).count() <= MOST_FIELDS
    });
    causes
}

fn field_value(structure: &[u8], field: &Field) -> Option<u64> {
    let start = usize::from(field.offset);
    number(structure.get(start..start + usize::from(field.size))?)
}

/// A number in native byte order, of at most 8 bytes.
fn number(bytes: &[u8]) -> Option<u64> {
    let mut all = [0; 8];
    all.get_mut(..bytes.len())?.copy_from_slice(bytes);
    Some(u64::from_le_bytes(all))
}

/// How a field differs, as all samples show it.
fn change(
    structure: Structure,
    field: &Field,
    samples: &[Sample],
    values: &[(u64, u64)],
) -> ContentsChange {
    let Some((expected, observed)) = values.first().copied() else { return ContentsChange::Other };
    let all = |is: &dyn Fn(u64, u64) -> bool| values.iter().all(|(one, other)| is(*one, *other));
    let is_varied = values.iter().any(|(_, other)| *other != observed);
    let holds = |other: &&Field| {
        other.size == field.size
            && other.offset != field.offset
            && samples.iter().all(|sample| {
                let value = field_value(&sample.expected, other);
                value.is_some() && value == number(&sample.observed)
            })
    };
    let other = structure.fields().iter().find(holds).filter(|_| is_varied || observed != 0);
    let bytes = usize::from(field.size);
    let reversed = |value: u64| value.swap_bytes() >> (64 - 8 * bytes.clamp(1, 8));
    if let Some(other) = other {
        return ContentsChange::HoldsOther(other.name);
    }
    for factor in FACTORS {
        if is_varied && all(&|one, other| one.checked_mul(factor) == Some(other)) {
            return ContentsChange::Times(factor);
        }
        if is_varied && all(&|one, other| one / factor == other) {
            return ContentsChange::Part(factor);
        }
    }
    let plus = observed.wrapping_sub(expected).cast_signed();
    if bytes > 1 && all(&|one, other| reversed(one) == other) {
        ContentsChange::Reversed
    } else if is_varied && all(&|one, other| other.wrapping_sub(one).cast_signed() == plus) {
        ContentsChange::Plus(plus)
    } else if !is_varied && values.len() > 1 {
        ContentsChange::Constant(observed)
    } else {
        ContentsChange::Other
    }
}

impl ContentsCause {
    /// What the kernel does, as a clause.
    pub fn clause(&self) -> String {
        let ContentsCause { structure, field, change, .. } = self;
        let name = format!("{}.{field}", structure.name());
        match change {
            ContentsChange::HoldsOther(other) => format!("{name} holds what {other} should hold"),
            ContentsChange::Constant(value) => format!("{name} is {value} everywhere"),
            ContentsChange::Times(factor) => format!("{name} is {factor} times what it should be"),
            ContentsChange::Part(factor) => format!("{name} is 1/{factor} of what it should be"),
            ContentsChange::Plus(number) => format!("{name} is too large by {number}"),
            ContentsChange::Reversed => format!("{name} has its bytes in reverse order"),
            ContentsChange::Other => format!("{name} holds something else"),
        }
    }
}
