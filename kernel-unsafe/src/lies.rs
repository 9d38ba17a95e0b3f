//! Lies about the replies of a channel, for the tests.
//!
//! What a driver that was taken over can say: about which request was answered,
//! about how long the answer is, and whatever it writes over the answer.

use gate::driver::channel::SLOTS;
use gate::frames;

/// Where a 9P message says its size, its kind, its tag and a count.
const SIZE: usize = 0;
const KIND: usize = 4;
const TAG: usize = 5;
const COUNT: usize = 7;

/// How a channel lies.
#[derive(Debug, Default)]
pub(crate) struct Lie {
    way: usize,
    /// What noise comes from.
    seed: u64,
    /// A reply that is told of once more.
    again: Option<(usize, u32)>,
}

impl Lie {
    /// Lies from now on: the way in the lowest byte, a seed above.
    pub(crate) fn begin(&mut self, argument: usize) -> i64 {
        self.way = argument & 0xff;
        self.seed = (argument >> 8) as u64 * 2 + 1;
        0
    }

    /// A reply that was told of already.
    pub(crate) fn again(&mut self) -> Option<(usize, u32)> {
        self.again.take()
    }

    /// What to say of a reply in `slot` of `size` bytes, which lies at `offset`
    /// of the frames; none for silence.
    pub(crate) fn tell(
        &mut self,
        slot: usize,
        size: u32,
        offset: usize,
    ) -> Option<(usize, u32)> {
        match self.way {
            1 => return Some(((slot + 1) % SLOTS, size)),
            2 => return Some((slot, u32::MAX)),
            3 => return Some((SLOTS + 7, size)),
            4 => return Some((slot, size - 1)),
            5 => write(offset + TAG, &[0xfe, 0xfe]),
            6 => write(offset + KIND, &[1]),
            7 => write(offset + COUNT, &[0xff; 4]),
            8 => return None,
            9 => panic!("as asked"),
            10 => self.noise(offset),
            11 => write(offset + SIZE, &[0xff; 4]),
            12 => return Some((slot, 3)),
            13 => self.again = Some((slot, size)),
            _ => {}
        }
        Some((slot, size))
    }

    /// Changes a few of the first bytes.
    fn noise(&mut self, offset: usize) {
        let mut next = || {
            self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005);
            self.seed = self.seed.wrapping_add(1_442_695_040_888_963_407);
            (self.seed >> 33) as usize
        };
        // Most replies stay as they are, or little beyond the first would ever
        // be reached.
        for _ in 0..next().saturating_sub(1 << 30) % 3 {
            let place = next() % 64;
            write(offset + place, &[next() as u8]);
        }
    }
}

fn write(offset: usize, bytes: &[u8]) {
    let is_written = frames::write(offset, bytes);
    assert!(is_written, "the reply lies in the frames");
}
