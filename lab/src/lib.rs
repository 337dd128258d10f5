//! Runs the calling program on other kernels.
//!
//! | module | what it does |
//! | --- | --- |
//! | [`kernels`] | finds a kernel's image, or fetches one of Debian's |
//! | [`build`] | builds a kernel from source and patches |
//! | [`package`] | makes an initramfs with the calling program |
//! | [`machine`] | boots both under qemu |
//! | [`guest`] | is the first process there: runs the program and powers off |
//! | [`console`], [`log`] | find complaints in the kernel's messages, on the host and in the guest |
//!
//! Nothing here needs root, a network, a disk image or a shared file system.

#![forbid(unsafe_code)]

pub mod build;
mod command;
pub mod console;
mod error;
mod files;
pub mod guest;
pub mod kernels;
pub mod log;
pub mod machine;
mod protocol;
mod release;

pub use files::cache;
pub use machine::package;
pub use release::Release;
