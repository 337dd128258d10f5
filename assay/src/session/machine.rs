//! One run of this program in a virtual machine.

use std::fs;
use std::io::{self, Write};
use std::path::{Component, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mptcp_harness::verdict::Status;
use mptcp_lab::console::tail;
use mptcp_lab::guest::Errand;
use mptcp_lab::kernels::Kernel;
use mptcp_lab::machine::{self, End, Run, Setup};
use mptcp_lab::package::pack;
use mptcp_limits::files;

use crate::arguments::{Accelerator, MachineArgs};
use crate::session::findings::ELSEWHERE;
use crate::session::{no_handler, runs};
use crate::terminal::out;
use crate::terminal::style::dim;

/// How many lines of a console are shown where the kernel did not complain.
const LINES: usize = 15;

/// Gives numbers to kernels of the same release, as a tree with patches has them:
/// tables and folders go by their names.
pub(crate) fn number_duplicates(kernels: &mut [Kernel]) {
    let names: Vec<String> = kernels.iter().map(|kernel| kernel.name.clone()).collect();
    for (at, kernel) in kernels.iter_mut().enumerate() {
        let before = names[..at].iter().filter(|name| **name == kernel.name).count();
        if before > 0 {
            kernel.name = format!("{}-{}", kernel.name, before + 1);
        }
    }
}

/// Has an interrupt end the machines, and then this program; a second one at once.
pub(crate) fn end_machines_with_us() -> Result<(), String> {
    let interrupted = || {
        if machine::stop() {
            std::process::exit(130);
        }
    };
    ctrlc::set_handler(interrupted).map_err(|error| no_handler(&error))
}

/// Runs a task on one kernel; `out` and `err` get what it writes.
pub(crate) fn boot(
    args: &MachineArgs,
    errand: &Errand,
    baggage: &[PathBuf],
    kernel: &Kernel,
    (out, err): (impl Write + Send + 'static, impl Write + Send + 'static),
) -> Result<Run, String> {
    let setup = Setup {
        accelerator: match args.accel {
            Accelerator::Tcg => "tcg",
            Accelerator::Kvm => "kvm",
        },
        memory: args.memory,
        timeout: Duration::from_secs(args.timeout),
    };
    let initramfs = pack(kernel, errand, baggage)?;
    let run = machine::run(kernel, &initramfs, &setup, out, err)?;
    for (path, bytes) in &run.report.files {
        // The kernel that brings them is one that may be wrong.
        if runs::is_coverage(path) {
            continue;
        }
        let ours = errand.wanted.iter().any(|folder| path.starts_with(folder));
        if !ours || path.components().any(|part| part == Component::ParentDir) {
            out::note(format_args!("assay: {}: not saved: {}", kernel.name, path.display()));
            continue;
        }
        if let Some(folder) = path.parent() {
            let refused = |error| files::refused(folder, 0, &error, ELSEWHERE);
            fs::create_dir_all(folder).map_err(refused)?;
        }
        files::write(path, bytes, ELSEWHERE)?;
    }
    for note in &run.report.notes {
        out::note(format_args!("assay: {}: {note}", kernel.name));
    }
    if let Some(error) = &run.lost {
        return Err(out::lost(error));
    }
    Ok(run)
}

/// How a run ended, or why it did not end with a verdict.
pub(crate) fn verdict(run: &Run, args: &MachineArgs) -> Result<Status, String> {
    if let Some(splat) = &run.splat {
        return Err(format!(
            "{}. The kernel's console:\n{}",
            splat.complaint.text(),
            dim(&splat.excerpt)
        ));
    }
    let last = || match tail(&run.console, LINES) {
        lines if lines.is_empty() => "The console is empty".to_owned(),
        lines => format!("The end of the console:\n{}", dim(&lines)),
    };
    match &run.report.end {
        Some(End::Exit(0)) => Ok(Status::Agree),
        Some(End::Exit(1)) => Ok(Status::Divergence),
        // It said itself what the trouble was.
        Some(End::Exit(2)) => Ok(Status::Trouble),
        Some(End::Exit(4)) => Ok(Status::Skipped),
        Some(End::Exit(other)) => Err(format!("the subcommand ended with status {other}")),
        Some(End::Signal(signal)) => {
            Err(format!("the subcommand was ended by signal {signal}. {}", last()))
        }
        Some(End::Trouble(trouble)) => Err(format!("{trouble}. {}", last())),
        None if run.timed_out && run.report.started => Err(format!(
            "not done after {} s (--timeout), {} of which it took to boot. {}",
            args.timeout,
            run.booted.map_or("?".into(), |booted| format!("{:.1} s", booted.as_secs_f64())),
            last()
        )),
        None if run.timed_out => Err(format!(
            "it has not started this program after {} s (--timeout). {}",
            args.timeout,
            last()
        )),
        None if !run.qemu_errors.trim().is_empty() => {
            Err(format!("no machine: {}", run.qemu_errors.trim()))
        }
        None if run.report.started => {
            Err(format!("the machine went off before the subcommand was done. {}", last()))
        }
        None => Err(format!(
            "the kernel did not start this program; it may need more memory than {} MiB \
             (--memory). {}",
            args.memory,
            last()
        )),
    }
}

/// Output that is kept.
#[derive(Clone, Default)]
pub(crate) struct Capture(Arc<Mutex<Vec<u8>>>);

impl Capture {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Write for Capture {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mptcp_lab::machine::Report;

    #[test]
    fn kernels_of_one_release_are_told_apart() {
        let kernel = |name: &str| Kernel { name: name.into(), image: "a".into(), modules: vec![] };
        let mut kernels = ["6.1", "6.2", "6.1", "6.1"].map(kernel);
        number_duplicates(&mut kernels);
        assert_eq!(kernels.map(|kernel| kernel.name), ["6.1", "6.2", "6.1-2", "6.1-3"]);
    }

    /// The verdict of a run with this report and this console.
    fn of(report: Report, console: &str, timed_out: bool) -> Result<Status, String> {
        let run = Run {
            report,
            console: console.to_owned(),
            splat: mptcp_lab::console::complaint(console),
            qemu_errors: String::new(),
            lost: None,
            timed_out,
            booted: None,
            elapsed: Duration::ZERO,
        };
        let args = MachineArgs { accel: Accelerator::Tcg, memory: 64, timeout: 1 };
        verdict(&run, &args)
    }

    fn ended(end: End) -> Report {
        Report { started: true, end: Some(end), ..Report::default() }
    }

    #[test]
    fn exit_statuses_come_through() {
        for (code, status) in [
            (0, Status::Agree),
            (1, Status::Divergence),
            (2, Status::Trouble),
            // As on a kernel without MPTCP.
            (4, Status::Skipped),
        ] {
            assert_eq!(of(ended(End::Exit(code)), "Run /init", false), Ok(status));
        }
        assert!(of(ended(End::Exit(101)), "", false).is_err());
        assert!(of(ended(End::Signal(9)), "", false).is_err());
    }

    #[test]
    fn what_is_no_verdict_says_what_it_is() {
        let says = |done: Result<Status, String>, words: &str| {
            let text = done.err().unwrap_or_default();
            assert!(text.contains(words), "{words:?} is not in {text:?}");
        };
        says(of(Report::default(), "", true), "not started this program after 1 s");
        says(of(Report::default(), "", false), "more memory");
        says(of(Report { started: true, ..Report::default() }, "", true), "not done after 1 s");
        says(of(Report::default(), "Kernel panic - not syncing: x", false), "kernel panic");
        // After a complaint the verdict is discarded.
        says(of(ended(End::Exit(0)), "BUG: KASAN: x in y", false), "KASAN report");
    }
}
