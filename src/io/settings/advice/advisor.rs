//! Where warnings come together.

use core::fmt::Display;

use crate::io::settings::Settings;
use crate::io::settings::place::{KeyOffsets, element_key};

/// A warning whose line has not been counted yet.
pub(in crate::io::settings) struct Odd {
    pub(in crate::io::settings) key: &'static str,
    pub(in crate::io::settings) offset: usize,
    pub(in crate::io::settings) text: String,
}

impl Odd {
    pub(in crate::io::settings) fn section(&self) -> &str {
        self.key.split('.').next().unwrap_or_default()
    }
}

/// Collects what is odd.
pub(super) struct Advisor<'a> {
    pub(super) settings: &'a Settings,
    offsets: &'a KeyOffsets,
    pub(super) odd: Vec<Odd>,
}

impl<'a> Advisor<'a> {
    pub(super) const fn new(settings: &'a Settings, offsets: &'a KeyOffsets) -> Self {
        Self { settings, offsets, odd: Vec::new() }
    }

    pub(super) fn warn(&mut self, key: &'static str, text: impl Display) {
        let offset = self.offsets.of(key);
        self.odd.push(Odd { key, offset, text: text.to_string() });
    }

    /// Warns of one entry of an array.
    pub(super) fn warn_entry(&mut self, key: &'static str, index: usize, text: impl Display) {
        let element = element_key(key, index);
        let offset = self.offsets.of(if self.offsets.has(&element) { &element } else { key });
        self.odd.push(Odd { key, offset, text: text.to_string() });
    }

    /// Whether the file has the key, and not the default.
    pub(super) fn has(&self, key: &str) -> bool {
        self.offsets.has(key)
    }
}
