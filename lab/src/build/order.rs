//! What to build, and the progress of a build.

use std::path::PathBuf;

/// What to build.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Order {
    /// The path of a kernel tree, or a series of Debian's packages.
    pub source: String,
    /// Patches, in the order in which they apply.
    pub patches: Vec<PathBuf>,
    /// Fragments of configuration, applied after this project's own; later fragments
    /// override earlier ones.
    pub fragments: Vec<PathBuf>,
    /// Enable KASAN, UBSAN, lockdep and SLUB debugging.
    pub kasan: bool,
    /// Enable coverage of the kernel's code.
    pub kcov: bool,
    /// Where to put the image; in the cache if `None`.
    pub output: Option<PathBuf>,
}

/// What a build reports while it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News<'a> {
    /// The next step begins.
    Step(&'a str),
    /// A line of the output of `make`.
    Line(&'a str),
    /// An option that is not set as requested, with the consequence. The build continues.
    Warning(&'a str),
}
