use super::*;
use mptcp_harness::scenes::by_name;

const ALL: Choice<'_> = Choice { options: &[], scenes: &[] };

/// Scenes that came up; all others did not.
fn coverage(up: &[&str]) -> Coverage {
    let missing = catalogue().iter().filter(|scene| !up.contains(&scene.name));
    let skipped = missing.map(|scene| SkippedScene {
        name: scene.name.to_owned(),
        reason: "choosing the path manager: No such file or directory".to_owned(),
    });
    Coverage {
        scenes: up.len(),
        scenes_compared: 0,
        scenes_up: up.iter().map(|name| (*name).to_owned()).collect(),
        skipped_scenes: skipped.collect(),
        ..Coverage::default()
    }
}

fn compared(on: &[(i32, &str)]) -> Compared {
    let mut compared = Compared::default();
    for (option, name) in on {
        compared.add(*option, by_name(name).unwrap().id);
    }
    compared
}

fn not_compared(mut coverage: Coverage, asked: Choice<'_>, on: &[(i32, &str)]) -> Vec<Request> {
    coverage.compare(asked, &Revision::V6_12, &compared(on));
    coverage.not_compared.into_iter().map(|entry| entry.request).collect()
}

#[test]
fn a_refusal_is_no_comparison_of_an_option() {
    let refuses = || coverage(&["tcp-v4-fresh", "udp-v6"]);
    let refusals = [(1, "tcp-v4-fresh"), (2, "udp-v6")];
    assert_eq!(not_compared(refuses(), ALL, &refusals), [Request::AllOptions]);
    // Where nothing else was asked for, it is.
    let scenes = ["not-mptcp".parse().unwrap()];
    let two = [OptionName::Info, OptionName::TcpInfo];
    let asked = Choice { options: &two, scenes: &scenes };
    assert_eq!(not_compared(refuses(), asked, &refusals), []);
    let up = || coverage(&["fresh-v4", "udp-v6"]);
    let all = [(1, "fresh-v4"), (2, "fresh-v4"), (3, "fresh-v4"), (4, "fresh-v4")];
    assert_eq!(not_compared(up(), ALL, &all), []);
    let missing = not_compared(up(), ALL, &all[..3]);
    assert_eq!(missing, [Request::Option(OptionName::FullInfo)]);
    // A number that no kernel knows is none of the options.
    assert_eq!(not_compared(up(), ALL, &[(0, "fresh-v4")]), [Request::AllOptions]);
}

#[test]
fn each_option_that_was_asked_for_has_to_be_compared() {
    let up = || coverage(&["fresh-v4"]);
    let asked = |options| Choice { options, scenes: &[] };
    let both = [OptionName::Info, OptionName::TcpInfo];
    assert_eq!(not_compared(up(), asked(&both), &[(1, "fresh-v4"), (2, "fresh-v4")]), []);
    let missing = not_compared(up(), asked(&both), &[(1, "fresh-v4")]);
    assert_eq!(missing, [Request::Option(OptionName::TcpInfo)]);
    let unknown = [OptionName::Unknown];
    assert_eq!(not_compared(up(), asked(&unknown), &[(0, "fresh-v4")]), []);
    // What the kernel does not have was refused, which is no verdict on the option.
    let info_opt = [OptionName::InfoOpt];
    let missing = not_compared(up(), asked(&info_opt), &[(0, "fresh-v4")]);
    assert_eq!(missing, [Request::Option(OptionName::InfoOpt)]);
}

#[test]
fn each_scene_that_was_asked_for_has_to_be_compared() {
    let up = || coverage(&["fresh-v4", "bound-v4"]);
    let scenes = ["fresh-v4".parse().unwrap(), "many".parse().unwrap()];
    let info = [OptionName::Info];
    let asked = Choice { options: &info, scenes: &scenes };
    let missing = not_compared(up(), asked, &[(1, "fresh-v4")]);
    assert_eq!(missing, [Request::Scenes("many".to_owned())]);
    // It came up, and the run ended too early.
    let scenes = ["fresh-v4".parse().unwrap(), "bound-v4".parse().unwrap()];
    let asked = Choice { options: &info, scenes: &scenes };
    let mut coverage = up();
    coverage.compare(asked, &Revision::V6_12, &compared(&[(1, "fresh-v4")]));
    let text = coverage.not_compared_text().unwrap_or_default();
    let wanted = "--scene bound-v4 was not compared: the run ended before a case";
    assert!(text.starts_with(wanted), "{text}");
}

#[test]
fn the_headline_has_what_is_missing_and_why() {
    let mut seven = coverage(&["tcp-v4-fresh"]);
    seven.compare(ALL, &Revision::V6_12, &Compared::default());
    assert_eq!(seven.up_text(), format!("1 of {} scenes", catalogue().len()));
    assert_eq!(seven.scenes_text(), format!("0 of {} scenes", catalogue().len()));
    let text = seven.not_compared_text().unwrap_or_default();
    assert!(text.starts_with("the options were not compared: none of "), "{text}");
    assert!(text.ends_with("choosing the path manager: No such file or directory"), "{text}");
    // What has one reason is named together.
    let options = [OptionName::Info, OptionName::TcpInfo];
    let mut two = coverage(&["tcp-v4-fresh"]);
    let asked = Choice { options: &options, scenes: &[] };
    two.compare(asked, &Revision::V6_12, &Compared::default());
    let text = two.not_compared_text().unwrap_or_default();
    assert!(text.starts_with("MPTCP_INFO, MPTCP_TCPINFO were not compared: "), "{text}");
    let mut whole = Coverage { skipped_scenes: Vec::new(), ..coverage(&["fresh-v4"]) };
    let asked = Choice { options: &options[..1], scenes: &[] };
    whole.compare(asked, &Revision::V6_12, &compared(&[(1, "fresh-v4")]));
    assert_eq!((whole.scenes_text(), whole.not_compared_text()), ("1 scene".to_owned(), None));
}

#[test]
fn a_scene_on_one_kernel_alone_is_named_with_the_other() {
    let (all, some) = (coverage(&["fresh-v4", "bound-v4"]), coverage(&["fresh-v4"]));
    let uneven = uneven(&[("one", &all), ("two", &some), ("three", &all)]);
    let wanted = [("bound-v4".to_owned(), vec!["two".to_owned()])];
    assert_eq!(uneven.into_iter().collect::<Vec<_>>(), wanted);
    // Older releases cannot have it.
    let older = Coverage { skipped_scenes: Vec::new(), ..coverage(&["fresh-v4"]) };
    assert!(super::uneven(&[("one", &all), ("older", &older)]).is_empty());
}
