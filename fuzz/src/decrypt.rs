//! Encrypted files that a trusted signer signed, with a field of the input's choice changed: what
//! comes out is what went in or nothing, and every failure looks the same. Without a signature that
//! holds, nothing is decrypted.

use std::sync::LazyLock;

use arbitrary::{Result, Unstructured};
use secd::trust::decrypt::{DeviceKey, decrypt};
use secd::trust::update::{self, Content, Offer};
use secd::trust::{
    Acceptance, Accepted, Anchors, Decision, ListKind, Policy, Reason, Verified, stored,
};
use secd::wire::{Envelope, FileKind};
use secd_lab::certificate::{Identity, Profile};
use secd_lab::digest::Digest;
use secd_lab::encrypt::{Cipher, encrypted};
use secd_lab::keys::{KeyPair, Kind, Pool};
use secd_lab::list::{self, List, Record, Role};
use secd_lab::names::{Layout, Name};
use secd_lab::parts::Parts;
use secd_lab::sign::Style;

pub(crate) fn one(input: &[u8]) {
    let _end_of_input = judged(Unstructured::new(input));
}

fn judged(mut input: Unstructured<'_>) -> Result<()> {
    let digest = *input.choose(&[Digest::Sha1, Digest::Sha512])?;
    let cipher = *input.choose(&[Cipher::Aes128, Cipher::Aes192, Cipher::Aes256])?;
    let style = Style { layout: Layout::CallManager, digest, timestamp: 2 };
    let change = Change::from_input(&mut input)?;
    let payload = input.take_rest();
    let device = LAB.device.rsa().expect("an RSA key").to_public_key();
    let genuine = encrypted(style, &LAB.signer, &device, cipher, (FILE, payload));
    let file = change.made(&genuine, digest);
    let Some(verified) = verified(&file) else {
        // Signed again, only a header that cannot be read any more is refused here.
        let is_read = Envelope::parse(&file, FileKind::Encrypted).is_ok();
        assert!(!is_read || change.signed == Signed::Before, "{change:?}");
        return Ok(());
    };
    assert!(change.signed == Signed::Anew || file == genuine, "a change without a signature");
    match decrypt(&verified, &LAB.key) {
        Ok(plain) => assert_eq!(plain.as_slice(), payload),
        Err(reason) => {
            assert_eq!(reason, Reason::DecryptFailed);
            assert!(file != genuine, "a file that nobody has changed");
        }
    }
    assert_eq!(decrypt(&verified, &LAB.other), Err(Reason::DecryptFailed), "another phone");
    Ok(())
}

fn verified(file: &[u8]) -> Option<Verified<Envelope<'_>>> {
    let offer = Offer { name: FILE, bytes: file };
    match update::file(&LAB.anchors, FileKind::Encrypted, offer, &Policy::default()) {
        Decision::Trust(Accepted { value: Content::Verified(signed), .. }) => Some(signed.file),
        Decision::Trust(_) => panic!("a state that demands signed files"),
        Decision::Refuse(_) | Decision::Ask(_) => None,
    }
}

/// One byte that is another: where, and which bits.
#[derive(Debug)]
struct Change {
    tag: Option<u8>,
    at: u16,
    bits: u8,
    signed: Signed,
}

/// When the signature was made.
#[derive(Debug, Eq, PartialEq)]
enum Signed {
    Anew,
    Before,
}

impl Change {
    fn from_input(input: &mut Unstructured<'_>) -> Result<Self> {
        Ok(Self {
            // Of the header, what describes the encryption; nothing for the content.
            tag: *input.choose(&[None, Some(16), Some(26), Some(27)])?,
            at: input.arbitrary()?,
            bits: input.arbitrary()?,
            signed: if input.ratio(1, 8)? { Signed::Before } else { Signed::Anew },
        })
    }

    fn made(&self, genuine: &[u8], digest: Digest) -> Vec<u8> {
        let mut file = genuine.to_vec();
        let mut parts = Parts::of_file(genuine);
        let place = match self.tag {
            None => Some(&mut parts.payload),
            Some(tag) => parts.header.iter_mut().find(|(it, _)| *it == tag).map(|(_, it)| it),
        };
        let place = place.expect("the fields of an encrypted file");
        let at = usize::from(self.at) % place.len();
        place[at] ^= self.bits;
        match self.signed {
            Signed::Anew => parts.sign(&LAB.signer.key, digest),
            Signed::Before => {
                let at = usize::from(self.at) % file.len();
                file[at] ^= self.bits;
                file
            }
        }
    }
}

struct Lab {
    signer: Identity,
    anchors: Anchors,
    device: KeyPair,
    key: DeviceKey,
    other: DeviceKey,
}

static LAB: LazyLock<Lab> = LazyLock::new(|| {
    let pool = Pool::new();
    let profile = Profile::new(Name::common("cm1"), pool.serial());
    let signer = profile.self_signed(pool.take(Kind::Rsa1024));
    let mut list = List::new(list::Kind::Itl, Layout::CallManager, 1);
    for role in [Role::SAST, Role::CCM_TFTP] {
        list.records.push(Record::new(role, &signer.certificate));
    }
    let list = stored::list(ListKind::Itl, &list.sign(&signer), Acceptance::FirstUse);
    let mut anchors = Anchors::default();
    anchors.install(list.expect("a list of the lab"));
    let [device, other] = [Kind::Rsa1024; 2].map(|kind| pool.take(kind));
    let key = |pair: &KeyPair| DeviceKey::of_der(&pair.pkcs8()).expect("an RSA key");
    Lab { signer, anchors, key: key(&device), other: key(&other), device }
});

const FILE: &str = "SEP001122334455.cnf.xml.enc.sgn";
