//! `assay kernels`: where kernels for machines come from.

use std::fmt::Write;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use mptcp_lab::build::{self, News, Order};
use mptcp_lab::kernels::{available, fetch};

use crate::args::{BuildArgs, KernelsArgs, KernelsCommand};
use crate::style::head;
use crate::{Status, out};

/// Runs the command.
pub(crate) fn run(args: &KernelsArgs) -> Result<Status, String> {
    match &args.command {
        KernelsCommand::List => list(),
        KernelsCommand::Fetch { series } => {
            let kernel = fetch(series)?;
            out::line(kernel.image.display())?;
            Ok(Status::Agree)
        }
        KernelsCommand::Build(args) => build(args),
    }
}

fn build(args: &BuildArgs) -> Result<Status, String> {
    let image = made(&Order {
        source: args.source.clone(),
        patches: args.patch.clone(),
        fragments: args.config.clone(),
        kasan: args.kasan,
        kcov: args.kcov,
        output: args.output.clone(),
    })?;
    out::line(image.display())?;
    Ok(Status::Agree)
}

/// Builds a kernel, with somebody watching.
pub(crate) fn made(order: &Order) -> Result<PathBuf, String> {
    let start = Instant::now();
    let bar = std::io::stderr().is_terminal().then(|| {
        let bar = ProgressBar::new_spinner();
        bar.enable_steady_tick(Duration::from_millis(100));
        let style = ProgressStyle::with_template("{spinner} {elapsed} {prefix}: {wide_msg}");
        style.map_or(bar.clone(), |style| bar.with_style(style))
    });
    let mut news = |news: News<'_>| match (&bar, news) {
        (Some(bar), News::Step(what)) => {
            bar.set_prefix(what.to_owned());
            bar.set_message("");
        }
        (Some(bar), News::Line(line)) => bar.set_message(line.trim().to_owned()),
        (Some(bar), News::Warning(what)) => bar.println(format!("assay: {what}")),
        (None, News::Step(what)) => {
            out::note(format_args!("assay: {:4.0} s  {what}", start.elapsed().as_secs_f64()));
        }
        (None, News::Warning(what)) => out::note(format_args!("assay: {what}")),
        (None, News::Line(_)) => {}
    };
    let built = build::build(order, &mut news);
    if let Some(bar) = &bar {
        bar.finish_and_clear();
    }
    let image = built?;
    out::note(format_args!("assay: {:4.0} s  built", start.elapsed().as_secs_f64()));
    Ok(image)
}

fn list() -> Result<Status, String> {
    let packages = available()?;
    if packages.is_empty() {
        return Err(
            "apt offers no cloud kernels; `apt-get update` brings its lists up to date".into()
        );
    }
    let mut text = format!("{}\n", head(&format!("{:<14} {:<22} {}", "kernel", "version", "")));
    for package in packages {
        let series = package.series().map(|series| series.to_string()).unwrap_or_default();
        let here = match (package.is_here(), package.elsewhere) {
            (true, _) => "fetched",
            (false, true) => "of a suite that this machine is not configured for",
            (false, false) => "",
        };
        let _ = writeln!(
            text,
            "{}",
            format!("{:<14} {:<22} {here}", format!("debian:{series}"), package.version).trim_end()
        );
    }
    out::put(text)?;
    Ok(Status::Agree)
}
