//! Certificates as `openssl` issues them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use secd_lab::certificate::Certificate;
use secd_lab::names::Name;
use tempfile::TempDir;
use x509_parser::parse_x509_certificate;

use crate::peer;

/// An authority with a folder of its own.
pub(crate) struct Authority {
    folder: TempDir,
    certificate: PathBuf,
}

impl Authority {
    pub(crate) fn new() -> Self {
        Self::saying(AUTHORITY, END)
    }

    /// With these extensions, valid from 2020 to this time.
    pub(crate) fn saying(extensions: &str, ends: &str) -> Self {
        let this = Self::without_certificate("authority");
        this.sign_itself(extensions, ends);
        this
    }

    fn without_certificate(name: &str) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        for (name, text) in [
            ("openssl.cnf", CONFIGURATION),
            ("index.txt", ""),
            ("index.txt.attr", "unique_subject = no\n"),
            ("serial", "1000\n"),
        ] {
            fs::write(folder.path().join(name), text).expect("a fresh file");
        }
        openssl(
            folder.path(),
            &format!(
                "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key \
                 -out ca.csr -subj /CN={name}"
            ),
        );
        let certificate = folder.path().join("ca.pem");
        Self { folder, certificate }
    }

    /// Gives itself a certificate, in place of the one before if there is one.
    pub(crate) fn sign_itself(&self, extensions: &str, ends: &str) {
        let folder = self.folder.path();
        fs::write(folder.join("authority"), extensions).expect("a fresh file");
        openssl(
            folder,
            &format!(
                "ca -selfsign -config openssl.cnf -batch -notext -in ca.csr -out ca.pem \
                 -extfile authority -startdate 20200101000000Z -enddate {ends}"
            ),
        );
    }

    /// An authority of this name below this one, with these extensions.
    pub(crate) fn above(&self, name: &str, extensions: &str, ends: &str) -> Self {
        let below = Self::without_certificate(name);
        let inside = |name: &str| below.folder.path().join(name).display().to_string();
        let (csr, out, file) = (inside("ca.csr"), inside("ca.pem"), inside("authority"));
        fs::write(&file, extensions).expect("a fresh file");
        self.sign(&csr, &out, &file, ends);
        below
    }

    fn sign(&self, csr: &str, out: &str, extensions: &str, ends: &str) {
        openssl(
            self.folder.path(),
            &format!(
                "ca -config openssl.cnf -batch -notext -in {csr} -out {out} \
                 -extfile {extensions} -startdate 20200101000000Z -enddate {ends}"
            ),
        );
    }

    /// Its certificate.
    pub(crate) fn certificate(&self) -> Certificate {
        read(&self.certificate)
    }

    /// Issues a certificate for a server: a folder with `server.pem` and `server.key`.
    pub(crate) fn issue(&self, leaf: &Leaf) -> Issued {
        let issued = Issued { folder: TempDir::new().expect("a temporary folder") };
        let folder = issued.folder();
        openssl(
            folder,
            "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout server.key \
             -out server.csr -subj /CN=server",
        );
        fs::write(folder.join("extensions"), leaf.extensions()).expect("a fresh file");
        let inside = |name: &str| folder.join(name).display().to_string();
        let (csr, extensions, out) =
            (inside("server.csr"), inside("extensions"), inside("server.pem"));
        self.sign(&csr, &out, &extensions, leaf.ends);
        issued
    }
}

/// What a server's certificate says.
#[derive(Clone, Copy)]
pub(crate) struct Leaf {
    /// Subject alternative names.
    pub(crate) names: &'static str,
    /// What its key is for.
    pub(crate) usage: &'static str,
    /// Its last second.
    pub(crate) ends: &'static str,
}

impl Leaf {
    /// For servers, of the host that every machine has.
    pub(crate) const GOOD: Self =
        Self { names: "DNS:localhost,IP:127.0.0.1", usage: "serverAuth", ends: END };

    fn extensions(&self) -> String {
        let Self { names, usage, .. } = self;
        format!("subjectAltName={names}\nextendedKeyUsage={usage}\nbasicConstraints=CA:FALSE\n")
    }
}

/// A certificate and its key.
pub(crate) struct Issued {
    folder: TempDir,
}

impl Issued {
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn certificate(&self) -> Certificate {
        read(&self.folder().join("server.pem"))
    }
}

/// Reads what a list has of a certificate; of the names only that there are some.
pub(crate) fn read(path: &Path) -> Certificate {
    let der = peer::certificate(path);
    let (_, x509) = parse_x509_certificate(&der).expect("a certificate");
    Certificate {
        subject: Name::common("subject"),
        issuer: Name::common("issuer"),
        serial: x509.serial.to_bytes_be(),
        public_key: x509.public_key().subject_public_key.data.to_vec(),
        signature: x509.signature_value.data.to_vec(),
        der: der.clone(),
    }
}

pub(crate) fn openssl(folder: &Path, arguments: &str) {
    let mut command = Command::new("openssl");
    command.args(arguments.split_whitespace()).current_dir(folder);
    let output = command.output().expect("openssl is installed");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "openssl {arguments}: {complaint}");
}

/// What an authority has to say.
pub(crate) const AUTHORITY: &str =
    "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n";

/// The end of what is valid for long.
pub(crate) const END: &str = "20450101000000Z";

const CONFIGURATION: &str = "\
[req]
distinguished_name = names
[names]
[ca]
default_ca = this
[this]
database = index.txt
serial = serial
new_certs_dir = .
certificate = ca.pem
private_key = ca.key
default_md = sha256
policy = any
[any]
commonName = supplied
";
