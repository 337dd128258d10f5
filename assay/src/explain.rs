//! `assay explain`: one case as a person reads it.

use std::fmt::Write;
use std::sync::{Arc, Mutex};

use mptcp_emulator::{Revision, Rule};
use mptcp_harness::case::Case;
use mptcp_harness::finding::{diagnose, result_name};
use mptcp_harness::kernel::Kernel;
use mptcp_harness::picture::Picture;
use mptcp_harness::rig::{Examination, Model, Rig, Subject};
use mptcp_harness::scene::{self, Portrait, Scene, Stage, by_id};
use mptcp_harness::trial::Trial;

use crate::args::{ExplainArgs, Revisions};
use crate::input;
use crate::rules::standing;
use crate::scenes::kind;
use crate::stand_in::StandIn;
use crate::style::{bad, dim, good, head, odd, wrapped};
use crate::{Status, out};

/// Fields of memory that are listed.
const MOST_FIELDS: usize = 240;

/// Runs the command.
pub(crate) fn run(args: &ExplainArgs) -> Result<Status, String> {
    let stored = match (&args.file, &args.hex) {
        (Some(path), _) => input::file(path),
        (None, Some(digits)) => input::from_hex(digits),
        (None, None) => return Err("a file or --hex is wanted".into()),
    };
    let case = stored.case.map_err(|why| format!("{}: {why}", stored.name))?;
    let scene = by_id(case.scene).ok_or("no such scene")?;
    let enclosure = scene::enter();
    let stage = Stage::build(&enclosure, |other| other.id == case.scene, &mut |_| ());
    let kernel = Kernel::running(stage.sizes());
    let portrait = stage.portrait(case.scene).cloned();
    let skipped = stage.skipped().first().map(|(_, why)| why.clone());
    let explained = Explained { case, scene, portrait, skipped };
    out::put(explained.introduction())?;
    let (text, status) = match args.revision {
        Revisions::Running if explained.portrait.is_some() => {
            explained.running(&kernel, stage, !args.no_call)?
        }
        Revisions::Running => (explained.modelled(&kernel.revision, true)?, Status::Skipped),
        Revisions::Named(revision) => (explained.modelled(&revision, true)?, Status::Agree),
        Revisions::All => {
            let each = Revision::ALL.iter().map(|revision| explained.modelled(revision, false));
            (each.collect::<Result<String, String>>()?, Status::Agree)
        }
    };
    out::put(text)?;
    Ok(status)
}

/// What there is to tell about.
struct Explained {
    case: Case,
    scene: &'static Scene,
    portrait: Option<Portrait>,
    /// Why the scene does not stand here.
    skipped: Option<String>,
}

impl Explained {
    fn introduction(&self) -> String {
        let scene = self.scene;
        let mut text = format!(
            "{} {} (number {}, group {}): ",
            head("Scene"),
            scene.name,
            scene.id,
            scene.group.name()
        );
        match &self.portrait {
            Some(portrait) => {
                text.push_str(kind(portrait));
                if let scene::Kind::Mptcp { subflows, .. } = &portrait.kind {
                    let plural = if subflows.len() == 1 { "" } else { "s" };
                    let _ = write!(text, ", {} subflow{plural}", subflows.len());
                }
            }
            None => {
                let why = self.skipped.as_deref().unwrap_or("no reason was given");
                text.push_str(&odd(&format!("it does not stand here ({why})")));
            }
        }
        let _ = writeln!(text, "\n\n{}", head("Call"));
        for line in self.case.to_string().lines() {
            let _ = writeln!(text, "  {line}");
        }
        text
    }

    /// The running kernel, called if `call` says so.
    fn running(
        &self,
        kernel: &Kernel,
        stage: Stage,
        call: bool,
    ) -> Result<(String, Status), String> {
        let stage = Arc::new(Mutex::new(stage));
        let trial = Trial::new(&stage, kernel.revision, Model::documented());
        let mut trial = trial.map_err(|error| error.to_string())?;
        trial.freshen();
        let nothing = || format!("{} does not stand any more", self.scene.name);
        let examination = trial.examine(&self.case, call).ok_or_else(nothing)?;
        let subflows = trial.actor(self.case.scene).map_or(0, |actor| actor.subflows());
        let revision = &kernel.revision;
        let mut text = self.model(revision, subflows, &examination, true);
        let heading = head(&format!("Linux {}", kernel.release));
        let Some(observed) = examination.observed else {
            let _ = writeln!(text, "\n{heading} was not called");
            return Ok((text, Status::Agree));
        };
        let result = result_name(observed);
        let Some(diagnosis) = diagnose(&self.case, revision, subflows, &examination) else {
            let word = good("agrees");
            let _ = writeln!(
                text,
                "\n{heading} {word}: {result}, and every byte of the street as predicted"
            );
            return Ok((text, Status::Agree));
        };
        let _ = writeln!(text, "\n{heading} {}: {result}", bad("disagrees"));
        let _ = writeln!(text, "  {}", diagnosis.summary);
        let picture = Picture::new(&self.case, revision, subflows, &examination, true);
        for line in picture.differences().lines() {
            let _ = writeln!(text, "  {line}");
        }
        Ok((text, Status::Divergence))
    }

    /// The model's word alone, on another revision or without a scene.
    fn modelled(&self, revision: &Revision, whole: bool) -> Result<String, String> {
        let socket = match &self.portrait {
            Some(portrait) => StandIn::of(portrait, revision),
            None => StandIn::named(self.scene, revision),
        };
        let mut rig = Rig::new().map_err(|error| error.to_string())?;
        Ok(socket.with(|socket, subflows| {
            let subject = Subject { revision, socket, fd: -1 };
            let examination = rig.examine(&self.case, &subject, Model::documented(), false);
            self.model(revision, subflows, &examination, whole)
        }))
    }

    /// What the model says; in short, where `whole` does not say otherwise.
    fn model(
        &self,
        revision: &Revision,
        subflows: usize,
        examination: &Examination,
        whole: bool,
    ) -> String {
        let mut text = format!(
            "\n{}{} (tcp_info {}, mptcp_info {} bytes): {}\n",
            head(&format!("Model of {}", revision.name)),
            if revision.info_opt { " with mptcp_info_opt" } else { "" },
            revision.tcp_info,
            revision.mptcp_info,
            result_name(examination.predicted)
        );
        if !whole {
            let names: Vec<&str> = examination.rules.iter().map(|rule| rule.name()).collect();
            text.push_str(&wrapped(&names.join(", "), "  ", 96));
            text.push_str(&self.length(examination));
            return text;
        }
        text.push_str("  rules, in the order in which they fired:\n");
        for (number, rule) in (1..).zip(&examination.rules) {
            text.push_str(&self::rule(number, *rule));
        }
        let _ = writeln!(text, "\n{}, as the model predicts it", head("Memory"));
        text.push_str(&dim("  (.. untouched, ?? left open; offsets on the street)\n"));
        let picture = Picture::new(&self.case, revision, subflows, examination, true);
        text.push_str(&picture.written(MOST_FIELDS));
        text
    }

    /// The length after the call, where it can be read.
    fn length(&self, examination: &Examination) -> String {
        let at = self.case.optlen.offset();
        let bytes = at.and_then(|at| examination.prediction.get(at..at + 4));
        match bytes.and_then(|bytes| bytes.try_into().ok()).map(i32::from_ne_bytes) {
            Some(length) if length == self.case.length => format!("  *optlen stays {length}\n"),
            Some(length) => format!("  *optlen becomes {length}, was {}\n", self.case.length),
            None => String::new(),
        }
    }
}

fn rule(number: usize, rule: Rule) -> String {
    let title = format!("  {number:>3}. {}  ({})\n", head(rule.name()), standing(rule));
    let sentence = wrapped(rule.sentence(), "       ", 96);
    let source = dim(&wrapped(&format!("Source: {}", rule.source()), "       ", 96));
    title + &sentence + &source
}
