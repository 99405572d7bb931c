//! Answers of the Trust Verification Service that have not expired.
//!
//! Only proofs can be put in, so a refusal or an error is never stored. Times are those of the
//! caller's monotonic clock: the [`Duration`] since an origin of its own.

#[cfg(test)]
mod tests;

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::time::Duration;

use crate::trust::accepted::Accepted;
use crate::trust::purpose::Purpose;
use crate::trust::query::{Asks, Query};
use crate::trust::tvs::{Endorsed, Vouched};

/// Where an answer came from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Source {
    /// The member, as the configuration names it.
    pub member: Box<str>,
}

/// One answer, with its source and its expiry.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CachedAnswer {
    proof: Proof,
    /// The member that answered.
    pub source: Source,
    /// When it expires, by the caller's monotonic clock.
    pub expires: Duration,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Proof {
    Peer(Endorsed),
    Signer(Vouched),
}

impl CachedAnswer {
    /// What the service knows about the certificate.
    #[must_use]
    pub const fn endorsed(&self) -> &Endorsed {
        match &self.proof {
            Proof::Peer(endorsed) => endorsed,
            Proof::Signer(vouched) => vouched.endorsed(),
        }
    }

    const fn vouched(&self) -> Option<&Vouched> {
        match &self.proof {
            Proof::Peer(_) => None,
            Proof::Signer(vouched) => Some(vouched),
        }
    }

    /// Bytes of the certificate that is kept; 0 if there is none.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.vouched().map_or(0, |vouched| vouched.certificate().len())
    }

    fn holds(&self, now: Duration) -> bool {
        now < self.expires
    }
}

/// The answers, as many as fit; the next to expire makes room.
///
/// Every lookup costs a search of a balanced tree, whatever the number of entries.
#[derive(Clone, Debug)]
pub struct Cache {
    capacity: usize,
    longest: Duration,
    entries: BTreeMap<CertificateDigest, CachedAnswer>,
    by_expiry: BTreeSet<(Duration, CertificateDigest)>,
    by_question: BTreeSet<(QuestionDigest, CertificateDigest)>,
    bytes: usize,
}

/// SHA-256 of a certificate.
type CertificateDigest = [u8; 32];

/// SHA-256 of a question about a signer.
type QuestionDigest = [u8; 32];

impl Default for Cache {
    fn default() -> Self {
        Self::new(CAPACITY, LONGEST_TTL)
    }
}

impl Cache {
    /// A cache of at most `capacity` answers, none of which is kept longer than `longest`.
    #[must_use]
    pub const fn new(capacity: usize, longest: Duration) -> Self {
        Self {
            capacity,
            longest,
            entries: BTreeMap::new(),
            by_expiry: BTreeSet::new(),
            by_question: BTreeSet::new(),
            bytes: 0,
        }
    }

    /// Keeps the answer about a peer's certificate, in place of an earlier one.
    ///
    /// Returns how long it will be kept; nothing if it is not kept at all.
    pub fn insert_peer(
        &mut self,
        endorsed: Endorsed,
        source: Source,
        now: Duration,
    ) -> Option<Duration> {
        self.insert(Proof::Peer(endorsed), source, now)
    }

    /// Keeps the answer about a signer, with its certificate, unless that is longer than
    /// [`MAX_CERTIFICATE`].
    ///
    /// Returns how long it will be kept; nothing if it is not kept at all.
    pub fn insert_signer(
        &mut self,
        vouched: Vouched,
        source: Source,
        now: Duration,
    ) -> Option<Duration> {
        if vouched.certificate().len() > MAX_CERTIFICATE {
            return None;
        }
        self.insert(Proof::Signer(vouched.kept()), source, now)
    }

    fn insert(&mut self, proof: Proof, source: Source, now: Duration) -> Option<Duration> {
        let mut entry = CachedAnswer { proof, source, expires: now };
        // The clamp bounds how long a certificate that was withdrawn on the server stays trusted.
        let ttl = entry.endorsed().ttl().unwrap_or(DEFAULT_TTL).min(self.longest);
        entry.expires = now.saturating_add(ttl);
        let key = *entry.endorsed().sha256();
        // First, even if nothing takes its place: a time-to-live of zero withdraws an earlier
        // answer.
        self.remove(&key);
        // Expired answers must not cost a valid one its place.
        self.expire(now);
        if !entry.holds(now) || self.capacity == 0 {
            return None;
        }
        // Bounded by count and by bytes: neither many servers nor long certificates fill the
        // phone's memory.
        while self.entries.len() >= self.capacity || self.bytes + entry.bytes() > MAX_BYTES {
            let Some((_, soonest)) = self.by_expiry.first().copied() else { break };
            self.remove(&soonest);
        }
        self.by_expiry.insert((entry.expires, key));
        if let Some(vouched) = entry.vouched() {
            self.by_question.insert((*vouched.asked(), key));
        }
        self.bytes += entry.bytes();
        self.entries.insert(key, entry);
        Some(ttl)
    }

    /// The answer about a certificate that a peer has shown, if it serves the purpose.
    #[must_use]
    pub fn peer(
        &self,
        sha256: &[u8; 32],
        purpose: Purpose,
        now: Duration,
    ) -> Option<Accepted<&Endorsed>> {
        let entry = self.entries.get(sha256).filter(|entry| entry.holds(now))?;
        // Checked at each lookup: an answer for one purpose must not serve another (domain facts
        // 10, row 16).
        let warnings = Vec::from_iter(entry.endorsed().serves(purpose).ok()?);
        Some(Accepted { value: entry.endorsed(), warnings })
    }

    /// The answer to a question about a signer, if there is exactly one.
    ///
    /// It is found by the very question that it answered, names included: a server may know several
    /// certificates of one serial number, and which one it meant depends on what it was asked.
    #[must_use]
    pub fn signer(&self, query: &Query, now: Duration) -> Option<&Vouched> {
        // What was vouched for before a theft proves nothing about now.
        if query.asks == Asks::Afresh {
            return None;
        }
        let asked = query.digest();
        let mut fitting = self
            .by_question
            .range((asked, [0; 32])..)
            .take_while(|(other, _)| *other == asked)
            .filter_map(|(_, key)| self.entries.get(key))
            .filter(|entry| entry.holds(now))
            .filter_map(CachedAnswer::vouched)
            // Roles are not part of the digest, so they are compared here.
            .filter(|vouched| vouched.answers(query).is_ok());
        let found = fitting.next();
        // Ambiguous: asking again is safer than guessing which certificate was meant.
        if fitting.next().is_some() { None } else { found }
    }

    /// Forgets everything, and returns how many answers that were (domain facts 2.3, step 8).
    pub fn clear(&mut self) -> usize {
        let count = self.entries.len();
        // Rebuilt rather than emptied, so that no index can be forgotten.
        *self = Self::new(self.capacity, self.longest);
        count
    }

    /// The answers that have not expired, the next to expire first.
    pub fn entries(&self, now: Duration) -> impl Iterator<Item = &CachedAnswer> {
        self.by_expiry
            .iter()
            .filter_map(|(_, key)| self.entries.get(key))
            .filter(move |entry| entry.holds(now))
    }

    /// Bytes of all certificates that are kept.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    fn expire(&mut self, now: Duration) {
        while let Some((expires, key)) = self.by_expiry.first().copied() {
            if expires > now {
                break;
            }
            self.remove(&key);
        }
    }

    fn remove(&mut self, key: &CertificateDigest) {
        let Some(entry) = self.entries.remove(key) else { return };
        self.by_expiry.remove(&(entry.expires, *key));
        if let Some(vouched) = entry.vouched() {
            self.by_question.remove(&(*vouched.asked(), *key));
        }
        self.bytes -= entry.bytes();
    }
}

/// Inferred: a phone meets a handful of servers; this bounds memory, not use.
pub const CAPACITY: usize = 256;

/// How long an answer without a time-to-live is kept (technote: "default time-to-live value:
/// 86400").
pub const DEFAULT_TTL: Duration = Duration::from_secs(86_400);

/// The longest that an answer is trusted unless configured otherwise: a withdrawn certificate
/// stays trusted that long (domain facts 10, row 15).
pub const LONGEST_TTL: Duration = Duration::from_secs(86_400);

/// A longer certificate is not kept, but requested each time. Inferred: with a 4096-bit key and
/// some names a certificate has about 2000 bytes; the captured one has 1451.
pub const MAX_CERTIFICATE: usize = 4096;

/// Bounds what all certificates take together. Inferred: 350 of the captured size.
pub const MAX_BYTES: usize = 512 * 1024;
