//! Limits of the environment: each is imposed on the command without privilege and
//! without a change to the host, and has to be named with what was needed, what was
//! there, what it means and what to do.
//!
//! The limits are imposed by `ulimit`, by namespaces (`unshare` of util-linux), and by
//! a seccomp filter (`environment/refuse.c`, compiled here). A missing tool is a
//! failure.

mod common;
#[path = "environment/impose.rs"]
mod impose;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use common::{Done, Named, Run, folder, run, text};
use impose::{command, flat, inside, refuse, refusing, shell};
use libtest_mimic::Failed;
use mptcp_harness::memory::street::ADDRESS_SPACE;
use mptcp_harness::scenes::catalogue;

const ASSAY: &str = env!("CARGO_BIN_EXE_assay");

/// A check that is long enough for all scenes, and short.
const CHECK: [&str; 7] = [ASSAY, "check", "--cases", "20000", "--jobs", "2", "--format=human"];

fn main() -> ExitCode {
    let anywhere: [Named; 13] = [
        ("no_descriptors_are_named", no_descriptors),
        ("address_space_is_named", address_space),
        ("length_of_files_is_named", length_of_files),
        ("refused_memfd_is_named", refused_memfd),
        ("refused_threads_are_named", refused_threads),
        ("too_few_threads_for_the_jobs_are_named", too_few_threads),
        ("full_folder_is_named_before_the_run", full_folder),
        ("read_only_folder_is_named_before_the_run", read_only_folder),
        ("full_folder_of_a_review_is_named", full_folder_of_a_review),
        ("full_device_is_named_as_a_file", full_device),
        ("cache_that_cannot_be_written_is_named", read_only_cache),
        ("refused_memfd_of_a_machine_is_named", refused_initramfs),
        ("memory_of_a_machine_is_named", memory_of_a_machine),
    ];
    let with_mptcp: [Named; 12] = [
        ("soft_limit_of_descriptors_is_raised", soft_limit_is_raised),
        ("number_of_descriptors_is_exact", descriptors_are_exact),
        ("full_disk_keeps_no_half_of_a_file", full_disk_while_saving),
        ("no_proc_is_named", no_proc),
        ("proc_sys_that_is_read_only_is_named", read_only_proc_sys),
        ("no_dev_shm_is_no_loss", no_dev_shm),
        ("refused_unshare_is_named", refused_unshare),
        ("no_user_namespaces_are_named", no_user_namespaces),
        ("restriction_by_apparmor_is_named", apparmor),
        ("refused_netlink_is_named", refused_netlink),
        ("refused_protocol_is_named", refused_protocol),
        ("mptcp_that_is_off_is_named", mptcp_off),
    ];
    run(&anywhere, &with_mptcp)
}

/// Every scene exists.
fn all_exist() -> String {
    format!("{0} of {0} came up", catalogue().len())
}

const EPERM: &str = "Operation not permitted (os error 1)";
const FILTER: &str = "a seccomp filter applies to this process";

fn soft_limit_is_raised() -> Done {
    shell("ulimit -S -n 20; exec \"$@\"", &CHECK)?.ends_with(0)?.says(&[&all_exist()])?;
    Ok(())
}

fn descriptors_are_exact() -> Done {
    let limited = |most: u32| -> Result<Run, Failed> {
        Ok(flat(shell(&format!("ulimit -n {most}; exec \"$@\""), &CHECK)?.ends_with(0)?))
    };
    let few = limited(64)?.says(&[
        "opening the sockets of all 132 chosen scenes: Too many open files",
        "Here: RLIMIT_NOFILE is 64 (hard limit 64)",
        "The scenes that do not fit are missing",
        "choose fewer scenes (--scene)",
    ])?;
    // A number that is too low would show as an error of a scene's own.
    let needed = few.out.split("This needs ").nth(1).and_then(|rest| rest.split(' ').next());
    let needed: u32 = needed.ok_or("no number")?.parse()?;
    few.says(&[&format!("`ulimit -n {needed}`")])?;
    limited(needed)?.says(&[&all_exist()])?;
    limited(needed - 1)?.says(&[&format!("This needs {needed} file descriptors")])?;
    Ok(())
}

fn no_descriptors() -> Done {
    let words = ["No scene can be made", "RLIMIT_NOFILE is 8 (hard limit 8)", "ulimit -n 1"];
    for command in [&CHECK[..], &[ASSAY, "scenes"], &[ASSAY, "exhaust", "--jobs", "1"]] {
        shell("ulimit -n 8; exec \"$@\"", command)?.ends_with(2)?.says(&words)?;
    }
    Ok(())
}

fn address_space() -> Done {
    let needed = format!("This needs {ADDRESS_SPACE} bytes (2116.6 MiB) of address space");
    let words = [
        "mapping the street",
        &needed,
        "RLIMIT_AS is 1024000000 bytes (976.6 MiB)",
        "no call can be compared",
        "`ulimit -v unlimited`",
        "--jobs",
    ];
    shell("ulimit -v 1000000; exec \"$@\"", &CHECK)?.ends_with(2)?.says(&words)?;
    Ok(())
}

fn length_of_files() -> Done {
    let words = ["the street's memfd", "RLIMIT_FSIZE is ", "`ulimit -f unlimited`"];
    shell("ulimit -f 1; exec \"$@\"", &CHECK)?.ends_with(2)?.says(&words)?;
    Ok(())
}

fn refused_memfd() -> Done {
    let words = ["memfd_create, for the pages of the street", EPERM, FILTER, "profile"];
    refusing(&["memfd_create=1"], &CHECK)?.ends_with(2)?.says(&words)?;
    Ok(())
}

fn refused_threads() -> Done {
    let words =
        ["the thread that handles interrupts", "os error 11", "needs a thread", "ulimit -u"];
    refusing(&["clone=11", "clone3=11"], &CHECK)?.ends_with(2)?.says(&words)?;
    Ok(())
}

/// In a fresh user namespace the processes of the user are counted anew: the main
/// thread, that for interrupts and the one for progress leave no room for a job. The
/// limit does not apply to root, who has to become somebody else.
fn too_few_threads() -> Done {
    let line = "exec prlimit --nproc=3:3 \"$@\"";
    let words = [
        "starting the thread of job 1 of 8: Resource temporarily unavailable",
        "This needs 8 threads",
        "RLIMIT_NPROC is 3",
        "Without all of them no case is compared",
        "run with fewer jobs (--jobs)",
    ];
    let root = rustix::process::geteuid().is_root();
    let copy = std::env::temp_dir().join(format!("assay-of-nobody-{}", std::process::id()));
    fs::copy(ASSAY, &copy)?;
    fs::set_permissions(&copy, fs::Permissions::from_mode(0o755))?;
    let nobody = ["--reuid=65534", "--regid=65534", "--clear-groups", "unshare"];
    let (program, before) = if root { ("setpriv", &nobody[..]) } else { ("unshare", &[][..]) };
    let rest = ["--user", "--map-root-user", "sh", "-c", line, "sh", text(&copy)?];
    let check = ["check", "--cases", "20000", "--jobs", "8"];
    let run = command(program, "util-linux", &[before, &rest, &check].concat());
    fs::remove_file(&copy)?;
    run?.ends_with(2)?.says(&words)?;
    Ok(())
}

/// A folder of a file system of 4 KiB is mounted, and `line` runs.
fn small(name: &str, line: &str, words: &[&str]) -> Result<Run, Failed> {
    let folder = folder(name)?;
    let mounted = format!("mount -t tmpfs -o size=4k none '{}' && {line}", folder.display());
    Ok(flat(inside(&mounted, &[&[text(&folder)?], words].concat())?))
}

const FILL: &str = "d=$1; shift; head -c 4096 /dev/zero > \"$d/full\"; exec \"$@\"";
const READ_ONLY: &str = "d=$1; shift; mount -o remount,ro \"$d\"; exec \"$@\"";

/// A check with findings, which are saved on a file system of 4 KiB.
fn saving(name: &str, line: &str) -> Result<Run, Failed> {
    let path = folder(name)?;
    let check = [ASSAY, "check", "--canary", "--seconds", "1", "--save", text(&path)?];
    small(name, line, &check)
}

fn full_folder() -> Done {
    let words = ["cannot be written: No space left on device", "Here: 0 bytes and ", "--save"];
    saving("full", FILL)?.ends_with(2)?.says(&words)?;
    Ok(())
}

fn read_only_folder() -> Done {
    let words = ["Read-only file system", "mounted read-only", "--save"];
    saving("read-only", READ_ONLY)?.ends_with(2)?.says(&words)?;
    Ok(())
}

/// The first finding fills the disk. The others are reported, and leave no empty file.
fn full_disk_while_saving() -> Done {
    let line =
        "d=$1; shift; \"$@\"; status=$?; find \"$d\" -type f -printf 'file %s\\n'; exit $status";
    let run = saving("filling", line)?.ends_with(1)?.says(&[
        "could not be saved",
        " bytes) cannot be written: No space left on device",
        "--save",
        "file 68",
    ])?;
    if run.out.contains("file 0") {
        return Err("an empty file is left".into());
    }
    Ok(())
}

fn full_folder_of_a_review() -> Done {
    let folder = text(&folder("full-review")?)?.to_owned();
    let command = [ASSAY, "review", "--source", "debian:6.12", "--patch", "no.patch"];
    let command = [&command[..], &["--output", &folder]].concat();
    let words = ["cannot be written: No space left on device", "--output"];
    small("full-review", FILL, &command)?.ends_with(2)?.says(&words)?;
    Ok(())
}

fn full_device() -> Done {
    let case =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus/negotiate/tcpinfo-header-24.case");
    let case = text(&case)?;
    for (command, option) in [("explain", "--svg"), ("repro", "--output")] {
        let args = [command, case, "--revision", "6.12", option, "/dev/full"];
        common::assay(&args)?.ends_with(2)?.says(&[
            "/dev/full (",
            "bytes) cannot be written: No space left on device",
            &format!("name another file with {option}"),
        ])?;
    }
    Ok(())
}

fn read_only_cache() -> Done {
    let cache = folder("read-only-cache")?;
    let set = format!("XDG_CACHE_HOME={}", text(&cache)?);
    let tree = folder("cache-tree")?;
    fs::create_dir_all(tree.join("arch/x86"))?;
    fs::write(tree.join("Makefile"), "VERSION = 6\nPATCHLEVEL = 12\n")?;
    fs::write(tree.join("Kconfig"), "")?;
    let command = ["env", &set, ASSAY, "kernels", "build", "--source", text(&tree)?];
    let words = ["Read-only file system", "XDG_CACHE_HOME"];
    small("read-only-cache", READ_ONLY, &command)?.ends_with(2)?.says(&words)?;
    Ok(())
}

/// What passes for a kernel until it is booted.
fn image(name: &str) -> Result<PathBuf, Failed> {
    let path = folder(name)?.join("bzImage");
    let mut image = vec![0; 4096];
    image[0x202..0x206].copy_from_slice(b"HdrS");
    fs::write(&path, image)?;
    Ok(path)
}

fn refused_initramfs() -> Done {
    let image = image("refused-machine")?;
    let command = [ASSAY, "vm", "--kernel", text(&image)?, "--", "rules"];
    let words = ["the initramfs, ", "bytes (", EPERM, FILTER, "no machine can be started"];
    refusing(&["memfd_create=1"], &command)?.ends_with(2)?.says(&words)?;
    Ok(())
}

fn memory_of_a_machine() -> Done {
    let image = image("large-machine")?;
    let command = [ASSAY, "vm", "--memory", "4096", "--kernel", text(&image)?, "--", "rules"];
    let words = [
        "Cannot allocate memory",
        "takes 4294967296 bytes (4096.0 MiB) of memory (--memory)",
        "RLIMIT_AS is 3072000000 bytes",
    ];
    shell("ulimit -v 3000000; exec \"$@\"", &command)?.ends_with(2)?.says(&words)?;
    Ok(())
}

const NEED_PROC_SYS: &str = "Scenes of two subflows and more and those that take a sysctl need";

/// An empty file system over a folder; the scenes that take no sysctl remain.
fn hidden(folder: &str) -> Result<Run, Failed> {
    let line = format!("mount -t tmpfs none {folder}; exec \"$@\"");
    Ok(flat(inside(&line, &CHECK)?.ends_with(0)?.says(&["49 of 132 came up"])?))
}

fn no_proc() -> Done {
    for folder in ["/proc", "/proc/sys"] {
        hidden(folder)?.says(&[
            "83 did not come up: ",
            NEED_PROC_SYS,
            "mount -t proc proc /proc",
        ])?;
    }
    Ok(())
}

fn read_only_proc_sys() -> Done {
    let line = "mount --bind /proc/sys /proc/sys; mount -o remount,bind,ro /proc/sys; exec \"$@\"";
    let words = ["Read-only file system", NEED_PROC_SYS, "mount it writable"];
    flat(inside(line, &CHECK)?.ends_with(0)?).says(&words)?;
    Ok(())
}

fn no_dev_shm() -> Done {
    let line = "mount -t tmpfs -o ro none /dev/shm && exec \"$@\"";
    inside(line, &CHECK)?.ends_with(0)?.says(&[&all_exist()])?;
    Ok(())
}

fn refused_unshare() -> Done {
    for errno in ["1", "38"] {
        let words = ["83 did not come up: ", "no private namespace: unshare answered E", FILTER];
        flat(refusing(&[&format!("unshare={errno}")], &CHECK)?.ends_with(0)?).says(&words)?;
    }
    Ok(())
}

/// Without capabilities the sysctl of its own namespace binds the process.
fn no_user_namespaces() -> Done {
    let line = "echo 0 > /proc/sys/user/max_user_namespaces && \
                exec setpriv --bounding-set=-all --inh-caps=-all \"$@\"";
    let words = ["ENOSPC", "one user and one network namespace are needed", "raise it with sysctl"];
    let args = ["--user", "--map-root-user", "sh", "-c", line, "sh"];
    flat(command("unshare", "util-linux", &[&args[..], &CHECK].concat())?.ends_with(0)?)
        .says(&words)?;
    Ok(())
}

/// AppArmor lets `unshare` pass and then grants no right, so that loopback cannot be
/// brought up. Here a filter refuses that, or `unshare`; only the sysctl is AppArmor's.
fn apparmor() -> Done {
    let line = "release=$(uname -r); mount -t tmpfs none /proc/sys/kernel; \
                echo $release > /proc/sys/kernel/osrelease; \
                echo 1 > /proc/sys/kernel/apparmor_restrict_unprivileged_userns; \
                refuse=$1; call=$2; shift 2; exec \"$refuse\" \"$call\" -- \"$@\"";
    for (call, what) in [
        ("unshare=1", "no private namespace: unshare answered EPERM"),
        ("netlink_option=1", "loopback cannot be brought up"),
    ] {
        flat(inside(line, &[&[refuse()?, call], &CHECK[..]].concat())?).says(&[
            what,
            "AppArmor restricts unprivileged user namespaces",
            "kernel.apparmor_restrict_unprivileged_userns to 0",
        ])?;
    }
    Ok(())
}

fn refused_netlink() -> Done {
    let run = flat(refusing(&["netlink=1"], &CHECK)?.ends_with(4)?).says(&[
        "9 of 132 came up",
        "socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE): Operation not permitted",
        FILTER,
        "only the scenes without MPTCP exist",
    ])?;
    // The kernel's configuration is not blamed.
    if run.out.contains("CONFIG_INET_DIAG") {
        return Err(run.out.into());
    }
    Ok(())
}

fn refused_protocol() -> Done {
    for (errno, words) in [
        ("1", "a seccomp filter or a security module forbids protocol 262"),
        ("22", "this kernel is older than 5.6"),
        ("93", "this kernel is built without CONFIG_MPTCP"),
    ] {
        flat(refusing(&[&format!("mptcp={errno}")], &CHECK)?.ends_with(4)?).says(&[words])?;
    }
    Ok(())
}

/// A namespace of its own begins with MPTCP on: this is the one around it.
fn mptcp_off() -> Done {
    let line = "echo 0 > /proc/sys/net/mptcp/enabled; refuse=$1; shift; \
                exec \"$refuse\" unshare=1 -- \"$@\"";
    let words = ["MPTCP is switched off: sysctl -w net.mptcp.enabled=1"];
    let run = inside(line, &[&[refuse()?], &CHECK[..]].concat())?;
    flat(run.ends_with(4)?).says(&words)?;
    Ok(())
}
