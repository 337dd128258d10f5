//! An initramfs: an archive in the "newc" format of cpio, see
//! Documentation/driver-api/early-userspace/buffer-format.rst of the kernel.

use std::collections::BTreeSet;

/// A directory's type, with its permissions.
const DIRECTORY: u32 = 0o040_755;
/// An ordinary file's type.
const FILE: u32 = 0o100_000;
/// A symbolic link's type, with its permissions.
const LINK: u32 = 0o120_777;
/// A character device's type, with its permissions.
const DEVICE: u32 = 0o020_600;

/// An archive in memory.
#[derive(Default)]
pub(super) struct Archive {
    bytes: Vec<u8>,
    entries: u32,
    folders: BTreeSet<String>,
}

impl Archive {
    /// Adds a folder, and those above it that are missing.
    pub(super) fn folder(&mut self, path: &str) {
        let path = path.trim_matches('/');
        if path.is_empty() || !self.folders.insert(path.to_owned()) {
            return;
        }
        self.above(path);
        self.entry(path, DIRECTORY, (0, 0), &[]);
    }

    /// Adds a file, and the folders above it.
    pub(super) fn file(&mut self, path: &str, executable: bool, content: &[u8]) {
        self.above(path);
        self.entry(path, FILE | if executable { 0o755 } else { 0o644 }, (0, 0), content);
    }

    /// Adds a symbolic link, and the folders above it.
    pub(super) fn link(&mut self, path: &str, to: &str) {
        self.above(path);
        self.entry(path, LINK, (0, 0), to.as_bytes());
    }

    /// Adds a character device by its numbers.
    pub(super) fn device(&mut self, path: &str, major: u32, minor: u32) {
        self.above(path);
        self.entry(path, DEVICE, (major, minor), &[]);
    }

    /// The bytes of the archive, with its trailer.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.entry("TRAILER!!!", 0, (0, 0), &[]);
        self.bytes
    }

    fn above(&mut self, path: &str) {
        if let Some((above, _)) = path.trim_matches('/').rsplit_once('/') {
            self.folder(above);
        }
    }

    fn entry(&mut self, path: &str, mode: u32, device: (u32, u32), content: &[u8]) {
        let name = path.trim_start_matches('/');
        self.entries += 1;
        let length = |len: usize| u32::try_from(len).unwrap_or(u32::MAX);
        // Inode, mode, owner, group, links, time, size, the archive's device, the file's device,
        // length of the name, and a checksum that this format does not use.
        let (size, name_size) = (length(content.len()), length(name.len() + 1));
        let (major, minor) = device;
        let fields = [self.entries, mode, 0, 0, 1, 0, size, 0, 0, major, minor, name_size, 0];
        self.bytes.extend(b"070701");
        for field in fields {
            self.bytes.extend(format!("{field:08X}").into_bytes());
        }
        self.bytes.extend(name.as_bytes());
        self.bytes.push(0);
        self.align();
        self.bytes.extend(content);
        self.align();
    }

    /// Names and contents are padded to multiples of four bytes.
    fn align(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::process::{Command, Stdio};

    fn sample() -> Vec<u8> {
        let mut archive = Archive::default();
        archive.file("/init", true, b"#!");
        archive.file("a/b/c", false, b"12345");
        archive.link("lib64", "lib");
        archive.device("dev/null", 1, 3);
        archive.folder("proc");
        archive.finish()
    }

    #[test]
    fn the_first_entry_has_the_documented_format() {
        let bytes = sample();
        let head = "07070100000001000081ED00000000000000000000000100000000\
                    00000002000000000000000000000000000000000000000500000000init\0";
        assert_eq!(&bytes[..head.len()], head.as_bytes());
        // 110 bytes of header and 5 of name, padded to 116.
        assert_eq!(&bytes[116..120], b"#!\0\0");
        assert_eq!(bytes.len() % 4, 0);
    }

    #[test]
    fn folders_come_before_what_is_in_them_and_once() {
        let text = String::from_utf8_lossy(&sample()).into_owned();
        let at = |name: &str| text.find(&format!("{name}\0"));
        assert!(at("a") < at("a/b") && at("a/b") < at("a/b/c"));
        assert!(text.contains("TRAILER!!!"));
    }

    /// If cpio is installed, it lists the same.
    #[test]
    fn cpio_reads_it() {
        let cpio = Command::new("cpio")
            .args(["-it", "--quiet"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let Ok(mut cpio) = cpio else {
            return;
        };
        let sent = cpio.stdin.take().map(|mut to| to.write_all(&sample()).is_ok());
        let listed = cpio.wait_with_output().map(|output| output.stdout).unwrap_or_default();
        assert_eq!(sent, Some(true));
        assert_eq!(
            String::from_utf8_lossy(&listed),
            "init\na\na/b\na/b/c\nlib64\ndev\ndev/null\nproc\n"
        );
    }
}
