//! A session: the kernel, the scenes that came up on it, and a model to compare it with.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use mptcp_harness::engines::check::{Outcome, Progress, Setting, Sources, run};
use mptcp_harness::kernel::Kernel;
use mptcp_harness::model::Model;
use mptcp_harness::oracle::{Oracle, SharedFixtures};
use mptcp_harness::scenes::{self, Enclosure, Fixtures, Scene};
use mptcp_limits::{Need, Resource};

use crate::arguments::selection::Selection;
use crate::report::coverage::Coverage;
use crate::session::kernel_log::watching;
use crate::terminal::progress::{Goal, ProgressLine};

/// The kernel, the scenes, and the model that it is compared with.
pub(crate) struct Session {
    pub(crate) enclosure: Enclosure,
    pub(crate) kernel: Kernel,
    pub(crate) model: Model,
    /// The scenes that came up.
    pub(crate) scenes: Vec<&'static Scene>,
    /// Those that did not, and why.
    pub(crate) skipped: Vec<(&'static Scene, String)>,
    pub(crate) coverage: Coverage,
    fixtures: SharedFixtures,
}

impl Session {
    /// Enters a namespace and builds scenes. To be called before any thread is started; a
    /// `control` is listened to from then on.
    ///
    /// # Errors
    /// No interrupt can be handled, or no scene came up for want of something that this
    /// machine could have.
    pub(crate) fn open(
        model: Model,
        control: Option<&Arc<Control>>,
        line: &ProgressLine,
        wanted: impl Fn(&Scene) -> bool,
    ) -> Result<Session, String> {
        let enclosure = scenes::enter();
        if let Some(control) = control {
            control.listen()?;
        }
        let fixtures = Fixtures::build(&enclosure, wanted, &mut |what| line.step(what));
        line.end();
        fixtures.usable()?;
        Ok(Session::of(enclosure, fixtures, model))
    }

    /// As [`Session::open`] with one scene, which need not come up.
    pub(crate) fn of_scene(scene: &Scene, model: Model) -> Session {
        let enclosure = scenes::enter();
        let fixtures = Fixtures::build(&enclosure, |other| other.id == scene.id, &mut |_| ());
        Session::of(enclosure, fixtures, model)
    }

    fn of(enclosure: Enclosure, fixtures: Fixtures, model: Model) -> Session {
        Session {
            enclosure,
            kernel: Kernel::running(fixtures.sizes()),
            model,
            scenes: fixtures.scenes().collect(),
            skipped: fixtures.skipped().to_vec(),
            coverage: Coverage::of(&fixtures),
            fixtures: Arc::new(Mutex::new(fixtures)),
        }
    }

    /// What is read or kept of the fixtures.
    pub(crate) fn fixtures(&self) -> MutexGuard<'_, Fixtures> {
        self.fixtures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An oracle of this session, which reads the kernel's log where it may.
    pub(crate) fn oracle(&self) -> Result<Oracle, String> {
        let oracle = Oracle::new(&self.fixtures, self.kernel.revision, self.model);
        let mut oracle = oracle.map_err(|error| error.to_string())?;
        if let Some(watch) = watching() {
            oracle.watch(watch);
        }
        Ok(oracle)
    }

    /// Judges cases on as many threads as there are jobs, and reports how far it is.
    pub(crate) fn judge(
        &self,
        setting: &Setting,
        sources: &dyn Sources,
        goal: Goal,
        control: &Control,
        line: &ProgressLine,
    ) -> Result<Outcome, String> {
        let progress = &control.progress;
        let done = AtomicBool::new(false);
        let subjects = (self.kernel.revision, &self.fixtures, self.model);
        let outcome = thread::scope(|scope| {
            // Without a thread for it there is no progress, and nothing else is lost.
            let watch = || line.watch(progress, goal, &done);
            let _ = thread::Builder::new().spawn_scoped(scope, watch);
            let outcome = run(setting, sources, subjects, &watching, progress);
            done.store(true, Ordering::Release);
            outcome
        });
        line.end();
        outcome.map_err(|error| error.to_string())
    }
}

/// Whether a scene is among those that were chosen; all are where none was.
pub(crate) fn scenes_wanted(chosen: &[Selection]) -> impl Fn(&Scene) -> bool {
    move |scene| chosen.is_empty() || chosen.iter().any(|choice| choice.takes(scene))
}

/// What a signal has to reach.
#[derive(Default)]
pub(crate) struct Control {
    pub(crate) progress: Progress,
    pub(crate) interrupted: AtomicBool,
}

impl Control {
    /// The first interrupt ends the run with its report, the second at once.
    pub(crate) fn listen(self: &Arc<Control>) -> Result<(), String> {
        let control = Arc::clone(self);
        ctrlc::set_handler(move || {
            if control.interrupted.swap(true, Ordering::Relaxed) {
                std::process::exit(130);
            }
            control.progress.stop.store(true, Ordering::Relaxed);
        })
        .map_err(|error| no_handler(&error))
    }
}

/// Why interrupts cannot be handled, which takes a thread.
pub(crate) fn no_handler(error: &ctrlc::Error) -> String {
    let need = Need {
        operation: "starting the thread that handles interrupts",
        resource: Resource::Tasks,
        amount: 1,
        without: "Nothing can be run without it",
        instead: "",
    };
    match error {
        ctrlc::Error::System(error) => need.refused(error),
        other => format!("no handler for interrupts: {other}"),
    }
}
