//! The states of scenes that engines use.

use mptcp_emulator::{OwnedSocket, Revision, SizeMismatch, Socket};

use crate::cases::boundary_values::SceneFacts;
use crate::run::runner::Target;
use crate::scenes::{ExpectedState, Fixtures, Group, Kind, by_id};

/// The state of a scene that one engine uses.
pub struct SceneState {
    expected: ExpectedState,
    socket: OwnedSocket,
    group: Group,
}

impl SceneState {
    fn new(
        expected: ExpectedState,
        group: Group,
        revision: &Revision,
    ) -> Result<SceneState, SizeMismatch> {
        let socket = expected.socket(revision)?;
        Ok(SceneState { expected, socket, group })
    }

    /// The socket that the model is given.
    #[inline]
    pub fn socket(&self) -> Socket<'_> {
        self.socket.as_socket()
    }

    /// The group of the scene in a report.
    pub fn group(&self) -> Group {
        self.group
    }

    /// The expected state that this engine uses.
    pub fn expected(&self) -> &ExpectedState {
        &self.expected
    }

    /// The target of a case.
    #[inline]
    pub fn subject<'a>(&'a self, revision: &'a Revision) -> Target<'a> {
        Target { revision, socket: self.socket(), fd: self.expected().fd }
    }

    /// How many subflows the scene has.
    pub fn subflows(&self) -> usize {
        self.expected.subflows()
    }
}

/// All scenes that came up, by number.
pub struct SceneStates {
    states: Vec<Option<SceneState>>,
    revision: Revision,
    view: fn(&ExpectedState) -> ExpectedState,
}

impl SceneStates {
    /// The scenes of fixtures, on a kernel of a revision.
    ///
    /// # Errors
    /// If an expected state has shorter structures than the revision.
    pub fn of(fixtures: &Fixtures, revision: &Revision) -> Result<SceneStates, SizeMismatch> {
        SceneStates::viewed(fixtures, revision, Clone::clone)
    }

    /// The scenes of fixtures, each converted by a function: unchanged, or to what documents
    /// promise.
    ///
    /// # Errors
    /// As [`SceneStates::of`].
    pub(crate) fn viewed(
        fixtures: &Fixtures,
        revision: &Revision,
        view: fn(&ExpectedState) -> ExpectedState,
    ) -> Result<SceneStates, SizeMismatch> {
        let all = fixtures
            .scenes()
            .filter_map(|scene| Some((scene.id, scene.group, view(fixtures.expected(scene.id)?))));
        Ok(SceneStates { view, ..SceneStates::of_expected(all, revision)? })
    }

    /// States from any source, each under a number of its own.
    ///
    /// # Errors
    /// As [`SceneStates::of`].
    pub fn of_expected(
        all: impl IntoIterator<Item = (u8, Group, ExpectedState)>,
        revision: &Revision,
    ) -> Result<SceneStates, SizeMismatch> {
        let mut states: Vec<Option<SceneState>> = (0..=u8::MAX).map(|_| None).collect();
        for (number, group, expected) in all {
            states[usize::from(number)] = Some(SceneState::new(expected, group, revision)?);
        }
        Ok(SceneStates { states, revision: *revision, view: Clone::clone })
    }

    /// The scene with a number, if it came up.
    #[inline]
    pub fn get(&self, scene: u8) -> Option<&SceneState> {
        self.states.get(usize::from(scene))?.as_ref()
    }

    /// Takes the state of a scene from the fixtures. Returns whether it is new.
    pub fn refresh(&mut self, fixtures: &Fixtures, scene: u8) -> bool {
        let (Some(expected), Some(slot)) =
            (fixtures.expected(scene), self.states.get_mut(usize::from(scene)))
        else {
            return false;
        };
        let expected = (self.view)(expected);
        if slot.as_ref().is_some_and(|state| *state.expected() == expected) {
            return false;
        }
        let group = by_id(scene).map(|scene| scene.group);
        *slot = group.and_then(|group| SceneState::new(expected, group, &self.revision).ok());
        true
    }

    /// The facts of the scenes, in the order of their numbers.
    pub fn scene_facts(&self) -> Vec<SceneFacts> {
        let facts = |(scene, state): (u8, &Option<SceneState>)| {
            let state = state.as_ref()?;
            Some(SceneFacts {
                scene,
                answers: matches!(state.expected().kind, Kind::Mptcp { .. }),
                subflows: u32::try_from(state.subflows()).unwrap_or(0),
            })
        };
        (0..=u8::MAX).zip(&self.states).filter_map(facts).collect()
    }
}
