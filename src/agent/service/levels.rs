//! The console's own names for the levels of the `log` crate.

use log::{Level as Grade, LevelFilter};

use crate::agent::narrate::of_log;
use crate::boot::event;
use crate::face::terms::Level;

/// The filter that shows lines of this level and above.
pub(super) fn filter(level: Level) -> LevelFilter {
    of_log(gravity(level)).to_level_filter()
}

/// The level of an event, by the interface's name for it.
pub(super) const fn gravity(level: Level) -> event::Level {
    match level {
        Level::Error => event::Level::Error,
        Level::Warning => event::Level::Warning,
        Level::Notice => event::Level::Notice,
        Level::Info => event::Level::Info,
        Level::Debug => event::Level::Debug,
    }
}

impl From<Grade> for Level {
    fn from(grade: Grade) -> Self {
        match grade {
            Grade::Error => Self::Error,
            Grade::Warn => Self::Warning,
            Grade::Info => Self::Notice,
            Grade::Debug => Self::Info,
            Grade::Trace => Self::Debug,
        }
    }
}
