//! The boot pass, written once: CTL, then ITL, then the configuration, and the files after it.
//!
//! A sequence over a [`World`]: it asks the world for what it needs of the network, the store and
//! the phone's own key, and reports what happens as an [`Event`]. The agent's world is the
//! real one; the doctor's commits to copies; a test's is a script. Nothing here waits, fails or
//! logs by itself, so all of them go through the very same steps.

pub mod configuration;
mod configured;
pub mod event;
pub mod file;
mod list;
mod pass;
mod report;
mod seen;
mod world;

pub use configured::{Configured, UNREADABLE};
pub use event::Event;
pub use file::{NotTaken, Obtained, Order};
pub use list::Listed;
pub use pass::{Outcome, pass, pass_into};
pub use report::{Alarm, ListStep, Stage, StatusMessage};
pub use seen::{Form, Seen, Signed};
pub use world::{
    CertificateTrouble, Change, Committed, Fetched, LastConfiguration, LogServerChange,
    NotCommitted, NotFetched, PassSettings, Sort, Trouble, Wanted, World,
};
