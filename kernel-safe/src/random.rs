//! Random bytes: ChaCha20, keyed by what hardware there is.
//!
//! Each request generates a new key first and overwrites the old one, so that
//! whoever reads the kernel's memory later cannot compute what was handed out
//! before (fast key erasure, D. J. Bernstein 2017). The first key comes from
//! the CPU and from a virtio device, each of which suffices; without both there
//! are no random bytes, rather than predictable ones.

use core::sync::atomic::{AtomicBool, Ordering};

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use spin::Mutex;

use crate::errno::Errno;
use crate::{drivers, report};

/// Bytes of a key.
const KEY: usize = 32;
/// Bytes after which fresh entropy is mixed in.
const RESEED_AFTER: usize = 1 << 20;

static HAS_SAID_SO: AtomicBool = AtomicBool::new(false);
static POOL: Mutex<Pool> = Mutex::new(Pool::new());

/// A key, and how long it has been in use.
#[derive(Debug)]
pub struct Pool {
    key: [u8; KEY],
    /// Bytes that may be generated before entropy must be mixed in; zero at
    /// first.
    budget: usize,
}

/// Fills `bytes` with random ones.
///
/// # Errors
///
/// The machine has no source of entropy.
pub fn generate(bytes: &mut [u8]) -> Result<(), Errno> {
    let generated = POOL.lock().generate(bytes, hardware_seeds);
    generated.inspect_err(|_| say_so())
}

impl Pool {
    /// A pool that has no key yet.
    pub const fn new() -> Pool {
        Pool {
            key: [0; KEY],
            budget: 0,
        }
    }

    /// Fills `bytes`. Where entropy is needed, `seeds` tells all there is.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn generate(
        &mut self,
        bytes: &mut [u8],
        seeds: impl FnOnce() -> [Option<[u8; KEY]>; 2],
    ) -> Result<(), Errno> {
        if self.budget < bytes.len() {
            self.mix(seeds())?;
        }
        self.budget = self.budget.saturating_sub(bytes.len());
        let mut generator = ChaCha20Rng::from_seed(self.key);
        generator.fill_bytes(&mut self.key);
        generator.fill_bytes(bytes);
        Ok(())
    }

    /// Mixes seeds into the key, one after the other, so that none can undo
    /// what another has done.
    fn mix(&mut self, seeds: [Option<[u8; KEY]>; 2]) -> Result<(), Errno> {
        let mut mixed = false;
        for seed in seeds.into_iter().flatten() {
            for (byte, fresh) in self.key.iter_mut().zip(seed) {
                *byte ^= fresh;
            }
            ChaCha20Rng::from_seed(self.key).fill_bytes(&mut self.key);
            mixed = true;
        }
        if mixed {
            self.budget = RESEED_AFTER;
            Ok(())
        } else {
            Err(Errno::NotSupported)
        }
    }
}

impl Default for Pool {
    fn default() -> Self {
        Pool::new()
    }
}

/// Says once that there is no entropy: few programs can.
fn say_so() {
    if !HAS_SAID_SO.swap(true, Ordering::Relaxed) {
        let missing = "no RDSEED, no RDRAND and no virtio device for it";
        report::say(format_args!("there is no source of entropy: {missing}"));
    }
}

fn hardware_seeds() -> [Option<[u8; KEY]>; 2] {
    [seed_of_cpu(), seed_of_device()]
}

/// A seed from the CPU; none if it has no generator, or one that is stuck.
fn seed_of_cpu() -> Option<[u8; KEY]> {
    seed_of_words(gate::entropy::hardware_word)
}

/// A seed from a generator's words; none if it ends, or says the same each time.
fn seed_of_words(mut word: impl FnMut() -> Option<u64>) -> Option<[u8; KEY]> {
    let mut seed = [0; KEY];
    let mut last = None;
    let mut varies = false;
    for bytes in seed.chunks_exact_mut(size_of::<u64>()) {
        let word = word()?;
        varies |= last.is_some_and(|last| last != word);
        last = Some(word);
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    // DEFENCE: stuck-generator
    varies.then_some(seed)
}

/// A seed from a virtio device.
fn seed_of_device() -> Option<[u8; KEY]> {
    let mut seed = [0; KEY];
    let filled = drivers::random(&mut seed).ok()?;
    (filled == KEY).then_some(seed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: Option<[u8; KEY]> = Some([7; KEY]);

    #[test]
    fn a_generator_that_is_stuck_or_ends_gives_no_seed() {
        assert_eq!(seed_of_words(|| Some(u64::MAX)), None);
        let mut words = [1, 2, 3].into_iter();
        assert_eq!(seed_of_words(|| words.next()), None);
        let mut words = 1..;
        let seed = seed_of_words(|| words.next()).expect("the words differ");
        assert_eq!(seed[..16], [1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]);
    }

    fn bytes(pool: &mut Pool, seeds: [Option<[u8; KEY]>; 2]) -> [u8; 64] {
        let mut bytes = [0; 64];
        pool.generate(&mut bytes, || seeds)
            .expect("there is a seed");
        bytes
    }

    #[test]
    fn without_entropy_there_are_no_bytes() {
        let mut bytes = [0; 8];
        let answer = Pool::new().generate(&mut bytes, || [None, None]);
        assert_eq!(answer, Err(Errno::NotSupported));
        assert_eq!(bytes, [0; 8]);
    }

    #[test]
    fn each_request_has_a_key_of_its_own() {
        let mut pool = Pool::new();
        let first = bytes(&mut pool, [SEED, None]);
        let key = pool.key;
        let second = bytes(&mut pool, [None, None]);
        assert_ne!(first, second);
        assert_ne!(key, pool.key);
    }

    #[test]
    fn every_source_counts() {
        let one = bytes(&mut Pool::new(), [SEED, None]);
        let other = bytes(&mut Pool::new(), [None, Some([8; KEY])]);
        let both = bytes(&mut Pool::new(), [SEED, Some([8; KEY])]);
        assert!(one != other && other != both && one != both);
        // The same seed twice must not cancel out.
        let twice = bytes(&mut Pool::new(), [SEED, SEED]);
        assert_ne!(twice, bytes(&mut Pool::new(), [Some([0; KEY]), None]));
    }

    #[test]
    fn fresh_entropy_is_asked_for_when_the_budget_is_spent() {
        let mut pool = Pool::new();
        let mut asked = 0;
        let mut chunk = [0; 256];
        for _ in 0..=RESEED_AFTER / chunk.len() {
            let seeds = || {
                asked += 1;
                [SEED, None]
            };
            pool.generate(&mut chunk, seeds).expect("there is a seed");
        }
        assert_eq!(asked, 2);
    }

    #[test]
    fn the_generator_is_chacha20() {
        // RFC 8439, appendix A.1, test vector 1: key and nonce zero.
        let mut block = [0; 8];
        ChaCha20Rng::from_seed([0; KEY]).fill_bytes(&mut block);
        assert_eq!(block, [0x76, 0xb8, 0xe0, 0xad, 0xa0, 0xf1, 0x3d, 0x90]);
    }
}
