//! The whole program, put together.

use std::collections::BTreeSet;
use std::fmt::Write;

use mptcp_emulator::{Errno, Revision, Rule, abi};
use mptcp_harness::cases::{Entry, Input, Place, option_name};
use mptcp_harness::judge::region::{Map, Region};

use super::dependency::Dependency::{self, *};
use super::expect::{Section, sections};
use super::input::ProgramInput;
use super::pages::ProgramPages;
use super::source::{comment, promise, rule, statement};
use super::staging::Staging;

/// The text of the program.
pub(crate) fn text(subjects: &ProgramInput) -> Result<String, String> {
    let writer = Writer {
        subjects,
        pages: ProgramPages::new(subjects.case(), &subjects.over),
        staging: Staging::of(subjects.scene),
    };
    let map = Map::new(subjects.case(), &subjects.revision, subjects.subflows);
    let mut used = BTreeSet::new();
    let sections = sections(subjects.case(), &map, &subjects.over, &mut used);
    let main = writer.main(&sections, &mut used);
    let take = |which: &[Dependency]| -> Vec<&'static str> {
        which.iter().filter(|one| used.contains(one)).map(|one| one.fragment()).collect()
    };
    let mut fragments = vec![include_str!("skip.c")];
    fragments.extend(take(&[Compat, TcpInfoSize, MptcpInfoSize]));
    fragments.extend(&writer.staging.fragments);
    let scene = format!("static int scene(void)\n{{\n{}}}\n", writer.staging.body);
    fragments.push(&scene);
    let pointers = writer.pointers();
    // A 32-bit program has less around its memory, as
    // [`Case::is_safe`](mptcp_harness::cases::Case::is_safe) leaves no room for more.
    let guard =
        if writer.is_compat() { include_str!("guard_compat.c") } else { include_str!("guard.c") };
    fragments.extend([&pointers, guard, include_str!("memory.c")]);
    fragments.extend(take(&[Put]));
    fragments.push(include_str!("check.c"));
    if used.contains(&Expect) || used.contains(&ExpectZeros) {
        fragments.push(include_str!("failed.c"));
    }
    fragments.extend(take(&[Expect, ExpectZeros, LeftOpen]));
    fragments.extend([include_str!("result.c"), include_str!("rest.c"), &main]);
    fragments.extend(take(&[NetworkOrder, NetworkOrder64]));
    Ok(writer.head() + &joined(&fragments, &writer.definitions(&used)))
}

/// Fragments in their order, with what they include on top, once.
fn joined(fragments: &[&str], definitions: &str) -> String {
    let is_include = |line: &&str| line.starts_with("#include ");
    let includes: BTreeSet<&str> =
        fragments.iter().flat_map(|fragment| fragment.lines()).filter(is_include).collect();
    let mut text = "#define _GNU_SOURCE\n".to_owned();
    for include in includes {
        let _ = writeln!(text, "{include}");
    }
    text.push_str(definitions);
    for fragment in fragments {
        let lines: Vec<&str> = fragment.lines().filter(|line| !is_include(line)).collect();
        if !lines.is_empty() {
            let _ = writeln!(text, "\n{}", lines.join("\n").trim());
        }
    }
    text
}

/// Writes one program.
pub(super) struct Writer<'a> {
    pub(super) subjects: &'a ProgramInput,
    pub(super) pages: ProgramPages,
    pub(super) staging: Staging,
}

impl Writer<'_> {
    pub(super) fn is_compat(&self) -> bool {
        self.subjects.case().entry == Entry::Compat
    }

    fn main(&self, sections: &[Section], used: &mut BTreeSet<Dependency>) -> String {
        let case = self.subjects.case();
        let mut text = "#include <sys/socket.h>\n\nint main(void)\n{\n".to_owned();
        if case.optlen.offset().is_some() {
            let _ = writeln!(text, "\tsocklen_t length = {};", length(case.length));
        }
        text.push_str("\tint fd, ret;\n");
        text.push_str(&self.declaration());
        text.push_str("\n\tsetbuf(stdout, NULL);\n");
        text.push_str(&self.sizes(used));
        text.push_str("\tfd = scene();\n\n\tmap_memory();\n");
        for (name, place) in self.places() {
            let _ = writeln!(text, "\t{name} = {};", self.pages.expression(place));
        }
        text.push_str(&self.pointed());
        if case.optval.offset().is_some() && case.input != Input::Nothing {
            used.insert(Put);
            text.push_str("\tput(optval, &header, sizeof(header));\n");
        }
        if case.optlen.offset().is_some() {
            used.insert(Put);
            text.push_str("\tput(optlen, &length, sizeof(length));\n");
        }
        text.push_str("\tprotect_memory();\n\n");
        let option = option_name(case.option);
        let arguments = ["fd", "SOL_MPTCP", &option, "optval", "(void *)optlen"].map(String::from);
        if self.is_compat() {
            let register = |(name, place): (&str, Place)| match place {
                Place::Street(_) => format!("UPPER | (unsigned long){name}"),
                Place::Wild(_) => format!("(unsigned long){name}"),
            };
            let mut arguments = arguments[..3].to_vec();
            arguments.extend([("optval", case.optval), ("optlen", case.optlen)].map(register));
            text.push_str(&statement(1, "ret = call_compat(", &arguments, ");"));
        } else {
            text.push_str(&statement(1, "ret = getsockopt(", &arguments, ");"));
        }
        text.push_str(&self.checks(sections));
        text + include_str!("end.c")
    }

    /// The result first, then thing by thing, then all the rest.
    fn checks(&self, sections: &[Section]) -> String {
        let over = &self.subjects.over[0];
        let mut left: Vec<Rule> = over.rules.clone();
        // What refuses the call decides the result, whatever else it decides.
        let refusal = over.predicted.err().and_then(|_| left.pop());
        let promises = self.subjects.promises();
        let rule = |rule: Rule| match promises.iter().find(|known| known.rules().contains(&rule)) {
            Some(known) => promise(known),
            None => self::rule(rule),
        };
        let mut of = |region: Region| -> Vec<String> {
            let part = region.part();
            let (told, others) =
                left.iter().partition(|rule| part.is_some_and(|part| rule.is_deciding(part)));
            left = others;
            Vec::into_iter(told).map(rule).collect()
        };
        let told: Vec<_> = sections.iter().map(|one| (of(one.region), &one.text)).collect();
        let rest: Vec<String> =
            [Region::HeaderTail, Region::Slack].into_iter().flat_map(&mut of).collect();
        left.extend(refusal);
        let mut first: Vec<String> = left.into_iter().map(rule).collect();
        if first.is_empty() {
            first.push("Nothing in it is refused.".into());
        }
        let mut texts = String::new();
        if let Some(console) = &self.subjects.found.console {
            let title = console.lines().next().unwrap_or_default();
            first.push(format!("And dmesg says nothing, where it said: {title}"));
        }
        texts.push_str(&block(&first));
        let _ = writeln!(texts, "\texpect_result({}, ret);", result(over.predicted));
        texts.push_str("\topen_memory();\n");
        for (rules, text) in told {
            texts.push_str(&block(&rules));
            if rules.is_empty() {
                texts.push('\n');
            }
            texts.push_str(text);
        }
        texts.push_str(&block(&rest));
        if rest.is_empty() {
            texts.push('\n');
        }
        texts + "\texpect_rest_untouched();\n"
    }

    /// Sizes by which a kernel is told from one that this is not written for.
    fn sizes(&self, used: &mut BTreeSet<Dependency>) -> String {
        let revision = &self.subjects.revision;
        let option = self.subjects.case().option;
        let mut text = String::new();
        if self.is_compat() {
            used.insert(Compat);
            text.push_str("\tneed_compat();\n");
        }
        // What is refused tells nothing of sizes; a fault may come of them.
        if self.subjects.over[0].predicted.is_err_and(|errno| errno != Errno::EFAULT) {
            return text;
        }
        if matches!(option, abi::MPTCP_TCPINFO | abi::MPTCP_FULL_INFO | abi::MPTCP_INFO_OPT) {
            used.insert(TcpInfoSize);
            let _ = writeln!(text, "\tneed_tcp_info({});", revision.tcp_info);
        }
        // What the first release had all have.
        let first = u32::try_from(self.subjects.case().length)
            .is_ok_and(|length| length <= Revision::V5_16.mptcp_info);
        let grown = option == abi::MPTCP_INFO && !first;
        if grown || matches!(option, abi::MPTCP_FULL_INFO | abi::MPTCP_INFO_OPT) {
            used.insert(MptcpInfoSize);
            let _ = writeln!(text, "\tneed_mptcp_info({});", revision.mptcp_info);
        }
        text
    }
}

/// A comment before checks, with a line between it and what was before.
fn block(paragraphs: &[String]) -> String {
    match paragraphs {
        [] => String::new(),
        all => {
            // An empty line between one and the next.
            let mut apart: Vec<String> = Vec::new();
            for paragraph in all {
                apart.extend((!apart.is_empty()).then(String::new));
                apart.push(paragraph.clone());
            }
            format!("\n{}", comment(1, &apart))
        }
    }
}

fn result(predicted: Result<(), Errno>) -> String {
    predicted.err().map_or("0".into(), |errno| errno.to_string())
}

fn length(length: i32) -> String {
    match length {
        i32::MIN => "0x80000000".into(),
        other => other.to_string(),
    }
}
