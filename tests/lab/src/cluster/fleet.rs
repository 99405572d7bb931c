//! Many phones of one cluster: what is signed for each is signed when it is first asked for.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Cluster, Files};
use crate::tftp::FurtherFiles;

/// The files of phones that differ from the cluster's own phone in the name alone.
///
/// A cluster with thousands of phones would take seconds to sign a configuration for each of them;
/// call managers make these files when they are asked, too.
#[derive(Debug)]
pub struct Fleet {
    cluster: Cluster,
    files: Files,
    phones: Phones,
    signed: Mutex<BTreeMap<String, Arc<[u8]>>>,
}

/// Phones whose MAC addresses count up from the first one's.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Phones {
    first: u64,
    count: u64,
}

impl Phones {
    /// So many phones, from the one of this name on; `None` if it is not `SEP` and 12 hexadecimal
    /// digits in upper case, or if the addresses run out.
    pub fn from(first: &str, count: u64) -> Option<Self> {
        let first = mac(first)?;
        let end = first.checked_add(count)?;
        (end <= 1 << 48).then_some(Self { first, count })
    }

    fn has(self, device: &str) -> bool {
        mac(device).is_some_and(|mac| (self.first..self.first + self.count).contains(&mac))
    }
}

/// The address in a phone's name.
fn mac(device: &str) -> Option<u64> {
    let digits = device.strip_prefix("SEP").filter(|digits| digits.len() == 12)?;
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'A'..=b'F');
    digits.bytes().all(is_digit).then(|| u64::from_str_radix(digits, 16).ok())?
}

impl Fleet {
    /// The phones of a cluster as it is now; `files` are those of its own phone.
    pub fn new(cluster: &Cluster, files: Files, phones: Phones) -> Self {
        Self { cluster: cluster.clone(), files, phones, signed: Mutex::default() }
    }

    fn sign(&self, name: &str, payload: &[u8]) -> Arc<[u8]> {
        let signed = || self.signed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bytes) = signed().get(name) {
            return Arc::clone(bytes);
        }
        // Signed without the lock, so that phones do not wait for each other.
        let bytes: Arc<[u8]> = self.cluster.signed(name, payload).into();
        signed().insert(name.to_owned(), Arc::clone(&bytes));
        bytes
    }
}

impl FurtherFiles for Fleet {
    fn file(&self, name: &str) -> Option<Arc<[u8]>> {
        let at = name.find("SEP")?;
        let device = name.get(at..at + 15).filter(|device| self.phones.has(device))?;
        let alike = name.replace(device, &self.cluster.setup.device);
        let file = self.files.get(&alike)?;
        match alike.strip_suffix(".sgn") {
            Some(plain) => Some(self.sign(name, self.files.get(plain)?)),
            None => Some(file.as_slice().into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Cluster, Fleet, FurtherFiles, Phones};
    use crate::cluster::Setup;

    #[test]
    fn phones_of_the_range_have_files_of_their_own() {
        let mut cluster = Cluster::new(Setup::default());
        let files = cluster.publish();
        let phones = Phones::from("SEP0011223344FE", 3).expect("a range");
        let fleet = Fleet::new(&cluster, files.clone(), phones);
        let name = "SEP001122334500.cnf.xml.sgn";
        let signed = fleet.file(name).expect("a file of the last phone");
        assert_eq!(*signed, *cluster.signed(name, &files["SEP001122334455.cnf.xml"]));
        assert_eq!(fleet.file(name), Some(signed));
        assert_eq!(*fleet.file("ITLSEP0011223344FE.tlv").expect("a list"), *files["ITLFile.tlv"]);
        assert_eq!(fleet.file("CTLSEP0011223344FE.tlv"), None);
        for other in ["SEP001122334501.cnf.xml.sgn", "SEP0011223344FD.cnf.xml", "SEPX.cnf.xml"] {
            assert_eq!(fleet.file(other), None, "{other}");
        }
    }

    #[test]
    fn a_range_begins_at_a_phone_and_ends_with_the_addresses() {
        assert_eq!(Phones::from("SEP0011223344fe", 1), None);
        assert_eq!(Phones::from("ATA001122334455", 1), None);
        assert_eq!(Phones::from("SEPFFFFFFFFFFFF", 2), None);
        assert!(Phones::from("SEPFFFFFFFFFFFF", 1).is_some());
    }
}
