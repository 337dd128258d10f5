//! Modules depend in one direction. ARCHITECTURE.md lists the layers of each crate; this test
//! compares them with the paths in the sources.
//!
//! Every path that begins with `crate`, `self` or `super` counts, in `use` items and elsewhere,
//! outside of tests and of links in the documentation. A re-export counts as the module that it comes from.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use syn::visit::{self, Visit};

/// A module by its path from the root of the crate, which is empty.
type Module = Vec<String>;

/// The modules of one crate, each with what its own file has.
#[derive(Default)]
struct Crate {
    modules: BTreeMap<Module, Items>,
}

#[derive(Default)]
struct Items {
    /// Paths as written, from where they are written.
    paths: Vec<Vec<String>>,
    /// What `pub use` exports: a name, and the path behind it; `*` for all.
    exports: Vec<(String, Vec<String>)>,
}

struct Collector<'a> {
    items: &'a mut Items,
}

/// Whether an item is for tests or for links of the documentation alone.
fn is_left_out(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute
                .parse_args::<syn::Path>()
                .is_ok_and(|path| path.is_ident("test") || path.is_ident("doc"))
    })
}

fn flatten(tree: &syn::UseTree, prefix: &[String], out: &mut Vec<(String, Vec<String>)>) {
    let with = |name: &syn::Ident| [prefix, &[name.to_string()]].concat();
    match tree {
        syn::UseTree::Path(path) => flatten(&path.tree, &with(&path.ident), out),
        syn::UseTree::Name(name) if name.ident == "self" => {
            out.push((prefix.last().cloned().unwrap_or_default(), prefix.to_vec()));
        }
        syn::UseTree::Name(name) => out.push((name.ident.to_string(), with(&name.ident))),
        syn::UseTree::Rename(rename) => out.push((rename.rename.to_string(), with(&rename.ident))),
        syn::UseTree::Glob(_) => out.push(("*".into(), prefix.to_vec())),
        syn::UseTree::Group(group) => {
            group.items.iter().for_each(|tree| flatten(tree, prefix, out));
        }
    }
}

impl<'ast> Visit<'ast> for Collector<'_> {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        let attributes: &[syn::Attribute] = match item {
            syn::Item::Fn(item) => &item.attrs,
            syn::Item::Impl(item) => &item.attrs,
            syn::Item::Mod(item) => &item.attrs,
            syn::Item::Use(item) => &item.attrs,
            syn::Item::Const(item) => &item.attrs,
            syn::Item::Struct(item) => &item.attrs,
            _ => &[],
        };
        if !is_left_out(attributes) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let mut found = Vec::new();
        flatten(&item.tree, &[], &mut found);
        if matches!(item.vis, syn::Visibility::Inherited) {
            self.items.paths.extend(found.into_iter().map(|(_, path)| path));
        } else {
            self.items.exports.extend(found);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.segments.len() > 1 {
            let segments = path.segments.iter().map(|segment| segment.ident.to_string());
            self.items.paths.push(segments.collect());
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        // The words of a macro are no paths to the parser: they are put together here.
        let words: Vec<String> =
            item.tokens.to_string().split_whitespace().map(str::to_owned).collect();
        for (at, word) in words.iter().enumerate() {
            if matches!(word.as_str(), "crate" | "super" | "self")
                && words.get(at + 1).is_some_and(|next| next == "::")
            {
                let path = words[at..]
                    .chunks(2)
                    .take_while(|pair| pair[0].chars().all(|c| c.is_alphanumeric() || c == '_'));
                let mut segments = Vec::new();
                for pair in path {
                    segments.push(pair[0].clone());
                    if pair.get(1).is_none_or(|next| next != "::") {
                        break;
                    }
                }
                self.items.paths.push(segments);
            }
        }
        visit::visit_macro(self, item);
    }
}

impl Crate {
    fn read(src: &Path) -> Crate {
        let mut found = Crate::default();
        let root = ["lib.rs", "main.rs"].map(|name| src.join(name));
        for file in root.iter().filter(|file| file.exists()) {
            found.add(file, src, &Vec::new());
        }
        found
    }

    fn add(&mut self, file: &Path, folder: &Path, module: &Module) {
        let text = fs::read_to_string(file).unwrap();
        let parsed = syn::parse_file(&text).unwrap_or_else(|error| panic!("{file:?}: {error}"));
        Collector { items: self.modules.entry(module.clone()).or_default() }.visit_file(&parsed);
        for item in &parsed.items {
            let syn::Item::Mod(item) = item else { continue };
            if item.content.is_some() || is_left_out(&item.attrs) {
                continue;
            }
            let name = item.ident.to_string();
            let below = folder.join(&name);
            let files = [folder.join(format!("{name}.rs")), below.join("mod.rs")];
            let file = files.iter().find(|file| file.exists()).unwrap();
            self.add(file, &below, &[&module[..], &[name]].concat());
        }
    }

    /// The module that has what a path names, written in a module.
    fn home(&self, from: &Module, path: &[String], depth: usize) -> Option<Module> {
        let mut at: Module = match path.first()?.as_str() {
            "crate" => Vec::new(),
            "self" => from.clone(),
            "super" => from.split_last()?.1.to_vec(),
            name if self.modules.contains_key(&[&from[..], &[name.to_owned()]].concat()) => {
                return self.home(from, &[&["self".to_owned()], path].concat(), depth);
            }
            _ => return None,
        };
        for (index, segment) in path.iter().enumerate().skip(1) {
            if segment == "super" {
                at.pop()?;
                continue;
            }
            let below = [&at[..], std::slice::from_ref(segment)].concat();
            if self.modules.contains_key(&below) {
                at = below;
                continue;
            }
            // Not a module: perhaps it comes from somewhere else.
            let exports = &self.modules.get(&at)?.exports;
            let behind = exports.iter().find(|(name, _)| name == segment);
            if let Some((_, behind)) = behind
                && depth < 8
            {
                let rest = [behind, &path[index + 1..]].concat();
                return self.home(&at, &rest, depth + 1).or(Some(at));
            }
            break;
        }
        Some(at)
    }

    /// Between modules, as far as they differ.
    fn edges(&self) -> BTreeSet<(Module, Module)> {
        let mut edges = BTreeSet::new();
        for (from, items) in &self.modules {
            for path in &items.paths {
                if let Some(to) = self.home(from, path, 0)
                    && to != *from
                {
                    edges.insert((from.clone(), to));
                }
            }
        }
        edges
    }
}

/// Within a folder: what its modules, each with all below it, need of each other. The folder's
/// own file, which may put its modules together, is called "." and may need all of them.
fn siblings(edges: &BTreeSet<(Module, Module)>, folder: &Module) -> BTreeSet<(String, String)> {
    let below = |module: &Module| {
        let rest = module.strip_prefix(&folder[..])?;
        Some(rest.first().cloned().unwrap_or_else(|| ".".into()))
    };
    let pairs = edges.iter().filter_map(|(from, to)| Some((below(from)?, below(to)?)));
    pairs.filter(|(from, to)| from != to).collect()
}

/// Groups of modules that need each other.
fn cycles(edges: &BTreeSet<(String, String)>) -> Vec<BTreeSet<String>> {
    let names: BTreeSet<&String> = edges.iter().flat_map(|(from, to)| [from, to]).collect();
    let reach = |start: &String| {
        let mut seen = BTreeSet::new();
        let mut todo = vec![start.clone()];
        while let Some(at) = todo.pop() {
            for (_, to) in edges.iter().filter(|(from, _)| *from == at) {
                if seen.insert(to.clone()) {
                    todo.push(to.clone());
                }
            }
        }
        seen
    };
    let reached: BTreeMap<&String, BTreeSet<String>> =
        names.iter().map(|name| (*name, reach(name))).collect();
    let mut groups = BTreeSet::new();
    for (name, seen) in &reached {
        let group: BTreeSet<String> =
            seen.iter().filter(|other| reached[*other].contains(*name)).cloned().collect();
        if group.len() > 1 {
            groups.insert(group);
        }
    }
    groups.into_iter().collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The layers that ARCHITECTURE.md lists for a crate, from the lowest to the highest; each is
/// the modules at the root of the crate that may need what is in lower ones, and of their own
/// layer, as long as that is no cycle.
fn layers(name: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let fenced = text.split("```layers\n").nth(1).unwrap().split("```").next().unwrap();
    let heading = format!("{name}:");
    let lines = fenced.lines().skip_while(|line| line.trim() != heading).skip(1);
    let lines = lines.take_while(|line| line.starts_with(' '));
    lines.map(|line| line.split_whitespace().map(str::to_owned).collect()).collect()
}

/// What is wrong with the modules of a crate: cycles in any folder, dependencies on a higher
/// layer, and modules without a layer.
fn problems(found: &Crate, layers: &[Vec<String>]) -> Vec<String> {
    let mut problems = Vec::new();
    let edges = found.edges();
    let folders: BTreeSet<Module> =
        found.modules.keys().filter_map(|module| Some(module.split_last()?.1.to_vec())).collect();
    for folder in folders {
        let between = siblings(&edges, &folder);
        for cycle in cycles(&between) {
            let inside =
                |(from, to): &&(String, String)| cycle.contains(from) && cycle.contains(to);
            let arrows: Vec<String> =
                between.iter().filter(inside).map(|(from, to)| format!("{from} -> {to}")).collect();
            problems.push(format!("a cycle in /{}: {}", folder.join("/"), arrows.join(", ")));
        }
    }
    let layer =
        |module: &str| layers.iter().position(|layer| layer.iter().any(|name| name == module));
    let top = siblings(&edges, &Vec::new());
    for name in found.modules.keys().filter(|module| module.len() == 1).flatten() {
        if layer(name).is_none() {
            problems.push(format!("{name} is in no layer of ARCHITECTURE.md"));
        }
    }
    for (from, to) in &top {
        if from != "."
            && let (Some(below), Some(above)) = (layer(from), layer(to))
            && above > below
        {
            problems.push(format!("{from} needs {to}, which is in a higher layer"));
        }
    }
    problems
}

#[test]
fn modules_depend_in_one_direction() {
    let mut all = Vec::new();
    for name in ["emulator", "limits", "harness", "lab", "assay"] {
        let found = Crate::read(&root().join(name).join("src"));
        let problems = problems(&found, &layers(name));
        all.extend(problems.into_iter().map(|problem| format!("{name}: {problem}")));
    }
    assert!(all.is_empty(), "\n{}", all.join("\n"));
}

/// A crate in a folder of its own: a path, and what the file has.
fn planted(files: &[(&str, &str)]) -> Crate {
    let folder = tempfile();
    for (path, text) in files {
        let file = folder.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    let found = Crate::read(&folder);
    fs::remove_dir_all(folder).unwrap();
    found
}

fn tempfile() -> PathBuf {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    std::env::temp_dir().join(format!("assay-layers-{}-{number}", std::process::id()))
}

fn in_layers(files: &[(&str, &str)]) -> Vec<String> {
    problems(&planted(files), &[vec!["low".into()], vec!["high".into()]])
}

#[test]
fn a_planted_cycle_is_found() {
    let root = ("lib.rs", "mod high;\nmod low;");
    let fine = ("high.rs", "use crate::low::Low;\npub struct High(Low);");
    assert_eq!(in_layers(&[root, fine, ("low.rs", "pub struct Low;")]), [""; 0]);
    let back = ("low.rs", "pub struct Low;\nfn f() -> crate::high::High { todo!() }");
    let found = in_layers(&[root, fine, back]);
    assert_eq!(
        found,
        ["a cycle in /: high -> low, low -> high", "low needs high, which is in a higher layer",]
    );
    // In a macro, and by way of a re-export of the folder.
    let folder = ("high.rs", "mod one;\nmod two;\npub use one::One;");
    let one = ("high/one.rs", "pub struct One;\nfn f() { println!(\"{}\", super::two::TWO) }");
    let two = ("high/two.rs", "use super::One;\npub const TWO: One = One;");
    let low = ("low.rs", "pub struct Low;");
    assert_eq!(
        in_layers(&[root, folder, one, two, low]),
        ["a cycle in /high: one -> two, two -> one"]
    );
}

#[test]
fn a_child_that_needs_its_parent_is_a_cycle_and_a_test_is_none() {
    let root = ("lib.rs", "mod high;\nmod low;");
    let low = ("low.rs", "#[cfg(test)]\nmod tests { use crate::high::High; }");
    let parent = ("high.rs", "mod child;\npub struct High;\nfn f() { child::f() }");
    let child = ("high/child.rs", "use super::High;\npub fn f() {}");
    assert_eq!(
        in_layers(&[root, low, parent, child]),
        ["a cycle in /high: . -> child, child -> ."]
    );
    let alone = ("high/child.rs", "pub fn f() {}");
    assert_eq!(in_layers(&[root, low, parent, alone]), [""; 0]);
}

#[test]
fn a_module_without_a_layer_is_found() {
    let root = ("lib.rs", "mod high;\nmod low;\nmod other;");
    let files = [root, ("high.rs", ""), ("low.rs", ""), ("other.rs", "")];
    assert_eq!(in_layers(&files), ["other is in no layer of ARCHITECTURE.md"]);
}
