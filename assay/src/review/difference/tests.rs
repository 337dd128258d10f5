use super::*;
use crate::model_socket::ModelSocket;
use crate::report::datum::Datum;
use mptcp_harness::cases::{Data, Entry, Input, Place};
use mptcp_harness::engines::case_list::scene_facts;
use mptcp_harness::judge::evidence::{Examination, Observed};
use mptcp_harness::judge::model_diff::{ModelDiff, Side};
use mptcp_harness::scenes::by_name;

fn agenda(revisions: &[Revision]) -> CaseList {
    agenda_on(revisions, "established-v4")
}

fn agenda_on(revisions: &[Revision], scenes: &str) -> CaseList {
    let scene_facts = scene_facts(|scene| scene.name.starts_with(scenes));
    CaseList {
        boundary_values: CaseList::boundary_values(&scene_facts, revisions),
        options: Vec::new(),
        cases: 4000,
        seed: 1,
        stored: Vec::new(),
    }
}

/// A survey that agrees but for some cases, by number, which have a signature.
fn survey(revision: Revision, wrong: &[(u64, &str)]) -> GuestRun {
    let mut survey = GuestRun::empty(revision);
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
            causes: Vec::new(),
            contents: Vec::new(),
        });
        at = number + 1;
    }
    survey.verdicts.push((AGREE, 4000 - at));
    survey
}

fn classes(base: &GuestRun, patched: &GuestRun) -> Vec<(Class, String, u64)> {
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
    let half = GuestRun {
        verdicts: vec![(AGREE, 1000), (NONE, 3000)],
        ..GuestRun::empty(Revision::V6_12)
    };
    let compared = compare(&agenda(&revisions), [&good, &half], revisions).unwrap();
    assert_eq!((compared.compared, compared.undecided), (1000, 3000));
    // And a survey that broke off is none.
    let short = GuestRun { verdicts: vec![(AGREE, 3999)], ..half };
    assert!(compare(&agenda(&revisions), [&good, &short], revisions).is_err());
    // Nor is one that goes on, or tells less than it counts.
    let long = GuestRun { verdicts: vec![(AGREE, 4001)], ..GuestRun::empty(Revision::V6_12) };
    assert!(compare(&agenda(&revisions), [&good, &long], revisions).is_err());
    let mute = GuestRun { verdicts: vec![(DISAGREE, 4000)], ..long };
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
    let full = "patched: MPTCP_FULL_INFO exists; base: MPTCP_FULL_INFO is an unknown option";
    assert!(causes.contains(full), "{causes:?}");
    // Revisions that differ in nothing but their names differ in nothing.
    let same = [Revision::V6_10, Revision::V6_12];
    let surveys = same.map(|revision| survey(revision, &[]));
    let compared = compare(&agenda(&same), [&surveys[0], &surveys[1]], same).unwrap();
    assert!(compared.groups.is_empty());
}

/// Both kernels agree with the model, on the scenes of a name.
fn known(revisions: [Revision; 2], scenes: &str) -> Comparison {
    let surveys = revisions.map(|revision| survey(revision, &[]));
    let agenda = agenda_on(&revisions, scenes);
    compare(&agenda, [&surveys[0], &surveys[1]], revisions).unwrap()
}

const KNOWN: [Revision; 2] = [Revision::V6_1_79, Revision::V6_12_93];

/// A new socket has a subflow up to 6.3: no structure's size explains that.
#[test]
fn a_number_of_subflows_is_not_explained_by_a_size() {
    let new = "subflows of a new socket: patched none, base 1";
    let size = "struct tcp_info has 248 bytes, had 232";
    let groups = known(KNOWN, "fresh-v4").groups;
    let of = |signature: &str| {
        let of = groups.iter().filter(|group| group.signature == signature);
        of.map(|group| &group.because[..]).collect::<Vec<_>>()
    };
    assert_eq!(of("MPTCP_SUBFLOW_ADDRS/header.num_subflows/CountReported"), [[new]]);
    assert_eq!(of("MPTCP_TCPINFO/header.several/CountReported"), [[size, new]]);
    // Of a socket that has the same number on both, the size alone differs.
    let groups = known(KNOWN, "established-v4").groups;
    let of =
        groups.iter().find(|group| group.signature.ends_with("header.size_kernel/CountReported"));
    assert_eq!(of.unwrap().because, [size]);
}

#[test]
fn what_sockets_hold_is_explained_by_that() {
    let because = |revisions, scenes| {
        let groups = known(revisions, scenes).groups;
        assert!(groups.iter().all(|group| group.class == Class::Explained));
        groups.iter().flat_map(|group| group.because.clone()).collect::<BTreeSet<_>>()
    };
    for (revisions, scenes, expected) in [
        (
            [Revision::V6_6.with_sizes(240, 48), Revision::V6_5.with_sizes(240, 48)],
            "initial-removed-v4-server",
            "an accepted socket whose initial subflow is closed: patched drops it, base keeps it",
        ),
        (
            [Revision::V6_2, Revision::V6_3_8],
            "established-v4-client-3",
            "subflows with the userspace path manager: patched counts them, base does not count them",
        ),
        (
            [Revision::V6_3_8, Revision::V6_4],
            "established-v4-client-1",
            "limits with the userspace path manager: patched leaves them 0, base fills them in",
        ),
        (
            [Revision::V6_5.with_sizes(240, 48), Revision::V6_4.with_sizes(240, 48)],
            "listening-v4",
            "limits of a listener: patched fills them in, base leaves them 0",
        ),
        (
            [Revision::V6_18, Revision::V6_18_44],
            "disconnected-v4",
            "mptcpi_rcv_nxt of a disconnected socket: patched has 0, base keeps it",
        ),
    ] {
        let found = because(revisions, scenes);
        assert!(found.contains(expected), "{scenes}: {found:?}");
    }
    assert_eq!(because([Revision::V6_1_34, Revision::V6_1_79], "established-v4-client"), [].into());
}

/// All data of a revision together are the revision, so that nothing in which two differ is
/// left out of an account.
#[test]
fn the_data_are_all_that_revisions_differ_in() {
    for base in Revision::ALL {
        for patched in Revision::ALL {
            let mixed = Datum::mixed(&[base, patched], Datum::all());
            let Revision { name, since, sources, verification, .. } = base;
            assert_eq!(mixed, Revision { name, since, sources, verification, ..patched });
        }
    }
}

/// With its causes the base revision does on every byte what the patched one does, and with
/// fewer it does not.
#[test]
fn causes_are_enough_and_none_is_too_many() {
    for scenes in ["fresh-v4", "established-v4-server-2", "listening-v4"] {
        let mut data = DataDifference::between(KNOWN).unwrap();
        let count = data.data.len();
        for group in known(KNOWN, scenes).groups {
            for case in [group.simplest, group.first] {
                let bit = |datum| data.data.iter().position(|known| *known == datum).unwrap();
                let causes: u32 = group.causes.iter().map(|datum| 1 << bit(*datum)).sum();
                assert_eq!(data.is_enough(&case, causes), Some(true), "{}", group.signature);
                let smaller =
                    (0..1_u32 << count).filter(|set| set.count_ones() < causes.count_ones());
                for set in smaller {
                    let enough = data.is_enough(&case, set);
                    assert_eq!(enough, Some(false), "{}: {set:b}", group.signature);
                }
            }
        }
    }
}

/// What a kernel of a revision would answer in a scene.
fn answer(case: &Case, revision: Revision, scene: &str) -> Answer {
    let socket = ModelSocket::marked(by_name(scene).unwrap(), &revision);
    let (foreseen, before, subflows) = socket.with(|socket, subflows| {
        let side = Side { revision: &revision, socket, subflows };
        let none = Side { socket: mptcp_emulator::Socket::Closed, ..side };
        let [foreseen, before] = ModelDiff::default().foresee(case, [side, none]);
        (foreseen, before, subflows)
    });
    let bytes = foreseen.bytes.into_vec();
    Answer {
        result: String::new(),
        optlen: None,
        rules: Vec::new(),
        departs: None,
        examination: Examination {
            predicted: foreseen.result,
            observed: Some(Observed {
                result: foreseen.result,
                bytes: bytes.clone(),
                mismatch: None,
            }),
            rules: Vec::new(),
            before: before.bytes.into_vec(),
            prediction: bytes.clone(),
            mask: foreseen.mask.into_vec(),
        },
        revision,
        subflows,
    }
}

/// Both kernels do what the model says of the sockets that they have, but one of them lists
/// a subflow less, which nothing accounts for.
#[test]
fn what_the_causes_do_not_account_for_is_not_explained() {
    let three = "established-v4-client-3-after";
    let case = Case {
        scene: by_name(three).unwrap().id,
        poison: 1,
        option: mptcp_emulator::abi::MPTCP_TCPINFO,
        length: 16,
        optval: Place::Street(0x1040),
        optlen: Place::Street(0x14000),
        input: Input::Data(Data::asking(232)),
        entry: Entry::Native,
    };
    let confirmed = |patched: &str| {
        let mut compared = known(KNOWN, three);
        let group = compared.groups.iter_mut().find(|group| group.causes == [Datum::TcpInfo]);
        let group = group.unwrap();
        (group.simplest, group.first) = (case, case);
        let answers = [answer(&case, KNOWN[0], three), answer(&case, KNOWN[1], patched)];
        let answers = std::cell::Cell::new(Some(answers));
        compared.confirm(KNOWN, |asked| if *asked == case { answers.take() } else { None });
        compared
    };
    let bad = confirmed("established-v4-client-2-after");
    let unexplained = &bad.groups[0];
    assert_eq!((unexplained.class, &unexplained.because[..]), (Class::Unexplained, &[][..]));
    assert!(bad.is_bad());
    let good = confirmed(three);
    assert!(good.groups.iter().all(|group| group.class == Class::Explained));
    assert!(!good.is_bad());
}
