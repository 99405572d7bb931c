//! Messages and proofs byte for byte, as the worked exchange and the vectors have them.

use secd_lab::capf::message::{byte, certificate, tag, unwrapped, value};
use secd_lab::capf::proof::{of_certificate, of_session, spki};
use secd_lab::capf::{
    Command, Device, Element, KeyKind, Message, Operation, Outcome, PublicKey, Server, Unproven,
};
use secd_lab::cluster::{Cluster, Setup};
use secd_lab::der::read::only;
use secd_lab::digest::Digest;
use secd_lab::keys::KeyPair;
use secd_lab::tlv;

use crate::phone::{NAME, Phone, bare, element, hex, nul, proof, sudi};
use crate::support::openssl;

/// The elements of a message that must be written as `bytes`, and read back.
fn written(command: Command, session: u32, elements: &[Vec<u8>], bytes: &[u8]) -> Vec<Element> {
    let message = Message::new(command, session, elements);
    assert_eq!(message.encode(), bytes, "{command:?}");
    assert_eq!(Message::parse(bytes), Ok(message.clone()));
    message.elements().unwrap()
}

fn name() -> Vec<u8> {
    tlv::text(tag::DEVICE, NAME)
}

#[test]
fn the_worked_exchange_is_written_and_read_byte_for_byte() {
    let exchange = exchange();
    let [s1, p2, s3, p17, p4, s9, p10, s15] = &exchange;
    let version = byte(tag::VERSION, 3);
    let reason = byte(tag::REASON, 1);
    written(Command::AUTH, 1, &[version.clone(), byte(tag::METHOD, 0)], s1);
    let empty = tlv::text(tag::PASSWORD, "");
    written(Command::AUTHENTICATED, 1, &[reason.clone(), version, empty, name()], p2);
    written(Command::KEY, 1, &[byte(tag::KEY_TYPE, 1), byte(tag::CURVE, 0)], s3);
    written(Command::IN_PROGRESS, 1, &[], p17);
    let key = tlv::element(tag::PUBLIC_KEY, &p4[11..]);
    let key = value(&written(Command::GENERATED, 1, &[key], p4), tag::PUBLIC_KEY).unwrap().to_vec();
    let elements = [byte(tag::CERTIFICATE_TYPE, 1), certificate(1, &s9[20..], 0)];
    let stored = written(Command::STORE, 1, &elements, s9);
    written(Command::STORED, 1, std::slice::from_ref(&reason), p10);
    written(Command::END, 1, &[reason], s15);
    assert_eq!([s1, s3, s9, s15].map(Vec::len), [16, 16, 305, 12]);
    assert_eq!([p2, p17, p4, p10].map(Vec::len), [39, 8, 102, 12]);

    let (kind, der) = unwrapped(value(&stored, tag::CERTIFICATE).unwrap()).unwrap();
    assert_eq!((kind, der.len(), spki(der)), (1, 285, Some(key.as_slice())));
    assert_eq!(PublicKey::parse(&key).unwrap().kind(), KeyKind::P256);
    let mut parts = only(der, 0x30).unwrap();
    let body = parts.expect(0x30).unwrap().whole;
    parts.expect(0x30).unwrap();
    let signature = &parts.expect(0x03).unwrap().content[1..];
    let issuer = PublicKey::parse(&hex(ISSUER)).unwrap();
    assert!(issuer.proves(Digest::Sha256, body, signature));
    assert!(!issuer.proves(Digest::Sha256, der, signature));
}

#[test]
fn a_phone_that_sends_the_worked_exchange_gets_its_messages() {
    let cluster = Cluster::new(Setup::default());
    let server = Server::start(&cluster);
    server.enrol(Device::new(NAME).with(Operation::Install(KeyKind::P256)));
    let [s1, p2, s3, p17, p4, s9, p10, s15] = exchange();
    let mut phone = Phone::connect(server.address());
    assert_eq!(phone.receive(), s1);
    phone.send(&p2);
    assert_eq!(phone.receive(), s3);
    phone.send(&p17);
    phone.send(&p4);
    let store = phone.receive();
    // All but the lengths and the certificate, which is this cluster's.
    assert_eq!((&store[..6], &store[8..13]), (&s9[..6], &s9[8..13]));
    assert_eq!((store[15], &store[18..20]), (1, &[0, 1][..]));
    assert_eq!(spki(&store[20..]), Some(&p4[11..]));
    phone.send(&p10);
    assert_eq!(phone.receive(), s15);
    assert_eq!(phone.rest(), (Vec::new(), true));
    server.settle();
    let session = &server.sessions()[0];
    assert_eq!(session.outcome, Outcome::Installed(store[20..].to_vec()));
    assert_eq!(session.sent, [s1, s3, store, s15]);
    let received: Vec<_> = session.received.iter().map(|one| one.bytes.clone()).collect();
    assert_eq!(received, [p2, p17, p4, p10]);
}

#[test]
fn other_messages_are_as_they_were_captured() {
    let rsa = [tlv::number(tag::KEY_SIZE, 2048), byte(tag::KEY_TYPE, 0)];
    let session = 0x0102_0304;
    written(Command::KEY, session, &rsa, &hex("5503 01020304 0009 0a00020800 11000100"));
    written(Command::KEY, session, &rsa[..1], &hex("5503 01020304 0005 0a00020800"));
    let version = [byte(tag::VERSION, 3)];
    written(Command::AUTH, session, &version, &hex("5501 01020304 0004 07000103"));
    let soft = [byte(tag::VERSION, 2), tlv::text(tag::DEVICE, "CSF123"), byte(tag::REASON, 1)];
    let bytes = hex("5502 01020304 0012 07000102 0d0007 43534631323300 01000101");
    written(Command::AUTHENTICATED, session, &soft, &bytes);
    let [reason, password] = [byte(tag::REASON, 1), tlv::text(tag::PASSWORD, "12345")];
    let elements = [reason, version[0].clone(), password, name()];
    let bytes = [hex("5502 01020304 0024 01000101 07000103 0b0006 313233343500 0d0010"), nul(NAME)];
    written(Command::AUTHENTICATED, session, &elements, &bytes.concat());
    written(Command::FETCH, session, &[], &hex("550b 01020304 0000"));
    written(Command::DELETE, session, &[], &hex("550d 01020304 0000"));
    for (command, code) in
        [(Command::FETCHED, "0c"), (Command::DELETED, "0e"), (Command::END, "0f")]
    {
        for reason in [0, 1, 7, 9] {
            let bytes = hex(&format!("55{code} 01020304 0004 010001{reason:02x}"));
            written(command, session, &[byte(tag::REASON, reason)], &bytes);
        }
    }
    let der = [0x30; 941];
    let elements = [byte(tag::CERTIFICATE_TYPE, 1), certificate(1, &der, 0)];
    let bytes = [hex("5509 01020304 03b9 03000101 0403b2 0103af0001"), der.to_vec()].concat();
    written(Command::STORE, session, &elements, &bytes);
    let elements = [byte(tag::REASON, 1), certificate(1, &der, 0)];
    let bytes = [hex("550c 01020304 03b9 01000101 0403b2 0103af0001"), der.to_vec()].concat();
    written(Command::FETCHED, session, &elements, &bytes);
    // The header of the phone's key, and the start of an RSA key of 2048 bits.
    let cluster = Cluster::new(Setup::default());
    let key = tlv::element(tag::PUBLIC_KEY, &cluster.device.key.spki());
    let message = Message::new(Command::GENERATED, session, &[key]).encode();
    let start = "5504 01020304 0129 090126 30820122300d06092a864886f70d01010105000382010f00";
    assert_eq!((message.len(), &message[..35]), (305, hex(start).as_slice()));
}

#[test]
fn the_proofs_of_the_vectors_are_taken_and_nothing_else() {
    let (key, der) = vector();
    let session = 1_u32;
    let content = [&nul(NAME), der.as_slice()].concat();
    let fresh = [&session.to_le_bytes(), der.as_slice()].concat();
    for (digest, content, hash, signature) in [
        (Digest::Sha1, &content, SHA1[0], SHA1[1]),
        (Digest::Sha512, &content, SHA512[0], SHA512[1]),
        (Digest::Sha1, &fresh, SUDI_SHA1[0], SUDI_SHA1[1]),
        (Digest::Sha512, &fresh, SUDI_SHA512[0], SUDI_SHA512[1]),
    ] {
        assert_eq!(digest.of(content), hex(hash));
        assert_eq!(Digest::Sha256.of(&bare(&key, digest, content)), hex(signature));
    }
    let read = |elements: &[Vec<u8>]| {
        Message::new(Command::AUTHENTICATED, 1, elements).elements().unwrap()
    };
    let good = proof(&key, NAME, &der);
    assert_eq!(of_certificate(NAME, &read(&good), &der), Ok(()));
    assert_eq!(of_session(1, &read(&[sudi(&key, 1, &der)]), Some(&der)), Ok(()));
    for (replaced, with, fault) in [
        (0, element(4, &der), Unproven::Certificate),
        (1, element(6, &bare(&key, Digest::Sha512, &content)), Unproven::Signed),
        (1, element(6, &key.sign(Digest::Sha1, &content)), Unproven::Signed),
        (1, element(6, &incomplete(&key, &content)), Unproven::Signed),
        (2, element(20, &bare(&key, Digest::Sha512, &content)), Unproven::SignedSha512),
        (2, element(20, &element(1, &bare(&key, Digest::Sha1, &content))), Unproven::SignedSha512),
    ] {
        let mut elements = good.clone();
        elements[replaced] = with;
        assert_eq!(of_certificate(NAME, &read(&elements), &der), Err(fault));
    }
    assert_eq!(of_certificate("SEP0", &read(&good), &der), Err(Unproven::Signed));
    assert_eq!(of_certificate(NAME, &read(&good), b"other"), Err(Unproven::Foreign));
    let stale = read(&[sudi(&key, 2, &der)]);
    assert_eq!(of_session(1, &stale, Some(&der)), Err(Unproven::SudiSigned));
    let big_endian = read(&[sudi(&key, 1_u32.swap_bytes(), &der)]);
    assert_eq!(of_session(1, &big_endian, Some(&der)), Err(Unproven::SudiSigned));
    assert_eq!(of_session(1, &stale, Some(b"other")), Err(Unproven::SudiForeign));
    assert_eq!(of_session(1, &stale, None), Err(Unproven::Sudi));
    assert_eq!(of_session(1, &[], Some(&der)), Err(Unproven::Sudi));
}

/// A signature whose padding ends early: the public server takes it.
fn incomplete(key: &KeyPair, content: &[u8]) -> Vec<u8> {
    use rsa::BigUint;
    use rsa::traits::{PrivateKeyParts, PublicKeyParts};
    let (key, hash) = (key.rsa().unwrap(), Digest::Sha1.of(content));
    let padded = [&[0, 1, 0xFF, 0], [0x42; 232].as_slice(), &hash].concat();
    assert_eq!(padded.len(), key.size());
    let signature = BigUint::from_bytes_be(&padded).modpow(key.d(), key.n()).to_bytes_be();
    [vec![0; key.size() - signature.len()], signature].concat()
}

fn vector() -> (KeyPair, Vec<u8>) {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../vectors/keys");
    let pem = openssl(folder.as_ref(), &["pkey", "-in", "device.key"]);
    let key = KeyPair::from_pem(std::str::from_utf8(&pem).unwrap()).unwrap();
    let pem = include_str!("../../../vectors/certs/device.pem");
    let text: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    (key, base64(&text))
}

fn base64(text: &str) -> Vec<u8> {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bits = String::new();
    for digit in text.chars().filter(|digit| *digit != '=') {
        bits += &format!("{:06b}", ALPHABET.find(digit).unwrap());
    }
    let whole = bits.as_bytes().chunks_exact(8);
    whole.map(|byte| u8::from_str_radix(std::str::from_utf8(byte).unwrap(), 2).unwrap()).collect()
}

fn exchange() -> [Vec<u8>; 8] {
    [S1, P2, S3, P17, P4, S9, P10, S15].map(hex)
}

const S1: &str = "55010000000100080700010308000100";
const P2: &str = "550200000001001f01000101070001030b0001000d001053455030303131323233333434353500";
const S3: &str = "55030000000100081100010112000100";
const P17: &str = "5511000000010000";
const P4: &str = "550400000001005e09005b3059301306072a8648ce3d020106082a8648ce3d03010703420004d65a\
    93977caa3d1b081852ff57a79e465f1660577304baead505dd3a48589cf350185e895372df6221ea3a137557e473fd\
    db6755f05bd507c3c533fce9c91285";
const S9: &str = "55090000000101290300010104012201011f0001308201193081c0a003020102020110300a06082a86\
    48ce3d04030230133111300f06035504030c08434150462d6c6162301e170d3236303130313030303030305a170d33\
    31303130313030303030305a301a3118301606035504030c0f53455030303131323233333434353530593013060\
    72a8648ce3d020106082a8648ce3d03010703420004d65a93977caa3d1b081852ff57a79e465f1660577304baea\
    d505dd3a48589cf350185e895372df6221ea3a137557e473fddb6755f05bd507c3c533fce9c91285300a06082a8648\
    ce3d04030203480030450220684353cf5ea9c72cab6dedc7f3ff4192bb57b0b43f78b6ed306fcba4f3a82e8c0221\
    00ff43d48b650432cb336377c11b70ded4f67f21156a8c2619aa58db02061528ec";
const P10: &str = "550a00000001000401000101";
const S15: &str = "550f00000001000401000101";
const ISSUER: &str = "3059301306072a8648ce3d020106082a8648ce3d030107034200040217e617f0b6443928278f96\
    999e69a23a4f2c152bdf6d6cdf66e5b80282d4ed194a7debcb97712d2dda3ca85aa8765a56f45fc758599652f2897c\
    65306e5794";

/// The hash of the data, and the SHA-256 of the signature.
const SHA1: [&str; 2] = [
    "2ee264001eef6ae367349996220961c9a4971101",
    "7dff8ff0abaa8e9f9045aee0292e144a0197090e23157b7279191bc909a01847",
];
const SHA512: [&str; 2] = [
    "2f3b82eb650bc14684dc2a6d63b5ee6742a1f7640844a04cce7617125d6d4c599af064f87a36374b61c2c3facde0\
     13413482f531078bd5dfc7058bc84f34a70f",
    "c1211fcb51ca5f41b5c1dc0480a77a03cd1e0e300b37b7e73ad3030267441952",
];
const SUDI_SHA1: [&str; 2] = [
    "7cb537ec51c690098752631c8ed658af30e0dc75",
    "d997ae9ae3b34036635478e9a04f3436c64a944d207f8d673b9b9541c7993b3e",
];
const SUDI_SHA512: [&str; 2] = [
    "da39ab57995c09d6cf2697782f23d531e0d6aa9097a6b17cdd87f2b8707ac5bf347eb374777067e0422eaf853978\
     4e8cb0cb1e03afabf2ec351c0451f1de8fb9",
    "424905016d1425fdce75e1ea6b03b17294bf0d17724ee5740ded0b81733f2371",
];
