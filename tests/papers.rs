//! The papers of the project cannot go stale: every file, row, test, command and name in them exists.
#![expect(clippy::unwrap_used, reason = "a test may end where it fails")]
#![expect(unreachable_pub, reason = "a module of tests")]

use std::collections::BTreeSet;
use std::fs;

#[path = "support/named.rs"]
mod named;

use named::{is_path, is_there, quoted, read, root, texts};

const PAPERS: [&str; 7] = [
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "README.md",
    "SECURITY.md",
    "docs/releasing.md",
    "packaging/README.md",
];

/// The folders of `src`: the layers.
fn layers() -> BTreeSet<String> {
    let entries = fs::read_dir(root().join("src")).unwrap().map(Result::unwrap);
    let folders = entries.filter(|entry| entry.path().is_dir());
    folders.map(|entry| entry.file_name().into_string().unwrap()).collect()
}

/// The rows of the table under a heading, without its head.
fn rows(paper: &str, heading: &str) -> Vec<Vec<String>> {
    let section = paper.split_once(heading).unwrap().1;
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| ")).skip(2);
    let cells =
        |row: &str| row.split(" | ").map(|cell| cell.trim_matches('|').to_owned()).collect();
    rows.map(cells).collect()
}

/// The numbered steps of the recipes, each as one text.
fn steps(paper: &str) -> Vec<String> {
    let mut steps: Vec<String> = Vec::new();
    let recipes = paper.split_once("\n## Recipes").unwrap().1;
    for line in recipes.lines() {
        let is_first =
            line.split_once(". ").is_some_and(|(number, _)| number.parse::<u8>().is_ok());
        match steps.last_mut() {
            _ if is_first => steps.push(line.to_owned()),
            Some(step) if line.starts_with("   ") => *step += &format!("\n{line}"),
            _ => {}
        }
    }
    steps
}

#[test]
fn everything_that_the_papers_name_is_there() {
    for paper in PAPERS {
        let text = read(paper);
        let names = quoted(&text);
        let there = names.iter().filter_map(|name| Some((name, is_there(name)?)));
        let missing: Vec<_> = there.filter(|(_, there)| !there).map(|(name, _)| name).collect();
        assert!(missing.is_empty(), "{paper}: {missing:#?}");
        let links = text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap());
        for link in links.filter(|link| !link.contains("://")) {
            assert!(root().join(link).exists(), "{paper}: {link}");
        }
    }
}

#[test]
fn the_picture_and_the_table_of_layers_have_every_folder_and_no_other() {
    let paper = read("ARCHITECTURE.md");
    let picture = paper.split("```").nth(1).unwrap();
    let drawn = |name: &String| picture.split_whitespace().any(|word| word == name);
    let missing: Vec<_> = layers().into_iter().filter(|name| !drawn(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    let listed = rows(&paper, "\n## Layers").into_iter();
    let listed = listed.map(|row| quoted(&row[0])[0].trim_start_matches("src/").to_owned());
    assert_eq!(listed.collect::<BTreeSet<_>>(), layers());
}

#[test]
fn each_behaviour_of_the_technote_has_its_source_and_what_shows_it() {
    let paper = read("ARCHITECTURE.md");
    let table = rows(&paper, "\n## Where each behaviour of the technote is");
    assert!(table.len() >= 18, "{}", table.len());
    for row in table {
        let [behaviour, source, shown] = row.as_slice() else { panic!("{row:?}") };
        let sources = quoted(source);
        assert!(!sources.is_empty() && sources.iter().all(|it| it.starts_with("src/")), "{row:?}");
        let shown = quoted(shown);
        assert!(shown.iter().all(|it| is_there(it) == Some(true)), "{behaviour}: {shown:?}");
        assert!(!shown.is_empty(), "{behaviour}");
    }
}

/// What in a step of a recipe is in none of the files and folders that the step names: a file by its
/// last name must be in one of the folders, every other word in the text of one of the files.
fn strangers(step: &str) -> Vec<String> {
    let quoted = quoted(step);
    let paths: Vec<_> =
        quoted.iter().filter(|name| is_path(name)).map(|it| root().join(it)).collect();
    let text: String = paths.iter().flat_map(|path| texts(path)).collect();
    let is_known = |name: &str| match name.ends_with(".rs") {
        true => {
            paths.iter().any(|path| path.with_file_name(name).exists() || path.join(name).exists())
        }
        false => name
            .split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            .all(|word| text.contains(word)),
    };
    let names = quoted.iter().filter(|name| is_there(name).is_none() && !name.contains("NAME"));
    names.filter(|name| !paths.is_empty() && !is_known(name)).cloned().collect()
}

#[test]
fn the_names_in_a_recipe_are_in_the_files_of_their_step() {
    let steps = steps(&read("CONTRIBUTING.md"));
    assert!(steps.len() > 25, "{}", steps.len());
    for step in &steps {
        assert_eq!(strangers(step), [""; 0], "{step}");
    }
    let step =
        "1. `src/agent/files/`: beside `tftp.rs`, not `smtp.rs`, an `Asked`, not a `Begged`.";
    assert_eq!(strangers(step), ["smtp.rs", "Begged"]);
}

#[test]
fn a_name_that_is_gone_is_found_out() {
    for gone in [
        "row Z9",
        "src/trust/gone.rs",
        "tests/boot.rs: a_phone_flies",
        "scripts/gone",
        "cargo test --locked --test gone",
        "ROW=Z9 cargo test --locked --test scenarios",
        "scripts/fuzz --minutes 2 gone",
    ] {
        assert_eq!(is_there(gone), Some(false), "{gone}");
    }
    for there in [
        "row R1",
        "src/trust",
        "scripts/fuzz --minutes 2 list update",
        "cargo test --test scenarios",
    ] {
        assert_eq!(is_there(there), Some(true), "{there}");
    }
    assert_eq!(is_there("OneReply"), None);
}
