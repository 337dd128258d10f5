//! The programs and headers that a build needs.

use std::env;
use std::process::Command;

use super::order::Order;
use super::source::Source;

/// Programs that a build needs. Debian's packages have the same names.
const TOOLS: [&str; 6] = ["make", "gcc", "flex", "bison", "bc", "gzip"];
/// Headers that a build needs, and their packages.
const HEADERS: [(&str, &str); 2] = [("stdlib.h", "libc6-dev"), ("gelf.h", "libelf-dev")];

/// Checks that all programs and headers of a build are installed.
///
/// # Errors
/// All missing ones, with their packages.
pub(super) fn check(order: &Order, source: &Source) -> Result<(), String> {
    let mut tools = TOOLS.map(|name| (name, name)).to_vec();
    tools.push(("ld", "binutils"));
    if matches!(source, Source::Debian(_)) {
        tools.extend([("tar", "tar"), ("xz", "xz-utils")]);
    }
    if !order.patches.is_empty() || source.is_repository() {
        tools.push(("git", "git"));
    }
    let paths = env::var_os("PATH").unwrap_or_default();
    let is_here = |tool: &str| env::split_paths(&paths).any(|path| path.join(tool).is_file());
    tools.retain(|(tool, _)| !is_here(tool));
    if is_here("gcc") {
        tools.extend(HEADERS.into_iter().filter(|(header, _)| !has_header(header)));
    }
    if tools.is_empty() {
        return Ok(());
    }
    let (names, packages): (Vec<&str>, Vec<&str>) = tools.into_iter().unzip();
    Err(format!(
        "building a kernel takes {}, which {} not installed (Debian: apt-get install {})",
        names.join(", "),
        if names.len() == 1 { "is" } else { "are" },
        packages.join(" ")
    ))
}

/// Whether the compiler of this machine's own programs finds a header.
fn has_header(name: &str) -> bool {
    let words = ["-E", "-x", "c", "-include", name, "/dev/null"];
    Command::new("gcc").args(words).output().is_ok_and(|output| output.status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_found() {
        assert!(has_header("stddef.h") && !has_header("no/such/header.h"));
    }
}
