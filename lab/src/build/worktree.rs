//! The work tree of a source, which itself is never written to.
//!
//! Every build updates the work tree to "source plus these patches, in this order":
//!
//! 1. The files that the patches name are copied to a separate folder. `git apply` works
//!    there, so that a patch applies as a whole or not at all.
//! 2. A manifest holds, for each file of the work tree, the state of the file that it is a
//!    copy of. Files whose original changed are compared, and replaced where the content
//!    differs. Files that former patches added are removed, files that they changed restored.
//!
//! Only what changed gets a new time, and `make` builds no more than that. The work tree of a
//! package starts as hard links, to save space. A later change replaces the link and does not write
//! to the file. The work tree of a user's folder is a copy: not even the number of links of a
//! user's file changes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, Metadata};
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::io::{FdFlags, fcntl_setfd};

use super::patch;
use crate::command::output;
use crate::error::{context, not_written};
use crate::files::walk;

/// A source with its place in the cache.
#[derive(Debug)]
pub(crate) struct Workspace {
    /// The source, which is never written to.
    pub source: PathBuf,
    /// Whether this crate unpacked the source, so that it may be linked to.
    pub is_own: bool,
    /// Where the work tree and the builds are.
    pub folder: PathBuf,
    /// The lock, held while something is changed there.
    pub lock: File,
}

impl Workspace {
    /// The work tree.
    pub(crate) fn tree(&self) -> PathBuf {
        self.folder.join("tree")
    }

    /// Passes the lock to programs that are started from now on. If this process is killed, they
    /// may continue for a while.
    pub(crate) fn share_lock(&self) -> Result<(), String> {
        fcntl_setfd(self.lock.as_fd(), FdFlags::empty()).map_err(context("sharing the lock"))
    }

    /// Updates the work tree to the source with these patches. Returns the number of files that
    /// changed.
    pub(crate) fn update(
        &self,
        patches: &[PathBuf],
        step: &mut dyn FnMut(&str),
    ) -> Result<usize, String> {
        let overlay = self.folder.join("patched");
        let _ = fs::remove_dir_all(&overlay);
        fs::create_dir_all(&overlay).map_err(not_written(&overlay))?;
        let touched = self.patch(patches, &overlay)?;
        let changed = self.sync(touched, &overlay, step)?;
        let _ = fs::remove_dir_all(&overlay);
        Ok(changed)
    }

    /// Applies patches to copies of the files that they touch. Returns the paths of these files.
    fn patch(&self, patches: &[PathBuf], overlay: &Path) -> Result<BTreeSet<PathBuf>, String> {
        let mut touched = BTreeSet::new();
        for patch in patches {
            let text = fs::read(patch).map_err(context(patch.display()))?;
            for path in patch::names(&String::from_utf8_lossy(&text)) {
                let original = self.source.join(&path);
                if touched.insert(path.clone()) && original.is_file() {
                    copy(&original, &overlay.join(&path))?;
                }
            }
            patch::apply(patch, overlay)?;
        }
        // Files that a patch adds in a form that `names` does not recognise.
        touched.extend(walk(overlay)?);
        Ok(touched)
    }

    /// Updates the work tree to the source with the touched files from the overlay.
    fn sync(
        &self,
        touched: BTreeSet<PathBuf>,
        overlay: &Path,
        step: &mut dyn FnMut(&str),
    ) -> Result<usize, String> {
        let tree = self.tree();
        let register = self.folder.join("manifest");
        let former = fs::read(&register).map_err(drop).and_then(|bytes| {
            serde_json::from_slice::<BTreeMap<PathBuf, Stamp>>(&bytes).map_err(drop)
        });
        let former = former.unwrap_or_default();
        let is_new = !tree.exists();
        if is_new {
            step("making a work tree");
            // The builds of a former tree appear newer than the files of this one.
            let _ = fs::remove_dir_all(self.folder.join("build"));
        }
        fs::create_dir_all(&tree).map_err(not_written(&tree))?;

        let mut wanted: BTreeMap<PathBuf, (PathBuf, Stamp)> = BTreeMap::new();
        let mut originals = files(&self.source)?;
        originals.retain(|path| !touched.contains(path));
        for (root, paths) in [(&*self.source, originals), (overlay, Vec::from_iter(touched))] {
            for path in paths {
                let from = root.join(&path);
                // Git lists files that were removed, and a patch names files that it removes.
                if let Ok(about) = fs::symlink_metadata(&from) {
                    wanted.insert(path, (from, stamp(&about)));
                }
            }
        }
        // Without a manifest the origin of the files is unknown.
        let present: BTreeSet<PathBuf> = if former.is_empty() && !is_new {
            walk(&tree)?.into_iter().collect()
        } else {
            former.keys().cloned().collect()
        };
        let gone: Vec<_> = present.iter().filter(|path| !wanted.contains_key(*path)).collect();
        let is_patched = |from: &Path| from.starts_with(overlay);
        let todo: Vec<_> = wanted
            .iter()
            .filter(|(path, (from, stamp))| is_patched(from) || former.get(*path) != Some(stamp))
            .collect();
        if todo.is_empty() && gone.is_empty() {
            return Ok(0);
        }
        // If this is interrupted, the next update compares all files.
        let _ = fs::remove_file(&register);
        for path in &gone {
            let _ = fs::remove_file(tree.join(path));
            for above in path.ancestors().skip(1).filter(|above| *above != Path::new("")) {
                if fs::remove_dir(tree.join(above)).is_err() {
                    break;
                }
            }
        }
        let mut changed = gone.len();
        for (path, (from, _)) in todo {
            let to = tree.join(path);
            if is_new && self.is_own && !is_patched(from) {
                make_folder_of(&to)?;
                fs::hard_link(from, &to).map_err(not_written(&to))?;
            } else if is_new || !is_same(from, &to) {
                copy(from, &to)?;
                changed += usize::from(!is_new || is_patched(from));
            }
        }
        let manifest: BTreeMap<_, _> =
            wanted.iter().map(|(path, (_, stamp))| (path, stamp)).collect();
        // Without a state, such as for a path that is not text, the next update compares all files.
        if let Ok(manifest) = serde_json::to_vec(&manifest) {
            fs::write(&register, manifest).map_err(not_written(&register))?;
        }
        Ok(changed)
    }
}

/// The state of a file: device, inode, length, time in seconds and nanoseconds, mode.
type Stamp = (u64, u64, u64, i64, i64, u32);

/// The state of a file.
fn stamp(about: &Metadata) -> Stamp {
    let (seconds, nanos) = (about.mtime(), about.mtime_nsec());
    (about.dev(), about.ino(), about.len(), seconds, nanos, about.mode())
}

/// The files of a source by their paths in it, without files that an earlier build in it left.
fn files(source: &Path) -> Result<Vec<PathBuf>, String> {
    if source.join(".git").exists() {
        let words = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
        let list = output(Command::new("git").args(words).current_dir(source))?;
        return Ok(list.split_terminator('\0').map(PathBuf::from).collect());
    }
    let built = [".config", "include/config", "include/generated", "arch/x86/include/generated"];
    match built.iter().find(|built| source.join(built).exists()) {
        None => walk(source),
        Some(built) => Err(format!(
            "{}: it has been built in ({built} exists), and without git the files that belong to \
             the source are unknown; run `make mrproper` there",
            source.display()
        )),
    }
}

/// Whether two files are equal: content, type and permissions.
fn is_same(one: &Path, other: &Path) -> bool {
    let about = |path| fs::symlink_metadata(path).ok();
    let (Some(first), Some(second)) = (about(one), about(other)) else {
        return false;
    };
    let is_one = first.dev() == second.dev() && first.ino() == second.ino();
    let content = || {
        if first.is_symlink() {
            return fs::read_link(one).ok() == fs::read_link(other).ok();
        }
        matches!((fs::read(one), fs::read(other)), (Ok(one), Ok(other)) if one == other)
    };
    is_one || (first.mode() == second.mode() && first.len() == second.len() && content())
}

/// Creates the folder of a file.
fn make_folder_of(path: &Path) -> Result<(), String> {
    path.parent().map_or(Ok(()), |folder| fs::create_dir_all(folder).map_err(not_written(folder)))
}

/// Replaces whatever is at a path with a copy of a file, with the current time.
fn copy(from: &Path, to: &Path) -> Result<(), String> {
    make_folder_of(to)?;
    // It may be a link to the source, so it is replaced and not written to.
    if let Ok(about) = fs::symlink_metadata(to) {
        let removed = if about.is_dir() { fs::remove_dir_all(to) } else { fs::remove_file(to) };
        removed.map_err(context(to.display()))?;
    }
    match fs::read_link(from) {
        Ok(target) => symlink(target, to),
        Err(_) => fs::copy(from, to).map(drop),
    }
    .map_err(not_written(to))
    .map_err(context(format!("copying {}", from.display())))
}

#[cfg(test)]
mod tests;
