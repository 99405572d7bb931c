//! What a peer's certificate is needed for.

use core::fmt;

use crate::wire::Role;

/// What a peer that shows a certificate is to the phone.
///
/// Who may sign files is decided not here but in [`decide`](crate::trust::decide), since it depends
/// on the installed lists.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Purpose {
    /// Certificate Authority Proxy Function.
    Capf,
    /// The file server, by HTTPS.
    HttpsProvisioning,
    /// Directories, services and the other URLs of the configuration.
    HttpsService,
    /// SIP or SCCP over TLS.
    Signalling,
    /// The Trust Verification Service itself.
    Tvs,
}

impl Purpose {
    /// The roles of which the certificate must have one.
    ///
    /// # Source
    /// Reference tools, technote; domain facts 6.3. That the joint role serves files over HTTPS
    /// too is inferred.
    #[must_use]
    pub const fn roles(self) -> &'static [Role] {
        match self {
            Self::Capf => &[Role::Capf],
            Self::HttpsProvisioning => &[Role::Tftp, Role::CcmTftp],
            Self::HttpsService => &[Role::AppServer],
            Self::Signalling => &[Role::Ccm, Role::CcmTftp],
            Self::Tvs => &[Role::Tvs],
        }
    }

    /// The roles of records whose certificate vouches for those that it has issued.
    ///
    /// # Source
    /// A list found in the field carries public authorities as APP-SERVER records; none is known in
    /// another role (domain facts 6.4). That the certificate of a call manager, a file server or
    /// CAPF vouches only for itself is inferred.
    #[must_use]
    pub const fn authority_roles(self) -> &'static [Role] {
        match self {
            Self::HttpsService => &[Role::AppServer],
            Self::Capf | Self::HttpsProvisioning | Self::Signalling | Self::Tvs => &[],
        }
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Capf => "CAPF",
            Self::HttpsProvisioning => "HTTPS provisioning",
            Self::HttpsService => "HTTPS",
            Self::Signalling => "signalling",
            Self::Tvs => "TVS",
        })
    }
}
