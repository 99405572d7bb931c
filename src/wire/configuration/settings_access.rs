//! Whether the phone's user may change settings and erase trust lists.

use core::fmt;

/// Who may use the phone's Settings menu, and so erase its trust lists.
///
/// # Source
/// Technote, "Manually Delete ITL": where settings access is Restricted or Disabled, only a factory
/// reset remains. The element and its numbers: configurations of call managers; that 2 is
/// "Restricted" is inferred.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SettingsAccess {
    /// 0: there is no Settings menu.
    Disabled,
    /// 1: everything; the same where a configuration says nothing.
    Enabled,
    /// 2: only what changes neither network nor trust.
    Restricted,
}

impl SettingsAccess {
    /// Reads the text of the element.
    pub(super) fn of_text(text: &str) -> Option<Self> {
        match text {
            "0" => Some(Self::Disabled),
            "1" => Some(Self::Enabled),
            "2" => Some(Self::Restricted),
            _ => None,
        }
    }

    /// One word, for people, machines and the store.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::Enabled => "enabled",
            Self::Restricted => "restricted",
        }
    }

    /// The value of that word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        [Self::Disabled, Self::Enabled, Self::Restricted].into_iter().find(|it| it.word() == word)
    }
}

impl fmt::Display for SettingsAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The element, below `vendorConfig`.
pub(super) const SETTINGS_ACCESS: &str = "settingsAccess";
