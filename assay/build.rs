//! Lists the seeds of the corpus, so that `assay rules` has them wherever it runs.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let variable = |name: &str| env::var_os(name).ok_or_else(|| io::Error::other(name.to_owned()));
    let folder = Path::new(&variable("CARGO_MANIFEST_DIR")?).join("../corpus/negotiate");
    println!("cargo::rerun-if-changed={}", folder.display());
    let entries = fs::read_dir(&folder)?.collect::<Result<Vec<_>, _>>()?;
    let mut files: Vec<_> = entries.into_iter().map(|entry| entry.path()).collect();
    // A fuzzer's own finds have no ending.
    files.retain(|file| file.extension().is_some_and(|ending| ending == "case"));
    files.sort();
    let mut list = String::from("&[\n");
    for file in files {
        let name = file.file_stem().unwrap_or_default();
        let _ = writeln!(list, "    ({name:?}, include_bytes!({file:?}) as &[u8]),");
    }
    list.push_str("]\n");
    fs::write(Path::new(&variable("OUT_DIR")?).join("seeds.rs"), list)
}
