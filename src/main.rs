//! The `secd` program: see [`secd::cli`].

use std::alloc::System;
use std::process::ExitCode;

use zeroizing_alloc::ZeroAlloc;

/// Wipes memory when it is freed: keys and decrypted configurations pass through buffers of
/// libraries, and through buffers that were moved to grow, which nothing else would wipe.
#[global_allocator]
static MEMORY: ZeroAlloc<System> = ZeroAlloc(System);

fn main() -> ExitCode {
    secd::cli::main()
}
