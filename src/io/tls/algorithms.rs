//! The signatures by which a server may prove that it holds its key.

use rsa::pkcs1::DecodeRsaPublicKey;
use rsa::traits::PublicKeyParts;
use rsa::{Pkcs1v15Sign, Pss, RsaPublicKey};
use rustls::SignatureScheme;
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::{
    AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, alg_id,
};
use sha2::{Digest, Sha256, Sha384, Sha512};
use webpki::ring as large;

/// Whether RSA keys below 2048 bits may prove an identity.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SmallKeys {
    /// From 1024 bits on: call managers of the technote's time have such.
    Accept,
    /// Only from 2048 bits on.
    Refuse,
}

impl SmallKeys {
    /// The fewest bits of an RSA key.
    pub(super) const fn least(self) -> usize {
        match self {
            Self::Accept => 1024,
            Self::Refuse => 2048,
        }
    }

    pub(super) const fn algorithms(self) -> WebPkiSupportedAlgorithms {
        match self {
            Self::Accept => FROM_1024,
            Self::Refuse => FROM_2048,
        }
    }
}

/// What the library has: RSA from 2048 bits on.
const FROM_2048: WebPkiSupportedAlgorithms = WebPkiSupportedAlgorithms {
    all: webpki::ALL_VERIFICATION_ALGS,
    mapping: &[
        (SignatureScheme::ECDSA_NISTP384_SHA384, CURVES_384),
        (SignatureScheme::ECDSA_NISTP256_SHA256, CURVES_256),
        (SignatureScheme::ED25519, &[large::ED25519]),
        (SignatureScheme::RSA_PSS_SHA512, &[large::RSA_PSS_2048_8192_SHA512_LEGACY_KEY]),
        (SignatureScheme::RSA_PSS_SHA384, &[large::RSA_PSS_2048_8192_SHA384_LEGACY_KEY]),
        (SignatureScheme::RSA_PSS_SHA256, &[large::RSA_PSS_2048_8192_SHA256_LEGACY_KEY]),
        (SignatureScheme::RSA_PKCS1_SHA512, &[large::RSA_PKCS1_2048_8192_SHA512]),
        (SignatureScheme::RSA_PKCS1_SHA384, &[large::RSA_PKCS1_2048_8192_SHA384]),
        (SignatureScheme::RSA_PKCS1_SHA256, &[large::RSA_PKCS1_2048_8192_SHA256]),
    ],
};

/// The same with RSA from 1024 bits on.
const FROM_1024: WebPkiSupportedAlgorithms = WebPkiSupportedAlgorithms {
    all: webpki::ALL_VERIFICATION_ALGS,
    mapping: &[
        (SignatureScheme::ECDSA_NISTP384_SHA384, CURVES_384),
        (SignatureScheme::ECDSA_NISTP256_SHA256, CURVES_256),
        (SignatureScheme::ED25519, &[large::ED25519]),
        (SignatureScheme::RSA_PSS_SHA512, &[&PSS_SHA512]),
        (SignatureScheme::RSA_PSS_SHA384, &[&PSS_SHA384]),
        (SignatureScheme::RSA_PSS_SHA256, &[&PSS_SHA256]),
        (SignatureScheme::RSA_PKCS1_SHA512, &[&PKCS1_SHA512]),
        (SignatureScheme::RSA_PKCS1_SHA384, &[&PKCS1_SHA384]),
        (SignatureScheme::RSA_PKCS1_SHA256, &[&PKCS1_SHA256]),
    ],
};

type Algorithms = &'static [&'static dyn SignatureVerificationAlgorithm];

/// TLS 1.2 does not tie the curve to the digest; TLS 1.3 takes the first only.
const CURVES_384: Algorithms = &[large::ECDSA_P384_SHA384, large::ECDSA_P256_SHA384];
const CURVES_256: Algorithms = &[large::ECDSA_P256_SHA256, large::ECDSA_P384_SHA256];

/// RSA with any modulus from 1024 bits on: the library's own verification where it has one.
#[derive(Debug)]
struct AnyRsa {
    large: &'static dyn SignatureVerificationAlgorithm,
    padding: Padding,
    hash: HashAlgorithm,
}

#[derive(Clone, Copy, Debug)]
enum Padding {
    Pkcs1,
    Pss,
}

#[derive(Clone, Copy, Debug)]
enum HashAlgorithm {
    Sha256,
    Sha384,
    Sha512,
}

static PKCS1_SHA256: AnyRsa =
    AnyRsa::new(large::RSA_PKCS1_2048_8192_SHA256, Padding::Pkcs1, HashAlgorithm::Sha256);
static PKCS1_SHA384: AnyRsa =
    AnyRsa::new(large::RSA_PKCS1_2048_8192_SHA384, Padding::Pkcs1, HashAlgorithm::Sha384);
static PKCS1_SHA512: AnyRsa =
    AnyRsa::new(large::RSA_PKCS1_2048_8192_SHA512, Padding::Pkcs1, HashAlgorithm::Sha512);
static PSS_SHA256: AnyRsa =
    AnyRsa::new(large::RSA_PSS_2048_8192_SHA256_LEGACY_KEY, Padding::Pss, HashAlgorithm::Sha256);
static PSS_SHA384: AnyRsa =
    AnyRsa::new(large::RSA_PSS_2048_8192_SHA384_LEGACY_KEY, Padding::Pss, HashAlgorithm::Sha384);
static PSS_SHA512: AnyRsa =
    AnyRsa::new(large::RSA_PSS_2048_8192_SHA512_LEGACY_KEY, Padding::Pss, HashAlgorithm::Sha512);

impl AnyRsa {
    const fn new(
        large: &'static dyn SignatureVerificationAlgorithm,
        padding: Padding,
        hash: HashAlgorithm,
    ) -> Self {
        Self { large, padding, hash }
    }

    fn verify_small(
        &self,
        key: &RsaPublicKey,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        let verified = match (self.padding, self.hash) {
            (Padding::Pkcs1, HashAlgorithm::Sha256) => {
                key.verify(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(message), signature)
            }
            (Padding::Pkcs1, HashAlgorithm::Sha384) => {
                key.verify(Pkcs1v15Sign::new::<Sha384>(), &Sha384::digest(message), signature)
            }
            (Padding::Pkcs1, HashAlgorithm::Sha512) => {
                key.verify(Pkcs1v15Sign::new::<Sha512>(), &Sha512::digest(message), signature)
            }
            (Padding::Pss, HashAlgorithm::Sha256) => {
                key.verify(Pss::new::<Sha256>(), &Sha256::digest(message), signature)
            }
            (Padding::Pss, HashAlgorithm::Sha384) => {
                key.verify(Pss::new::<Sha384>(), &Sha384::digest(message), signature)
            }
            // A modulus of 1024 bits has no room for this one (RFC 8017 §9.1.1).
            (Padding::Pss, HashAlgorithm::Sha512) => return Err(InvalidSignature),
        };
        verified.map_err(|_| InvalidSignature)
    }
}

impl SignatureVerificationAlgorithm for AnyRsa {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        let key = RsaPublicKey::from_pkcs1_der(public_key).map_err(|_| InvalidSignature)?;
        match key.n().bits() {
            // Below 1024 bits a signature proves nothing, whatever the settings accept.
            ..1024 => Err(InvalidSignature),
            // `ring` refuses these sizes.
            1024..2048 => self.verify_small(&key, message, signature),
            _ => self.large.verify_signature(public_key, message, signature),
        }
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::RSA_ENCRYPTION
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.large.signature_alg_id()
    }
}
