//! A call-manager cluster in one process, for tests: it never ships in the phone's binary.
//!
//! It writes every file with its own encoder and shares no code with the agent, so that a mistake
//! in the agent's parser cannot cancel itself out.
//!
//! ```
//! use secd_lab::cluster::{Cluster, Service, Setup};
//! use secd_lab::tftp::Server;
//!
//! let mut cluster = Cluster::new(Setup::default());
//! let server = Server::start(cluster.publish());
//! println!("phones ask {}", server.address());
//! cluster.regenerate(0, Service::CallManager);
//! server.serve(cluster.publish());
//! ```
#![expect(clippy::disallowed_methods, reason = "test equipment: it keeps real time and may block")]

pub mod capf;
pub mod certificate;
pub mod cluster;
pub mod config;
pub mod der;
pub mod digest;
pub mod encrypt;
pub mod envelope;
pub mod hostile;
pub mod http;
pub mod https;
pub mod keylog;
pub mod keys;
pub mod list;
mod listener;
pub mod names;
pub mod old_tls;
pub mod parts;
pub mod release;
pub mod sign;
pub mod tftp;
pub mod tls;
pub mod tlv;
pub mod tvs;
