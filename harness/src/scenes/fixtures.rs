//! The fixtures: scenes that were built, came to rest, and were read.

use std::os::fd::OwnedFd;
use std::thread;
use std::time::{Duration, Instant};

use mptcp_emulator::SocketBehavior;

use super::builder::Builder;
use super::catalogue::{Scene, catalogue};
use super::descriptor_budget::DescriptorBudget;
use super::expected_state::ExpectedState;
use super::fixture::Arrangement;
use super::namespace::{Enclosure, mptcp_available};
use super::observe::draw;
use super::recipe::{Recipe, Unconnected};
use super::sock_diag::{SockDiag, sizes};
use crate::kernel::Sizes;
use crate::kernel::{Kernel, Version};

/// The time between two reads that must show the same expected state before a scene is at rest. It
/// is three times the shortest delayed acknowledgement.
pub(super) const REST: Duration = Duration::from_millis(120);
/// The time limit for all scenes to come to rest.
pub(super) const UNREST: Duration = Duration::from_millis(1500);
/// The age at which a scene that ages is built again. A SYN is retransmitted after a second, which
/// changes several fields.
const AGE: Duration = Duration::from_millis(700);

/// Sockets in the states of the catalogue, and their expected states.
pub struct Fixtures {
    maker: Option<Builder>,
    sock_diag: SockDiag,
    sizes: Sizes,
    holding: SocketBehavior,
    sets: Vec<Set>,
    /// INVARIANT: in the order of the scenes' numbers, like the catalogue.
    players: Vec<Player>,
    skipped: Vec<(&'static Scene, String)>,
    /// Scenes that this kernel's release cannot have.
    impossible: Vec<(&'static Scene, &'static str)>,
    /// The limits of resources that made scenes missing.
    shortage: Option<String>,
}

/// What was built from one plan.
struct Set {
    plan: Recipe,
    made: Arrangement,
    since: Instant,
}

/// One scene that came up.
struct Player {
    scene: &'static Scene,
    /// Index in [`Fixtures::sets`].
    set: usize,
    expected: ExpectedState,
}

impl Fixtures {
    /// Builds the chosen scenes and waits, for a limited time, until they are at rest.
    ///
    /// [`Fixtures::skipped`] has the scenes that cannot be built. `progress` is called about ten
    /// times with a few words about the current step.
    pub fn build(
        enclosure: &Enclosure,
        which: impl Fn(&Scene) -> bool,
        progress: &mut dyn FnMut(&str),
    ) -> Fixtures {
        let chosen: Vec<&'static Scene> = catalogue().iter().filter(|scene| which(scene)).collect();
        // Before the first descriptor is opened.
        let mut room = DescriptorBudget::for_scenes(&chosen);
        if let Some(why) = room.is_too_small() {
            let skipped = chosen.iter().map(|scene| (*scene, why.clone())).collect();
            let shortage = Some(why.clone());
            return Fixtures { skipped, shortage, ..Fixtures::empty(SockDiag::new(), None) };
        }
        let mut sock_diag = SockDiag::new();
        let evidence = mptcp_available()
            .map_err(|none| format!("{}: {}", none.what, none.advice))
            .and_then(|()| sizes(&mut sock_diag));
        let mut fixtures = Fixtures::empty(sock_diag, evidence.clone().ok());
        // Only if there is MPTCP at all. Otherwise its absence is the reason for missing scenes.
        let has_mptcp = evidence.is_ok();
        let release = Version::running().release();
        let impossible = |scene: &Scene| {
            let (first, why) = scene.since().filter(|_| has_mptcp)?;
            release.is_some_and(|running| running.series() < first).then_some(why)
        };
        fixtures
            .impossible
            .extend(chosen.iter().filter_map(|scene| Some((*scene, impossible(scene)?))));
        let chosen: Vec<&'static Scene> =
            chosen.into_iter().filter(|scene| impossible(scene).is_none()).collect();
        let maker = Builder::new(*enclosure == Enclosure::Private, fixtures.holding);
        let mut group = None;
        let mut failed: Vec<(Recipe, String)> = Vec::new();
        let mut members: Vec<(&'static Scene, usize)> = Vec::new();
        fixtures.maker = match maker {
            Ok(mut maker) => {
                for scene in chosen {
                    if group.replace(scene.group) != Some(scene.group) {
                        progress(scene.group.name());
                    }
                    let hindrance = match (enclosure, &evidence) {
                        (_, Err(why)) if scene.plan.speaks_mptcp() => Some(why.clone()),
                        (Enclosure::Host { why }, _) if scene.needs_namespace() => {
                            Some(why.clone())
                        }
                        _ => failed
                            .iter()
                            .find(|(plan, _)| *plan == scene.plan)
                            .map(|(_, why)| why.clone()),
                    };
                    if let Some(why) = hindrance {
                        fixtures.skipped.push((scene, why));
                        continue;
                    }
                    if let Some(set) = fixtures.sets.iter().position(|set| set.plan == scene.plan) {
                        members.push((scene, set));
                        continue;
                    }
                    match room.take(&scene.plan).and_then(|()| maker.make(&scene.plan)) {
                        Ok(made) => {
                            members.push((scene, fixtures.sets.len()));
                            fixtures.sets.push(Set {
                                plan: scene.plan,
                                made,
                                since: Instant::now(),
                            });
                        }
                        Err(why) => {
                            failed.push((scene.plan, why.clone()));
                            fixtures.skipped.push((scene, why));
                        }
                    }
                }
                Some(maker)
            }
            Err(why) => {
                // Without MPTCP, its absence is the reason for all other missing scenes.
                let why = evidence.err().unwrap_or(why);
                fixtures.skipped.extend(chosen.into_iter().map(|scene| (scene, why.clone())));
                None
            }
        };
        fixtures.shortage = room.into_shortage();
        progress("coming to rest");
        fixtures.rest(members);
        fixtures
    }

    /// Fixtures without any scene.
    fn empty(sock_diag: SockDiag, sizes: Option<Sizes>) -> Fixtures {
        Fixtures {
            maker: None,
            sock_diag,
            sizes: sizes.unwrap_or_default(),
            holding: Kernel::running(sizes).revision.sockets,
            sets: Vec::new(),
            players: Vec::new(),
            skipped: Vec::new(),
            impossible: Vec::new(),
            shortage: None,
        }
    }

    /// Confirms that scenes exist, unless the reason is not a limit of the environment:
    /// [`Fixtures::skipped`] has such reasons.
    ///
    /// # Errors
    /// If no scene exists because a resource was too short: which one, and what to do.
    pub fn usable(&self) -> Result<(), String> {
        match &self.shortage {
            Some(why) if self.players.is_empty() => Err(why.clone()),
            _ => Ok(()),
        }
    }

    /// Reads all scenes repeatedly until each shows the same expected state twice. Scenes that do
    /// not in time are skipped.
    fn rest(&mut self, mut members: Vec<(&'static Scene, usize)>) {
        for set in 0..self.sets.len() {
            // Scenes that became too old while others were built. If this fails, the scene does not
            // come to rest.
            let _ = self.remake(set);
        }
        let start = Instant::now();
        let mut last: Vec<Result<ExpectedState, String>> = Vec::new();
        loop {
            let now = self.expected_states(&members);
            let late = start.elapsed() > UNREST;
            let rests = |at: usize| now[at].is_ok() && last.get(at) == Some(&now[at]);
            if late || (0..members.len()).all(rests) {
                for (at, (scene, set)) in members.drain(..).enumerate() {
                    match (&now[at], rests(at)) {
                        (Ok(expected), true) => {
                            self.players.push(Player { scene, set, expected: expected.clone() })
                        }
                        (Ok(_), false) => {
                            self.skipped.push((scene, "it does not come to rest".to_owned()))
                        }
                        (Err(why), _) => self.skipped.push((scene, why.clone())),
                    }
                }
                return;
            }
            last = now;
            thread::sleep(REST);
        }
    }

    /// Builds a set again if it ages and is too old. Returns whether it was.
    fn remake(&mut self, set: usize) -> Result<bool, String> {
        let set = &mut self.sets[set];
        if !matches!(set.plan, Recipe::Unconnected(_, Unconnected::Connecting))
            || set.since.elapsed() < AGE
        {
            return Ok(false);
        }
        let maker = self.maker.as_mut().ok_or("no maker")?;
        set.made.replace(maker.make(&set.plan)?)?;
        set.since = Instant::now();
        Ok(true)
    }

    /// The index of the scene with a number.
    fn player(&self, id: u8) -> Result<usize, String> {
        self.players
            .binary_search_by_key(&id, |player| player.scene.id)
            .map_err(|_| format!("scene {id} does not stand"))
    }

    /// Reads `sock_diag` once, and takes the expected states of these scenes from it.
    fn expected_states(
        &mut self,
        members: &[(&'static Scene, usize)],
    ) -> Vec<Result<ExpectedState, String>> {
        let testimony = match self.sock_diag.look() {
            Ok(testimony) => testimony,
            // Only MPTCP sockets need `sock_diag`, and none was built without it.
            Err(_) if self.sizes == Sizes::default() => Default::default(),
            Err(error) => return vec![Err(format!("sock_diag: {error}")); members.len()],
        };
        let drawn = |&(scene, set): &(&'static Scene, usize)| {
            let subjects = &self.sets[set].made.subjects;
            let subject =
                subjects.iter().find(|subject| subject.side == scene.side).ok_or("no such end")?;
            draw(subject, &testimony, self.sizes, &self.holding)
        };
        members.iter().map(drawn).collect()
    }

    /// The scenes that came up, in the order of their numbers.
    pub fn scenes(&self) -> impl Iterator<Item = &'static Scene> {
        self.players.iter().map(|player| player.scene)
    }

    /// The chosen scenes that did not come up, each with the reason.
    pub fn skipped(&self) -> &[(&'static Scene, String)] {
        &self.skipped
    }

    /// The chosen scenes that this kernel's release cannot have, each with the reason. They count
    /// neither as up nor as missing.
    pub fn impossible(&self) -> &[(&'static Scene, &'static str)] {
        &self.impossible
    }

    /// The sizes of the kernel's structures, from `sock_diag`; `None` if there is no MPTCP, or if
    /// `sock_diag` does not show it.
    pub fn sizes(&self) -> Option<Sizes> {
        (self.sizes != Sizes::default()).then_some(self.sizes)
    }

    /// The latest expected state of a scene that came up.
    pub fn expected(&self, id: u8) -> Option<&ExpectedState> {
        let player = self.player(id).ok()?;
        Some(&self.players[player].expected)
    }

    /// A descriptor of a scene's socket, to pass to another program.
    ///
    /// # Errors
    /// If the scene did not come up, or has no open descriptor.
    pub fn descriptor(&self, id: u8) -> Result<OwnedFd, String> {
        let player = &self.players[self.player(id)?];
        let subjects = &self.sets[player.set].made.subjects;
        let subject = subjects.iter().find(|subject| subject.side == player.scene.side);
        let descriptor = subject.and_then(|subject| subject.descriptor.as_ref());
        let descriptor = descriptor.ok_or("its descriptor is not open")?;
        descriptor.try_clone().map_err(|error| format!("dup: {error}"))
    }

    /// Reads a scene again. Returns whether it changed. Call it if a call disagrees with the model,
    /// before the kernel is blamed.
    pub fn retake(&mut self, id: u8) -> Result<bool, String> {
        let player = self.player(id)?;
        let members = [(self.players[player].scene, self.players[player].set)];
        let [expected] = &mut self.expected_states(&members)[..] else {
            return Err("no expected".into());
        };
        let expected = std::mem::replace(expected, Err(String::new()))?;
        let moved = expected != self.players[player].expected;
        self.players[player].expected = expected;
        Ok(moved)
    }

    /// Builds a scene that ages again if it is too old, under its old descriptor number. Returns
    /// whether its expected state changed. For all other scenes this only reads a table; call it
    /// before each use.
    pub fn freshen(&mut self, id: u8) -> Result<bool, String> {
        let player = self.player(id)?;
        if !self.remake(self.players[player].set)? {
            return Ok(false);
        }
        self.retake(id)
    }
}
