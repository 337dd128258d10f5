//! Kernels to boot, from a path or from Debian's packages.

mod apt;
mod debian;
mod image;

pub use apt::Package;
pub use debian::{available, fetch};
pub(crate) use debian::{newest_source, source, unpack};
pub use image::Kernel;
