//! Files and folders that cannot be written.

use std::fs;
use std::io;
use std::path::Path;

use rustix::fs::statvfs;

use crate::bytes;

/// Writes a file; `instead` is a clause on how to choose another place.
///
/// A file that could not be written in whole is removed, unless it is no regular file:
/// a part of a file could be mistaken for a whole one.
///
/// # Errors
/// A sentence each on what failed, what was needed, what was available and what to do.
pub fn write(path: &Path, content: &[u8], instead: &str) -> Result<(), String> {
    fs::write(path, content).map_err(|error| {
        let whole = fs::metadata(path).is_ok_and(|about| about.len() == content.len() as u64);
        if path.is_file() && !whole {
            // Where that fails too, the error below says why.
            let _ = fs::remove_file(path);
        }
        refused(path, content.len() as u64, &error, instead)
    })
}

/// Makes a folder, and confirms that a file can be written in it by writing one.
///
/// # Errors
/// As [`write()`].
pub fn folder(path: &Path, instead: &str) -> Result<(), String> {
    fs::create_dir_all(path).map_err(|error| refused(path, 0, &error, instead))?;
    let probe = path.join(format!(".mptcp-assay-{}", std::process::id()));
    write(&probe, b"removed at once", instead)?;
    fs::remove_file(&probe).map_err(|error| refused(&probe, 0, &error, instead))
}

/// The message for a file of `length` bytes that could not be written.
pub fn refused(path: &Path, length: u64, error: &io::Error, instead: &str) -> String {
    let (here, advice) = cause(path, error);
    let length = if length > 0 { format!(" ({})", bytes(length)) } else { String::new() };
    let mut text = format!("{}{length} cannot be written: {error}", path.display());
    for (before, part) in [(". Here: ", here.as_str()), (". To do: ", advice)] {
        if !part.is_empty() {
            text.push_str(before);
            text.push_str(part);
        }
    }
    if !instead.is_empty() {
        text.push_str(if advice.is_empty() { ". To do: " } else { ", or " });
        text.push_str(instead);
    }
    text
}

/// The limit of the file system, and what to do about it.
fn cause(path: &Path, error: &io::Error) -> (String, &'static str) {
    match error.kind() {
        io::ErrorKind::StorageFull => (free(path), "free some space"),
        io::ErrorKind::QuotaExceeded => {
            ("the quota of this user on the file system is used up".to_owned(), "free some space")
        }
        io::ErrorKind::ReadOnlyFilesystem => {
            ("the file system is mounted read-only".to_owned(), "mount it writable")
        }
        io::ErrorKind::PermissionDenied => (
            "the permissions of the file or of its folder, or a security module, forbid it"
                .to_owned(),
            "change the permissions",
        ),
        _ => (String::new(), ""),
    }
}

/// How much space there is, as a clause.
fn free(path: &Path) -> String {
    let there = path.ancestors().find_map(|path| statvfs(path).ok());
    there.map_or(String::new(), |about| {
        let (space, files) = (about.f_bavail.saturating_mul(about.f_frsize), about.f_favail);
        format!("{} and {files} files are free on its file system", bytes(space))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_device_is_named_with_its_space() {
        let text = write(Path::new("/dev/full"), b"12345", "name another file").unwrap_err();
        assert!(text.starts_with("/dev/full (5 bytes) cannot be written: No space left"), "{text}");
        assert!(text.contains(" free on its file system"), "{text}");
        assert!(text.ends_with("To do: free some space, or name another file"), "{text}");
        assert!(Path::new("/dev/full").exists());
    }

    #[test]
    fn a_folder_that_can_be_written_stays_empty() {
        let path = std::env::temp_dir().join(format!("mptcp-limits-{}", std::process::id()));
        assert_eq!(folder(&path, ""), Ok(()));
        assert_eq!(fs::read_dir(&path).unwrap().count(), 0);
        fs::remove_dir(&path).unwrap();
        let file = Path::new("/dev/null/folder");
        let text = folder(file, "name another folder").unwrap_err();
        assert!(text.contains("Not a directory"), "{text}");
        assert!(text.ends_with("To do: name another folder"), "{text}");
    }
}
