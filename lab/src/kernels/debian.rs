//! Debian's kernels and their sources.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::apt::{Apt, Package};
use super::image::Kernel;
use crate::command::output;
use crate::files::{cache, make_whole, walk};
use crate::release::Release;

/// The prefix of packages with a source.
const SOURCE: &str = "linux-source-";
/// The prefix of packages with an image and without modules.
const BINARY: &str = "linux-binary-unsigned-";
/// The suffix of cloud kernels.
const CLOUD: &str = "-cloud-amd64";

impl Kernel {
    /// The kernel that a command line names: `debian:SERIES`, or a path.
    ///
    /// # Errors
    /// If there is no such series, or the file is not a kernel.
    pub fn named(name: &str) -> Result<Kernel, String> {
        match name.strip_prefix("debian:") {
            Some(series) => Ok(Kernel { name: name.to_owned(), ..fetch(series)? }),
            None => Kernel::at(Path::new(name)),
        }
    }
}

impl Package {
    /// The folder into which it is unpacked.
    fn folder(&self) -> Result<PathBuf, String> {
        Ok(cache("kernels")?.join(format!("{}_{}", self.name, self.version)))
    }

    /// Whether it has been fetched.
    pub fn is_here(&self) -> bool {
        self.folder().is_ok_and(|folder| folder.is_dir())
    }
}

/// The newest cloud kernel of each series that apt offers, the oldest series first.
///
/// # Errors
/// If there is no apt, or it fails.
pub fn available() -> Result<Vec<Package>, String> {
    let mut all: Vec<Package> = Vec::new();
    for apt in Apt::all() {
        let mut names = apt.names("linux-")?;
        names.retain(|name| is_cloud_kernel(name));
        for package in apt.newest(&names)? {
            if all.iter().all(|known| known.series() != package.series()) {
                all.push(package);
            }
        }
    }
    all.sort_by_key(Package::series);
    Ok(all)
}

/// Whether a package has an image with Debian's configuration for virtual machines. Meta-packages
/// and packages of debugging symbols have none.
fn is_cloud_kernel(name: &str) -> bool {
    let Some(name) = name.strip_suffix(CLOUD) else { return false };
    // Since 7.x the image is in a package of that name, the modules in another.
    let binary = name.strip_prefix(BINARY);
    // A meta-package has a series here, `6.12`, or nothing; an image has a longer version.
    let image = name.strip_prefix("linux-image-").filter(|rest| rest.split('.').count() > 2);
    binary.or(image).is_some_and(|release| release.starts_with(|c: char| c.is_ascii_digit()))
}

/// The newest cloud kernel of a series, fetched unless it is in the cache.
///
/// # Errors
/// If there is no apt, no such series (the error lists the available ones), or the download failed.
pub fn fetch(series: &str) -> Result<Kernel, String> {
    let all = available()?;
    let wanted = Release::read(series);
    let package = all.iter().find(|one| wanted.is_some() && one.series() == wanted);
    let package = package.ok_or_else(|| {
        let offered = all.iter().filter_map(Package::series).collect();
        not_offered(&format!("cloud kernel of series {series}"), &offered)
    })?;
    let folder = package.folder()?;
    if !folder.is_dir() {
        let work = folder.with_file_name(format!(".{}.{}", package.name, std::process::id()));
        make_whole(&folder, &work, |work| unpack(package, work))?;
    }
    let is_image = |path: &PathBuf| {
        // `boot/vmlinuz-…`, or since 7.x `usr/lib/modules/…/vmlinuz.unsigned`.
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("vmlinuz"))
    };
    let image = walk(&folder)?.into_iter().find(is_image);
    let image = image.ok_or_else(|| {
        format!("{}: no vmlinuz in it; remove the folder to fetch it again", folder.display())
    })?;
    Kernel::at(&folder.join(image))
}

/// Downloads a package and unpacks it below a folder. Returns the folder.
pub(crate) fn unpack(package: &Package, work: &Path) -> Result<PathBuf, String> {
    let wanted = format!("{}={}", package.name, package.version);
    let modules = wanted.strip_prefix(BINARY).map(|rest| format!("linux-modules-{rest}"));
    let mut words = vec!["download", &wanted];
    words.extend(modules.as_deref());
    Apt::of(package)?.run("apt-get", &words, work)?;
    let root = work.join("root");
    for file in walk(work)? {
        if file.extension().is_some_and(|extension| extension == "deb") {
            output(Command::new("dpkg-deb").arg("-x").arg(work.join(file)).arg(&root))?;
        }
    }
    if root.is_dir() {
        Ok(root)
    } else {
        Err(format!("apt-get download {wanted}: no package came"))
    }
}

/// The newest package of a series' source. An error lists the available series.
pub(crate) fn source(series: Release) -> Result<Package, String> {
    let name = format!("{SOURCE}{series}");
    let mut all = BTreeSet::new();
    for apt in Apt::all() {
        let offered = sources(&apt)?;
        if offered.contains(&series)
            && let Some(package) = apt.newest(std::slice::from_ref(&name))?.pop()
        {
            return Ok(package);
        }
        all.extend(offered);
    }
    Err(not_offered(&name, &all))
}

/// The newest series whose source apt offers.
pub(crate) fn newest_source() -> Result<Release, String> {
    let mut all = BTreeSet::new();
    for apt in Apt::all() {
        all.extend(sources(&apt)?);
    }
    all.last().copied().ok_or_else(|| not_offered(&format!("{SOURCE}…"), &all))
}

/// The series whose sources apt offers.
fn sources(apt: &Apt) -> Result<BTreeSet<Release>, String> {
    let names = apt.names(SOURCE)?;
    Ok(names.iter().filter_map(|name| Release::read(name.strip_prefix(SOURCE)?)).collect())
}

/// The error for something that apt does not offer, with the available series.
fn not_offered(what: &str, offered: &BTreeSet<Release>) -> String {
    let offered: Vec<String> = offered.iter().map(Release::to_string).collect();
    let offered = if offered.is_empty() { "none".to_owned() } else { offered.join(", ") };
    format!(
        "apt offers no {what}; there is {offered} (`apt-get update` brings its lists up to date)"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_distinguished_from_related_packages() {
        for image in [
            "linux-image-6.1.0-56-cloud-amd64",
            "linux-image-6.12.117+deb12-cloud-amd64",
            "linux-binary-unsigned-7.2.13+deb14-cloud-amd64",
            "linux-binary-unsigned-7.3-cloud-amd64",
        ] {
            assert!(is_cloud_kernel(image), "{image}");
        }
        for other in [
            "linux-image-cloud-amd64",
            "linux-image-6.12-cloud-amd64",
            "linux-image-7.3-cloud-amd64",
            "linux-binary-unsigned-7.3-rt-amd64",
            "linux-image-6.1.0-56-cloud-amd64-dbg",
            "linux-image-6.1.0-56-cloud-amd64-unsigned",
            "linux-image-6.1.0-56-amd64",
            "linux-image-6.1.0-56-cloud-arm64",
        ] {
            assert!(!is_cloud_kernel(other), "{other}");
        }
    }
}
