//! Random bytes, which the caller supplies.

use alloc::boxed::Box;

use rsa::rand_core::CryptoRngCore;

/// Where random bytes come from; it must be fit for keys.
pub type OldTlsRandom = Box<dyn CryptoRngCore + Send>;
