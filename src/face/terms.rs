//! The closed sets of words in parameters and replies.

use crate::face::words::words;

words! {
    /// Who vouched for a list's signer.
    Acceptance {
        /// A signer that the CTL lists.
        Ctl = "ctl",
        /// No one: it was the first list.
        FirstUse = "first-use",
        /// A signer that the ITL lists.
        Itl = "itl",
        /// A signer that TVS knows.
        Tvs = "tvs",
    }
}

impl Acceptance {
    /// How a list came to be trusted, for a person.
    #[must_use]
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Ctl => "signed by a signer of the CTL",
            Self::FirstUse => "on first use, without proof",
            Self::Itl => "signed by a signer of the ITL",
            Self::Tvs => "signed by a signer that TVS knows",
        }
    }
}

/// Who vouched for a configuration, for a person; a word of a later daemon is shown as it is.
#[must_use]
pub fn configuration_vouched_by(word: &str) -> &str {
    match word {
        "ctl" => "a signer in the CTL",
        "https" => "the HTTPS connection that it came over",
        "itl" => "a signer in the ITL",
        "tvs" => "TVS, for its signer",
        other => other,
    }
}

words! {
    /// What vouches for a server's certificate.
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
        /// TVS, in answer to a question about it.
        Tvs = "tvs",
    }
}

words! {
    /// Which of the phone's certificates.
    CertificateKind {
        /// The locally significant certificate, which a call manager's CAPF has issued.
        Lsc = "lsc",
        /// The manufacturing installed certificate, or one in its place.
        Mic = "mic",
    }
}

words! {
    /// What came of a session with CAPF.
    EnrolmentResult {
        /// CAPF had the LSC deleted.
        Deleted = "deleted",
        /// A new LSC is in force.
        Installed = "installed",
        /// Nothing was pending for this phone.
        Nothing = "nothing",
        /// CAPF asked for the LSC, and has it.
        Sent = "sent",
    }
}

words! {
    /// The severity of a line of the console log, the most severe first.
    Level {
        // By severity rather than by alphabet, as in the technote's levels.
        /// Something failed, or the technote's firmware logs it so.
        Error = "error",
        /// Something is odd, but was accepted.
        Warning = "warning",
        /// What a person usually wants to read.
        Notice = "notice",
        /// Details for an administrator.
        Info = "info",
        /// Details for a developer.
        Debug = "debug",
    }
}

words! {
    /// The two kinds of trust list.
    ListKind {
        /// The certificate trust list, of clusters in mixed mode.
        Ctl = "ctl",
        /// The identity trust list, of every cluster since 8.0.
        Itl = "itl",
    }
}

words! {
    /// The result of a check.
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
    /// How much of a layer of the sandbox is in force.
    LayerGrade {
        /// Nothing, or too little to count.
        Missing = "missing",
        /// All that the agent asks for.
        On = "on",
        /// All that this system allows, which is not all.
        Partial = "partial",
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
        // In the order of a pass, which the technote fixes: the ITL is judged by the new CTL.
        /// The CTL step, which comes first.
        Ctl = "ctl",
        /// The ITL step, once the CTL is committed.
        Itl = "itl",
        /// The configuration step, which comes last.
        Configuration = "configuration",
        /// The pass ended here: no server can be reached.
        Network = "network",
        /// The pass ended here: the store is locked.
        Store = "store",
    }
}

words! {
    /// What is to be erased.
    What {
        /// Both trust lists, which also unlocks a locked store.
        All = "all",
        /// The CTL only; the ITL stays.
        Ctl = "ctl",
        /// The ITL only; the CTL stays.
        Itl = "itl",
        /// Both trust lists and the LSC with its key, as the phone's security reset.
        Security = "security",
    }
}
