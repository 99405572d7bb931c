//! The architecture, executed: dependencies point one way, and each layer keeps to its means.
//!
//! Says nothing of good style inside a layer; the lints do.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

#[path = "layering/circles.rs"]
mod circles;
#[path = "layering/paths.rs"]
mod paths;
#[path = "layering/table.rs"]
mod table;
#[path = "layering/tokens.rs"]
mod tokens;

use paths::uses;
use table::{LAYERS, Layer, Purity, Reach};

/// Something that a file uses and may not.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Breach {
    file: String,
    used: String,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "src/{} may not use {}", self.file, self.used)
    }
}

/// What the file at `path`, below `src`, uses and may not.
fn breaches(path: &str, text: &str) -> Vec<Breach> {
    let (folder, file) = path.split_once('/').unwrap_or((path, ""));
    let Some(layer) = LAYERS.iter().find(|layer| layer.name == folder) else {
        return vec![Breach {
            file: path.to_owned(),
            used: "a folder that is no layer".to_owned(),
        }];
    };
    let used = uses(&module(path), text);
    let reached = used.paths().filter(|used| !layer.allows(file, used)).map(str::to_owned);
    let printed = used.macros.iter().filter(|name| layer.is_effect(name));
    let breach = |used| Breach { file: path.to_owned(), used };
    reached.chain(printed.map(|name| format!("{name}!"))).map(breach).collect()
}

impl Layer {
    fn allows(&self, file: &str, path: &str) -> bool {
        if self.purity == Purity::Pure && path.ends_with("::now") {
            return false;
        }
        let besides = self.besides.iter().filter(|(name, _)| *name == file);
        if besides.flat_map(|(_, more)| *more).any(|entry| covers(entry, path)) {
            return true;
        }
        // Also by way of `use std::io;`.
        if self.name == "cli" && ["io::stderr", "io::stdout"].iter().any(|end| path.ends_with(end))
        {
            return false;
        }
        if !is_foreign(path) {
            return true;
        }
        match self.reach {
            Reach::Only(allowed) => allowed.iter().any(|entry| covers(entry, path)),
            // `tokio::*` would bring in `tokio::net` unseen.
            Reach::AllBut(refused) => !refused.iter().any(|entry| {
                let glob = path.strip_suffix("::*").is_some_and(|above| covers(above, entry));
                glob || covers(entry, path)
            }),
        }
    }

    fn is_effect(&self, name: &str) -> bool {
        (self.purity == Purity::Pure || self.name == "cli")
            && ["dbg", "eprint", "eprintln", "print", "println"].contains(&name)
    }
}

/// Whether `entry` is `path`, or above it.
fn covers(entry: &str, path: &str) -> bool {
    path.strip_prefix(entry).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// Whether a path leads out of its file: to our crate's root, the standard library, or a
/// dependency. Others begin with a name that an import or a declaration of the file gives.
fn is_foreign(path: &str) -> bool {
    let root = path.split("::").next().unwrap_or_default();
    ["alloc", "core", "crate", "std"].contains(&root) || dependencies().any(|name| name == root)
}

/// The dependencies by the names that code uses.
fn dependencies() -> impl Iterator<Item = String> {
    include_str!("../Cargo.toml")
        .lines()
        .skip_while(|line| *line != "[dependencies]")
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split_once(['=', '.']))
        .map(|(name, _)| match name.trim() {
            "md-5" => "md5".to_owned(),
            "rustls-webpki" => "webpki".to_owned(),
            name => name.replace('-', "_"),
        })
}

fn module(path: &str) -> Vec<&str> {
    let path = path.trim_end_matches(".rs");
    path.trim_end_matches("/mod").split('/').collect()
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Every production file below `folder`, by its path below `src`.
fn files(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.file_stem().is_some_and(|name| name == "tests") {
            continue;
        }
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("a source file");
            let name = path.strip_prefix(source()).expect("below src").display().to_string();
            found.push((name, text));
        }
    }
    found
}

/// What the first file of `layer` would be told if it also held `line`.
fn planted(path: &str, line: &str) -> Vec<String> {
    let whole = fs::read_to_string(source().join(path)).unwrap_or_default();
    let mut told: Vec<_> =
        breaches(path, &format!("{whole}\n{line}\n")).into_iter().map(|it| it.used).collect();
    told.sort();
    told
}

#[test]
fn every_file_keeps_to_its_layer() {
    let root = ["lib.rs", "main.rs"];
    let sources: Vec<_> =
        files(&source()).into_iter().filter(|(path, _)| !root.contains(&path.as_str())).collect();
    for layer in &LAYERS {
        let folder = format!("{}/", layer.name);
        assert!(sources.iter().any(|(path, _)| path.starts_with(&folder)), "{folder} is empty");
    }
    let told: Vec<_> = sources
        .iter()
        .flat_map(|(path, text)| breaches(path, text))
        .map(|breach| breach.to_string())
        .collect();
    assert!(told.is_empty(), "\n{}", told.join("\n"));
}

#[test]
fn wire_uses_nothing_but_itself() {
    for line in [
        "use tokio::io::AsyncRead;",
        "use std::net::IpAddr;",
        "use std::fs;",
        "fn f() -> std::io::Result<()> { Ok(()) }",
        "use std::time::Duration;",
        "use sha2::Sha256;",
        "use x509_parser::prelude::FromDer;",
        "fn f() { log::info!(\"x\"); }",
        "use serde::Serialize;",
        "use crate::trust::Reason;",
        "use super::super::trust::Reason;",
    ] {
        assert_eq!(planted("wire/list.rs", line).len(), 1, "{line}");
    }
}

#[test]
fn serde_is_for_varlink_alone() {
    assert_eq!(planted("wire/varlink.rs", "use serde::Serialize;"), [""; 0]);
    assert_eq!(planted("wire/varlink.rs", "use tokio::io;"), ["tokio::io"]);
}

#[test]
fn trust_has_no_world_and_no_clock() {
    for line in [
        "use tokio::sync::Mutex;",
        "use std::net::TcpStream;",
        "use std::fs::File;",
        "use std::time::SystemTime;",
        "fn f() { g(Instant::now()); }",
        "fn f() { println!(\"x\"); }",
        "fn f() { log::warn!(\"x\"); }",
        "use crate::proto::tftp;",
        "use crate::{io::clock, wire::Role};",
    ] {
        assert_eq!(planted("trust/anchors.rs", line).len(), 1, "{line}");
    }
}

#[test]
fn cryptography_is_in_two_files_and_certificates_are_in_one() {
    for name in ["aes", "cbc", "md5", "ring::digest", "rsa", "sha1", "sha2", "rustls::pki_types"] {
        let line = format!("use {name}::Planted;");
        assert_eq!(planted("trust/signature.rs", &line), [""; 0]);
        assert_eq!(planted("trust/decrypt.rs", &line), [""; 0]);
        assert_eq!(planted("trust/decide.rs", &line), [format!("{name}::Planted")]);
    }
    assert_eq!(planted("trust/signature.rs", "use ring::aead::Planted;"), ["ring::aead::Planted"]);
    assert_eq!(planted("trust/decrypt.rs", "use rustls::ClientConfig;"), ["rustls::ClientConfig"]);
    assert_eq!(planted("trust/peer.rs", "use rsa::Planted;"), ["rsa::Planted"]);
    assert_eq!(planted("trust/certificate/path.rs", "use rsa::Planted;"), ["rsa::Planted"]);
    let line = "use x509_parser::Planted;";
    assert_eq!(planted("trust/certificate.rs", line), [""; 0]);
    assert_eq!(planted("trust/signature.rs", line), ["x509_parser::Planted"]);
}

#[test]
fn the_interface_is_described_by_what_does_not_act() {
    for line in [
        "use tokio::io::AsyncRead;",
        "use std::net::IpAddr;",
        "use std::time::Duration;",
        "use serde::Deserialize;",
        "use crate::trust::Reason;",
        "use crate::io::ipc::Client;",
        "use super::super::agent::Agent;",
        "fn f() { log::info!(\"x\"); }",
        "fn f() { println!(\"x\"); }",
        "fn f() { g(Instant::now()); }",
    ] {
        assert_eq!(planted("face/methods.rs", line).len(), 1, "{line}");
    }
    assert_eq!(planted("face/methods.rs", "use crate::wire::varlink::Reply;"), [""; 0]);
}

#[test]
fn proto_knows_packets_and_durations() {
    assert_eq!(planted("proto/tftp.rs", "fn f(d: core::time::Duration) {}"), [""; 0]);
    for line in [
        "use std::time::{Duration, Instant};",
        "use std::net::SocketAddr;",
        "use tokio::net::UdpSocket;",
        "use crate::trust::Policy;",
        "use crate::io::clock;",
    ] {
        assert_eq!(planted("proto/tftp.rs", line).len(), 1, "{line}");
    }
}

#[test]
fn cryptography_in_proto_is_for_old_tls_alone() {
    for name in ["aes", "cbc", "hmac", "md5", "rsa", "sha1", "sha2", "subtle", "zeroize"] {
        let line = format!("use {name}::Planted;");
        assert_eq!(planted("proto/tvs.rs", &line), [format!("{name}::Planted")]);
    }
    assert_eq!(planted("proto/old_tls/secrets.rs", "use rsa::Planted;"), [""; 0]);
    let random = "use rsa::rand_core::Planted;";
    assert_eq!(planted("proto/old_tls/random.rs", random), [""; 0]);
    assert_eq!(planted("proto/old_tls/random.rs", "use rsa::Planted;"), ["rsa::Planted"]);
}

#[test]
fn a_boot_pass_has_a_world_and_nothing_else() {
    for line in [
        "use tokio::time::sleep;",
        "use std::net::UdpSocket;",
        "use std::fs::File;",
        "use std::time::SystemTime;",
        "fn f() { g(Instant::now()); }",
        "fn f() { log::info!(\"x\"); }",
        "fn f() { println!(\"x\"); }",
        "use crate::io::clock;",
        "use crate::proto::tftp;",
        "use crate::diagnose::Findings;",
        "use crate::agent::Agent;",
        "use serde::Serialize;",
    ] {
        assert_eq!(planted("boot/pass.rs", line).len(), 1, "{line}");
    }
}

#[test]
fn a_diagnosis_is_made_of_facts() {
    for line in [
        "use tokio::time::timeout;",
        "use std::fs;",
        "use crate::io::clock;",
        "use crate::boot::Outcome;",
        "use crate::agent::Agent;",
        "fn f() { log::info!(\"x\"); }",
    ] {
        assert_eq!(planted("diagnose/findings.rs", line).len(), 1, "{line}");
    }
}

#[test]
fn io_does_not_look_up() {
    assert_eq!(planted("io/clock.rs", "use crate::agent::Agent;"), ["crate::agent::Agent"]);
    assert_eq!(planted("io/clock.rs", "use crate::boot::Event;"), ["crate::boot::Event"]);
    assert_eq!(planted("io/clock.rs", "use crate::diagnose;"), ["crate::diagnose"]);
    assert_eq!(planted("io/clock.rs", "use crate::cli;"), ["crate::cli"]);
}

#[test]
fn agent_goes_through_io() {
    for line in [
        "use tokio::net::UdpSocket;",
        "use tokio::*;",
        "use std::{cell::Cell, fs};",
        "fn f() { let _ = std::fs::read(\"x\"); }",
        "use std::net::{IpAddr, TcpStream};",
        "use crate::cli;",
    ] {
        assert_eq!(planted("agent/mod.rs", line).len(), 1, "{line}");
    }
}

#[test]
fn the_command_line_speaks_no_protocol() {
    assert_eq!(planted("cli/mod.rs", "use crate::proto::tftp;"), ["crate::proto::tftp"]);
}

#[test]
fn what_people_read_is_printed_in_one_place() {
    for line in [
        "fn f() { let _ = std::io::stdout().lock(); }",
        "use std::io::{self, stderr};",
        "use std::io; fn f() { let _ = io::stderr(); }",
        "fn f() { println!(\"x\"); }",
        "fn f() { eprint!(\"x\"); }",
    ] {
        assert_eq!(planted("cli/fetch.rs", line).len(), 1, "{line}");
    }
    assert_eq!(planted("cli/print.rs", "use std::io::{stderr, stdout};"), [""; 0]);
}

#[test]
fn a_new_folder_needs_a_line_in_the_table() {
    assert_eq!(breaches("util/strings.rs", "").len(), 1);
}

#[test]
fn comments_literals_and_tests_are_not_code() {
    let text = r##"
        //! use tokio::net;
        /* use tokio::net; /* nested */ use std::fs; */
        const A: &str = "use tokio::net; \" std::fs::read";
        const B: &str = r#"use "tokio::net";"#;
        const C: [u8; 2] = [b'"', b'\''];
        fn lifetime<'a>(text: &'a str) -> &'a str { text }
        #[cfg(test)]
        mod tests { use std::fs; fn f() { std::fs::read("x"); } }
        #[cfg(test)]
        use std::fs;
        use core::fmt;
        fn after() -> std::io::Result<()> { Ok(()) }
    "##;
    let told: Vec<_> = breaches("wire/list.rs", text).into_iter().map(|it| it.used).collect();
    assert_eq!(told, ["std::io::Result"]);
}
