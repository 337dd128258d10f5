use super::*;
use std::time::{Duration, SystemTime};

/// A source of a few files, and its place in a cache.
struct Bench {
    root: PathBuf,
    workspace: Workspace,
}

impl Bench {
    fn new(name: &str, is_own: bool) -> Bench {
        let root = std::env::temp_dir().join(format!("assay-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        let (source, folder) = (root.join("source"), root.join("workspace"));
        fs::create_dir_all(source.join("net/mptcp")).unwrap();
        fs::create_dir_all(&folder).unwrap();
        fs::write(source.join("Makefile"), "all:\n").unwrap();
        fs::write(source.join("net/mptcp/sockopt.c"), "one\ntwo\nthree\n").unwrap();
        fs::write(source.join("net/mptcp/pm.c"), "pm\n").unwrap();
        let lock = File::create(folder.join("lock")).unwrap();
        Bench { root, workspace: Workspace { source, is_own, folder, lock } }
    }

    fn patch(&self, name: &str, text: &str) -> PathBuf {
        let path = self.root.join(name);
        fs::write(&path, text).unwrap();
        path
    }

    fn update(&self, patches: &[&PathBuf]) -> Result<usize, String> {
        let patches: Vec<PathBuf> = patches.iter().map(|patch| (*patch).clone()).collect();
        self.workspace.update(&patches, &mut |_| {})
    }

    fn read(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.workspace.tree().join(path)).ok()
    }

    fn time(&self, path: &str) -> SystemTime {
        fs::metadata(self.workspace.tree().join(path)).unwrap().modified().unwrap()
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.root);
    }
}

const CHANGE: &str = "\
--- a/net/mptcp/sockopt.c
+++ b/net/mptcp/sockopt.c
@@ -1,3 +1,3 @@
 one
-two
+2
 three
";
const ADDITION: &str = "\
diff --git a/net/mptcp/new.c b/net/mptcp/new.c
new file mode 100644
--- /dev/null
+++ b/net/mptcp/new.c
@@ -0,0 +1 @@
+new
diff --git a/net/mptcp/pm.c b/net/mptcp/pm.c
deleted file mode 100644
--- a/net/mptcp/pm.c
+++ /dev/null
@@ -1 +0,0 @@
-pm
";
const SOCKOPT: &str = "net/mptcp/sockopt.c";

#[test]
fn patches_come_and_go_and_the_rest_keeps_its_time() {
    let bench = Bench::new("come-and-go", true);
    let (change, addition) = (bench.patch("change", CHANGE), bench.patch("addition", ADDITION));
    assert_eq!(bench.update(&[]), Ok(0));
    let (makefile, sockopt) = (bench.time("Makefile"), bench.time(SOCKOPT));

    assert_eq!(bench.update(&[&change]), Ok(1));
    assert_eq!(bench.read(SOCKOPT).as_deref(), Some("one\n2\nthree\n"));
    let patched = bench.time(SOCKOPT);
    assert!(patched > sockopt);
    assert_eq!(bench.update(&[&change]), Ok(0));
    assert_eq!(bench.time(SOCKOPT), patched);

    // Another patch of the same file.
    let other = bench.patch("other", &CHANGE.replace("+2", "+zwei"));
    assert_eq!(bench.update(&[&other]), Ok(1));
    assert_eq!(bench.read(SOCKOPT).as_deref(), Some("one\nzwei\nthree\n"));
    let patched = bench.time(SOCKOPT);

    // Another patch replaces the former one; it adds and removes files.
    assert_eq!(bench.update(&[&addition]), Ok(3));
    assert_eq!(bench.read(SOCKOPT).as_deref(), Some("one\ntwo\nthree\n"));
    assert!(bench.time(SOCKOPT) > patched, "or what was built of it would stay");
    assert_eq!(bench.read("net/mptcp/new.c").as_deref(), Some("new\n"));
    assert_eq!(bench.read("net/mptcp/pm.c"), None);

    assert_eq!(bench.update(&[]), Ok(2));
    assert_eq!(bench.read("net/mptcp/new.c"), None);
    assert_eq!(bench.read("net/mptcp/pm.c").as_deref(), Some("pm\n"));
    assert_eq!(bench.time("Makefile"), makefile);
    // The source is unchanged.
    let source = |path: &str| fs::read_to_string(bench.workspace.source.join(path)).unwrap();
    assert_eq!(
        (source(SOCKOPT), source("net/mptcp/pm.c")),
        ("one\ntwo\nthree\n".into(), "pm\n".into())
    );
}

#[test]
fn a_patch_that_does_not_apply_changes_nothing() {
    let bench = Bench::new("refused", false);
    let good = bench.patch("good", CHANGE);
    let twice = bench.patch("twice", CHANGE);
    bench.update(&[]).unwrap();
    let refused = bench.update(&[&good, &twice]).unwrap_err();
    assert!(refused.contains("twice: it does not apply: net/mptcp/sockopt.c"), "{refused}");
    assert_eq!(bench.read(SOCKOPT).as_deref(), Some("one\ntwo\nthree\n"));
    let empty = bench.patch("empty", "nothing\n");
    assert!(bench.update(&[&empty]).is_err());
}

#[test]
fn changes_of_the_source_are_followed() {
    let bench = Bench::new("followed", false);
    bench.update(&[]).unwrap();
    let source = &bench.workspace.source;
    assert_eq!(fs::metadata(source.join(SOCKOPT)).unwrap().nlink(), 1, "it is not ours");
    // A change in place, as some editors write, and a new file with an old time.
    fs::write(source.join("Makefile"), "none:\n").unwrap();
    fs::write(source.join("fresh"), "fresh\n").unwrap();
    let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1);
    let sockopt = source.join(SOCKOPT);
    fs::remove_file(&sockopt).unwrap();
    fs::write(&sockopt, "four\n").unwrap();
    File::options().write(true).open(&sockopt).unwrap().set_modified(old).unwrap();
    let before = bench.time(SOCKOPT);
    fs::remove_file(source.join("net/mptcp/pm.c")).unwrap();
    bench.update(&[]).unwrap();
    assert_eq!(bench.read("Makefile").as_deref(), Some("none:\n"));
    assert_eq!(bench.read("fresh").as_deref(), Some("fresh\n"));
    assert_eq!(bench.read(SOCKOPT).as_deref(), Some("four\n"));
    assert!(bench.time(SOCKOPT) > before, "or what was built of it would stay");
    assert_eq!(bench.read("net/mptcp/pm.c"), None);
}

/// The state after a build that was interrupted while it updated the tree.
#[test]
fn without_a_manifest_nothing_is_trusted() {
    let bench = Bench::new("distrust", true);
    let change = bench.patch("change", CHANGE);
    bench.update(&[&change]).unwrap();
    fs::write(bench.workspace.tree().join("left"), "left\n").unwrap();
    fs::remove_file(bench.workspace.folder.join("manifest")).unwrap();
    assert_eq!(bench.update(&[]), Ok(2));
    assert_eq!(bench.read(SOCKOPT).as_deref(), Some("one\ntwo\nthree\n"));
    assert_eq!(bench.read("left"), None);
}

#[test]
fn a_tree_that_was_built_in_is_refused() {
    let bench = Bench::new("built-in", false);
    fs::write(bench.workspace.source.join(".config"), "").unwrap();
    assert!(bench.update(&[]).unwrap_err().contains("make mrproper"));
}
