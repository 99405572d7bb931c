//! What ships cannot write down the secrets of its connections.

use std::fs;
use std::path::Path;

use crate::support::agent::secd;
use crate::support::office::Office;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The scripts that may build with the feature: one lints it, the other looks at the wire.
const MAY: [&str; 2] = ["scripts/test", "scripts/wire"];

/// All files that could build something to ship: scripts, recipes, packages, and what CI runs.
fn builders(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            builders(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// Whether a line builds with the feature; what lists dependencies or looks at code builds nothing.
fn asks(line: &str) -> bool {
    let only_looks = ["about", "clippy", "cyclonedx", "deny", "metadata", "tree"];
    let named = ["features keylog", "features=keylog", "features \"keylog"];
    let all = line.contains("all-features") && !only_looks.iter().any(|it| line.contains(it));
    all || named.iter().any(|it| line.contains(it))
}

#[test]
fn a_line_that_builds_with_the_feature_is_found() {
    assert!(asks("cargo build --locked --features keylog"));
    assert!(asks("cargo build --all-features"));
    assert!(!asks("cargo about generate --all-features"));
    assert!(!asks("cargo build --locked --release"));
}

#[test]
fn the_feature_is_off_unless_it_is_asked_for_and_nothing_that_ships_asks_for_it() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let features = manifest.split_once("[features]\n").unwrap().1;
    let features = features.split("\n[").next().unwrap().lines();
    let features: Vec<_> = features.filter_map(|line| line.split_once(" = ")).collect();
    assert!(features.contains(&("keylog", "[]")), "{features:?}");
    for (name, enables) in features {
        assert!(!enables.contains("keylog"), "{name} enables it");
    }
    let mut files = Vec::new();
    for folder in ["scripts", "board", "packaging", "docs/fleet", ".ci", "rootfs"] {
        builders(&root().join(folder), &mut files);
    }
    assert!(files.len() > 30, "{}", files.len());
    for file in files {
        let Ok(text) = fs::read_to_string(&file) else { continue };
        let is_asked = text.lines().any(asks);
        let name = file.strip_prefix(root()).unwrap().display().to_string();
        assert!(!is_asked || name.ends_with(".md") || MAY.contains(&name.as_str()), "{name}");
    }
}

#[test]
fn the_program_without_the_feature_writes_no_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = folder.path().join("secrets");
    let office = Office::open();
    let server = office.tftp.address().to_string();
    let mut probe = secd();
    probe.args(["probe", "--server", &server, "--device", "SEP001122334455"]);
    probe.env("SSLKEYLOGFILE", &secrets);
    let output = probe.output().unwrap();
    let is_built_with_it = cfg!(feature = "keylog");
    assert!(office.questions() > 0 || office.tvs.connections() > 0, "{output:?}");
    assert_eq!(secrets.exists(), is_built_with_it);
    let program = fs::read(env!("CARGO_BIN_EXE_secd")).unwrap();
    let name = b"SSLKEYLOGFILE";
    assert_eq!(program.windows(name.len()).any(|window| window == name), is_built_with_it);
    // The version does say it, for whoever has a program and no build.
    let output = secd().arg("--version").output().unwrap();
    let version = String::from_utf8(output.stdout).unwrap();
    assert_eq!(version.contains("keylog"), is_built_with_it, "{version}");
}
