//! What all committed cases of a corpus are, as a text that people can read.
//!
//! The text is committed beside the corpus, so that no refactoring silently
//! turns stored cases into other ones.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::cases::codec;

/// The snapshot's name in its corpus.
pub const FILE: &str = "SNAPSHOT.txt";

/// How the names of committed cases end. A fuzzer's own finds, which it puts
/// into the same folder under names without an ending, are not committed.
pub const ENDING: &str = "case";

/// All files below a folder that are committed cases, sorted.
///
/// # Errors
/// Where a folder cannot be read.
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

/// The snapshot of a corpus as it is now.
///
/// # Errors
/// Where a file cannot be read, or is no case.
pub fn of(corpus: &Path) -> io::Result<String> {
    let mut text = String::new();
    for file in files(corpus)? {
        let name = file.strip_prefix(corpus).unwrap_or(&file).display();
        let case = codec::decode(&fs::read(&file)?)
            .map_err(|error| io::Error::other(format!("{name}: {error}")))?;
        // Writing to a string does not fail.
        let _ = writeln!(text, "{name}, poison {}\n{case}\n", case.poison);
    }
    Ok(text)
}
