use mptcp_emulator::Revision;
use mptcp_harness::run::runner::Runner;

use super::super::elements::{Lane, Tone};
use super::super::samples::{all, case, drawn, examined};
use super::*;

const V6_18: Revision = Revision::V6_18;

/// Kind, first byte and bytes of everything in a track.
fn things(track: &[Run]) -> Vec<(Kind, usize, usize)> {
    track.iter().map(|run| (run.kind, run.start, run.range().len())).collect()
}

/// The one range of a list.
fn only(ranges: &[Range<usize>]) -> Range<usize> {
    assert_eq!(ranges.len(), 1, "{ranges:?}");
    ranges[0].clone()
}

fn texts(lane: &Lane) -> Vec<String> {
    lane.marks.iter().flat_map(|mark| mark.texts.clone()).collect()
}

#[test]
fn a_column_takes_what_a_lane_needs() {
    // 88 columns less 2 in front and 8 behind.
    let scales = [1, 78, 79, 156, 157, 312, 313, 16 + 41 * 280].map(scale);
    assert_eq!(scales, [1, 1, 2, 2, 4, 4, 8, 148]);
}

/// A header of 24, `size_user` 280 of which 6.12 knows 248, an optlen of 304: one
/// element of 248 bytes fits, and 32 bytes stay.
#[test]
fn a_larger_header_is_laid_out_by_its_numbers() {
    let drawing = drawn("tcpinfo-header-24", Revision::V6_12);
    let [buffer, length] = drawing.lanes.as_slice() else { panic!("{drawing:?}") };
    assert_eq!((buffer.scale, buffer.window.clone()), (4, 0x1000 - 8..0x1000 + 304 + 32));
    let expected = [
        (Kind::Header, 0x1000, 16),
        (Kind::HeaderTail, 0x1010, 8),
        (Kind::Element, 0x1018, 248),
        (Kind::Slack, 0x1110, 32),
        (Kind::Beyond, 0x1130, 32),
    ];
    assert_eq!(buffer.tracks.iter().map(|track| things(track)).collect::<Vec<_>>(), [expected]);
    // The first word of the header stays what it was; it is written all the same.
    assert_eq!(buffer.changed, [0x1000..0x1010, 0x1018..0x1110]);
    let grounds: Vec<_> =
        buffer.pages.iter().map(|pages| (pages.ground, pages.range.start)).collect();
    assert_eq!(grounds, [(Ground::NoAccess, 0x0ff8), (Ground::Writable, 0x1000)]);
    assert_eq!(
        texts(buffer),
        [
            "optval: header, 16 bytes",
            "+16 rest of the header, 8 bytes",
            "+24 element 0, 248 bytes",
            "+304 optlen ends here"
        ]
    );
    assert_eq!((length.scale, only(&length.changed)), (1, 0x14000..0x14004));
    assert_eq!(texts(length), ["*optlen: 304, then 272"]);
}

/// The buffer ends one byte behind the last writable page.
#[test]
fn a_fault_is_where_the_page_ends() {
    let drawing = drawn("tcpinfo-at-byte-into-no-access", V6_18);
    let lane = &drawing.lanes[0];
    assert_eq!(lane.fault, Some(0x11000));
    assert_eq!(only(&lane.changed), 0x10cb9..0x11000);
    let loud = lane.marks.iter().find(|mark| mark.tone == Tone::Fault).unwrap();
    assert_eq!((loud.at, loud.texts[0].as_str()), (0x11000, "EFAULT: cannot be written"));
    let page = lane.pages.iter().find(|pages| pages.ground == Ground::NoAccess).unwrap();
    assert_eq!(page.range.start, 0x11000);
}

#[test]
fn arrays_have_lanes_of_their_own_unless_they_are_near() {
    let names = |name| -> Vec<String> {
        drawn(name, V6_18).lanes.into_iter().map(|lane| lane.title).collect()
    };
    assert_eq!(
        names("full_info-whole"),
        [
            "optval at street+0x1000",
            "subflow_info at street+0x4000",
            "tcp_info at street+0x9000",
            "optlen at street+0x14000"
        ]
    );
    assert_eq!(
        names("full_info-arrays-over-the-structure")[0],
        "optval at street+0x1000, subflow_info at street+0x1008"
    );
}

/// `subflow_info` stands 8 bytes into the structure.
#[test]
fn what_overlaps_is_in_tracks_of_its_own() {
    let drawing = drawn("full_info-arrays-over-the-structure", V6_18);
    let [first, second] = drawing.lanes[0].tracks.as_slice() else { panic!("{drawing:?}") };
    assert_eq!(things(first)[..2], [(Kind::Header, 0x1000, 40), (Kind::Structure, 0x1028, 96)]);
    assert_eq!(things(second), [(Kind::Element, 0x1008, 3 * 264)]);
}

#[test]
fn a_length_without_an_end_is_told_in_words() {
    let negative = drawn("info-minus-one", V6_18);
    assert!(negative.lanes[0].rooms.is_empty());
    assert_eq!(negative.remarks, ["optlen is negative, so the buffer has no end to draw"]);
    let huge = drawn("info-int-max", V6_18);
    assert!(huge.lanes[0].rooms[0].open);
    assert!(huge.lanes[0].window.len() < 200, "{:?}", huge.lanes[0].window);
    assert!(huge.remarks[0].ends_with("bytes behind the street"), "{:?}", huge.remarks);
}

#[test]
fn addresses_off_the_street_are_told_in_words() {
    let told = |name| drawn(name, V6_18).remarks.join("; ");
    assert!(told("tcpinfo-at-null").contains("optval is NULL"));
    assert!(told("tcpinfo-at-kernel-half").contains("no address of a program's"));
    assert!(told("tcpinfo-at-optlen-null").contains("optlen is NULL"));
}

#[test]
fn differences_are_shown_to_the_byte() {
    let case = case("tcpinfo-header-24");
    let spoil = |street: &mut [u8]| {
        street[0x1020] ^= 1;
        street[0x1200..0x1204].fill(0);
    };
    let drawing = examined(&mut Runner::new().unwrap(), &case, &V6_18, Some(&spoil));
    // Contents are open here, so only what should not have been written shows.
    assert_eq!(only(&drawing.lanes[0].differing), 0x1200..0x1204);
    let loud = drawing.lanes[0].marks.iter().find(|mark| mark.tone == Tone::Differs).unwrap();
    assert_eq!(loud.texts, ["+512 4 bytes written that should not be"]);
}

/// Whatever is known of a case is in some lane, and no lane shows what another does.
#[test]
fn nothing_is_left_out_and_nothing_is_drawn_twice() {
    let mut rig = Runner::new().unwrap();
    for (name, case) in all() {
        let drawing = examined(&mut rig, &case, &V6_18.with_info_opt(), None);
        let mut windows: Vec<_> = drawing.lanes.iter().map(|lane| lane.window.clone()).collect();
        windows.sort_by_key(|window| window.start);
        assert!(
            windows.iter().all(|window| window.end <= street_layout::LEN),
            "{name}: {windows:?}"
        );
        let apart = windows.windows(2).all(|pair| pair[0].end <= pair[1].start + NEAR);
        assert!(apart, "{name}: {windows:?}");
        for at in [case.optval, case.optlen].into_iter().filter_map(|place| place.offset()) {
            assert!(windows.iter().any(|window| window.contains(&at)), "{name}: {at:#x}");
        }
        for lane in &drawing.lanes {
            let columns = lane.window.len().div_ceil(lane.scale);
            assert!(columns <= COLUMNS, "{name}: {columns} columns");
        }
    }
}
