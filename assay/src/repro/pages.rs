//! The memory of the program: of the street what the case has to do with.

use std::fmt::Write;

use mptcp_emulator::{Access, PAGE};
use mptcp_harness::cases::{Case, Input, Place};
use mptcp_harness::judge::evidence::Examination;
use mptcp_harness::memory::layout;
use mptcp_harness::memory::layout::{LEN, PAGES, PATTERN, UNMAPPED};

/// The pages of the street that the program maps, in their order: without those in which
/// nothing happens.
pub(crate) struct ProgramPages(Vec<usize>);

impl ProgramPages {
    /// Each page on which something stands or is written, and its neighbours.
    pub fn new(case: &Case, over: &[Examination; 2]) -> ProgramPages {
        let mut marked = [false; PAGES];
        let mut mark = |place: Place, len: usize| {
            if let Some(start) = place.offset() {
                let last = (start + len.max(1) - 1).min(LEN - 1);
                marked[start / PAGE..=last / PAGE].fill(true);
            }
        };
        mark(case.optlen, 4);
        mark(case.optval, case.input_bytes(0).1);
        if let Input::Data(data) = &case.input
            && let Some(at) = case.optval.offset()
            && at + (data.size_subflow_data as usize) < LEN
        {
            // Elements keep their distance from the header.
            mark(case.optval, data.size_subflow_data as usize + 1);
        }
        case.input.pointers().for_each(|(_, place)| mark(place, 1));
        for at in (0..LEN).filter(|at| over.iter().any(|examination| touched(examination, *at))) {
            marked[at / PAGE] = true;
        }
        let near = |page: &usize| {
            (page.saturating_sub(1)..=(page + 1).min(PAGES - 1)).any(|near| marked[near])
        };
        let mut kept: Vec<usize> = (0..PAGES).filter(near).collect();
        if kept.is_empty() {
            kept.push(1);
        }
        ProgramPages(kept)
    }

    /// A letter for each page.
    pub fn letters(&self) -> String {
        let letter = |page: &usize| match PATTERN.access()[*page] {
            Access::ReadWrite => 'w',
            Access::Read => 'r',
            Access::Nothing if *page == UNMAPPED => '.',
            Access::Nothing => '-',
        };
        self.0.iter().map(letter).collect()
    }

    /// A place as C: as seen from the nearer end of its stretch.
    pub fn expression(&self, place: Place) -> String {
        let offset = match place {
            Place::Street(offset) => offset as usize,
            Place::Wild(0) => return "NULL".into(),
            Place::Wild(address) => return format!("(void *){address:#x}UL"),
        };
        let (page, into) = (offset / PAGE, offset % PAGE);
        let index = self.0.iter().position(|kept| *kept == page).unwrap_or(0);
        let behind = layout::stretch(offset).end - offset;
        let mut text = "mem".to_owned();
        let _ = match (into, behind) {
            (0, _) => write!(text, " + {index} * PAGE"),
            (_, 0..PAGE) => write!(text, " + {} * PAGE - {behind}", index + 1),
            _ => write!(text, " + {index} * PAGE + {into}"),
        };
        text
    }
}

/// Whether the prediction says more of a byte than that it stays.
pub(crate) fn touched(examination: &Examination, at: usize) -> bool {
    examination.mask[at] != 0 || examination.prediction[at] != examination.before[at]
}
