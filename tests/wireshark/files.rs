//! Files inside TFTP and HTTP.

use std::fs;
use std::net::SocketAddrV4;
use std::path::Path;

use serde_json::Value;

use crate::capture::{CLIENT, Capture, Ends, IP, SERVER};
use crate::tshark::Read;

fn vectors() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors")
}

fn bytes(file: &str) -> Vec<u8> {
    fs::read(vectors().join(file)).unwrap()
}

/// The rows of the manifest in these folders.
fn manifest(folders: &[&str]) -> Vec<Value> {
    let text = fs::read(vectors().join("manifest.json")).unwrap();
    let manifest: Value = serde_json::from_slice(&text).unwrap();
    let rows = manifest["vectors"].as_array().unwrap().iter();
    let is_in = |row: &&Value| {
        let file = row["file"].as_str().unwrap();
        folders.iter().any(|folder| file.starts_with(folder))
    };
    rows.filter(is_in).cloned().collect()
}

/// A transfer of each file, in this order.
fn transfers(files: &[Vec<u8>], block: usize) -> Read {
    let capture = Capture::default();
    for (port, file) in (20_000..).zip(files) {
        capture.tftp(port, "file", file, block);
    }
    Read::new(&capture, IP, "")
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// What a header has to show, by the manifest.
fn header(row: &Value) -> Vec<String> {
    let header = &row["header"];
    let digest = match header["digest"].as_str().unwrap() {
        "sha1" => "1",
        "sha512" => "3",
        other => panic!("{other}"),
    };
    let names = ["version", "header_length", "signer_version", "signer_name", "issuer_name"];
    let mut wanted: Vec<_> = names.iter().map(|name| text(&header[*name])).collect();
    wanted.extend([text(&header["serial"]), digest.to_owned(), text(&header["filename"])]);
    wanted.push(header["timestamp"].as_u64().unwrap().to_string());
    let encryption = &header["encryption"];
    wanted.extend(["iv", "padding", "plaintext_digest"].map(|name| text(&encryption[name])));
    wanted
}

const HEADER: [&str; 12] = [
    "sbd.version",
    "sbd.header_length",
    "sbd.signer_version",
    "sbd.signer.name",
    "sbd.signer.issuer",
    "sbd.signer.serial",
    "sbd.digest",
    "sbd.filename",
    "sbd.timestamp",
    "sbd.vector.iv",
    "sbd.vector.padding",
    "sbd.plaintext.hash",
];

/// Seconds since 1970 of a time as tshark prints it: `Nov 14, 2023 22:13:20.000000000 UTC`.
fn seconds(shown: &str) -> u64 {
    let words: Vec<_> = shown.split([' ', ',', ':', '.']).filter(|word| !word.is_empty()).collect();
    let [month, day, year, hour, minute, second, ..] = words[..] else { panic!("{shown}") };
    let number = |text: &str| text.parse::<u64>().unwrap();
    let month = "JanFebMarAprMayJunJulAugSepOctNovDec".find(month).unwrap() / 3;
    // Days from civil, for years after 1970 whose February ends the year.
    let (year, month) = (number(year), u64::try_from(month).unwrap() + 1);
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap = year / 4 - year / 100 + year / 400;
    let days = 365 * year + leap + (153 * month + 2) / 5 + number(day) - 1 - 719_468;
    ((days * 24 + number(hour)) * 60 + number(minute)) * 60 + number(second)
}

#[test]
fn every_good_vector_is_shown_with_the_fields_of_its_manifest() {
    let rows = manifest(&["good/", "tolerated/"]);
    assert_eq!(rows.len(), 17);
    let files: Vec<_> = rows.iter().map(|row| bytes(row["file"].as_str().unwrap())).collect();
    let read = transfers(&files, 512);
    let mut shown = read.single("sbd", &HEADER);
    for packet in &mut shown {
        packet[8] = seconds(&packet[8]).to_string();
    }
    for (row, shown) in rows.iter().zip(shown) {
        // Of the file that is tolerated, the manifest says no more than that.
        let is_described = row["header"].is_object();
        assert_eq!(is_described, row["expected"] == "accept" && row["warning"].is_null(), "{row}");
        if is_described {
            assert_eq!(shown, header(row), "{row}");
        }
    }
    let faults = read.single("sbd", &["sbd.malformed", "sbd.unknown_tag"]);
    for (row, faults) in rows.iter().zip(faults) {
        let is_tolerated = row["file"].as_str().unwrap().starts_with("tolerated/");
        assert_eq!((faults[0].as_str(), !faults[1].is_empty()), ("", is_tolerated), "{row}");
    }
}

#[test]
fn the_records_of_every_list_are_those_of_the_manifest() {
    let rows = manifest(&["good/"]);
    let rows: Vec<_> = rows.iter().filter(|row| row["records"].is_array()).collect();
    assert!(rows.len() >= 8, "{}", rows.len());
    let files: Vec<_> = rows.iter().map(|row| bytes(row["file"].as_str().unwrap())).collect();
    let read = transfers(&files, 1024);
    let fields = ["role", "subject", "issuer", "serial", "hash", "certificate"];
    let fields = fields.map(|field| format!("sbd.record.{field}"));
    let mut names: Vec<_> = fields.iter().map(String::as_str).collect();
    names.push("sbd.records");
    let shown = read.fields("sbd", &names);
    assert_eq!(shown.len(), rows.len());
    for (row, shown) in rows.iter().zip(shown) {
        let records = row["records"].as_array().unwrap();
        let column = |name: &str| -> Vec<String> {
            let all = records.iter().map(|record| text(&record[name]));
            all.filter(|value| !value.is_empty()).collect()
        };
        assert_eq!(shown[..4], ["role", "subject", "issuer", "serial"].map(column), "{row}");
        // Where the certificate itself is there, its hash is not in the list.
        let hashed = records.iter().filter(|record| record["certificate_present"] == false);
        let hashes: Vec<_> = hashed.map(|record| text(&record["cert_sha1"])).collect();
        let hashes: Vec<_> = hashes.into_iter().filter(|hash| !hash.is_empty()).collect();
        assert_eq!(shown[4], hashes, "{row}");
        let present = records.iter().filter(|record| record["certificate_present"] == true);
        assert_eq!(shown[5].len(), present.count(), "{row}");
        assert_eq!(shown[6], [records.len().to_string()], "{row}");
    }
}

/// What no look at the structure shows: whether a value is one that phones take, and what two
/// fields or a certificate say of each other.
const NOT_OF_STRUCTURE: [&str; 5] = [
    "bad/certificate-plus-byte.tlv",
    "bad/digest-2.tlv",
    "bad/no-timestamp.tlv",
    "bad/record-serial-differs.tlv",
    "bad/version-7.tlv",
];

#[test]
fn files_that_contradict_themselves_are_marked_and_others_are_not() {
    let rows = manifest(&["bad/"]);
    // There is nothing to show of an empty file.
    let rows: Vec<_> = rows.iter().filter(|row| row["file"] != "bad/empty.tlv").collect();
    let files: Vec<_> = rows.iter().map(|row| bytes(row["file"].as_str().unwrap())).collect();
    let read = transfers(&files, 512);
    let shown = read.single("sbd", &["sbd.malformed"]);
    assert_eq!(shown.len(), rows.len());
    let mut marked = 0;
    for (row, faults) in rows.iter().zip(shown) {
        let is_odd = row["basis"] == "malformed"
            && !NOT_OF_STRUCTURE.contains(&row["file"].as_str().unwrap());
        assert_eq!(!faults[0].is_empty(), is_odd, "{row}\n{faults:?}");
        marked += usize::from(is_odd);
    }
    assert!(marked >= 12, "{marked}");
}

#[test]
fn no_cut_and_no_change_of_a_file_is_too_much_for_it() {
    let mut files = Vec::new();
    for name in ["good/enc-2048-sha1.enc.sgn", "good/itl-small.tlv"] {
        let whole = bytes(name);
        files.extend((10..whole.len()).step_by(7).map(|end| whole[..end].to_vec()));
        for at in (10..whole.len()).step_by(5) {
            let mut changed = whole.clone();
            changed[at] ^= if at % 2 == 0 { 0xFF } else { 1 };
            files.push(changed);
        }
    }
    assert!(files.len() > 1000, "{}", files.len());
    // In one block each: it is not about TFTP.
    let read = transfers(&files, 8192);
    assert_eq!(read.single("sbd", &["frame.number"]).len(), files.len());
    assert!(read.shown().contains("Signed file of a call manager"));
}

#[test]
fn a_file_is_shown_in_http_as_well() {
    let file = bytes("good/sgn-2048-sha1.sgn");
    let capture = Capture::default();
    let from = SocketAddrV4::new(CLIENT.into(), 40_000);
    let ends = Ends { from, to: SocketAddrV4::new(SERVER.into(), 6970) };
    let request = b"GET /SEP001122334455.cnf.xml.sgn HTTP/1.1\r\nHost: 192.0.2.1:6970\r\n\r\n";
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: {}\r\n\r\n",
        file.len()
    );
    let answer = [head.as_bytes(), &file].concat();
    let (asked, answered) = (1 + u32::try_from(request.len()).unwrap(), 1);
    capture.tcp(ends, (0, 0), 2, &[]);
    capture.tcp(ends.reversed(), (0, 1), 18, &[]);
    capture.tcp(ends, (1, 1), 24, request);
    let (first, second) = answer.split_at(300);
    capture.tcp(ends.reversed(), (answered, asked), 24, first);
    capture.tcp(ends.reversed(), (answered + 300, asked), 24, second);
    let read = Read::new(&capture, IP, "");
    let shown = read.single("sbd", &["sbd.filename", "sbd.malformed"]);
    assert_eq!(shown, [["SEP001122334455.cnf.xml.sgn", ""]]);
}
