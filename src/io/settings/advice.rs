//! What is allowed in a configuration file and surely not meant, with what to write instead.
//!
//! In two steps: what the file alone shows, and what this system shows about it. The second is not
//! part of reading: the file may be for another machine.

mod advisor;
mod device;
mod identity;
mod sections;
mod system;

use core::fmt::{self, Display};

use super::place::KeyOffsets;
use super::{SettingPlace, Settings};
use advisor::Advisor;

pub(super) use advisor::Odd;
pub use device::doubtful_name;
pub use system::{NoSuchUser, System};

/// Something odd about a value, or about what it names on this system.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SettingWarning {
    /// The value; the section where the default is in force.
    pub place: SettingPlace,
    /// What is odd, and what to do about it.
    pub text: String,
}

impl Display for SettingWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.place, self.text)
    }
}

/// What is odd about the values themselves.
pub(super) fn of_file(settings: &Settings, offsets: &KeyOffsets) -> Vec<Odd> {
    let mut advisor = Advisor::new(settings, offsets);
    advisor.device();
    advisor.sections();
    advisor.odd
}

/// What is odd about what they name on this system. Nothing about a template: the phone that it
/// will be for has other folders.
pub(super) fn of_system(settings: &Settings, offsets: &KeyOffsets, system: &System) -> Vec<Odd> {
    let mut advisor = Advisor::new(settings, offsets);
    if !device::is_placeholder(settings) {
        advisor.system(system);
        advisor.identity(system);
    }
    advisor.odd
}
