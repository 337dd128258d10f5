//! Patches, and `git apply`.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use crate::error::context;

/// The files that a patch names, without the first folder of each path (`a/`, `b/`). Text of a
/// patch may be mistaken for a name. Then one more file is copied and compared.
pub(super) fn names(patch: &str) -> BTreeSet<PathBuf> {
    let name = |line: &str| {
        let marks = ["rename from ", "rename to ", "copy from ", "copy to "];
        if let Some(name) = marks.iter().find_map(|words| line.strip_prefix(words)) {
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
pub(super) fn apply(patch: &Path, folder: &Path) -> Result<(), String> {
    let patch_at = patch.canonicalize().map_err(context(patch.display()))?;
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
    // In a repository git would ignore files outside of it.
    if let Some(above) = folder.canonicalize().map_err(context(folder.display()))?.parent() {
        command.env("GIT_CEILING_DIRECTORIES", above);
    }
    let output = command.output().map_err(context("starting git"))?;
    if output.status.success() {
        return Ok(());
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    Err(format!("{}: {}", patch.display(), refusal(&errors)))
}

/// Why git applied nothing: its first error.
fn refusal(errors: &str) -> String {
    let line = errors
        .lines()
        .find_map(|line| line.strip_prefix("error: ").or_else(|| line.strip_prefix("fatal: ")))
        .unwrap_or("git apply failed without a message");
    match line.strip_prefix("patch failed: ").and_then(|at| at.rsplit_once(':')) {
        Some((file, number)) => format!(
            "it does not apply: {file} is not what the hunk at line {number} expects; no patch \
             was applied"
        ),
        None => format!("it does not apply: {line}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_that_a_patch_touches_are_found() {
        let patch = "\
Subject: [PATCH] mptcp: x

--- a/net/mptcp/sockopt.c\t2021-01-01 00:00:00
+++ b/net/mptcp/sockopt.c
@@ -1 +1 @@
--- a/looks/like.one
diff --git a/net/old b/net/new
rename from net/old
rename to net/new
--- /dev/null
+++ b/net/mptcp/added.c
--- a/../outside
+++ b//etc/passwd
";
        let found: Vec<PathBuf> = names(patch).into_iter().collect();
        let wanted =
            ["looks/like.one", "net/mptcp/added.c", "net/mptcp/sockopt.c", "net/new", "net/old"];
        assert_eq!(found, wanted.map(PathBuf::from));
    }

    #[test]
    fn a_refusal_names_the_first_hunk() {
        let errors = "error: patch failed: net/mptcp/sockopt.c:1490\n\
                error: net/mptcp/sockopt.c: patch does not apply\n";
        assert!(refusal(errors).contains("net/mptcp/sockopt.c is not what the hunk at line 1490"));
        let errors = "error: net/none.c: No such file or directory\n";
        assert_eq!(refusal(errors), "it does not apply: net/none.c: No such file or directory");
    }
}
