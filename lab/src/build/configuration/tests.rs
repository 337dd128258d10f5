//! Configurations of small Kconfig trees in a temporary folder.

use std::fs;

use tempfile::TempDir;

use super::*;

/// The requirements of these tests.
const REQUIRED: &str = "\
# needed for: sockets
CONFIG_NET=y

# needed for: tunables
# also named: SYSCTL (from 7.3)
CONFIG_PROC_SYSCTL=y

# needed for: the subject
CONFIG_MPTCP=y

# useful for: speed
CONFIG_FAST=y

# useful for: random numbers
# gone from: 6.2 (always on)
CONFIG_TRUST=y
";
/// A source that meets all of them.
const COMPLETE: &[&str] =
    &["NET", "PROC_SYSCTL", "SYSCTL", "MPTCP depends on NET", "FAST", "TRUST", "VETH"];

/// A source of a release in which each of these options is defined: `NAME`, or
/// `NAME depends on OTHER`.
fn source(release: (u32, u32), options: &[&str]) -> (TempDir, Kconfig) {
    let folder = tempfile::tempdir().unwrap();
    let makefile = format!("VERSION = {}\nPATCHLEVEL = {}\n", release.0, release.1);
    fs::write(folder.path().join("Makefile"), makefile).unwrap();
    fs::write(folder.path().join("Kconfig"), "source \"net/Kconfig\"\n").unwrap();
    fs::create_dir(folder.path().join("net")).unwrap();
    let text: String = options
        .iter()
        .map(|option| match option.split_once(" depends on ") {
            Some((name, other)) => format!("config {name}\n\tbool \"x\"\n\tdepends on {other}\n"),
            None => format!("config {option}\n\tbool \"x\"\n"),
        })
        .collect();
    fs::write(folder.path().join("net/Kconfig"), text).unwrap();
    let kconfig = Kconfig::read(folder.path()).unwrap();
    (folder, kconfig)
}

/// Kconfig on such a source: it keeps options that are defined and whose dependency is met.
fn kconfig(options: &[&str], fragment: &[Setting]) -> Vec<Setting> {
    let on = |name: &str| fragment.iter().any(|one| one.name == name && one.value == "y");
    let keeps = |setting: &&Setting| {
        options.iter().any(|option| match option.split_once(" depends on ") {
            Some((name, other)) => name == setting.name && on(other),
            None => *option == setting.name,
        })
    };
    fragment.iter().filter(keeps).cloned().collect()
}

/// Configures a source. Returns the result and the warnings.
fn applied(
    release: (u32, u32),
    options: &[&str],
    fragment: &str,
) -> (Result<(), String>, Vec<String>) {
    let configuration = Configuration {
        name: String::new(),
        required: requirements(REQUIRED).unwrap(),
        user: settings(fragment).unwrap(),
    };
    let (_folder, symbols) = source(release, options);
    let mut warnings = Vec::new();
    let result = configuration.apply(
        &symbols,
        &mut |fragment| Ok(kconfig(options, fragment)),
        &mut |warning: &str| warnings.push(warning.to_owned()),
    );
    (result, warnings)
}

/// The options of [`COMPLETE`] without some.
fn without<'a>(names: &[&str]) -> Vec<&'a str> {
    COMPLETE.iter().filter(|name| !names.contains(name)).copied().collect()
}

#[test]
fn a_complete_source_is_configured_in_silence() {
    assert_eq!(applied((6, 12), COMPLETE, ""), (Ok(()), vec![]));
    assert_eq!(applied((6, 12), COMPLETE, "CONFIG_VETH=y"), (Ok(()), vec![]));
}

#[test]
fn a_needed_option_that_the_source_lacks_is_an_error() {
    let (result, warnings) = applied((8, 0), &without(&["PROC_SYSCTL", "SYSCTL"]), "");
    assert_eq!(
        result.unwrap_err(),
        "this source (Linux 8.0) cannot be configured:\n  CONFIG_PROC_SYSCTL=y (from 7.3 \
         CONFIG_SYSCTL): no Kconfig file of this source defines it; it is needed for tunables\nSet \
         what is missing in a fragment (--config): an option that it depends on, or its new name \
         in this source. To build without it, add there:\n  # CONFIG_PROC_SYSCTL is not set"
    );
    assert_eq!(warnings, <[&str; 0]>::default());
    // Only a fragment that names it is the reason.
    let (result, _) = applied((8, 0), &without(&["PROC_SYSCTL", "SYSCTL"]), "CONFIG_VETH=y");
    assert!(result.unwrap_err().contains("needed for tunables"));
}

#[test]
fn an_option_is_requested_under_the_name_that_the_source_has() {
    for missing in ["PROC_SYSCTL", "SYSCTL"] {
        assert_eq!(applied((7, 3), &without(&[missing]), ""), (Ok(()), vec![]));
    }
}

#[test]
fn a_needed_option_that_is_dropped_by_dependency_is_an_error() {
    let mut options = without(&["MPTCP depends on NET"]);
    options.push("MPTCP depends on CRYPTO");
    let (result, _) = applied((6, 12), &options, "");
    let text = result.unwrap_err();
    let line = "  CONFIG_MPTCP=y: requested, but an option that it depends on is off; it is needed \
                for the subject\n";
    assert!(text.contains(line), "{text}");
    // An unrelated fragment is not the reason.
    assert_eq!(applied((6, 12), &options, "CONFIG_VETH=y").0, Err(text));
    // A fragment that enables the dependency helps.
    options.push("CRYPTO");
    assert_eq!(applied((6, 12), &options, "CONFIG_CRYPTO=y"), (Ok(()), vec![]));
}

#[test]
fn a_useful_option_that_is_missing_is_a_warning() {
    let (result, warnings) = applied((6, 12), &without(&["FAST"]), "");
    assert_eq!(result, Ok(()));
    let warning = "CONFIG_FAST=y: no Kconfig file of this source defines it; without it this is \
                   missing: speed";
    assert_eq!(warnings, [warning]);
}

#[test]
fn an_option_may_be_gone_from_a_release_on() {
    let options = without(&["TRUST"]);
    assert_eq!(applied((6, 2), &options, ""), (Ok(()), vec![]));
    let (result, warnings) = applied((6, 1), &options, "");
    assert_eq!(result, Ok(()));
    assert!(warnings[0].starts_with("CONFIG_TRUST=y: no Kconfig file"), "{warnings:?}");
}

#[test]
fn a_fragment_may_take_away_what_is_needed() {
    let (result, warnings) = applied((7, 3), &without(&["PROC_SYSCTL"]), "# CONFIG_NET is not set");
    assert_eq!(result, Ok(()));
    assert_eq!(
        warnings,
        [
            "CONFIG_NET=y: a fragment (--config) sets it to another value; without it this is missing: \
             sockets",
            "CONFIG_MPTCP=y: a fragment (--config) changes an option that it depends on; without it \
             this is missing: the subject",
        ]
    );
}

#[test]
fn a_fragment_may_give_up_what_the_source_lacks() {
    let options = without(&["PROC_SYSCTL", "SYSCTL"]);
    let (result, warnings) = applied((8, 0), &options, "# CONFIG_PROC_SYSCTL is not set");
    assert_eq!(result, Ok(()));
    assert_eq!(
        warnings,
        [
            "CONFIG_PROC_SYSCTL=y (from 7.3 CONFIG_SYSCTL): a fragment (--config) sets it to another value; \
          without it this is missing: tunables"
        ]
    );
}

#[test]
fn a_setting_of_a_fragment_without_effect_is_a_warning() {
    let (result, warnings) = applied(
        (7, 3),
        &[&without(&["PROC_SYSCTL"])[..], &["TUN depends on ETHERNET"]].concat(),
        "CONFIG_TUN=y\nCONFIG_NONE=y\n# CONFIG_PROC_SYSCTL is not set",
    );
    assert_eq!(result, Ok(()));
    assert_eq!(
        warnings,
        [
            "CONFIG_TUN=y: no effect, because an option that it depends on is off, or it does not \
             take this value",
            "CONFIG_NONE=y: this source has no such option",
            "# CONFIG_PROC_SYSCTL is not set: this source has no such option; here its name is \
             CONFIG_SYSCTL",
        ]
    );
}

#[test]
fn each_set_of_options_has_a_folder() {
    let name = |kasan, kcov| {
        let order = Order { kasan, kcov, ..Order::default() };
        Configuration::of(&order).map(|configuration| configuration.name)
    };
    assert_eq!(name(false, false).as_deref(), Ok("plain"));
    assert_eq!(name(true, true).as_deref(), Ok("plain+kasan+kcov"));
}
