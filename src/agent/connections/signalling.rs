//! Connections to call managers, which may ask for the phone's certificate.

use std::net::SocketAddr;
use std::sync::Arc;

use super::dial::{self, Begun, refused};
use super::handshake::{FailedHandshake, admitted, judge};
use super::target::{NotOpened, Target};
use crate::agent::narrate::say;
use crate::agent::tvs::{Around, TvsService};
use crate::boot::Event;
use crate::io::tls::{
    self, Acquaintance, HandshakeFailure, OtherCertificate, Pin, Terms, TlsConnection, TlsIdentity,
};
use crate::trust::peer::AuthorityPaths;
use crate::trust::signature::sha256;
use crate::trust::{Grant, GrantedBy};

/// Connects to a call manager, and offers it the phone's certificate if it asks for one.
///
/// The first connection offers none, and is judged. If the server asks for a certificate, a second
/// one to the same address is pinned to the certificate that was judged.
///
/// # Errors
/// [`NotOpened`], of which the log has had its line.
pub(super) async fn open(
    tvs: &TvsService,
    around: Around<'_>,
    target: &Target,
) -> Result<(TlsConnection, GrantedBy), NotOpened> {
    let Begun { stream, address, descriptor, terms } = dial::begin(around, target).await?;
    let failed = |failure| {
        let terms = terms.clone();
        FailedHandshake { failure, address, descriptor, terms, offered: false }
    };
    let acquaintance = match tls::look(stream, terms.clone()).await {
        Ok(acquaintance) => acquaintance,
        Err(failure) => return Err(failed(failure).report(around.settings, target).await),
    };
    let judged =
        judge(tvs, around, target, (acquaintance.chain(), address), AuthorityPaths::Count).await;
    let grant = judged.verdict.map_err(|distrust| {
        refused(address.ip());
        NotOpened::Distrusted(distrust)
    })?;
    if let Acquaintance::Complete(handshaken) = acquaintance {
        return admitted(*handshaken, &grant, address);
    }
    let Some(identity) = around.identity.client() else {
        say(&Event::IdentityMissing { ip: address.ip() });
        refused(address.ip());
        return Err(NotOpened::NoIdentity);
    };
    say(&Event::IdentityOffered { ip: address.ip() });
    let known = Known { address, terms, grant: &grant };
    Ok((known.connect(around, target, identity).await?, grant.by()))
}

/// A call manager that has been judged, and asks for the phone's certificate.
struct Known<'a> {
    address: SocketAddr,
    terms: Terms,
    grant: &'a Grant,
}

impl Known<'_> {
    /// Connects again, to the same address and for exactly this certificate.
    async fn connect(
        self,
        around: Around<'_>,
        target: &Target,
        identity: &TlsIdentity,
    ) -> Result<TlsConnection, NotOpened> {
        let Self { address, terms, grant } = self;
        let settings = around.settings;
        let (stream, descriptor) = match dial::begin_at(settings, target, address).await {
            Ok(begun) => begun,
            Err(failure) => {
                let why = failure.to_string();
                say(&Event::ConnectFailed { ip: address.ip(), why: why.clone() });
                refused(address.ip());
                return Err(NotOpened::Unreachable(why));
            }
        };
        let judged = *grant.certificate();
        let pin: Pin = Arc::new(move |der| sha256(der) == judged);
        let failure = match tls::connect_pinned(stream, terms.clone(), pin, Some(identity)).await {
            Ok(stream) => return Ok(stream),
            Err(failure) => failure,
        };
        let failed = FailedHandshake { failure, address, descriptor, terms, offered: false };
        if failed.failure == HandshakeFailure::Unpinned {
            let changed = NotOpened::OtherCertificate(OtherCertificate);
            failed.say(target, changed.to_string());
            return Err(changed);
        }
        Err(failed.report(settings, target).await)
    }
}
