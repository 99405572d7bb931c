//! Rights, which the `[access]` section of secd.toml grants.

use crate::face::words::words;

words! {
    /// The right that a method requires of its caller.
    Right {
        /// Whoever has any of the other rights has this one.
        Any = "any",
        /// Boot passes, the configuration, the cache, the level of the log.
        Configure = "configure",
        /// Connections to servers, and the judgement of certificates.
        Connect = "connect",
        /// What the phone's Settings menu changes: erasing trust lists, deleting the LSC, enrolling.
        Erase = "erase",
        /// Files of the phone.
        Fetch = "fetch",
        /// What only shows: status, trust, cache, log and diagnosis.
        Read = "read",
    }
}
