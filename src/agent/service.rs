//! The agent's service for the phone's other processes: Varlink calls on the local socket.
//!
//! [`crate::face`] describes what can be called; this module decides who may call it, and carries
//! it out.

mod access;
mod admin;
mod apps;
mod calls;
mod confirmations;
mod connect;
mod doctor;
mod enrolment;
mod errors;
mod identity;
mod introspection;
mod journal;
mod levels;
mod office;
mod screen;
mod shown;
pub(super) mod tally;
mod turns;
mod watch;

pub use office::Service;
