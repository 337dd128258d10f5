//! Kernels to boot: an image and the modules beside it, from a path or from
//! Debian's packages by way of the machine's own apt configuration.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use crate::guest::WANTED_MODULES;
use crate::{during, unwritten};

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
    /// Whether it is of a suite that the machine's own configuration does not
    /// have.
    pub elsewhere: bool,
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
        let bytes = fs::read(image).map_err(|error| {
            format!(
                "{}: {error}; a kernel is the path of a bzImage, or debian:SERIES (see `assay \
                 kernels list`)",
                context()
            )
        })?;
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
///
/// # Errors
/// The environment does not say where that is.
pub fn cache() -> Result<PathBuf, String> {
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
    let mut all = offered(&[])?;
    // What the machine itself is configured for must do where the rest cannot.
    if let Ok(options) = elsewhere() {
        for package in offered(&options)? {
            let known = |other: &Package| other.series() == package.series();
            if !all.iter().any(known) {
                all.push(Package { elsewhere: true, ..package });
            }
        }
    }
    all.sort_by_key(|package| {
        let numbers =
            |text: String| text.split('.').map(str::parse).collect::<Result<Vec<u32>, _>>();
        package.series().and_then(|series| numbers(series).ok())
    });
    Ok(all)
}

/// The newest package of each series, by apt with some options.
fn offered(options: &[String]) -> Result<Vec<Package>, String> {
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let names = run("apt-cache", &[&options[..], &["pkgnames", "linux-"]].concat(), None)?;
    let names: Vec<&str> = names.lines().filter(|name| is_cloud_kernel(name)).collect();
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let known = run("apt-cache", &[&options[..], &["madison"], &names[..]].concat(), None)?;
    newest(madison(&known))
}

/// The newest package of each series.
fn newest(packages: Vec<Package>) -> Result<Vec<Package>, String> {
    let mut newest: Vec<Package> = Vec::new();
    for package in packages {
        match newest.iter_mut().find(|known| known.series() == package.series()) {
            Some(known) if newer(&package, known)? => *known = package,
            Some(_) => {}
            None => newest.push(package),
        }
    }
    Ok(newest)
}

/// The newest package of a series' source.
///
/// # Errors
/// No apt, or no such series, with those that there are.
pub(crate) fn source(series: &str) -> Result<Package, String> {
    let wanted = format!("{SOURCE}{series}");
    let mut known = Vec::new();
    for (options, offered) in sources()? {
        if offered.iter().any(|(_, name)| name == series) {
            let options: Vec<&str> = options.iter().map(String::as_str).collect();
            let table = run("apt-cache", &[&options[..], &["madison", &wanted]].concat(), None)?;
            if let Some(package) = newest(madison(&table))?.pop() {
                return Ok(Package { elsewhere: !options.is_empty(), ..package });
            }
        }
        known.extend(offered);
    }
    known.sort();
    known.dedup();
    let known: Vec<String> = known.into_iter().map(|(_, name)| name).collect();
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    Err(format!(
        "apt offers no {wanted}; there is {known} (`apt-get update` brings its lists up to date)"
    ))
}

/// The newest series that apt offers a source of.
///
/// # Errors
/// No apt, or no source at all.
pub(crate) fn newest_source() -> Result<String, String> {
    let offered = sources()?.into_iter().flat_map(|(_, offered)| offered);
    offered.max().map(|(_, name)| name).ok_or_else(|| {
        format!("apt offers no {SOURCE}…; `apt-get update` brings its lists up to date")
    })
}

/// What the names of packages with a source begin with.
const SOURCE: &str = "linux-source-";

/// A series: its numbers, by which it is compared, and its name.
type Series = ((u32, u32), String);

/// Options for apt, and the series that it offers sources of with them.
type Offer = (Vec<String>, Vec<Series>);

/// The series that apt offers sources of: those of the suites that the machine is configured
/// for, then those of further suites, each with the options for apt.
fn sources() -> Result<Vec<Offer>, String> {
    let mut all = Vec::new();
    for suites in [Ok(Vec::new()), elsewhere()] {
        // What the machine itself is configured for must do where the rest cannot.
        let Ok(options) = suites else { continue };
        let words: Vec<&str> = options.iter().map(String::as_str).collect();
        let names = run("apt-cache", &[&words[..], &["pkgnames", SOURCE]].concat(), None)?;
        let offered = names.lines().filter_map(|name| series(name.strip_prefix(SOURCE)?));
        all.push((options, offered.collect()));
    }
    Ok(all)
}

/// The series of a name such as `6.12`; `None` for others, such as `6.12-rt`.
fn series(name: &str) -> Option<Series> {
    let (major, minor) = name.split_once('.')?;
    Some(((major.parse().ok()?, minor.parse().ok()?), name.to_owned()))
}

/// What the names of packages begin with that have an image only.
const BINARY: &str = "linux-binary-unsigned-";
/// What the names of cloud kernels end with.
const CLOUD: &str = "-cloud-amd64";
/// The keys that Debian's archive is signed with, where its package puts them.
const KEYS: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";
/// Suites of the archive with kernels that no release has yet.
const SUITES: [&str; 2] = ["sid", "experimental"];
/// How old their lists may grow.
const FRESH: Duration = Duration::from_secs(24 * 60 * 60);

/// Options by which apt knows the suites that the machine is not configured
/// for, of the archive that it is configured with. Its own lists stay as they are.
fn elsewhere() -> Result<Vec<String>, String> {
    let format = "$(ORIGIN)|$(LABEL)|$(REPO_URI)";
    let targets = ["indextargets", "--format", format, "Created-By: Packages"];
    let targets = run("apt-get", &targets, None)?;
    let archive = targets
        .lines()
        .find_map(|line| line.strip_prefix("Debian|Debian|"))
        .ok_or("apt is not configured with Debian's archive")?;
    let folder = cache()?.with_file_name("apt");
    let (list, lists) = (folder.join("sources.list"), folder.join("lists"));
    for needed in [&lists.join("partial"), &folder.join("cache/archives/partial")] {
        fs::create_dir_all(needed).map_err(unwritten(needed))?;
    }
    let keys =
        if Path::new(KEYS).exists() { format!("[signed-by={KEYS}] ") } else { String::new() };
    let text: String =
        SUITES.iter().map(|suite| format!("deb {keys}{archive} {suite} main\n")).collect();
    let fresh = fs::metadata(&list)
        .and_then(|about| about.modified())
        .is_ok_and(|time| time.elapsed().is_ok_and(|age| age < FRESH));
    let at = |path: &Path| path.display().to_string();
    let options: Vec<String> = [
        format!("Dir::Etc::sourcelist={}", at(&list)),
        "Dir::Etc::sourceparts=/dev/null".into(),
        format!("Dir::State::lists={}", at(&lists)),
        format!("Dir::Cache={}", at(&folder.join("cache"))),
        "APT::Sandbox::User=root".into(),
    ]
    .into_iter()
    .flat_map(|option| ["-o".to_owned(), option])
    .collect();
    if !fresh {
        fs::write(&list, text).map_err(unwritten(&list))?;
        let words: Vec<&str> = options.iter().map(String::as_str).chain(["update"]).collect();
        if let Err(error) = run("apt-get", &words, None) {
            let _ = fs::remove_file(&list);
            return Err(error);
        }
    }
    Ok(options)
}

/// Whether a package is an image of its own with Debian's configuration for
/// virtual machines, and not what leads to one or describes one.
fn is_cloud_kernel(name: &str) -> bool {
    // Since 7.x the image is in a package of that name, the modules in another.
    if let Some(release) = name.strip_prefix(BINARY).and_then(|rest| rest.strip_suffix(CLOUD)) {
        return release.starts_with(|c: char| c.is_ascii_digit());
    }
    let release = name.strip_prefix("linux-image-").and_then(|rest| rest.strip_suffix(CLOUD));
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
        (!source).then(|| Package {
            name: name.to_owned(),
            version: version.to_owned(),
            elsewhere: false,
        })
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
    fs::create_dir_all(&work).map_err(unwritten(&work))?;
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

/// Downloads packages and unpacks them below a folder: where to.
pub(crate) fn unpacked(package: &Package, work: &Path) -> Result<PathBuf, String> {
    // As another user apt could not write there, and says so at length.
    let own = || ["-o", "APT::Sandbox::User=root"].map(str::to_owned).to_vec();
    let options = if package.elsewhere { elsewhere()? } else { own() };
    let mut words: Vec<&str> = options.iter().map(String::as_str).collect();
    let wanted = format!("{}={}", package.name, package.version);
    let modules = wanted.strip_prefix(BINARY).map(|rest| format!("linux-modules-{rest}"));
    words.extend(["download", &wanted]);
    words.extend(modules.as_deref());
    run("apt-get", &words, Some(work))?;
    let root = work.join("root");
    let mut found = false;
    for entry in fs::read_dir(work).map_err(during(work.display()))?.flatten() {
        if entry.path().extension().is_some_and(|extension| extension == "deb") {
            let (deb, to) = (entry.path().display().to_string(), root.display().to_string());
            run("dpkg-deb", &["-x", &deb, &to], None)?;
            found = true;
        }
    }
    if found { Ok(root) } else { Err(format!("apt-get download {wanted} left no package")) }
}

/// The kernel in an unpacked package: `boot/vmlinuz-…`, or since 7.x
/// `usr/lib/modules/…/vmlinuz.unsigned`.
fn installed(root: &Path) -> Result<Kernel, String> {
    let list = |folder: &Path| -> Vec<PathBuf> {
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
    };
    let trees = list(&root.join("usr/lib/modules"));
    let folders = std::iter::once(root.join("boot")).chain(trees);
    let is_image = |path: &PathBuf| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("vmlinuz"))
    };
    let image = folders
        .flat_map(|folder| list(&folder))
        .find(is_image)
        .ok_or_else(|| format!("{}: no vmlinuz in it", root.display()))?;
    Kernel::at(&image)
}

/// A program's output, or what it complained about.
pub(crate) fn run(
    program: &str,
    arguments: &[&str],
    folder: Option<&Path>,
) -> Result<String, String> {
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
    fn series_are_compared_by_their_numbers() {
        let all = ["6.1", "6.12", "7.3", "6.9", "7.10"].map(series);
        assert_eq!(all.into_iter().flatten().max().map(|(_, name)| name).as_deref(), Some("7.10"));
        assert_eq!([series("6.12-rt"), series("all"), series("")], [None, None, None]);
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
