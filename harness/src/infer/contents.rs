//! Fields of the structures that hold something else than expected.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use mptcp_emulator::abi::{FullInfo, MptcpInfo, SUBFLOW_INFO_ADDRS};
use mptcp_emulator::{Content, Socket};

use super::cause::subject;
use super::hypothesis::Predictor;
use crate::cases::Case;
use crate::contents::{
    ContentsChange, FieldChange, FieldId, Shown, Sides, Structure, differing, digits, pairs,
};
use crate::judge::region::{Laid, Map, Region};
use crate::model::Handler;

/// The largest number of fields of one structure that are named.
const MOST_FIELDS: usize = 8;

/// A field that holds something else, or two that are exchanged.
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
        for (structure, element, street) in pieces(map) {
            let Some(content) = expected(socket, structure, element) else { continue };
            let expected = digits(content.bytes(), content.mask());
            let Some([predicted, observed]) = predictor.digits(street) else { continue };
            // Where things overlap, or a fault ends the call, the structure is not there.
            if !expected.starts_with(&predicted) {
                continue;
            }
            let place = (case.scene, element as usize);
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

    /// The fields that hold something else; none of a structure of which too many do.
    pub(super) fn causes(&self, handler: Handler) -> Vec<ContentsCause> {
        let Samples { expected, observed, .. } = self;
        let cause = |(field, sides)| {
            let simplest = *self.differing.get(&field)?;
            if is_right_at_times(sides) {
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
        let structure = |cause: &ContentsCause| cause.fields.first().map(|field| field.structure);
        let all: Vec<Option<Structure>> = causes.iter().map(structure).collect();
        causes.retain(|cause| {
            all.iter().filter(|it| **it == structure(cause)).count() <= MOST_FIELDS
        });
        causes
    }
}

impl ContentsCause {
    /// The handlers, as a subject.
    pub fn subject(&self) -> String {
        subject(&self.handlers)
    }

    /// Whether a field of a handler's structures differs because of it.
    pub(super) fn covers(&self, handler: Handler, field: FieldId) -> bool {
        self.handlers.contains(&handler) && self.fields.contains(&field)
    }

    /// Adds a cause to others: to one that states the same of another handler or, of two exchanged
    /// fields, to that of the other one.
    pub(super) fn join(self, all: &mut Vec<ContentsCause>) {
        use ContentsChange::Exchanged;
        let (field, change) = (&self.change.field, &self.change.change);
        let is_same = |known: &&mut ContentsCause| match (&known.change.change, change) {
            (Exchanged { with }, Exchanged { with: other }) if with == field => {
                *other == known.change.field
            }
            (known_change, change) => known.change.field == *field && known_change == change,
        };
        match all.iter_mut().find(is_same) {
            Some(known) => {
                add(&mut known.handlers, &self.handlers);
                add(&mut known.fields, &self.fields);
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
