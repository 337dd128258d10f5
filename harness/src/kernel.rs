//! Identifies the kernel, from evidence other than the calls under test.

use std::fs;

use mptcp_emulator::{Release, Revision};

/// The running kernel.
#[derive(Clone, Debug)]
pub struct Kernel {
    /// The output of `uname -r`.
    pub release: String,
    /// Its model. The evidence is that of this exact release.
    pub revision: Revision,
    /// What is unusual about it, in a sentence each.
    pub notes: Vec<String>,
}

/// The sizes of the kernel's structures in bytes, from `sock_diag`: the length of a socket's INFO
/// attribute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// `struct tcp_info`.
    pub tcp_info: usize,
    /// `struct mptcp_info`.
    pub mptcp_info: usize,
}

/// The texts by which a kernel reports its version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Version {
    /// The output of `uname -r`.
    pub release: String,
    /// The output of `uname -v`. Debian's has the stable release: `Debian 6.1.192-2`.
    pub build: String,
    /// The content of Ubuntu's `/proc/version_signature`, empty elsewhere. Its third word is the
    /// stable release.
    pub signature: String,
}

impl Version {
    /// Of the running kernel, from uname(2), because `/proc/sys/kernel` is missing without
    /// `CONFIG_SYSCTL`.
    pub fn running() -> Version {
        let uname = rustix::system::uname();
        let signature = fs::read_to_string("/proc/version_signature").unwrap_or_default();
        Version {
            release: uname.release().to_string_lossy().into_owned(),
            build: uname.version().to_string_lossy().into_owned(),
            signature: signature.trim().to_owned(),
        }
    }

    /// The release, with the stable level if any of the texts has it.
    pub(crate) fn release(&self) -> Option<Release> {
        let release = Release::parse(&self.release)?;
        if release.patch.is_some() {
            return Some(release);
        }
        let debian = self.build.split("Debian ").nth(1);
        let ubuntu = self.signature.split_whitespace().nth(2);
        let mut stated = [debian, ubuntu].into_iter().flatten().filter_map(Release::parse);
        let same = |found: &Release| found.series() == release.series() && found.patch.is_some();
        Some(stated.find(same).unwrap_or(release))
    }
}

impl Kernel {
    /// The running kernel. The release determines the revision. The attributes of `sock_diag` dumps
    /// determine the sizes, if there are any.
    pub fn running(sizes: Option<Sizes>) -> Kernel {
        Kernel::of(&Version::running(), sizes)
    }

    /// The kernel of a version whose structures have these sizes.
    pub fn of(version: &Version, sizes: Option<Sizes>) -> Kernel {
        let mut notes = Vec::new();
        let sizes = sizes.map(|sizes| {
            let bytes = |size: usize| u32::try_from(size).unwrap_or(u32::MAX);
            (bytes(sizes.tcp_info), bytes(sizes.mptcp_info))
        });
        let mut revision = modelled(version, sizes, &mut notes);
        match sizes {
            None => notes.push("sock_diag reports no sizes; they are those of the release".into()),
            Some((tcp_info, mptcp_info)) => {
                if (tcp_info, mptcp_info) != (revision.tcp_info, revision.mptcp_info) {
                    notes.push(format!(
                        "sock_diag shows a tcp_info of {tcp_info} bytes and an mptcp_info of \
                         {mptcp_info}, where {} has {} and {}: a backport, or a kernel of its own; \
                         it is modelled as {0} with the sizes shown, and nothing was compared with \
                         such a kernel before",
                        revision.name, revision.tcp_info, revision.mptcp_info
                    ));
                }
                revision = revision.with_sizes(tcp_info, mptcp_info);
            }
        }
        if version.release.contains(INFO_OPT) {
            revision = revision.with_info_opt();
            notes.push("its release says that it has mptcp_info_opt".into());
        }
        Kernel { release: version.release.clone(), revision, notes }
    }
}

/// The revision of a version. Sizes decide if the version is ambiguous.
fn modelled(version: &Version, sizes: Option<(u32, u32)>, notes: &mut Vec<String>) -> Revision {
    let fits = |revision: &&Revision| {
        sizes.is_some_and(|sizes| sizes == (revision.tcp_info, revision.mptcp_info))
    };
    let text = &version.release;
    let release = version.release();
    let Some((release, revision)) =
        release.and_then(|release| Some((release, Revision::of_release(release)?)))
    else {
        let like = Revision::ALL.iter().rev().find(fits).unwrap_or(&Revision::NEWEST);
        notes.push(format!(
            "no revision is known for release {text:?}; it is taken for {}, {}",
            like.name,
            if fits(&like) {
                "the newest with the sizes that sock_diag shows"
            } else {
                "the newest that this program has data for"
            }
        ));
        return like.unverified();
    };
    if release.series() > NEWEST_SEEN {
        notes.push(format!(
            "{text} is newer than any kernel that this program has data for; it is taken for {} \
             with sizes as sock_diag shows them",
            revision.name
        ));
    }
    if release.patch.is_some() {
        return revision;
    }
    // Any level of the series is possible: take the newest one with these sizes.
    let series = Revision::ALL
        .iter()
        .rev()
        .filter(|known| known.name == revision.name || known.since.series() == release.series());
    let revision = series.into_iter().find(fits).unwrap_or(&revision).unverified();
    let (major, minor) = release.series();
    notes.push(format!(
        "neither uname nor /proc/version_signature states the stable level of {text}; it is \
         assumed to be one of {major}.{minor}.y that behaves as {}",
        revision.name
    ));
    revision
}

/// The suffix that the patch with `mptcp_info_opt` adds to the release, so that the option can be
/// detected without calling it.
const INFO_OPT: &str = "-info-opt";

/// The newest series whose sources were used for [`Revision::NEWEST`].
const NEWEST_SEEN: (u32, u32) = Revision::NEWEST.since.series();

#[cfg(test)]
mod tests {
    use super::*;
    use mptcp_emulator::Verification;

    const TODAY: Sizes = Sizes { tcp_info: 280, mptcp_info: 96 };

    fn version(release: &str) -> Version {
        Version { release: release.into(), ..Version::default() }
    }

    fn kernel(release: &str, tcp_info: usize, mptcp_info: usize) -> Kernel {
        Kernel::of(&version(release), Some(Sizes { tcp_info, mptcp_info }))
    }

    /// Ordinary kernels: nothing is unusual about them.
    #[test]
    fn a_release_with_its_own_sizes_has_no_notes() {
        for (release, tcp_info, mptcp_info, name) in [
            ("5.16.0", 232, 48, "5.16"),
            ("6.1.78", 232, 48, "6.1.34"),
            ("6.2.16", 240, 48, "6.2"),
            ("6.4.1", 240, 48, "6.4"),
            ("6.6.56", 240, 80, "6.6"),
            ("6.6.57", 248, 80, "6.6.57"),
            ("6.7.0", 248, 80, "6.7"),
            ("6.17.3+deb14-amd64", 248, 96, "6.12"),
            ("6.18.44-fc-v509", 280, 96, "6.18.44"),
            ("7.3-rc7", 280, 96, "7.3"),
        ] {
            let kernel = kernel(release, tcp_info, mptcp_info);
            assert_eq!((kernel.revision.name, &kernel.notes[..]), (name, &[][..]), "{release}");
        }
    }

    #[test]
    fn a_distribution_hides_the_stable_level_elsewhere() {
        let debian = Version {
            build: "#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-11-16)".into(),
            ..version("6.1.0-56-cloud-amd64")
        };
        let kernel = Kernel::of(&debian, Some(Sizes { tcp_info: 232, mptcp_info: 48 }));
        assert_eq!(kernel.revision, Revision::V6_1_79);
        assert_eq!(kernel.revision.verification, Verification::Compared("6.1.192"));
        assert_eq!(kernel.notes, [""; 0]);

        let ubuntu = Version {
            signature: "Ubuntu 6.8.0-45.45-generic 6.8.12".into(),
            ..version("6.8.0-45-generic")
        };
        let kernel = Kernel::of(&ubuntu, Some(Sizes { tcp_info: 248, mptcp_info: 88 }));
        assert_eq!((kernel.revision.name, &kernel.notes[..]), ("6.8", &[][..]));
        assert_eq!(ubuntu.release(), Some(Release::stable(6, 8, 12)));
        // The text of another kernel does not count.
        let other = Version { build: "Debian 6.12.117-1".into(), ..version("6.1.0-56-amd64") };
        assert_eq!(other.release(), Some(Release { patch: None, ..Release::mainline(6, 1) }));
    }

    #[test]
    fn an_unknown_stable_level_is_noted_and_chosen_by_sizes() {
        let older = kernel("6.6.0-7-generic", 240, 80);
        assert_eq!(older.revision, Revision::V6_6);
        let newer = kernel("6.6.0-7-generic", 248, 80);
        assert_eq!(newer.revision.name, "6.6.57");
        let debian = kernel("6.1.0-56-cloud-amd64", 232, 48);
        assert_eq!(debian.revision, Revision::V6_1_79.unverified());
        for kernel in [older, newer, debian] {
            assert!(kernel.notes[0].contains("stable level"), "{:?}", kernel.notes);
            assert_eq!(kernel.notes.len(), 1);
            assert_eq!(kernel.revision.verification, Verification::SourcesOnly);
        }
    }

    #[test]
    fn a_kernel_with_the_design_of_2021_says_so_in_its_release() {
        let kernel = |release| Kernel::of(&version(release), Some(TODAY)).revision;
        assert!(kernel("6.12.1-info-opt").info_opt);
        assert_eq!(kernel("6.12.1-info-opt"), kernel("6.12.1").with_info_opt());
        assert!(!kernel("6.12.1").info_opt);
    }

    #[test]
    fn a_kernel_from_the_future_is_taken_for_the_newest_and_says_so() {
        let kernel = kernel("8.1.2", 312, 104);
        assert_eq!((kernel.revision.tcp_info, kernel.revision.mptcp_info), (312, 104));
        assert!(kernel.notes.iter().any(|note| note.contains("newer than any kernel")));
        assert_eq!(kernel.revision.verification, Verification::SourcesOnly);
    }

    #[test]
    fn sizes_that_the_release_does_not_have_are_believed_and_noted() {
        // The exact release that was compared, with a structure that it did not have.
        let kernel = kernel("6.12.117", 280, 96);
        assert_eq!((kernel.revision.name, kernel.revision.tcp_info), ("6.12.93", 280));
        assert_eq!(kernel.revision.verification, Verification::SourcesOnly);
        let [note] = &kernel.notes[..] else { unreachable!("{:?}", kernel.notes) };
        for size in ["280", "96", "248"] {
            assert!(note.contains(size), "{note}");
        }
    }

    /// Such as 5.14 with the options of a later release.
    #[test]
    fn a_release_older_than_the_options_is_taken_for_one_with_its_sizes() {
        let like = kernel("5.14.0-503.el9", 248, 88);
        assert_eq!(like.revision, Revision::V6_8);
        assert!(like.notes[0].contains("no revision is known"), "{:?}", like.notes);
        assert_eq!(kernel("", 300, 96).revision.name, Revision::NEWEST.name);
    }
}
