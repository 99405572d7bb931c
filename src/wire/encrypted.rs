//! The cipher and key of an encrypted file, as its header describes them.

use crate::wire::codes::Digest;
use crate::wire::envelope::fields::field_name;
use crate::wire::malformed::{Fault, Malformed};
use crate::wire::reader::{Element, once, required};

/// The encryption fields of a header, tags 16 to 27.
///
/// # Layout
/// | tag | length | meaning |
/// | --- | ------ | ------- |
/// | 16  | n      | holds 17 and 21 |
/// | 17  | 28     | holds 18 (1, unknown), 19 initialisation vector (16), 20 padding count (2) |
/// | 21  | n      | holds 22 (1, unknown), 23 bits of the wrapped key (2), 24 algorithm (1), 25 key (n) |
/// | 26  | 1      | digest algorithm of tag 27, numbered as in tag 8 |
/// | 27  | n      | digest of the plaintext without its padding |
///
/// # Source
/// Reference tools and files built with them; domain facts 3.2 and 4.1.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Encryption<'a> {
    /// Initialisation vector of AES-CBC, one block.
    pub iv: [u8; 16],
    /// Bytes of padding at the end of the plaintext, 1 to 16 in a good file.
    pub padding: u16,
    /// Bits of the RSA key that wraps the content key.
    pub key_bits: u16,
    /// 1 is AES-CBC under an RSA PKCS#1 v1.5 wrapped key, the only one known.
    pub algorithm: u8,
    /// The content key, encrypted for the phone.
    pub wrapped_key: &'a [u8],
    /// Algorithm of the plaintext's digest.
    pub digest: Digest,
    /// Digest of the plaintext.
    pub plaintext_digest: &'a [u8],
}

impl<'a> Encryption<'a> {
    /// Reads the three elements that describe the encryption.
    ///
    /// # Errors
    /// [`Malformed`] if a block is not tiled exactly by its own fields, each once.
    pub(crate) fn parse(
        info: &Element<'a>,
        digest: &Element<'a>,
        value: &Element<'a>,
    ) -> Result<Self, Malformed> {
        let (mut vector, mut key) = (None, None);
        for child in info.children(field_name(16)) {
            let child = child?;
            // A child out of place is reported under its own name, wherever it is found.
            let field = field_name(child.tag);
            match child.tag {
                17 => once(&mut vector, &child, field, Vector::parse(&child)?)?,
                21 => once(&mut key, &child, field, WrappedKey::parse(&child)?)?,
                tag => return Err(Malformed::new(child.offset, field, Fault::TagOrder(tag))),
            }
        }
        // A missing block has no offset of its own: the one around it is named.
        let vector = required(vector, 17, field_name(17), info.offset)?;
        let key = required(key, 21, field_name(21), info.offset)?;
        let [code] = digest.array(field_name(26))?;
        let digest = Digest::from(code);
        Ok(Self {
            iv: vector.iv,
            padding: vector.padding,
            key_bits: key.bits,
            algorithm: key.algorithm,
            wrapped_key: key.wrapped,
            digest,
            plaintext_digest: digest_value(digest, value)?,
        })
    }
}

/// A digest as long as its algorithm makes it, where that is known.
fn digest_value<'a>(digest: Digest, value: &Element<'a>) -> Result<&'a [u8], Malformed> {
    // Only what contradicts itself is malformed: whether an algorithm is known is asked later.
    let bytes = value.some(field_name(27))?;
    match digest.length() {
        Some(expected) if expected != bytes.len() => {
            let fault = Fault::FieldLength { expected, found: bytes.len() };
            Err(Malformed::new(value.offset, field_name(27), fault))
        }
        _ => Ok(bytes),
    }
}

struct Vector {
    iv: [u8; 16],
    padding: u16,
}

impl Vector {
    fn parse(block: &Element<'_>) -> Result<Self, Malformed> {
        let (mut marker, mut iv, mut padding) = (None, None, None);
        for child in block.children(field_name(17)) {
            let child = child?;
            let field = field_name(child.tag);
            match child.tag {
                18 => once(&mut marker, &child, field, child.array::<1>(field)?)?,
                19 => once(&mut iv, &child, field, child.array(field)?)?,
                20 => once(&mut padding, &child, field, child.u16(field)?)?,
                tag => return Err(Malformed::new(child.offset, field, Fault::TagOrder(tag))),
            }
        }
        // Must be there, with any value: its meaning is unknown (domain facts 3.2).
        required(marker, 18, field_name(18), block.offset)?;
        Ok(Self {
            iv: required(iv, 19, field_name(19), block.offset)?,
            padding: required(padding, 20, field_name(20), block.offset)?,
        })
    }
}

struct WrappedKey<'a> {
    bits: u16,
    algorithm: u8,
    wrapped: &'a [u8],
}

impl<'a> WrappedKey<'a> {
    fn parse(block: &Element<'a>) -> Result<Self, Malformed> {
        let (mut marker, mut bits, mut algorithm, mut wrapped) = (None, None, None, None);
        for child in block.children(field_name(21)) {
            let child = child?;
            let field = field_name(child.tag);
            match child.tag {
                22 => once(&mut marker, &child, field, child.array::<1>(field)?)?,
                23 => once(&mut bits, &child, field, child.u16(field)?)?,
                24 => once(&mut algorithm, &child, field, child.array::<1>(field)?)?,
                25 => once(&mut wrapped, &child, field, child.some(field)?)?,
                tag => return Err(Malformed::new(child.offset, field, Fault::TagOrder(tag))),
            }
        }
        // As the marker of the vector.
        required(marker, 22, field_name(22), block.offset)?;
        let [algorithm] = required(algorithm, 24, field_name(24), block.offset)?;
        Ok(Self {
            bits: required(bits, 23, field_name(23), block.offset)?,
            algorithm,
            wrapped: required(wrapped, 25, field_name(25), block.offset)?,
        })
    }
}
