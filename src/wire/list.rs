//! The records of a trust list.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::wire::malformed::{Fault, Malformed};
use crate::wire::reader::Reader;

mod fields;
mod record;

use fields::RecordFields;
pub use record::{CertificateHash, Record, field_name};

/// Reads the records that fill `body`, which starts at `offset` in the file.
///
/// # Errors
/// [`Malformed`]: records must tile the body exactly, and each be tiled by its own fields.
pub fn parse(body: &[u8], offset: usize) -> Result<Vec<Record<'_>>, Malformed> {
    let mut reader = Reader::at(body, offset);
    let mut records = Vec::new();
    let mut serials = BTreeMap::new();
    while let Some(byte) = reader.peek() {
        // Every record starts with its length, so whatever else is here belongs to none.
        if byte != 1 {
            let fault = Fault::TrailingGarbage(byte);
            return Err(Malformed::new(reader.offset(), "record", fault));
        }
        if records.len() == MAX_RECORDS {
            let fault = Fault::TooMany { expected: MAX_RECORDS };
            return Err(Malformed::new(reader.offset(), "records", fault));
        }
        let record = record(&mut reader)?;
        // By magnitude, as look-ups compare them: leading zeros must not get around the limit.
        if let Some(serial) = record.serial {
            count(&mut serials, serial.magnitude(), record.offset)?;
        }
        records.push(record);
    }
    Ok(records)
}

/// Counts the records of a serial number, up to [`MAX_OF_ONE_SERIAL`].
fn count<'a>(
    serials: &mut BTreeMap<&'a [u8], usize>,
    serial: &'a [u8],
    offset: usize,
) -> Result<(), Malformed> {
    let records = serials.entry(serial).or_default();
    *records += 1;
    if *records > MAX_OF_ONE_SERIAL {
        let fault = Fault::TooMany { expected: MAX_OF_ONE_SERIAL };
        return Err(Malformed::new(offset, "records of one serial number", fault));
    }
    Ok(())
}

fn record<'a>(reader: &mut Reader<'a>) -> Result<Record<'a>, Malformed> {
    let offset = reader.offset();
    let room = reader.left();
    let element = reader.element(field_name(1))?;
    let length = usize::from(element.u16(field_name(1))?);
    // The length counts its own element, too.
    let prefix = reader.offset() - offset;
    let fault = if length < prefix {
        Fault::LengthMismatch { expected: prefix, found: length }
    } else if length > room {
        Fault::LengthOverrun { expected: room, found: length }
    } else {
        let start = reader.offset();
        let fields = reader.take(length - prefix, "record")?;
        return RecordFields::read(Reader::at(fields, start))?.finish(offset, length);
    };
    Err(Malformed::new(offset, field_name(1), fault))
}

/// Bounds memory and the time of a lookup. Phones refuse lists over 64 KiB, about 39 certificates
/// (security guide 12.5); inferred: 25 times that is no cluster.
pub const MAX_RECORDS: usize = 1000;

/// Bounds the candidates for a signer or a server. Inferred: a certificate of several servers is
/// listed once for each in two or three roles, and a cluster has at most 21 nodes.
pub const MAX_OF_ONE_SERIAL: usize = 64;
