//! What the lab writes, judged by an independent program.
#![expect(clippy::disallowed_methods, reason = "fixtures for openssl are written in place")]
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::fs;
use std::net::IpAddr;
use std::path::Path;

use secd_lab::certificate::{Identity, Profile, Usage};
use secd_lab::cluster::{Cluster, Security, Setup, Signer};
use secd_lab::digest::Digest;
use secd_lab::encrypt::Cipher;
use secd_lab::envelope;
use secd_lab::keys::{Kind, Pool};
use secd_lab::names::{Layout, Name};
use support::{header, header_length, openssl, signed_bytes, value, write_pem};

fn assert_signed(file: &[u8], digest: &str, signer: &Identity) {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_pem(folder, "signer", &signer.certificate.der);
    let key = openssl(folder, &["x509", "-in", "signer.pem", "-pubkey", "-noout"]);
    fs::write(folder.join("key.pem"), key).unwrap();
    fs::write(folder.join("signed"), signed_bytes(file)).unwrap();
    fs::write(folder.join("signature"), value(&header(file), 12)).unwrap();
    openssl(folder, &["dgst", digest, "-verify", "key.pem", "-signature", "signature", "signed"]);
}

#[test]
fn lists_and_files_bear_valid_signatures() {
    let digests =
        [(Digest::Sha1, "-sha1"), (Digest::Sha256, "-sha256"), (Digest::Sha512, "-sha512")];
    for (digest, name) in digests {
        for (layout, key) in [(Layout::CallManager, Kind::Rsa1024), (Layout::Tools, Kind::Rsa2048)]
        {
            let setup = Setup { digest, layout, key, tokens: 1, ..Setup::default() };
            let cluster = Cluster::new(setup);
            let callmanager = &cluster.nodes[0].callmanager;
            assert_signed(&cluster.itl(), name, callmanager);
            assert_signed(&cluster.signed("x.sgn", b"payload"), name, callmanager);
            let ctl = cluster.ctl(&Signer::Token(0), Security::Mixed);
            assert_signed(&ctl, name, &cluster.tokens[0]);
        }
    }
}

#[test]
fn a_key_of_4096_bits_signs() {
    let cluster = Cluster::new(Setup { key: Kind::Rsa4096, ..Setup::default() });
    assert_signed(&cluster.itl(), "-sha1", &cluster.nodes[0].callmanager);
}

#[test]
fn a_resigned_file_is_valid_again() {
    let cluster = Cluster::new(Setup::default());
    let signer = &cluster.nodes[0].callmanager;
    let mut file = cluster.signed("x.sgn", b"payload");
    *file.last_mut().unwrap() ^= 1;
    envelope::resign(&mut file, signer, Digest::Sha1);
    assert_signed(&file, "-sha1", signer);
}

fn assert_decrypts(cipher: Cipher, name: &str, payload: &[u8]) {
    let cluster = Cluster::new(Setup::default());
    let file = cluster.encrypted("SEP001122334455.cnf.xml.enc.sgn", payload, cipher);
    assert_signed(&file, "-sha1", &cluster.nodes[0].callmanager);

    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("device.key"), cluster.device.key.pem()).unwrap();
    fs::write(folder.join("wrapped"), value(&header(&file), 25)).unwrap();
    fs::write(folder.join("body"), &file[header_length(&file)..]).unwrap();
    let key = openssl(folder, &["pkeyutl", "-decrypt", "-inkey", "device.key", "-in", "wrapped"]);
    let (key, iv) = (hex(&key), hex(value(&header(&file), 19)));
    let plain =
        openssl(folder, &["enc", "-d", name, "-nopad", "-K", &key, "-iv", &iv, "-in", "body"]);
    let padding = <[u8; 2]>::try_from(value(&header(&file), 20)).unwrap();
    let padding = usize::from(u16::from_be_bytes(padding));
    assert!((1..=16).contains(&padding));
    assert_eq!(&plain[..plain.len() - padding], payload);
    assert_eq!(value(&header(&file), 27), Digest::Sha1.of(payload));
}

#[test]
fn encrypted_files_decrypt_with_the_device_key() {
    assert_decrypts(Cipher::Aes128, "-aes-128-cbc", b"fifteen bytes!");
    assert_decrypts(Cipher::Aes192, "-aes-192-cbc", b"sixteen bytes!!");
    assert_decrypts(Cipher::Aes256, "-aes-256-cbc", b"");
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn text_of(folder: &Path, name: &str) -> String {
    let file = format!("{name}.pem");
    let output = openssl(folder, &["x509", "-in", &file, "-noout", "-text", "-nameopt", "RFC2253"]);
    String::from_utf8(output).unwrap()
}

#[test]
fn certificates_chain_to_their_authority() {
    let pool = Pool::new();
    let authority =
        Profile { usage: Usage::Authority, ..Profile::new(Name::common("CA"), vec![1]) };
    let authority = authority.self_signed(pool.take(Kind::P384));
    let mut profile = Profile::new(Name::of_service("cm1.lab.test"), vec![0x83, 0xE9]);
    profile.dns = vec!["cm1.lab.test".to_owned()];
    profile.addresses = vec!["192.0.2.1".parse::<IpAddr>().unwrap(), "::1".parse().unwrap()];
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_pem(folder, "authority", &authority.certificate.der);
    for kind in [Kind::Rsa1024, Kind::Rsa2048, Kind::P256, Kind::P384] {
        let leaf = profile.issued_by(&authority, pool.take(kind));
        write_pem(folder, "leaf", &leaf.certificate.der);
        let arguments = ["-x509_strict", "-auth_level", "0", "-CAfile", "authority.pem"];
        openssl(folder, &[["verify"].as_slice(), &arguments, &["leaf.pem"]].concat());
    }
    let text = text_of(folder, "leaf");
    assert!(text.contains("DNS:cm1.lab.test, IP Address:192.0.2.1"), "{text}");
    assert!(text.contains("33769 (0x83e9)"), "{text}");
    assert!(text.contains("Subject: L=RTP,ST=North Carolina,CN=cm1.lab.test,OU=Voice"), "{text}");
}

#[test]
fn self_signed_certificates_verify_with_every_digest() {
    let pool = Pool::new();
    for kind in [Kind::Rsa1024, Kind::Rsa2048, Kind::Rsa4096, Kind::P256] {
        let key = pool.take(kind);
        for digest in [Digest::Sha1, Digest::Sha256, Digest::Sha512] {
            let profile = Profile { digest, ..Profile::new(Name::common("x"), pool.serial()) };
            let folder = tempfile::tempdir().unwrap();
            let folder = folder.path();
            write_pem(folder, "x", &profile.self_signed(key.clone()).certificate.der);
            let arguments = ["verify", "-auth_level", "0", "-check_ss_sig"];
            openssl(folder, &[arguments.as_slice(), &["-CAfile", "x.pem", "x.pem"]].concat());
        }
    }
}

#[test]
fn an_expired_certificate_ended_in_2021() {
    let pool = Pool::new();
    let profile = Profile::new(Name::common("old"), pool.serial()).expired();
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_pem(folder, "old", &profile.self_signed(pool.take(Kind::Rsa1024)).certificate.der);
    assert!(text_of(folder, "old").contains("Not After : Jan  1 00:00:00 2021 GMT"));
}
