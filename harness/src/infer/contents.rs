//! Fields of the structures that hold something else than expected.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use mptcp_emulator::abi::{FullInfo, MptcpInfo, SUBFLOW_INFO_ADDRS};
use mptcp_emulator::{Content, Socket};

use super::cause::subject;
use super::hypothesis::Predictor;
use crate::cases::Case;
use crate::contents::{
    ContentsChange, FieldChange, FieldId, Place, Shown, Sides, Structure, differing, digits,
    is_unsteady, pairs, unlike,
};
use crate::judge::region::{Laid, Map, Region};
use crate::model::Handler;

/// The largest number of fields of one structure that are named.
const MOST_FIELDS: usize = 8;

/// A field that holds something else, two that are exchanged, or all of a structure that are not
/// set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentsCause {
    /// The handlers that return it.
    pub handlers: Vec<Handler>,
    /// The fields.
    pub fields: Vec<FieldId>,
    /// What became of the first.
    pub change: FieldChange,
    /// The number of cases that show it.
    pub cases: u64,
    /// A case that shows it.
    pub simplest: Case,
}

/// A structure, or the start of one, its subflow from 0, and where it is on the street.
type Piece = (Structure, u32, Range<usize>);

/// What records of a handler show of fields.
#[derive(Default)]
pub(super) struct Samples {
    expected: Shown,
    observed: Shown,
    /// What usual calls returned, between others.
    usual: Shown,
    /// Fields that differ, each with a case.
    differing: BTreeMap<FieldId, Case>,
    /// The case that shows most, and how much.
    pub(super) broadest: Option<(Case, usize)>,
}

/// The structures that a case has on the street. Earlier ones take precedence where they overlap.
fn pieces(map: &Map) -> Vec<Piece> {
    let of_thing = |laid: &Laid, index: usize| -> Vec<Piece> {
        let start = laid.start + index * laid.each;
        let end = start + laid.each;
        let info = start + size_of::<FullInfo>() - size_of::<MptcpInfo>();
        let addrs = start + SUBFLOW_INFO_ADDRS;
        match laid.region(index) {
            Region::Info => vec![(Structure::MptcpInfo, 0, start..end)],
            Region::Header => vec![(Structure::MptcpInfo, 0, info..end)],
            Region::Element(at) if !map.is_tcp_info() => {
                vec![(Structure::SubflowAddrs, at, start..end)]
            }
            Region::TcpInfo(at) | Region::Element(at) => vec![(Structure::TcpInfo, at, start..end)],
            Region::SubflowInfo(at) => vec![
                (Structure::SubflowInfo, at, start..end.min(addrs)),
                (Structure::SubflowAddrs, at, addrs..end),
            ],
            _ => Vec::new(),
        }
    };
    let things = map.laid().iter().flat_map(|laid| (0..laid.count).map(move |at| (laid, at)));
    things.flat_map(|(laid, at)| of_thing(laid, at)).collect()
}

/// The fields that the mismatch of a case that was predicted last is in; `None` if it is in anything
/// else.
pub(super) fn fields(
    case: &Case,
    map: &Map,
    mismatch: &[usize],
    socket: &Socket<'_>,
    predictor: &Predictor,
) -> Option<Vec<FieldId>> {
    let pieces = pieces(map);
    // Where optlen overlaps a structure, the later of the two is there.
    let is_structure = |structure: Structure, element: u32, street: &Range<usize>| {
        let length = case.optlen.offset()?;
        let shared = length.max(street.start)..(length + size_of::<u32>()).min(street.end);
        let [predicted, _] = predictor.digits(shared.clone())?;
        let content = expected(socket, structure, element)?.skip(shared.start - street.start);
        Some(digits(content.bytes(), content.mask()).starts_with(&predicted))
    };
    let field = |at: &usize| {
        let (structure, element, street) =
            pieces.iter().find(|(.., street)| street.contains(at))?;
        let is_length = map.spot(*at).region == Region::Length;
        if is_length && is_structure(*structure, *element, street) != Some(true) {
            return None;
        }
        Some(structure.field_at(at - street.start))
    };
    let mut fields: Vec<FieldId> = mismatch.iter().map(field).collect::<Option<_>>()?;
    fields.dedup();
    Some(fields)
}

/// A structure as it is expected.
fn expected<'a>(socket: &Socket<'a>, structure: Structure, element: u32) -> Option<Content<'a>> {
    let Socket::Mptcp(connection) = socket else { return None };
    let subflow = || connection.subflows().nth(element as usize);
    Some(match structure {
        Structure::MptcpInfo => connection.info(),
        Structure::TcpInfo => subflow()?.tcp_info,
        Structure::SubflowAddrs => subflow()?.subflow_info.skip(SUBFLOW_INFO_ADDRS),
        Structure::SubflowInfo => subflow()?.subflow_info.first(SUBFLOW_INFO_ADDRS),
    })
}

/// The structures of a case that was predicted last, each with its place, and with what is expected
/// and observed. Where things overlap, or where a fault ends the call, a structure is not there.
fn present(
    case: &Case,
    map: &Map,
    socket: &Socket<'_>,
    predictor: &Predictor,
) -> Vec<(Structure, Place, [String; 2])> {
    let of = |(structure, element, street): Piece| {
        let content = expected(socket, structure, element)?;
        let expected = digits(content.bytes(), content.mask());
        let [predicted, observed] = predictor.digits(street)?;
        let place = (case.scene, element as usize);
        expected.starts_with(&predicted).then_some((structure, place, [expected, observed]))
    };
    pieces(map).into_iter().filter_map(of).collect()
}

/// Whether the expected value of a field and another one were observed at one place. What differs
/// then depends on the call, at places where only one call was made as well.
fn is_right_at_times([expected, observed]: Sides<'_>) -> bool {
    expected.iter().any(|(place, expected)| {
        let is_seen = |observed: &BTreeSet<String>| {
            observed.len() > 1 && expected.len() == 1 && expected.is_subset(observed)
        };
        observed.get(place).is_some_and(is_seen)
    })
}

impl Samples {
    /// Adds what a case shows that was predicted last, and in which these fields differ.
    pub(super) fn add(
        &mut self,
        case: &Case,
        fields: &[FieldId],
        map: &Map,
        socket: &Socket<'_>,
        predictor: &Predictor,
    ) {
        let mut shown = 0;
        for (structure, place, [expected, observed]) in present(case, map, socket, predictor) {
            self.expected.add(structure, place, &expected);
            self.observed.add(structure, place, &observed);
            shown += observed.len();
        }
        fields.iter().for_each(|field| {
            self.differing.entry(*field).or_insert(*case);
        });
        if self.broadest.is_none_or(|(_, most)| shown > most) {
            self.broadest = Some((*case, shown));
        }
    }

    /// Adds what a usual call shows that was predicted last.
    pub(super) fn add_usual(
        &mut self,
        case: &Case,
        map: &Map,
        socket: &Socket<'_>,
        predictor: &Predictor,
    ) {
        for (structure, place, [expected, observed]) in present(case, map, socket, predictor) {
            self.expected.add(structure, place, &expected);
            self.usual.add(structure, place, &observed);
        }
    }

    /// The structures of which fields are not set.
    pub(super) fn not_set(&self) -> BTreeSet<Structure> {
        let unsteady = Shown::both(&self.expected, &self.usual).filter(|it| is_unsteady(it.1));
        unsteady.map(|(field, _)| field.structure).collect()
    }

    /// The fields that hold something else; none of a structure of which too many do, unless they
    /// are not set. If one of a structure is `not_set`, in this option or another one, then so are all
    /// that differ.
    pub(super) fn causes(
        &self,
        handler: Handler,
        not_set: &BTreeSet<Structure>,
    ) -> Vec<ContentsCause> {
        let Samples { expected, observed, .. } = self;
        let mut all = Vec::new();
        for (field, sides) in Shown::both(expected, observed) {
            let Some(simplest) = self.differing.get(&field).copied() else { continue };
            if not_set.contains(&field.structure) {
                let unlike = unlike(sides);
                let change = ContentsChange::NotSet;
                let change = FieldChange::new(field.to_string(), change, unlike.len(), &unlike);
                let (handlers, fields) = (vec![handler], vec![field]);
                let cause = |change| ContentsCause { handlers, fields, change, cases: 0, simplest };
                if let Some(change) = change {
                    cause(change).join(&mut all);
                }
            }
        }
        let cause = |(field, sides)| {
            let simplest = *self.differing.get(&field)?;
            if not_set.contains(&field.structure) || is_right_at_times(sides) {
                return None;
            }
            let pairs = pairs(sides);
            let change = ContentsChange::of(field, [expected, observed], sides, &pairs);
            let differing = differing(&pairs);
            let change = FieldChange::new(field.to_string(), change, pairs.len(), &differing)?;
            let (handlers, fields) = (vec![handler], vec![field]);
            Some(ContentsCause { handlers, fields, change, cases: 0, simplest })
        };
        let mut causes: Vec<ContentsCause> =
            Shown::both(expected, observed).filter_map(cause).collect();
        let structures: Vec<Option<Structure>> =
            causes.iter().map(ContentsCause::structure).collect();
        causes.retain(|cause| {
            structures.iter().filter(|it| **it == cause.structure()).count() <= MOST_FIELDS
        });
        all.append(&mut causes);
        all
    }
}

impl ContentsCause {
    /// The handlers, as a subject.
    pub fn subject(&self) -> String {
        subject(&self.handlers)
    }

    /// What became of the fields, as a clause.
    pub fn clause(&self) -> String {
        match (&self.change.change, &*self.fields) {
            (ContentsChange::NotSet, [first, _, ..]) => {
                let more = self.fields.len() - 1;
                let plural = if more == 1 { "" } else { "s" };
                format!(
                    "{first} and {more} more field{plural} are not set, and differ from call to call"
                )
            }
            _ => self.change.clause(),
        }
    }

    fn structure(&self) -> Option<Structure> {
        self.fields.first().map(|field| field.structure)
    }

    /// Whether a field of a handler's structures differs because of it.
    pub(super) fn covers(&self, handler: Handler, field: FieldId) -> bool {
        self.handlers.contains(&handler) && self.fields.contains(&field)
    }

    /// Adds a cause to others: to one that states the same of another handler or, of two exchanged
    /// fields, to that of the other one.
    pub(super) fn join(self, all: &mut Vec<ContentsCause>) {
        use ContentsChange::{Exchanged, NotSet};
        let (field, change) = (&self.change.field, &self.change.change);
        let is_same = |known: &&mut ContentsCause| match (&known.change.change, change) {
            (NotSet, NotSet) => known.structure() == self.structure(),
            (Exchanged { with }, Exchanged { with: other }) if with == field => {
                *other == known.change.field
            }
            (known_change, change) => known.change.field == *field && known_change == change,
        };
        match all.iter_mut().find(is_same) {
            Some(known) => {
                add(&mut known.handlers, &self.handlers);
                add(&mut known.fields, &self.fields);
                // Of fields that are not set, the example is the one that shows it most.
                if self.change.places > known.change.places && known.change.change == NotSet {
                    let first = known.fields.iter().position(|field| *field == self.fields[0]);
                    known.fields.swap(0, first.unwrap_or(0));
                    known.change = self.change;
                }
            }
            None => all.push(self),
        }
    }
}

/// Adds elements that are not there yet.
fn add<T: Copy + PartialEq>(all: &mut Vec<T>, more: &[T]) {
    for one in more {
        if !all.contains(one) {
            all.push(*one);
        }
    }
}
