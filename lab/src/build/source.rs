//! Kernel source: a folder, or Debian's package of a series, which is unpacked once.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::fs::{FlockOperation, flock};

use super::worktree::Workspace;
use crate::command::output;
use crate::error::{context, not_written};
use crate::files::{cache, make_whole};
use crate::kernels::{self, Package};
use crate::release::Release;

/// The newest available series.
const NEWEST: &str = "newest";

/// A kernel's source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// A folder.
    Tree(PathBuf),
    /// Debian's package of a series, whether or not it is in the cache.
    Debian(Release),
}

impl Source {
    /// The source that a command line names.
    pub(crate) fn named(name: &str) -> Result<Source, String> {
        if let Some(series) = name.strip_prefix("debian:") {
            if series == NEWEST {
                return Ok(Source::Debian(kernels::newest_source()?));
            }
            return Release::read(series).map(Source::Debian).ok_or_else(|| {
                format!(
                    "debian:{series}: that is no series; pass one such as debian:6.12, or \
                     debian:{NEWEST} for the newest that apt offers"
                )
            });
        }
        let path = Path::new(name);
        if let Some(series) = Release::read(name).filter(|_| !path.exists()) {
            return Ok(Source::Debian(series));
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
        is_kernel.then_some(Source::Tree(path)).ok_or_else(|| {
            format!(
                "{name}: no kernel tree: that has a Kconfig, a Makefile with a PATCHLEVEL and \
                 arch/x86"
            )
        })
    }

    /// Opens the folder in the cache. A package is fetched and unpacked if necessary.
    pub(crate) fn open(&self, step: &mut dyn FnMut(&str)) -> Result<Workspace, String> {
        match self {
            Source::Tree(path) => {
                let (folder, lock) = place(&path.display().to_string(), step)?;
                Ok(Workspace { source: path.clone(), is_own: false, folder, lock })
            }
            Source::Debian(series) => {
                let (package, archive) = package(*series)?;
                let (folder, lock) = place(&format!("{}_{}", package.name, package.version), step)?;
                let source = folder.join("pristine");
                if !source.is_dir() {
                    make_whole(&source, &folder.join("unpacking"), |work| {
                        unpack(&package, archive, work, step)
                    })?;
                }
                Ok(Workspace { source, is_own: true, folder, lock })
            }
        }
    }

    /// Whether git lists the files that belong to it.
    pub(crate) fn is_repository(&self) -> bool {
        matches!(self, Source::Tree(path) if path.join(".git").exists())
    }
}

/// The folder of a source in the cache, once no other process uses it. If two sources have the same
/// folder, the manifest distinguishes their files.
fn place(source: &str, step: &mut dyn FnMut(&str)) -> Result<(PathBuf, File), String> {
    // Neither `make` nor a shell treats these as special.
    let plain = |c: char| if c.is_ascii_alphanumeric() || "._+".contains(c) { c } else { '-' };
    let name: String = source.trim_start_matches('/').chars().map(plain).collect();
    let folder = cache("sources")?.join(name);
    fs::create_dir_all(&folder).map_err(not_written(&folder))?;
    let path = folder.join("lock");
    let lock = File::options().create(true).truncate(false).write(true).open(&path);
    let lock = lock.map_err(not_written(&path))?;
    if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
        step("waiting for another build of this source");
        flock(&lock, FlockOperation::LockExclusive).map_err(context(path.display()))?;
    }
    Ok((folder, lock))
}

/// The package of a series, and its archive if it is installed.
fn package(series: Release) -> Result<(Package, Option<PathBuf>), String> {
    let name = format!("linux-source-{series}");
    let archive = PathBuf::from(format!("/usr/src/{name}.tar.xz"));
    let format = "-f=${db:Status-Status} ${Version}";
    let status = output(Command::new("dpkg-query").args(["-W", format, &name]));
    match status.unwrap_or_default().strip_prefix("installed ") {
        Some(version) if archive.is_file() => {
            let version = version.trim().to_owned();
            Ok((Package { name, version, elsewhere: false }, Some(archive)))
        }
        _ => Ok((kernels::source(series)?, None)),
    }
}

/// Unpacks the source of a package, which is fetched if there is no archive. Returns the folder.
fn unpack(
    package: &Package,
    archive: Option<PathBuf>,
    work: &Path,
    step: &mut dyn FnMut(&str),
) -> Result<PathBuf, String> {
    let (Package { name, version, .. }, tree) = (package, work.join("tree"));
    let archive = match archive {
        Some(archive) => archive,
        None => {
            step(&format!("fetching {name} {version}"));
            kernels::unpack(package, work)?.join(format!("usr/src/{name}.tar.xz"))
        }
    };
    step(&format!("unpacking {name} {version}"));
    fs::create_dir_all(&tree).map_err(not_written(&tree))?;
    let strip = "--strip-components=1";
    output(Command::new("tar").arg("-xf").arg(archive).arg("-C").arg(&tree).arg(strip))?;
    Ok(tree)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_is_distinguished_from_a_path() {
        let debian = |series: &str| Ok(Source::Debian(Release::read(series).unwrap()));
        assert_eq!(Source::named("debian:6.12"), debian("6.12"));
        assert_eq!(Source::named("6.12"), debian("6.12"));
        for bad in ["debian:6", "debian:6.12.1", "debian:", "6.", "no/such/folder", "."] {
            assert!(Source::named(bad).is_err(), "{bad}");
        }
    }
}
