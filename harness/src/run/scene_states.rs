//! The scenes of a stage, ready to be called.

use mptcp_emulator::{OwnedSocket, Revision, SizeMismatch, Socket};

use crate::cases::boundary_values::SceneFacts;
use crate::judge::promises;
use crate::run::runner::Target;
use crate::scenes::{ExpectedState, Fixtures, Group, Kind, by_id};

/// A scene as one engine knows it.
pub struct SceneState {
    portrait: ExpectedState,
    socket: OwnedSocket,
    group: Group,
}

impl SceneState {
    fn new(
        portrait: ExpectedState,
        group: Group,
        revision: &Revision,
    ) -> Result<SceneState, SizeMismatch> {
        let socket = portrait.socket(revision)?;
        Ok(SceneState { portrait, socket, group })
    }

    /// The socket as the model takes it.
    #[inline]
    pub fn socket(&self) -> Socket<'_> {
        self.socket.as_socket()
    }

    /// Where the scene stands in a report.
    pub fn group(&self) -> Group {
        self.group
    }

    /// The portrait that this engine goes by.
    pub fn portrait(&self) -> &ExpectedState {
        &self.portrait
    }

    /// What a case is run on.
    #[inline]
    pub fn subject<'a>(&'a self, revision: &'a Revision) -> Target<'a> {
        Target { revision, socket: self.socket(), fd: self.portrait().fd }
    }

    /// How many subflows the scene has.
    pub fn subflows(&self) -> usize {
        self.portrait.subflows()
    }
}

/// All scenes that stand, by number.
pub struct SceneStates {
    actors: Vec<Option<SceneState>>,
    revision: Revision,
    /// Whether portraits are what documents promise: see [`promises`](crate::judge::promises).
    promised: bool,
}

impl SceneStates {
    /// The cast of a stage, on a kernel of a revision.
    ///
    /// # Errors
    /// Where a portrait has shorter structures than the revision.
    pub fn of(stage: &Fixtures, revision: &Revision) -> Result<SceneStates, SizeMismatch> {
        let portraits = stage.scenes().filter_map(|scene| {
            let portrait = stage.portrait(scene.id)?.clone();
            Some((scene.id, scene.group, portrait))
        });
        SceneStates::of_portraits(portraits, revision)
    }

    /// The cast of a stage, with portraits as documents promise them.
    ///
    /// # Errors
    /// As [`SceneStates::of`].
    pub(crate) fn promised(
        stage: &Fixtures,
        revision: &Revision,
    ) -> Result<SceneStates, SizeMismatch> {
        let portraits = stage.scenes().filter_map(|scene| {
            let portrait = promises::amended(stage.portrait(scene.id)?);
            Some((scene.id, scene.group, portrait))
        });
        Ok(SceneStates { promised: true, ..SceneStates::of_portraits(portraits, revision)? })
    }

    /// A cast of portraits from anywhere, each under a number of its own.
    ///
    /// # Errors
    /// As [`SceneStates::of`].
    pub fn of_portraits(
        portraits: impl IntoIterator<Item = (u8, Group, ExpectedState)>,
        revision: &Revision,
    ) -> Result<SceneStates, SizeMismatch> {
        let mut actors: Vec<Option<SceneState>> = (0..=u8::MAX).map(|_| None).collect();
        for (number, group, portrait) in portraits {
            actors[usize::from(number)] = Some(SceneState::new(portrait, group, revision)?);
        }
        Ok(SceneStates { actors, revision: *revision, promised: false })
    }

    /// The scene with a number, if it stands.
    #[inline]
    pub fn get(&self, scene: u8) -> Option<&SceneState> {
        self.actors.get(usize::from(scene))?.as_ref()
    }

    /// Takes over what the stage knows of a scene: whether that is anything
    /// new.
    pub fn refresh(&mut self, stage: &Fixtures, scene: u8) -> bool {
        let (Some(portrait), Some(slot)) =
            (stage.portrait(scene), self.actors.get_mut(usize::from(scene)))
        else {
            return false;
        };
        let amended = self.promised.then(|| promises::amended(portrait));
        let portrait = amended.as_ref().unwrap_or(portrait);
        if slot.as_ref().is_some_and(|actor| actor.portrait() == portrait) {
            return false;
        }
        let actor = |group| SceneState::new(portrait.clone(), group, &self.revision).ok();
        *slot = by_id(scene).and_then(|scene| actor(scene.group));
        true
    }

    /// What a palette wants to know of the scenes, in the order of their
    /// numbers.
    pub fn cues(&self) -> Vec<SceneFacts> {
        let cue = |(scene, actor): (u8, &Option<SceneState>)| {
            let actor = actor.as_ref()?;
            Some(SceneFacts {
                scene,
                answers: matches!(actor.portrait().kind, Kind::Mptcp { .. }),
                subflows: u32::try_from(actor.subflows()).unwrap_or(0),
            })
        };
        (0..=u8::MAX).zip(&self.actors).filter_map(cue).collect()
    }
}
