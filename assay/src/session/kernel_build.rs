//! Building a kernel, with its steps on standard error.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use mptcp_lab::build::{self, News, Order};

use crate::terminal::out;

/// Builds a kernel, with a line of progress.
pub(crate) fn build_kernel(order: &Order) -> Result<PathBuf, String> {
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
