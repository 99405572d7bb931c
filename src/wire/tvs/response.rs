//! Answers of the service.

use alloc::vec::Vec;
use core::time::Duration;

use crate::wire::coded::coded;
use crate::wire::codes::Role;
use crate::wire::envelope::UnknownTag;
use crate::wire::malformed::{Fault, Malformed};
use crate::wire::reader::{Element, Reader, once, required};
use crate::wire::tvs::{CERTIFICATE, Header, ROLES, STATUS, TTL, field_name};

/// An answer: the payload of a response. Whether to trust it is not decided here.
///
/// # Layout
/// | tag | in    | length | value                             |
/// | --- | ----- | ------ | --------------------------------- |
/// | 7   | both  | 1      | status                            |
/// | 8   | both  | n      | roles, one byte each; optional    |
/// | 9   | both  | 4      | time to live in seconds; optional |
/// | 2   | query | n      | certificate, DER                  |
///
/// Elements of other tags are skipped: call managers know more than the reference does.
///
/// # Source
/// Capture of a query response, 1480 bytes accounted for; reference server; domain facts 5.4.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Response<'a> {
    /// The verdict, which counts only in answer to the question that was asked.
    pub status: Status,
    /// What the certificate may do; `None` if the answer has no roles. An empty list is something
    /// else: a certificate for no purpose.
    pub roles: Option<Vec<Role>>,
    /// How long the answer holds.
    pub ttl: Option<Duration>,
    /// The certificate asked for.
    pub certificate: Option<&'a [u8]>,
    /// Elements that were skipped.
    pub unknown: Vec<UnknownTag>,
}

impl<'a> Response<'a> {
    /// Reads the payload of a response; offsets of faults count from the start of the frame.
    ///
    /// # Errors
    /// [`Malformed`]: elements must tile the payload, known ones occur once, have their size,
    /// and the status must be there.
    pub fn parse(payload: &'a [u8]) -> Result<Self, Malformed> {
        let mut fields = ResponseFields::default();
        for element in Reader::at(payload, Header::LENGTH).elements(field_name) {
            fields.keep(&element?)?;
        }
        let [status] = required(fields.status, STATUS, field_name(STATUS), Header::LENGTH)?;
        // One byte each here, two in lists: the numbers are the same.
        let role = |code: &u8| Role::from(u16::from(*code));
        Ok(Self {
            status: Status::from(status),
            roles: fields.roles.map(|roles| roles.iter().map(role).collect()),
            ttl: fields.ttl.map(|seconds| Duration::from_secs(seconds.into())),
            certificate: fields.certificate,
            unknown: fields.unknown,
        })
    }
}

#[derive(Default)]
struct ResponseFields<'a> {
    status: Option<[u8; 1]>,
    roles: Option<&'a [u8]>,
    ttl: Option<u32>,
    certificate: Option<&'a [u8]>,
    unknown: Vec<UnknownTag>,
}

impl<'a> ResponseFields<'a> {
    fn keep(&mut self, element: &Element<'a>) -> Result<(), Malformed> {
        let name = field_name(element.tag);
        match element.tag {
            STATUS => once(&mut self.status, element, name, element.array(name)?),
            ROLES => once(&mut self.roles, element, name, roles(element)?),
            TTL => once(&mut self.ttl, element, name, element.u32(name)?),
            CERTIFICATE => once(&mut self.certificate, element, name, element.some(name)?),
            tag => {
                self.unknown.push(UnknownTag { tag, offset: element.offset });
                Ok(())
            }
        }
    }
}

/// The roles of an answer, of which there may be none.
fn roles<'a>(element: &Element<'a>) -> Result<&'a [u8], Malformed> {
    // Each becomes a value of four bytes that is kept as long as the answer holds.
    if element.value.len() > MAX_ROLES {
        let fault = Fault::TooLong { expected: MAX_ROLES, found: element.value.len() };
        return Err(Malformed::new(element.offset, field_name(ROLES), fault));
    }
    Ok(element.value)
}

/// Bounds the memory of answers that are kept. Inferred: seven roles are known, the highest is
/// 21, and an answer that was captured has two.
pub const MAX_ROLES: usize = 64;

coded! {
    /// The verdict of a response. Shown as its number, as the console log has it.
    ///
    /// # Source
    /// Reference server, console log of an 8861 ("status : 0"); domain facts 5.5.
    #[derive(Clone, Copy, Debug, Eq, PartialEq)]
    pub enum Status: u8 {
        /// 0: the service knows the certificate.
        Trusted = 0,
        /// 1: it does not.
        Invalid = 1,
        ;
        /// Any other number: a failure of the service.
        Unknown
    }
}
