//! The console's own names for the levels of the `log` crate.

use log::{Level as Grade, LevelFilter};

use crate::face::terms::Level;

/// Lines as grave as this.
pub(super) fn filter(level: Level) -> LevelFilter {
    grade(level).to_level_filter()
}

/// The level under which a line is written.
pub(super) const fn grade(level: Level) -> Grade {
    match level {
        Level::Error => Grade::Error,
        Level::Warning => Grade::Warn,
        Level::Notice => Grade::Info,
        Level::Info => Grade::Debug,
        Level::Debug => Grade::Trace,
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
