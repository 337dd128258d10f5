//! `assay explain`: one case as a person reads it.

mod json;
mod numbers;
mod page;
mod revisions;
mod text;

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use mptcp_emulator::{Revision, abi};
use mptcp_harness::cases::{Case, Entry};
use mptcp_harness::judge::evidence::Examination;
use mptcp_harness::judge::finding::{Diagnosis, diagnose};
use mptcp_harness::kernel::Kernel;
use mptcp_harness::model::Model;
use mptcp_harness::oracle::Oracle;
use mptcp_harness::run::compat::NoCompat;
use mptcp_harness::run::runner::{Runner, Target};
use mptcp_harness::scenes::{self, ExpectedState, Fixtures, Scene, by_id};
use mptcp_limits::files;

use crate::args::{ExplainArgs, Format, Revisions};
use crate::drawing::Drawing;
use crate::stand_in::StandIn;
use crate::{Status, check, input, out};

/// Runs the command.
pub(crate) fn run(args: &ExplainArgs) -> Result<Status, String> {
    let stored = match (&args.file, &args.hex) {
        (Some(path), _) => input::file(path),
        (None, Some(digits)) => input::from_hex(digits),
        (None, None) => return Err("a file or --hex is wanted".into()),
    };
    let case = stored.case.map_err(|why| format!("{}: {why}", stored.name))?;
    let scene = by_id(case.scene).ok_or("no such scene")?;
    // In the namespace the right to write there may be gone.
    let picture = args.svg.as_deref().map(Destination::open).transpose()?;
    let enclosure = scenes::enter();
    let stage = Fixtures::build(&enclosure, |other| other.id == case.scene, &mut |_| ());
    let kernel = Kernel::running(stage.sizes());
    let portrait = stage.portrait(case.scene).cloned();
    let skipped = stage.skipped().first().map(|(_, why)| why.clone());
    let explained = Explained { case, scene, portrait, skipped };
    let explanation = explained.explanation(&kernel, stage, args)?;
    match (picture, args.format) {
        (Some(to), _) => to.put(&page::page(&explanation))?,
        (None, Format::Json) => out::line(check::json(&json::data(&explanation))?)?,
        (None, Format::Human | Format::Ktap) => out::put(text::text(&explanation))?,
    }
    Ok(explanation.status(args.revision))
}

/// Where a picture goes.
enum Destination {
    Out,
    File(PathBuf, File),
}

impl Destination {
    fn open(path: &Path) -> Result<Destination, String> {
        if path == Path::new("-") {
            return Ok(Destination::Out);
        }
        // What is there stays until there is something to put in its place.
        let opened = File::options().write(true).create(true).truncate(false).open(path);
        let file = opened.map_err(|error| format!("--svg {}: {error}", path.display()))?;
        Ok(Destination::File(path.to_owned(), file))
    }

    fn put(self, text: &str) -> Result<(), String> {
        match self {
            Destination::Out => out::put(text),
            Destination::File(path, mut file) => {
                // A device or a pipe has no length to set.
                let regular = file.metadata().is_ok_and(|about| about.is_file());
                let emptied = if regular { file.set_len(0) } else { Ok(()) };
                emptied.and_then(|()| file.write_all(text.as_bytes())).map_err(|error| {
                    let instead = "name another file with --svg";
                    files::refused(&path, text.len() as u64, &error, instead)
                })
            }
        }
    }
}

/// What there is to tell about.
struct Explained {
    case: Case,
    scene: &'static Scene,
    portrait: Option<ExpectedState>,
    /// Why the scene does not stand here.
    skipped: Option<String>,
}

/// All that is told of a case, for a terminal, a picture or a program.
struct Explanation {
    explained: Explained,
    /// The model on the revision that was asked for, and on the running kernel
    /// otherwise; with what that did.
    told: Told,
    /// The running kernel's release, where the scene stands on it and the question
    /// is about it.
    kernel: Option<String>,
    /// Why the running kernel cannot be called as the case has it.
    hindrance: Option<NoCompat>,
    /// The model on all revisions; empty where that was not asked for.
    each: Vec<Told>,
}

/// The model's word on one revision.
struct Told {
    revision: Revision,
    subflows: usize,
    examination: Examination,
}

impl Explanation {
    fn case(&self) -> &Case {
        &self.explained.case
    }

    fn drawing(&self) -> Drawing {
        let Told { revision, subflows, examination } = &self.told;
        Drawing::new(self.case(), revision, *subflows, examination)
    }

    fn diagnosis(&self) -> Option<Diagnosis> {
        let Told { revision, subflows, examination } = &self.told;
        diagnose(self.case(), revision, *subflows, examination)
    }

    fn status(&self, asked: Revisions) -> Status {
        match (asked, &self.kernel) {
            (Revisions::Running | Revisions::All, None) => Status::Skipped,
            (Revisions::Running | Revisions::All, _) if self.hindrance.is_some() => Status::Skipped,
            _ if self.told.examination.verdict.is_err() => Status::Divergence,
            _ => Status::Agree,
        }
    }
}

impl Explained {
    fn explanation(
        self,
        kernel: &Kernel,
        stage: Fixtures,
        args: &ExplainArgs,
    ) -> Result<Explanation, String> {
        let running = self.portrait.is_some() && !matches!(args.revision, Revisions::Named(_));
        let mut hindrance = None;
        let told = match args.revision {
            Revisions::Named(revision) => self.modelled(&revision)?,
            _ if running => {
                let (told, why) = self.running(kernel, stage, !args.no_call)?;
                hindrance = why.filter(|_| !args.no_call);
                told
            }
            _ => self.modelled(&kernel.revision)?,
        };
        let each = match args.revision {
            Revisions::All => {
                let each =
                    Revision::ALL.iter().map(|revision| self.modelled(&self.asked(*revision)));
                each.collect::<Result<Vec<Told>, String>>()?
            }
            _ => Vec::new(),
        };
        let kernel = running.then(|| kernel.release.clone());
        Ok(Explanation { explained: self, told, kernel, hindrance, each })
    }

    /// A revision on which the option that the case asks for exists, if it is the
    /// one that no kernel shipped.
    fn asked(&self, revision: Revision) -> Revision {
        if self.case.option == abi::MPTCP_INFO_OPT { revision.with_info_opt() } else { revision }
    }

    /// The running kernel, called if `call` says so and it takes such calls.
    fn running(
        &self,
        kernel: &Kernel,
        stage: Fixtures,
        call: bool,
    ) -> Result<(Told, Option<NoCompat>), String> {
        let stage = Arc::new(Mutex::new(stage));
        let trial = Oracle::new(&stage, kernel.revision, Model::documented());
        let mut trial = trial.map_err(|error| error.to_string())?;
        trial.freshen();
        let nothing = || format!("{} does not stand any more", self.scene.name);
        let examination = trial.examine(&self.case, call).ok_or_else(nothing)?;
        let subflows = trial.actor(self.case.scene).map_or(0, |actor| actor.subflows());
        let hindrance = trial.compat().err().filter(|_| self.case.entry == Entry::Compat);
        Ok((Told { revision: kernel.revision, subflows, examination }, hindrance))
    }

    /// The model's word alone, on another revision or without a scene.
    fn modelled(&self, revision: &Revision) -> Result<Told, String> {
        // A portrait shows as many subflows as the running kernel has.
        let subflows = |revision: &Revision| self.scene.subflows_holding(&revision.sockets);
        let depends = subflows(&Revision::V5_16) != subflows(&Revision::NEWEST);
        let shown = |portrait: &&ExpectedState| {
            !depends || u32::try_from(portrait.subflows()).ok() == subflows(revision)
        };
        let socket = match self.portrait.as_ref().filter(shown) {
            Some(portrait) => StandIn::of(portrait, revision),
            None => StandIn::named(self.scene, revision),
        };
        let mut rig = Runner::new().map_err(|error| error.to_string())?;
        Ok(socket.with(|socket, subflows| {
            let subject = Target { revision, socket, fd: -1 };
            let examination = rig.examine(&self.case, &subject, Model::documented(), false);
            Told { revision: *revision, subflows, examination }
        }))
    }

    /// What the scene is here, and whether it stands.
    fn scene_in_words(&self) -> (String, bool) {
        let Some(portrait) = &self.portrait else {
            let why = self.skipped.as_deref().unwrap_or("no reason was given");
            return (format!("it does not stand here ({why})"), false);
        };
        let mut words = crate::scenes::kind(portrait).to_owned();
        if let scenes::Kind::Mptcp { subflows, .. } = &portrait.kind {
            let plural = if subflows.len() == 1 { "" } else { "s" };
            words += &format!(", {} subflow{plural}", subflows.len());
        }
        (words, true)
    }
}

impl Told {
    /// The length before and after the call, where it stands on the street.
    fn length_after(&self, case: &Case) -> Option<i32> {
        let at = case.optlen.offset()?;
        let bytes = self.examination.prediction.get(at..at + 4)?;
        bytes.try_into().ok().map(i32::from_ne_bytes)
    }

    /// The same in words; nothing where the length cannot be read.
    fn length(&self, case: &Case) -> Option<String> {
        self.length_after(case).map(|length| match length {
            length if length == case.length => format!("*optlen stays {length}"),
            length => format!("*optlen becomes {length}, was {}", case.length),
        })
    }

    /// What the kernel left in the length, where it was called.
    fn length_observed(&self, case: &Case) -> Option<i32> {
        let at = case.optlen.offset()?;
        let bytes = self.examination.observation.as_ref()?.get(at..at + 4)?;
        bytes.try_into().ok().map(i32::from_ne_bytes)
    }

    /// The revision as a heading names it.
    fn name(&self) -> String {
        let with = if self.revision.info_opt { " with mptcp_info_opt" } else { "" };
        let Revision { name, tcp_info, mptcp_info, .. } = self.revision;
        format!("{name}{with} (tcp_info {tcp_info}, mptcp_info {mptcp_info} bytes)")
    }
}
