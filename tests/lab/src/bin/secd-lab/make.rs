//! `make`: one set of files.

use std::io;
use std::path::Path;

use secd_lab::cluster::{Cluster, Files, Security, Setup, Signer};
use secd_lab::digest::Digest;
use secd_lab::encrypt::Cipher;
use secd_lab::release::Release;

use crate::folder;

/// Writes CTL, ITL, configurations (plain, signed, encrypted) and the keys that go with them.
pub(crate) fn make(directory: &Path, payload: Option<usize>, release: Release) -> io::Result<()> {
    let mut cluster = Cluster::new(Setup { tokens: 2, ..Setup::like(release) });
    cluster.update_ctl(&Signer::Token(0), Security::Mixed);
    let name = format!("{}.cnf.xml", cluster.setup.device);
    let config = cluster.config().xml();
    let mut files = cluster.files();
    let encrypted = format!("{name}.enc.sgn");
    let bytes = cluster.encrypted(&encrypted, config.as_bytes(), Cipher::Aes128);
    files.insert(encrypted, bytes);
    if let Some(bytes) = payload {
        insert_payloads(&mut cluster, &mut files, bytes);
    }
    folder::update(directory, &Files::new(), &files)?;
    folder::write_identities(directory, &cluster)?;
    for (name, bytes) in &files {
        println!("wrote {name}: {} bytes", bytes.len());
    }
    println!("wrote device.key, device.der, callmanager.der");
    Ok(())
}

/// Signed files that differ in the digest only.
fn insert_payloads(cluster: &mut Cluster, files: &mut Files, bytes: usize) {
    let payload: Vec<u8> = b"<line>1001</line>\n".iter().copied().cycle().take(bytes).collect();
    for (digest, name) in
        [(Digest::Sha1, "payload-sha1.xml.sgn"), (Digest::Sha512, "payload-sha512.xml.sgn")]
    {
        cluster.setup.digest = digest;
        files.insert(name.to_owned(), cluster.signed(name, &payload));
    }
}
