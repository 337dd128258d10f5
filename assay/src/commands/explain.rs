//! `assay explain`: the call of one case, its rules and its memory.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use mptcp_harness::scenes::by_id;
use mptcp_harness::verdict::Status;
use mptcp_limits::files;

use crate::arguments::{Format, Revisions, listing, revisions};
use crate::explain::{self, Explanation};
use crate::session::stored_cases;
use crate::terminal::out;

#[derive(Args, Debug)]
pub(crate) struct ExplainArgs {
    /// A file of one case
    #[arg(value_name = "FILE", required_unless_present = "hex", conflicts_with = "hex")]
    pub(crate) file: Option<PathBuf>,

    /// The case as hexadecimal digits, as a report has it
    #[arg(long, value_name = "HEX")]
    pub(crate) hex: Option<String>,

    /// What would happen on this kernel revision: a name such as 6.1, with
    /// `+info_opt` behind it for one with mptcp_info_opt. Any other than `running`
    /// is the model's word alone, on the contents of this kernel's scene, cut or
    /// lengthened with zeros to the revision's sizes. `all` is `running` with all
    /// revisions side by side
    #[arg(long, value_name = "NAME|running|all", default_value = "running", value_parser = revisions)]
    pub(crate) revision: Revisions,

    /// Only predict; do not call the kernel
    #[arg(long)]
    pub(crate) no_call: bool,

    /// Write the explanation as a picture to FILE instead, `-` for standard output.
    /// It is self-contained, and dark where its reader's screen is
    #[arg(long, value_name = "FILE", conflicts_with = "format")]
    pub(crate) svg: Option<PathBuf>,

    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "human", value_parser = listing())]
    pub(crate) format: Format,
}

impl ExplainArgs {
    /// Whether the picture goes elsewhere than to standard output.
    pub(crate) fn writes_a_file(&self) -> bool {
        self.svg.as_ref().is_some_and(|to| to.as_os_str() != "-")
    }
}

/// Runs the command.
pub(crate) fn run(args: &ExplainArgs) -> Result<Status, String> {
    let stored = match (&args.file, &args.hex) {
        (Some(path), _) => stored_cases::file(path),
        (None, Some(digits)) => stored_cases::from_hex(digits),
        (None, None) => return Err("a file or --hex is wanted".into()),
    };
    let case = stored.case.map_err(|why| format!("{}: {why}", stored.name))?;
    let scene = by_id(case.scene).ok_or("no such scene")?;
    // In the namespace the right to write there may be gone.
    let picture = args.svg.as_deref().map(Destination::open).transpose()?;
    let explanation = Explanation::new(case, scene, args.revision, !args.no_call)?;
    match (picture, args.format) {
        (Some(to), _) => to.put(&explain::page(&explanation))?,
        (None, Format::Json) => out::line(out::json(&explain::data(&explanation))?)?,
        (None, Format::Human | Format::Ktap) => out::put(explain::text(&explanation))?,
    }
    Ok(explanation.status(args.revision))
}

/// Where a picture goes.
enum Destination {
    Out,
    File(PathBuf, File),
}

impl Destination {
    fn open(path: &Path) -> Result<Destination, String> {
        if path == Path::new("-") {
            return Ok(Destination::Out);
        }
        // What is there stays until there is something to put in its place.
        let opened = File::options().write(true).create(true).truncate(false).open(path);
        let file = opened.map_err(|error| format!("--svg {}: {error}", path.display()))?;
        Ok(Destination::File(path.to_owned(), file))
    }

    fn put(self, text: &str) -> Result<(), String> {
        match self {
            Destination::Out => out::put(text),
            Destination::File(path, mut file) => {
                // A device or a pipe has no length to set.
                let regular = file.metadata().is_ok_and(|about| about.is_file());
                let emptied = if regular { file.set_len(0) } else { Ok(()) };
                emptied.and_then(|()| file.write_all(text.as_bytes())).map_err(|error| {
                    let instead = "name another file with --svg";
                    files::refused(&path, text.len() as u64, &error, instead)
                })
            }
        }
    }
}
