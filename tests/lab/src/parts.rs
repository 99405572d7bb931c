//! Signed files taken apart, changed field by field, and signed again: what is odd about files in
//! the field can be written with it.

use crate::digest::Digest;
use crate::keys::KeyPair;
use crate::tlv;

/// A field: its tag and its value.
pub type Field = (u8, Vec<u8>);

/// The parts of a signed file.
#[derive(Clone, Debug)]
pub struct Parts {
    /// The fields of the header in their order, without length and padding.
    pub header: Vec<Field>,
    /// The records of a list, each without its length.
    pub records: Vec<Vec<Field>>,
    /// What follows the header of a file that is no list.
    pub payload: Vec<u8>,
}

impl Parts {
    /// Takes a well-formed trust list apart.
    pub fn of_list(file: &[u8]) -> Self {
        let (header, mut body) = split(file);
        let mut records = Vec::new();
        while let Some(length) = body.get(3..5) {
            let (record, rest) = body.split_at(number(length));
            records.push(fields(&record[RECORD_LENGTH_FIELD..]));
            body = rest;
        }
        Self { header, records, payload: Vec::new() }
    }

    /// Takes a well-formed signed file apart that is no list.
    pub fn of_file(file: &[u8]) -> Self {
        let (header, body) = split(file);
        Self { header, records: Vec::new(), payload: body.to_vec() }
    }

    /// Prints the signer's names in another way; the bytes are written as they are, NUL included.
    pub fn print_signer(&mut self, subject: &[u8], issuer: &[u8]) {
        let (_, block) = self.header.iter_mut().find(|(tag, _)| *tag == 3).expect("a signer");
        let mut signer = fields(block);
        put(&mut signer, 4, subject);
        put(&mut signer, 6, issuer);
        *block = encoded(&signer);
    }

    /// Signs the parts with any RSA key: the header is padded, lengths and signature are new.
    pub fn sign(&self, key: &KeyPair, digest: Digest) -> Vec<u8> {
        let body = self.body();
        let size = key.modulus_length().expect("files are signed with RSA keys");
        let mut header = self.header.clone();
        put(&mut header, 12, &vec![0; size]);
        let bare = encoded(&header).len();
        let length = bare.next_multiple_of(4);
        let field = u16::try_from(length).expect("a header is below 64 KiB");
        put(&mut header, 2, &field.to_be_bytes());
        let end = [vec![PADDING; length - bare], body].concat();
        let unsigned: Vec<Field> = header.iter().filter(|(tag, _)| *tag != 12).cloned().collect();
        let signature = key.sign(digest, &[encoded(&unsigned), end.clone()].concat());
        put(&mut header, 12, &signature);
        [encoded(&header), end].concat()
    }

    fn body(&self) -> Vec<u8> {
        let mut body = self.payload.clone();
        for record in &self.records {
            let fields = encoded(record);
            let length = u16::try_from(RECORD_LENGTH_FIELD + fields.len());
            body.extend(tlv::number(1, length.expect("a record is below 64 KiB")));
            body.extend(fields);
        }
        body
    }
}

/// Gives a field another value, or adds it at the end.
pub fn put(fields: &mut Vec<Field>, tag: u8, value: &[u8]) {
    match fields.iter_mut().find(|(other, _)| *other == tag) {
        Some((_, old)) => *old = value.to_vec(),
        None => fields.push((tag, value.to_vec())),
    }
}

/// Takes a field away.
pub fn remove(fields: &mut Vec<Field>, tag: u8) {
    fields.retain(|(other, _)| *other != tag);
}

fn split(file: &[u8]) -> (Vec<Field>, &[u8]) {
    let (header, body) = file.split_at(number(&file[8..10]));
    (fields(header), body)
}

fn fields(mut bytes: &[u8]) -> Vec<Field> {
    let mut fields = Vec::new();
    while let [tag, high, low, rest @ ..] = bytes {
        // Not looked for from the end: a field before it may end in the same byte.
        if *tag == PADDING {
            break;
        }
        let (value, rest) = rest.split_at(number(&[*high, *low]));
        fields.push((*tag, value.to_vec()));
        bytes = rest;
    }
    fields
}

fn encoded(fields: &[Field]) -> Vec<u8> {
    fields.iter().flat_map(|(tag, value)| tlv::element(*tag, value)).collect()
}

fn number(bytes: &[u8]) -> usize {
    let bytes = bytes.try_into().expect("two bytes");
    usize::from(u16::from_be_bytes(bytes))
}

/// Bytes of tag 1 of a record, which its own value counts.
const RECORD_LENGTH_FIELD: usize = 5;
/// Tag 13: a single byte without length.
const PADDING: u8 = 13;

#[cfg(test)]
mod tests {
    use super::Parts;
    use crate::cluster::{Cluster, Setup};

    #[test]
    fn a_list_that_is_taken_apart_and_signed_again_is_the_same() {
        let cluster = Cluster::new(Setup::default());
        let list = cluster.itl();
        let key = &cluster.signer(&cluster.itl_signer).key;
        assert_eq!(Parts::of_list(&list).sign(key, cluster.setup.digest), list);
    }
}
