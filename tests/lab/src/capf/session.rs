//! The course of a session.

use std::io::Read;
use std::net::TcpStream;
use std::sync::Mutex;
use std::time::Duration;

use super::device::{Device, Method, Operation};
use super::key::{KeyKind, PublicKey};
use super::line::{Line, Step};
use super::message::{self, Command, Element, tag};
use super::odd::Odd;
use super::proof;
use super::record::{Outcome, Refusal, Session};
use super::{Dialect, Shared, change, held};
use crate::tls::{self, Stream};
use crate::tlv;

pub(super) fn serve(mut stream: TcpStream, shared: &Mutex<Shared>) {
    let (config, odd, position) = {
        let mut shared = held(shared);
        let session =
            Session { number: 0, received: Vec::new(), sent: Vec::new(), outcome: Outcome::Going };
        shared.sessions.push(session);
        (shared.config.clone(), shared.odd, shared.sessions.len() - 1)
    };
    let outcome = if stream.set_read_timeout(Some(PATIENCE)).is_err() {
        Outcome::NoHandshake("the socket takes no timeout".to_owned())
    } else if odd == Some(Odd::NoHandshake) {
        // What it sends and when it leaves is up to the phone.
        while stream.read(&mut [0; 512]).is_ok_and(|length| length > 0) {}
        Outcome::Odd
    } else {
        match tls::accept(config, stream) {
            Err(error) => Outcome::NoHandshake(error.to_string()),
            Ok(mut stream) => spoken(&mut stream, shared, (position, odd)),
        }
    };
    held(shared).sessions[position].outcome = outcome;
}

/// A session from its first message to its end.
fn spoken(
    stream: &mut Stream,
    shared: &Mutex<Shared>,
    (position, odd): (usize, Option<Odd>),
) -> Outcome {
    let session = {
        let mut shared = held(shared);
        shared.number += 1;
        shared.sessions[position].number = shared.number;
        shared.number
    };
    let mut line = Line { stream, shared, position, session, odd, rest: Vec::new(), sent: 0 };
    let outcome = converse(&mut line).unwrap_or_else(|end| end);
    if let Outcome::Refused(refusal) = &outcome {
        // A phone that has gone does not hear it.
        let _ = line.send(Command::END, &[message::byte(tag::REASON, refusal.reason())]);
    }
    // Nor this.
    let _ = stream.send_close_notify();
    outcome
}

fn converse(line: &mut Line<'_>) -> Step<Outcome> {
    let dialect = held(line.shared).dialect;
    let mut elements = vec![message::byte(tag::VERSION, VERSION)];
    if dialect == Dialect::Reference {
        elements.push(message::byte(tag::METHOD, 0));
    }
    line.send(Command::AUTH, &elements)?;
    let answer = line.expect(Command::AUTHENTICATED)?;
    in_place_of_the_operation(line)?;
    let judged = judged(&held(line.shared), line.session, &answer.elements);
    let device = judged.map_err(Outcome::Refused)?;
    match device.operation {
        Operation::Delete => delete(line, &device.name),
        Operation::Fetch => fetch(line, &device.name),
        Operation::Install(kind) => install(line, &device.name, kind),
        Operation::Nothing => {
            line.send(Command::END, &[message::byte(tag::REASON, 0)])?;
            Ok(Outcome::Nothing)
        }
    }
}

/// What a deviation has instead; then the session ends.
fn in_place_of_the_operation(line: &mut Line<'_>) -> Step<()> {
    match line.odd {
        Some(Odd::Ends(reason)) => {
            line.send(Command::END, &[message::byte(tag::REASON, reason)])?;
        }
        Some(Odd::Instead(command)) => {
            line.send(command, &[])?;
            // Its answer is on record, if there is one.
            let _ = line.receive();
        }
        Some(Odd::RetryLater { times, delay }) if held(line.shared).put_off < times => {
            held(line.shared).put_off += 1;
            let delay = delay.map(|seconds| tlv::number(tag::DELAY, seconds));
            line.send(Command::RETRY_LATER, delay.as_slice())?;
        }
        _ => return Ok(()),
    }
    Err(Outcome::Odd)
}

/// The device that has authenticated itself, if something is pending for it, or that needs not.
fn judged(shared: &Shared, session: u32, elements: &[Element]) -> Result<Device, Refusal> {
    let malformed = |why: &str| Refusal::Malformed(why.to_owned());
    let value = |tag| message::value(elements, tag);
    if value(tag::REASON).is_none_or(|value| value.len() != 1) {
        return Err(malformed("there is no reason of one byte"));
    }
    if value(tag::VERSION) != Some(&[VERSION]) {
        return Err(Refusal::Version);
    }
    let name = value(tag::DEVICE).and_then(text).ok_or(malformed("there is no name with NUL"))?;
    let device = shared.devices.get(name).ok_or(Refusal::UnknownDevice)?;
    let password = match value(tag::PASSWORD) {
        Some(password) => text(password).ok_or(malformed("the password has no NUL"))?,
        None => "",
    };
    match (&device.operation, &device.method) {
        (Operation::Nothing, _) if device.issued => return Err(Refusal::AlreadyIssued),
        (Operation::Nothing, _) => {}
        (_, Method::Password(_)) if device.spent => return Err(Refusal::SpentString),
        (_, Method::Password(expected)) if expected != password => {
            return Err(Refusal::WrongString);
        }
        (_, Method::Password(_)) => {}
        _ if !password.is_empty() => return Err(Refusal::WrongString),
        (_, Method::NullString) => {}
        (_, Method::Lsc | Method::Mic) => {
            let record = device.proving().ok_or(Refusal::NothingToProve)?;
            proof::of_certificate(name, elements, record).map_err(Refusal::Unproven)?;
            proof::of_session(session, elements, device.sudi()).map_err(Refusal::Unproven)?;
        }
    }
    Ok(device.clone())
}

/// Text with a NUL at its end, and nowhere else.
fn text(value: &[u8]) -> Option<&str> {
    let text = value.strip_suffix(&[0]).filter(|text| !text.contains(&0))?;
    std::str::from_utf8(text).ok()
}

fn install(line: &mut Line<'_>, device: &str, kind: KeyKind) -> Step<Outcome> {
    let (elements, asked) = key_request(kind, line.odd, held(line.shared).dialect);
    line.send(Command::KEY, &elements)?;
    line.wait(KEY_PATIENCE)?;
    let mut answer = line.receive()?;
    for _ in 0..MOST_IN_PROGRESS {
        if answer.command == Command::IN_PROGRESS {
            answer = line.receive()?;
        }
    }
    line.wait(PATIENCE)?;
    if answer.command != Command::GENERATED {
        return Err(Outcome::Refused(Refusal::Unexpected(answer.command)));
    }
    let Some(spki) = message::value(&answer.elements, tag::PUBLIC_KEY) else {
        line.send(Command::END, &[message::byte(tag::REASON, 7)])?;
        return Ok(Outcome::NoKey);
    };
    if PublicKey::parse(spki).is_none_or(|key| Some(key.kind()) != asked) {
        return Err(Outcome::Refused(Refusal::KeyWrong));
    }
    let der = {
        let mut shared = held(line.shared);
        shared.certify(device, spki, line.odd).ok_or(Outcome::Refused(Refusal::KeyNotNew))?
    };
    line.request(Command::STORE, &store_request(&der, line.odd), 1)?;
    let stored = line.expect(Command::STORED)?;
    let outcome = if message::value(&stored.elements, tag::REASON) == Some(&[1]) {
        complete(line, device, |device| device.set_lsc(Some(der.clone())));
        Outcome::Installed(der)
    } else {
        Outcome::NotStored
    };
    line.finish(1)?;
    Ok(outcome)
}

/// The elements of the request for a key, and the kind that fits them.
fn key_request(
    kind: KeyKind,
    odd: Option<Odd>,
    dialect: Dialect,
) -> (Vec<Vec<u8>>, Option<KeyKind>) {
    let curve = |number| vec![message::byte(tag::KEY_TYPE, 1), message::byte(tag::CURVE, number)];
    let rsa = |bits| {
        let size = tlv::number(tag::KEY_SIZE, bits);
        match dialect {
            Dialect::CallManager => vec![size],
            Dialect::Reference => vec![size, message::byte(tag::KEY_TYPE, 0)],
        }
    };
    match (odd, kind) {
        (Some(Odd::Curve(number)), _) => (curve(number), None),
        (Some(Odd::KeySize(bits)), _) => (rsa(bits), Some(KeyKind::Rsa(bits))),
        (Some(Odd::KeyType(number)), _) => {
            let size = tlv::number(tag::KEY_SIZE, 2048);
            (vec![size, message::byte(tag::KEY_TYPE, number)], None)
        }
        (_, KeyKind::P256) => (curve(0), Some(kind)),
        (_, KeyKind::P384) => (curve(1), Some(kind)),
        (_, KeyKind::P521) => (curve(2), Some(kind)),
        (_, KeyKind::Rsa(bits)) => (rsa(bits), Some(kind)),
    }
}

fn store_request(der: &[u8], odd: Option<Odd>) -> [Vec<u8>; 2] {
    let (mut element, mut wrapper, mut off) = (LSC, LSC, 0);
    match odd {
        Some(Odd::CertificateType(number)) => element = number,
        Some(Odd::WrapperType(number)) => wrapper = number,
        Some(Odd::WrapperLength(by)) => off = by,
        _ => {}
    }
    [message::byte(tag::CERTIFICATE_TYPE, element), message::certificate(wrapper, der, off)]
}

fn fetch(line: &mut Line<'_>, device: &str) -> Step<Outcome> {
    line.request(Command::FETCH, &[], 0)?;
    let fetched = line.expect(Command::FETCHED)?;
    let malformed = |why: &str| Outcome::Refused(Refusal::Malformed(why.to_owned()));
    let wrapped = message::value(&fetched.elements, tag::CERTIFICATE);
    let der = match (message::value(&fetched.elements, tag::REASON), wrapped) {
        (Some([1]), Some(wrapped)) => {
            let certificate = message::unwrapped(wrapped).map(|(_, der)| der);
            let read = certificate.filter(|der| proof::key_of(der).is_some());
            Some(read.ok_or(malformed("there is no certificate that can be read"))?.to_vec())
        }
        (Some([7]), None) => None,
        _ => return Err(malformed("neither a certificate with reason 1 nor reason 7 alone")),
    };
    complete(line, device, |_| {});
    line.finish(0)?;
    Ok(Outcome::Fetched(der))
}

fn delete(line: &mut Line<'_>, device: &str) -> Step<Outcome> {
    line.request(Command::DELETE, &[], 1)?;
    let deleted = line.expect(Command::DELETED)?;
    let done = match message::value(&deleted.elements, tag::REASON) {
        Some([1]) => true,
        Some([7]) => false,
        _ => {
            let why = "the reason is neither 1 nor 7".to_owned();
            return Err(Outcome::Refused(Refusal::Malformed(why)));
        }
    };
    complete(line, device, |device| device.set_lsc(None));
    line.finish(1)?;
    Ok(Outcome::Deleted(done))
}

/// What was pending for the device is done, with this effect on what is on record.
fn complete(line: &Line<'_>, device: &str, effect: impl FnOnce(&mut Device)) {
    change(line.shared, device, |device| {
        effect(device);
        device.complete();
    });
}

/// The one that the reference takes.
const VERSION: u8 = 3;
/// Type of a locally significant certificate.
const LSC: u8 = 1;
/// So often may a phone ask for patience while it makes a key.
const MOST_IN_PROGRESS: usize = 8;
/// For a message of the phone, or until it leaves: more than any phone waits for.
const PATIENCE: Duration = Duration::from_secs(60);
/// For the key, which takes a slow board minutes. Inferred: how long call managers wait is not public.
const KEY_PATIENCE: Duration = Duration::from_secs(30 * 60);
