//! Builds kernels from source: a work tree with patches, a small configuration with everything that
//! the lab needs, and `make`, out of the tree.
//!
//! Each source has a folder in the cache. It contains the work tree and, for each set of options, a
//! build folder. A build after a change therefore compiles only what changed. Only one build of a
//! source runs at a time, because the work tree has one state.

mod configuration;
mod kconfig;
mod make;
mod order;
mod patch;
mod requirement;
mod source;
mod tools;
mod worktree;

use std::fs;
use std::path::{Path, PathBuf};

use self::configuration::Configuration;
use self::kconfig::Kconfig;
use self::make::Make;
pub use self::order::{News, Order};
use self::source::Source;
use crate::error::context;

/// Builds a kernel. Returns the path of its image. In the cache it is kept until the next build
/// with the same source and options.
///
/// # Errors
/// An error in the order, a missing program or header, or a patch that does not apply. For a needed
/// option that the source does not have, the error states its purpose. For a failed build it has
/// the first error and the path of the log.
pub fn build(order: &Order, news: &mut dyn FnMut(News<'_>)) -> Result<PathBuf, String> {
    // Errors in the order are reported before the long part of the work.
    let source = Source::named(&order.source)?;
    for patch in &order.patches {
        fs::read(patch).map_err(context(patch.display()))?;
    }
    let configuration = Configuration::of(order)?;
    if let Some(output) = &order.output {
        let folder = output.parent().filter(|path| *path != Path::new(""));
        if output.is_dir() || folder.is_some_and(|folder| !folder.is_dir()) {
            return Err(format!(
                "{}: no file can be written there, as it is a folder or its folder does not exist",
                output.display()
            ));
        }
    }
    tools::check(order, &source)?;

    let mut step = |what: &str| news(News::Step(what));
    let workspace = source.open(&mut step)?;
    let changed = workspace.update(&order.patches, &mut step)?;
    if changed > 0 {
        let files = if changed == 1 { "file" } else { "files" };
        step(&format!("{changed} {files} of the work tree changed"));
    }
    let folder = workspace.folder.join("build").join(&configuration.name);
    let make = Make::new(workspace.tree(), folder)?;
    // Not earlier: git may leave processes behind, which would keep the lock.
    workspace.share_lock()?;

    news(News::Step("configuring"));
    let kconfig = Kconfig::read(&workspace.tree())?;
    let mut warnings = Vec::new();
    let configured = configuration.apply(
        &kconfig,
        &mut |fragment| make.configure(fragment, news),
        &mut |warning| warnings.push(warning.to_owned()),
    );
    for warning in &warnings {
        news(News::Warning(warning));
    }
    configured?;
    news(News::Step("building"));
    let image = make.image(news)?;

    let Some(output) = &order.output else { return Ok(image) };
    let mut new = output.as_os_str().to_owned();
    new.push(".new");
    fs::copy(&image, &new)
        .and_then(|_| fs::rename(&new, output))
        .map_err(context(format!("writing {}", output.display())))?;
    Ok(output.clone())
}
