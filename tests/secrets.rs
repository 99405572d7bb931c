//! What is left of secrets in the memory of a running agent: the plaintext of an encrypted
//! configuration, and the phone's private key.
#![expect(clippy::unwrap_used, reason = "a test may end where it fails")]

mod support;

use std::fs::{self, File};
use std::os::unix::fs::FileExt;

use rsa::RsaPrivateKey;
use rsa::pkcs8::DecodePrivateKey;
use rsa::traits::PrivateKeyParts;
use secd::io::identity::CertificateWithKey;
use secd::io::store::{Slot, Store};
use secd_lab::cluster::{Cluster, Setup};
use secd_lab::encrypt::Cipher;
use secd_lab::keys::KeyPair;
use secd_lab::tftp::Server;
use support::agent::Agent;
use support::phone::{DEVICE, Phone};
use zeroize::Zeroizing;

/// A word that stands in the encrypted configuration alone.
const SECRET: &str = "correct-horse-battery-staple";

/// A phone with a key of its own, whose configuration is encrypted for it.
fn phone(cluster: &Cluster, server: &Server) -> Phone {
    let phone = Phone::of_same_user(&[&server.address().to_string()]);
    let [key, certificate] = ["device.key", "device.der"].map(|name| phone.folder().join(name));
    support::write(&key, cluster.device.key.pem().as_bytes());
    support::write(&certificate, &cluster.device.certificate.der);
    let text = fs::read_to_string(phone.configuration()).unwrap();
    let lines = format!("certificate = {certificate:?}\nkey = {key:?}\n\n[tftp]");
    support::write(&phone.configuration(), text.replace("\n[tftp]", &lines).as_bytes());
    phone
}

/// Everything that a process can write to: heap, stacks, data.
fn memory(pid: u32) -> Vec<Vec<u8>> {
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
    let memory = File::open(format!("/proc/{pid}/mem")).unwrap();
    let writable = maps.lines().filter(|line| line.split(' ').nth(1).unwrap().starts_with("rw"));
    let range = |line: &str| {
        let (from, to) = line.split(' ').next().unwrap().split_once('-').unwrap();
        [from, to].map(|at| u64::from_str_radix(at, 16).unwrap())
    };
    let read = |[from, to]: [u64; 2]| {
        let mut bytes = vec![0; usize::try_from(to - from).unwrap()];
        memory.read_exact_at(&mut bytes, from).ok().map(|()| bytes)
    };
    writable.map(range).filter_map(read).collect()
}

fn count(memory: &[Vec<u8>], what: &[u8]) -> usize {
    let first = what[0];
    let in_one = |bytes: &Vec<u8>| {
        let starts = bytes.iter().enumerate().filter(|(_, byte)| **byte == first);
        starts.filter(|(at, _)| bytes[*at..].starts_with(what)).count()
    };
    memory.iter().map(in_one).sum()
}

/// The primes of a key as its file writes them, and as those who calculate with it hold them.
fn primes(der: &[u8]) -> [[Vec<u8>; 2]; 2] {
    let key = RsaPrivateKey::from_pkcs8_der(der).unwrap();
    let primes = [&key.primes()[0], &key.primes()[1]];
    [primes.map(rsa::BigUint::to_bytes_be), primes.map(rsa::BigUint::to_bytes_le)]
}

#[test]
fn nothing_of_a_decrypted_configuration_stays_and_the_key_stays_where_it_is_used_alone() {
    if !nix::unistd::Uid::effective().is_root() {
        return; // The memory of a process that is not dumpable is for root to read.
    }
    let mut cluster = Cluster::new(Setup::default());
    cluster.config_extra = format!("<sshPassword>{SECRET}</sshPassword>");
    let server = Server::start(cluster.encrypted_files(Cipher::Aes128));
    let phone = phone(&cluster, &server);
    // An LSC beside it, and the one before that.
    let lscs = [0, 1].map(|_| cluster.setup.identity(DEVICE));
    let (store, _) = Store::open(phone.state()).unwrap();
    for lsc in &lscs {
        let key = Zeroizing::new(lsc.key.pkcs8());
        let pair = CertificateWithKey::issued(&lsc.certificate.der, &key).unwrap();
        store.install(Slot::Lsc, &pair.entry()).unwrap();
    }
    drop(store);
    let mut agent = Agent::start(&phone);
    agent.pass();
    agent.pass_again();
    assert!(phone.found().is_some_and(|found| count(&[found], SECRET.as_bytes()) == 1));
    let memory = memory(agent.pid());
    let plaintext = count(&memory, SECRET.as_bytes());
    let counted =
        |key: &KeyPair| primes(&key.pkcs8()).map(|form| form.map(|it| count(&memory, &it)));
    let [written, held] = counted(&cluster.device.key);
    let pem = cluster.device.key.pem();
    let lines = pem.lines().filter(|line| !line.starts_with('-'));
    let pem = lines.map(|line| count(&memory, line.as_bytes())).max();
    println!("plaintext {plaintext}, PEM {pem:?}, primes written {written:?}, held {held:?}");
    assert_eq!((plaintext, pem, written), (0, Some(0), [0, 0]));
    // One for decryption, one for handshakes: they are what the key is there for.
    assert!(held.iter().all(|copies| (1..=2).contains(copies)), "{held:?}");
    for lsc in &lscs {
        let [written, held] = counted(&lsc.key);
        println!("LSC: primes written {written:?}, held {held:?}");
        assert_eq!(written, [0, 0]);
        assert!(held.iter().all(|copies| (1..=2).contains(copies)), "{held:?}");
    }
}
