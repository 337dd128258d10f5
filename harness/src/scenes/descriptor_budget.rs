//! The descriptor budget: how many file descriptors scenes need, and which scenes fit.

use mptcp_limits::descriptors::make_room;
use mptcp_limits::{Need, Resource};
use rustix::io::Errno;

use super::catalogue::Scene;
use super::recipe::Recipe;

/// Netlink sockets that the fixtures keep open: one for `sock_diag`; and in the builder's tools
/// another `sock_diag`, `NETLINK_GENERIC`, `NETLINK_ROUTE` and the listener for events.
const NETLINK: usize = 5;

/// Descriptors that are open at a time besides the scenes, once these exist. The start of a program
/// needs a copy of a scene's descriptor and the pipe that reports the start. The street's memfd and
/// a file that is saved need one each, but not at the same time.
const AFTERWARDS: usize = 3;

/// The file descriptors that scenes may use, and those in use.
pub(super) struct DescriptorBudget {
    free: usize,
    taken: usize,
    /// The number to keep free for later.
    reserve: usize,
    /// The message for scenes that do not fit; `None` if all fit.
    shortage: Option<String>,
}

impl DescriptorBudget {
    /// Computes how many descriptors the chosen scenes need. Raises the soft limit of descriptors
    /// if it is too low and may be raised.
    pub fn for_scenes(scenes: &[&'static Scene]) -> DescriptorBudget {
        let mut plans: Vec<&Recipe> = Vec::new();
        for scene in scenes {
            if !plans.contains(&&scene.plan) {
                plans.push(&scene.plan);
            }
        }
        // A scene that ages is built again while the old one is still open.
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

    /// Reserves the descriptors of a plan that is about to be built.
    ///
    /// # Errors
    /// If there are too few: how many all scenes need, and what to do.
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

    /// The reason if there is not even room for what every scene needs: the netlink sockets, and a
    /// listener to test `sock_diag`.
    pub fn is_too_small(&self) -> Option<&String> {
        self.shortage.as_ref().filter(|_| self.taken + 1 > self.free)
    }

    /// The reason if some scenes did not fit.
    pub fn into_shortage(self) -> Option<String> {
        self.shortage
    }
}

/// The maximum number of descriptors that are open at a time while plans are built in order, and
/// afterwards.
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
