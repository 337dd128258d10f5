//! In a machine: the kernel's complaints, each with the case that it was busy
//! with.
//!
//! Where the call comes back, the thread that made it reads the kernel's log
//! ([`watching`]). Where the kernel falls over, thread or program are gone;
//! the first process finds the case in the black box ([`super::aftermath`]).

use std::sync::atomic::{AtomicU32, Ordering};

use mptcp_harness::cases::Case;
use mptcp_harness::watch::{BlackBox, Complaint, Watch};
use mptcp_lab::console::Splat;
use mptcp_lab::log::{Listener, shared_folder};

use crate::terminal::out;

/// What the files of black boxes are called, before their numbers.
pub(super) const BOX: &str = "box.";

/// Numbers of black boxes.
static NEXT: AtomicU32 = AtomicU32::new(0);

/// A watch for the calling thread's oracle; `None` outside of a machine, where
/// the log is not this program's alone.
pub(crate) fn watching() -> Option<Box<dyn Watch>> {
    let folder = shared_folder()?;
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let open = || {
        let black_box = BlackBox::new(&folder.join(format!("{BOX}{number}")))?;
        Ok(Guard { black_box, listener: Listener::open(&folder)? })
    };
    match open() {
        Ok(guard) => Some(Box::new(guard)),
        Err::<_, std::io::Error>(error) => {
            out::note(format_args!(
                "assay: the kernel's log is not watched, what it complains of has no case: {error}"
            ));
            None
        }
    }
}

#[derive(Debug)]
struct Guard {
    black_box: BlackBox,
    listener: Listener,
}

impl Watch for Guard {
    #[inline]
    fn before(&mut self, case: &Case) {
        self.black_box.before(case);
    }

    #[inline]
    fn after(&mut self) -> Option<Complaint> {
        self.black_box.after();
        self.listener.complaint(self.black_box.thread()).map(|splat| complaint(&splat))
    }

    fn forget(&mut self) {
        self.listener.forget();
    }
}

pub(super) fn complaint(splat: &Splat) -> Complaint {
    Complaint {
        kind: splat.complaint.text().to_owned(),
        place: splat.place().unwrap_or("the kernel").to_owned(),
        title: splat.title().to_owned(),
        excerpt: splat.short(),
    }
}
