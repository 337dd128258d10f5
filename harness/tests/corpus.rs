//! The committed corpus is what it was when it was committed.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::fs;
use std::path::PathBuf;

use mptcp_harness::cases::codec::{self, NotACase};
use mptcp_harness::cases::snapshot;
use mptcp_harness::cases::{Case, Entry, Place};
use mptcp_harness::scenes;

fn corpus() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../corpus")
}

#[test]
fn every_file_still_means_what_the_snapshot_says() {
    let written = fs::read_to_string(corpus().join(snapshot::FILE)).unwrap();
    let now = snapshot::of(&corpus()).unwrap();
    for (number, (was, is)) in (1..).zip(written.lines().zip(now.lines())) {
        assert_eq!(was, is, "line {number} of the snapshot");
    }
    assert_eq!(written.lines().count(), now.lines().count());
}

#[test]
fn every_file_is_stored_in_the_one_way_there_is() {
    let files = snapshot::files(&corpus()).unwrap();
    assert!(files.len() > 100, "{} files", files.len());
    for file in files {
        let bytes = fs::read(&file).unwrap();
        let case = codec::decode(&bytes).unwrap();
        assert_eq!(codec::encode(&case)[..], bytes[..], "{}", file.display());
    }
}

#[test]
fn seeds_cover_every_option_and_scene_group() {
    let cases: Vec<_> = snapshot::files(&corpus())
        .unwrap()
        .into_iter()
        .map(|file| codec::decode(&fs::read(file).unwrap()).unwrap())
        .collect();
    for option in 0..=5 {
        assert!(cases.iter().any(|case| case.option == option), "option {option}");
    }
    for scene in scenes::catalogue() {
        let mut groups = cases.iter().filter_map(|case| scenes::by_id(case.scene));
        assert!(groups.any(|covered| covered.group == scene.group), "{}", scene.name);
    }
}

/// Old files, which have a zero there, are calls of 64-bit programs.
#[test]
fn seeds_are_called_by_both_kinds_of_programs() {
    for file in snapshot::files(&corpus()).unwrap() {
        let name = file.file_stem().unwrap().to_str().unwrap();
        let bytes = fs::read(&file).unwrap();
        let case = codec::decode(&bytes).unwrap();
        let (entry, stored) =
            if name.starts_with("x86-32-") { (Entry::Compat, 1) } else { (Entry::Native, 0) };
        assert_eq!((case.entry, bytes[3]), (entry, stored), "{name}");
    }
}

/// The worked examples stand on sockets with as many subflows as they say.
#[test]
fn the_names_of_examples_say_which_scene_it_is() {
    let mut examples = 0;
    for file in snapshot::files(&corpus()).unwrap() {
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let scene = scenes::by_id(codec::decode(&fs::read(file).unwrap()).unwrap().scene).unwrap();
        if let Some((_, named)) = name.split_once("-scene-") {
            assert_eq!(scene.name, named);
        }
        let subflows = |many: &str| match many {
            "0" => scene.name.starts_with("fresh"),
            many => scene.name.contains(&format!("-{many}-after")),
        };
        if let Some((_, slots)) = name.split_once("-slots-").filter(|_| name.contains("example")) {
            let many = slots.split('-').next().unwrap();
            assert!(subflows(many), "{name} stands on {}", scene.name);
            examples += 1;
        }
    }
    assert_eq!(examples, 4 + 6, "0 to 3 subflows; three options over two families");
}

/// A place that somebody makes without asking whose it is does not reach the
/// kernel.
#[test]
fn a_case_that_reaches_into_the_process_is_not_safe() {
    let file = corpus().join("negotiate/info-whole.case");
    let case = codec::decode(&fs::read(file).unwrap()).unwrap();
    assert!(case.is_safe());
    for place in [Place::Wild(0x5555_0000_0000), Place::Street(u32::MAX)] {
        assert!(!Case { optval: place, ..case }.is_safe());
        assert!(!Case { optlen: place, ..case }.is_safe());
    }
}

/// A case by hand from the table in the codec's documentation.
#[test]
fn the_bytes_are_where_the_format_says() {
    let mut bytes = [0; codec::SIZE];
    bytes[0] = 1; // version
    bytes[1] = 22; // scene
    bytes[2] = 3; // poison
    bytes[4] = 2; // option
    bytes[8..12].copy_from_slice(&(-7i32).to_le_bytes()); // length
    bytes[12] = 16; // size_subflow_data
    bytes[24..28].copy_from_slice(&280u32.to_le_bytes()); // size_user
    bytes[36..44].copy_from_slice(&0x2000_0000_1234_u64.to_le_bytes()); // optval
    bytes[44..52].copy_from_slice(&u64::MAX.to_le_bytes()); // optlen
    let case = codec::decode(&bytes).unwrap();
    assert_eq!(case.length, -7);
    assert_eq!(case.optval.offset(), Some(0x1234));
    assert_eq!(case.optlen.address(0), u64::MAX);
    assert_eq!(case.call(0).option, 2);
    assert_eq!(case.input_bytes(0).0[12..16], 280u32.to_ne_bytes());

    for (at, value, error) in [
        (0, 3, NotACase::Version(3)),
        (0, 2, NotACase::Size(68)),
        (1, 255, NotACase::Scene(255)),
        (2, 4, NotACase::Poison(4)),
        (3, 2, NotACase::Entry(2)),
        (28, 1, NotACase::NotZero(28)),
        (60, 1, NotACase::NotZero(60)),
        (41, 0x10, NotACase::Address(0x1000_0000_1234)),
    ] {
        let mut wrong = bytes;
        wrong[at] = value;
        assert_eq!(codec::decode(&wrong), Err(error), "byte {at}");
    }
    assert_eq!(codec::decode(&bytes[1..]), Err(NotACase::Size(67)));

    // A 32-bit program's pointers: the upper half goes, and the rest has to be
    // somewhere that nobody is.
    let mut compat = bytes;
    compat[3] = 1;
    assert_eq!(codec::decode(&compat), Err(NotACase::TooFar), "optlen is 0xffffffff");
    compat[44..52].copy_from_slice(&0xffff_8000_0000_0ff8_u64.to_le_bytes());
    let case = codec::decode(&compat).unwrap();
    assert_eq!(codec::encode(&case)[..], compat[..]);
    assert_eq!(case.entry, Entry::Compat);
    let (made, seen) = (case.registers(0x2000_0400_0000), case.call(0x2000_0400_0000));
    assert_eq!((made.optval, made.optlen), (0x5a5a_5a5a_0400_1234, 0xffff_8000_0000_0ff8));
    assert_eq!((seen.optval, seen.optlen), (0x0400_1234, 0xff8));
    // And the header says how far behind its start there is something.
    for (size, near) in [(2u32 << 20, true), ((2 << 20) + 1, false), (0x7fff_ffff, false)] {
        compat[12..16].copy_from_slice(&size.to_le_bytes());
        assert_eq!(codec::decode(&compat).is_ok(), near, "a header of {size} bytes");
        assert!(codec::decode(&[&compat[..3], &[0], &compat[4..]].concat()).is_ok());
    }
    // Also where the length is what says so.
    compat[12..16].copy_from_slice(&16u32.to_le_bytes());
    for (distance, length, near) in
        [(0, 16, true), (0, 2 << 20, true), (0, -1, false), (0, i32::MAX, false)]
            .into_iter()
            .chain([(1, 0, false), (3, 0, false), (4, i32::MAX, true)])
    {
        compat[8..12].copy_from_slice(&i32::to_le_bytes(length));
        compat[44..52].copy_from_slice(&(0x2000_0000_1234_u64 + distance).to_le_bytes());
        assert_eq!(codec::decode(&compat).is_ok(), near, "{distance} bytes on, {length}");
    }

    // The length at each distance from the buffer of MPTCP_FULL_INFO: over its
    // pointers, bytes 24 to 39, the kernel would be handed addresses of ours.
    bytes[4] = 4;
    for distance in 0..50u64 {
        bytes[44..52].copy_from_slice(&(0x2000_0000_1234 + distance).to_le_bytes());
        let over = (21..40).contains(&distance);
        let refused = codec::decode(&bytes) == Err(NotACase::LengthOverPointers);
        assert_eq!(refused, over, "{distance} bytes");
    }
}

#[test]
fn the_format_of_the_design_of_2021_is_what_the_page_says() {
    let mut bytes = [0; codec::SIZE_OPT];
    bytes[0] = 2;
    bytes[1] = 20;
    bytes[2] = 1;
    bytes[4..8].copy_from_slice(&2021i32.to_le_bytes());
    bytes[8..12].copy_from_slice(&96i32.to_le_bytes());
    bytes[12..20].copy_from_slice(&0x2000_0000_1234u64.to_le_bytes()); // optval
    bytes[20..28].copy_from_slice(&0x2000_0000_5678u64.to_le_bytes()); // optlen
    bytes[52..60].copy_from_slice(&0x2000_0000_4000u64.to_le_bytes()); // tcp_info.address
    bytes[60..64].copy_from_slice(&16u32.to_le_bytes()); // tcp_info.nmemb_user
    bytes[64..68].copy_from_slice(&248u32.to_le_bytes()); // tcp_info.size_user
    bytes[68..72].copy_from_slice(&7u32.to_le_bytes()); // tcp_info.nmemb_kernel
    bytes[72..76].copy_from_slice(&9u32.to_le_bytes()); // tcp_info.size_kernel
    let case = codec::decode(&bytes).unwrap();
    assert_eq!(codec::encode(&case), bytes);
    assert_eq!((case.scene, case.poison, case.length, case.option), (20, 1, 96, 2021));
    assert_eq!((case.optval.offset(), case.optlen.offset()), (Some(0x1234), Some(0x5678)));
    // The structure as the kernel finds it, with the street at 0x1_0000.
    let (input, len) = case.input_bytes(0x1_0000);
    let mut expected = [0; 96];
    expected[24..32].copy_from_slice(&0x1_4000u64.to_ne_bytes());
    for (at, word) in [(32, 16u32), (36, 248), (40, 7), (44, 9)] {
        expected[at..at + 4].copy_from_slice(&word.to_ne_bytes());
    }
    assert_eq!((&input[..len], len), (&expected[..], 96));

    for (at, value, error) in [
        (0, 1, NotACase::Size(124)),
        (3, 2, NotACase::Entry(2)),
        (4, 0, NotACase::Option(0x700)),
        (57, 0x10, NotACase::Address(0x1000_0000_4000)),
    ] {
        let mut wrong = bytes;
        wrong[at] = value;
        assert_eq!(codec::decode(&wrong), Err(error), "byte {at}");
    }
    // The length over each of the four pointers, and between them.
    for distance in 0..100u64 {
        bytes[20..28].copy_from_slice(&(0x2000_0000_1234 + distance).to_le_bytes());
        let over = [0u64, 24, 48, 72].iter().any(|at| distance + 4 > *at && distance < at + 8);
        let refused = codec::decode(&bytes) == Err(NotACase::LengthOverPointers);
        assert_eq!(refused, over, "{distance} bytes");
    }
    // In version 1 its buffer would be full of poison, and so would its pointers.
    let mut first = [0; codec::SIZE];
    first[0] = 1;
    first[4..8].copy_from_slice(&2021i32.to_le_bytes());
    assert_eq!(codec::decode(&first), Err(NotACase::Option(2021)));
}
