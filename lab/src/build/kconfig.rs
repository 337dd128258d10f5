//! Kconfig: settings in fragments and in `.config`, and the symbols that a source defines.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::path::Path;

use crate::error::context;
use crate::release::Release;

/// The directory below `arch` that a build for x86-64 reads.
const ARCHITECTURE: &str = "x86";

/// One option and its value; `n` if it "is not set".
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    /// Without `CONFIG_`.
    pub name: String,
    /// The text in the file, including quotes.
    pub value: String,
}

/// The text in a fragment.
impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Setting { name, value } = self;
        if self.is_off() {
            write!(f, "# CONFIG_{name} is not set")
        } else {
            write!(f, "CONFIG_{name}={value}")
        }
    }
}

impl Setting {
    /// The setting of a line; `None` if the line is empty or a comment.
    pub(crate) fn read(line: &str) -> Result<Option<Setting>, String> {
        let line = line.trim();
        let unset = line
            .strip_prefix("# CONFIG_")
            .and_then(|rest| rest.strip_suffix(" is not set"))
            .map(|name| (name, "n"));
        let set = line.strip_prefix("CONFIG_").and_then(|rest| rest.split_once('='));
        match unset.or(set) {
            Some((name, value)) if is_name(name) => {
                Ok(Some(Setting { name: name.to_owned(), value: value.to_owned() }))
            }
            None if line.is_empty() || line.starts_with('#') => Ok(None),
            _ => Err(format!(
                "{line:?} is no setting; write CONFIG_NAME=y, CONFIG_NAME=\"text\", or # CONFIG_NAME \
                 is not set"
            )),
        }
    }

    /// Whether it "is not set".
    pub(crate) fn is_off(&self) -> bool {
        self.value == "n"
    }

    /// Whether a configuration has this value.
    pub(crate) fn is_in(&self, config: &[Setting]) -> bool {
        let found = config.iter().find(|setting| setting.name == self.name);
        let value = found.map_or("n", |setting| &setting.value);
        // Without modules everything is built in.
        value == self.value || (self.value == "m" && value == "y")
    }
}

/// The settings of a fragment or of a whole `.config`, in order.
pub(crate) fn settings(text: &str) -> Result<Vec<Setting>, String> {
    let lines = (1..).zip(text.lines());
    let read = lines.map(|(number, line)| Setting::read(line).map_err(context(at(number))));
    read.filter_map(Result::transpose).collect()
}

/// How an error names a line.
pub(crate) fn at(number: usize) -> String {
    format!("line {number}")
}

/// Whether a text is a valid name of an option.
pub(crate) fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// All settings in one list; a later setting of an option overrides an earlier one.
pub(crate) fn merged(settings: impl IntoIterator<Item = Setting>) -> Vec<Setting> {
    let mut all: Vec<Setting> = Vec::new();
    for setting in settings {
        match all.iter_mut().find(|known| known.name == setting.name) {
            Some(known) => *known = setting,
            None => all.push(setting),
        }
    }
    all
}

/// The text of a fragment.
pub(crate) fn text(settings: &[Setting]) -> String {
    settings.iter().map(|setting| format!("{setting}\n")).collect()
}

/// The options that the Kconfig files of a source define for x86-64.
#[derive(Debug)]
pub(crate) struct Kconfig {
    /// The source's release.
    pub release: Release,
    symbols: BTreeSet<String>,
}

impl Kconfig {
    /// Reads the Kconfig file at the top of a source, and recursively every file that it includes
    /// with `source`. Supports the part of Documentation/kbuild/kconfig-language.rst that is needed
    /// here.
    pub(crate) fn read(tree: &Path) -> Result<Kconfig, String> {
        let makefile = tree.join("Makefile");
        let text = fs::read_to_string(&makefile).map_err(context(makefile.display()))?;
        let release = release(&text)
            .ok_or_else(|| format!("{}: no VERSION and PATCHLEVEL in it", makefile.display()))?;
        let (mut symbols, mut files) = (BTreeSet::new(), BTreeSet::new());
        let mut unread = vec!["Kconfig".to_owned()];
        while let Some(name) = unread.pop() {
            if !files.insert(name.clone()) {
                continue;
            }
            let path = tree.join(&name);
            let text = fs::read(&path).map_err(context(path.display()))?;
            for line in String::from_utf8_lossy(&text).lines() {
                let Some((word, rest)) = line.trim().split_once(char::is_whitespace) else {
                    continue;
                };
                let mut words = rest.split_whitespace();
                // No line of a help text ends with a path in quotation marks.
                let quoted = rest.trim().strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
                match (word, quoted) {
                    ("config" | "menuconfig", _) => {
                        let name = words.next().filter(|name| is_name(name));
                        symbols.extend(name.map(str::to_owned));
                    }
                    ("source", Some(path)) => unread.push(path.replace("$(SRCARCH)", ARCHITECTURE)),
                    _ => {}
                }
            }
        }
        Ok(Kconfig { release, symbols })
    }

    /// Whether some file defines an option.
    pub(crate) fn defines(&self, name: &str) -> bool {
        self.symbols.contains(name)
    }
}

/// The release in the Makefile at the top of a source.
fn release(makefile: &str) -> Option<Release> {
    let number = |name: &str| {
        let mut lines = makefile.lines().filter_map(|line| line.split_once('='));
        lines.find(|(left, _)| left.trim() == name)?.1.trim().parse().ok()
    };
    Some(Release { major: number("VERSION")?, minor: number("PATCHLEVEL")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Setting> {
        settings(text).unwrap()
    }

    #[test]
    fn a_fragment_is_read_and_written() {
        let text_of = "CONFIG_A=y\nCONFIG_B=\"x=y\"\n# CONFIG_C is not set\n";
        let found = read(&format!("# a comment\n\n{text_of}#CONFIG_D=y\n"));
        assert_eq!(text(&found), text_of);
        assert_eq!(found[2], Setting { name: "C".into(), value: "n".into() });
    }

    #[test]
    fn a_line_that_is_no_setting_is_refused() {
        for bad in ["MPTCP=y", "CONFIG_MPTCP", "CONFIG_A B=y", "CONFIG_=y"] {
            let text = settings(&format!("CONFIG_A=y\n{bad}\n")).unwrap_err();
            assert!(text.starts_with("line 2: "), "{text}");
        }
    }

    #[test]
    fn a_later_setting_overrides_an_earlier_one() {
        let all = read("CONFIG_A=y\nCONFIG_B=y\n# CONFIG_A is not set");
        assert_eq!(text(&merged(all)), "# CONFIG_A is not set\nCONFIG_B=y\n");
    }

    #[test]
    fn a_setting_is_compared_with_a_configuration() {
        let config =
            read("CONFIG_A=y\n# CONFIG_B is not set\nCONFIG_C=1\nCONFIG_M=y\nCONFIG_D=y\n");
        let wanted = read(
            "CONFIG_A=y\nCONFIG_B=y\nCONFIG_C=4\nCONFIG_M=m\n# CONFIG_D is not set\n\
             # CONFIG_E is not set\nCONFIG_F=y\n",
        );
        let names: Vec<&str> = wanted
            .iter()
            .filter(|setting| !setting.is_in(&config))
            .map(|setting| setting.name.as_str())
            .collect();
        assert_eq!(names, ["B", "C", "D", "F"]);
    }

    #[test]
    fn the_release_of_a_source_is_in_its_makefile() {
        let makefile = "# SPDX\nVERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 117\n";
        assert_eq!(release(makefile), Release::read("6.12"));
        assert_eq!(release("VERSION = 6\n"), None);
    }

    #[test]
    fn the_symbols_of_one_architecture_are_read() {
        let tree = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = tree.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("Makefile", "VERSION = 7\nPATCHLEVEL = 3\n");
        write("Kconfig", "source \"net/Kconfig\"\n\nsource \"arch/$(SRCARCH)/Kconfig\"\n");
        write(
            "net/Kconfig",
            "menu \"x\"\nmenuconfig MPTCP\n\tbool \"x\"\n\tdepends on INET\n\thelp\n\t  source \
             or obj tree.\nchoice\n\tconfig INET_B\nendchoice\n",
        );
        write("arch/x86/Kconfig", "config X86\n");
        write("arch/arm/Kconfig", "config ARM\n");
        let kconfig = Kconfig::read(tree.path()).unwrap();
        assert_eq!(Some(kconfig.release), Release::read("7.3"));
        assert_eq!(kconfig.symbols.iter().collect::<Vec<_>>(), ["INET_B", "MPTCP", "X86"]);

        write("Kconfig", "source \"no/Kconfig\"\n");
        assert!(Kconfig::read(tree.path()).unwrap_err().contains("no/Kconfig: No such file"));
    }
}
