//! What becomes of frames on their way: lost, late, doubled, out of order, changed.
//!
//! Drawn from a seed, so that a trial has the same weather each time, as far as the
//! same frames come.

use std::time::{Duration, Instant};

use super::Frame;

/// Where the packet begins, behind the header of Ethernet, which nothing protects.
const PACKET: usize = 14;
/// Where the kind of the packet stands, and that of IPv4.
const KIND: usize = 12;
const V4: [u8; 2] = [8, 0];

/// How many of a thousand frames meet with what.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Chances {
    pub(super) lost: u64,
    pub(super) doubled: u64,
    /// Late by up to [`delay`](Self::delay): others pass them.
    pub(super) late: u64,
    pub(super) delay: Duration,
    /// A bit of their packet is another, which its checksums tell.
    pub(super) changed: u64,
}

/// The weather on one way.
pub(super) struct Weather {
    pub(super) chances: Chances,
    chance: Chance,
    /// On their way, and when they arrive.
    flying: Vec<(Instant, Frame)>,
}

impl Weather {
    /// One in which everything arrives at once.
    pub(super) fn fine(seed: u64) -> Weather {
        Weather {
            chances: Chances::default(),
            chance: Chance(seed),
            flying: Vec::new(),
        }
    }

    /// A frame sets out.
    pub(super) fn take(&mut self, frame: Frame) {
        let chances = self.chances;
        if self.happens(chances.lost) {
            return;
        }
        let copies = 1 + usize::from(self.happens(chances.doubled));
        for _ in 0..copies {
            let mut frame = frame.clone();
            if self.happens(chances.changed) {
                self.change(&mut frame);
            }
            let is_late = self.happens(chances.late);
            let most = chances.delay.as_micros() as u64;
            let late = if is_late {
                self.chance.below(most.max(1))
            } else {
                0
            };
            let at = Instant::now() + Duration::from_micros(late);
            self.flying.push((at, frame));
        }
    }

    /// The next that arrives, if it does by now: of those that are not late, the first
    /// that set out.
    pub(super) fn due(&mut self) -> Option<Frame> {
        let now = Instant::now();
        let next = self.flying.iter().position(|(at, _)| *at <= now)?;
        Some(self.flying.remove(next).1)
    }

    fn change(&mut self, frame: &mut Frame) {
        let bits = frame.len().saturating_sub(PACKET) as u64 * 8;
        if frame.get(KIND..PACKET) == Some(&V4) && bits > 0 {
            let bit = self.chance.below(bits) as usize;
            frame[PACKET + bit / 8] ^= 1 << (bit % 8);
        }
    }

    fn happens(&mut self, of_a_thousand: u64) -> bool {
        of_a_thousand > 0 && self.chance.below(1000) < of_a_thousand
    }
}

/// What draws.
pub(super) struct Chance(pub(super) u64);

impl Chance {
    /// A number below `end` (splitmix64).
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (word ^ (word >> 31)) % end
    }
}
