//! Which kernel this is, from evidence other than the calls under test.

use std::fs;

use mptcp_emulator::Revision;

use crate::scene::Sizes;

/// The running kernel.
#[derive(Clone, Debug)]
pub struct Kernel {
    /// As `uname -r` has it.
    pub release: String,
    /// How it is modelled.
    pub revision: Revision,
    /// What is out of the ordinary about that, in a sentence each.
    pub notes: Vec<String>,
}

impl Kernel {
    /// The running kernel: the revision by its release, the sizes by the
    /// attributes of `sock_diag` dumps, where there are any.
    pub fn running(sizes: Option<Sizes>) -> Kernel {
        let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        Kernel::of(release.trim(), sizes)
    }

    /// The kernel of a release whose structures have these sizes.
    pub fn of(release: &str, sizes: Option<Sizes>) -> Kernel {
        let mut kernel = Kernel::unpatched(release, sizes);
        if release.contains(INFO_OPT) {
            kernel.revision = kernel.revision.with_info_opt();
            kernel.notes.push("its release says that it has mptcp_info_opt".into());
        }
        kernel
    }

    fn unpatched(release: &str, sizes: Option<Sizes>) -> Kernel {
        let mut notes = Vec::new();
        let known = numbers(release).and_then(|(major, minor)| {
            if (major, minor) > NEWEST_SEEN {
                notes.push(format!(
                    "{release} is newer than any kernel that this program has data for; \
                     it is taken for {} with sizes as sock_diag shows them",
                    Revision::NEWEST.name
                ));
            }
            Revision::of_release(major, minor)
        });
        let revision = known.unwrap_or_else(|| {
            notes.push(format!(
                "no revision is known for release {release:?}; it is taken for {}",
                Revision::NEWEST.name
            ));
            Revision::NEWEST
        });
        let Some(sizes) = sizes else {
            notes.push("sock_diag tells no sizes; they are those of the release".into());
            return Kernel { release: release.to_owned(), revision, notes };
        };
        let (tcp_info, mptcp_info) = (
            u32::try_from(sizes.tcp_info).unwrap_or(u32::MAX),
            u32::try_from(sizes.mptcp_info).unwrap_or(u32::MAX),
        );
        if (tcp_info, mptcp_info) != (revision.tcp_info, revision.mptcp_info) {
            notes.push(format!(
                "sock_diag shows a tcp_info of {tcp_info} bytes and an mptcp_info of {mptcp_info}, \
                 where {} has {} and {}: a backport, or a kernel of its own",
                revision.name, revision.tcp_info, revision.mptcp_info
            ));
        }
        Kernel {
            release: release.to_owned(),
            revision: revision.with_sizes(tcp_info, mptcp_info),
            notes,
        }
    }
}

/// What the patch that adds `mptcp_info_opt` adds to the release, so that there
/// is a sign of it other than the option.
const INFO_OPT: &str = "-info-opt";

/// The newest release whose sources were read for [`Revision::NEWEST`].
const NEWEST_SEEN: (u32, u32) = (7, 3);

/// The first two numbers of a release.
pub(crate) fn numbers(release: &str) -> Option<(u32, u32)> {
    let mut parts = release.split(|c: char| !c.is_ascii_digit());
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Sizes = Sizes { tcp_info: 280, mptcp_info: 96 };

    #[test]
    fn a_release_gives_the_newest_revision_that_is_not_newer() {
        for (release, name) in [
            ("5.16.0", "5.16"),
            ("6.1.0-32-amd64", "6.1"),
            ("6.17.3+deb14-amd64", "6.12"),
            ("6.18.44-fc-v509", "6.18"),
            ("7.3-rc7", "7.2"),
        ] {
            assert_eq!(Kernel::of(release, Some(TODAY)).revision.name, name);
        }
    }

    #[test]
    fn a_kernel_with_the_design_of_2021_says_so_in_its_release() {
        let kernel = |release| Kernel::of(release, Some(TODAY)).revision;
        assert!(kernel("6.12.1-info-opt").info_opt);
        assert_eq!(kernel("6.12.1-info-opt"), kernel("6.12.1").with_info_opt());
        assert!(!kernel("6.12.1").info_opt);
    }

    #[test]
    fn a_kernel_from_the_future_is_taken_for_the_newest_and_says_so() {
        let sizes = Sizes { tcp_info: 312, mptcp_info: 104 };
        let kernel = Kernel::of("8.1.2", Some(sizes));
        assert_eq!((kernel.revision.tcp_info, kernel.revision.mptcp_info), (312, 104));
        assert!(kernel.notes.iter().any(|note| note.contains("newer than any kernel")));
    }

    #[test]
    fn sizes_that_the_release_does_not_have_are_believed_and_noted() {
        let kernel = Kernel::of("6.12.1", Some(TODAY));
        assert_eq!(kernel.revision.tcp_info, 280);
        assert_eq!(kernel.notes.len(), 1);
    }
}
