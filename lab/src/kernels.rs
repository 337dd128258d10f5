//! Kernels to boot: an image and the modules beside it, from a path or from
//! Debian's packages by way of the machine's own apt configuration.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::during;
use crate::guest::WANTED_MODULES;

/// A kernel that can be booted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kernel {
    /// What to call it.
    pub name: String,
    /// The compressed image, as a boot loader takes it.
    pub image: PathBuf,
    /// The modules to load, in that order; none where all is built in.
    pub modules: Vec<PathBuf>,
}

/// A package of a kernel, as apt knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// The package's name.
    pub name: String,
    /// Its version.
    pub version: String,
}

impl Package {
    /// The first two numbers of the version, such as `6.12`.
    pub fn series(&self) -> Option<String> {
        let mut parts = self.version.split(|c: char| !c.is_ascii_digit());
        let (major, minor) = (parts.next()?, parts.next()?);
        (!major.is_empty() && !minor.is_empty()).then(|| format!("{major}.{minor}"))
    }

    /// Where it is unpacked.
    fn folder(&self) -> Result<PathBuf, String> {
        Ok(cache()?.join(format!("{}_{}", self.name, self.version)))
    }

    /// Whether it has been fetched.
    pub fn is_here(&self) -> bool {
        self.folder().is_ok_and(|folder| folder.is_dir())
    }
}

impl Kernel {
    /// The kernel that a command line names: `debian:SERIES`, or a path.
    ///
    /// # Errors
    /// There is no such series, or the file is no kernel.
    pub fn named(name: &str) -> Result<Kernel, String> {
        match name.strip_prefix("debian:") {
            Some(series) => Ok(Kernel { name: name.to_owned(), ..fetch(series)? }),
            None => Kernel::at(Path::new(name)),
        }
    }

    /// The kernel in a file, with the modules of its release that are beside it.
    pub fn at(image: &Path) -> Result<Kernel, String> {
        let context = || image.display().to_string();
        let bytes = fs::read(image).map_err(during(context()))?;
        let release = release(&bytes).ok_or_else(|| {
            format!(
                "{}: no kernel for x86 (a bzImage, as arch/x86/boot has it): at byte 514 there is \
                 no \"HdrS\"",
                context()
            )
        })?;
        let folder = image.parent().unwrap_or(Path::new("."));
        let trees = [
            folder.to_owned(),
            folder.join("../lib/modules").join(&release),
            folder.join("../usr/lib/modules").join(&release),
        ];
        let modules = WANTED_MODULES.iter().filter_map(|name| {
            trees.iter().find_map(|tree| module(&tree.join("kernel/net"), name))
        });
        Ok(Kernel { name: release.clone(), image: image.to_owned(), modules: modules.collect() })
    }
}

/// The release in the header of an image, as `uname -r` would have it:
/// Documentation/arch/x86/boot.rst, `kernel_version`.
fn release(image: &[u8]) -> Option<String> {
    if image.get(0x202..0x206)? != b"HdrS" {
        return None;
    }
    let at = 0x200 + usize::from(u16::from_le_bytes([*image.get(0x20e)?, *image.get(0x20f)?]));
    let text = image.get(at..)?.split(|&byte| byte == 0 || byte == b' ').next()?;
    Some(String::from_utf8_lossy(text.get(..text.len().min(64))?).into_owned())
}

/// The file of a module below a folder, whatever its compression.
fn module(folder: &Path, name: &str) -> Option<PathBuf> {
    let wanted = format!("{name}.ko");
    let mut below = Vec::new();
    for entry in fs::read_dir(folder).ok()?.flatten() {
        let path = entry.path();
        let file = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() {
            below.push(path);
        } else if file == wanted || file.starts_with(&format!("{wanted}.")) {
            return Some(path);
        }
    }
    below.iter().find_map(|folder| module(folder, name))
}

/// Where fetched kernels are kept.
fn cache() -> Result<PathBuf, String> {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = set("XDG_CACHE_HOME")
        .filter(|path| path.is_absolute())
        .or_else(|| Some(set("HOME")?.join(".cache")))
        .ok_or("neither XDG_CACHE_HOME nor HOME says where to keep kernels")?;
    Ok(base.join("mptcp-assay").join("kernels"))
}

/// The newest package of each series that apt offers, the oldest series first.
///
/// # Errors
/// No apt, or none that works.
pub fn available() -> Result<Vec<Package>, String> {
    let names = run("apt-cache", &["pkgnames", "linux-image-"], None)?;
    let names: Vec<&str> = names.lines().filter(|name| is_cloud_kernel(name)).collect();
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let known = run("apt-cache", &[&["madison"], &names[..]].concat(), None)?;
    let mut newest: Vec<Package> = Vec::new();
    for package in madison(&known) {
        match newest.iter_mut().find(|known| known.series() == package.series()) {
            Some(known) if newer(&package, known)? => *known = package,
            Some(_) => {}
            None => newest.push(package),
        }
    }
    newest.sort_by_key(|package| {
        let numbers =
            |text: String| text.split('.').map(str::parse).collect::<Result<Vec<u32>, _>>();
        package.series().and_then(|series| numbers(series).ok())
    });
    Ok(newest)
}

/// Whether a package is an image of its own with Debian's configuration for
/// virtual machines, and not what leads to one or describes one.
fn is_cloud_kernel(name: &str) -> bool {
    let release =
        name.strip_prefix("linux-image-").and_then(|rest| rest.strip_suffix("-cloud-amd64"));
    // A meta-package has a series, `6.12`, or nothing there; an image more.
    release.is_some_and(|release| {
        release.starts_with(|c: char| c.is_ascii_digit()) && release.split('.').count() > 2
    })
}

/// The packages in a table of `apt-cache madison`.
fn madison(table: &str) -> Vec<Package> {
    let package = |line: &str| {
        let mut columns = line.split('|').map(str::trim);
        let (name, version) = (columns.next()?, columns.next()?);
        let source = columns.next()?.ends_with("Sources");
        (!source).then(|| Package { name: name.to_owned(), version: version.to_owned() })
    };
    table.lines().filter_map(package).collect()
}

/// Whether one package is newer than another, as dpkg has it.
fn newer(one: &Package, other: &Package) -> Result<bool, String> {
    let compared = Command::new("dpkg")
        .args(["--compare-versions", &one.version, "gt", &other.version])
        .status()
        .map_err(|error| missing("dpkg", &error))?;
    Ok(compared.success())
}

/// The newest cloud kernel of a series, fetched unless it is there.
///
/// # Errors
/// No apt, no such series (with those that there are), or a failed download.
pub fn fetch(series: &str) -> Result<Kernel, String> {
    let all = available()?;
    let package = all
        .iter()
        .find(|package| package.series().as_deref() == Some(series))
        .ok_or_else(|| {
            let known: Vec<String> = all.iter().filter_map(Package::series).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            format!(
                "apt offers no cloud kernel of series {series}; there is {known} (`apt-get update` \
                 brings its lists up to date)"
            )
        })?;
    let folder = package.folder()?;
    if !folder.is_dir() {
        download(package, &folder)?;
    }
    installed(&folder)
}

/// Downloads and unpacks a package; the folder is there in whole or not at all.
fn download(package: &Package, folder: &Path) -> Result<(), String> {
    let above = folder.parent().ok_or("no folder to keep kernels in")?;
    let work = above.join(format!(".{}.{}", package.name, std::process::id()));
    fs::create_dir_all(&work).map_err(during(work.display()))?;
    let done = unpacked(package, &work).and_then(|root| {
        match fs::rename(&root, folder) {
            // Somebody else was faster.
            Err(_) if folder.is_dir() => Ok(()),
            renamed => renamed.map_err(during(folder.display())),
        }
    });
    let _ = fs::remove_dir_all(&work);
    done
}

fn unpacked(package: &Package, work: &Path) -> Result<PathBuf, String> {
    let wanted = format!("{}={}", package.name, package.version);
    // As another user apt could not write there, and says so at length.
    run("apt-get", &["-q", "-o", "APT::Sandbox::User=root", "download", &wanted], Some(work))?;
    let files = fs::read_dir(work).map_err(during(work.display()))?;
    let deb = files
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "deb"))
        .ok_or_else(|| format!("apt-get download {wanted} left no package"))?;
    let root = work.join("root");
    let (deb, to) = (deb.display().to_string(), root.display().to_string());
    run("dpkg-deb", &["-x", &deb, &to], None)?;
    Ok(root)
}

/// The kernel in an unpacked package.
fn installed(root: &Path) -> Result<Kernel, String> {
    let images = fs::read_dir(root.join("boot")).map_err(during(root.display()))?;
    let image = images
        .flatten()
        .map(|entry| entry.path())
        .find(|path| {
            path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("vmlinuz"))
        })
        .ok_or_else(|| format!("{}: no boot/vmlinuz-… in it", root.display()))?;
    Kernel::at(&image)
}

/// A program's output, or what it complained about.
fn run(program: &str, arguments: &[&str], folder: Option<&Path>) -> Result<String, String> {
    let mut command = Command::new(program);
    command.args(arguments).env("LC_ALL", "C");
    if let Some(folder) = folder {
        command.current_dir(folder);
    }
    let Output { status, stdout, stderr } =
        command.output().map_err(|error| missing(program, &error))?;
    if status.success() {
        return Ok(String::from_utf8_lossy(&stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&stderr);
    let said = said.lines().find(|line| line.starts_with("E:")).or(said.lines().next());
    Err(format!("{program} {}: {}", arguments[0], said.unwrap_or("it failed without a word")))
}

fn missing(program: &str, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => format!(
            "{program} is not installed: fetching Debian's kernels takes a machine with apt; \
             elsewhere, give the path of a kernel"
        ),
        _ => format!("{program}: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_told_from_their_companions() {
        for image in [
            "linux-image-6.1.0-56-cloud-amd64",
            "linux-image-6.12.117+deb12-cloud-amd64",
            "linux-image-7.2.13+deb14-cloud-amd64",
        ] {
            assert!(is_cloud_kernel(image), "{image}");
        }
        for other in [
            "linux-image-cloud-amd64",
            "linux-image-6.12-cloud-amd64",
            "linux-image-6.1.0-56-cloud-amd64-dbg",
            "linux-image-6.1.0-56-cloud-amd64-unsigned",
            "linux-image-6.1.0-56-amd64",
            "linux-image-6.1.0-56-cloud-arm64",
        ] {
            assert!(!is_cloud_kernel(other), "{other}");
        }
    }

    #[test]
    fn a_table_gives_packages_and_their_series() {
        let table = "\
 linux-image-6.1.0-56-cloud-amd64 |  6.1.192-2 | http://example.org/debian stable/main amd64 Packages
linux-signed-amd64 | 6.1.192+2 | http://example.org/debian stable/main Sources
linux-image-6.12.117+deb12-cloud-amd64 | 6.12.117-1~deb12u1 | http://example.org/debian stable/main amd64 Packages
";
        let series: Vec<_> = madison(table).iter().map(Package::series).collect();
        assert_eq!(series, [Some("6.1".into()), Some("6.12".into())]);
    }

    #[test]
    fn an_image_tells_its_release() {
        let mut image = vec![0; 0x300];
        image[0x202..0x206].copy_from_slice(b"HdrS");
        image[0x20e] = 0x40;
        image[0x240..0x24f].copy_from_slice(b"6.1.0-56 (x@y) ");
        assert_eq!(release(&image).as_deref(), Some("6.1.0-56"));
        assert_eq!(release(b"a text"), None);
        assert_eq!(release(&[b'a'; 4096]), None);
    }
}
