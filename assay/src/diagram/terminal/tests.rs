use anstream::adapter::strip_str;
use mptcp_emulator::Revision;
use mptcp_harness::cases::Case;
use mptcp_harness::run::runner::Runner;
use mptcp_harness::scenes::by_name;

use super::super::samples::{all, case, drawn, examined};
use super::*;

fn plain(drawing: &Drawing) -> String {
    strip_str(&terminal(drawing)).to_string()
}

/// Two elements of 248 bytes and room for 64 more, one column for 8 bytes.
#[test]
fn a_lane_reads_as_it_should() {
    let drawing = drawn("tcpinfo-example-2-slots-3-subflows", Revision::V6_12);
    let expected = "  optval at street+0x1000; one column is 8 bytes
  declared  ├───────────────────────── optlen: 576 bytes ──────────────────────────┤
  memory    ##========== element 0 ==========---------- element 1 ---------- slack .::::::::
  changed   ████████████████████████████████████████████████████████████████
  pages   ░░─────────────────────────────────── writable ───────────────────────────────────
            │ └ +16 elements 0..1, 248 bytes each             +576 optlen ends here ┘
            └ optval: header, 16 bytes
";
    let text = plain(&drawing);
    assert_eq!(text.split_inclusive('\n').take(7).collect::<String>(), expected);
}

#[test]
fn many_elements_share_a_label() {
    let scene = by_name("many-v4-client-41-after").unwrap().id;
    let many = Case { scene, length: 16 + 41 * 280, ..case("tcpinfo-example-2-slots-3-subflows") };
    let drawing = examined(&mut Runner::new().unwrap(), &many, &Revision::V6_18, None);
    let text = plain(&drawing);
    assert!(text.contains(" elements 0..40 "), "{text}");
    assert!(text.contains("=--==--"), "{text}");
    assert!(text.contains("one column is 148 bytes"), "{text}");
}

#[test]
fn differences_and_faults_stand_out_without_colour() {
    let case = case("tcpinfo-at-byte-into-no-access");
    let spoil = |street: &mut [u8]| street[0x10c00] ^= 1;
    let drawing = examined(&mut Runner::new().unwrap(), &case, &Revision::V6_18, Some(&spoil));
    let text = plain(&drawing);
    for words in ["differs", "!", "X", "EFAULT: cannot be written", "X fault", "! model and kernel"]
    {
        assert!(text.contains(words), "no {words:?} in\n{text}");
    }
}

#[test]
fn no_line_is_too_long() {
    let mut rig = Runner::new().unwrap();
    let spoil = |street: &mut [u8]| {
        for at in [0x1003, 0x1010, 0x1100, 0x10fff, 0x14002, 0x20000] {
            street[at] ^= 1;
        }
    };
    for (name, case) in all() {
        for revision in [Revision::V5_16, Revision::V7_2.with_info_opt()] {
            let text = plain(&examined(&mut rig, &case, &revision, Some(&spoil)));
            let longest = text.lines().map(|line| line.chars().count()).max().unwrap_or(0);
            assert!(longest <= 100, "{name}: {longest} columns\n{text}");
        }
    }
}
