use super::*;
use grammar::{Result, TestPoint, read};

fn skip(why: &str) -> Ending {
    Ending::Skip(why.into())
}

fn some() -> Vec<Point> {
    let inner = vec![
        Point::new("one", Ending::Ok).saying("12 cases agree"),
        Point::new("two", Ending::NotOk).saying("3 of 4 disagree\nof which none"),
        Point::new("three", skip("no such\n scene")),
    ];
    vec![
        Point::of("wrong", inner).saying("finding: a/b/c"),
        Point::of("right", vec![Point::new("one", Ending::Ok), Point::new("two", skip("why"))]),
        Point::of("nothing", vec![Point::new("one", skip("why")), Point::new("two", skip("?"))]),
        Point::new("a file#1", Ending::Error("this has 3 bytes".into())),
    ]
}

#[test]
fn a_document_reads_as_it_was_meant() {
    let text = document(&["Linux".into()], &some());
    let points = read(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let results: Vec<Result> = points.iter().map(|point| point.result).collect();
    assert_eq!(results, [Result::NotOk, Result::Ok, Result::Skip, Result::NotOk]);
    let TestPoint { comments, points: inner, .. } = &points[0];
    assert_eq!(comments, &["finding: a/b/c"]);
    assert_eq!(inner[1].comments, ["3 of 4 disagree", "of which none"]);
    assert_eq!(inner[2].reason, "no such scene");
    assert_eq!((points[2].reason.as_str(), points[3].name.as_str()), ("why", "a_file_1"));
}

#[test]
fn documents_are_points_of_another() {
    let inner = document(&["Linux".into()], &some());
    let all = [
        ("6.1".to_owned(), inner, Ending::NotOk),
        ("6.12".to_owned(), String::new(), Ending::Error("did not boot".into())),
    ];
    let text = nested(&all);
    let points = read(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!((points.len(), points[0].points.len()), (2, 4));
    assert_eq!(points[1].reason, "did not boot");
}

/// What the kernel's document itself has for an example, its names of subtests added.
const EXAMPLE: &str = "\
KTAP version 1
1..2
  KTAP version 1
  # Subtest: example_test_1
  1..2
    KTAP version 1
    # Subtest: test_3
    1..2
    not ok 1 test_1
    ok 2 test_2
  not ok 1 test_3
  ok 2 test_4 # SKIP why
not ok 1 example_test_1
ok 2 example_test_2
";

#[test]
fn what_is_no_ktap_is_refused() {
    assert_eq!(read(EXAMPLE).map(|points| points.len()), Ok(2));
    let refused = |from: &str, to: &str, why: &str| {
        assert!(EXAMPLE.contains(from), "{from:?}");
        let error = read(&EXAMPLE.replacen(from, to, 1)).err();
        let error = error.unwrap_or_else(|| panic!("{from:?} -> {to:?} is not refused"));
        assert!(error.contains(why), "{from:?} -> {to:?}: {error}");
    };
    refused("KTAP version 1\n", "", "no version");
    refused("KTAP version 1\n", "KTAP version 2\n", "no version");
    refused("1..2\n", "", "no plan");
    refused("1..2\n", "1..0\n", "a plan of nothing");
    refused("1..2\n", "1..3\n", "no result");
    refused("1..2\n", "1..1\n", "something behind the last result");
    refused("  1..2\n", "  1..1\n", "no result");
    refused("  1..2\n", "  1..3\n", "no result");
    refused("  # Subtest: example_test_1\n", "", "no name of the subtest");
    refused("# Subtest: test_3", "# Subtest: test_4", "the name of another subtest");
    refused("    ok 2 test_2", "    ok 3 test_2", "not number 2");
    refused("    ok 2 test_2", "  ok 2 test_2", "no result");
    refused("    ok 2 test_2", "    ok 2", "no name");
    refused("    ok 2 test_2", "    ok 2 test 2", "no name");
    refused("    ok 2 test_2", "    okay 2 test_2", "no result");
    refused("    ok 2 test_2\n", "    a word\n    ok 2 test_2\n", "no result");
    refused("  not ok 1 test_3", "  ok 1 test_3", "ok, with a subtest that is not");
    refused("# SKIP why", "# SKIP", "no directive");
    refused("# SKIP why", "# PERHAPS why", "no directive");
    refused("ok 2 example_test_2", "ok 2 \u{1b}[1mexample_test_2", "colours");
}
