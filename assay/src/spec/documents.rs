//! The documents that rules cite in short, and where a reader finds them.

use std::ops::Range;

use serde::Serialize;

/// A document that says something about these options.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Document {
    /// What sources of rules call it.
    pub(crate) name: &'static str,
    /// What it is.
    pub(crate) title: &'static str,
    /// When its author wrote it, for a merge when it was made; empty for a document that
    /// is kept up to date.
    pub(crate) date: &'static str,
    /// Where it can be read.
    pub(crate) url: &'static str,
}

/// The name of a source that is no document.
pub(crate) const MEASURED: &str = "measured";

/// A file of the newest kernel.
macro_rules! upstream {
    ($path:literal) => {
        concat!("https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git/tree/", $path)
    };
}

/// All of them. None stands behind another whose name its own ends with: the
/// longer name is the one that is meant.
pub(crate) const ALL: [Document; 17] = [
    Document {
        name: "info commit",
        title: "55c42fa7fa33 (\"mptcp: add MPTCP_INFO getsockopt\")",
        date: "17 September 2021",
        url: "https://git.kernel.org/torvalds/c/55c42fa7fa33",
    },
    Document {
        name: "full-info commit",
        title: "492432074e4f (\"mptcp: introduce MPTCP_FULL_INFO getsockopt\")",
        date: "20 June 2023",
        url: "https://git.kernel.org/torvalds/c/492432074e4f",
    },
    Document {
        name: "early-stop commit",
        title: "ce5f6f71b029 (\"mptcp: sockopt: info: stop early if no buffer\")",
        date: "13 May 2024",
        url: "https://git.kernel.org/torvalds/c/ce5f6f71b029",
    },
    Document {
        name: "fallback commit",
        title: "c084ebd77a00 (\"tcp: socket option to check for MPTCP fallback to TCP\")",
        date: "9 May 2024",
        url: "https://git.kernel.org/torvalds/c/c084ebd77a00",
    },
    Document {
        name: "subflow-id commit",
        title: "6f06b4d4d1cc (\"mptcp: add subflow unique id\")",
        date: "20 June 2023",
        url: "https://git.kernel.org/torvalds/c/6f06b4d4d1cc",
    },
    Document {
        name: "userspace-infos commit",
        title: "77e4b94a3de6 (\"mptcp: update userspace pm infos\")",
        date: "4 June 2023",
        url: "https://git.kernel.org/torvalds/c/77e4b94a3de6",
    },
    Document {
        name: "optlen commit",
        title: "716edc9706de (\"tcp: fix incorrect parameter validation in the do_tcp_getsockopt() function\")",
        date: "7 March 2024",
        url: "https://git.kernel.org/torvalds/c/716edc9706de",
    },
    Document {
        name: "addrs commit",
        title: "c11c5906bc0a (\"mptcp: add MPTCP_SUBFLOW_ADDRS getsockopt support\")",
        date: "17 September 2021",
        url: "https://git.kernel.org/torvalds/c/c11c5906bc0a",
    },
    Document {
        name: "merge commit",
        title: "983e59a27b92 (\"Merge branch 'mptcp-next'\")",
        date: "18 September 2021",
        url: "https://git.kernel.org/torvalds/c/983e59a27b92",
    },
    Document {
        name: "commit",
        title: "06f15cee3695 (\"mptcp: add MPTCP_TCPINFO getsockopt support\")",
        date: "17 September 2021",
        url: "https://git.kernel.org/torvalds/c/06f15cee3695",
    },
    Document {
        name: "uapi",
        title: "include/uapi/linux/mptcp.h",
        date: "",
        url: upstream!("include/uapi/linux/mptcp.h"),
    },
    Document {
        name: "selftest",
        title: "tools/testing/selftests/net/mptcp/mptcp_sockopt.c",
        date: "",
        url: upstream!("tools/testing/selftests/net/mptcp/mptcp_sockopt.c"),
    },
    Document {
        name: "mptcp.rst",
        title: "Documentation/networking/mptcp.rst, \"Socket options\" (commit c049275f24de, Linux 6.11)",
        date: "",
        url: "https://docs.kernel.org/networking/mptcp.html#socket-options",
    },
    Document {
        name: "issue 358",
        title: "issue 358 of multipath-tcp/mptcp_net-next, on the errors after a fallback",
        date: "16 February 2023",
        url: "https://github.com/multipath-tcp/mptcp_net-next/issues/358",
    },
    Document {
        name: "mptcp.dev",
        title: "the project's page for developers of programs",
        date: "",
        url: "https://www.mptcp.dev/mptcp-info.html",
    },
    Document {
        name: "design",
        title: "the mail \"Revised mptcp_info sockopt and selftests\" of 29 July 2021",
        date: "29 July 2021",
        url: "https://lore.kernel.org/mptcp/?q=s:%22Revised+mptcp_info+sockopt+and+selftests%22",
    },
    Document {
        name: "man",
        title: "getsockopt(2)",
        date: "",
        url: "https://man7.org/linux/man-pages/man2/getsockopt.2.html",
    },
];

/// The documents that a source names, each once, and where it first does.
pub(crate) fn cited(source: &str) -> Vec<(Range<usize>, &'static Document)> {
    let mut found: Vec<(Range<usize>, &Document)> = Vec::new();
    let mut at = 0;
    while at < source.len() {
        let rest = source.get(at..).unwrap_or_default();
        let named = ALL.iter().find(|document| is_word(source, at, document.name));
        match named {
            Some(document) => {
                let range = at..at + document.name.len();
                at = range.end;
                if !found.iter().any(|(_, other)| *other == document) {
                    found.push((range, document));
                }
            }
            None => at += rest.chars().next().map_or(1, char::len_utf8),
        }
    }
    found
}

/// Whether a rule rests on what kernels were seen to do.
pub(crate) fn is_measured(source: &str) -> bool {
    source.match_indices(MEASURED).any(|(at, _)| is_word(source, at, MEASURED))
}

/// Whether a word stands at a place of a text by itself.
fn is_word(text: &str, at: usize, word: &str) -> bool {
    let inside = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-');
    let (before, behind) = (text.get(..at), text.get(at..));
    let starts = behind.and_then(|behind| behind.strip_prefix(word));
    starts.is_some_and(|behind| !behind.starts_with(inside))
        && before.is_some_and(|before| !before.ends_with(inside))
}

#[cfg(test)]
mod tests {
    use super::*;
    use mptcp_emulator::Rule;
    use mptcp_harness::judge::contradictions::KNOWN;

    fn names(source: &str) -> Vec<&'static str> {
        cited(source).into_iter().map(|(_, document)| document.name).collect()
    }

    #[test]
    fn the_longest_name_is_meant() {
        assert_eq!(names("full-info commit: so; the error, measured"), ["full-info commit"]);
        assert_eq!(names("commit, 6th paragraph; uapi, commit"), ["commit", "uapi"]);
        assert_eq!(names("merge commit: so; addrs commit"), ["merge commit", "addrs commit"]);
        assert_eq!(names("issue 3581, mptcp.rstx, issue 358"), ["issue 358"]);
        assert_eq!(names("manual, designs, uapi_x, a-man"), [""; 0]);
        assert!(is_measured("order measured; EFAULT: man, ERRORS"));
        assert!(!is_measured("unmeasured"));
    }

    #[test]
    fn every_source_can_be_opened() {
        for rule in Rule::ALL {
            let source = rule.source();
            let found = !cited(source).is_empty() || is_measured(source);
            assert!(found, "{} cites nothing that is known: {source}", rule.name());
        }
        for known in KNOWN {
            assert!(!cited(known.source).is_empty(), "{}: {}", known.name, known.source);
        }
    }

    #[test]
    fn every_document_is_cited() {
        for document in &ALL {
            let rules = Rule::ALL.iter().map(|rule| rule.source());
            let mut sources = rules.chain(KNOWN.iter().map(|known| known.source));
            assert!(sources.any(|source| names(source).contains(&document.name)), "{document:?}");
            assert!(document.url.starts_with("https://"), "{document:?}");
        }
    }
}
