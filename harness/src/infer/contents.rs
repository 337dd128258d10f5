//! Fields of the structures that hold something else than expected.

use std::collections::BTreeMap;
use std::ops::Range;

use mptcp_emulator::abi::{FullInfo, MptcpInfo, SUBFLOW_INFO_ADDRS};
use mptcp_emulator::{Content, Socket};

use super::hypothesis::Predictor;
use crate::cases::Case;
use crate::contents::{
    ContentsChange, FieldChange, FieldId, Shown, Structure, differing, digits, pairs,
};
use crate::judge::region::{Laid, Map, Region};
use crate::model::Handler;

/// The largest number of fields of one structure that are named.
const MOST_FIELDS: usize = 8;

/// A field that holds something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentsCause {
    /// The handler that returns it.
    pub handler: Handler,
    /// The field.
    pub field: FieldId,
    /// What became of it.
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

/// The fields that a mismatch is in; `None` if it is in anything else.
pub(super) fn fields(map: &Map, mismatch: &[usize]) -> Option<Vec<FieldId>> {
    let pieces = pieces(map);
    let field = |at: &usize| {
        if map.spot(*at).region == Region::Length {
            return None;
        }
        let (structure, _, street) = pieces.iter().find(|(.., street)| street.contains(at))?;
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
            let pairs = pairs(sides);
            let change = ContentsChange::of(field, [expected, observed], sides, &pairs);
            let differing = differing(&pairs);
            let change = FieldChange::new(field.to_string(), change, pairs.len(), &differing)?;
            Some(ContentsCause { handler, field, change, cases: 0, simplest })
        };
        let mut causes: Vec<ContentsCause> =
            Shown::both(expected, observed).filter_map(cause).collect();
        let all: Vec<Structure> = causes.iter().map(|cause| cause.field.structure).collect();
        causes.retain(|cause| {
            all.iter().filter(|it| **it == cause.field.structure).count() <= MOST_FIELDS
        });
        causes
    }
}
