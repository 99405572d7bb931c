//! Circles of imports: files that need each other, directly or around corners.
//!
//! A file that is in none can be read, tested and moved with what is below it. Methods are not
//! followed: a file that adds some to a type needs the type, and whoever calls them is not seen to
//! need the file.

use std::collections::{BTreeMap, BTreeSet};

use super::paths::{Import, Scope, Uses, uses};
use super::{files, module, source};

/// Folders in which circles are still let pass: to be emptied as they are rewritten.
const EXEMPT: &[&str] = &[];

/// A file, by its path below `src`, and its text.
type File = (String, String);

/// The files by their modules (`crate`, `crate::wire`, `crate::wire::tftp`), with what each uses.
struct Sources {
    modules: BTreeMap<String, (String, Uses)>,
}

impl Sources {
    fn new(files: &[File]) -> Self {
        let modules = files.iter().map(|(path, text)| {
            let names = match path.as_str() {
                "lib.rs" => Vec::new(),
                path => module(path),
            };
            let name = ["crate"].iter().chain(&names).copied().collect::<Vec<_>>().join("::");
            (name, (path.clone(), uses(&names, text)))
        });
        Self { modules: modules.collect() }
    }

    /// Which files each file needs.
    fn graph(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let needs = |(module, (path, _)): (&'_ String, &'_ (String, Uses))| {
            let mut needed = BTreeSet::new();
            for used in self.used(module) {
                self.resolve(&used, &mut BTreeSet::new(), &mut needed);
            }
            needed.remove(path.as_str());
            (self.path(module), needed)
        };
        self.modules.iter().map(needs).collect()
    }

    fn path(&self, module: &str) -> &str {
        self.modules.get(module).map_or("", |(path, _)| path)
    }

    fn imports(&self, module: &str) -> &[Import] {
        self.modules.get(module).map_or(&[], |(_, uses)| &uses.imports)
    }

    /// The paths of our own that a module uses, from `crate` on. What it passes on from its
    /// children is not used by that; a name that its code then mentions is.
    fn used(&self, module: &str) -> Vec<String> {
        let (_, uses) = &self.modules[module];
        let below = format!("{module}::");
        let imported = uses.imports.iter().filter_map(|import| {
            let path = self.absolute(module, &import.path)?;
            let passed_on = import.scope == Scope::Others && path.starts_with(&below);
            (!passed_on).then_some(path)
        });
        let code = uses.code.iter().filter_map(|path| self.absolute(module, path));
        imported.chain(code).collect()
    }

    /// The path from `crate` on; nothing for one that stays in the file or leads out of the crate.
    fn absolute(&self, module: &str, path: &str) -> Option<String> {
        if path.starts_with("crate::") {
            return Some(path.to_owned());
        }
        let (head, rest) = path.split_once("::").unwrap_or((path, ""));
        let child = format!("{module}::{head}");
        if !rest.is_empty() && self.modules.contains_key(&child) {
            return Some(format!("{child}::{rest}"));
        }
        let mut imports = self.imports(module).iter();
        let import = imports.find(|import| import.name == head && import.path != path)?;
        let above = self.absolute(module, &import.path)?;
        Some(if rest.is_empty() { above } else { format!("{above}::{rest}") })
    }

    /// Adds the file that defines what a path names, and the files that pass it on.
    fn resolve<'a>(
        &'a self,
        path: &str,
        seen: &mut BTreeSet<String>,
        found: &mut BTreeSet<&'a str>,
    ) {
        if !seen.insert(path.to_owned()) {
            return;
        }
        let (module, rest) = self.split(path);
        found.insert(self.path(module));
        let Some((name, below)) = rest else { return };
        let named = |import: &&Import| import.name == name || import.name == "*";
        for import in self.imports(module).iter().filter(named) {
            let Some(from) = self.absolute(module, &import.path) else { continue };
            self.resolve(&(from.replace('*', name) + below), seen, found);
        }
    }

    /// The longest prefix that is a module; what is left of the path, its first name apart.
    fn split<'p>(&self, path: &'p str) -> (&'p str, Option<(&'p str, &'p str)>) {
        let mut module = path;
        while !self.modules.contains_key(module) {
            module = module.rsplit_once("::").map_or("crate", |(above, _)| above);
        }
        let rest = path[module.len()..].strip_prefix("::");
        (module, rest.map(|rest| rest.split_at(rest.find("::").unwrap_or(rest.len()))))
    }
}

/// The sets of files that need each other.
fn circles(files: &[File]) -> Vec<String> {
    let sources = Sources::new(files);
    let graph = sources.graph();
    let reached: BTreeMap<_, _> = graph.keys().map(|file| (*file, reach(&graph, file))).collect();
    let mutual = |file: &str| -> BTreeSet<&str> {
        let there = reached[file].iter().filter(|other| reached[*other].contains(file));
        there.copied().collect()
    };
    let circles: BTreeSet<_> =
        graph.keys().map(|file| mutual(file)).filter(|circle| circle.len() > 1).collect();
    circles.iter().map(|circle| shown(&graph, circle)).collect()
}

/// The files that a file needs, directly or not.
fn reach<'a>(graph: &BTreeMap<&'a str, BTreeSet<&'a str>>, file: &str) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<_> = graph[file].iter().copied().collect();
    while let Some(next) = open.pop() {
        if reached.insert(next) {
            open.extend(&graph[next]);
        }
    }
    reached
}

/// A circle, with who needs whom in it.
fn shown(graph: &BTreeMap<&str, BTreeSet<&str>>, circle: &BTreeSet<&str>) -> String {
    let needs = |file: &&str| {
        let within: Vec<_> = graph[file].intersection(circle).copied().collect();
        format!("{file} needs {}", within.join(", "))
    };
    circle.iter().map(needs).collect::<Vec<_>>().join("; ")
}

/// Our own files. `main.rs` is a crate of its own.
fn ours() -> Vec<File> {
    files(&source()).into_iter().filter(|(path, _)| path != "main.rs").collect()
}

fn is_exempt(circle: &str) -> bool {
    let within = |file: &str| EXEMPT.iter().any(|folder| file.starts_with(&format!("{folder}/")));
    circle.split("; ").all(within)
}

#[test]
fn no_files_need_each_other() {
    let found: Vec<_> = circles(&ours()).into_iter().filter(|circle| !is_exempt(circle)).collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

/// The circles in some files that are not there.
fn among(files: &[(&str, &str)]) -> Vec<String> {
    let files: Vec<_> =
        files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    circles(&files)
}

#[test]
fn a_planted_import_closes_a_circle_in_our_own_files() {
    for (path, line, expected) in [
        ("trust/list.rs", "use crate::trust::update::Offer;", "trust/list.rs needs "),
        ("trust/list.rs", "use crate::trust::Offer;", "trust/update.rs needs "),
        ("wire/reader.rs", "fn f() { super::envelope::g() }", "wire/envelope.rs needs "),
    ] {
        let mut files = ours();
        let file = files.iter_mut().find(|(name, _)| name == path).expect("the file");
        file.1 += line;
        let found = circles(&files);
        assert!(found.iter().any(|circle| circle.contains(expected)), "{line}: {found:?}");
    }
}

#[test]
fn two_files_that_import_each_other_are_a_circle() {
    let found = among(&[
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", "use crate::b::B; pub struct A;"),
        ("b.rs", "pub struct B; fn f(a: super::a::A) {}"),
    ]);
    assert_eq!(found, ["a.rs needs b.rs; b.rs needs a.rs"]);
}

#[test]
fn a_longer_circle_is_one_as_well() {
    let found = among(&[
        ("lib.rs", ""),
        ("a.rs", "use crate::{b::B, d};"),
        ("b.rs", "use crate::c;"),
        ("c.rs", "fn f() { crate::a::f() }"),
        ("d.rs", ""),
    ]);
    assert_eq!(found, ["a.rs needs b.rs; b.rs needs c.rs; c.rs needs a.rs"]);
}

#[test]
fn a_file_that_passes_names_on_hides_no_circle() {
    for lib in [
        "mod a; mod b; pub use a::A; pub use b::B;",
        "mod a; mod b; pub use {a::*, b::*};",
        "mod a; mod b; pub use a::Other as A; pub(crate) use b::B;",
    ] {
        let found = among(&[("lib.rs", lib), ("a.rs", "use crate::B;"), ("b.rs", "use crate::A;")]);
        assert_eq!(found, ["a.rs needs b.rs; b.rs needs a.rs"], "{lib}");
    }
}

#[test]
fn a_parent_that_uses_a_child_must_not_be_used_by_it() {
    let child = ("wire/child.rs", "use super::Parent; pub struct Child; pub fn f() {}");
    for parent in [
        "mod child; pub use child::Child; pub struct Parent(Child);",
        "mod child; pub struct Parent; fn g() { child::f() }",
        "mod child; use child::Child; pub struct Parent;",
        "mod child; pub struct Parent; fn g() { self::child::f() }",
    ] {
        let found = among(&[("lib.rs", "mod wire;"), ("wire/mod.rs", parent), child]);
        assert_eq!(
            found,
            ["wire/child.rs needs wire/mod.rs; wire/mod.rs needs wire/child.rs"],
            "{parent}"
        );
    }
    for parent in [
        "mod child; pub use child::Child; pub struct Parent;",
        "pub mod child; pub use child::{Child, f}; pub struct Parent; fn g(it: It) { it.f() }",
    ] {
        assert_eq!(among(&[("lib.rs", ""), ("wire/mod.rs", parent), child]), [""; 0], "{parent}");
    }
}

#[test]
fn what_only_tests_use_closes_no_circle() {
    let found = among(&[
        ("lib.rs", ""),
        ("a.rs", "use crate::b::B;"),
        ("b.rs", "#[cfg(test)] mod tests { use crate::a::A; } #[cfg(test)] use crate::a::A;"),
    ]);
    assert_eq!(found, [""; 0]);
}
