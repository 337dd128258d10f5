//! One case at a time: laid out, predicted, made, judged, cleared away.

use std::io;
use std::os::fd::RawFd;

use mptcp_emulator::decisions::{Decisions, DocumentDecisions, KernelDecisions};
use mptcp_emulator::{Call, Errno, PagedMemory, Revision, Rule, RuleLog, RuleSet, Socket, Trace};

use crate::case::{Case, Entry, POISONS, Place};
use crate::compat::{self, NoCompat};
use crate::contract;
use crate::extents::{Extents, Noting};
use crate::finding::{Diagnosis, Evidence, diagnose_evidence};
use crate::judge::{Mismatch, Observation, Prediction, judge};
use crate::raw;
use crate::region::Map;
use crate::street::{self, Street};
use crate::watch::{Complaint, Watch};

/// The model's view of the street.
pub type ModelMemory<'a> = Noting<'a, PagedMemory<'a, { street::PAGES }>>;

/// How a model of the call is called.
type Answering<T> = for<'a, 'b> fn(
    &Revision,
    &Socket<'_>,
    (Entry, &Call),
    &'b mut ModelMemory<'a>,
    &mut T,
) -> Result<(), Errno>;

/// A model of the call: the contract, or a wrong one.
#[derive(Clone, Copy, Debug)]
pub struct Model {
    quick: Answering<RuleSet>,
    ordered: Answering<RuleLog>,
    /// Whether what no document speaks of is free: see [`contract`].
    promises: bool,
    /// Whether it is [`Model::documented`].
    documented: bool,
}

impl Model {
    /// The contract.
    pub fn documented() -> Model {
        Model { documented: true, ..Model::deciding::<KernelDecisions>() }
    }

    /// The contract as promises alone: see [`contract`].
    pub fn promised() -> Model {
        Model::promising::<DocumentDecisions>()
    }

    /// As [`Model::promised`], with decisions of one's own.
    pub fn promising<D: Decisions>() -> Model {
        Model { promises: true, ..Model::deciding::<D>() }
    }

    /// Whether it is the contract as it is documented, and not a wrong one.
    pub(crate) fn is_documented(&self) -> bool {
        self.documented
    }

    /// Whether promises alone are judged.
    pub fn is_promised(&self) -> bool {
        self.promises
    }

    /// A kernel that decides otherwise.
    pub fn deciding<D: Decisions>() -> Model {
        fn answer<D: Decisions, T: Trace>(
            revision: &Revision,
            socket: &Socket<'_>,
            (entry, registers): (Entry, &Call),
            memory: &mut ModelMemory<'_>,
            trace: &mut T,
        ) -> Result<(), Errno> {
            let (call, revision) = match entry {
                Entry::Native => (*registers, *revision),
                Entry::Compat => (
                    registers.compat_with::<D>(),
                    revision.with_subflow_info_hole(D::COMPAT_SUBFLOW_INFO_HOLE),
                ),
            };
            mptcp_emulator::getsockopt_with::<D, _, T>(&revision, socket, &call, memory, trace)
        }
        Model {
            quick: answer::<D, RuleSet>,
            ordered: answer::<D, RuleLog>,
            promises: false,
            documented: false,
        }
    }
}

impl Model {
    /// What evidence amounts to for this model: see [`diagnose_evidence`].
    pub(crate) fn diagnose(
        &self,
        case: &Case,
        revision: &Revision,
        subflows: usize,
        evidence: &Evidence<'_>,
    ) -> Option<Diagnosis> {
        if !self.promises {
            return diagnose_evidence(case, revision, subflows, evidence);
        }
        let map = Map::new(case, revision, subflows);
        let mismatch = &contract::broken(case, &map, evidence)?;
        diagnose_evidence(case, revision, subflows, &Evidence { mismatch, ..*evidence })
    }
}

/// What a case is run on.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The kernel.
    pub revision: &'a Revision,
    /// The socket as the model is told of it.
    pub socket: Socket<'a>,
    /// The real socket.
    pub fd: RawFd,
}

/// How much of the street is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// What the call has to do with, and a margin around it; the rest is left
    /// to [`Rig::sweep`].
    Around,
    /// All of it.
    Whole,
}

/// A street and the model's image of it.
///
/// Between two cases both are full of the same poison.
#[derive(Debug)]
pub struct Rig {
    street: Street,
    image: Box<[u8]>,
    mask: Box<[u8]>,
    /// INVARIANT: less than [`POISONS`]. Which poison both are full of.
    poisoned: usize,
    /// All of them, to change from one to another quickly.
    poisons: [Box<[u8]>; POISONS as usize],
    extents: Extents,
    watch: Option<Box<dyn Watch>>,
    complaint: Option<Complaint>,
}

/// Everything about one run of a case.
#[derive(Clone, Debug)]
pub struct Examination {
    /// The predicted result.
    pub predicted: Result<(), Errno>,
    /// The observed result; `None` where the call was not made.
    pub observed: Option<Result<(), Errno>>,
    /// How they differ, if they do.
    pub verdict: Result<(), Mismatch>,
    /// The rules in the order in which they fired.
    pub rules: Vec<Rule>,
    /// The street before the call.
    pub before: Vec<u8>,
    /// The street after it, as the model says.
    pub prediction: Vec<u8>,
    /// Beside each byte of the prediction 0, or why it is open.
    pub mask: Vec<u8>,
    /// The street after the call; `None` where it was not made.
    pub observation: Option<Vec<u8>>,
}

impl Rig {
    /// A rig on a street of its own.
    ///
    /// # Errors
    /// As [`Street::new`].
    pub fn new() -> io::Result<Rig> {
        let mut rig = Rig {
            street: Street::new()?,
            image: vec![0; street::LEN].into(),
            mask: vec![0; street::LEN].into(),
            poisoned: 0,
            poisons: std::array::from_fn(|poison| {
                (0..street::LEN).map(|at| poison_byte(poison as u8, at)).collect()
            }),
            extents: Extents::default(),
            watch: None,
            complaint: None,
        };
        rig.clear(Scope::Whole);
        Ok(rig)
    }

    /// Has the kernel watched during calls.
    pub fn watch(&mut self, mut watch: Box<dyn Watch>) {
        watch.forget();
        self.watch = Some(watch);
    }

    /// What the kernel said until now has nothing to do with any case.
    #[inline]
    pub fn forget(&mut self) {
        if let Some(watch) = &mut self.watch {
            watch.forget();
        }
    }

    /// What the kernel complained of during the last call.
    #[inline]
    pub fn complaint(&mut self) -> Option<Complaint> {
        self.complaint.take()
    }

    /// Whether cases can be run as a 32-bit program calls.
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

    /// Runs one case; the rules that fire are added to `rules`.
    #[inline]
    pub fn run(
        &mut self,
        case: &Case,
        subject: &Subject<'_>,
        model: Model,
        rules: &mut RuleSet,
        scope: Scope,
    ) -> Result<(), Mismatch> {
        self.lay_out(case);
        let predicted = self.predict(case, subject, model.quick, rules);
        let observed = self.observe(case, subject.fd);
        let verdict = self.judge(predicted, observed, scope);
        // A call that is refused touches nothing, whichever the error.
        let refused = observed.is_err_and(|errno| errno != Errno::EFAULT);
        let as_noted = match &verdict {
            Ok(()) => true,
            Err(mismatch) => mismatch.bytes.is_empty() && refused,
        };
        let dirty = if as_noted { Scope::Around } else { Scope::Whole };
        self.clear(dirty);
        verdict
    }

    /// Runs one case as [`Rig::run`] does, and puts a difference into words, without
    /// keeping anything of the street: for those who have to tell many disagreements from
    /// each other. `subflows` is how many the socket has. Where promises alone are judged
    /// the whole street is compared: that nothing of a difference matters cannot be said
    /// of what was not looked at.
    pub fn diagnose(
        &mut self,
        case: &Case,
        subject: &Subject<'_>,
        subflows: usize,
        model: Model,
    ) -> Option<Diagnosis> {
        self.lay_out(case);
        let mut order = RuleLog::default();
        let predicted = self.predict(case, subject, model.ordered, &mut order);
        let observed = self.observe(case, subject.fd);
        let scope = if model.promises { Scope::Whole } else { Scope::Around };
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
            model.diagnose(case, subject.revision, subflows, &evidence)
        });
        self.clear(Scope::Whole);
        diagnosis
    }

    /// The bare call, as a program makes it: input written, kernel called.
    /// What a measurement compares [`Rig::run`] with.
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

    /// Runs one case, compares the whole street, and keeps everything. The
    /// call itself is left out where `call` says so.
    pub fn examine(
        &mut self,
        case: &Case,
        subject: &Subject<'_>,
        model: Model,
        call: bool,
    ) -> Examination {
        self.lay_out(case);
        let before = self.image.to_vec();
        let mut order = RuleLog::default();
        let predicted = self.predict(case, subject, model.ordered, &mut order);
        let observed = call.then(|| self.observe(case, subject.fd));
        let verdict = match observed {
            Some(observed) => self.judge(predicted, observed, Scope::Whole),
            None => Ok(()),
        };
        let examination = Examination {
            predicted,
            observed,
            verdict,
            rules: order.iter().collect(),
            before,
            prediction: self.image.to_vec(),
            mask: self.mask.to_vec(),
            observation: observed.map(|_| self.street.bytes().to_vec()),
        };
        self.clear(Scope::Whole);
        examination
    }

    /// Whether the whole street is full of poison, as it has to be between
    /// two cases. If not, an earlier case wrote where nobody looked; the
    /// street is cleared, and those cases have to be run again, whole.
    pub fn sweep(&mut self) -> bool {
        let clean = self.street.bytes() == &*self.poisons[self.poisoned];
        if !clean {
            self.clear(Scope::Whole);
        }
        clean
    }

    /// Fills the buffers on both sides, from the case alone.
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
        let len = bytes.len().min(street::LEN - at);
        self.image[at..at + len].copy_from_slice(&bytes[..len]);
        self.street.bytes_mut()[at..at + len].copy_from_slice(&bytes[..len]);
        self.extents.add(at, len);
    }

    #[inline]
    fn predict<T: Trace>(
        &mut self,
        case: &Case,
        subject: &Subject<'_>,
        model: Answering<T>,
        trace: &mut T,
    ) -> Result<(), Errno> {
        let registers = case.registers(self.base());
        let base = case.base(self.base());
        let Some(memory) =
            PagedMemory::new(&street::PATTERN, base, &mut self.image, &mut self.mask)
        else {
            unreachable!("the image is as long as the street")
        };
        let mut memory = Noting { memory, base, extents: &mut self.extents };
        let call = (case.entry, &registers);
        model(subject.revision, &subject.socket, call, &mut memory, trace)
    }

    #[inline]
    fn observe(&mut self, case: &Case, fd: RawFd) -> Result<(), Errno> {
        // What the safety of the call rests on; whoever asks first gets no panic.
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
            Scope::Whole => judge(&prediction, &observation, std::iter::once(0..street::LEN)),
        }
    }

    /// Puts the poison back.
    #[inline]
    fn clear(&mut self, dirty: Scope) {
        let whole = std::iter::once(0..street::LEN);
        let Rig { street, image, mask, poisons, poisoned, extents, .. } = self;
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

/// The byte of a poison at an offset of the street. Neighbours differ, and so
/// do bytes a structure's size apart, so that shifted bytes show; a byte is
/// never zero, as what kernels clear is; and any two poisons differ in every
/// byte.
pub fn poison_byte(poison: u8, at: usize) -> u8 {
    let mixed = (at as u32).wrapping_mul(0x9E37_79B1) >> 24;
    let six = (mixed % 63) as u8 + 1;
    (six | (poison << 6)).rotate_left(3)
}
