//! The console log: one line an event, to stderr and to a ring in memory.
