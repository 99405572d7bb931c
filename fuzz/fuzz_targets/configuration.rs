//! A phone configuration is read within bounds, whatever is in it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use secd::wire::configuration::Configuration;

fuzz_target!(|octets: &[u8]| {
    match Configuration::parse(octets) {
        Ok(provision) => {
            assert!(provision.tvs.is_sorted_by_key(|member| member.priority));
            assert!(provision.tvs.iter().all(|member| member.address.port != 0));
        }
        Err(unreadable) => assert!(!unreadable.to_string().is_empty()),
    }
});
