//! The content of the initramfs: this program with its libraries, the modules that it
//! needs, and the files that its command line names.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use goblin::elf::Elf;

use super::initramfs::Archive;
use crate::error::context;
use crate::kernels::Kernel;
use crate::protocol::{ERRAND, Errand, MODULES, PORTS, SHARED, WORK};

/// The maximum size of all files that the command line names, in bytes.
const BAGGAGE: u64 = 64 << 20;

/// An initramfs that runs the errand on the kernel.
///
/// # Errors
/// If a file cannot be read.
pub fn pack(kernel: &Kernel, errand: &Errand, baggage: &[PathBuf]) -> Result<Vec<u8>, String> {
    let mut archive = Archive::default();
    for folder in ["proc", "sys", "tmp", WORK, SHARED] {
        archive.folder(folder);
    }
    archive.device("dev/console", 5, 1);
    archive.device("dev/null", 1, 3);
    archive.device("dev/kmsg", 1, 11);
    archive.device("dev/urandom", 1, 9);
    for (port, minor) in PORTS.iter().zip(64..) {
        archive.device(port, 4, minor);
    }
    program(&mut archive)?;
    for module in &kernel.modules {
        let name = module.file_name().unwrap_or_default().to_string_lossy();
        let name = name.split('.').next().unwrap_or_default();
        archive.file(&format!("{MODULES}/{name}.ko"), false, &plain(module)?);
    }
    let errand = serde_json::to_vec(errand).map_err(context("the errand"))?;
    archive.file(ERRAND, false, &errand);
    let mut room = BAGGAGE;
    for path in baggage {
        stow(&mut archive, path, &mut room)?;
    }
    Ok(archive.finish())
}

/// This program, its interpreter and the libraries that are mapped now.
fn program(archive: &mut Archive) -> Result<(), String> {
    let own = fs::read("/proc/self/exe").map_err(context("/proc/self/exe"))?;
    archive.file("init", true, &own);
    let elf = Elf::parse(&own).map_err(context("/proc/self/exe"))?;
    let Some(interpreter) = elf.interpreter else {
        return Ok(());
    };
    // All folders that a linker searches are links to one.
    for place in ["lib64", "usr/lib", "usr/lib64", "lib/x86_64-linux-gnu"] {
        let to = if place == "lib/x86_64-linux-gnu" { "." } else { "/lib" };
        archive.link(place, to);
    }
    let name = |path: &str| format!("lib/{}", path.rsplit('/').next().unwrap_or(path));
    let loader = fs::read(interpreter).map_err(context(interpreter))?;
    archive.file(&name(interpreter), true, &loader);
    if !["/lib/", "/lib64/"].iter().any(|place| interpreter.starts_with(place)) {
        archive.link(interpreter, &format!("/{}", name(interpreter)));
    }
    let maps = fs::read_to_string("/proc/self/maps").map_err(context("/proc/self/maps"))?;
    for path in libraries(&maps) {
        let bytes = fs::read(path).map_err(context(path))?;
        let Ok(library) = Elf::parse(&bytes) else {
            continue;
        };
        let soname = library.soname.unwrap_or(path);
        if name(soname) != name(interpreter) {
            archive.file(&name(soname), true, &bytes);
        }
    }
    Ok(())
}

/// The shared objects in a list of mappings.
fn libraries(maps: &str) -> BTreeSet<&str> {
    let path = |line: &'_ str| line.find('/').map(|at| at..line.len());
    let is_library = |path: &&str| {
        let file = path.rsplit('/').next().unwrap_or(path);
        file.ends_with(".so") || file.contains(".so.")
    };
    maps.lines().filter_map(|line| line.get(path(line)?)).filter(is_library).collect()
}

/// A module, decompressed if its distribution compressed it.
fn plain(module: &Path) -> Result<Vec<u8>, String> {
    let bytes = fs::read(module).map_err(context(module.display()))?;
    match module.extension().and_then(|extension| extension.to_str()) {
        Some("ko") => Ok(bytes),
        Some("xz") => {
            let mut plain = Vec::new();
            lzma_rs::xz_decompress(&mut &bytes[..], &mut plain)
                .map_err(|error| format!("{}: {error:?}", module.display()))?;
            Ok(plain)
        }
        _ => Err(format!(
            "{}: only modules that are not compressed or compressed with xz can be read; decompress \
             this one in its folder",
            module.display()
        )),
    }
}

/// Adds a file or a folder, under its path on the command line.
fn stow(archive: &mut Archive, path: &Path, room: &mut u64) -> Result<(), String> {
    let about = fs::metadata(path).map_err(context(path.display()))?;
    let inside = inside(path);
    if about.is_dir() {
        archive.folder(&inside);
        let entries = fs::read_dir(path).map_err(context(path.display()))?;
        let mut entries: Vec<PathBuf> =
            entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        entries.sort();
        return entries.iter().try_for_each(|entry| stow(archive, entry, room));
    }
    if !about.is_file() {
        return Ok(());
    }
    *room = room.checked_sub(about.len()).ok_or_else(|| {
        format!(
            "{}: the files that the command line names are larger than {} MiB; name fewer",
            path.display(),
            BAGGAGE >> 20
        )
    })?;
    let executable = about.permissions().mode() & 0o111 != 0;
    archive.file(&inside, executable, &fs::read(path).map_err(context(path.display()))?);
    Ok(())
}

/// The path in the machine of a path on the command line.
fn inside(path: &Path) -> String {
    if path.is_absolute() {
        path.display().to_string()
    } else {
        format!("{WORK}/{}", path.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_those_mapped_once_each() {
        let maps = "\
            55d0-55d1 r--p 00000000 fe:00 12 /home/a b/assay\n\
            7f00-7f01 r--p 00000000 fe:00 13 /usr/lib/x86_64-linux-gnu/libc.so.6\n\
            7f01-7f02 r-xp 00001000 fe:00 13 /usr/lib/x86_64-linux-gnu/libc.so.6\n\
            7f02-7f03 rw-p 00000000 00:00 0 \n\
            7f03-7f04 r--p 00000000 fe:00 14 /opt/x/libodd.so\n\
            7ffc-7ffd rw-p 00000000 00:00 0 [stack]\n";
        let found: Vec<&str> = libraries(maps).into_iter().collect();
        assert_eq!(found, ["/opt/x/libodd.so", "/usr/lib/x86_64-linux-gnu/libc.so.6"]);
    }

    #[test]
    fn a_program_is_packed_with_its_loader() {
        let mut archive = Archive::default();
        assert_eq!(program(&mut archive), Ok(()));
        let bytes = archive.finish();
        assert!(bytes.len() > 100_000);
    }

    #[test]
    fn relative_paths_are_in_the_working_folder() {
        assert_eq!(inside(Path::new("corpus/a.case")), "work/corpus/a.case");
        assert_eq!(inside(Path::new("/etc/a.case")), "/etc/a.case");
    }
}
