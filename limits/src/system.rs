//! Limits and state of this process in `/proc` and the control group.

use std::fs;
use std::path::Path;

/// Whether a seccomp filter applies to this process, as a clause.
pub fn filter() -> &'static str {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mode = status.lines().find_map(|line| line.strip_prefix("Seccomp:"));
    match mode.map(str::trim) {
        // Mode 2 is SECCOMP_MODE_FILTER.
        Some("2") => "a seccomp filter applies to this process, as in a container",
        Some("0") => {
            "no seccomp filter applies to this process: a security module refuses the call, or \
             the kernel does not have it"
        }
        _ => "a seccomp filter or a security module refuses the call",
    }
}

/// The memory that is available to programs, in bytes (`MemAvailable`).
pub fn available_memory() -> Option<u64> {
    let about = fs::read_to_string("/proc/meminfo").ok()?;
    let line = about.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    // In KiB, although the file says kB.
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? << 10)
}

/// A limit of this process's control group (version 2), where it is a number.
pub(crate) fn control_group(file: &str) -> Option<u64> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let group = groups.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let path = Path::new("/sys/fs/cgroup").join(group).join(file);
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_has_memory() {
        assert!(available_memory().is_some_and(|free| free > 1 << 20));
    }
}
