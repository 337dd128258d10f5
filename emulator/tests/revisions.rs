//! Revisions: which one a release is, what each knows, and that the tables of fields
//! agree with the sizes.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use mptcp_emulator::abi::{Field, HOLE, MptcpInfo, TcpInfo};
use mptcp_emulator::behaviors::ZeroLength;
use mptcp_emulator::{Release, Revision, SocketBehavior, Verification};

#[test]
fn releases_by_their_text() {
    let release = |major, minor, patch, candidate| Release { major, minor, patch, candidate };
    let texts = [
        ("6.18.44-fc-v669", release(6, 18, Some(44), None)),
        ("6.12.117+deb12-cloud-amd64", release(6, 12, Some(117), None)),
        ("6.5", release(6, 5, Some(0), None)),
        ("6.5.0", release(6, 5, Some(0), None)),
        ("6.5.0-mine", release(6, 5, Some(0), None)),
        ("7.3-rc7", release(7, 3, Some(0), Some(7))),
        ("7.3.0-rc7-g1234", release(7, 3, Some(0), Some(7))),
        // What Debian and Ubuntu show has the number of their own package.
        ("6.1.0-56-cloud-amd64", release(6, 1, None, None)),
        ("6.8.0-45-generic", release(6, 8, None, None)),
    ];
    for (text, expected) in texts {
        assert_eq!(Release::parse(text), Some(expected), "{text}");
    }
    for text in ["", "6", "6.", ".5", "linux-6.5", "99999999999.1"] {
        assert_eq!(Release::parse(text), None, "{text:?}");
    }
    for text in ["6.5", "6.6.57", "7.3-rc7"] {
        assert_eq!(Release::parse(text).unwrap().to_string(), text);
    }
}

#[test]
fn releases_and_their_revisions() {
    let releases = [
        ("0.0", None),
        ("5.15.200", None),
        ("5.16.0", Some("5.16")),
        ("6.0.19", Some("5.16")),
        ("6.1.0", Some("6.1")),
        ("6.1.33", Some("6.1")),
        ("6.1.34", Some("6.1.34")),
        ("6.1.78", Some("6.1.34")),
        ("6.1.79", Some("6.1.79")),
        ("6.1.192", Some("6.1.79")),
        // A stable release speaks for its own series only.
        ("6.2.16", Some("6.2")),
        ("6.3.7", Some("6.2")),
        ("6.3.13", Some("6.3.8")),
        ("6.4.16", Some("6.4")),
        ("6.5.13", Some("6.5")),
        ("6.6.56", Some("6.6")),
        ("6.6.57", Some("6.6.57")),
        ("6.7.12", Some("6.7")),
        ("6.9.1", Some("6.8")),
        ("6.11.1", Some("6.10")),
        ("6.12.92", Some("6.12")),
        ("6.12.93", Some("6.12.93")),
        ("6.17.99", Some("6.12")),
        ("6.18.43", Some("6.18")),
        ("6.18.44", Some("6.18.44")),
        ("6.19.3", Some("6.19")),
        ("7.0-rc1", Some("7.0")),
        ("7.1.9", Some("7.1")),
        ("7.2.13", Some("7.2")),
        ("7.3-rc7", Some("7.3")),
        ("9.0.0", Some("7.3")),
        // An unknown level is taken for the newest.
        ("6.1.0-56-cloud-amd64", Some("6.1.79")),
        ("6.2.0-39-generic", Some("6.2")),
    ];
    for (text, name) in releases {
        let found = Revision::of_release(Release::parse(text).unwrap());
        assert_eq!(found.map(|revision| revision.name), name, "{text}");
    }
}

/// What was found out of one release says nothing of another.
#[test]
fn evidence_is_that_of_the_release_that_was_run() {
    let evidence = |text: &str| {
        let revision = Revision::of_release(Release::parse(text).unwrap()).unwrap();
        revision.verification
    };
    for run in ["6.1.192", "6.12.117", "6.18.44", "7.2.13", "7.3-rc7"] {
        assert_eq!(evidence(run), Verification::Compared(run));
    }
    for other in [
        "6.1.0-56-cloud-amd64",
        "6.1.5",
        "6.1.79",
        "6.1.191",
        "6.1.193",
        "6.12.0",
        "6.12.116",
        "6.13.1",
        "6.18.43",
        "6.18.45",
        "7.2.0",
        "7.2.14",
        "7.3.0",
        "7.3-rc6",
        "8.0.0",
    ] {
        assert_eq!(evidence(other), Verification::SourcesOnly, "{other}");
    }
}

#[test]
fn what_each_revision_knows() {
    // tcp_info, mptcp_info, MPTCP_FULL_INFO, and whether a length of 0 is
    // stored back.
    let table = [
        ("5.16", 232, 48, false, true),
        ("6.1", 232, 48, false, true),
        ("6.1.34", 232, 48, false, true),
        ("6.1.79", 232, 48, false, true),
        ("6.2", 240, 48, false, true),
        ("6.3.8", 240, 48, false, true),
        ("6.4", 240, 48, false, true),
        ("6.5", 240, 80, true, true),
        ("6.6", 240, 80, true, true),
        ("6.6.57", 248, 80, true, true),
        ("6.7", 248, 80, true, true),
        ("6.8", 248, 88, true, true),
        ("6.10", 248, 96, true, false),
        ("6.12", 248, 96, true, false),
        ("6.12.93", 248, 96, true, false),
        ("6.18", 280, 96, true, false),
        ("6.18.44", 280, 96, true, false),
        ("6.19", 280, 96, true, false),
        ("7.0", 280, 96, true, false),
        ("7.1", 280, 96, true, false),
        ("7.2", 280, 96, true, false),
        ("7.3", 280, 96, true, false),
    ];
    assert_eq!(Revision::ALL.len(), table.len());
    for (revision, row) in Revision::ALL.iter().zip(table) {
        let stored = revision.behaviors.zero_length == ZeroLength::Stored;
        let (full_info, sizes) =
            (revision.has_full_info(), (revision.tcp_info, revision.mptcp_info));
        assert_eq!((revision.name, sizes.0, sizes.1, full_info, stored), row);
        assert!(!revision.sources.is_empty());
        assert_eq!(revision.since.to_string(), revision.name);
        assert_eq!(Revision::named(revision.name), Some(*revision));
    }
    assert_eq!(Some(&Revision::NEWEST), Revision::ALL.last());
    assert_eq!(Revision::named("6.20"), None);
}

#[test]
fn what_the_sockets_of_each_revision_hold() {
    // In the order of the fields: a subflow when new, the initial one kept by an
    // accepted socket, counters and limits with the userspace path manager, limits of a
    // listener, mptcpi_rcv_nxt cleared by a disconnect.
    let table = [
        ("5.16", [1, 0, 0, 1, 1, 0]),
        ("6.1", [1, 0, 0, 1, 1, 0]),
        ("6.1.34", [1, 0, 1, 1, 1, 0]),
        ("6.1.79", [1, 1, 1, 1, 1, 0]),
        ("6.2", [1, 0, 0, 1, 1, 0]),
        ("6.3.8", [1, 0, 1, 1, 1, 0]),
        ("6.4", [0, 0, 1, 0, 1, 0]),
        ("6.5", [0, 0, 1, 0, 0, 0]),
        ("6.6", [0, 1, 1, 0, 0, 0]),
        ("6.12", [0, 1, 1, 0, 0, 0]),
        ("6.12.93", [0, 1, 1, 0, 0, 1]),
        ("6.18", [0, 1, 1, 0, 0, 0]),
        ("6.18.44", [0, 1, 1, 0, 0, 1]),
        ("6.19", [0, 1, 1, 0, 0, 1]),
        ("7.3", [0, 1, 1, 0, 0, 1]),
    ];
    for (name, row) in table {
        let SocketBehavior {
            subflow_when_new,
            accepted_keeps_initial,
            userspace_counts,
            userspace_limits,
            listener_limits,
            disconnect_clears_rcv_nxt,
        } = Revision::named(name).unwrap().sockets;
        let is = [
            subflow_when_new,
            accepted_keeps_initial,
            userspace_counts,
            userspace_limits,
            listener_limits,
            disconnect_clears_rcv_nxt,
        ];
        assert_eq!(is.map(u8::from), row, "{name}");
    }
}

#[test]
fn where_each_revision_comes_from() {
    // What was found out for one is not inherited by the next.
    for (number, revision) in Revision::ALL.iter().enumerate() {
        for older in &Revision::ALL[..number] {
            assert_ne!(revision.sources, older.sources, "{}", revision.name);
        }
        // A kernel that was run is one of this revision, and of no other.
        if let Verification::Compared(release) = revision.verification {
            let of_release = Revision::of_release(Release::parse(release).unwrap());
            assert_eq!(of_release, Some(*revision));
        }
    }
}

/// The size of a structure on a revision.
type Size = fn(&Revision) -> u32;

/// Both structures that grow, with their sizes.
const GROWING: [(&[Field], Size); 2] = [
    (MptcpInfo::FIELDS, |revision| revision.mptcp_info),
    (TcpInfo::FIELDS, |revision| revision.tcp_info),
];

/// First releases, the oldest first.
fn mainline() -> impl Iterator<Item = &'static Revision> {
    const ALL: &[Revision] = &Revision::ALL;
    ALL.iter().filter(|revision| !revision.since.is_stable())
}

/// The release from which on a structure has the bytes of a field, by the table of fields;
/// `None` for all that have the options.
fn bytes_since(field: &Field) -> Option<Release> {
    let since = field.bytes_since.or(field.since);
    since.filter(|since| since.series() > Revision::V5_16.since.series())
}

/// A size is what the fields up to then need, rounded up to 8; so the release of a field
/// and the release of a size cannot contradict each other.
#[test]
fn a_structure_is_as_long_as_its_fields_need() {
    for (fields, size) in GROWING {
        for revision in mainline() {
            let there = |field: &&Field| {
                bytes_since(field).is_none_or(|since| since.series() <= revision.since.series())
            };
            let ends = fields.iter().filter(there).map(|field| field.offset + field.size);
            let end = u32::from(ends.max().unwrap());
            assert_eq!(size(revision), end.next_multiple_of(8), "{}", revision.name);
        }
    }
}

#[test]
fn a_field_is_since_the_revision_that_has_room_for_it_first() {
    for (fields, size) in GROWING {
        for field in fields.iter().filter(|field| field.name != HOLE) {
            let end = u32::from(field.offset + field.size);
            let first = mainline().find(|revision| size(revision) >= end).unwrap();
            let bytes = bytes_since(field).unwrap_or(Revision::V5_16.since);
            assert_eq!(first.since, bytes, "{}", field.name);
            // A meaning that came later came with a revision.
            if let (Some(since), Some(bytes)) = (field.since, field.bytes_since) {
                assert!(bytes.series() < since.series(), "{}", field.name);
                assert!(mainline().any(|known| known.since == since), "{}", field.name);
            }
        }
    }
}

#[test]
fn sizes_that_were_found_out_otherwise() {
    let run = Revision::V6_12_93;
    let other = run.with_sizes(300, 104);
    assert_eq!((other.tcp_info, other.mptcp_info), (300, 104));
    assert_eq!(Revision { tcp_info: 248, mptcp_info: 96, ..other }, run.unverified());
    assert_eq!(run.with_sizes(248, 96), run);
}
