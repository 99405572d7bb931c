//! The little DER that a certificate needs.
//!
//! A writer of our own, not a builder crate's: the lab must be able to write attributes in any
//! order, odd serials and old signature algorithms.

pub mod read;

/// One DER element of primitive or constructed type.
pub fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    bytes.extend(length(content.len()));
    bytes.extend_from_slice(content);
    bytes
}

/// SEQUENCE of elements already encoded.
pub fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    element(0x30, &parts.concat())
}

/// SET of one element already encoded.
pub fn set(part: &[u8]) -> Vec<u8> {
    element(0x31, part)
}

/// OBJECT IDENTIFIER from its encoded content.
pub fn oid(content: &[u8]) -> Vec<u8> {
    element(0x06, content)
}

/// A positive INTEGER from its magnitude: leading zeros go, a sign byte comes where needed.
pub fn integer(magnitude: &[u8]) -> Vec<u8> {
    let first = magnitude.iter().position(|byte| *byte != 0).unwrap_or(magnitude.len());
    let mut content = magnitude.get(first..).unwrap_or_default().to_vec();
    if content.first().is_none_or(|byte| *byte >= 0x80) {
        content.insert(0, 0);
    }
    element(0x02, &content)
}

/// BIT STRING of whole bytes.
pub fn bit_string(bytes: &[u8]) -> Vec<u8> {
    element(0x03, &[&[0], bytes].concat())
}

/// BIT STRING of named bits: `unused` low bits of the one byte are not part of it.
pub fn named_bits(byte: u8, unused: u8) -> Vec<u8> {
    element(0x03, &[unused, byte])
}

/// OCTET STRING.
pub fn byte_string(bytes: &[u8]) -> Vec<u8> {
    element(0x04, bytes)
}

/// A point in time: UTCTime to the end of 2049, GeneralizedTime afterwards (RFC 5280, 4.1.2.5).
pub fn time(unix: u64) -> Vec<u8> {
    let (year, month, day) = date(unix / 86_400);
    let (hour, minute, second) = (unix / 3_600 % 24, unix / 60 % 60, unix % 60);
    let rest = format!("{month:02}{day:02}{hour:02}{minute:02}{second:02}Z");
    if year < 2050 {
        element(0x17, format!("{:02}{rest}", year % 100).as_bytes())
    } else {
        element(0x18, format!("{year:04}{rest}").as_bytes())
    }
}

/// Year, month and day of a count of days since 1970 (Gregorian calendar, years from March).
fn date(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

fn length(count: usize) -> Vec<u8> {
    if let Ok(short @ 0..=0x7F) = u8::try_from(count) {
        return vec![short];
    }
    let bytes = count.to_be_bytes();
    let first = bytes.iter().position(|byte| *byte != 0).expect("count is above 127");
    let significant = bytes.get(first..).expect("position is inside");
    let announced = u8::try_from(significant.len()).expect("at most 8");
    [&[0x80 | announced], significant].concat()
}

#[cfg(test)]
mod tests {
    use super::{date, integer, length, time};

    #[test]
    fn lengths_take_the_shortest_form() {
        assert_eq!(length(127), [0x7F]);
        assert_eq!(length(128), [0x81, 0x80]);
        assert_eq!(length(1442), [0x82, 0x05, 0xA2]);
    }

    #[test]
    fn a_high_first_bit_gets_a_sign_byte() {
        assert_eq!(integer(&[0, 0x83]), [2, 2, 0, 0x83]);
        assert_eq!(integer(&[0]), [2, 1, 0]);
    }

    #[test]
    fn times_after_2049_are_generalized() {
        assert_eq!(time(1_311_776_184), b"\x17\x0d110727141624Z");
        assert_eq!(time(2_524_608_000), b"\x18\x0f20500101000000Z");
        assert_eq!(date(11_016), (2000, 2, 29));
    }
}
