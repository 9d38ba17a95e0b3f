//! Lies about the requests and replies of a volume, for the tests.
//!
//! What a driver that was taken over can say: to the guest about which request
//! was answered, about how long the answer is, and whatever it writes over the
//! answer; to the host whatever it writes over a request.

use domains::device::Kind;
use gate::cell::REQUESTS_MAX;

/// Where a 9P message says its size, its kind, its tag and a count.
const SIZE: usize = 0;
const KIND: usize = 4;
const TAG: usize = 5;
const COUNT: usize = 7;

/// How a queue lies.
#[derive(Debug, Default)]
pub(crate) struct Lie {
    way: usize,
    /// Whether the server speaks FUSE, not 9P.
    is_fuse: bool,
    /// What noise comes from.
    seed: u64,
    /// A reply that is told of once more.
    again: Option<(usize, u32)>,
    /// How many interrupts it has made.
    interrupts: u32,
}

/// Makes an interrupt by each look for a reply.
const STORM: usize = 16;
/// Makes interrupts for ever when it looks for a reply.
const ENDLESS_STORM: usize = 17;
/// So many: more than the safe kernel bears, and few enough to see what comes
/// behind them if it bears them all the same.
const INTERRUPTS: u32 = 300;

impl Lie {
    /// Whether it is still making interrupts.
    pub(crate) const fn storms(&self) -> bool {
        self.way == STORM && self.interrupts < INTERRUPTS
    }

    /// Whether it never stops making them.
    pub(crate) const fn storms_for_ever(&self) -> bool {
        self.way == ENDLESS_STORM
    }

    /// Takes note that it has made one.
    pub(crate) const fn count_interrupt(&mut self) {
        self.interrupts = self.interrupts.saturating_add(1);
    }

    /// How long it takes for each look, in nanoseconds.
    pub(crate) const fn delay(&self) -> u64 {
        self.seed / 2 * 1_000_000
    }

    /// Keeps a reply back until the storm is over.
    pub(crate) fn keep(&mut self, slot: usize, size: u32) {
        self.again = Some((slot, size));
    }

    /// Lies from now on to a server of this kind: the way in the lowest byte, a
    /// seed above.
    pub(crate) fn begin(&mut self, argument: usize, kind: Option<Kind>) -> i64 {
        self.is_fuse = kind == Some(Kind::FileSystem);
        self.way = argument & 0xff;
        self.seed = (argument >> 8) as u64 * 2 + 1;
        0
    }

    /// Changes a request of `size` bytes at `address` to a server of files: what is made gets another mode, and so does what is cut.
    pub(crate) fn ask(&self, address: usize, size: usize) {
        let mode: u32 = match self.way {
            14 => 0o4755,
            15 => 0o777,
            _ => return,
        };
        let mut code = [0];
        read(address + KIND, &mut code);
        let mode = mode.to_le_bytes();
        match (!self.is_fuse, code[0]) {
            // To make a file, or a directory: mode and group come last.
            (true, 14 | 72) => write(address + size - 8, &mode),
            // To change metadata: which, and the mode.
            (true, 26) => {
                write(address + 11, &[1 | 8]);
                write(address + 15, &mode);
            }
            // The same by FUSE.
            (false, 35) => write(address + 44, &mode),
            (false, 9) => write(address + 40, &mode),
            (false, 4) => {
                write(address + 40, &[1 | 8 | 64]);
                write(address + 40 + 68, &mode);
            }
            _ => {}
        }
    }

    /// A reply that was told of already.
    pub(crate) fn again(&mut self) -> Option<(usize, u32)> {
        if self.storms() {
            return None;
        }
        self.again.take()
    }

    /// What to say of a reply in `slot` of `size` bytes, which lies at
    /// `address`; none for silence.
    pub(crate) fn tell(
        &mut self,
        slot: usize,
        size: u32,
        address: usize,
    ) -> Option<(usize, u32)> {
        match self.way {
            1 => return Some(((slot + 1) % REQUESTS_MAX, size)),
            2 => return Some((slot, u32::MAX)),
            3 => return Some((REQUESTS_MAX + 7, size)),
            4 => return Some((slot, size - 1)),
            5 => write(address + TAG, &[0xfe, 0xfe]),
            6 => write(address + KIND, &[1]),
            7 => write(address + COUNT, &[0xff; 4]),
            8 => return None,
            9 => panic!("as asked"),
            10 => self.noise(address),
            11 => write(address + SIZE, &[0xff; 4]),
            12 => return Some((slot, 3)),
            13 => self.again = Some((slot, size)),
            _ => {}
        }
        Some((slot, size))
    }

    /// Changes a few of the first bytes.
    fn noise(&mut self, address: usize) {
        let mut next = || {
            self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005);
            self.seed = self.seed.wrapping_add(1_442_695_040_888_963_407);
            (self.seed >> 33) as usize
        };
        // Most replies stay as they are, or little beyond the first would ever
        // be reached.
        for _ in 0..next().saturating_sub(1 << 30) % 3 {
            let place = next() % 64;
            write(address + place, &[next() as u8]);
        }
    }
}

fn write(address: usize, bytes: &[u8]) {
    let target: *mut u8 = core::ptr::with_exposed_provenance_mut(address);
    // SAFETY: requests and replies lie in the windows, which are mapped; nobody
    // has a reference there.
    unsafe { target.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
}

fn read(address: usize, buffer: &mut [u8]) {
    let source: *const u8 = core::ptr::with_exposed_provenance(address);
    // SAFETY: as above.
    unsafe {
        buffer
            .as_mut_ptr()
            .copy_from_nonoverlapping(source, buffer.len())
    };
}
