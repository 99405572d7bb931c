//! Files in a folder, each replaced as a whole, so that no reader sees half of one.

use std::fs;
use std::io;
use std::path::Path;

use secd_lab::cluster::{Cluster, Files};

/// Writes one file beside its place and moves it there.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".part");
    let part = path.with_file_name(name);
    fs::write(&part, bytes)?;
    fs::rename(&part, path)
}

/// Makes the folder's copy of the served files equal to `files`; `before` is what it has.
pub(crate) fn update(directory: &Path, before: &Files, files: &Files) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    for (name, bytes) in files {
        replace(&directory.join(name), bytes)?;
    }
    for gone in before.keys().filter(|name| !files.contains_key(*name)) {
        fs::remove_file(directory.join(gone))?;
    }
    Ok(())
}

/// Writes the phone's own key and certificate, and the certificate that signs files.
pub(crate) fn write_identities(directory: &Path, cluster: &Cluster) -> io::Result<()> {
    let signer = &cluster.nodes[cluster.server].callmanager.certificate;
    replace(&directory.join("device.key"), cluster.device.key.pem().as_bytes())?;
    replace(&directory.join("device.der"), &cluster.device.certificate.der)?;
    replace(&directory.join("callmanager.der"), &signer.der)
}
