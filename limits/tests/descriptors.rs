//! The limit of descriptors. It belongs to the process, so this is a test by itself.

use mptcp_limits::descriptors::{Room, make_room};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

#[test]
fn the_soft_limit_is_raised_as_far_as_needed_and_no_further_than_the_hard_one() {
    let limit = |soft, hard| {
        setrlimit(Resource::Nofile, Rlimit { current: Some(soft), maximum: Some(hard) }).unwrap();
    };
    let soft = || getrlimit(Resource::Nofile).current.unwrap();

    limit(40, 200);
    let room = make_room(100);
    assert_eq!(room.free, 100);
    // They and those that are open: the three standard ones at least.
    assert!((103..140).contains(&room.needed), "{room:?}");
    assert_eq!(soft(), room.needed);

    // What there is room for changes nothing.
    assert_eq!(make_room(5).free, 5);
    assert_eq!(soft(), room.needed);

    let Room { free, needed } = make_room(500);
    assert!((160..=197).contains(&free), "{free}");
    assert_eq!(needed, 500 + 200 - free as u64);
    assert_eq!(soft(), 200);

    limit(3, 3);
    assert_eq!(make_room(1), Room { free: 0, needed: 4 });
}
