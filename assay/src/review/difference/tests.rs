use super::*;
use mptcp_harness::agenda::cues;

fn agenda(revisions: &[Revision]) -> Agenda {
    let cues = cues(|scene| scene.name.starts_with("established-v4"));
    Agenda {
        palettes: Agenda::palettes(&cues, revisions),
        options: Vec::new(),
        cases: 4000,
        seed: 1,
        stored: Vec::new(),
    }
}

/// A survey that agrees but for some cases, by number, which have a signature.
fn survey(revision: Revision, wrong: &[(u64, &str)]) -> Survey {
    let mut survey = Survey::empty(revision);
    let mut at = 0;
    for (number, signature) in wrong {
        survey.verdicts.push((AGREE, number - at));
        survey.verdicts.push((DISAGREE + survey.disagreements.len() as u32, 1));
        survey.disagreements.push(Disagreement {
            signature: (*signature).to_owned(),
            summary: format!("it does {signature}"),
            rule: Some("StrideClamped".into()),
            console: None,
            kept: None,
            case: String::new(),
            cases: 1,
        });
        at = number + 1;
    }
    survey.verdicts.push((AGREE, 4000 - at));
    survey
}

fn classes(base: &Survey, patched: &Survey) -> Vec<(Class, String, u64)> {
    let revisions = [Revision::V6_12; 2];
    let compared = compare(&agenda(&revisions), [base, patched], revisions).unwrap();
    let groups = compared.groups.into_iter();
    groups.map(|group| (group.class, group.signature, group.cases)).collect()
}

#[test]
fn who_departs_from_the_model_decides_the_class() {
    let good = survey(Revision::V6_12, &[]);
    let bad = survey(Revision::V6_12, &[(7, "a"), (9, "b")]);
    let other = survey(Revision::V6_12, &[(7, "a"), (9, "c")]);
    let group = |class, signature: &str| (class, signature.to_owned(), 1);
    assert_eq!(classes(&good, &good), []);
    assert_eq!(
        classes(&good, &bad),
        [group(Class::Regression, "a"), group(Class::Regression, "b")]
    );
    assert_eq!(classes(&bad, &good), [group(Class::Fixed, "a"), group(Class::Fixed, "b")]);
    // What both do alike is no difference.
    assert_eq!(classes(&bad, &other), [group(Class::BothWrong, "b | c")]);
}

#[test]
fn a_case_without_a_verdict_is_not_compared() {
    let revisions = [Revision::V6_12; 2];
    let good = survey(Revision::V6_12, &[]);
    let half =
        Survey { verdicts: vec![(AGREE, 1000), (NONE, 3000)], ..Survey::empty(Revision::V6_12) };
    let compared = compare(&agenda(&revisions), [&good, &half], revisions).unwrap();
    assert_eq!((compared.compared, compared.undecided), (1000, 3000));
    // And a survey that broke off is none.
    let short = Survey { verdicts: vec![(AGREE, 3999)], ..half };
    assert!(compare(&agenda(&revisions), [&good, &short], revisions).is_err());
    // Nor is one that goes on, or tells less than it counts.
    let long = Survey { verdicts: vec![(AGREE, 4001)], ..Survey::empty(Revision::V6_12) };
    assert!(compare(&agenda(&revisions), [&good, &long], revisions).is_err());
    let mute = Survey { verdicts: vec![(DISAGREE, 4000)], ..long };
    assert!(compare(&agenda(&revisions), [&good, &mute], revisions).is_err());
}

#[test]
fn what_two_revisions_are_known_to_do_otherwise_is_explained_by_that() {
    let revisions = [Revision::V6_1, Revision::V6_12];
    let surveys = revisions.map(|revision| survey(revision, &[]));
    let compared = compare(&agenda(&revisions), [&surveys[0], &surveys[1]], revisions).unwrap();
    assert!(!compared.groups.is_empty());
    for group in &compared.groups {
        assert_eq!(group.class, Class::Explained);
        assert!(!group.because.is_empty(), "{} is not explained", group.signature);
    }
    let causes: BTreeSet<&str> =
        compared.groups.iter().flat_map(|group| group.because.iter().map(String::as_str)).collect();
    assert!(causes.contains("struct tcp_info has 248 bytes, had 232"), "{causes:?}");
    assert!(causes.contains("patched has MPTCP_FULL_INFO, base does not have it"));
    // Revisions that differ in nothing but their names differ in nothing.
    let same = [Revision::V6_10, Revision::V6_12];
    let surveys = same.map(|revision| survey(revision, &[]));
    let compared = compare(&agenda(&same), [&surveys[0], &surveys[1]], same).unwrap();
    assert!(compared.groups.is_empty());
}
