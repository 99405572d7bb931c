//! What installing and deleting an LSC leaves in force and in the store.

use std::fs;
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use secd_lab::certificate::Identity;
use secd_lab::cluster::{Cluster, Setup};
use secd_lab::keys::Kind;
use tempfile::TempDir;
use zeroize::Zeroizing;

use super::orders::NotInstalled;
use super::{UnwrappedBy, Which};
use crate::agent::Agent;
use crate::boot::StatusMessage;
use crate::io::clock::Timeline;
use crate::io::identity::NoIdentity;
use crate::io::settings::{DeviceSettings, IdentityFiles, Settings};
use crate::io::store::{Slot, Store};
use crate::trust::Expiry;
use crate::wire::name::{DeviceName, Model};

/// A phone with a MIC, and a cluster that issues LSCs.
struct Scene {
    folder: TempDir,
    cluster: Cluster,
    settings: Settings,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let cluster = Cluster::new(Setup::default());
        let path = |name: &str| folder.path().join(name);
        fs::DirBuilder::new().mode(0o700).create(path("state")).unwrap();
        let files = IdentityFiles { certificate: path("mic.der"), key: path("mic.key") };
        put(&files.certificate, &cluster.device.certificate.der);
        put(&files.key, cluster.device.key.pem().as_bytes());
        let name = DeviceName::parse("SEP001122334455").unwrap();
        let (model, identity) = (Model::default(), Some(files));
        let device = DeviceSettings { name, model, address: None, identity };
        let mut settings = Settings::of_device(device);
        settings.paths.state = path("state");
        settings.identity.export = Some(path("eap"));
        Self { folder, cluster, settings }
    }

    fn agent(&self) -> Agent {
        Agent::new(self.settings.clone(), Timeline::start())
    }

    fn lsc(&self, kind: Kind) -> Identity {
        let setup = &self.cluster.setup;
        setup
            .profile("SEP001122334455")
            .issued_by(&self.cluster.nodes[0].capf, setup.pool.take(kind))
    }

    fn exported(&self) -> Vec<u8> {
        fs::read(self.folder.path().join("eap/phone.pem")).unwrap_or_default()
    }

    fn names(&self) -> Vec<String> {
        let state: &Path = &self.settings.paths.state;
        let files = ["lsc", "lsc.previous", "lsc.present"].into_iter();
        files.filter(|name| state.join(name).exists()).map(str::to_owned).collect()
    }
}

fn put(path: &Path, bytes: &[u8]) {
    fs::File::create(path).unwrap().write_all(bytes).unwrap();
}

fn install(agent: &Agent, lsc: &Identity) -> Result<(), NotInstalled> {
    agent.install_lsc(&lsc.certificate.der, &Zeroizing::new(lsc.key.pkcs8()))
}

fn in_use(agent: &Agent) -> (Which, Vec<u8>) {
    let identity = agent.identity();
    let (which, in_use) = identity.in_use().unwrap();
    (which, in_use.certificate().to_vec())
}

fn messages(agent: &Agent) -> Vec<StatusMessage> {
    agent.messages().into_iter().map(|(_, message)| message).collect()
}

#[test]
fn an_installed_lsc_is_in_use_at_once_and_after_a_restart_and_a_deleted_one_is_gone() {
    let scene = Scene::new();
    let agent = scene.agent();
    let mic = scene.cluster.device.certificate.der.clone();
    assert_eq!(in_use(&agent), (Which::Mic, mic.clone()));
    let of_mic = scene.exported();
    let lsc = scene.lsc(Kind::Rsa2048);
    install(&agent, &lsc).unwrap();
    assert_eq!(in_use(&agent), (Which::Lsc, lsc.certificate.der.clone()));
    assert_ne!(scene.exported(), of_mic);
    assert_eq!(messages(&agent), [StatusMessage::LscInstalled]);
    assert_eq!(scene.names(), ["lsc"], "markers do not miss it");
    let pair = agent.own_pair(Which::Lsc).unwrap();
    assert_eq!(pair.key().secret_der(), lsc.key.pkcs8());
    assert!(!format!("{pair:?}").contains("48"), "no byte of a key: {pair:?}");
    drop(agent);

    let agent = scene.agent();
    assert_eq!(in_use(&agent).0, Which::Lsc);
    assert_eq!(agent.own_found()[0].expiry, Expiry::Good);
    assert!(agent.delete_lsc().unwrap());
    assert!(!agent.delete_lsc().unwrap(), "there is none any more");
    assert_eq!(in_use(&agent), (Which::Mic, mic));
    assert_eq!(scene.exported(), of_mic);
    assert_eq!((scene.names().len(), messages(&agent)), (0, vec![StatusMessage::LscNotInstalled]));
}

#[test]
fn an_agent_that_does_not_get_the_store_leaves_the_files_of_the_one_that_has_it() {
    let scene = Scene::new();
    let agent = scene.agent();
    install(&agent, &scene.lsc(Kind::Rsa2048)).unwrap();
    let of_lsc = scene.exported();
    let second = scene.agent();
    assert_eq!(in_use(&second).0, Which::Mic);
    assert_eq!(scene.exported(), of_lsc);
}

#[test]
fn the_pair_before_stays_until_the_new_key_has_unwrapped_a_file() {
    let scene = Scene::new();
    let agent = scene.agent();
    let [first, second] = [Kind::Rsa2048; 2].map(|kind| scene.lsc(kind));
    install(&agent, &first).unwrap();
    install(&agent, &second).unwrap();
    let owns = |lsc: &Identity| {
        let md5 = crate::trust::signature::md5(&lsc.certificate.der);
        agent.identity().owns(&crate::face::hex(&md5))
    };
    assert!(owns(&first) && owns(&second) && owns(&scene.cluster.device));
    for by in [UnwrappedBy::PreviousLsc, UnwrappedBy::Mic] {
        agent.unwrapped(by);
        assert_eq!(scene.names(), ["lsc", "lsc.previous"], "{by:?}");
    }
    agent.unwrapped(UnwrappedBy::Lsc);
    assert_eq!(scene.names(), ["lsc"]);
    assert!(!owns(&first) && owns(&second));
}

#[test]
fn a_key_that_unwraps_nothing_does_not_drive_out_the_one_before_it() {
    let scene = Scene::new();
    let agent = scene.agent();
    let [rsa, curve, other] = [Kind::Rsa2048, Kind::P256, Kind::P384].map(|kind| scene.lsc(kind));
    for lsc in [&rsa, &curve, &other] {
        install(&agent, lsc).unwrap();
    }
    drop(agent);
    let (store, _) = Store::open(&scene.settings.paths.state).unwrap();
    assert!(store.before(Slot::Lsc).unwrap().bytes.starts_with(&rsa.certificate.der));
}

#[test]
fn what_is_no_certificate_with_its_key_changes_nothing() {
    let scene = Scene::new();
    let agent = scene.agent();
    let [lsc, another] = [Kind::Rsa2048, Kind::P256].map(|kind| scene.lsc(kind));
    install(&agent, &lsc).unwrap();
    let key = |identity: &Identity| Zeroizing::new(identity.key.pkcs8());
    let (certificate, key_of_lsc) = (&lsc.certificate.der, key(&lsc));
    let broken = Zeroizing::new(key_of_lsc[..200].to_vec());
    for (certificate, key, why) in [
        (&another.certificate.der[..], &key_of_lsc, NoIdentity::Mismatch),
        (certificate, &key(&another), NoIdentity::Mismatch),
        (certificate, &broken, NoIdentity::NoKey),
        (&certificate[1..], &key_of_lsc, NoIdentity::Certificate),
        (b"", &key_of_lsc, NoIdentity::Certificate),
    ] {
        let refused = agent.install_lsc(certificate, key);
        assert!(matches!(refused, Err(NotInstalled::Unfit(found)) if found == why), "{refused:?}");
        assert_eq!(in_use(&agent), (Which::Lsc, lsc.certificate.der.clone()));
    }
    agent.lsc_failed("the server declined".to_owned());
    assert_eq!(messages(&agent), [StatusMessage::LscInstalled, StatusMessage::LscFailed]);
    assert_eq!(scene.names(), ["lsc"]);
}

#[test]
fn an_lsc_that_cannot_be_stored_is_not_in_force() {
    let scene = Scene::new();
    let agent = scene.agent();
    let state = &scene.settings.paths.state;
    fs::rename(state, scene.folder.path().join("elsewhere")).unwrap();
    fs::create_dir(state).unwrap();
    let refused = install(&agent, &scene.lsc(Kind::Rsa2048));
    assert!(matches!(refused, Err(NotInstalled::Store(_))), "{refused:?}");
    assert_eq!(in_use(&agent).0, Which::Mic);
    assert_eq!(fs::read_dir(state).unwrap().count(), 0);
}
