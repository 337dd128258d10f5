//! What a kernel's console says about how the kernel is.
//!
//! The marks are those of `lib/bug.c`, `kernel/panic.c`, `mm/kasan/report.c`,
//! `lib/ubsan.c`, `kernel/locking/lockdep.c` and `arch/x86/mm/fault.c`.

/// What a kernel complained of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Complaint {
    /// It found nothing to run as the first process.
    NoInit,
    /// It gave up.
    Panic,
    /// It fell over: a fault or an exception in its own code.
    Oops,
    /// The address sanitizer, or its sampling relative.
    Kasan,
    /// The sanitizer of undefined behaviour.
    Ubsan,
    /// The checker of locks.
    Lockdep,
    /// Nothing went on any more.
    Stall,
    /// Any other warning or bug.
    Warning,
}

impl Complaint {
    /// In a few words.
    pub const fn text(self) -> &'static str {
        match self {
            Complaint::NoInit => "the kernel did not start the program",
            Complaint::Panic => "kernel panic",
            Complaint::Oops => "kernel oops",
            Complaint::Kasan => "KASAN report",
            Complaint::Ubsan => "UBSAN report",
            Complaint::Lockdep => "lockdep report",
            Complaint::Stall => "stalled kernel",
            Complaint::Warning => "kernel warning",
        }
    }
}

/// A complaint with the lines of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Splat {
    /// What it is.
    pub complaint: Complaint,
    /// The console's lines that belong to it, at most [`LINES`].
    pub excerpt: String,
}

/// How many lines of a complaint are shown.
pub const LINES: usize = 40;

/// Marks of complaints; of those on one line the first counts.
const MARKS: [(&str, Complaint); 23] = [
    ("Unable to mount root fs", Complaint::NoInit),
    ("No working init found", Complaint::NoInit),
    ("Failed to execute /init", Complaint::NoInit),
    ("BUG: KASAN:", Complaint::Kasan),
    ("BUG: KFENCE:", Complaint::Kasan),
    ("UBSAN:", Complaint::Ubsan),
    ("possible circular locking dependency", Complaint::Lockdep),
    ("possible recursive locking", Complaint::Lockdep),
    ("possible irq lock inversion", Complaint::Lockdep),
    ("inconsistent lock state", Complaint::Lockdep),
    ("suspicious RCU usage", Complaint::Lockdep),
    ("bad unlock balance", Complaint::Lockdep),
    ("lock held when returning to user space", Complaint::Lockdep),
    ("BUG: sleeping function called", Complaint::Lockdep),
    ("self-detected stall", Complaint::Stall),
    ("detected stalls on", Complaint::Stall),
    ("BUG: soft lockup", Complaint::Stall),
    ("blocked for more than", Complaint::Stall),
    ("Kernel panic - not syncing", Complaint::Panic),
    ("BUG: unable to handle", Complaint::Oops),
    ("general protection fault", Complaint::Oops),
    ("kernel BUG at", Complaint::Oops),
    ("Oops: ", Complaint::Oops),
];

/// Marks that stand for less when no other was seen.
const WARNINGS: [&str; 3] = ["WARNING: CPU:", "WARNING: net/", "BUG: "];

/// The first complaint on a console. What follows from it (a panic from an
/// oops) is part of it, not another one.
pub fn complaint(console: &str) -> Option<Splat> {
    let lines: Vec<&str> = console.lines().map(|line| line.trim_end_matches('\r')).collect();
    let mark = |line: &str| MARKS.iter().find(|(mark, _)| line.contains(mark)).map(|mark| mark.1);
    let warning = |line: &str| {
        let warned = WARNINGS.iter().any(|mark| line.contains(mark));
        warned.then_some(Complaint::Warning)
    };
    let found = |classify: &dyn Fn(&str) -> Option<Complaint>| {
        lines.iter().enumerate().find_map(|(at, line)| Some((at, classify(line)?)))
    };
    let (at, complaint) = found(&mark).or_else(|| found(&warning))?;
    let end = lines[at..].iter().position(|line| line.contains("---[ end "));
    let end = end.map_or(lines.len(), |end| at + end + 1).min(at + LINES);
    Some(Splat { complaint, excerpt: lines[at..end].join("\n") })
}

/// The last lines of a console: what there is to see when a kernel says nothing.
pub fn tail(console: &str, lines: usize) -> String {
    let all: Vec<&str> = console
        .lines()
        .map(|line| line.trim_end_matches('\r'))
        .filter(|line| !line.trim().is_empty())
        .collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(console: &str) -> Option<Complaint> {
        complaint(console).map(|splat| splat.complaint)
    }

    #[test]
    fn a_healthy_console_has_no_complaint() {
        let console = "[    0.000000] Linux version 6.1.0-56-cloud-amd64 (a@b)\r\n\
                       [    1.2] Run /init as init process\r\n\
                       [    3.4] reboot: Power down\r\n";
        assert_eq!(complaint(console), None);
        assert_eq!(tail(console, 1), "[    3.4] reboot: Power down");
        assert_eq!(complaint(""), None);
    }

    #[test]
    fn complaints_are_told_apart() {
        for (console, wanted) in [
            ("[ 1.0] BUG: KASAN: slab-out-of-bounds in mptcp_getsockopt+0x1/0x2", Complaint::Kasan),
            ("[ 1.0] UBSAN: array-index-out-of-bounds in net/mptcp/sockopt.c:1", Complaint::Ubsan),
            ("WARNING: possible circular locking dependency detected", Complaint::Lockdep),
            ("WARNING: inconsistent lock state", Complaint::Lockdep),
            ("BUG: unable to handle page fault for address: ffff", Complaint::Oops),
            ("BUG: kernel NULL pointer dereference\nOops: 0002 [#1] SMP", Complaint::Oops),
            ("general protection fault, probably for non-canonical address", Complaint::Oops),
            ("Kernel panic - not syncing: sysrq", Complaint::Panic),
            (
                "VFS: Unable to mount root fs on unknown-block(0,0)\nKernel panic - not syncing",
                Complaint::NoInit,
            ),
            ("rcu: INFO: rcu_preempt self-detected stall on CPU", Complaint::Stall),
            ("watchdog: BUG: soft lockup - CPU#0 stuck for 26s!", Complaint::Stall),
            ("WARNING: CPU: 0 PID: 1 at net/mptcp/protocol.c:1 x+0x1", Complaint::Warning),
        ] {
            assert_eq!(kind(console), Some(wanted), "{console}");
        }
    }

    #[test]
    fn the_first_complaint_counts_and_a_warning_less_than_a_fault() {
        let oops = "[1] Oops: 0000 [#1]\n[1] RIP: x\n[1] ---[ end trace 0 ]---\n\
                    [1] Kernel panic - not syncing: Fatal exception";
        let splat = complaint(oops);
        assert_eq!(
            splat,
            Some(Splat {
                complaint: Complaint::Oops,
                excerpt: "[1] Oops: 0000 [#1]\n[1] RIP: x\n[1] ---[ end trace 0 ]---".into()
            })
        );
        let both = "WARNING: CPU: 0 PID: 1 at x\nBUG: KASAN: use-after-free in y";
        assert_eq!(kind(both), Some(Complaint::Kasan));
    }

    #[test]
    fn a_long_complaint_is_cut() {
        let long = format!("Kernel panic - not syncing: x\n{}", "more\n".repeat(200));
        let lines = complaint(&long).map(|splat| splat.excerpt.lines().count());
        assert_eq!(lines, Some(LINES));
    }
}
