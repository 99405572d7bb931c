//! A network with weather: datagrams are lost, repeated, late, or not from where they should be.

use std::time::Duration;

use secd::proto::tftp::Tid;

/// What happens to datagrams, in percent.
#[derive(Clone, Copy)]
pub(crate) struct Weather {
    pub(crate) loss: u8,
    pub(crate) repetition: u8,
    pub(crate) reordering: u8,
    pub(crate) strangers: u8,
}

impl Weather {
    pub(crate) const FAIR: Self = Self { loss: 0, repetition: 0, reordering: 0, strangers: 0 };
}

/// SplitMix64: the same seed gives the same weather.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x2545_F491_4F6C_DD1D).wrapping_add(1))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn chance(&mut self, percent: u8) -> bool {
        self.next() % 100 < u64::from(percent)
    }

    /// Something like `bytes`, but wrong.
    pub(crate) fn noise(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut noise = bytes.to_vec();
        for byte in noise.iter_mut().skip(2) {
            *byte ^= self.next().to_le_bytes()[0];
        }
        noise
    }
}

struct Flight {
    due: Duration,
    from: Tid,
    bytes: Vec<u8>,
}

/// One direction.
pub(crate) struct Network {
    weather: Weather,
    flights: Vec<Flight>,
}

impl Network {
    pub(crate) fn new(weather: Weather) -> Self {
        Self { weather, flights: Vec::new() }
    }

    pub(crate) fn send(&mut self, from: Tid, bytes: Vec<u8>, now: Duration, random: &mut Random) {
        if random.chance(self.weather.loss) {
            return;
        }
        if random.chance(self.weather.repetition) {
            let due = now + Self::delay(self.weather, random);
            self.flights.push(Flight { due, from, bytes: bytes.clone() });
        }
        let due = now + Self::delay(self.weather, random);
        self.flights.push(Flight { due, from, bytes });
    }

    /// When the next datagram arrives.
    pub(crate) fn next(&self) -> Option<Duration> {
        self.flights.iter().map(|flight| flight.due).min()
    }

    /// A datagram that has arrived; in the order of arrival, then of sending.
    pub(crate) fn take(&mut self, now: Duration) -> Option<(Tid, Vec<u8>)> {
        let due = self.next().filter(|due| *due <= now)?;
        let index = self.flights.iter().position(|flight| flight.due == due)?;
        let flight = self.flights.remove(index);
        Some((flight.from, flight.bytes))
    }

    fn delay(weather: Weather, random: &mut Random) -> Duration {
        let late = if random.chance(weather.reordering) { random.next() % 3000 } else { 0 };
        Duration::from_micros(100 + late)
    }
}
