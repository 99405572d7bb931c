//! A reader of files for the lab's own tests, and a runner of `openssl`.
#![allow(dead_code, reason = "each test uses its own part")]
#![allow(unreachable_pub, reason = "a module of tests")]
#![allow(clippy::disallowed_methods, reason = "fixtures for openssl are written in place")]

pub mod tls;

use std::fs;
use std::path::Path;
use std::process::Command;

/// Tags and values of a sequence of elements; containers are entered, padding is tag 13.
pub fn elements(bytes: &[u8], containers: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let tag = bytes[at];
        if tag == 13 {
            found.push((tag, Vec::new()));
            at += 1;
            continue;
        }
        let length = usize::from(u16::from_be_bytes([bytes[at + 1], bytes[at + 2]]));
        let value = bytes[at + 3..at + 3 + length].to_vec();
        if containers.contains(&tag) {
            found.push((tag, Vec::new()));
            found.extend(elements(&value, containers));
        } else {
            found.push((tag, value));
        }
        at += 3 + length;
    }
    found
}

pub const HEADER_CONTAINERS: [u8; 6] = [3, 7, 9, 16, 17, 21];

pub fn header(file: &[u8]) -> Vec<(u8, Vec<u8>)> {
    elements(&file[..header_length(file)], &HEADER_CONTAINERS)
}

pub fn header_length(file: &[u8]) -> usize {
    usize::from(u16::from_be_bytes([file[8], file[9]]))
}

/// The file without its signature element, found without the lab's help.
pub fn signed_bytes(file: &[u8]) -> Vec<u8> {
    let mut at = 0;
    while file[at] != 12 {
        at += 3 + usize::from(u16::from_be_bytes([file[at + 1], file[at + 2]]));
    }
    let end = at + 3 + usize::from(u16::from_be_bytes([file[at + 1], file[at + 2]]));
    [&file[..at], &file[end..]].concat()
}

/// The records of a list, each as its elements.
pub fn records(file: &[u8]) -> Vec<Vec<(u8, Vec<u8>)>> {
    let mut rest = &file[header_length(file)..];
    let mut found = Vec::new();
    while !rest.is_empty() {
        assert_eq!(rest[..3], [1, 0, 2], "a record starts with its length");
        let length = usize::from(u16::from_be_bytes([rest[3], rest[4]]));
        found.push(elements(&rest[..length], &[]));
        rest = &rest[length..];
    }
    found
}

pub fn tags(elements: &[(u8, Vec<u8>)]) -> Vec<u8> {
    elements.iter().map(|(tag, _)| *tag).collect()
}

pub fn value(elements: &[(u8, Vec<u8>)], tag: u8) -> &[u8] {
    &elements.iter().find(|(other, _)| *other == tag).expect("the tag is there").1
}

/// Runs `openssl` in `folder`; its standard output, or a panic with what it complained of.
pub fn openssl(folder: &Path, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new("openssl").current_dir(folder).args(arguments).output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "openssl {arguments:?}: {complaint}");
    output.stdout
}

/// Writes a certificate as `NAME.pem`.
pub fn write_pem(folder: &Path, name: &str, der: &[u8]) {
    fs::write(folder.join("der"), der).unwrap();
    let out = format!("{name}.pem");
    openssl(folder, &["x509", "-inform", "DER", "-in", "der", "-out", &out]);
}
