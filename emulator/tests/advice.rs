//! What `docs/advice.md` says, held against the rules; and the example that follows it, on
//! each revision and with up to 41 subflows.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod common;

#[path = "../examples/advice/ask.rs"]
mod ask;

use ask::{Arrays, Kernel, learn};
use common::Known;
use mptcp_emulator::abi::{FullInfo, MPTCP_FULL_INFO, SUBFLOW_INFO};
use mptcp_emulator::{
    Buffer, Call, Connection, Content, Errno, Family, Fault, Revision, Rule, Socket, UserMemory,
    getsockopt,
};
use zerocopy::IntoBytes;

const PAGE: &str = include_str!("../../docs/advice.md");
const MISTAKES: &str = include_str!("mistakes.rs");
const PROGRAM: &str = include_str!("../../lab/advice/advice.c");

/// The program's own memory, at its real addresses; the length stands elsewhere.
struct Own<'a> {
    parts: Vec<&'a mut [u8]>,
    length: i32,
}

impl Own<'_> {
    /// The bytes from an address to the end of what they stand in.
    fn from(&mut self, at: u64) -> Option<&mut [u8]> {
        self.parts.iter_mut().find_map(|part| {
            let start = at.checked_sub(part.as_ptr().addr() as u64)?;
            part.get_mut(start as usize..)
        })
    }
}

impl UserMemory for Own<'_> {
    fn load(&self, at: u64) -> Result<i32, Fault> {
        if at == Buffer::OPTLEN { Ok(self.length) } else { Err(Fault) }
    }

    fn store(&mut self, at: u64, value: i32) -> Result<(), Fault> {
        if at != Buffer::OPTLEN {
            return Err(Fault);
        }
        self.length = value;
        Ok(())
    }

    fn copy_in(&self, at: u64, into: &mut [u8]) -> Result<(), Fault> {
        let part = self.parts.iter().find(|part| part.as_ptr().addr() as u64 == at);
        into.copy_from_slice(part.ok_or(Fault)?.get(..into.len()).ok_or(Fault)?);
        Ok(())
    }

    fn copy_out(&mut self, at: u64, content: Content<'_>) -> Result<(), Fault> {
        let to = self.from(at).and_then(|to| to.get_mut(..content.len())).ok_or(Fault)?;
        to.copy_from_slice(content.bytes());
        Ok(())
    }
}

/// The model in the place of a kernel; a subflow joins after each call while any are left.
struct Model<'a> {
    revision: Revision,
    socket: Socket<'a>,
    /// All subflows, of which the socket has the first ones.
    all: Option<Connection<'a>>,
    calls: u32,
}

impl<'a> Model<'a> {
    fn new(revision: Revision, socket: Socket<'a>) -> Model<'a> {
        Model { revision, socket, all: None, calls: 0 }
    }
}

impl Kernel for Model<'_> {
    fn ask(
        &mut self,
        option: i32,
        optval: &mut [u8],
        mut arrays: Option<Arrays<'_>>,
    ) -> Result<usize, Errno> {
        self.calls += 1;
        assert!(self.calls < 1000, "asks without end");
        if let Some(arrays) = &mut arrays {
            assert_eq!(option, MPTCP_FULL_INFO);
            optval[..FullInfo::HEADER]
                .copy_from_slice(&arrays.head().as_bytes()[..FullInfo::HEADER]);
        }
        let call = Call::new(option, optval.as_ptr().addr() as u64, Buffer::OPTLEN);
        let length = optval.len() as i32;
        let mut memory = Own { parts: vec![optval], length };
        if let Some(arrays) = arrays {
            memory.parts.push(arrays.subflow_infos.as_mut_bytes());
            memory.parts.push(arrays.tcp_infos.as_mut_bytes());
        }
        getsockopt(&self.revision, &self.socket, &call, &mut memory, &mut ())?;
        if let (Socket::Mptcp(connection), Some(all)) = (&mut self.socket, &self.all) {
            *connection = first(connection.subflow_count() + 1, &self.revision, all);
        }
        Ok(memory.length as usize)
    }
}

fn connection<'a>(contents: &'a [Vec<u8>; 3], revision: &Revision) -> Connection<'a> {
    let [info, tcp_infos, subflow_infos] = contents.each_ref().map(|one| Content::exact(one));
    Connection::new(revision, info, tcp_infos, subflow_infos).unwrap()
}

/// The connection as it was with fewer subflows.
fn first<'a>(subflows: u32, revision: &Revision, all: &Connection<'a>) -> Connection<'a> {
    let subflows = subflows.min(all.subflow_count()) as usize;
    let tcp_infos = all.tcp_infos().first(subflows * revision.tcp_info as usize);
    let subflow_infos = all.subflow_infos().first(subflows * SUBFLOW_INFO as usize);
    Connection::new(revision, all.info(), tcp_infos, subflow_infos).unwrap()
}

/// Contents as long as this kernel has them, without the flag of a fallback.
fn known(subflows: usize, revision: &Revision) -> Known {
    let mut known = Known::new(subflows, revision.tcp_info, revision.mptcp_info);
    known.info[8] &= !1;
    known
}

fn padded(bytes: &[u8], len: usize) -> Vec<u8> {
    bytes.iter().copied().chain([0; 280]).take(len).collect()
}

#[track_caller]
fn is_what_is_known(found: &ask::Connection, known: &Known, revision: &Revision) {
    assert_eq!(found.full, revision.has_full_info(), "{}", revision.name);
    assert_eq!(found.info_length, revision.mptcp_info as usize);
    assert_eq!(found.size_kernel, revision.tcp_info);
    assert_eq!(found.info.as_bytes(), padded(&known.info, 96));
    assert_eq!(found.subflows.len(), known.tcp_info.len());
    for (n, subflow) in found.subflows.iter().enumerate() {
        assert_eq!(subflow.tcp_info.as_bytes(), padded(&known.tcp_info[n], 280));
        assert_eq!(subflow.addrs.as_bytes(), &known.subflow_info[n][8..]);
        let id = revision.has_full_info().then(|| known.subflow_info[n][..4].to_vec());
        assert_eq!(subflow.id.map(|id| id.to_ne_bytes().to_vec()), id);
    }
}

#[test]
fn the_example_is_right_on_every_revision_with_any_number_of_subflows() {
    for revision in Revision::ALL {
        for count in 0..=41 {
            let known = known(count, &revision);
            let contents = known.contents();
            let socket = Socket::Mptcp(connection(&contents, &revision));
            let found = learn(&mut Model::new(revision, socket)).unwrap().unwrap();
            is_what_is_known(&found, &known, &revision);
        }
    }
}

#[test]
fn the_example_keeps_up_with_subflows_that_join_between_its_calls() {
    for revision in Revision::ALL {
        let known = known(41, &revision);
        let contents = known.contents();
        let all = connection(&contents, &revision);
        let socket = Socket::Mptcp(first(2, &revision, &all));
        let mut model = Model { revision, socket, all: Some(all), calls: 0 };
        let found = learn(&mut model).unwrap().unwrap();
        is_what_is_known(&found, &known, &revision);
    }
}

#[test]
fn the_example_knows_a_fallback_of_either_family() {
    for revision in Revision::ALL {
        for family in [Family::V4, Family::V6] {
            let found = learn(&mut Model::new(revision, Socket::FallenBack(family)));
            assert!(found.unwrap().is_none());
        }
        let mut known = known(1, &revision);
        known.info[8] |= 1;
        let contents = known.contents();
        let socket = Socket::Mptcp(first(0, &revision, &connection(&contents, &revision)));
        assert!(learn(&mut Model::new(revision, socket)).unwrap().is_none());
        let found = learn(&mut Model::new(revision, Socket::Closed));
        assert_eq!(found.err(), Some(Errno::EBADF));
    }
}

/// The page's footnotes, each with the rules that it names.
fn footnotes(page: &str) -> Vec<(&str, Vec<&str>)> {
    let notes = page.split("\n[^").skip(1).map(|note| note.split_once("]: ").unwrap());
    notes
        .map(|(name, rules)| (name, rules.trim().trim_matches('`').split("`, `").collect()))
        .collect()
}

/// The sentences of a text: a word with a full stop ends one, with or without a footnote.
fn sentences(text: &str) -> Vec<String> {
    let mut sentences = vec![String::new()];
    for word in text.split_whitespace() {
        let last = sentences.last_mut().unwrap();
        if !last.is_empty() {
            last.push(' ');
        }
        last.push_str(word);
        if word.ends_with('.') || (word.contains(".[^") && word.ends_with(']')) {
            sentences.push(String::new());
        }
    }
    sentences.retain(|sentence| !sentence.is_empty());
    sentences
}

/// Each sentence of the page's advice has to end with a footnote, and the footnote has to
/// name the rules that it follows from.
fn unfounded(page: &str) -> Vec<String> {
    let notes = footnotes(page);
    let (_, advice) = page.split_once("\n## ").unwrap();
    let (advice, _) = advice.split_once("\n## Mistakes").unwrap();
    let mut complaints = Vec::new();
    let (mut used, mut count) = (Vec::new(), 0);
    for section in advice.split("\n## ") {
        let (_, text) = section.split_once('\n').unwrap();
        for sentence in text.split("\n\n").flat_map(sentences) {
            count += 1;
            let note = sentence.strip_suffix(']').and_then(|rest| rest.rsplit_once(".[^"));
            let Some((_, note)) = note else {
                complaints.push(format!("no rule: {sentence}"));
                continue;
            };
            used.push(note.to_owned());
            if !notes.iter().any(|(name, _)| *name == note) {
                complaints.push(format!("no such footnote: {note}"));
            }
        }
    }
    assert!(count > 20, "{count} sentences found");
    for (note, rules) in notes {
        if !used.iter().any(|used| used == note) {
            complaints.push(format!("a footnote of no sentence: {note}"));
        }
        for name in rules {
            if !Rule::ALL.iter().any(|rule| rule.name() == name) {
                complaints.push(format!("no such rule: {name}"));
            }
        }
    }
    complaints
}

#[test]
fn each_sentence_of_the_advice_follows_from_rules() {
    assert_eq!(unfounded(PAGE), [""; 0]);
    let without = PAGE.replacen("at least 40.[^full-short]", "at least 40.", 1);
    let sentence = "`optlen` is the size of the structure alone and at least 40.";
    let unused = "a footnote of no sentence: full-short".to_owned();
    assert_eq!(unfounded(&without), [format!("no rule: {sentence}"), unused]);
    let wrong = PAGE.replacen("]: `StrideClamped`", "]: `StrideCramped`", 1);
    assert_eq!(unfounded(&wrong), ["no such rule: StrideCramped"]);
    let missing = PAGE.replacen("either* array has room for.[^full-room]", "for.[^room]", 1);
    let unused = "a footnote of no sentence: full-room";
    assert_eq!(unfounded(&missing), ["no such footnote: room", unused]);
}

/// The loop at the top of the page is a part of the program, which `.ci/advice` compiles.
#[test]
fn the_excerpt_is_a_part_of_the_program() {
    let (_, excerpt) = PAGE.split_once("```c\n").unwrap();
    let (excerpt, _) = excerpt.split_once("```\n").unwrap();
    assert!(excerpt.lines().count() > 20 && PROGRAM.contains(excerpt), "{excerpt}");
}

#[test]
fn each_mistake_of_the_page_is_a_test_and_each_test_is_there() {
    let (_, mistakes) = PAGE.split_once("\n## Mistakes").unwrap();
    let (mistakes, _) = mistakes.split_once("\n## ").unwrap();
    let named: Vec<&str> = mistakes
        .split("\n- ")
        .skip(1)
        .map(|item| item.strip_prefix("`").unwrap().split_once('`').unwrap().0)
        .collect();
    let tests: Vec<&str> = MISTAKES
        .split("#[test]\nfn ")
        .skip(1)
        .map(|test| test.split_once('(').unwrap().0)
        .collect();
    assert_eq!(named, tests);
}
