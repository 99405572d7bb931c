//! The `secd` program: see [`secd::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    secd::cli::main()
}
