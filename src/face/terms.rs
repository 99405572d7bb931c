//! The closed sets of words in parameters and replies.

use crate::face::words::words;

words! {
    /// Who vouched for a list's signer.
    Acceptance {
        /// A signer that the CTL lists.
        Ctl = "ctl",
        /// Nobody: it was the first list.
        FirstUse = "first-use",
        /// A signer that the ITL lists.
        Itl = "itl",
        /// A signer that TVS knows.
        Tvs = "tvs",
    }
}

words! {
    /// By what a server's certificate is trusted.
    By {
        /// An earlier answer of TVS.
        Cache = "cache",
        /// The CTL lists it.
        Ctl = "ctl",
        /// The CTL lists an authority above it.
        CtlCa = "ctl-ca",
        /// The ITL lists it.
        Itl = "itl",
        /// The ITL lists an authority above it.
        ItlCa = "itl-ca",
        /// TVS.
        Tvs = "tvs",
    }
}

words! {
    /// How grave a line of the console log is, from the gravest.
    Level {
        /// Something failed.
        Error = "error",
        /// Something is odd.
        Warning = "warning",
        /// What a person wants to see.
        Notice = "notice",
        /// What an administrator wants to see.
        Info = "info",
        /// Everything.
        Debug = "debug",
    }
}

words! {
    /// The two kinds of trust list.
    ListKind {
        /// Certificate trust list.
        Ctl = "CTL",
        /// Identity trust list.
        Itl = "ITL",
    }
}

words! {
    /// What came of a check.
    Mark {
        /// Not as it should be.
        NotOk = "not-ok",
        /// As it should be.
        Ok = "ok",
        /// It cannot be known.
        Unknown = "unknown",
    }
}

words! {
    /// What a server is to the phone.
    Purpose {
        /// Certificate Authority Proxy Function.
        Capf = "capf",
        /// Directories, services and the other URLs of the configuration.
        Https = "https",
        /// The file server, by HTTPS.
        Provisioning = "provisioning",
        /// SIP or SCCP over TLS.
        Signalling = "signalling",
    }
}

words! {
    /// The stages of a boot pass.
    StageName {
        /// The CTL.
        Ctl = "ctl",
        /// The ITL.
        Itl = "itl",
        /// The configuration.
        Configuration = "configuration",
        /// The pass ended here: nobody can be reached.
        Network = "network",
        /// The pass ended here: the store is locked.
        Store = "store",
    }
}

words! {
    /// What is to be erased.
    What {
        /// Both lists.
        All = "all",
        /// The CTL.
        Ctl = "ctl",
        /// The ITL.
        Itl = "itl",
    }
}
