//! The agent confines itself: it gives up what it no longer needs, and the kernel holds it to that.
//!
//! Seven layers, in this order: limits, user, capabilities, memory, privileges, files, system calls.
//! What a kernel or a user lacks is left out and reported: [`Sandbox`] is what the kernel says, not
//! what was asked for.

mod calls;
mod filter;
mod folders;
mod layer;
mod limits;
mod state;
mod user;

use std::io;

use nix::sys::prctl;

pub use calls::{CALLS, CallRule, SystemCall};
pub use filter::Listening;
pub use folders::{Folders, LandlockAbi};
pub use layer::Layer;
pub use state::{Grade, LayerState, Sandbox};
pub use user::NewUser;

/// What the agent needs from here on; the rest is given up.
#[derive(Clone, Debug, Default)]
pub struct Needs {
    /// The user to become, if root starts the agent and is to be left behind.
    pub user: Option<NewUser>,
    /// What it reads and writes.
    pub folders: Folders,
    /// Bytes of the largest file that it writes.
    pub largest_file: u64,
    /// Whether it has yet to listen somewhere.
    pub listening: Listening,
}

/// Applies every layer, from the first to the last, to this thread and those that it starts later.
/// What fails is left out; the others are applied all the same.
///
/// Must run before another thread is started: what is applied to one thread does not hold for those
/// that are there already.
pub fn enter(needs: &Needs) -> Sandbox {
    let mut entered = Sandbox::default();
    entered.note(Layer::Limits, limits::apply(needs.largest_file));
    if let Some(user) = &needs.user {
        needs.folders.provide_for(user);
        entered.note(Layer::User, user::become_other(user));
    }
    entered.note(Layer::Capabilities, user::drop_capabilities());
    // Of the user that it is by now.
    entered.note(Layer::Limits, limits::limit_processes());
    // After the change of user, which makes it what the system has as its default (prctl(2)).
    entered.note(Layer::Memory, prctl::set_dumpable(false).map_err(Into::into));
    entered.and(confine_thread(&needs.folders, needs.listening))
}

/// Applies the last three layers, which hold for this thread and those that it starts later, and not
/// for the process.
pub fn confine_thread(folders: &Folders, listening: Listening) -> Sandbox {
    let mut entered = Sandbox::default();
    entered.note(Layer::Privileges, prctl::set_no_new_privs().map_err(Into::into));
    entered.note_files(folders::confine(folders));
    // Last: none of the above would be allowed after it.
    entered.note(Layer::Calls, filter::install(listening));
    entered
}

/// Gives up listening as well, once everything is open.
///
/// # Errors
/// The system's reason, if the filter cannot be made narrower.
pub fn stop_listening() -> io::Result<()> {
    filter::install(Listening::Over)
}
