//! Any of the targets under libFuzzer: the one whose name this program is called by. `scripts/fuzz`
//! builds it once and links it to every name.

#![no_main]

use std::path::Path;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use secd_fuzz::Target;

fuzz_target!(|input: &[u8]| (TARGET.one)(input));

static TARGET: LazyLock<&Target> = LazyLock::new(|| {
    let program = std::env::args().next().unwrap_or_default();
    let name = Path::new(&program).file_name().and_then(|name| name.to_str()).unwrap_or_default();
    Target::find(name).unwrap_or_else(|| panic!("{name}: no target has this name"))
});
