//! What the kernel holds the agent to, one thing after the other.

use core::fmt;

/// One thing that the kernel holds the agent to.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Layer {
    /// Core dumps, and the size and number of what the process may have (setrlimit(2)).
    Limits,
    /// A user other than root.
    User,
    /// Root's rights, one by one: none of them (capabilities(7)).
    Capabilities,
    /// Memory that no other process reads and no core dump has (`PR_SET_DUMPABLE`).
    Memory,
    /// No more rights by any program (`PR_SET_NO_NEW_PRIVS`).
    Privileges,
    /// Files outside its own folders (landlock(7)).
    Files,
    /// System calls that it never makes (seccomp(2)).
    Calls,
}

impl Layer {
    /// All of them, in the order in which they are applied.
    pub const ALL: [Self; 7] = [
        Self::Limits,
        Self::User,
        Self::Capabilities,
        Self::Memory,
        Self::Privileges,
        Self::Files,
        Self::Calls,
    ];

    /// Its name in status and log.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Limits => "limits",
            Self::User => "user",
            Self::Capabilities => "capabilities",
            Self::Memory => "dumpable",
            Self::Privileges => "no_new_privs",
            Self::Files => "landlock",
            Self::Calls => "seccomp",
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
