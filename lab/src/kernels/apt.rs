//! Debian's packages, from the machine's own apt configuration.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::command::output;
use crate::error::{context, not_written};
use crate::files::cache;
use crate::release::Release;

/// A package in apt's lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// The package's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Whether it is of a suite that the machine is not configured for.
    pub elsewhere: bool,
}

impl Package {
    /// The series: the first two numbers of the version.
    pub fn series(&self) -> Option<Release> {
        let mut numbers = self.version.split(|c: char| !c.is_ascii_digit());
        let mut number = || numbers.next()?.parse().ok();
        Some(Release { major: number()?, minor: number()? })
    }

    /// Whether its version is newer than another's, by dpkg's comparison.
    fn is_newer(&self, other: &Package) -> Result<bool, String> {
        let words = ["--compare-versions", &self.version, "gt", &other.version];
        let status = Command::new("dpkg").args(words).status();
        Ok(status.map_err(context("starting dpkg"))?.success())
    }
}

/// The keys of Debian's archive, at the path of their package.
const KEYS: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";
/// Suites of the archive with kernels that are in no release yet.
const SUITES: [&str; 2] = ["sid", "experimental"];
/// The age at which their lists are fetched again.
const LISTS_EXPIRE: Duration = Duration::from_secs(24 * 60 * 60);

/// Apt for some suites.
pub(crate) struct Apt {
    /// Options that choose the suites.
    options: Vec<String>,
    /// Whether they are suites that the machine is not configured for.
    elsewhere: bool,
}

impl Apt {
    /// For the suites that the machine is configured for.
    fn configured() -> Apt {
        // As another user apt could not write to the cache, and warns about it.
        Apt { options: vec!["-oAPT::Sandbox::User=root".into()], elsewhere: false }
    }

    /// For all suites: first the configured ones, then the others, which are skipped if they are
    /// not available.
    pub(crate) fn all() -> impl Iterator<Item = Apt> {
        std::iter::once(Apt::configured()).chain(Apt::elsewhere().ok())
    }

    /// For the suites that contain a package.
    pub(crate) fn of(package: &Package) -> Result<Apt, String> {
        if package.elsewhere { Apt::elsewhere() } else { Ok(Apt::configured()) }
    }

    /// For suites that the machine is not configured for, in its configured archive. The machine's
    /// own lists are not changed.
    fn elsewhere() -> Result<Apt, String> {
        let configured = Apt::configured();
        let format = "$(ORIGIN)|$(LABEL)|$(REPO_URI)";
        let words = ["indextargets", "--format", format, "Created-By: Packages"];
        let targets = configured.run("apt-get", &words, Path::new("."))?;
        let archive = targets
            .lines()
            .find_map(|line| line.strip_prefix("Debian|Debian|"))
            .ok_or("apt is not configured with Debian's archive")?;
        let folder = cache("apt")?;
        let (list, lists) = (folder.join("sources.list"), folder.join("lists"));
        for needed in [&lists.join("partial"), &folder.join("cache/archives/partial")] {
            fs::create_dir_all(needed).map_err(not_written(needed))?;
        }
        let mut apt = Apt { elsewhere: true, ..configured };
        apt.options.extend([
            format!("-oDir::Etc::sourcelist={}", list.display()),
            "-oDir::Etc::sourceparts=/dev/null".into(),
            format!("-oDir::State::lists={}", lists.display()),
            format!("-oDir::Cache={}", folder.join("cache").display()),
        ]);
        let written = fs::metadata(&list).and_then(|about| about.modified());
        let age = written.ok().and_then(|time| time.elapsed().ok());
        if age.is_none_or(|age| age >= LISTS_EXPIRE) {
            let keys = if Path::new(KEYS).exists() {
                format!("[signed-by={KEYS}] ")
            } else {
                String::new()
            };
            let line = |suite| format!("deb {keys}{archive} {suite} main\n");
            let text: String = SUITES.iter().map(line).collect();
            fs::write(&list, text).map_err(not_written(&list))?;
            if let Err(error) = apt.run("apt-get", &["update"], Path::new(".")) {
                let _ = fs::remove_file(&list);
                return Err(error);
            }
        }
        Ok(apt)
    }

    /// The output of one of apt's programs, run in a folder.
    pub(crate) fn run(
        &self,
        program: &str,
        words: &[&str],
        folder: &Path,
    ) -> Result<String, String> {
        output(Command::new(program).args(words).args(&self.options).current_dir(folder))
    }

    /// The names of packages that begin with a text.
    pub(crate) fn names(&self, start: &str) -> Result<Vec<String>, String> {
        let names = self.run("apt-cache", &["pkgnames", start], Path::new("."))?;
        Ok(names.lines().map(str::to_owned).collect())
    }

    /// The newest package of each series, of those with these names.
    pub(crate) fn newest(&self, names: &[String]) -> Result<Vec<Package>, String> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let words: Vec<&str> =
            std::iter::once("madison").chain(names.iter().map(String::as_str)).collect();
        let mut newest: Vec<Package> = Vec::new();
        for package in madison(&self.run("apt-cache", &words, Path::new("."))?) {
            let package = Package { elsewhere: self.elsewhere, ..package };
            match newest.iter_mut().find(|known| known.series() == package.series()) {
                Some(known) if package.is_newer(known)? => *known = package,
                Some(_) => {}
                None => newest.push(package),
            }
        }
        Ok(newest)
    }
}

/// The packages in a table of `apt-cache madison`.
fn madison(table: &str) -> Vec<Package> {
    let package = |line: &str| {
        let mut columns = line.split('|').map(|column| column.trim().to_owned());
        let (name, version, origin) = (columns.next()?, columns.next()?, columns.next()?);
        let is_source = origin.ends_with("Sources");
        (!is_source).then_some(Package { name, version, elsewhere: false })
    };
    table.lines().filter_map(package).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_gives_packages_and_their_series() {
        let table = "\
 linux-image-6.1.0-56-cloud-amd64 |  6.1.192-2 | http://example.org/debian stable/main amd64 Packages
linux-signed-amd64 | 6.1.192+2 | http://example.org/debian stable/main Sources
linux-image-6.12.117+deb12-cloud-amd64 | 6.12.117-1~deb12u1 | http://example.org/debian stable/main amd64 Packages
";
        let series: Vec<_> = madison(table).iter().map(Package::series).collect();
        assert_eq!(series, [Release::read("6.1"), Release::read("6.12")]);
    }
}
