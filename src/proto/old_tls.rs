//! A client of TLS 1.0, 1.1 and 1.2 with RSA key exchange and AES in CBC, without a socket.
//!
//! For clusters 8.0 to 11.5, which speak nothing newer. A handshake is a value of one type after
//! another, so that nothing can happen too early:
//!
//! 1. [`Greeting`]: the offer is on its way. Ends with the server's certificates.
//! 2. [`ToJudge`]: holds the certificates until the caller has judged them. Only
//!    [`ToJudge::accept`], with the key of the first one, goes on.
//! 3. [`Finishing`]: keys are there, and the server still has to prove that it has them too.
//! 4. [`Proven`]: the server holds the key of its certificate. No byte of an application goes in
//!    or out.
//! 5. [`OldConnection`]: data both ways.
//!
//! Bytes of the server are fed in, bytes for it come out; randomness is an argument. A fault comes
//! as [`Ended`], with the alert to send before closing. How long a step may take is the caller's
//! matter.
//!
//! What the caller owes: to try the current stack first, to judge the certificates, to take the key
//! from the first of them, to bound the time, to warn of each connection. `io::tls` has the socket
//! and the key, `agent` the rest, where the settings allow these versions at all.
//!
//! What it does not have: other suites, compression, resumption, renegotiation, a certificate of
//! the client, SSL 3.0.

mod connection;
mod fault;
mod handshake;
mod link;
mod pad;
mod prf;
mod protection;
mod random;
mod secrets;
#[cfg(test)]
mod tests;
mod transcript;

pub use connection::{FromServer, OldConnection, Proven};
pub use fault::{Ended, Found, OldTlsFault};
pub use handshake::{Finishing, FinishingStep, Greeting, GreetingStep, Opening, ToJudge};
pub use link::MAX_IDLE;
pub use random::OldTlsRandom;
pub use secrets::{ServerKey, UnusableKey};
