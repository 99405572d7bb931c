//! The files that a cluster's TFTP server offers a phone.

use rsa::RsaPublicKey;

use super::{Cluster, Files};
use crate::encrypt::{self, Cipher};
use crate::sign;

impl Cluster {
    /// Everything the serving node's TFTP server has for the phone, as of now.
    ///
    /// Lists (the CTL only if the CTL client has run), the configuration with and without
    /// signature, the default configuration, and a ring list.
    pub fn files(&self) -> Files {
        let device = &self.setup.device;
        let config = self.config().xml();
        let itl = self.itl();
        let mut files = Files::from([
            (format!("ITL{device}.tlv"), itl.clone()),
            ("ITLFile.tlv".to_owned(), itl),
        ]);
        if let Some(ctl) = &self.ctl {
            files.insert(format!("CTL{device}.tlv"), ctl.clone());
            files.insert("CTLFile.tlv".to_owned(), ctl.clone());
        }
        let default = ("XMLDefault.cnf.xml".to_owned(), self.config().default_xml());
        for (name, config) in [(format!("{device}.cnf.xml"), config), default] {
            self.insert_signed(&mut files, &name, config.as_bytes());
            files.insert(name, config.into_bytes());
        }
        self.insert_signed(&mut files, "Ringlist.xml", RING_LIST.as_bytes());
        files
    }

    /// What the serving node has for HTTPS: the configuration without a signature, also under the
    /// signed name.
    ///
    /// # Source
    /// HTTP facts B1: the server rewrites the name.
    pub fn https_files(&self) -> Files {
        let (name, xml) = (format!("{}.cnf.xml", self.setup.device), self.config().xml());
        let signed = (format!("{name}.sgn"), xml.clone().into_bytes());
        Files::from([signed, (name, xml.into_bytes())])
    }

    /// [`Cluster::files`] with the encrypted configuration, and the signed one announcing it.
    pub fn encrypted_files(&self, cipher: Cipher) -> Files {
        let mut files = self.files();
        let config = self.config();
        let name = format!("{}.cnf.xml", self.setup.device);
        let announcement = config.announcement(&self.device.certificate);
        self.insert_signed(&mut files, &name, announcement.as_bytes());
        files.remove(&name);
        let name = format!("{name}.enc.sgn");
        let bytes = self.encrypted(&name, config.xml().as_bytes(), cipher);
        files.insert(name, bytes);
        files
    }

    /// A file signed by the serving node's CallManager; `name` is the requested one, with `.sgn`.
    pub fn signed(&self, name: &str, payload: &[u8]) -> Vec<u8> {
        sign::signed(self.style(), &self.nodes[self.server].callmanager, name, payload)
    }

    /// A file encrypted for the phone; `name` is the requested one, with `.enc.sgn`.
    pub fn encrypted(&self, name: &str, payload: &[u8], cipher: Cipher) -> Vec<u8> {
        let device = self.device.key.rsa().expect("keys are wrapped with RSA").to_public_key();
        self.encrypted_for(&device, name, payload, cipher)
    }

    /// A file encrypted for the owner of another key.
    pub fn encrypted_for(
        &self,
        device: &RsaPublicKey,
        name: &str,
        payload: &[u8],
        cipher: Cipher,
    ) -> Vec<u8> {
        let signer = &self.nodes[self.server].callmanager;
        encrypt::encrypted(self.style(), signer, device, cipher, (name, payload))
    }

    /// [`Cluster::files`], remembered for [`Cluster::restore`].
    pub fn publish(&mut self) -> Files {
        let files = self.files();
        self.published.push(files.clone());
        files
    }

    /// The files published before the last ones, as a restored backup would serve them.
    ///
    /// `None` if there are none older. Keys are not restored.
    pub fn restore(&mut self) -> Option<Files> {
        if self.published.len() < 2 {
            return None;
        }
        self.published.pop();
        self.published.last().cloned()
    }

    fn insert_signed(&self, files: &mut Files, name: &str, payload: &[u8]) {
        let name = format!("{name}.sgn");
        let bytes = self.signed(&name, payload);
        files.insert(name, bytes);
    }
}

const RING_LIST: &str = "<CiscoIPPhoneRingList>\n\
    <Ring><DisplayName>Chirp</DisplayName><FileName>chirp.raw</FileName></Ring>\n\
    </CiscoIPPhoneRingList>\n";
