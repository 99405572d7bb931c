//! Whatever is in secd.toml: it is accepted or has faults, each in a place of the file; and what is
//! accepted depends neither on comments nor lets anything pass that is not known.

use std::path::Path;

use secd::io::settings::{MAX_FILE, SettingPlace, Settings, SettingsFailure, SettingsFile, Wrong};

/// The least that a signer's key may ever have, whatever the file says.
const LEAST_BITS: usize = 1024;

pub(crate) fn one(input: &[u8]) {
    let file = match SettingsFile::from_bytes(input.to_vec(), Path::new(NAME)) {
        Ok(file) => file,
        Err(failure) => {
            let is_long = u64::try_from(input.len()).is_ok_and(|length| length > MAX_FILE);
            assert!(is_long || core::str::from_utf8(input).is_err(), "text is read");
            return assert_line(&failure.to_string());
        }
    };
    let text = core::str::from_utf8(input).expect("it was read");
    let lines = text.split('\n').count();
    let faults = file.faults.iter().map(|fault| (&fault.place, fault.to_string()));
    let warnings = file.warnings.iter().map(|warning| (&warning.place, warning.to_string()));
    for (place, words) in faults.chain(warnings) {
        assert!((1..=lines).contains(&place.line), "{words}");
        assert!((1..=text.len() + 1).contains(&place.column), "{words}");
        assert_line(&words);
    }
    assert!(file.faults.iter().map(|fault| order(&fault.place)).is_sorted());
    assert!(file.warnings.iter().map(|warning| order(&warning.place)).is_sorted());
    assert_eq!(file.settings().is_some(), file.faults.is_empty());
    if let Some(settings) = file.settings() {
        accepted(text, settings);
    }
}

fn accepted(text: &str, settings: &Settings) {
    let commented = Settings::parse(&format!("{text}\n# nothing\n"), NAME);
    assert_eq!(commented.as_ref(), Ok(settings), "a comment changes nothing");
    let more = Settings::parse(&format!("{text}\n[no-such-section]\n"), NAME);
    let Err(SettingsFailure::Invalid(faults)) = more else { panic!("a section that is not known") };
    assert!(matches!(&faults[..], [fault] if matches!(fault.wrong, Wrong::UnknownSection { .. })));
    assert!(settings.policy.min_rsa_bits >= LEAST_BITS);
    assert!((8..=65464).contains(&settings.tftp.blksize) && settings.tftp.windowsize > 0);
    assert!(settings.tftp.servers.iter().all(|server| server.port > 0));
    assert!(settings.tvs.members.iter().all(|member| member.address.port > 0));
    assert!(settings.socket.mode <= 0o777);
}

fn order(place: &SettingPlace) -> (usize, usize) {
    (place.line, place.column)
}

/// One line of plain text, of which a console shows all.
fn assert_line(words: &str) {
    assert!(!words.is_empty() && !words.chars().any(char::is_control), "{words:?}");
}

const NAME: &str = "secd.toml";
