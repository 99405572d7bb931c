//! What the targets `certificate` and `certificate_path` judge, judged by `openssl` as well: where
//! the two differ, a table says why.

#![expect(clippy::disallowed_methods, reason = "openssl reads files")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use secd::face::certificates;
use secd::trust::certificate::Certificate;
use secd_fuzz::{AT, Allowance, Drawn, Flaw};
use tempfile::TempDir;

/// Flaws for which the phone refuses a path and `openssl verify` does not.
const STRICTER: [(Flaw, &str); 7] = [
    (Flaw::AuthorityExchangesKeys, "lists carry servers' certificates too: these mint for nobody"),
    (Flaw::AuthorityNamesHost, "the same"),
    (Flaw::IsAuthority, "webpki has an authority's certificate serve nobody"),
    (Flaw::NameInSubject, "RFC 9525 §6.3: the common name is not looked at"),
    (Flaw::NamePart, "RFC 9525 §6.3: a pattern stands for a whole label"),
    (Flaw::Unstated, "RFC 5280 §4.2.1.9 and .3: an authority says that it is one, and may sign"),
    (Flaw::Unsupported, "webpki: RSA from 2048 bits on, ECDSA with SHA-256 or SHA-384"),
];

/// What the phone allows and `openssl verify` does not.
const LAXER: [(Allowance, &str); 1] =
    [(Allowance::LastSecond, "RFC 5280 §4.1.2.5: the last second is part of the validity")];

#[test]
fn openssl_judges_paths_alike_but_for_what_is_argued() {
    let folder = TempDir::new().expect("a temporary folder");
    let (mut both, mut neither) = (0, 0);
    let (mut stricter, mut laxer) = (Vec::new(), Vec::new());
    for (what, drawn) in corpus("certificate_path").chain(random()) {
        let Ok(drawn) = Drawn::from_bytes(&drawn) else { continue };
        match (drawn.is_trusted(), verified(folder.path(), &drawn)) {
            (true, true) => both += 1,
            (false, false) => neither += 1,
            (false, true) => {
                let argued = |flaw: &Flaw| STRICTER.iter().any(|(known, _)| known == flaw);
                let flaws = &drawn.flaws;
                assert!(flaws.iter().all(argued), "{what}: openssl accepts {flaws:?}");
                stricter.extend_from_slice(flaws);
            }
            (true, false) => {
                let argued = |it: &Allowance| LAXER.iter().any(|(known, _)| known == it);
                let allowances = &drawn.allowances;
                assert!(allowances.iter().any(argued), "{what}: openssl refuses it");
                laxer.extend_from_slice(allowances);
            }
        }
    }
    println!(
        "{both} paths accepted by both, {neither} refused by both, {} refused only here, {} only \
         there",
        stricter.len(),
        laxer.len()
    );
    assert!(both > 50 && neither > 50);
    // What no longer differs goes from the tables.
    for (flaw, _) in STRICTER {
        assert!(stricter.contains(&flaw), "{flaw:?}");
    }
    for (allowance, _) in LAXER {
        assert!(laxer.contains(&allowance), "{allowance:?}");
    }
}

#[test]
fn openssl_reads_certificates_alike() {
    let folder = TempDir::new().expect("a temporary folder");
    let (mut both, mut ours, mut theirs) = (0, 0, 0);
    for (what, der) in corpus("certificate").chain(vectors()) {
        let file = folder.path().join("certificate");
        fs::write(&file, &der).expect("a file");
        let read = openssl(&["x509", "-inform", "DER", "-noout", "-serial", "-in"], &file);
        match (Certificate::parse(&der), read) {
            (Ok(certificate), Some(text)) => {
                both += 1;
                // A serial number that is negative is printed with a sign there.
                let serial = text.trim().trim_start_matches("serial=");
                let magnitude = certificate.serial.to_string();
                let is_negative = serial.starts_with('-');
                assert!(is_negative || serial == magnitude, "{what}: {serial}, {magnitude}");
            }
            (Ok(_), None) => ours += 1,
            (Err(_), Some(_)) => theirs += 1,
            (Err(_), None) => {}
        }
    }
    println!("{both} certificates read by both, {ours} only here, {theirs} only there");
    assert!(both > 5);
}

/// The inputs of a target's corpus, with their names.
fn corpus(target: &str) -> impl Iterator<Item = (String, Vec<u8>)> {
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target))
}

/// The certificates of call managers among the vectors.
fn vectors() -> impl Iterator<Item = (String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/certs");
    files(&folder).filter_map(|(what, text)| {
        let chain = certificates::read(core::str::from_utf8(&text).ok()?)?;
        Some((what, chain.first()?.to_vec()))
    })
}

fn files(folder: &Path) -> impl Iterator<Item = (String, Vec<u8>)> + use<> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .expect("a corpus")
        .map(|entry| entry.expect("an input").path())
        .collect();
    paths.sort();
    paths.into_iter().map(|path| (path.display().to_string(), fs::read(&path).expect("an input")))
}

/// Inputs by chance, the same in every run.
fn random() -> impl Iterator<Item = (String, Vec<u8>)> {
    let mut state = 1_u64;
    (0..DRAWN).map(move |number| {
        let next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            state.to_be_bytes()[0]
        };
        (format!("path {number}"), std::iter::repeat_with(next).take(64).collect())
    })
}

fn verified(folder: &Path, drawn: &Drawn) -> bool {
    let [authority, sent, server] =
        ["authority", "sent", "server"].map(|name| folder.join(name).display().to_string());
    fs::write(&authority, certificates::pem(&drawn.authority)).expect("a file");
    let others: String = drawn.intermediates.iter().map(|der| certificates::pem(der)).collect();
    fs::write(&sent, &others).expect("a file");
    fs::write(&server, certificates::pem(&drawn.certificate)).expect("a file");
    let is_address = drawn.host.starts_with(|first: char| first.is_ascii_digit());
    let host = if is_address { "-verify_ip" } else { "-verify_hostname" };
    let at = AT.to_string();
    let mut arguments = vec!["verify", "-purpose", "sslserver", "-attime", &at];
    arguments.extend([host, drawn.host, "-trusted", &authority]);
    if !others.is_empty() {
        arguments.extend(["-untrusted", &sent]);
    }
    openssl(&arguments, Path::new(&server)).is_some()
}

/// What it prints, if it is content.
fn openssl(arguments: &[&str], file: &Path) -> Option<String> {
    let mut command = Command::new("openssl");
    let output = command.args(arguments).arg(file).output().expect("openssl is installed");
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

const DRAWN: usize = 400;
