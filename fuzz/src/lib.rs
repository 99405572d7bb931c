//! The fuzz targets: what each makes of an input, and what must hold then.
//!
//! A target panics if something does not hold. libFuzzer looks for such inputs (`scripts/fuzz`); the
//! tests run those that it has found interesting, with any compiler.

#![forbid(unsafe_code)]
#![expect(clippy::disallowed_methods, reason = "test equipment: files are for one input")]

mod capf_message;
mod capf_session;
mod certificate;
mod certificate_path;
mod configuration;
mod decrypt;
mod dhcp;
mod diagnose;
mod dns;
mod envelope;
mod http_answer;
mod http_request;
mod list;
mod names;
mod old_tls;
mod old_tls_messages;
mod old_tls_records;
mod pass;
mod peer;
mod pem;
mod reader;
mod repeatable;
mod server_hello;
mod settings;
mod store_entry;
mod tftp_packet;
mod tftp_transfer;
mod tvs_exchange;
mod update;
mod varlink;
mod varlink_parameters;

pub use certificate_path::{AT, Allowance, Drawn, Flaw};

/// A fuzz target.
pub struct Target {
    /// Its name, which is that of its file, its corpus and its dictionary.
    pub name: &'static str,
    /// Runs it on one input.
    ///
    /// # Panics
    /// If something does not hold.
    pub one: fn(&[u8]),
}

impl Target {
    /// The target of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        TARGETS.iter().find(|target| target.name == name)
    }
}

macro_rules! targets {
    ($($name:ident)*) => {
        /// Every target, in the order of their names.
        pub const TARGETS: &[Target] =
            &[$(Target { name: stringify!($name), one: $name::one }),*];
    };
}

targets! {
    capf_message
    capf_session
    certificate
    certificate_path
    configuration
    decrypt
    dhcp
    diagnose
    dns
    envelope
    http_answer
    http_request
    list
    names
    old_tls
    old_tls_messages
    old_tls_records
    pass
    peer
    pem
    reader
    server_hello
    settings
    store_entry
    tftp_packet
    tftp_transfer
    tvs_exchange
    update
    varlink
    varlink_parameters
}
