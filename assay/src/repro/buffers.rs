//! The buffers of the call in the program: their pointers and their content.

use std::fmt::Write;

use mptcp_harness::cases::{BLOCKS, Block, Input, Place};

use super::program::Writer;
use super::source::{comment, statement};

impl Writer<'_> {
    /// The buffers of the case, with their names.
    pub(super) fn places(&self) -> Vec<(&'static str, Place)> {
        let case = self.subjects.case();
        let mut places = vec![("optval", case.optval), ("optlen", case.optlen)];
        match &case.input {
            Input::Nothing | Input::Data(_) => {}
            Input::Full(full) => {
                places.extend([("subflow_info", full.subflow_info), ("tcp_info", full.tcp_info)]);
            }
            Input::Opt(opt) => {
                let blocks = opt.blocks.iter().map(|block| block.address);
                places.extend(BLOCKS.into_iter().zip(blocks));
            }
        }
        places
    }

    pub(super) fn pointers(&self) -> String {
        let places = self.places();
        let names = |before: &str| -> Vec<String> {
            places.iter().map(|(name, _)| format!("{before}{name}")).collect()
        };
        let mut text = comment(
            0,
            &["A page each: w can be written, r read only, - has no access, . is not mapped."
                .into()],
        );
        let _ = write!(
            text,
            "#define PAGE\t4096\nstatic const char pages[] = \"{}\";\n\n{}\n",
            self.pages.letters(),
            statement(0, "static unsigned char ", &names("*"), ";"),
        );
        text.push_str("static const struct base {\n\tconst char *name;\n\tunsigned char **at;\n} bases[] = {\n");
        for (name, _) in &places {
            let _ = writeln!(text, "\t{{ \"{name}\", &{name} }},");
        }
        text + "};\n"
    }

    /// What the program has written into the buffer.
    pub(super) fn declaration(&self) -> String {
        let named = |name: &str, value: u32| (name.to_owned(), value);
        let (kind, mut fields) = match &self.subjects.case().input {
            _ if self.subjects.case().optval.offset().is_none() => return String::new(),
            Input::Nothing => return String::new(),
            Input::Data(data) => (
                "subflow_data",
                vec![
                    named("size_subflow_data", data.size_subflow_data),
                    named("num_subflows", data.num_subflows),
                    named("size_kernel", data.size_kernel),
                    named("size_user", data.size_user),
                ],
            ),
            Input::Full(full) => (
                "full_info",
                vec![
                    named("size_tcpinfo_kernel", full.size_tcpinfo_kernel),
                    named("size_tcpinfo_user", full.size_tcpinfo_user),
                    named("size_sfinfo_kernel", full.size_sfinfo_kernel),
                    named("size_sfinfo_user", full.size_sfinfo_user),
                    named("num_subflows", full.num_subflows),
                    named("size_arrays_user", full.size_arrays_user),
                ],
            ),
            Input::Opt(opt) => {
                let members = |(name, block): (&str, &Block)| {
                    [
                        (format!("{name}.nmemb_user"), block.nmemb_user),
                        (format!("{name}.size_user"), block.size_user),
                        (format!("{name}.nmemb_kernel"), block.nmemb_kernel),
                        (format!("{name}.size_kernel"), block.size_kernel),
                    ]
                };
                let all = BLOCKS.into_iter().zip(&opt.blocks).flat_map(members);
                ("info_opt", all.collect())
            }
        };
        fields.retain(|(_, value)| *value != 0);
        if fields.is_empty() {
            return format!("\tstruct {kind} header = {{ 0 }};\n");
        }
        let line = |(name, value)| format!("\t\t.{name} = {},\n", unsigned(value));
        let lines: String = fields.into_iter().map(line).collect();
        format!("\tstruct {kind} header = {{\n{lines}\t}};\n")
    }

    /// Addresses in the buffer, which are known once there is memory.
    pub(super) fn pointed(&self) -> String {
        let case = self.subjects.case();
        let member = |name: &str| match &case.input {
            Input::Opt(_) => format!("{name}.address"),
            _ => name.to_owned(),
        };
        let mut text = String::new();
        if case.optval.offset().is_some() {
            for (name, _) in self.places().iter().skip(2) {
                let _ = writeln!(text, "\theader.{} = (unsigned long){name};", member(name));
            }
        }
        text
    }
}

fn unsigned(value: u32) -> String {
    if value > 0xffff { format!("{value:#x}") } else { value.to_string() }
}
