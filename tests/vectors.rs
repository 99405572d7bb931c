//! Every test vector, judged as a phone would: verdict, reason, and the fields that a parser must
//! report. The vectors and their rules are described in `tests/vectors/README.md`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use secd::trust::decrypt::{self, DeviceKey};
use secd::trust::update::{self, Accepted, Content, Offer};
use secd::trust::{Acceptance, Anchors, Decision, ListKind, Policy, Reason, Warning, stored};
use secd::wire::{Envelope, FileKind, list};
use serde_json::Value;

/// The shared vectors where they are at hand, else the project's own copies.
fn folder() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shared = root.join("../shared/vectors");
    if shared.join("manifest.json").exists() { shared } else { root.join("tests/vectors") }
}

fn read(file: &str) -> Vec<u8> {
    let path = folder().join(file);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn manifest() -> Value {
    serde_json::from_slice(&read("manifest.json")).expect("the manifest is JSON")
}

fn vectors(manifest: &Value) -> &Vec<Value> {
    manifest["vectors"].as_array().expect("a list of vectors")
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("{key} is text in {value}"))
}

/// What a phone in the vector's state says of `bytes`: warnings, or the reason for a refusal.
fn judge(vector: &Value, bytes: &[u8]) -> Result<Vec<Warning>, Reason> {
    let anchors = anchors(vector);
    let offer = Offer { name: text(vector, "requested_name"), bytes };
    let policy = Policy::default();
    match text(vector, "kind") {
        "tlv" => {
            let kind = if offer.name.starts_with("CTL") { ListKind::Ctl } else { ListKind::Itl };
            update::list(&anchors, kind, offer, &policy).unasked().map(|accepted| accepted.warnings)
        }
        "sgn" => {
            let decision = update::file(&anchors, FileKind::Signed, offer, &policy);
            settled(decision).map(|accepted| accepted.warnings)
        }
        _ => {
            let decision = update::file(&anchors, FileKind::Encrypted, offer, &policy);
            let accepted = settled(decision)?;
            let payload = opened(&accepted, vector)?;
            if let Some(plain) = vector["payload"]["file"].as_str() {
                assert_eq!(payload, read(plain), "{plain}");
            }
            Ok(accepted.warnings)
        }
    }
}

fn opened(accepted: &Accepted<Content<'_>>, vector: &Value) -> Result<Vec<u8>, Reason> {
    let Content::Verified(signed) = &accepted.value else { panic!("an unchecked encrypted file") };
    let file = &signed.file;
    let pem = vector["decrypt_key"].as_str().unwrap_or("keys/device.key");
    let key = DeviceKey::of_pem(&read(pem)).expect("a device key");
    decrypt::decrypt(file, &key).map(|plain| plain.to_vec())
}

/// Until someone can be asked, a question is a refusal.
fn settled<T>(decision: Decision<T>) -> Result<T, Reason> {
    match decision {
        Decision::Trust(grant) => Ok(grant),
        Decision::Refuse(reason) => Err(reason),
        Decision::Ask(query) => Err(query.otherwise),
    }
}

fn anchors(vector: &Value) -> Anchors {
    let mut anchors = Anchors::default();
    if let Some(file) = vector["trust"]["file"].as_str() {
        let list = stored::list(ListKind::Itl, &read(file), Acceptance::FirstUse)
            .unwrap_or_else(|reason| panic!("{file}: {reason}"));
        anchors.install(list);
    }
    anchors
}

#[test]
fn every_vector_gets_its_verdict_and_class() {
    let manifest = manifest();
    let (mut accepted, mut refused) = (0, 0);
    for vector in vectors(&manifest) {
        let file = text(vector, "file");
        match (text(vector, "expected"), judge(vector, &read(file))) {
            ("accept", Ok(warnings)) => {
                accepted += 1;
                expect_warning(vector, &warnings);
            }
            ("reject", Err(reason)) => {
                refused += 1;
                expect_class(vector, &reason);
            }
            ("either", _) => {}
            (expected, got) => panic!("{file}: expected {expected}, got {got:?}"),
        }
    }
    assert_eq!(manifest["counts"]["accept"], accepted);
    assert_eq!(manifest["counts"]["reject"], refused);
}

fn expect_warning(vector: &Value, warnings: &[Warning]) {
    let classes: BTreeSet<_> = warnings.iter().map(Warning::class).collect();
    assert_eq!(
        vector["warning"].as_str().is_some(),
        classes.contains("unknown-tag"),
        "{}: {warnings:?}",
        vector["file"]
    );
}

fn expect_class(vector: &Value, reason: &Reason) {
    let mut classes: Vec<_> = vector["reason"].as_str().into_iter().collect();
    classes
        .extend(vector["reason_also"].as_array().into_iter().flatten().filter_map(Value::as_str));
    // Faults of decryption are not told apart, on purpose: see trust::decrypt.
    if ["bad-ciphertext", "plaintext-digest-mismatch"].iter().any(|fault| classes.contains(fault)) {
        classes.push("decrypt-failed");
    }
    assert!(classes.contains(&reason.class()), "{}: {reason:?} for {classes:?}", vector["file"]);
}

#[test]
fn every_member_of_the_sweeps_is_refused() {
    let manifest = manifest();
    for sweep in manifest["sweeps"].as_array().expect("sweeps") {
        let base = text(sweep, "base");
        let vector = vectors(&manifest).iter().find(|vector| vector["file"] == base);
        let vector = vector.expect("the base of a sweep is a vector");
        let bytes = read(base);
        let mut count = 0;
        for member in members(text(sweep, "sweep"), &bytes) {
            count += 1;
            assert!(judge(vector, &member).is_err(), "{base}: {sweep} member {count}");
        }
        assert!(count >= bytes.len() - 1, "{sweep}: only {count} members");
    }
}

fn members(sweep: &str, bytes: &[u8]) -> Vec<Vec<u8>> {
    let places = 0..bytes.len();
    match sweep {
        "every-truncation" => places.map(|end| bytes[..end].to_vec()).collect(),
        "every-byte-removed" => places
            .map(|place| [&bytes[..place], &bytes[place + 1..]].concat())
            .filter(|member| member != bytes)
            .collect(),
        "every-byte-doubled" => {
            places.map(|place| [&bytes[..=place], &bytes[place..]].concat()).collect()
        }
        "every-bit" => places
            .flat_map(|place| (0..8).map(move |bit| (place, bit)))
            .map(|(place, bit)| {
                let mut member = bytes.to_vec();
                member[place] ^= 1 << bit;
                member
            })
            .collect(),
        "every-u16-ffff" => overwritten(bytes, 0xff),
        "every-u16-0000" => overwritten(bytes, 0),
        other => panic!("unknown sweep {other}"),
    }
}

fn overwritten(bytes: &[u8], with: u8) -> Vec<Vec<u8>> {
    (1..bytes.len())
        .map(|place| {
            let mut member = bytes.to_vec();
            member[place - 1..=place].fill(with);
            member
        })
        .filter(|member| member != bytes)
        .collect()
}

#[test]
fn every_bit_of_a_small_list_counts() {
    let manifest = manifest();
    let vector = vectors(&manifest).iter().find(|vector| vector["file"] == "good/itl-small.tlv");
    let vector = vector.expect("the small list");
    for member in members("every-bit", &read("good/itl-small.tlv")) {
        assert!(judge(vector, &member).is_err());
    }
}

#[test]
fn header_fields_are_those_of_the_manifest() {
    let manifest = manifest();
    for vector in vectors(&manifest).iter().filter(|vector| vector["header"].is_object()) {
        let file = text(vector, "file");
        let kind = match text(vector, "kind") {
            "tlv" => FileKind::List,
            "sgn" => FileKind::Signed,
            _ => FileKind::Encrypted,
        };
        let bytes = read(file);
        let envelope = Envelope::parse(&bytes, kind).unwrap_or_else(|why| panic!("{file}: {why}"));
        let header = &vector["header"];
        assert_eq!(envelope.version.to_string(), text(header, "version"), "{file}");
        let signer_version = envelope.signer_version.map(|version| version.to_string());
        assert_eq!(signer_version.as_deref(), header["signer_version"].as_str(), "{file}");
        assert_eq!(header["header_length"], envelope.header_length, "{file}");
        assert_eq!(envelope.signer.name, text(header, "signer_name"), "{file}");
        assert_eq!(envelope.signer.issuer, text(header, "issuer_name"), "{file}");
        let serial = envelope.signer.serial.to_string().to_lowercase();
        assert_eq!(serial, text(header, "serial"), "{file}");
        assert_eq!(envelope.info.digest.to_string(), text(header, "digest"), "{file}");
        assert_eq!(header["signature_length"], envelope.signature.len(), "{file}");
        assert_eq!(envelope.file_name, text(header, "filename"), "{file}");
        assert_eq!(header["timestamp"].as_u64(), envelope.timestamp.map(u64::from), "{file}");
        assert_eq!(header["padding"], envelope.padding, "{file}");
        expect_encryption(&envelope, &header["encryption"]);
    }
}

fn expect_encryption(envelope: &Envelope<'_>, expected: &Value) {
    assert_eq!(envelope.encryption.is_some(), expected.is_object());
    let Some(encryption) = envelope.encryption else { return };
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!(hex(&encryption.iv), text(expected, "iv"));
    assert_eq!(expected["padding"], encryption.padding);
    assert_eq!(expected["wrapped_key_length"], encryption.wrapped_key.len());
    assert_eq!(encryption.digest.to_string(), text(expected, "plaintext_digest_algorithm"));
    assert_eq!(hex(encryption.plaintext_digest), text(expected, "plaintext_digest"));
}

#[test]
fn records_are_those_of_the_manifest() {
    let manifest = manifest();
    for vector in vectors(&manifest).iter().filter(|vector| vector["records"].is_array()) {
        let file = text(vector, "file");
        let bytes = read(file);
        let envelope = Envelope::parse(&bytes, FileKind::List).expect("a list");
        let records = list::parse(envelope.body(), envelope.header_length).expect("records");
        let expected = vector["records"].as_array().expect("records");
        assert_eq!(records.len(), expected.len(), "{file}");
        for (record, expected) in records.iter().zip(expected) {
            assert_eq!(expected["role"], record.role.code(), "{file}");
            let [subject, issuer] = [record.subject, record.issuer].map(|it| it.map(String::from));
            assert_eq!(subject.as_deref(), expected["subject"].as_str(), "{file}");
            assert_eq!(issuer.as_deref(), expected["issuer"].as_str(), "{file}");
            let serial = record.serial.map(|serial| serial.to_string().to_lowercase());
            assert_eq!(serial.as_deref(), expected["serial"].as_str(), "{file}");
            let key = record.public_key.map(<[u8]>::len);
            assert_eq!(
                expected["public_key_length"].as_u64(),
                key.and_then(|length| u64::try_from(length).ok()),
                "{file}"
            );
            assert_eq!(
                expected["certificate_present"].as_bool(),
                Some(record.certificate.is_some()),
                "{file}"
            );
        }
        if let Some(sizes) = vector["trailing_record_sizes"].as_array() {
            let lengths: Vec<_> = records.iter().map(|record| Value::from(record.length)).collect();
            assert_eq!(sizes, &lengths, "{file}");
        }
    }
}
