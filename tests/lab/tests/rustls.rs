//! The keys and certificates, given to rustls as a server would.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use secd_lab::cluster::{Cluster, Setup};
use secd_lab::keys::Kind;

#[test]
fn every_kind_that_ring_knows_serves_tls() {
    for kind in [Kind::Rsa2048, Kind::Rsa4096, Kind::P256, Kind::P384] {
        let cluster = Cluster::new(Setup { tvs_key: Some(kind), ..Setup::default() });
        let tvs = &cluster.nodes[0].tvs;
        let chain = vec![CertificateDer::from(tvs.certificate.der.clone())];
        let key = PrivateKeyDer::try_from(tvs.key.pkcs8()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key);
        assert!(config.is_ok(), "{kind:?}: {config:?}");
    }
}
