//! What the phone shows about its trust: the Status Messages screen, and the last alarm.

use std::cell::{Cell, RefCell};
use std::time::SystemTime;

use heapless::HistoryBuffer;

use crate::boot::{Alarm, StatusMessage};

/// The screen of one phone.
#[derive(Default)]
pub(super) struct Screen {
    messages: RefCell<HistoryBuffer<(SystemTime, StatusMessage), SHOWN>>,
    alarm: Cell<Option<(Alarm, SystemTime)>>,
}

impl Screen {
    /// Shows a message; the oldest one makes room.
    pub(super) fn show(&self, time: SystemTime, message: StatusMessage) {
        self.messages.borrow_mut().write((time, message));
    }

    /// The messages, oldest first.
    pub(super) fn messages(&self) -> Vec<(SystemTime, StatusMessage)> {
        self.messages.borrow().oldest_ordered().cloned().collect()
    }

    /// Keeps the alarm that was raised last.
    pub(super) fn raise(&self, time: SystemTime, alarm: Alarm) {
        self.alarm.set(Some((alarm, time)));
    }

    /// The alarm that was raised last, and when.
    pub(super) fn alarm(&self) -> Option<(Alarm, SystemTime)> {
        self.alarm.get()
    }
}

/// The screen keeps 30 (administration guide 8800; domain facts 2.5).
const SHOWN: usize = 30;
