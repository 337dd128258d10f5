//! A review as a page for a browser: one file, no network, light and dark.

use super::report::Review;

/// The whole page.
pub(super) fn page(_review: &Review) -> String {
    String::new()
}
