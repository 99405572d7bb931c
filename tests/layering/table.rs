//! Who may use what: the layer table of the design, as data.

/// One folder of `src`.
pub(super) struct Layer {
    /// Its name.
    pub(super) name: &'static str,
    /// What its files may use.
    pub(super) reach: Reach,
    /// What single files may use beyond that, by their path below the layer.
    pub(super) besides: &'static [(&'static str, &'static [&'static str])],
    /// Whether its files may ask for the time or print.
    pub(super) purity: Purity,
}

/// Paths that a layer may use. An entry stands for itself and everything below it.
pub(super) enum Reach {
    /// Everything but these.
    AllBut(&'static [&'static str]),
    /// These, and nothing else that is not of the layer itself.
    Only(&'static [&'static str]),
}

/// Whether the same input gives the same output.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Purity {
    Effects,
    Pure,
}

/// The layers, from the lowest.
pub(super) const LAYERS: [Layer; 9] = [
    Layer {
        name: "wire",
        reach: Reach::Only(&["alloc", "core", "crate::wire"]),
        besides: &[
            // One parser each: XML from outside is no place to save.
            ("configuration/document.rs", &["quick_xml"]),
            ("http.rs", &["httparse"]),
            ("http/head.rs", &["httparse"]),
            ("http/request.rs", &["httparse"]),
            ("varlink.rs", &["serde", "serde_json"]),
            ("varlink/once.rs", &["serde"]),
        ],
        purity: Purity::Pure,
    },
    Layer {
        name: "trust",
        // Wiping memory is neither cryptography nor an effect that anyone could see.
        reach: Reach::Only(&["alloc", "core", "crate::trust", "crate::wire", "zeroize"]),
        besides: &[
            ("certificate.rs", &["x509_parser"]),
            ("certificate/authority.rs", &["x509_parser"]),
            ("certificate/issue.rs", &["ring", "x509_parser"]),
            // A path to an authority is X.509 too, and its own check: names, dates, constraints.
            ("certificate/kind.rs", &["x509_parser"]),
            ("certificate/path.rs", &["rustls::pki_types", "webpki"]),
            // Only the type of times.
            ("decide/peer.rs", &["rustls::pki_types"]),
            ("decrypt.rs", CRYPTOGRAPHY),
            // Only the types of names and times, which both sides of a handshake speak of.
            ("peer.rs", &["rustls::pki_types"]),
            ("signature.rs", CRYPTOGRAPHY),
        ],
        purity: Purity::Pure,
    },
    Layer {
        name: "face",
        // Without serde: what it derives for these types is several times the code.
        reach: Reach::Only(&["alloc", "core", "crate::face", "crate::wire", "serde_json"]),
        besides: &[("certificates.rs", &["rustls::pki_types"])],
        purity: Purity::Pure,
    },
    Layer {
        name: "proto",
        // `std::{fmt, mem}` and `Duration` are the same as in `core`.
        reach: Reach::Only(&[
            "alloc",
            "core",
            "crate::proto",
            "crate::wire",
            "std::fmt",
            "std::mem",
            "std::time::Duration",
        ]),
        // A machine of TLS is cryptography throughout, and CAPF has keys and proofs; what they have
        // of it is in these files. Random bytes are an argument, of which `rsa` has the type, and
        // `ring` another.
        besides: &[
            ("capf/key.rs", &["ring", "rsa", "zeroize"]),
            ("capf/proof.rs", &["rsa", "sha1", "sha2"]),
            ("old_tls/connection.rs", &["zeroize"]),
            ("old_tls/handshake.rs", &["rsa::rand_core", "subtle"]),
            ("old_tls/link.rs", &["zeroize"]),
            ("old_tls/pad.rs", &["hmac", "subtle"]),
            ("old_tls/prf.rs", &["hmac", "md5", "sha1", "sha2", "zeroize"]),
            ("old_tls/protection.rs", &["aes", "cbc", "rsa::rand_core", "sha1", "sha2", "zeroize"]),
            ("old_tls/random.rs", &["rsa::rand_core"]),
            ("old_tls/secrets.rs", &["rsa", "zeroize"]),
            ("old_tls/transcript.rs", &["md5", "sha1", "sha2"]),
        ],
        purity: Purity::Pure,
    },
    Layer {
        name: "boot",
        // What is decrypted is wiped; the world does the rest.
        reach: Reach::Only(&[
            "alloc",
            "core",
            "crate::boot",
            "crate::trust",
            "crate::wire",
            "zeroize",
        ]),
        besides: &[],
        purity: Purity::Pure,
    },
    Layer {
        name: "diagnose",
        reach: Reach::Only(&["alloc", "core", "crate::diagnose", "crate::trust", "crate::wire"]),
        besides: &[],
        purity: Purity::Pure,
    },
    Layer {
        name: "io",
        reach: Reach::AllBut(&[
            "crate::agent",
            "crate::boot",
            "crate::cli",
            "crate::diagnose",
            // Panics if a folder cannot be closed; `rustix::fs::Dir` does not.
            "std::fs::read_dir",
        ]),
        besides: &[],
        purity: Purity::Effects,
    },
    Layer {
        name: "agent",
        reach: Reach::AllBut(&[
            "crate::cli",
            "std::fs",
            "std::net::TcpListener",
            "std::net::TcpStream",
            "std::net::UdpSocket",
            "std::os::unix::net",
            "tokio::fs",
            "tokio::net",
        ]),
        besides: &[],
        purity: Purity::Effects,
    },
    Layer {
        name: "cli",
        reach: Reach::AllBut(&["crate::proto", "std::fs::read_dir", "tokio::net"]),
        // What people read is made harmless for a terminal in one place.
        besides: &[(
            "print.rs",
            &["io::stderr", "io::stdout", "std::io::stderr", "std::io::stdout"],
        )],
        purity: Purity::Effects,
    },
];

const CRYPTOGRAPHY: &[&str] =
    &["aes", "cbc", "md5", "ring::digest", "rsa", "rustls::pki_types", "sha1", "sha2", "zeroize"];
