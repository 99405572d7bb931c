//! What handshakes are made under.

use std::io;
use std::sync::Arc;

use rustls::client::danger::ServerCertVerifier;
use rustls::client::{ResolvesClientCert, Resumption};
use rustls::{ClientConfig, version};

use crate::io::tls::algorithms::SmallKeys;
use crate::io::tls::failure::HandshakeFailure;
#[cfg(feature = "keylog")]
use crate::io::tls::keylog;
use crate::io::tls::verifier::HoldsItsKey;

/// For a server that is judged after the handshake.
pub(super) fn judged(keys: SmallKeys) -> Result<ClientConfig, HandshakeFailure> {
    of(Arc::new(HoldsItsKey::new(keys)), None)
}

/// For a server that this verifier knows, with the phone's certificate for it, if any.
pub(super) fn of(
    verifier: Arc<dyn ServerCertVerifier>,
    resolver: Option<Arc<dyn ResolvesClientCert>>,
) -> Result<ClientConfig, HandshakeFailure> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&version::TLS13, &version::TLS12])
        .map_err(|error| HandshakeFailure::from_io(&io::Error::other(error)))?
        // The verifiers prove possession of the key; whose key it may be is decided by `trust`.
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let mut configuration = match resolver {
        Some(resolver) => builder.with_client_cert_resolver(resolver),
        None => builder.with_no_client_auth(),
    };
    // A resumed session skips the verifier: only who judges the peer afterwards may have one.
    configuration.resumption = Resumption::disabled();
    #[cfg(feature = "keylog")]
    if let Some(secrets) = keylog::opened() {
        configuration.key_log = secrets;
    }
    Ok(configuration)
}
