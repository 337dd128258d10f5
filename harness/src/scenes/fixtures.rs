//! The fixtures: scenes that were made, are at rest, and were read.

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

/// A scene at rest shows the same expected state twice, so far apart: three times the
/// shortest delayed acknowledgement.
pub(super) const REST: Duration = Duration::from_millis(120);
/// How long scenes may take to come to rest, all together.
pub(super) const UNREST: Duration = Duration::from_millis(1500);
/// From this age on a scene that ages is made anew: a SYN is sent again after a
/// second, which moves several fields.
const AGE: Duration = Duration::from_millis(700);

/// Sockets in the states of the catalogue, and their expected states.
pub struct Fixtures {
    maker: Option<Builder>,
    sock_diag: SockDiag,
    sizes: Sizes,
    holding: SocketBehavior,
    sets: Vec<Set>,
    /// INVARIANT: in the order of the scenes' numbers, as the catalogue is.
    players: Vec<Player>,
    skipped: Vec<(&'static Scene, String)>,
    /// Scenes that this kernel's release cannot have.
    impossible: Vec<(&'static Scene, &'static str)>,
    /// Why scenes are missing that would exist with more of some resource.
    shortage: Option<String>,
}

/// What one plan made.
struct Set {
    plan: Recipe,
    made: Arrangement,
    since: Instant,
}

/// One scene that stands.
struct Player {
    scene: &'static Scene,
    /// Of [`Fixtures::sets`].
    set: usize,
    expected: ExpectedState,
}

impl Fixtures {
    /// Makes the chosen scenes and waits, within bounds, until they rest.
    ///
    /// What cannot be made is in [`Fixtures::skipped`]. `progress` is told what is
    /// done in a few words, some ten times.
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
        // Only where it has MPTCP at all: without, that is the reason for what is missing.
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
                // Without MPTCP that is the reason for whatever else is missing.
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

    /// Without any scene yet.
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

    /// Confirms that scenes exist, unless they are missing for another reason than a
    /// limit of the environment: that is in [`Fixtures::skipped`].
    ///
    /// # Errors
    /// No scene exists because a resource was too short: which, and what to do.
    pub fn usable(&self) -> Result<(), String> {
        match &self.shortage {
            Some(why) if self.players.is_empty() => Err(why.clone()),
            _ => Ok(()),
        }
    }

    /// Looks again and again until every scene shows the same expected state twice;
    /// those that do not in time are given up.
    fn rest(&mut self, mut members: Vec<(&'static Scene, usize)>) {
        for set in 0..self.sets.len() {
            // What grew old while others were made; if that fails, the scene
            // shows it by not resting.
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

    /// Makes a set anew that ages and is old: whether it was.
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

    /// Where the scene with a number stands.
    fn player(&self, id: u8) -> Result<usize, String> {
        self.players
            .binary_search_by_key(&id, |player| player.scene.id)
            .map_err(|_| format!("scene {id} does not stand"))
    }

    /// One look, and the expected states of all these scenes from it.
    fn expected_states(
        &mut self,
        members: &[(&'static Scene, usize)],
    ) -> Vec<Result<ExpectedState, String>> {
        let testimony = match self.sock_diag.look() {
            Ok(testimony) => testimony,
            // Only MPTCP sockets need `sock_diag`, and none was made without it.
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

    /// The scenes that stand, in the order of their numbers.
    pub fn scenes(&self) -> impl Iterator<Item = &'static Scene> {
        self.players.iter().map(|player| player.scene)
    }

    /// The chosen scenes that do not stand, each with the reason.
    pub fn skipped(&self) -> &[(&'static Scene, String)] {
        &self.skipped
    }

    /// The chosen scenes that this kernel's release cannot have, each with the reason: they
    /// are neither up nor missing.
    pub fn impossible(&self) -> &[(&'static Scene, &'static str)] {
        &self.impossible
    }

    /// The sizes of the kernel's structures, as `sock_diag` shows them; `None`
    /// where there is no MPTCP or `sock_diag` does not show it.
    pub fn sizes(&self) -> Option<Sizes> {
        (self.sizes != Sizes::default()).then_some(self.sizes)
    }

    /// The expected state of a scene that stands, as it was taken last.
    pub fn expected(&self, id: u8) -> Option<&ExpectedState> {
        let player = self.player(id).ok()?;
        Some(&self.players[player].expected)
    }

    /// A descriptor of a scene's socket, to hand to another program.
    ///
    /// # Errors
    /// The scene does not stand, or has no descriptor that is open.
    pub fn descriptor(&self, id: u8) -> Result<OwnedFd, String> {
        let player = &self.players[self.player(id)?];
        let subjects = &self.sets[player.set].made.subjects;
        let subject = subjects.iter().find(|subject| subject.side == player.scene.side);
        let descriptor = subject.and_then(|subject| subject.descriptor.as_ref());
        let descriptor = descriptor.ok_or("its descriptor is not open")?;
        descriptor.try_clone().map_err(|error| format!("dup: {error}"))
    }

    /// Reads a scene again: whether it moved since. To be asked when a call
    /// disagrees with the model, before the kernel is blamed.
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

    /// Makes a scene anew that ages and has grown old, under its old descriptor
    /// number: whether it did, and the expected state is another one. For all other
    /// scenes this costs a look at a table; call it before each use.
    pub fn freshen(&mut self, id: u8) -> Result<bool, String> {
        let player = self.player(id)?;
        if !self.remake(self.players[player].set)? {
            return Ok(false);
        }
        self.retake(id)
    }
}
