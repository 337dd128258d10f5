//! The scenes of a stage, ready to be called.

use mptcp_emulator::{OwnedSocket, Revision, SizeMismatch, Socket};

use crate::contract;
use crate::palette::Cue;
use crate::rig::Subject;
use crate::scene::{Group, Kind, Portrait, Stage, by_id};

/// A scene as one engine knows it.
pub struct Actor {
    portrait: Portrait,
    socket: OwnedSocket,
    group: Group,
}

impl Actor {
    fn new(portrait: Portrait, group: Group, revision: &Revision) -> Result<Actor, SizeMismatch> {
        let socket = portrait.socket(revision)?;
        Ok(Actor { portrait, socket, group })
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
    pub fn portrait(&self) -> &Portrait {
        &self.portrait
    }

    /// What a case is run on.
    #[inline]
    pub fn subject<'a>(&'a self, revision: &'a Revision) -> Subject<'a> {
        Subject { revision, socket: self.socket(), fd: self.portrait().fd }
    }

    /// How many subflows the scene has.
    pub fn subflows(&self) -> usize {
        self.portrait.subflows()
    }
}

/// All scenes that stand, by number.
pub struct Cast {
    actors: Vec<Option<Actor>>,
    revision: Revision,
    /// Whether portraits are what documents promise: see [`contract`].
    promised: bool,
}

impl Cast {
    /// The cast of a stage, on a kernel of a revision.
    ///
    /// # Errors
    /// Where a portrait has shorter structures than the revision.
    pub fn of(stage: &Stage, revision: &Revision) -> Result<Cast, SizeMismatch> {
        let portraits = stage.scenes().filter_map(|scene| {
            let portrait = stage.portrait(scene.id)?.clone();
            Some((scene.id, scene.group, portrait))
        });
        Cast::of_portraits(portraits, revision)
    }

    /// The cast of a stage, with portraits as documents promise them.
    ///
    /// # Errors
    /// As [`Cast::of`].
    pub(crate) fn promised(stage: &Stage, revision: &Revision) -> Result<Cast, SizeMismatch> {
        let portraits = stage.scenes().filter_map(|scene| {
            let portrait = contract::amended(stage.portrait(scene.id)?);
            Some((scene.id, scene.group, portrait))
        });
        Ok(Cast { promised: true, ..Cast::of_portraits(portraits, revision)? })
    }

    /// A cast of portraits from anywhere, each under a number of its own.
    ///
    /// # Errors
    /// As [`Cast::of`].
    pub fn of_portraits(
        portraits: impl IntoIterator<Item = (u8, Group, Portrait)>,
        revision: &Revision,
    ) -> Result<Cast, SizeMismatch> {
        let mut actors: Vec<Option<Actor>> = (0..=u8::MAX).map(|_| None).collect();
        for (number, group, portrait) in portraits {
            actors[usize::from(number)] = Some(Actor::new(portrait, group, revision)?);
        }
        Ok(Cast { actors, revision: *revision, promised: false })
    }

    /// The scene with a number, if it stands.
    #[inline]
    pub fn get(&self, scene: u8) -> Option<&Actor> {
        self.actors.get(usize::from(scene))?.as_ref()
    }

    /// Takes over what the stage knows of a scene: whether that is anything
    /// new.
    pub fn refresh(&mut self, stage: &Stage, scene: u8) -> bool {
        let (Some(portrait), Some(slot)) =
            (stage.portrait(scene), self.actors.get_mut(usize::from(scene)))
        else {
            return false;
        };
        let amended = self.promised.then(|| contract::amended(portrait));
        let portrait = amended.as_ref().unwrap_or(portrait);
        if slot.as_ref().is_some_and(|actor| actor.portrait() == portrait) {
            return false;
        }
        let actor = |group| Actor::new(portrait.clone(), group, &self.revision).ok();
        *slot = by_id(scene).and_then(|scene| actor(scene.group));
        true
    }

    /// What a palette wants to know of the scenes, in the order of their
    /// numbers.
    pub fn cues(&self) -> Vec<Cue> {
        let cue = |(scene, actor): (u8, &Option<Actor>)| {
            let actor = actor.as_ref()?;
            Some(Cue {
                scene,
                answers: matches!(actor.portrait().kind, Kind::Mptcp { .. }),
                subflows: u32::try_from(actor.subflows()).unwrap_or(0),
            })
        };
        (0..=u8::MAX).zip(&self.actors).filter_map(cue).collect()
    }
}
