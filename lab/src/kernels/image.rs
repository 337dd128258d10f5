//! A kernel's image, and the modules beside it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::files::walk;
use crate::protocol::WANTED_MODULES;

/// A kernel that can be booted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kernel {
    /// Its name in output: a release, or the text of the command line.
    pub name: String,
    /// The compressed image, in a boot loader's format.
    pub image: PathBuf,
    /// The modules to load, in that order; empty if everything is built in.
    pub modules: Vec<PathBuf>,
}

impl Kernel {
    /// The kernel in a file, with the modules of its release beside it.
    ///
    /// # Errors
    /// If the file cannot be read, or is not a kernel.
    pub fn at(image: &Path) -> Result<Kernel, String> {
        let path = image.display();
        let bytes = fs::read(image).map_err(|error| {
            format!(
                "{path}: {error}; a kernel is the path of a bzImage, or debian:SERIES (see `assay \
                 kernels list`)"
            )
        })?;
        let name = release(&bytes).ok_or_else(|| {
            format!(
                "{path}: no kernel for x86 (a bzImage, as arch/x86/boot has it): at byte 514 there \
                 is no \"HdrS\""
            )
        })?;
        let folder = image.parent().unwrap_or(Path::new("."));
        let trees = [
            folder.to_owned(),
            folder.join("../lib/modules").join(&name),
            folder.join("../usr/lib/modules").join(&name),
        ];
        let modules = WANTED_MODULES.iter().filter_map(|name| {
            trees.iter().find_map(|tree| module(&tree.join("kernel/net"), name))
        });
        Ok(Kernel { modules: modules.collect(), name, image: image.to_owned() })
    }
}

/// The release in the header of an image, as `uname -r` prints it:
/// Documentation/arch/x86/boot.rst, `kernel_version`.
fn release(image: &[u8]) -> Option<String> {
    if image.get(0x202..0x206)? != b"HdrS" {
        return None;
    }
    let at = 0x200 + usize::from(u16::from_le_bytes([*image.get(0x20e)?, *image.get(0x20f)?]));
    let text = image.get(at..)?.split(|&byte| byte == 0 || byte == b' ').next()?;
    Some(String::from_utf8_lossy(text.get(..text.len().min(64))?).into_owned())
}

/// The file of a module below a folder, with any compression.
fn module(folder: &Path, name: &str) -> Option<PathBuf> {
    let is_module = |path: &PathBuf| {
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        let rest = file.strip_prefix(name).and_then(|rest| rest.strip_prefix(".ko"));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    walk(folder).ok()?.into_iter().find(is_module).map(|path| folder.join(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_release_is_in_the_header_of_an_image() {
        let mut image = vec![0; 0x300];
        image[0x202..0x206].copy_from_slice(b"HdrS");
        image[0x20e] = 0x40;
        image[0x240..0x24f].copy_from_slice(b"6.1.0-56 (x@y) ");
        assert_eq!(release(&image).as_deref(), Some("6.1.0-56"));
        assert_eq!(release(b"a text"), None);
        assert_eq!(release(&[b'a'; 4096]), None);
    }
}
