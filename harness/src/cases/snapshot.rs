//! All committed cases of a corpus as readable text.
//!
//! The text is committed beside the corpus, so that no refactoring silently changes what stored
//! cases mean.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::cases::codec;

/// The name of the snapshot file in its corpus.
pub const FILE: &str = "SNAPSHOT.txt";

/// The file extension of committed cases. A fuzzer writes its own finds into the same folder, under
/// names without an extension; these are not committed.
pub const ENDING: &str = "case";

/// All committed cases below a folder, sorted.
///
/// # Errors
/// If a folder cannot be read.
pub fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == ENDING) {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// The current snapshot of a corpus.
///
/// # Errors
/// If a file cannot be read, or is not a case.
pub fn of(corpus: &Path) -> io::Result<String> {
    let mut text = String::new();
    for file in files(corpus)? {
        let name = file.strip_prefix(corpus).unwrap_or(&file).display();
        let case = codec::decode(&fs::read(&file)?)
            .map_err(|error| io::Error::other(format!("{name}: {error}")))?;
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{name}, poison {}\n{case}\n", case.poison);
    }
    Ok(text)
}
