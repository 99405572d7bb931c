//! Every input of the corpora, once more: what was found with a nightly compiler must hold with
//! every other, and what once broke a target must not do so again.

#![expect(clippy::disallowed_methods, reason = "it takes the time of every input")]

use std::collections::BTreeSet;
use std::fs;
use std::panic;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use secd_fuzz::{TARGETS, Target};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the repository")
}

/// The files of a folder and of those in it, or the file itself.
fn files(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_path_buf()];
    }
    let entries = fs::read_dir(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut found: Vec<_> =
        entries.flat_map(|entry| files(&entry.expect("an entry").path())).collect();
    found.sort();
    found
}

/// The lines of `fuzz/seeds`: a target and its paths.
fn seeds() -> Vec<(String, Vec<PathBuf>)> {
    let text = fs::read_to_string(root().join("fuzz/seeds")).expect("the file of seeds");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let mut words = line.split_whitespace();
            let name = words.next().expect("the name of a target").to_owned();
            (name, words.map(|path| root().join(path)).collect())
        })
        .collect()
}

fn inputs(target: &Target) -> Vec<PathBuf> {
    let corpus = root().join("fuzz/corpus").join(target.name);
    let seeds = seeds().into_iter().filter(|(name, _)| name == target.name);
    let folders = [corpus].into_iter().chain(seeds.flat_map(|(_, paths)| paths));
    folders.flat_map(|folder| files(&folder)).collect()
}

/// Runs a target on all its inputs; gives a line about that, and those that broke it.
fn replayed(target: &Target) -> (String, Vec<String>) {
    let begun = Instant::now();
    let (mut broken, mut slowest) = (Vec::new(), Duration::ZERO);
    let inputs = inputs(target);
    for path in &inputs {
        let input = fs::read(path).expect("an input");
        let begun = Instant::now();
        if panic::catch_unwind(|| (target.one)(&input)).is_err() {
            broken.push(format!("{}: {}", target.name, path.display()));
        }
        slowest = slowest.max(begun.elapsed());
    }
    let (count, took) = (inputs.len(), begun.elapsed().as_millis());
    let slowest = slowest.as_millis();
    (format!("{:20} {count:5} inputs {took:6} ms, the slowest {slowest:4} ms", target.name), broken)
}

#[test]
fn every_input_of_the_corpora_holds() {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::new());
    let threads = thread::available_parallelism().map_or(1, |count| count.get());
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(target) = TARGETS.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let result = replayed(target);
                    results.lock().expect("no thread panics").push(result);
                }
            });
        }
    });
    let mut results = results.into_inner().expect("no thread panics");
    results.sort();
    results.iter().for_each(|(line, _)| println!("{line}"));
    let broken: Vec<_> = results.into_iter().flat_map(|(_, broken)| broken).collect();
    assert!(broken.is_empty(), "inputs that break their targets:\n{}", broken.join("\n"));
}

#[test]
fn every_target_has_a_corpus_and_nothing_else_has() {
    let targets: BTreeSet<_> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    let folders = fs::read_dir(root().join("fuzz/corpus")).expect("the corpora");
    let names = folders.map(|entry| entry.expect("an entry").file_name());
    let corpora: BTreeSet<_> = names.map(|name| name.to_string_lossy().into_owned()).collect();
    assert_eq!(corpora, targets);
    let seeded: BTreeSet<_> = seeds().into_iter().map(|(name, _)| name).collect();
    assert!(seeded.is_subset(&targets), "{seeded:?}");
    let words = files(&root().join("fuzz/dictionaries"));
    for dictionary in words.iter().filter_map(|path| path.file_stem()) {
        assert!(targets.contains(&*dictionary.to_string_lossy()), "{dictionary:?}");
    }
}

#[test]
fn corpora_stay_small() {
    let corpora = files(&root().join("fuzz/corpus"));
    let bytes: u64 = corpora.iter().map(|path| fs::metadata(path).expect("an input").len()).sum();
    assert!(bytes <= MAX_BYTES, "{bytes} bytes in the corpora: scripts/fuzz --minimise");
    assert!(corpora.len() <= MAX_FILES, "{} files in the corpora", corpora.len());
}

/// What everyone who clones the repository has to carry.
const MAX_BYTES: u64 = 1_500_000;
const MAX_FILES: usize = 4_000;
