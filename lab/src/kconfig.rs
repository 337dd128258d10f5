//! Configurations of kernels: fragments, merged, and held against what Kconfig
//! made of them. It drops silently what has unmet dependencies.

use std::fmt::Write;

/// What every kernel of the lab has.
pub(crate) const BASE: &str = include_str!("../config/mptcp.config");
/// What `--kasan` adds.
pub(crate) const KASAN: &str = include_str!("../config/kasan.config");
/// What `--kcov` adds.
pub(crate) const KCOV: &str = include_str!("../config/kcov.config");

/// One option and its value; `n` where it "is not set".
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    /// Without `CONFIG_`.
    pub name: String,
    /// As the file has it, quotes included.
    pub value: String,
}

/// What a fragment or a whole `.config` says, in its order.
///
/// # Errors
/// A line that is neither a setting nor a comment, with its number.
pub(crate) fn settings(text: &str) -> Result<Vec<Setting>, String> {
    let mut found = Vec::new();
    for (number, line) in (1..).zip(text.lines().map(str::trim)) {
        let unset = line
            .strip_prefix("# CONFIG_")
            .and_then(|rest| rest.strip_suffix(" is not set"))
            .map(|name| (name, "n"));
        let set = line.strip_prefix("CONFIG_").and_then(|rest| rest.split_once('='));
        match unset.or(set) {
            Some((name, value)) if is_name(name) => {
                found.push(Setting { name: name.to_owned(), value: value.to_owned() });
            }
            None if line.is_empty() || line.starts_with('#') => {}
            _ => {
                return Err(format!(
                    "line {number}: {line:?} is no setting; they are CONFIG_NAME=y, \
                     CONFIG_NAME=\"text\", or # CONFIG_NAME is not set"
                ));
            }
        }
    }
    Ok(found)
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The settings of several fragments, the last word on each option counting.
pub(crate) fn merged(fragments: &[Vec<Setting>]) -> Vec<Setting> {
    let mut all: Vec<Setting> = Vec::new();
    for setting in fragments.iter().flatten() {
        match all.iter_mut().find(|known| known.name == setting.name) {
            Some(known) => known.value.clone_from(&setting.value),
            None => all.push(setting.clone()),
        }
    }
    all
}

/// The text of a fragment.
pub(crate) fn text(settings: &[Setting]) -> String {
    settings.iter().fold(String::new(), |mut text, Setting { name, value }| {
        let _ = match value.as_str() {
            "n" => writeln!(text, "# CONFIG_{name} is not set"),
            value => writeln!(text, "CONFIG_{name}={value}"),
        };
        text
    })
}

/// What was asked for and is not so in a configuration.
pub(crate) fn dropped<'a>(wanted: &'a [Setting], config: &[Setting]) -> Vec<&'a Setting> {
    let got = |name: &str| {
        config.iter().find(|setting| setting.name == name).map_or("n", |setting| &setting.value)
    };
    let is_so = |wanted: &Setting| {
        let got = got(&wanted.name);
        // Without modules all is built in.
        got == wanted.value || (wanted.value == "m" && got == "y")
    };
    wanted.iter().filter(|setting| !is_so(setting)).collect()
}

/// Whether a Kconfig file defines an option.
pub(crate) fn defines(kconfig: &str, name: &str) -> bool {
    kconfig.lines().any(|line| {
        let mut words = line.split_whitespace();
        matches!(words.next(), Some("config" | "menuconfig")) && words.next() == Some(name)
    })
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
    fn a_line_that_says_nothing_is_refused() {
        for bad in ["MPTCP=y", "CONFIG_MPTCP", "CONFIG_A B=y", "CONFIG_=y"] {
            let text = settings(&format!("CONFIG_A=y\n{bad}\n")).unwrap_err();
            assert!(text.starts_with("line 2: "), "{text}");
        }
    }

    #[test]
    fn the_last_word_counts() {
        let fragments = [read("CONFIG_A=y\nCONFIG_B=y"), read("# CONFIG_A is not set")];
        assert_eq!(text(&merged(&fragments)), "# CONFIG_A is not set\nCONFIG_B=y\n");
    }

    #[test]
    fn what_kconfig_dropped_is_named() {
        let wanted = read(
            "CONFIG_A=y\nCONFIG_B=y\nCONFIG_C=4\nCONFIG_M=m\n# CONFIG_D is not set\n\
             # CONFIG_E is not set\nCONFIG_F=y\n",
        );
        let config =
            read("CONFIG_A=y\n# CONFIG_B is not set\nCONFIG_C=1\nCONFIG_M=y\nCONFIG_D=y\n");
        let names: Vec<&str> =
            dropped(&wanted, &config).iter().map(|setting| setting.name.as_str()).collect();
        assert_eq!(names, ["B", "C", "D", "F"]);
    }

    #[test]
    fn an_option_is_found_in_kconfig() {
        let kconfig =
            "menu \"x\"\nmenuconfig MPTCP\n\tbool \"x\"\n\tdepends on INET\nconfig INET_B\n";
        assert!(defines(kconfig, "MPTCP") && defines(kconfig, "INET_B"));
        assert!(!defines(kconfig, "INET") && !defines(kconfig, "MPTC"));
    }

    /// The fragments ask for nothing twice.
    #[test]
    fn our_own_fragments_are_in_order() {
        let all = [BASE, KASAN, KCOV].map(read).concat();
        assert_eq!(merged(std::slice::from_ref(&all)), all);
    }
}
