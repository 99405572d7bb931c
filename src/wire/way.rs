//! The ways by which a server hands out its files.

use core::fmt;

/// One way to the files of a server.
///
/// # Source
/// Domain facts 0.3 and 1.6: TFTP; since call manager 9 HTTP as well, and HTTPS for the
/// configuration alone.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum FileWay {
    /// HTTP: every file; what it sends is as trusted as by TFTP.
    Http,
    /// HTTPS: the phone's configuration, from a server that is judged.
    Https,
    /// TFTP: every file, as for older phones.
    Tftp,
}

impl FileWay {
    /// In the order in which newer phones try them.
    pub const ALL: [Self; 3] = [Self::Https, Self::Http, Self::Tftp];

    /// The way in one word, for settings and for machines.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Tftp => "tftp",
        }
    }

    /// The way that [`Self::word`] writes.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|way| way.word() == word)
    }
}

impl fmt::Display for FileWay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http => "HTTP",
            Self::Https => "HTTPS",
            Self::Tftp => "TFTP",
        })
    }
}
