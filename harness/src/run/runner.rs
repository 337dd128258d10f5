//! Runs one case: memory filled, predicted, called, judged, cleared.

use std::io;
use std::os::fd::RawFd;

use mptcp_emulator::{Errno, PagedMemory, Revision, Rule, RuleLog, RuleSet, Socket, Trace};

use crate::cases::poison_byte;
use crate::cases::{Case, Entry, POISONS, Place};
use crate::judge::evidence::{Evidence, Examination, Observed};
use crate::judge::finding::Diagnosis;
use crate::judge::promises;
use crate::judge::{Mismatch, Observation, Prediction, judge};
use crate::memory::layout;
use crate::memory::ranges::{Ranges, Recording};
use crate::memory::street::Street;
use crate::model::Model;
use crate::run::compat::{self, NoCompat};
use crate::run::raw;
use crate::watch::{Complaint, Watch};

/// The target of a case.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The kernel.
    pub revision: &'a Revision,
    /// The socket that the model is given.
    pub socket: Socket<'a>,
    /// The real socket.
    pub fd: RawFd,
}

/// How much of the street is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// What the call concerns, and a margin; [`Runner::sweep`] compares the rest.
    Around,
    /// All of it.
    Whole,
}

/// A part of the street that a call changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Offset on the street.
    pub at: usize,
    /// The bytes after the call.
    pub bytes: Vec<u8>,
}

impl Change {
    fn end(&self) -> usize {
        self.at + self.bytes.len()
    }
}

/// Bytes between two changes that are one all the same.
const GAP: usize = 16;

/// A street and the model's image of it.
///
/// Between two cases both are full of the same poison.
#[derive(Debug)]
pub struct Runner {
    street: Street,
    image: Box<[u8]>,
    mask: Box<[u8]>,
    /// INVARIANT: less than [`POISONS`]. The poison that both are full of.
    poisoned: usize,
    /// Images of all poisons, to change quickly from one to another.
    poisons: [Box<[u8]>; POISONS as usize],
    extents: Ranges,
    watch: Option<Box<dyn Watch>>,
    complaint: Option<Complaint>,
}

impl Runner {
    /// A runner on a street of its own.
    ///
    /// # Errors
    /// As [`Street::new`].
    pub fn new() -> io::Result<Runner> {
        let mut runner = Runner {
            street: Street::new()?,
            image: vec![0; layout::LEN].into(),
            mask: vec![0; layout::LEN].into(),
            poisoned: 0,
            poisons: std::array::from_fn(|poison| {
                (0..layout::LEN).map(|at| poison_byte(poison as u8, at)).collect()
            }),
            extents: Ranges::default(),
            watch: None,
            complaint: None,
        };
        runner.clear(Scope::Whole);
        Ok(runner)
    }

    /// Starts to watch the kernel during calls.
    pub fn watch(&mut self, mut watch: Box<dyn Watch>) {
        watch.forget();
        self.watch = Some(watch);
    }

    /// Ignores kernel complaints up to now: they belong to no case.
    #[inline]
    pub fn forget(&mut self) {
        if let Some(watch) = &mut self.watch {
            watch.forget();
        }
    }

    /// The kernel's complaint during the last call.
    #[inline]
    pub fn complaint(&mut self) -> Option<Complaint> {
        self.complaint.take()
    }

    /// Whether compat calls can be run.
    ///
    /// # Errors
    /// What is missing.
    pub fn compat(&self) -> Result<(), NoCompat> {
        compat::available()?;
        if self.street.is_aliased() { Ok(()) } else { Err(NoCompat::Memory) }
    }

    /// The address of the street.
    pub fn base(&self) -> u64 {
        self.street.base()
    }

    /// Runs one case; adds the rules that decided to `rules`.
    #[inline]
    pub fn run(
        &mut self,
        case: &Case,
        subject: &Target<'_>,
        model: Model,
        rules: &mut RuleSet,
        scope: Scope,
    ) -> Result<(), Mismatch> {
        self.lay_out(case);
        let predicted = self.predict(case, subject, model, rules);
        let observed = self.observe(case, subject.fd);
        let verdict = self.judge(predicted, observed, scope);
        // A refused call writes nothing, whichever the error.
        let refused = observed.is_err_and(|errno| errno != Errno::EFAULT);
        let as_noted = match &verdict {
            Ok(()) => true,
            Err(mismatch) => mismatch.bytes.is_empty() && refused,
        };
        let dirty = if as_noted { Scope::Around } else { Scope::Whole };
        self.clear(dirty);
        verdict
    }

    /// Runs one case like [`Runner::run`], and describes a difference without keeping the street.
    /// This serves callers that have to distinguish many disagreements. `subflows` is the socket's
    /// number of subflows. If promises alone are judged, the whole street is compared. Otherwise it
    /// would be unknown whether an unexamined difference matters.
    pub fn diagnose(
        &mut self,
        case: &Case,
        subject: &Target<'_>,
        subflows: usize,
        model: Model,
    ) -> Option<Diagnosis> {
        self.lay_out(case);
        let mut order = RuleLog::default();
        let predicted = self.predict(case, subject, model, &mut order);
        let observed = self.observe(case, subject.fd);
        let scope = if model.is_promised() { Scope::Whole } else { Scope::Around };
        let verdict = self.judge(predicted, observed, scope);
        let rules: Vec<Rule> = order.iter().collect();
        let diagnosis = verdict.err().and_then(|mismatch| {
            let evidence = Evidence {
                mismatch: &mismatch,
                predicted,
                rules: &rules,
                before: &self.poisons[self.poisoned],
                prediction: &self.image,
                mask: &self.mask,
                observation: self.street.bytes(),
            };
            promises::diagnose(model, case, subject.revision, subflows, &evidence)
        });
        self.clear(Scope::Whole);
        diagnosis
    }

    /// Only the call, as a program makes it: writes the input and calls the kernel. Measurements
    /// compare [`Runner::run`] with it.
    #[inline]
    pub fn bare(&mut self, case: &Case, fd: RawFd) -> Result<(), Errno> {
        let (input, len) = case.input_bytes(self.base());
        let street = self.street.bytes_mut();
        let mut put = |place: Place, bytes: &[u8]| {
            let slots = place.offset().and_then(|at| street.get_mut(at..));
            slots.into_iter().flatten().zip(bytes).for_each(|(slot, byte)| *slot = *byte);
        };
        put(case.optval, &input[..len]);
        put(case.optlen, &case.length.to_ne_bytes());
        self.observe(case, fd)
    }

    /// Runs one case, compares the whole street, and keeps everything. The call is not made if
    /// `call` is false.
    pub fn examine(
        &mut self,
        case: &Case,
        subject: &Target<'_>,
        model: Model,
        call: bool,
    ) -> Examination {
        self.lay_out(case);
        let before = self.image.to_vec();
        let mut order = RuleLog::default();
        let predicted = self.predict(case, subject, model, &mut order);
        let observed = call.then(|| {
            let result = self.observe(case, subject.fd);
            let mismatch = self.judge(predicted, result, Scope::Whole).err();
            Observed { result, bytes: self.street.bytes().to_vec(), mismatch }
        });
        let examination = Examination {
            predicted,
            observed,
            rules: order.iter().collect(),
            before,
            prediction: self.image.to_vec(),
            mask: self.mask.to_vec(),
        };
        self.clear(Scope::Whole);
        examination
    }

    /// Makes the call of a case, and returns what it came to and what it changed: the parts of the
    /// street that differ from before.
    pub fn record(&mut self, case: &Case, fd: RawFd) -> (Result<(), Errno>, Vec<Change>) {
        self.lay_out(case);
        let result = self.observe(case, fd);
        let mut changes: Vec<Change> = Vec::new();
        let pairs = self.image.iter().zip(self.street.bytes());
        for (at, (before, after)) in pairs.enumerate().filter(|(_, (one, other))| one != other) {
            match changes.last_mut() {
                // A gap of few bytes is part of the change: they are as before.
                Some(last) if at - last.end() < GAP => {
                    last.bytes.extend_from_slice(&self.image[last.end()..at]);
                    last.bytes.push(*after);
                }
                _ => changes.push(Change { at, bytes: vec![*after] }),
            }
            debug_assert_ne!(before, after);
        }
        self.clear(Scope::Whole);
        (result, changes)
    }

    /// Whether the whole street is full of poison, as it has to be between two cases. If not, an
    /// earlier case wrote outside the compared ranges. The street is then cleared, and those cases
    /// have to be run again with the whole street.
    pub fn sweep(&mut self) -> bool {
        let clean = self.street.bytes() == &*self.poisons[self.poisoned];
        if !clean {
            self.clear(Scope::Whole);
        }
        clean
    }

    /// Fills the buffers on both sides from the case.
    #[inline]
    fn lay_out(&mut self, case: &Case) {
        let poison = usize::from(case.poison % POISONS);
        if poison != self.poisoned {
            self.poisoned = poison;
            self.clear(Scope::Whole);
        }
        self.extents.clear();
        let (input, len) = case.input_bytes(self.base());
        if let Some(at) = case.optval.offset() {
            self.put(at, &input[..len]);
        }
        if let Some(at) = case.optlen.offset() {
            self.put(at, &case.length.to_ne_bytes());
        }
    }

    #[inline]
    fn put(&mut self, at: usize, bytes: &[u8]) {
        let len = bytes.len().min(layout::LEN - at);
        self.image[at..at + len].copy_from_slice(&bytes[..len]);
        self.street.bytes_mut()[at..at + len].copy_from_slice(&bytes[..len]);
        self.extents.add(at, len);
    }

    #[inline]
    fn predict<T: Trace>(
        &mut self,
        case: &Case,
        subject: &Target<'_>,
        model: Model,
        trace: &mut T,
    ) -> Result<(), Errno> {
        let registers = case.registers(self.base());
        let base = case.base(self.base());
        let Some(memory) =
            PagedMemory::new(&layout::PATTERN, base, &mut self.image, &mut self.mask)
        else {
            unreachable!("the image is as long as the street")
        };
        let mut memory = Recording { memory, base, extents: &mut self.extents };
        let call = (case.entry, &registers);
        model.answer(subject.revision, &subject.socket, call, &mut memory, trace)
    }

    #[inline]
    fn observe(&mut self, case: &Case, fd: RawFd) -> Result<(), Errno> {
        // The safety of the call depends on this. Callers that check it first get no panic.
        assert!(case.is_safe(), "the kernel cannot be given this case");
        let entry = case.entry;
        assert!(entry == Entry::Native || self.compat().is_ok(), "no 32-bit program's calls here");
        let call = case.registers(self.base());
        let Some(watch) = &mut self.watch else {
            return raw::getsockopt(&mut self.street, fd, entry, &call);
        };
        watch.before(case);
        let result = raw::getsockopt(&mut self.street, fd, entry, &call);
        self.complaint = watch.after();
        result
    }

    #[inline]
    fn judge(
        &self,
        predicted: Result<(), Errno>,
        observed: Result<(), Errno>,
        scope: Scope,
    ) -> Result<(), Mismatch> {
        let prediction = Prediction { result: predicted, bytes: &self.image, mask: &self.mask };
        let observation = Observation { result: observed, bytes: self.street.bytes() };
        match scope {
            Scope::Around => judge(&prediction, &observation, self.extents.with_margins()),
            Scope::Whole => judge(&prediction, &observation, std::iter::once(0..layout::LEN)),
        }
    }

    /// Restores the poison.
    #[inline]
    fn clear(&mut self, dirty: Scope) {
        let whole = std::iter::once(0..layout::LEN);
        let Runner { street, image, mask, poisons, poisoned, extents, .. } = self;
        let poison = &poisons[*poisoned];
        let mut restore = |range: std::ops::Range<usize>| {
            image[range.clone()].copy_from_slice(&poison[range.clone()]);
            street.bytes_mut()[range.clone()].copy_from_slice(&poison[range.clone()]);
            mask[range].fill(0);
        };
        match dirty {
            Scope::Around => extents.iter().for_each(&mut restore),
            Scope::Whole => whole.for_each(&mut restore),
        }
    }
}
