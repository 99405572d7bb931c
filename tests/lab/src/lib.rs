//! A call-manager cluster in one process, for tests: it never ships in the phone's binary.
