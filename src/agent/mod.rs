//! The real world: the owners of what changes, the boot pass among them, and the service for the
//! phone's other processes.
//!
//! Everything runs on one thread. Each owner keeps its state in cells of its own, which are
//! borrowed between two awaits and never across one; no owner reaches into another's.
//!
//! | owner         | what it owns                                                 |
//! | ------------- | ------------------------------------------------------------ |
//! | `installed`   | the lists in force, the last configuration, the store below  |
//! | `files`       | transfers, and the result of the last request to each server |
//! | `own`         | the phone's certificates: the LSC from the store, the MIC    |
//! | `tvs`         | questions on their way, earlier answers, its members         |
//! | `connections` | connections for other processes, and how many there may be   |
//! | `legacy`      | how many connections were made in old TLS                    |
//! | `screen`      | status messages and the last alarm                           |
//! | `passes`      | boot passes: requested, under way, over                      |
//! | `news`        | what happens, for those who watch                            |
//! | `enrolments`  | what is known of CAPF, and the enrolment under way           |
//! | `manager`     | what the service manager was notified of                     |

mod capacity;
mod capf;
mod confined;
mod connections;
mod contacts;
mod daemon;
mod doctor;
mod ends;
mod enrolments;
mod files;
mod forward;
mod identity;
mod in_force;
mod inquiry;
mod installed;
mod legacy;
mod manager;
mod members;
mod narrate;
mod news;
mod owners;
mod passes;
mod peers;
mod probe;
mod screen;
mod service;
mod start;
mod tvs;
mod web;
mod world;

pub use capf::{NotEnrolled, SessionEffect};
pub use confined::NotConfined;
pub use connections::{NotOpened, Opened, Target};
pub use doctor::{Busy, PATIENCE, Report};
pub use inquiry::{Inquiry, NotTrustedFile};
pub use installed::{ErasedBy, NotErased};
pub use owners::Agent;
pub use probe::{NotProbed, ProbeRequest, probe, run_once};
pub use service::Service;
pub use start::{NotStarted, run};
