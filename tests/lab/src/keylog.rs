//! The secrets of the lab's TLS connections, for whoever reads a capture of them.

use std::fmt::Write;
use std::sync::{Mutex, OnceLock, PoisonError};

use rustls::KeyLog;

/// From now on the secrets of all connections in this process are kept.
pub fn keep() {
    KEPT.get_or_init(Mutex::default);
}

/// The secrets so far, in the format of NSS, which Wireshark reads.
pub fn kept() -> String {
    let kept = KEPT.get().map(|kept| kept.lock().unwrap_or_else(PoisonError::into_inner).clone());
    kept.unwrap_or_default()
}

/// Keeps the secrets of one server, if any are kept.
#[derive(Debug)]
pub(crate) struct Keeper;

impl KeyLog for Keeper {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let Some(kept) = KEPT.get() else { return };
        let (random, secret) = (hex(client_random), hex(secret));
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(kept, "{label} {random} {secret}").expect("a text takes text");
    }

    fn will_log(&self, _: &str) -> bool {
        KEPT.get().is_some()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

static KEPT: OnceLock<Mutex<String>> = OnceLock::new();
