//! Contact with the world: sockets, files, the clock and the console.

pub mod clock;
pub mod config;
pub mod console;
pub mod files;
pub mod store;
pub mod tftp;
