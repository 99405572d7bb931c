//! The configuration file, secd.toml.
