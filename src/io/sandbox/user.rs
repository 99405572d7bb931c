//! Another user than root, and no capabilities.

use std::io;

use nix::unistd::{Gid, Uid, setgroups, setresgid, setresuid};
use rustix::thread::{
    CapabilitySet, CapabilitySets, capability_is_in_bounding_set, clear_ambient_capability_set,
    remove_capability_from_bounding_set, set_capabilities,
};

/// The user that the agent becomes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NewUser {
    /// The number that the kernel knows it by.
    pub uid: u32,
    /// The numbers of its groups, the primary one first.
    pub groups: Vec<u32>,
}

/// Becomes that user, in its groups alone, for good.
///
/// # Errors
/// The system's reason, as for who is not root; a user without a group has none to be in.
pub(super) fn become_other(user: &NewUser) -> io::Result<()> {
    let groups: Vec<Gid> = user.groups.iter().copied().map(Gid::from_raw).collect();
    let [primary, others @ ..] = &groups[..] else { return Err(io::ErrorKind::NotFound.into()) };
    // While it is still root: the bounding set, which no later layer can make smaller.
    empty_bounding_set();
    setgroups(others)?;
    setresgid(*primary, *primary, *primary)?;
    let uid = Uid::from_raw(user.uid);
    Ok(setresuid(uid, uid, uid)?)
}

/// Empties every set of capabilities that the process may empty.
///
/// # Errors
/// The system's reason.
pub(super) fn drop_capabilities() -> io::Result<()> {
    empty_bounding_set();
    // Kernels before 4.3 have no such set.
    let _none = clear_ambient_capability_set();
    let none = CapabilitySet::empty();
    Ok(set_capabilities(
        None,
        CapabilitySets { effective: none, permitted: none, inheritable: none },
    )?)
}

/// What is left of it cannot be had without another program, which `no_new_privs` rules out.
fn empty_bounding_set() {
    for bit in 0..u64::BITS {
        let capability = CapabilitySet::from_bits_retain(1 << bit);
        if capability_is_in_bounding_set(capability) == Ok(true) {
            let _kept = remove_capability_from_bounding_set(capability);
        }
    }
}
