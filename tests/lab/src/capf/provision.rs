//! The configurations of phones that enrol, as the call manager has them at each moment.

use std::sync::{Arc, Mutex};

use super::device::{Device, Profile};
use super::{Shared, held, proof};
use crate::cluster::{Cluster, Files};
use crate::config::{Config, Enrolment, Member};
use crate::encrypt::Cipher;
use crate::tftp::FurtherFiles;

/// Makes the configurations of the devices that a CAPF server knows, at each request.
#[derive(Debug)]
pub struct Provisioning {
    cluster: Cluster,
    server: Member,
    shared: Arc<Mutex<Shared>>,
}

impl Provisioning {
    pub(super) fn new(cluster: &Cluster, server: Member, shared: &Arc<Mutex<Shared>>) -> Self {
        Self { cluster: cluster.clone(), server, shared: Arc::clone(shared) }
    }

    /// These files without those that are made at each request.
    pub fn without_configurations(&self, mut files: Files) -> Files {
        files.retain(|name, _| config_of(name).is_none_or(|(device, _)| !self.knows(device)));
        files
    }

    /// The full configuration of a device that is known, without its envelope.
    pub fn payload(&self, device: &str) -> Option<Vec<u8>> {
        let device = held(&self.shared).devices.get(device).cloned()?;
        Some(self.config(&device).xml().into_bytes())
    }

    /// The files that the device has now.
    pub fn of(&self, device: &str) -> Files {
        let ends = ["cnf.xml", "cnf.xml.enc.sgn", "cnf.xml.sgn"];
        let names = ends.map(|end| format!("{device}.{end}"));
        let made = |name: String| self.file(&name).map(|bytes| (name, bytes.to_vec()));
        names.into_iter().filter_map(made).collect()
    }

    fn knows(&self, device: &str) -> bool {
        held(&self.shared).devices.contains_key(device)
    }

    fn config(&self, device: &Device) -> Config {
        let enrolment = Enrolment {
            mode: device.mode(),
            servers: vec![self.server.clone()],
            cert_hash: device.cert_hash(),
            encrypted: device.profile == Profile::Encrypted,
        };
        Config { enrolment, ..self.cluster.config() }
    }
}

impl FurtherFiles for Provisioning {
    fn file(&self, name: &str) -> Option<Arc<[u8]>> {
        let (device, form) = config_of(name)?;
        let (device, recipient) = {
            let mut shared = held(&self.shared);
            let device = shared.devices.get_mut(device)?;
            let recipient = match form {
                Form::Encrypted => device.next_recipient(),
                Form::Plain | Form::Signed => None,
            };
            (device.clone(), recipient)
        };
        let config = self.config(&device);
        let bytes = match (form, device.profile) {
            (Form::Plain, Profile::Signed) => config.xml().into_bytes(),
            (Form::Signed, Profile::Signed) => self.cluster.signed(name, config.xml().as_bytes()),
            (Form::Signed, Profile::Encrypted) => {
                self.cluster.signed(name, config.short().as_bytes())
            }
            (Form::Encrypted, Profile::Encrypted) => {
                let key = proof::key_of(&recipient?)?;
                let (payload, key) = (config.xml(), key.rsa()?);
                self.cluster.encrypted_for(key, name, payload.as_bytes(), Cipher::Aes128)
            }
            (Form::Plain, Profile::Encrypted) | (Form::Encrypted, Profile::Signed) => return None,
        };
        Some(bytes.into())
    }
}

#[derive(Clone, Copy)]
enum Form {
    Encrypted,
    Plain,
    Signed,
}

/// The device whose configuration has this name.
fn config_of(name: &str) -> Option<(&str, Form)> {
    let (device, end) = name.split_once('.')?;
    let form = match end {
        "cnf.xml" => Form::Plain,
        "cnf.xml.enc.sgn" => Form::Encrypted,
        "cnf.xml.sgn" => Form::Signed,
        _ => return None,
    };
    Some((device, form))
}
