//! Certificates of every make that TVS vouches for: what is trusted can be talked to, or it is said
//! what is in the way.

use std::path::Path;

use secd::agent::NotOpened;
use tempfile::TempDir;

use crate::authority::{openssl, read};
use crate::office::Office;
use crate::peer::Peer;
use crate::run;

/// Makes `server.pem` and `server.key` with these arguments of `openssl req -x509`.
fn make(folder: &Path, arguments: &str) {
    let fixed =
        "req -x509 -nodes -days 30 -subj /CN=dir.lab.test -keyout server.key -out server.pem";
    openssl(folder, &format!("{fixed} {arguments}"));
}

/// What comes of pressing the key, with a server of one version of TLS.
fn pressed(arguments: &str, version: &str) -> Result<String, NotOpened> {
    let folder = TempDir::new().expect("a temporary folder");
    match arguments {
        VERSION_1 => {
            let names = "-nodes -newkey rsa:2048 -subj /CN=dir.lab.test -keyout server.key";
            openssl(folder.path(), &format!("req -new {names} -out server.csr"));
            let sign = "x509 -req -in server.csr -signkey server.key -days 30 -out server.pem";
            openssl(folder.path(), sign);
        }
        _ => make(folder.path(), arguments),
    }
    let peer = Peer::run(folder.path(), &format!("-cert server.pem {version}"));
    let mut page = None;
    run(async {
        let office = Office::listing(&[]).await;
        office.vouch(&read(&folder.path().join("server.pem")));
        page = Some(office.press(peer.address).await);
    });
    page.expect("the story has ended")
}

#[test]
fn what_tvs_vouches_for_is_opened_whatever_else_its_certificate_says() {
    for certificate in [
        VERSION_1,
        "-newkey rsa:2048 -addext 1.2.3.4.5=critical,ASN1:UTF8String:x",
        "-newkey rsa:2048 -set_serial 0",
        "-newkey rsa:2048 -set_serial -5",
        "-newkey rsa:2048 -set_serial 0x7f00112233445566778899aabbccddeeff00112233445566",
        "-newkey ed25519",
        "-newkey ec -pkeyopt ec_paramgen_curve:P-384",
    ] {
        for version in ["-tls1_2", "-tls1_3"] {
            let page = pressed(certificate, version);
            assert!(page.is_ok(), "{certificate} {version}: {page:?}");
        }
    }
}

#[test]
fn a_key_for_pss_alone_is_verified_in_tls_1_3_and_named_in_tls_1_2() {
    let pss = "-newkey rsa-pss -pkeyopt rsa_keygen_bits:2048";
    assert!(pressed(pss, "-tls1_3").is_ok());
    let why = "the server's signature scheme is not supported in TLS 1.2, as with an RSA-PSS key";
    assert_eq!(pressed(pss, "-tls1_2"), Err(NotOpened::Handshake(why.to_owned())));
}

#[test]
fn a_key_that_cannot_be_verified_with_is_named() {
    for (key, kind) in
        [("-newkey ec -pkeyopt ec_paramgen_curve:P-521", "P-521"), ("-newkey ed448", "Ed448")]
    {
        let why = format!("the server's kind of key is not supported ({kind})");
        assert_eq!(pressed(key, "-tls1_2"), Err(NotOpened::Handshake(why)), "{key}");
        // It says nothing of itself before the keys are agreed.
        let why = "the server has no supported cipher suite, or no supported kind of key";
        assert_eq!(pressed(key, "-tls1_3"), Err(NotOpened::Handshake(why.to_owned())), "{key}");
    }
}

#[test]
fn a_small_key_is_called_small() {
    let small = pressed("-newkey rsa:768", "-cipher DEFAULT@SECLEVEL=0");
    let why = "the server's key is too small, RSA of 768 bits";
    assert_eq!(small, Err(NotOpened::Handshake(why.to_owned())));
}

/// As `openssl x509 -req` makes them.
const VERSION_1: &str = "version 1";
