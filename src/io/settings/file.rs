//! A configuration file as it was read: its settings, what is wrong with it, and what is odd.

use std::path::Path;

use super::advice::{self, SettingWarning};
use super::faults::Faults;
use super::place::{KeyOffsets, LineCounter};
use super::{SettingFault, Settings, SettingsFailure, read};

/// A configuration file, read.
#[derive(Clone, Debug)]
pub struct SettingsFile {
    /// Its name, as the caller named it.
    pub name: String,
    text: String,
    offsets: KeyOffsets,
    settings: Option<Settings>,
    /// Everything that is wrong, in the order of the file.
    pub faults: Vec<SettingFault>,
    /// What is allowed and surely not meant, in the order of the file.
    pub warnings: Vec<SettingWarning>,
}

impl SettingsFile {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// [`SettingsFailure::Unreadable`] if there is no file to read, [`SettingsFailure::Invalid`] if
    /// it is not text.
    pub fn load(path: &Path) -> Result<Self, SettingsFailure> {
        Ok(Self::parse(&read::text(path)?, &path.display().to_string()))
    }

    /// Reads the bytes of a file that came another way, as over a pipe; `name` is its name in
    /// faults and warnings.
    ///
    /// # Errors
    /// [`SettingsFailure::Invalid`] if they are too many, or no text.
    pub fn from_bytes(bytes: Vec<u8>, name: &Path) -> Result<Self, SettingsFailure> {
        Ok(Self::parse(&read::decoded(bytes, name)?, &name.display().to_string()))
    }

    /// Reads the text of a file; `name` is its name in faults and warnings.
    pub fn parse(text: &str, name: &str) -> Self {
        let mut faults = Faults::default();
        let (settings, offsets) = read::settings(text, &mut faults);
        let odd = settings.as_ref().map(|settings| advice::of_file(settings, &offsets));
        let mut file = Self {
            name: name.to_owned(),
            text: text.to_owned(),
            offsets,
            settings: settings.filter(|_| faults.is_empty()),
            faults: Vec::new(),
            warnings: Vec::new(),
        };
        let odd = odd.unwrap_or_default().into_iter();
        // A value at fault was replaced by its default, which may be odd beside the others.
        file.warn(odd.filter(|odd| !faults.are_in(odd.section())).collect());
        file.faults = faults.placed(text, name);
        file
    }

    /// A file that is not text, or too long, with the faults that say so.
    #[must_use]
    pub fn without_text(path: &Path, faults: Vec<SettingFault>) -> Self {
        Self { faults, ..Self::parse("", &path.display().to_string()) }
    }

    /// The settings, unless the file has faults.
    pub const fn settings(&self) -> Option<&Settings> {
        self.settings.as_ref()
    }

    /// The settings alone.
    ///
    /// # Errors
    /// [`SettingsFailure::Invalid`] with every fault.
    pub fn into_settings(self) -> Result<Settings, SettingsFailure> {
        self.settings.ok_or(SettingsFailure::Invalid(self.faults))
    }

    /// Compares it with this system: adds warnings of folders, files, users and groups that are not
    /// as the agent needs them. A file with faults is compared with nothing.
    pub fn compare(&mut self, system: &advice::System) {
        let Some(settings) = &self.settings else { return };
        let odd = advice::of_system(settings, &self.offsets, system);
        self.warn(odd);
    }

    fn warn(&mut self, odd: Vec<advice::Odd>) {
        let mut odd = odd;
        odd.sort_by_cached_key(|odd| odd.offset);
        let mut lines = LineCounter::new(&self.text);
        let warning = |odd: advice::Odd| SettingWarning {
            place: lines.place(&self.name, odd.offset, odd.key),
            text: odd.text,
        };
        self.warnings.extend(odd.into_iter().map(warning));
        self.warnings.sort_by_key(|warning| (warning.place.line, warning.place.column));
    }
}

impl Settings {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// [`SettingsFailure::Unreadable`] if there is no file to read, [`SettingsFailure::Invalid`] if
    /// it has faults.
    pub fn load(path: &Path) -> Result<Self, SettingsFailure> {
        SettingsFile::load(path)?.into_settings()
    }

    /// Reads the text of a file; `file` is its name in faults.
    ///
    /// # Errors
    /// [`SettingsFailure::Invalid`] with everything that is wrong, in the order of the file.
    pub fn parse(text: &str, file: &str) -> Result<Self, SettingsFailure> {
        SettingsFile::parse(text, file).into_settings()
    }
}
