//! The socket's interface, once: methods, parameters, replies, errors and rights, as types.
//!
//! The service replies with these types, and the command line calls with them. `secd.varlink` is
//! the same in Varlink's own language; `tests/interface.rs` compares the two, both ways. Nothing
//! here acts: the service that carries the methods out implements [`Carry`].

pub mod base64;
pub mod certificates;
pub mod errors;
pub mod hex;
pub mod method;
pub mod methods;
mod record;
pub mod records;
pub mod rights;
pub mod shape;
pub mod terms;
mod words;

pub use errors::Error;
pub use hex::hex;
pub use method::{Carry, Method, Streams, Upgrades};
pub use methods::{MethodCall, MethodName};
pub use record::ObjectType;
pub use rights::Right;
pub use shape::{Shape, Unfit};
pub use words::Words;
