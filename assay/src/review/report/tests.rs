use super::*;
use crate::arguments::OptionName;
use crate::arguments::selection::Selection;
use crate::report::coverage::Choice;
use crate::report::coverage::SkippedScene;
use crate::review::allowed::Allowed;
use crate::review::difference::compare;
use crate::review::guest_run::GuestRun;
use crate::review::guest_run::{ABSENT, AGREE, NONE, SceneFacts};
use crate::review::markdown::Extent;
use mptcp_emulator::Revision;
use mptcp_harness::cases::Case;
use mptcp_harness::contents::{ContentsChange, FieldChange};
use mptcp_harness::engines::case_list::{CaseList, scene_facts};
use mptcp_harness::scenes::by_id;
use std::time::Duration;

fn survey(scenes: std::ops::Range<u8>, verdicts: &[(u32, u64)]) -> GuestRun {
    let scene = |id| SceneFacts {
        id,
        subflows: None,
        info: String::new(),
        tcp_info: Vec::new(),
        subflow_info: Vec::new(),
    };
    GuestRun {
        scenes: scenes.map(scene).collect(),
        verdicts: verdicts.to_vec(),
        ..GuestRun::empty(Revision::V6_12)
    }
}

fn skipped(id: u8) -> SkippedScene {
    let name = by_id(id).map_or("", |scene| scene.name).to_owned();
    SkippedScene { name, reason: "no path manager".to_owned() }
}

fn ended(base: GuestRun, patched: GuestRun) -> (Verdict, Difference, u8) {
    between([Revision::V6_12; 2], base, patched)
}

fn between(
    revisions: [Revision; 2],
    base: GuestRun,
    patched: GuestRun,
) -> (Verdict, Difference, u8) {
    let review = review(revisions, base, patched, Choice { options: &[], scenes: &[] });
    (review.verdict, review.difference, review.status().code())
}

fn agenda(revisions: &[Revision; 2]) -> CaseList {
    CaseList {
        boundary_values: CaseList::boundary_values(&scene_facts(|scene| scene.id < 30), revisions),
        options: Vec::new(),
        cases: 2000,
        seed: 1,
        stored: Vec::new(),
    }
}

/// Verdicts that agree, but on one scene that did not come up.
fn all_but(scene: u8) -> Vec<(u32, u64)> {
    let code = |case: Case| if case.scene == scene { ABSENT } else { AGREE };
    agenda(&[Revision::V6_12; 2]).cases().map(|case| (code(case), 1)).collect()
}

fn review(
    revisions: [Revision; 2],
    base: GuestRun,
    patched: GuestRun,
    asked_for: Choice<'_>,
) -> Review {
    review_holding(Vec::new(), revisions, [base, patched], asked_for)
}

fn review_holding(
    contents: Vec<Content>,
    revisions: [Revision; 2],
    surveys: [GuestRun; 2],
    asked_for: Choice<'_>,
) -> Review {
    review_allowing(&[], contents, revisions, surveys, asked_for)
}

fn review_allowing(
    allowed: &[&str],
    contents: Vec<Content>,
    revisions: [Revision; 2],
    surveys: [GuestRun; 2],
    asked_for: Choice<'_>,
) -> Review {
    let allowed: Vec<String> = allowed.iter().map(|text| (*text).to_owned()).collect();
    let agenda = agenda(&revisions);
    let review = Review::new(Material {
        asked: ["a/bzImage".into(), "b/bzImage".into()],
        revisions,
        comparison: &compare(&agenda, [&surveys[0], &surveys[1]], revisions).unwrap(),
        surveys: &surveys,
        exhibits: None,
        contents,
        allowed: Allowed::of(&allowed).unwrap(),
        facts: Vec::new(),
        seed: 1,
        asked_for,
        times: [Duration::ZERO; 2],
    });
    assert_eq!((&*review.base.name, &*review.patched.name), ("a/bzImage", "b/bzImage"));
    review
}

#[test]
fn a_structure_that_shrinks_is_no_explanation() {
    let good = || survey(0..30, &[(AGREE, 2000)]);
    let between = |revisions| between(revisions, good(), good());
    let regression = (Verdict::Divergence, Difference::Regression, 1);
    let explained = (Verdict::Agree, Difference::Explained, 0);
    assert_eq!(between([Revision::V6_1, Revision::V6_12]), explained);
    assert_eq!(between([Revision::V6_12, Revision::V6_1]), regression);
    let smaller = Revision::V6_12.with_sizes(240, 96);
    assert_eq!(between([Revision::V6_12, smaller]), regression);
}

/// What differs between revisions is a change with a name, like a change of behavior.
#[test]
fn what_the_revisions_explain_is_a_named_change() {
    let good = || survey(0..30, &[(AGREE, 2000)]);
    let asked = Choice { options: &[], scenes: &[] };
    let seen = review([Revision::V6_1_79, Revision::V6_12_93], good(), good(), asked);
    let named = |name: &str| {
        let is_it = |one: &&ChangeData| one.data.behaviours.iter().any(|one| one.name == name);
        let one = seen.causes.iter().find(is_it)?;
        let behavior = &one.data.behaviours[0];
        Some((behavior.expected.as_str(), behavior.value.as_str(), one.data.standing))
    };
    assert_eq!(named("tcp_info_size"), Some(("232", "248", Standing::OfRevision)));
    assert_eq!(named("full_info_option"), Some(("Absent", "Present", Standing::OfRevision)));
    assert_eq!(named("subflow_when_new"), Some(("true", "false", Standing::OfRevision)));
    // They have it in common.
    assert_eq!(named("info_opt"), None);
    assert_eq!((seen.differing, seen.unexplained.len()), (seen.explained, 0));
    let page = crate::review::markdown::page(&seen, Extent::Usual);
    assert!(page.contains("struct tcp_info has 248 bytes, had 232"), "{page}");
    assert!(!page.contains("EXPLAINED"), "{page}");
}

#[test]
fn no_difference_is_reported_only_where_everything_was_compared() {
    let good = || survey(0..30, &[(AGREE, 2000)]);
    let none = |verdict: Verdict| (verdict, Difference::None, verdict.status().code());
    assert_eq!(ended(good(), good()), (Verdict::Agree, Difference::None, 0));
    // A scene that came up on one kernel alone.
    let fewer = || GuestRun { skipped: vec![skipped(29)], ..survey(0..29, &[(AGREE, 2000)]) };
    assert_eq!(ended(good(), fewer()), (Verdict::Uneven, Difference::None, 2));
    assert_eq!(ended(fewer(), good()), (Verdict::Uneven, Difference::None, 2));
    // One that the release of one kernel cannot have is no such scene.
    let older = GuestRun { impossible: vec![skipped(29)], ..survey(0..29, &[(AGREE, 2000)]) };
    assert_eq!(ended(older, good()), none(Verdict::Agree));
    // A difference that could not be reproduced is one, on either kernel.
    let unreproduced = GuestRun { unreproduced: 1, ..survey(0..30, &[(AGREE, 1999), (NONE, 1)]) };
    assert_eq!(ended(good(), unreproduced.clone()), (Verdict::Unreproduced, Difference::None, 1));
    assert_eq!(ended(unreproduced, good()), (Verdict::Unreproduced, Difference::None, 1));
    // A scene may change during a case; many cases without a verdict are no agreement.
    assert_eq!(ended(good(), survey(0..30, &[(AGREE, 1999), (NONE, 1)])), none(Verdict::Agree));
    let half = survey(0..30, &[(AGREE, 1000), (NONE, 1000)]);
    assert_eq!(ended(good(), half), (Verdict::Inconclusive, Difference::None, 2));
    let nothing = survey(0..30, &[(NONE, 2000)]);
    assert_eq!(ended(good(), nothing), (Verdict::Inconclusive, Difference::None, 2));
}

#[test]
fn scenes_that_are_missing_on_both_are_in_the_headline() {
    let some =
        || GuestRun { skipped: (20..30).map(skipped).collect(), ..survey(0..20, &[(AGREE, 2000)]) };
    let asked = Choice { options: &[], scenes: &[] };
    let seen = review([Revision::V6_12; 2], some(), some(), asked);
    assert_eq!(seen.status().code(), 0);
    let headline = crate::review::markdown::summary(&seen);
    assert!(headline.contains("NO DIFFERENCE** on 2,000 cases, in 8 of 18 scenes"), "{headline}");
}

/// The case of 7.3 without /proc/sys: what is left are sockets that refuse the options.
#[test]
fn what_was_not_compared_is_the_headline_and_the_status() {
    let refusals = || GuestRun {
        skipped: (0..30).map(skipped).collect(),
        scenes: survey(200..209, &[]).scenes,
        ..survey(0..0, &[(ABSENT, 2000)])
    };
    let asked = Choice { options: &[], scenes: &[] };
    let seen = review([Revision::V6_12; 2], refusals(), refusals(), asked);
    assert_eq!((seen.verdict, seen.status().code()), (Verdict::Skipped, 4));
    let headline = crate::review::markdown::summary(&seen);
    let wanted = "**NOT COMPARED**: the options were not compared:";
    assert!(headline.contains(wanted), "{headline}");
    assert!(headline.contains("no path manager"), "{headline}");
    assert!(!headline.contains("NO DIFFERENCE"), "{headline}");
    // A scene that the command line names, while others were compared.
    let good = || GuestRun { skipped: vec![skipped(29)], ..survey(0..29, &all_but(29)) };
    let named: [Selection; 1] = [by_id(29).unwrap().name.parse().unwrap()];
    let asked = Choice { options: &[], scenes: &named };
    let seen = review([Revision::V6_12; 2], good(), good(), asked);
    assert_eq!((seen.verdict, seen.status().code()), (Verdict::Skipped, 4));
    // An option that neither kernel has.
    let asked = Choice { options: &[OptionName::FullInfo], scenes: &[] };
    let good = || survey(0..30, &[(AGREE, 2000)]);
    let seen = review([Revision::V6_1; 2], good(), good(), asked);
    assert_eq!((seen.verdict, seen.status().code()), (Verdict::Skipped, 4));
}

fn content() -> Content {
    let change = FieldChange {
        field: "mptcp_info.mptcpi_flags".to_owned(),
        change: ContentsChange::BecameConstant { value: "0".to_owned() },
        places: 3,
        steady: 5,
        scenes: vec!["fresh-v4", "listening-v4"],
        scene: "fresh-v4",
        expected: "1".to_owned(),
        observed: "0".to_owned(),
    };
    Content { change, allowed: false }
}

#[test]
fn contents_that_nothing_explains_are_a_divergence_between_comparable_kernels() {
    let contents = || vec![content()];
    let asked = Choice { options: &[], scenes: &[] };
    let good = || survey(0..30, &[(AGREE, 2000)]);
    let seen = review_holding(contents(), [Revision::V6_12; 2], [good(), good()], asked);
    assert_eq!((seen.verdict, seen.difference), (Verdict::Divergence, Difference::Contents));
    let fewer = GuestRun { skipped: vec![skipped(29)], ..survey(0..29, &[(AGREE, 2000)]) };
    let seen = review_holding(contents(), [Revision::V6_12; 2], [good(), fewer], asked);
    assert_eq!((seen.verdict, seen.status().code()), (Verdict::Uneven, 2));
}

#[test]
fn changed_contents_are_named_in_the_first_lines_with_the_option_that_accepts_them() {
    let good = || survey(0..30, &[(AGREE, 2000)]);
    let seen = |allowed: &[&str]| {
        let asked = Choice { options: &[], scenes: &[] };
        let revisions = [Revision::V6_12; 2];
        review_allowing(allowed, vec![content()], revisions, [good(), good()], asked)
    };
    let new = seen(&[]);
    assert_eq!((new.verdict, new.status().code()), (Verdict::Divergence, 1));
    let first = "\
# What changes in getsockopt(SOL_MPTCP, …)

- **1 field of the structures** holds something else: mptcp_info.mptcpi_flags
";
    let list = "
## Changes of behaviour

1. **mptcp_info.mptcpi_flags is always 0**
   - changes contents; at 3 of 5 places, on 2 scenes (fresh-v4, listening-v4)
   - e.g. on fresh-v4: base 1; patched 0
   - if it is meant: `--allow contents=mptcp_info.mptcpi_flags`
";
    let page = crate::review::markdown::page(&new, Extent::Usual);
    assert!(page.starts_with(&format!("{first}{list}")), "{page}");
    assert!(page.lines().all(|line| line.chars().count() < 80), "{page}");
    let page = crate::review::html::page(&new);
    assert!(page.contains("<b>1. </b><b>mptcp_info.mptcpi_flags is always 0</b>"), "{page}");
    let ktap = crate::review::ktap::page(&new);
    assert!(ktap.contains("not ok 8 contents"), "{ktap}");
    let json = serde_json::to_value(&new.contents).unwrap();
    let change = serde_json::json!({ "kind": "became_constant", "value": "0" });
    assert_eq!(json[0]["change"], change);
    assert_eq!((&json[0]["base"], &json[0]["patched"]), (&"1".into(), &"0".into()));

    let meant = seen(&["contents=mptcp_info.mptcpi_flags"]);
    assert_eq!((meant.verdict, meant.status().code()), (Verdict::Agree, 0));
    assert_eq!(meant.difference, Difference::Explained);
    let page = crate::review::markdown::page(&meant, Extent::Usual);
    assert!(page.contains("holds something else, accepted by --allow:"), "{page}");
    assert!(page.contains("changes contents, accepted by --allow;"), "{page}");
    assert!(!page.contains("NO DIFFERENCE"), "{page}");
    let ktap = crate::review::ktap::page(&meant);
    assert!(ktap.contains("ok 8 contents") && !ktap.contains("not ok"), "{ktap}");

    let other = seen(&["contents=mptcp_info.mptcpi_token"]);
    assert_eq!(other.status().code(), 1);
}
