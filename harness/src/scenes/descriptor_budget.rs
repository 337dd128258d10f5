//! DescriptorBudget for the scenes: how many file descriptors they take, and which of them fit.

use mptcp_limits::descriptors::make_room;
use mptcp_limits::{Need, Resource};
use rustix::io::Errno;

use super::catalogue::Scene;
use super::recipe::Recipe;

/// Netlink sockets of the fixtures, open to their end: that of `sock_diag`; of the builder's
/// tools another `sock_diag`, `NETLINK_GENERIC`, `NETLINK_ROUTE` and the listener for events.
const NETLINK: usize = 5;

/// What is open at a time besides the scenes once they exist: a program that is started
/// takes the copy of a scene's descriptor and the pipe that reports its start. The
/// street's memfd and a file that is saved take one, and not at the same time.
const AFTERWARDS: usize = 3;

/// The file descriptors that scenes may take, and those that they have taken.
pub(super) struct DescriptorBudget {
    free: usize,
    taken: usize,
    /// What is kept free for the time after.
    reserve: usize,
    /// The message for scenes that do not fit; `None` where all do.
    shortage: Option<String>,
}

impl DescriptorBudget {
    /// Works out what the chosen scenes take, and raises the soft limit of descriptors
    /// where that is too low and may be raised.
    pub fn for_scenes(scenes: &[&'static Scene]) -> DescriptorBudget {
        let mut plans: Vec<&Recipe> = Vec::new();
        for scene in scenes {
            if !plans.contains(&&scene.plan) {
                plans.push(&scene.plan);
            }
        }
        // A scene that ages is made anew while the old one is still open.
        let aging = scenes.iter().filter(|scene| scene.ages());
        let remade = aging.map(|scene| scene.plan.descriptors().most).max();
        let reserve = remade.unwrap_or(0).max(AFTERWARDS);
        let wanted = wanted(&plans, reserve);
        let room = make_room(wanted);
        let shortage = (room.free < wanted).then(|| {
            let operation = match scenes {
                [scene] => format!("opening the sockets of the scene {}", scene.name),
                _ => format!("opening the sockets of all {} chosen scenes", scenes.len()),
            };
            let need = Need {
                operation: &operation,
                resource: Resource::Descriptors,
                amount: room.needed,
                without: if room.free > NETLINK {
                    "The scenes that do not fit are missing"
                } else {
                    "No scene can be made"
                },
                instead: "choose fewer scenes (--scene)",
            };
            need.refused(&Errno::MFILE.into())
        });
        DescriptorBudget { free: room.free, taken: NETLINK, reserve, shortage }
    }

    /// Takes the descriptors of a plan that is about to be made.
    ///
    /// # Errors
    /// There are too few: what was needed for all scenes, and what to do.
    pub fn take(&mut self, plan: &Recipe) -> Result<(), String> {
        let own = plan.descriptors();
        match &self.shortage {
            Some(why) if self.taken + own.most.max(own.stay + self.reserve) > self.free => {
                Err(why.clone())
            }
            _ => {
                self.taken += own.stay;
                Ok(())
            }
        }
    }

    /// Why there is not even room for what every scene needs, where that is so: the
    /// netlink sockets, and a listener by which `sock_diag` is tried.
    pub fn is_too_small(&self) -> Option<&String> {
        self.shortage.as_ref().filter(|_| self.taken + 1 > self.free)
    }

    /// Why some scenes did not fit, where that is so.
    pub fn into_shortage(self) -> Option<String> {
        self.shortage
    }
}

/// The most descriptors that are open at a time while plans are made in their order,
/// and after that.
fn wanted(plans: &[&Recipe], reserve: usize) -> usize {
    let mut open = NETLINK;
    let mut most = open + 1;
    for plan in plans {
        let own = plan.descriptors();
        most = most.max(open + own.most);
        open += own.stay;
    }
    most.max(open + reserve)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenes::{by_name, catalogue};

    fn of(names: &[&str]) -> usize {
        let scenes: Vec<&Scene> = names.iter().map(|name| by_name(name).unwrap()).collect();
        let plans: Vec<&Recipe> = scenes.iter().map(|scene| &scene.plan).collect();
        wanted(&plans, AFTERWARDS)
    }

    #[test]
    fn scenes_take_what_their_sockets_take() {
        assert_eq!(of(&["closed-descriptor"]), NETLINK + AFTERWARDS);
        assert_eq!(of(&["fresh-v4"]), NETLINK + 1 + AFTERWARDS);
        assert_eq!(of(&["fresh-v4", "unix-stream"]), NETLINK + 3 + AFTERWARDS);
    }

    #[test]
    fn both_ends_of_a_connection_are_counted_once() {
        let all: Vec<&'static Scene> = catalogue().iter().collect();
        let room = DescriptorBudget::for_scenes(&all);
        assert_eq!(room.shortage, None);
        assert_eq!(room.free, 157, "the number in docs/environment.md");
    }
}
