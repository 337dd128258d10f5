//! Watches the kernel during a call, and keeps a black box that survives a killed process.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io;
use std::path::Path;

use mptcp_emulator::PAGE;
use rustix::thread::gettid;

use crate::cases::Case;
use crate::cases::codec;
use crate::memory::street::SharedPage;

/// Reads the kernel's complaints. Each [`crate::oracle::Oracle`] has a watch of its own.
pub trait Watch: fmt::Debug + Send {
    /// This thread is about to make the call of a case.
    fn before(&mut self, case: &Case);

    /// The call returned. Returns the kernel's complaint during it.
    fn after(&mut self) -> Option<Complaint>;

    /// Ignores complaints up to now: they belong to no case.
    fn forget(&mut self);
}

/// What the kernel complained about during a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// Such as "kernel warning".
    pub kind: String,
    /// The function in which it occurred, or "the kernel" if none is named.
    pub place: String,
    /// The first line of the complaint.
    pub title: String,
    /// Its first lines, as on the console.
    pub excerpt: String,
}

/// The current case, in memory that another process can read after this one has died. After an oops
/// nothing else is left.
///
/// Little endian: the number of cases (8 bytes), whether the last one is running (4), the thread
/// (4), the length of the stored case (4), the case.
#[derive(Debug)]
pub struct BlackBox {
    page: SharedPage,
    cases: u64,
    thread: i32,
}

/// The offset of the stored case.
const CASE: usize = 20;

impl BlackBox {
    /// Makes a box in a new file, for one thread.
    ///
    /// # Errors
    /// The error of opening, extending or mapping the file.
    pub fn new(path: &Path) -> io::Result<BlackBox> {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(true).open(path)?;
        file.set_len(PAGE as u64)?;
        Ok(BlackBox { page: SharedPage::of(&file)?, cases: 0, thread: 0 })
    }

    /// Stores the case whose call is about to be made.
    #[inline]
    pub fn before(&mut self, case: &Case) {
        if self.cases == 0 {
            self.thread = gettid().as_raw_nonzero().get();
        }
        self.cases += 1;
        let stored = codec::encode(case);
        let page = self.page.bytes_mut();
        page[0..8].copy_from_slice(&self.cases.to_le_bytes());
        page[8..12].copy_from_slice(&1_u32.to_le_bytes());
        page[12..16].copy_from_slice(&self.thread.to_le_bytes());
        page[16..CASE].copy_from_slice(&(stored.len() as u32).to_le_bytes());
        page[CASE..CASE + stored.len()].copy_from_slice(&stored);
    }

    /// The thread that made the first case; 0 before that.
    #[inline]
    pub fn thread(&self) -> u32 {
        self.thread.cast_unsigned()
    }

    /// The call returned.
    #[inline]
    pub fn after(&mut self) {
        self.page.bytes_mut()[8..12].fill(0);
    }
}

/// The content of a black box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The number of cases.
    pub cases: u64,
    /// The thread that made them, as the kernel numbers tasks.
    pub thread: u32,
    /// The case that was running, if any.
    pub case: Option<Case>,
}

impl Recorded {
    /// Reads a box; `None` if there is none, or if it is empty.
    pub fn read(path: &Path) -> Option<Recorded> {
        let page = fs::read(path).ok()?;
        let word = |at: usize| Some(u32::from_le_bytes(page.get(at..at + 4)?.try_into().ok()?));
        let cases = u64::from(word(0)?) | u64::from(word(4)?) << 32;
        let stored = page.get(CASE..CASE.checked_add(word(16)? as usize)?)?;
        let case = (word(8)? != 0).then(|| codec::decode(stored).ok()).flatten();
        (cases > 0).then_some(Recorded { cases, thread: word(12)?, case })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::{Input, Place};

    #[test]
    fn a_black_box_names_the_case_under_way_and_no_other() {
        let path = std::env::temp_dir().join(format!("mptcp-assay-box-{}", std::process::id()));
        let mut black_box = BlackBox::new(&path).unwrap();
        assert_eq!(Recorded::read(&path), None);
        let case = Case {
            scene: 22,
            poison: 1,
            option: 1,
            length: 77,
            optval: Place::Street(4096),
            optlen: Place::NULL,
            input: Input::Nothing,
            entry: crate::cases::Entry::Native,
        };
        black_box.before(&Case { length: 5, ..case });
        black_box.after();
        let thread = gettid().as_raw_nonzero().get().cast_unsigned();
        assert_eq!(Recorded::read(&path), Some(Recorded { cases: 1, thread, case: None }));
        black_box.before(&case);
        let read = Recorded::read(&path);
        assert_eq!(read, Some(Recorded { cases: 2, thread, case: Some(case) }));
        // The content of the box outlives it.
        drop(black_box);
        assert_eq!(Recorded::read(&path), read);
        fs::remove_file(&path).unwrap();
    }
}
