//! The protocol between host and guest: paths in the initramfs, the errand and the report.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use crate::console::Interval;

/// The file with the errand.
pub(crate) const ERRAND: &str = "lab/errand";
/// The folder with the modules.
pub(crate) const MODULES: &str = "lab/modules";
/// The working folder.
pub(crate) const WORK: &str = "work";
/// The folder that the program shares with the first process.
pub(crate) const SHARED: &str = "lab/shared";
/// The ports: console, output, errors, report.
pub(crate) const PORTS: [&str; 4] = ["dev/ttyS0", "dev/ttyS1", "dev/ttyS2", "dev/ttyS3"];
/// The modules, each after those that it depends on.
pub(crate) const WANTED_MODULES: [&str; 3] = ["inet_diag", "tcp_diag", "mptcp_diag"];

/// What to do in the machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Errand {
    /// The arguments after the program's name.
    pub arguments: Vec<String>,
    /// Environment variables.
    pub environment: Vec<(String, String)>,
    /// Folders whose files are sent to the host.
    pub wanted: Vec<String>,
    /// After this number of seconds the guest powers off, in case the host's process has ended.
    pub seconds: u64,
}

/// How the program in the machine ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    /// With an exit status.
    Exit(i32),
    /// By a signal.
    Signal(i32),
    /// It could not be run, and why.
    Trouble(String),
}

/// A line of the report, as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Message {
    /// The first process runs.
    Ready,
    /// A problem that does not prevent the program from running.
    Note(String),
    /// The times of a kernel complaint that the program itself reports.
    Known(Interval),
    /// A file of `length` bytes, which follow the line.
    File { path: String, length: usize },
    /// How the program ended.
    End(End),
    /// The end of the report.
    Done,
}

impl Message {
    /// The line.
    pub(crate) fn line(&self) -> io::Result<Vec<u8>> {
        let mut line = serde_json::to_vec(self)?;
        line.push(b'\n');
        Ok(line)
    }

    /// Writes the line to the report.
    pub(crate) fn send(&self, report: &mut impl Write) -> io::Result<()> {
        report.write_all(&self.line()?)
    }
}
