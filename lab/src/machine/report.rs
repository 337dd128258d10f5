//! The guest's report.

use std::path::PathBuf;

use crate::console::Interval;
use crate::protocol::{End, Message};

/// What the guest reports on its last port.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Whether the first process ran.
    pub started: bool,
    /// How the program ended, if it did.
    pub end: Option<End>,
    /// Problems that did not prevent the program from running.
    pub notes: Vec<String>,
    /// The times of kernel complaints that the program itself reports.
    pub known: Vec<Interval>,
    /// Requested files, by their paths.
    pub files: Vec<(PathBuf, Vec<u8>)>,
}

impl Report {
    /// Reads a report, which may end at any byte.
    pub(super) fn read(bytes: &[u8]) -> Report {
        let mut report = Report::default();
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|&byte| byte == b'\n') {
            let (line, after) = rest.split_at(end + 1);
            rest = after;
            match serde_json::from_slice(line) {
                Ok(Message::Ready) => report.started = true,
                Ok(Message::Note(note)) => report.notes.push(note),
                Ok(Message::Known(interval)) => report.known.push(interval),
                Ok(Message::File { path, length }) => {
                    let Some((content, after)) = rest.split_at_checked(length) else { break };
                    report.files.push((path.into(), content.to_vec()));
                    rest = after;
                }
                Ok(Message::End(end)) => report.end = Some(end),
                Ok(Message::Done) => {}
                // Not a line of the guest; perhaps one of the kernel.
                Err(_) => report.notes.push(String::from_utf8_lossy(line).trim_end().to_owned()),
            }
        }
        report
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(messages: &[Message]) -> Vec<u8> {
        messages.iter().flat_map(|message| message.line().unwrap()).collect()
    }

    #[test]
    fn a_report_is_read() {
        let note = Message::Note("module tcp_diag: EINVAL\nsecond line".into());
        let known = Interval { from: 5, to: u64::MAX };
        let file = Message::File { path: "a/b".into(), length: 4 };
        let mut report = bytes(&[Message::Ready, note, Message::Known(known), file]);
        report.extend(b"a\n\n\0[    1.0] a kernel's message\n");
        report.extend(bytes(&[Message::End(End::Exit(1)), Message::Done]));
        assert_eq!(
            Report::read(&report),
            Report {
                started: true,
                end: Some(End::Exit(1)),
                notes: vec![
                    "module tcp_diag: EINVAL\nsecond line".into(),
                    "[    1.0] a kernel's message".into()
                ],
                known: vec![known],
                files: vec![("a/b".into(), b"a\n\n\0".to_vec())],
            }
        );
    }

    #[test]
    fn a_report_that_breaks_off_has_no_end() {
        assert_eq!(Report::read(b""), Report::default());
        let file = Message::File { path: "abc".into(), length: 400 };
        let mut report = bytes(&[Message::Ready, file]);
        report.extend(bytes(&[Message::End(End::Exit(0))]));
        assert_eq!(Report::read(&report), Report { started: true, ..Report::default() });
        let trouble = End::Trouble("mounting /proc: EPERM".into());
        let report = bytes(&[Message::Ready, Message::End(trouble.clone())]);
        assert_eq!(Report::read(&report).end, Some(trouble));
    }
}
