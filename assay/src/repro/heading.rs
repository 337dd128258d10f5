//! The comment on top of the program, and its definitions.

use std::collections::BTreeSet;
use std::fmt::Write;

use mptcp_emulator::abi;
use mptcp_harness::cases::{Input, codec, option_name};
use mptcp_harness::judge::finding::hex;
use mptcp_harness::scenes::Recipe;

use super::dependency::Dependency;
use super::input::ProgramInput;
use super::program::Writer;
use super::source::{comment, legend, promise};

impl Writer<'_> {
    /// The comment that a mail's reader sees first.
    pub(super) fn head(&self) -> String {
        let ProgramInput { found, scene, kernel, revision, over, contract, .. } = self.subjects;
        let case = self.subjects.case();
        let mut paragraphs = vec![
            format!(
                "getsockopt(fd, SOL_MPTCP, {}, ...) with an optlen of {}, on {} (scene {}).",
                option_name(case.option),
                case.length,
                self.staging.what,
                scene.name
            ),
            String::new(),
        ];
        if self.is_compat() {
            let how = "The call is made as 32-bit programs make it, by int $0x80, which a 64-bit \
                       program may do as well.";
            paragraphs.extend([how.into(), String::new()]);
        }
        if let Some(summary) = &found.summary {
            paragraphs.extend([format!("Found on {summary}."), String::new()]);
        }
        if let Some(console) = &found.console {
            paragraphs.push("The kernel complained during the call; dmesg has:".into());
            paragraphs.extend(console.lines().take(3).map(|line| format!("\t{line}")));
            paragraphs.push(String::new());
        }
        paragraphs.extend([
            "\tgcc -Wall -Wextra -Werror -o repro repro.c && ./repro".into(),
            String::new(),
            format!(
                "Takes no root. Exit status: 0 if the kernel does what is expected below, 1 if \
                 not, 4 if that cannot be told. Expected is what {} {}, with a tcp_info of {} \
                 bytes and an mptcp_info of {}; written by mptcp-assay on {}.",
                if *contract { "documents promise for Linux" } else { "Linux" },
                if *contract {
                    revision.name.to_owned()
                } else {
                    format!("{} does", revision.name)
                },
                revision.tcp_info,
                revision.mptcp_info,
                kernel.release
            ),
            String::new(),
        ]);
        let promises = self.subjects.promises();
        for known in promises.iter().filter(|known| known.rules().is_empty()) {
            paragraphs.extend([promise(known), String::new()]);
        }
        let sources = legend(&over[0].rules, &promises);
        if !sources.is_empty() {
            paragraphs.push("Sources:".into());
            paragraphs.extend(sources);
            paragraphs.push(String::new());
        }
        let digits = hex(&codec::encode(case));
        paragraphs.push("The case, for assay explain --hex:".into());
        let lines = digits.as_bytes().chunks(68).map(|line| String::from_utf8_lossy(line));
        paragraphs.extend(lines.map(|line| format!("\t{line}")));
        format!("// SPDX-License-Identifier: GPL-2.0 OR MIT\n{}", comment(0, &paragraphs))
    }

    /// What headers may lack, and copies of the structures under other names.
    pub(super) fn definitions(&self, used: &BTreeSet<Dependency>) -> String {
        let mut text = String::new();
        let mut define = |name: &str, value: i32| {
            let _ = write!(text, "\n#ifndef {name}\n#define {name}\t{value}\n#endif");
        };
        let option = self.subjects.case().option;
        let asks_size = used.contains(&Dependency::MptcpInfoSize);
        if asks_size || !matches!(self.subjects.scene.plan(), Recipe::NotMptcp(_)) {
            define("IPPROTO_MPTCP", abi::IPPROTO_MPTCP);
        }
        define("SOL_MPTCP", abi::SOL_MPTCP);
        if asks_size || option == abi::MPTCP_INFO {
            define("MPTCP_INFO", abi::MPTCP_INFO);
        }
        if option != abi::MPTCP_INFO && mptcp_harness::cases::is_known(option) {
            define(&option_name(option), option);
        }
        text.push('\n');
        text.push_str(match self.subjects.case().input {
            Input::Nothing => "",
            Input::Data(_) => include_str!("subflow_data.c"),
            Input::Full(_) => include_str!("full_info.c"),
            Input::Opt(_) => include_str!("info_opt.c"),
        });
        text + include_str!("machine.c")
    }
}
