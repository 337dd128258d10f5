//! The cache, and folders of files.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{context, not_written};

/// A folder of the cache, which may not exist yet.
///
/// # Errors
/// If the environment does not state where the cache is.
pub fn cache(name: &str) -> Result<PathBuf, String> {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = set("XDG_CACHE_HOME")
        .filter(|path| path.is_absolute())
        .or_else(|| Some(set("HOME")?.join(".cache")))
        .ok_or("no place for the cache: set XDG_CACHE_HOME (an absolute path) or HOME")?;
    Ok(base.join("mptcp-assay").join(name))
}

/// Creates a folder completely or not at all. `make` works in an empty folder, and returns the
/// folder below it to rename to the final path.
pub(crate) fn make_whole(
    folder: &Path,
    work: &Path,
    make: impl FnOnce(&Path) -> Result<PathBuf, String>,
) -> Result<(), String> {
    let _ = fs::remove_dir_all(work);
    fs::create_dir_all(work).map_err(not_written(work))?;
    let made = make(work).and_then(|made| match fs::rename(&made, folder) {
        // Another process was faster.
        Err(_) if folder.is_dir() => Ok(()),
        renamed => renamed.map_err(context(folder.display())),
    });
    let _ = fs::remove_dir_all(work);
    made
}

/// All files below a folder, by their paths in it, sorted. Symbolic links count as files.
pub(crate) fn walk(root: &Path) -> Result<Vec<PathBuf>, String> {
    let mut files = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        let at = root.join(&folder);
        for entry in fs::read_dir(&at).map_err(context(at.display()))? {
            let entry = entry.map_err(context(at.display()))?;
            let path = folder.join(entry.file_name());
            let kind = entry.file_type().map_err(context(at.display()))?;
            if kind.is_dir() { &mut folders } else { &mut files }.push(path);
        }
    }
    files.sort();
    Ok(files)
}
