//! Kernel source: a tree that is never written to, and a work tree of it that
//! patches are put on.
//!
//! A source is a folder, or Debian's package of a series, which is unpacked once.
//! Beside the build folders in the cache there is one work tree for each source.
//! Every build brings it to "source plus these patches, in this order":
//!
//! 1. The files that the patches name are copied to a folder by themselves, and
//!    `git apply` works there, so that a patch applies as a whole or not at all.
//! 2. A manifest knows from which state of which file each file of the work tree
//!    is. Those from another state are compared, and replaced where the content
//!    differs; files that a former set of patches made or changed go or return.
//!
//! So only what changed gets a new time, and `make` builds no more than that. A
//! work tree of a package begins as hard links, to save space; every later change
//! puts another file in a link's place and leaves the link alone. One of a folder is
//! a copy: not even a file's count of links is changed in what is not ours.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use rustix::fs::{FlockOperation, flock};
use rustix::io::{FdFlags, fcntl_setfd};

use crate::kernels::{self, Package, cache, run};
use crate::{during, unwritten};

/// The newest series, whichever that is.
const NEWEST: &str = "newest";

/// What a work tree's file is from, where that is a patch.
const PATCHED: &str = "patched";

/// A kernel's source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// A folder.
    Tree(PathBuf),
    /// Debian's package of a series, whether or not it is here.
    Debian(String),
}

/// A source with its place in the cache.
#[derive(Debug)]
pub(crate) struct Workshop {
    /// The source, which is only read.
    source: PathBuf,
    /// Whether the source is of this crate's own making, so that it may be linked to.
    own: bool,
    /// Where the work tree and the builds are.
    pub folder: PathBuf,
    /// Held as long as something is changed there.
    lock: File,
}

impl Source {
    /// The source that a command line names.
    ///
    /// # Errors
    /// There is no such folder, or it has no kernel.
    pub(crate) fn named(name: &str) -> Result<Source, String> {
        if let Some(series) = name.strip_prefix("debian:") {
            if series == NEWEST {
                return Ok(Source::Debian(kernels::newest_source()?));
            }
            return is_series(series).then(|| Source::Debian(series.into())).ok_or_else(|| {
                format!(
                    "debian:{series}: that is no series; they are like debian:6.12, or \
                     debian:{NEWEST} for the newest that apt offers"
                )
            });
        }
        let path = Path::new(name);
        if is_series(name) && !path.exists() {
            return Ok(Source::Debian(name.into()));
        }
        let path = path.canonicalize().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => format!(
                "{name}: no such folder, and no series either; a source is the path of a \
                 kernel tree, or a series of Debian's such as 6.12"
            ),
            _ => format!("{name}: {error}"),
        })?;
        let makefile = fs::read_to_string(path.join("Makefile")).unwrap_or_default();
        let is_kernel = makefile.lines().any(|line| line.starts_with("PATCHLEVEL ="))
            && path.join("Kconfig").is_file()
            && path.join("arch/x86").is_dir();
        if is_kernel {
            Ok(Source::Tree(path))
        } else {
            Err(format!(
                "{name}: no kernel tree: that has a Kconfig, a Makefile with a PATCHLEVEL and \
                 arch/x86"
            ))
        }
    }

    /// Opens the place in the cache; a package is fetched and unpacked if need be.
    ///
    /// # Errors
    /// The package cannot be had, or the cache cannot be written.
    pub(crate) fn open(&self, step: &mut dyn FnMut(&str)) -> Result<Workshop, String> {
        let sources = cache()?.with_file_name("sources");
        let package = match self {
            Source::Tree(_) => None,
            Source::Debian(series) => Some(package(series)?),
        };
        let name = match (self, &package) {
            (_, Some((package, _))) => format!("{}_{}", package.name, package.version),
            (Source::Tree(path), None) => path.display().to_string(),
            (Source::Debian(series), None) => series.clone(),
        };
        let folder = sources.join(folder_name(&name));
        fs::create_dir_all(&folder).map_err(unwritten(&folder))?;
        let lock = locked(&folder.join("lock"), step)?;
        let source = match (self, package) {
            (Source::Tree(path), _) => path.clone(),
            (_, Some((package, tarball))) => {
                let source = folder.join("pristine");
                if !source.is_dir() {
                    unpack(&package, tarball, &folder, &source, step)?;
                }
                source
            }
            (Source::Debian(_), None) => return Err("no package".into()),
        };
        let own = matches!(self, Source::Debian(_));
        Ok(Workshop { source, own, folder, lock })
    }
}

impl Source {
    /// Whether git says which files belong to it.
    pub(crate) fn is_repository(&self) -> bool {
        matches!(self, Source::Tree(path) if path.join(".git").exists())
    }
}

fn is_series(text: &str) -> bool {
    text.split_once('.').is_some_and(|(major, minor)| {
        let number = |text: &str| {
            !text.is_empty() && text.len() < 6 && text.bytes().all(|byte| byte.is_ascii_digit())
        };
        number(major) && number(minor)
    })
}

/// A name that neither `make` nor a shell reads anything into. Should two sources
/// share one, the manifest tells their files apart.
fn folder_name(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "._+".contains(c) { c } else { '-' };
    name.trim_start_matches('/').chars().map(plain).collect()
}

/// Waits until nobody else is in a folder.
fn locked(path: &Path, step: &mut dyn FnMut(&str)) -> Result<File, String> {
    let lock = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .map_err(unwritten(path))?;
    if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
        step("waiting for another build of this source");
        flock(&lock, FlockOperation::LockExclusive).map_err(during(path.display()))?;
    }
    Ok(lock)
}

/// The package of a series, and its archive if it is installed.
fn package(series: &str) -> Result<(Package, Option<PathBuf>), String> {
    let name = format!("linux-source-{series}");
    let tarball = PathBuf::from(format!("/usr/src/{name}.tar.xz"));
    let format = "-f=${db:Status-Status} ${Version}";
    let known = run("dpkg-query", &["-W", format, &name], None).unwrap_or_default();
    match known.strip_prefix("installed ") {
        Some(version) if tarball.is_file() => {
            let version = version.trim().to_owned();
            Ok((Package { name, version, elsewhere: false }, Some(tarball)))
        }
        _ => Ok((kernels::source(series)?, None)),
    }
}

/// Unpacks a package; the tree is there in whole or not at all.
fn unpack(
    package: &Package,
    tarball: Option<PathBuf>,
    folder: &Path,
    source: &Path,
    step: &mut dyn FnMut(&str),
) -> Result<(), String> {
    let work = folder.join("unpacking");
    let _ = fs::remove_dir_all(&work);
    let tree = work.join("tree");
    fs::create_dir_all(&tree).map_err(unwritten(&tree))?;
    let tarball = match tarball {
        Some(tarball) => tarball,
        None => {
            step(&format!("fetching {} {}", package.name, package.version));
            let root = kernels::unpacked(package, &work)?;
            root.join(format!("usr/src/{}.tar.xz", package.name))
        }
    };
    step(&format!("unpacking {} {}", package.name, package.version));
    let (from, to) = (tarball.display().to_string(), tree.display().to_string());
    run("tar", &["-xf", &from, "-C", &to, "--strip-components=1"], None)?;
    fs::rename(&tree, source).map_err(during(source.display()))?;
    let _ = fs::remove_dir_all(&work);
    Ok(())
}

impl Workshop {
    /// The work tree.
    pub(crate) fn tree(&self) -> PathBuf {
        self.folder.join("tree")
    }

    /// Lets programs that are started from now on hold the lock as well: should this
    /// one be killed, they may go on for a while.
    pub(crate) fn share_lock(&self) -> Result<(), String> {
        fcntl_setfd(self.lock.as_fd(), FdFlags::empty()).map_err(during("fcntl"))
    }

    /// Brings the work tree to the source with these patches: how many files
    /// changed.
    ///
    /// # Errors
    /// A patch does not apply, and which; or a file cannot be read or written.
    pub(crate) fn arrange(
        &self,
        patches: &[PathBuf],
        step: &mut dyn FnMut(&str),
    ) -> Result<usize, String> {
        let overlay = self.folder.join("patched");
        let _ = fs::remove_dir_all(&overlay);
        fs::create_dir_all(&overlay).map_err(unwritten(&overlay))?;
        let touched = self.patch(patches, &overlay)?;
        let changed = self.sync(&touched, &overlay, step)?;
        let _ = fs::remove_dir_all(&overlay);
        Ok(changed)
    }

    /// Applies patches to copies of the files that they touch, and names those.
    fn patch(&self, patches: &[PathBuf], overlay: &Path) -> Result<BTreeSet<PathBuf>, String> {
        let mut touched = BTreeSet::new();
        for patch in patches {
            let text = fs::read(patch).map_err(during(patch.display()))?;
            for path in names(&String::from_utf8_lossy(&text)) {
                let original = self.source.join(&path);
                if touched.insert(path.clone()) && original.is_file() {
                    copy(&original, &overlay.join(&path))?;
                }
            }
            apply(patch, overlay)?;
        }
        // What a patch made without naming it in a way that is known here.
        touched.extend(walk(overlay)?);
        Ok(touched)
    }

    /// Makes the work tree what it should be.
    fn sync(
        &self,
        touched: &BTreeSet<PathBuf>,
        overlay: &Path,
        step: &mut dyn FnMut(&str),
    ) -> Result<usize, String> {
        let tree = self.tree();
        let register = self.folder.join("manifest");
        let former = fs::read(&register).map(|bytes| manifest(&bytes)).unwrap_or_default();
        let fresh = !tree.exists();
        if fresh {
            step("making a work tree");
            // What was built from another one looks newer than this one's files.
            let _ = fs::remove_dir_all(self.folder.join("build"));
        }
        fs::create_dir_all(&tree).map_err(unwritten(&tree))?;

        let mut wanted: BTreeMap<PathBuf, (PathBuf, String)> = BTreeMap::new();
        for path in files(&self.source)? {
            let from = self.source.join(&path);
            // Git lists files that were removed.
            if let Ok(about) = fs::symlink_metadata(&from) {
                wanted.insert(path, (from, stamp(&about)));
            }
        }
        for path in touched {
            let from = overlay.join(path);
            if fs::symlink_metadata(&from).is_ok() {
                wanted.insert(path.clone(), (from, PATCHED.into()));
            } else {
                wanted.remove(path);
            }
        }
        let is_as_it_was = |path: &Path, stamp: &str| {
            stamp != PATCHED && former.get(path).is_some_and(|former| former == stamp)
        };
        let todo: Vec<(&PathBuf, &PathBuf)> = wanted
            .iter()
            .filter(|(path, (_, stamp))| !is_as_it_was(path, stamp))
            .map(|(path, (from, _))| (path, from))
            .collect();
        // Without a manifest whatever is there may be from anywhere.
        let present: BTreeSet<PathBuf> = if former.is_empty() && !fresh {
            walk(&tree)?.into_iter().collect()
        } else {
            former.keys().cloned().collect()
        };
        let gone: Vec<&PathBuf> =
            present.iter().filter(|path| !wanted.contains_key(*path)).collect();
        if todo.is_empty() && gone.is_empty() {
            return Ok(0);
        }
        // Should this not come to its end, the next time trusts nothing.
        let _ = fs::remove_file(&register);
        for path in &gone {
            let _ = fs::remove_file(tree.join(path));
            let above = path.ancestors().skip(1).filter(|above| *above != Path::new(""));
            for above in above {
                if fs::remove_dir(tree.join(above)).is_err() {
                    break;
                }
            }
        }
        let mut changed = gone.len();
        for (path, from) in todo {
            let to = tree.join(path);
            if fresh && self.own && !from.starts_with(overlay) {
                link(from, &to)?;
            } else if fresh || !same(from, &to) {
                copy(from, &to)?;
                changed += usize::from(!fresh || from.starts_with(overlay));
            }
        }
        let lines = wanted.iter().flat_map(|(path, (_, stamp))| {
            [stamp.as_bytes(), b" ", path.as_os_str().as_bytes(), b"\0"].concat()
        });
        fs::write(&register, lines.collect::<Vec<u8>>()).map_err(unwritten(&register))?;
        Ok(changed)
    }
}

/// The state of a file.
fn stamp(about: &Metadata) -> String {
    let (seconds, nanos) = (about.mtime(), about.mtime_nsec());
    let (device, inode) = (about.dev(), about.ino());
    format!("{device}:{inode}:{}:{seconds}.{nanos:09}:{:o}", about.len(), about.mode())
}

/// What a manifest says: the state that each file is from.
fn manifest(bytes: &[u8]) -> BTreeMap<PathBuf, String> {
    let entry = |entry: &[u8]| {
        let at = entry.iter().position(|&byte| byte == b' ')?;
        let stamp = String::from_utf8(entry[..at].to_vec()).ok()?;
        Some((PathBuf::from(OsStr::from_bytes(&entry[at + 1..])), stamp))
    };
    bytes.split(|&byte| byte == 0).filter_map(entry).collect()
}

/// The files of a source, by their paths in it: all that belong to it, and none
/// that an earlier build within it left.
fn files(source: &Path) -> Result<Vec<PathBuf>, String> {
    if source.join(".git").exists() {
        let words = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
        let listed = run("git", &words, Some(source))?;
        return Ok(listed.split_terminator('\0').map(PathBuf::from).collect());
    }
    let left = [".config", "include/config", "include/generated", "arch/x86/include/generated"];
    if let Some(left) = left.iter().find(|left| source.join(left).exists()) {
        return Err(format!(
            "{}: it has been built in ({left} is there), and without git nobody knows what \
             belongs to it; `make mrproper` there cleans it",
            source.display()
        ));
    }
    walk(source)
}

/// All files below a folder, by their paths in it.
fn walk(root: &Path) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        let at = root.join(&folder);
        for entry in fs::read_dir(&at).map_err(during(at.display()))? {
            let entry = entry.map_err(during(at.display()))?;
            let path = folder.join(entry.file_name());
            if entry.file_type().map_err(during(at.display()))?.is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    Ok(found)
}

/// Whether two files are alike: content, kind and permissions.
fn same(one: &Path, other: &Path) -> bool {
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

/// Puts a file at a second path, where there is none.
fn link(from: &Path, to: &Path) -> Result<(), String> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).map_err(unwritten(folder))?;
    }
    fs::hard_link(from, to).map_err(unwritten(to))
}

/// Puts a copy of a file in the place of whatever is there, as of now.
fn copy(from: &Path, to: &Path) -> Result<(), String> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).map_err(unwritten(folder))?;
    }
    let mut name = to.as_os_str().to_owned();
    name.push(".assay-new");
    let new = PathBuf::from(name);
    let _ = fs::remove_file(&new);
    match fs::read_link(from) {
        Ok(target) => symlink(target, &new),
        Err(_) => fs::copy(from, &new).map(drop),
    }
    .map_err(unwritten(to))
    .map_err(during(format!("copying {}", from.display())))?;
    if to.is_dir() && !to.is_symlink() {
        fs::remove_dir_all(to).map_err(during(to.display()))?;
    }
    fs::rename(&new, to).map_err(during(to.display()))
}

/// The files that a patch names, without the first folder of each path (`a/`,
/// `b/`). Some of a patch's text may look like a name and be none: such a file is
/// then looked at for nothing.
fn names(patch: &str) -> BTreeSet<PathBuf> {
    let name = |line: &str| {
        let moved = ["rename from ", "rename to ", "copy from ", "copy to "];
        if let Some(name) = moved.iter().find_map(|words| line.strip_prefix(words)) {
            return Some(PathBuf::from(name));
        }
        let name = line.strip_prefix("--- ").or_else(|| line.strip_prefix("+++ "))?;
        let name = name.split('\t').next()?.trim_end();
        let (_, path) = name.split_once('/')?;
        (name != "/dev/null").then(|| PathBuf::from(path))
    };
    let is_within = |path: &PathBuf| {
        path.components().all(|part| matches!(part, Component::Normal(_)))
            && path.components().next().is_some()
    };
    patch.lines().filter_map(name).filter(is_within).collect()
}

/// Applies a patch within a folder.
fn apply(patch: &Path, folder: &Path) -> Result<(), String> {
    let patch_at = patch.canonicalize().map_err(during(patch.display()))?;
    let mut command = Command::new("git");
    command
        .args(["apply", "--whitespace=nowarn", "-p1"])
        .arg(patch_at)
        .current_dir(folder)
        .env("LC_ALL", "C")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE");
    // In a repository git would leave out what is not below its root.
    if let Some(above) = folder.canonicalize().map_err(during(folder.display()))?.parent() {
        command.env("GIT_CEILING_DIRECTORIES", above);
    }
    let output = command.output().map_err(during("git"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("{}: {}", patch.display(), refusal(&said)))
}

/// Why git applied nothing: the first of what it complained about.
fn refusal(said: &str) -> String {
    let line = said
        .lines()
        .find_map(|line| line.strip_prefix("error: ").or_else(|| line.strip_prefix("fatal: ")))
        .unwrap_or("git apply failed without a word");
    match line.strip_prefix("patch failed: ").and_then(|at| at.rsplit_once(':')) {
        Some((file, number)) => format!(
            "it does not apply: {file} is not what the hunk at line {number} expects; no patch \
             was applied"
        ),
        None => format!("it does not apply: {line}"),
    }
}

#[cfg(test)]
mod tests;
