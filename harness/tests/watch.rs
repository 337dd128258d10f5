//! What a watch complains of is a finding of the case under way. The watch is
//! a fake; the real one is that of `assay vm`.
#![expect(clippy::unwrap_used, reason = "tests say what they mean by failing")]

use std::sync::{Arc, Mutex};

use mptcp_harness::cases::Case;
use mptcp_harness::engines::check::{Outcome, Progress, Setting, check};
use mptcp_harness::kernel::Kernel;
use mptcp_harness::model::Model;
use mptcp_harness::scenes::{Enclosure, Fixtures};
use mptcp_harness::watch::{Complaint, Watch};

/// Complains where `of` says so, which is told how many calls came before.
#[derive(Debug)]
struct Fake {
    seen: Arc<Mutex<Vec<Case>>>,
    of: fn(usize, &Case) -> bool,
}

impl Watch for Fake {
    fn before(&mut self, case: &Case) {
        self.seen.lock().unwrap().push(*case);
    }

    fn after(&mut self) -> Option<Complaint> {
        let seen = self.seen.lock().unwrap();
        (self.of)(seen.len() - 1, seen.last()?).then(|| Complaint {
            kind: "kernel warning".into(),
            place: "f".into(),
            title: "WARNING: at f".into(),
            excerpt: "WARNING: at f\n g+0x1/0x2".into(),
        })
    }

    fn forget(&mut self) {}
}

/// A check of a thousand cases on a descriptor that is no MPTCP socket, which
/// there is everywhere; and the calls that were made.
fn checked(of: fn(usize, &Case) -> bool) -> (Outcome, Vec<Case>) {
    let place = Enclosure::Host { why: "a test has threads".into() };
    let fixtures = Fixtures::build(&place, |scene| scene.name == "unix-stream", &mut |_| ());
    let revision = Kernel::running(fixtures.sizes()).revision;
    let setting = Setting {
        time: None,
        cases: Some(1000),
        options: Vec::new(),
        seed: 1,
        jobs: 1,
        first: false,
    };
    let seen = Arc::new(Mutex::new(Vec::new()));
    let watching = || {
        let fake = Fake { seen: seen.clone(), of };
        Some(Box::new(fake) as Box<dyn Watch>)
    };
    let (fixtures, progress) = (Arc::new(Mutex::new(fixtures)), Progress::default());
    let outcome =
        check(&setting, revision, &fixtures, Model::documented(), &watching, &progress).unwrap();
    let seen = seen.lock().unwrap().clone();
    (outcome, seen)
}

#[test]
fn a_complaint_that_comes_once_is_that_cases_own() {
    let (outcome, seen) = checked(|before, _| before == 700);
    assert_eq!(outcome.counts().disagree, 1);
    let findings: Vec<_> = outcome.findings.values().collect();
    let [finding] = findings[..] else { panic!("{findings:?}") };
    // Tried again for something simpler it did not show, so it is as it was met.
    assert_eq!(finding.case, seen[700]);
    assert!(finding.diagnosis.signature.ends_with("/kernel warning/f"), "{finding}");
    assert!(finding.diagnosis.summary.contains("WARNING: at f"), "{finding}");
    assert!(finding.to_string().contains("g+0x1"), "{finding}");
    assert!(finding.after > std::time::Duration::ZERO && finding.after <= outcome.elapsed);
}

#[test]
fn a_complaint_that_comes_each_time_is_shrunk() {
    let (outcome, seen) = checked(|_, case| case.option == 1 && case.length >= 77);
    let finding = outcome.findings.get("MPTCP_INFO/kernel warning/f").unwrap();
    assert_eq!((finding.case.option, finding.case.length), (1, 77), "{finding}");
    assert_eq!(outcome.findings.len(), 1);
    assert!(finding.cases > 1 && seen.len() > 1000);
}

#[test]
fn a_kernel_that_says_nothing_has_no_finding() {
    let (outcome, _) = checked(|_, _| false);
    assert_eq!((outcome.counts().agree, outcome.findings.len()), (1000, 0));
}
