//! `make`: one set of files.

use std::io;
use std::path::Path;

use secd_lab::cluster::{Cluster, Files, Security, Setup, Signer};
use secd_lab::encrypt::Cipher;

use crate::folder;

/// Writes CTL, ITL, configurations (plain, signed, encrypted) and the keys that go with them.
pub(crate) fn make(directory: &Path) -> io::Result<()> {
    let mut cluster = Cluster::new(Setup { tokens: 2, ..Setup::default() });
    cluster.update_ctl(&Signer::Token(0), Security::Mixed);
    let name = format!("{}.cnf.xml", cluster.setup.device);
    let config = cluster.config().xml();
    let mut files = cluster.files();
    let encrypted = format!("{name}.enc.sgn");
    let octets = cluster.encrypted(&encrypted, config.as_bytes(), Cipher::Aes128);
    files.insert(encrypted, octets);
    folder::update(directory, &Files::new(), &files)?;
    folder::write_identities(directory, &cluster)?;
    for (name, octets) in &files {
        println!("wrote {name}: {} octets", octets.len());
    }
    println!("wrote device.key, device.der, callmanager.der");
    Ok(())
}
