//! Rights: what the `[access]` section of secd.toml hands out.

use crate::face::words::words;

words! {
    /// What a method needs of its caller.
    Right {
        /// Any of the others.
        Any = "any",
        /// Boot passes, the configuration, the cache, the level of the log.
        Configure = "configure",
        /// Connections to servers.
        Connect = "connect",
        /// Erasing trust lists.
        Erase = "erase",
        /// Files of the phone.
        Fetch = "fetch",
        /// Looking.
        Read = "read",
    }
}
