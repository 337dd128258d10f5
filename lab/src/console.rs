//! Complaints of the kernel among the messages on its console.
//!
//! The marks are those of `lib/bug.c`, `kernel/panic.c`, `mm/kasan/report.c`,
//! `lib/ubsan.c`, `kernel/locking/lockdep.c` and `arch/x86/mm/fault.c`.

use serde::{Deserialize, Serialize};

/// The kind of a kernel complaint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Complaint {
    /// It could not start the first process.
    NoInit,
    /// It stopped.
    Panic,
    /// A fault or an exception in its own code.
    Oops,
    /// A report of KASAN or KFENCE.
    Kasan,
    /// A report of UBSAN.
    Ubsan,
    /// A report of lockdep, or of sleeping in atomic context.
    Lockdep,
    /// A processor or a task that makes no progress.
    Stall,
    /// Any other warning or bug.
    Warning,
}

impl Complaint {
    /// Its name in output.
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

/// A complaint with its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Splat {
    /// Its kind.
    pub complaint: Complaint,
    /// Its lines on the console, at most [`LINES`].
    pub excerpt: String,
}

impl Splat {
    /// Its first line, without the time.
    pub fn title(&self) -> &str {
        untimed(self.excerpt.lines().next().unwrap_or_default()).1
    }

    /// The function that it concerns, if one is named.
    pub fn place(&self) -> Option<&str> {
        let registers = self.excerpt.lines().find(|line| line.contains("RIP: "));
        [Some(self.title()), registers].into_iter().flatten().find_map(|line| {
            let upto = line.get(..line.find("+0x")?)?;
            upto.rsplit([' ', ':']).next()
        })
    }

    /// The task in which it occurred, if one is named.
    pub fn task(&self) -> Option<u32> {
        let after = self.excerpt.split("PID: ").nth(1)?;
        let end = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
        after.get(..end)?.parse().ok()
    }

    /// The title, the place and the call trace, without registers.
    pub fn short(&self) -> String {
        let useful = |line: &&str| {
            let text = untimed(line).1.trim();
            let function =
                text.contains("+0x") && !text.starts_with("? ") && !text.contains("RIP: ");
            // Of the registers, the kernel's RIP and not the program's.
            let place =
                ["CPU: ", "Call Trace", "RIP: 0010:"].iter().any(|mark| text.contains(mark));
            let detail =
                [" at addr ", " by task ", "located in "].iter().any(|mark| text.contains(mark));
            function || place || detail
        };
        let lines = self.excerpt.lines();
        let first = lines.clone().take(1);
        let more = lines.skip(1).filter(useful).take(SHORT);
        first.chain(more).collect::<Vec<_>>().join("\n")
    }
}

/// A line's time in microseconds, and the text after it.
fn untimed(line: &str) -> (Option<u64>, &str) {
    let timed = || {
        let (time, text) = line.strip_prefix('[')?.split_once(']')?;
        let (seconds, micros) = time.trim().split_once('.')?;
        let time = seconds.parse::<u64>().ok()? * 1_000_000 + micros.parse::<u64>().ok()?;
        Some((Some(time), text.trim_start()))
    };
    timed().unwrap_or((None, line))
}

/// An interval of time, both ends included, in microseconds since power on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interval {
    /// The first time.
    pub from: u64,
    /// The last time.
    pub to: u64,
}

/// A console without the messages of some intervals.
pub(crate) fn without(console: &str, intervals: &[Interval]) -> String {
    let is_within = |time: u64| intervals.iter().any(|one| (one.from..=one.to).contains(&time));
    let lines = console.lines().filter(|line| !untimed(line).0.is_some_and(is_within));
    lines.collect::<Vec<_>>().join("\n")
}

/// The maximum number of lines of a shortened complaint, besides the first.
const SHORT: usize = 11;

/// The maximum number of lines of a complaint.
pub const LINES: usize = 40;

/// Marks of complaints; earlier marks take precedence over later ones on the same line.
const MARKS: [(&str, Complaint); 28] = [
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
    ("held lock freed", Complaint::Lockdep),
    ("unsafe lock order detected", Complaint::Lockdep),
    ("Nested lock was not taken", Complaint::Lockdep),
    ("trying to register non-static key", Complaint::Lockdep),
    ("lock held when returning to user space", Complaint::Lockdep),
    ("BUG: sleeping function called", Complaint::Lockdep),
    ("self-detected stall", Complaint::Stall),
    ("detected stalls on", Complaint::Stall),
    ("BUG: soft lockup", Complaint::Stall),
    ("blocked for more than", Complaint::Stall),
    ("Kernel panic - not syncing", Complaint::Panic),
    ("BUG: unable to handle", Complaint::Oops),
    ("BUG: kernel NULL pointer dereference", Complaint::Oops),
    ("general protection fault", Complaint::Oops),
    ("kernel BUG at", Complaint::Oops),
    ("Oops: ", Complaint::Oops),
];

/// Line starts, after the time, that are warnings if the console has no other mark: `WARN_ON` in
/// all its forms since 5.16, many that begin with `BUG: `, and SLUB's `BUG kmalloc-64 (…)`.
const WARNINGS: [&str; 3] = ["WARNING: ", "BUG: ", "BUG "];

/// The first complaint on a console. Its consequences, such as a panic after an oops, are part of
/// it.
pub fn complaint(console: &str) -> Option<Splat> {
    let lines: Vec<&str> = console.lines().map(|line| line.trim_end_matches('\r')).collect();
    let warning = |line: &str| {
        let message = untimed(line).1;
        let is_warning = WARNINGS.iter().any(|start| message.starts_with(start));
        is_warning.then_some(Complaint::Warning)
    };
    let first = |classify: &dyn Fn(&str) -> Option<Complaint>| {
        lines.iter().enumerate().find_map(|(at, line)| Some((at, classify(line)?)))
    };
    let (at, complaint) = first(&mark).or_else(|| first(&warning))?;
    let end = lines[at..].iter().position(|line| line.contains("---[ end "));
    let end = end.map_or(lines.len(), |end| at + end + 1).min(at + LINES);
    Some(Splat { complaint, excerpt: lines[at..end].join("\n") })
}

/// The complaint whose mark is on a line, warnings excluded.
pub(crate) fn mark(line: &str) -> Option<Complaint> {
    MARKS.iter().find(|(mark, _)| line.contains(mark)).map(|mark| mark.1)
}

/// The last lines of a console that are not empty.
pub fn tail(console: &str, lines: usize) -> String {
    let all = console.lines().map(|line| line.trim_end_matches('\r'));
    let all: Vec<&str> = all.filter(|line| !line.trim().is_empty()).collect();
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
    fn complaints_are_distinguished() {
        for (console, wanted) in [
            ("[ 1.0] BUG: KASAN: slab-out-of-bounds in mptcp_getsockopt+0x1/0x2", Complaint::Kasan),
            ("[ 1.0] UBSAN: array-index-out-of-bounds in net/mptcp/sockopt.c:1", Complaint::Ubsan),
            ("WARNING: possible circular locking dependency detected", Complaint::Lockdep),
            (
                "[    1.5] BUG kmalloc-64 (Not tainted): Right Redzone overwritten",
                Complaint::Warning,
            ),
            (
                "[    1.5] WARNING: at refcount_warn_saturate+0x1/0x2, CPU#0: a/57",
                Complaint::Warning,
            ),
            (
                "[    1.5] WARNING: lib/list_debug.c:32 at f+0x1/0x2, CPU#0: a/57",
                Complaint::Warning,
            ),
            ("WARNING: CPU: 0 PID: 26 at net/mptcp/sockopt.c:1012 f+0x1/0x2", Complaint::Warning),
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
    fn a_complaint_names_its_place_and_its_task() {
        let of = |text: &str| {
            let splat = complaint(text).unwrap();
            (splat.place().map(str::to_owned), splat.task(), splat.title().to_owned())
        };
        let warning = "[    3.1] WARNING: CPU: 0 PID: 57 at net/mptcp/sockopt.c:1 f+0x1/0x2";
        assert_eq!(of(warning), (Some("f".into()), Some(57), warning[10..].trim().into()));
        let oops = "[    3.100000] BUG: kernel NULL pointer dereference, address: 0000000000000000\n\
                    [    3.100001] #PF: supervisor write access in kernel mode\n\
                    [    3.100002] Oops: Oops: 0002 [#1] SMP NOPTI\n\
                    [    3.100003] CPU: 0 UID: 0 PID: 61 Comm: assay Not tainted 6.12.90 #1\n\
                    [    3.100004] RIP: 0010:mptcp_getsockopt+0x1b/0x90\n\
                    [    3.100005] Code: 90 90\n\
                    [    3.100006] Call Trace:\n\
                    [    3.100007]  <TASK>\n\
                    [    3.100008]  ? __die_body+0x1a/0x60\n\
                    [    3.100009]  do_sock_getsockopt+0x1/0x2";
        let title = "BUG: kernel NULL pointer dereference, address: 0000000000000000";
        assert_eq!(of(oops), (Some("mptcp_getsockopt".into()), Some(61), title.into()));
        let short = complaint(oops).unwrap().short();
        let ends: Vec<&str> =
            short.lines().filter_map(|line| line.split_whitespace().last()).collect();
        let wanted = [
            "0000000000000000",
            "#1",
            "0010:mptcp_getsockopt+0x1b/0x90",
            "Trace:",
            "do_sock_getsockopt+0x1/0x2",
        ];
        assert_eq!(ends, wanted);
        assert_eq!(of("UBSAN: shift-out-of-bounds in a.c:1").0, None);
    }

    #[test]
    fn messages_of_an_interval_are_left_out() {
        let console = "[    3.000001] BUG: KASAN: a in b+0x1\r\n[    3.000009] more\r\n\
                       [    3.000010] WARNING: CPU: 0 PID: 1 at c\r\nuntimed\r\n";
        assert_eq!(kind(&without(console, &[])), Some(Complaint::Kasan));
        assert_eq!(
            kind(&without(console, &[Interval { from: 3_000_001, to: 3_000_009 }])),
            Some(Complaint::Warning)
        );
        assert_eq!(without(console, &[Interval { from: 0, to: 4_000_000 }]), "untimed");
    }

    #[test]
    fn a_long_complaint_is_cut() {
        let long = format!("Kernel panic - not syncing: x\n{}", "more\n".repeat(200));
        let lines = complaint(&long).map(|splat| splat.excerpt.lines().count());
        assert_eq!(lines, Some(LINES));
    }
}
