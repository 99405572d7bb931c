//! The `secd` program: see [`secd::cli`].

fn main() {}
