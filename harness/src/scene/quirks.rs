//! Where a real kernel's sockets are not what a document says they are, met
//! while portraying scenes.

/// A deviation that scenes show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quirk {
    /// What to call it.
    pub name: &'static str,
    /// What the document says, and which it is.
    pub documented: &'static str,
    /// What the kernel does, and which was seen to do it.
    pub observed: &'static str,
    /// Whether the model tells these bytes exactly; where it leaves them open,
    /// an agreement does not show the deviation.
    pub compared: bool,
    /// The scenes that show it, by name.
    pub scenes: &'static [&'static str],
}

/// All that were observed, on 6.18.44.
pub const fn quirks() -> &'static [Quirk] {
    &QUIRKS
}

const QUIRKS: [Quirk; 2] = [
    Quirk {
        name: "subflow-id-zero",
        documented: "commit 6f06b4d4d1cc, \"mptcp: add unique subflow id\": the initial subflow gets the id 1",
        observed: "once the kernel has taken an initial subflow apart its id is 0, and stays 0 when the socket connects again",
        compared: false,
        scenes: &[
            "fully-closed-v4-server-1",
            "fully-closed-v6-server-1",
            "disconnected-v4-client-1",
            "disconnected-v6-client-1",
            "reconnected-v4-client-1",
            "reconnected-v6-client-1",
        ],
    },
    Quirk {
        name: "closed-subflows-counted",
        documented: "commit 06f15cee3695: num_subflows is updated to contain the number of active subflows",
        observed: "subflows in state CLOSE are counted and listed while the socket keeps them: of the end that closed first all, of others the first; mptcp_info counts none of them",
        compared: true,
        scenes: &[
            "fully-closed-v4-client-1",
            "fully-closed-v4-server-1",
            "fully-closed-v6-client-1",
            "fully-closed-v6-server-1",
            "disconnected-v4-client-1",
            "disconnected-v6-client-1",
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scenes_are_in_the_catalogue() {
        for scene in quirks().iter().flat_map(|quirk| quirk.scenes) {
            assert!(crate::scene::by_name(scene).is_some(), "{scene}");
        }
    }
}
