//! Whether the phone's web page may be opened.

/// What a configuration says of the phone's web page.
///
/// # Source
/// The element and its numbers: configurations of call managers. Inferred: of other numbers nothing is
/// known, such as the "read only" of some models, which this page is in any case.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum WebAccess {
    /// 1: nobody opens it.
    Disabled,
    /// 0: whoever the phone lets; the same where a configuration says nothing.
    Enabled,
}

impl WebAccess {
    /// Reads the text of the element.
    pub(super) fn of_text(text: &str) -> Option<Self> {
        match text {
            "0" => Some(Self::Enabled),
            "1" => Some(Self::Disabled),
            _ => None,
        }
    }

    /// One word, for the store.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::Enabled => "enabled",
        }
    }

    /// The value of that word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        [Self::Disabled, Self::Enabled].into_iter().find(|it| it.word() == word)
    }
}

/// The element, below `vendorConfig`.
pub(super) const WEB_ACCESS: &str = "webAccess";
