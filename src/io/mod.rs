//! Contact with the world: sockets, files, the clock and the console.

pub mod capf;
pub mod clock;
pub mod console;
pub mod descriptors;
pub mod files;
pub mod http;
pub mod identity;
pub mod ipc;
pub mod meant;
pub mod places;
pub mod process;
pub mod proxy;
pub mod ram;
mod reason;
mod refusal;
pub mod resolve;
pub mod service_manager;
pub mod settings;
pub mod source;
pub mod store;
pub mod supplicant;
pub mod syslog;
pub mod tcp;
pub mod tftp;
pub mod tls;
pub mod tvs;
pub mod users;
