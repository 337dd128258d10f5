use super::*;
use crate::review::difference::compare;
use crate::review::survey::{AGREE, NONE, SceneFacts};
use mptcp_harness::agenda::{Agenda, cues};

fn survey(scenes: std::ops::Range<u8>, verdicts: &[(u32, u64)]) -> Survey {
    let scene = |id| SceneFacts {
        id,
        subflows: None,
        info: String::new(),
        tcp_info: Vec::new(),
        subflow_info: Vec::new(),
    };
    Survey {
        scenes: scenes.map(scene).collect(),
        verdicts: verdicts.to_vec(),
        ..Survey::empty(Revision::V6_12)
    }
}

fn ended(base: Survey, patched: Survey) -> (&'static str, u8) {
    between([Revision::V6_12; 2], base, patched)
}

fn between(revisions: [Revision; 2], base: Survey, patched: Survey) -> (&'static str, u8) {
    let agenda = Agenda {
        palettes: Agenda::palettes(&cues(|scene| scene.id < 30), &revisions),
        options: Vec::new(),
        cases: 2000,
        seed: 1,
        stored: Vec::new(),
    };
    let surveys = [base, patched];
    let review = Review::new(Material {
        asked: ["a/bzImage".into(), "b/bzImage".into()],
        revisions,
        comparison: &compare(&agenda, [&surveys[0], &surveys[1]], revisions).unwrap(),
        surveys: &surveys,
        exhibits: None,
        contents: Vec::new(),
        facts: Vec::new(),
        seed: 1,
        times: [Duration::ZERO; 2],
    });
    assert_eq!((&*review.base.name, &*review.patched.name), ("a/bzImage", "b/bzImage"));
    (review.verdict, review.status() as u8)
}

#[test]
fn a_structure_that_shrinks_is_no_explanation() {
    let good = || survey(0..30, &[(AGREE, 2000)]);
    let between = |revisions| between(revisions, good(), good());
    assert_eq!(between([Revision::V6_1, Revision::V6_12]), ("explained", 0));
    assert_eq!(between([Revision::V6_12, Revision::V6_1]), ("regression", 1));
    let smaller = Revision::V6_12.with_sizes(240, 96);
    assert_eq!(between([Revision::V6_12, smaller]), ("regression", 1));
}

#[test]
fn no_difference_is_said_only_where_nothing_was_in_the_way() {
    let good = || survey(0..30, &[(AGREE, 2000)]);
    assert_eq!(ended(good(), good()), ("same", 0));
    // A scene that one kernel cannot make.
    assert_eq!(ended(good(), survey(0..29, &[(AGREE, 2000)])), ("undecided", 2));
    // Something that was seen, and not again.
    let unexplained = Survey { unexplained: 1, ..survey(0..30, &[(AGREE, 1999), (NONE, 1)]) };
    assert_eq!(ended(good(), unexplained.clone()), ("undecided", 2));
    assert_eq!(ended(unexplained, good()), ("undecided", 2));
    // A scene that moved during a case is nobody's fault, one that is lost is.
    assert_eq!(ended(good(), survey(0..30, &[(AGREE, 1999), (NONE, 1)])), ("same", 0));
    assert_eq!(ended(good(), survey(0..30, &[(AGREE, 1000), (NONE, 1000)])), ("undecided", 2));
    assert_eq!(ended(good(), survey(0..30, &[(NONE, 2000)])), ("undecided", 2));
}
