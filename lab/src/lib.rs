//! Runs a program of one's own on other kernels.
//!
//! A kernel is found or fetched ([`kernels`]) or made from source ([`build`]), an
//! initramfs is made around the running program ([`initramfs`]), both are booted
//! under qemu ([`machine`]), and the program, as the first process there
//! ([`guest`]), runs what it was asked to and powers off. What the kernel says
//! meanwhile is searched for signs that it is not well ([`console`]).
//!
//! Nothing of it takes root, a network, a disk image or a shared file system.

#![forbid(unsafe_code)]

pub mod build;
mod configuration;
pub mod console;
pub mod guest;
pub mod initramfs;
mod kconfig;
pub mod kernels;
pub mod log;
pub mod machine;
mod mounts;
pub mod package;
mod requirement;
mod source;

/// Why a file or a folder of the cache could not be written, and what to do.
fn unwritten(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> String {
    let instead = "set XDG_CACHE_HOME to a folder with more space";
    move |error| mptcp_limits::files::refused(path, 0, &error, instead)
}

/// An error's text, with what was being done.
fn during<E: std::fmt::Display>(what: impl std::fmt::Display) -> impl FnOnce(E) -> String {
    move |error| format!("{what}: {error}")
}
