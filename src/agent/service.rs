//! The agent's service for the phone's other processes: Varlink calls on the local socket.
//!
//! What there is to call is described by [`crate::face`]; here is who may, and what it does.

mod access;
mod admin;
mod apps;
mod calls;
mod confirmations;
mod connect;
mod doctor;
mod errors;
mod introspection;
mod journal;
mod levels;
mod office;
mod screen;
mod shown;
mod tally;
mod turns;

pub use office::Service;
