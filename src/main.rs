//! The `secd` program: see [`secd::cli`].

use std::alloc::System;
use std::process::ExitCode;

use zeroizing_alloc::ZeroAlloc;

/// Wipes what is given back: keys and decrypted configurations go through buffers of libraries, and
/// through those that grew out of their place, which nobody else would wipe.
#[global_allocator]
static MEMORY: ZeroAlloc<System> = ZeroAlloc(System);

fn main() -> ExitCode {
    secd::cli::main()
}
