//! What the papers name in backquotes, looked up in the repository: files, rows, tests, commands.

use std::fs;
use std::path::Path;

/// What is in backquotes, each with its line breaks as blanks, and the lines of fenced blocks.
pub fn quoted(text: &str) -> Vec<String> {
    let (mut spans, mut prose, mut fenced) = (Vec::new(), String::new(), false);
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if fenced {
            spans.push(line.trim().to_owned());
        } else {
            prose += line.trim();
            prose.push(' ');
        }
    }
    spans.extend(prose.split('`').skip(1).step_by(2).map(str::to_owned));
    spans
}

/// Whether what is named is there; nothing if this is no name of a file, row, test or command.
pub fn is_there(name: &str) -> Option<bool> {
    if let Some(row) = name.strip_prefix("row ") {
        return Some(has_row(row));
    }
    if let Some((file, test)) = name.split_once(".rs: ") {
        return Some(has_test(&format!("{file}.rs"), test));
    }
    if is_command(name) {
        return Some(runs(name));
    }
    is_path(name).then(|| root().join(name).exists())
}

/// Whether this is the path of a file or folder here. One in capitals stands for any.
pub fn is_path(name: &str) -> bool {
    const FOLDERS: [&str; 11] = [
        ".ci/",
        "benches/",
        "board/",
        "docs/",
        "examples/",
        "fuzz/",
        "packaging/",
        "rootfs/",
        "scripts/",
        "src/",
        "tests/",
    ];
    let here = FOLDERS.iter().any(|folder| name.starts_with(folder)) || name.ends_with(".md");
    here && !name.contains([' ', '*']) && !name.contains("NAME")
}

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[track_caller]
pub fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every file at or below a path, as text; what is not UTF-8 is left out.
pub fn texts(path: &Path) -> Vec<String> {
    let Ok(folder) = fs::read_dir(path) else {
        return fs::read_to_string(path).into_iter().collect();
    };
    folder.flat_map(|entry| texts(&entry.expect("an entry").path())).collect()
}

fn has_row(row: &str) -> bool {
    let rows = texts(&root().join("tests/scenarios/rows"));
    rows.iter().any(|text| text.contains(&format!("id: \"{row}\"")))
}

fn has_test(path: &str, test: &str) -> bool {
    let Ok(text) = fs::read_to_string(root().join(path)) else { return false };
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    lines.windows(2).any(|pair| {
        let function = pair[1].trim_start_matches("async ");
        (pair[0].contains("test]") || pair[0].contains("test("))
            && function.starts_with(&format!("fn {test}("))
    })
}

fn is_command(name: &str) -> bool {
    let mut words = name.split_whitespace().skip_while(|word| word.contains('='));
    let first = words.next().unwrap_or_default();
    first == "cargo" || first.starts_with("scripts/") || first.starts_with(".ci/")
}

/// Whether a command names tests, rows, scripts and fuzz targets that are there.
fn runs(command: &str) -> bool {
    let words: Vec<&str> = command.split_whitespace().collect();
    let row = words.iter().filter_map(|word| word.strip_prefix("ROW=")).all(has_row);
    let tests = words.iter().zip(words.iter().skip(1));
    let tests = tests.filter(|(option, _)| **option == "--test").all(|(_, name)| {
        let path = root().join("tests").join(name);
        path.with_extension("rs").exists() || path.join("main.rs").exists()
    });
    let script = words.first().is_none_or(|word| !word.contains('/') || root().join(word).exists());
    // Options, numbers and what stands for a name aside.
    let is_name = |word: &&&str| word.starts_with(|first: char| first.is_ascii_lowercase());
    let fuzzed = words.first() != Some(&"scripts/fuzz")
        || words
            .iter()
            .skip(1)
            .filter(is_name)
            .all(|target| root().join("fuzz/src").join(target).with_extension("rs").exists());
    row && tests && script && fuzzed
}
